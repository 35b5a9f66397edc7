"""What the two halves of a pair differ in on purpose: one is packaged by SAM, the other by hand."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import dirname

from s3ap_lint.application import Application, StateMachine
from s3ap_lint.difference.comparison import Comparison, Views
from s3ap_lint.difference.plain import CODE
from s3ap_lint.difference.scope import Scope, names_in
from s3ap_lint.resolution import Code, within
from s3ap_lint.statemachine import Definition
from s3ap_lint.template.node import Node
from s3ap_lint.template.template import Resource, Template

LAYERS = ("AWS::Serverless::LayerVersion", "AWS::Lambda::LayerVersion")


def compared(one: Template, other: Template, application: Application, beside: Application | None = None) -> Comparison:
    """The comparison of two halves of a pair, but for what they differ in on purpose; `beside` as for `views`."""
    return Comparison(one, other, Scope(one, other, by_name=True), views(one, other, application, beside))


def views(one: Template, other: Template, application: Application, beside: Application | None = None) -> Views:
    """How two halves of a pair are read: packaging set aside, code compared by the file it is in.

    `beside` is the application of a half that lies in another folder.
    """
    applications = [application] if beside is None else [application, beside]
    layers = _packaged_layers(one, other) | _packaged_layers(other, one)
    functions = [function for half in (one, other) for function in half.of_type(*CODE)]
    ignored = {(name, "") for name in layers}
    others = {one.id for one in functions if not _only_names(one.property("Layers"), layers)}
    ignored |= {(one.id, "Layers") for one in functions if one.id not in others}
    codes = {(f.template.path, f.id): f.code for one in applications for f in one.functions}

    def same_code(first: Resource, second: Resource) -> bool | None:
        a, b = (codes.get((resource.template.path, resource.id)) for resource in (first, second))
        if not isinstance(a, Code) or not isinstance(b, Code) or a.inline or b.inline:
            return None
        return (a.module, a.entry) == (b.module, b.entry)

    machines = {(m.template.path, m.id): m for one in applications for m in one.state_machines}

    def definitions(resource: Resource) -> tuple[Definition, ...] | None:
        machine = machines.get((resource.template.path, resource.id)) or StateMachine(resource, application)
        return machine.definitions

    parameters = {*packaging_parameters(one, other), *packaging_parameters(other, one)}
    return Views(definitions, frozenset(ignored), frozenset(parameters), same_code)


def _packaged_layers(one: Template, other: Template) -> set[str]:
    """The layers of one half whose content is built beside it, and that the other does without."""
    return {
        layer.id
        for layer in one.of_type(*LAYERS)
        if layer.id not in other.resources and _local(layer) and not any(other.of_type(*LAYERS))
    }


def _local(layer: Resource) -> bool:
    node = layer.properties["ContentUri"] or layer.properties["Content"]
    return bool(node.text) and within(dirname(layer.template.path), node.text) is not None


def _only_names(layers: Node, known: set[str]) -> bool:
    """Whether a list of layers is of the known ones, or empty."""
    return all(item.function is not None and item.function[1].text in known for item in layers)


def packaging_parameters(one: Template, other: Template | None) -> Iterator[str]:
    """The parameters of one half that only say where packages lie, and that the other does without."""
    only = set(one.space.parameters) - set(other.space.parameters if other is not None else ())
    if not only:
        return
    packaging = {
        id(inner)
        for resource in one.of_type(*CODE)
        for name in CODE[resource.type]
        for inner in resource.property(name).walk()
    }
    used: dict[str, bool] = {}
    for section in ("Resources", "Conditions", "Outputs", "Rules"):
        for node in one.top[section].walk():
            if node.function is None:
                continue
            for name in names_in_function(node) & only:
                used[name] = used.get(name, True) and id(node) in packaging
    yield from (name for name, only_there in used.items() if only_there)


def names_in_function(node: Node) -> set[str]:
    """The names that one function mentions itself."""
    found = node.function
    return set(names_in(node)) if found is not None and found[0] in {"Ref", "Fn::Sub"} else set()
