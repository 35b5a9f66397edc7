"""Parameters, conditions, mappings, rules and outputs of two templates."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.difference import contrast
from s3ap_lint.difference.differences import Difference, Kind, shown
from s3ap_lint.difference.meaning import ABSENT, WRITTEN, Reading, same
from s3ap_lint.difference.scope import Scope
from s3ap_lint.template.node import Node
from s3ap_lint.template.template import Resource, Template
from s3ap_lint.template.worlds import World

DECLARED = (
    "Type", "Default", "AllowedValues", "AllowedPattern", "MinLength", "MaxLength", "MinValue", "MaxValue", "NoEcho",
)  # fmt: skip
"""What a parameter's declaration says that counts once it is deployed; descriptions do not."""


_LIKE_NONE = {"Type": "String", "NoEcho": "false"}
"""What a parameter is where nothing is said."""


def parameters(one: Node, other: Node) -> Iterator[Difference]:
    """The parameters that only one template has, and what is declared of them in another way."""
    for name in _names(one, other):
        a, b = one[name], other[name]
        if not (a and b):
            yield Difference(Kind.PARAMETER, name, (a, b), (_declared(a), _declared(b)))
            continue
        for field in DECLARED:
            first, second = _field(a, field), _field(b, field)
            if first != second:
                kind = Kind.DEFAULT if field == "Default" else Kind.PARAMETER
                texts = _shown(a[field], second), _shown(b[field], first)
                yield Difference(kind, f"{name}.{field}", (a[field], b[field]), texts)


def _declared(node: Node) -> str:
    """A parameter in a few words."""
    if not node:
        return ""
    kind, default = node["Type"].text or "String", node["Default"]
    return f"{kind}, default {_shown(default, None)}" if default else f"{kind}, required"


def _field(parameter: Node, name: str) -> list[str] | None:
    """What is declared, as texts in order; None for nothing. A Default that is null is the empty text."""
    node = parameter[name]
    if not node:
        return [_LIKE_NONE[name]] if name in _LIKE_NONE else None
    return sorted(item.text for item in node) if node.is_sequence else [node.text]


def _shown(node: Node, other: list[str] | None) -> str:
    if node.key == "Default" and node.parent is not None and node.parent["NoEcho"].text == "true" and node:
        return "a secret"
    if not node.is_sequence:
        return shown(node.text) if node else ""
    items = [item.text for item in node]
    return shown([item for item in items if item not in (other or ())] or items)


def conditions(one: Node, other: Node, scope: Scope) -> Iterator[Difference]:
    """The conditions that only one template has, or that do not hold in the same scenarios.

    A condition that another one names says the same in both, for it is a difference of its own.
    """
    for name in _names(one, other):
        a, b = one[name], other[name]
        first, second = (WRITTEN.value(node) if node else ABSENT for node in (a, b))
        if same(first, second) or (a and b and not _is_formula_unlike(a, b, scope)):
            continue
        yield Difference(Kind.CONDITION, name, (a, b), contrast.said(first, second), places=contrast.places(a, b))


def _is_formula_unlike(one: Node, other: Node, scope: Scope) -> bool:
    """Whether two formulas do not hold in the same scenarios; also where that cannot be told."""

    def question(first: Reading, second: Reading) -> bool:
        assert first.world is not None and second.world is not None
        return first.world.truth(one) != second.world.truth(other)

    undecided = len(scope.undecided)
    found = scope.verdict(other, question, bool)
    if len(scope.undecided) > undecided:  # they are not written the same, which is a difference by itself
        scope.undecided.pop()
        return True
    return found is not None


def tables(kind: Kind, one: Node, other: Node, name: str = "") -> Iterator[Difference]:
    """The entries of mappings inside of mappings that are not the same."""
    for key in _names(one, other):
        a, b, inner = one[key], other[key], f"{name}.{key}".lstrip(".")
        if a.is_mapping and b.is_mapping and a.function is None and b.function is None:
            yield from tables(kind, a, b, inner)
            continue
        first, second = (_silent(WRITTEN.value(node)) if node else ABSENT for node in (a, b))
        if not same(first, second):
            yield Difference(kind, inner, (a, b), contrast.said(first, second), places=contrast.places(a, b))


def _silent(value: object) -> object:
    """An assertion of Rules without the words for who breaks it."""
    if isinstance(value, list):
        return [_silent(item) for item in value]
    if isinstance(value, dict):
        return {key: inner for key, inner in value.items() if key != "AssertDescription"}
    return value


def outputs(one: Template, other: Template, scope: Scope) -> Iterator[Difference]:
    """The outputs that only one template has, or whose value or name for others is not the same."""
    first, second = one.top["Outputs"], other.top["Outputs"]
    for name in _names(first, second):
        a, b = (Resource(name, section[name], side) for side, section in ((one, first), (other, second)))
        yield from _output(a if a.node else None, b if b.node else None, first[name], second[name], scope)


def _output(one: Resource | None, other: Resource | None, a: Node, b: Node, scope: Scope) -> Iterator[Difference]:
    name = a.key
    verdict = scope.existence(one, other)
    if one is None or other is None:
        if verdict is not None:
            texts = contrast.said_of(a["Value"], b["Value"])
            yield Difference(Kind.OUTPUT, name, (a, b), texts, verdict)
        return
    if verdict is not None:
        nodes, texts = (a["Condition"], b["Condition"]), (one.condition or "always", other.condition or "always")
        yield Difference(Kind.OUTPUT, f"{name}.Condition", nodes, texts, verdict)
    guard = None
    if one.condition or other.condition:

        def guard(first: World, second: World) -> bool:
            return one.exists(first) and other.exists(second)

    for field in ("Value", "Export"):
        found = scope.differs(a[field], b[field], guard)
        if found is not None:
            nodes, texts = (a[field], b[field]), contrast.said_of(a[field], b[field])
            yield Difference(Kind.OUTPUT, f"{name}.{field}", nodes, texts, found)


def _names(one: Node, other: Node) -> list[str]:
    return [*one.keys(), *(key for key in other.keys() if key not in one)]
