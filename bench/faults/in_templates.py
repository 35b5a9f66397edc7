"""Operators that break an application in one of its templates."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import permutations
from posixpath import dirname, join, normpath

from bench.faults.application import Application, Function, Variable, changed, line_of
from bench.faults.damage import Break
from s3ap_lint.template import edits
from s3ap_lint.template.node import Node
from s3ap_lint.template.template import Resource, Template

ACCESS_POINT = ":accesspoint/"
ALIAS = re.compile(r"arn:(?:\$\{AWS::Partition\}|aws[a-z-]*):s3:::\$\{(?P<name>[A-Za-z0-9.]+)\}(/.*)?")


def drop_variable(app: Application) -> Iterator[Break]:
    """A variable that a handler requires is taken out of the template."""
    for variable in app.variables:
        data = changed(variable.template, edits.remove(variable.node, variable.template.source))
        if data is not None:
            yield _of_variable(app, variable, data, variable.name)


def rename_variable(app: Application) -> Iterator[Break]:
    """A variable that a handler requires has another name in the template."""
    for variable in app.variables:
        span, template = variable.node.key_span, variable.template
        new = f"{variable.name}_NEW"
        if span is None or variable.node.shared or new in (v.name for v in app.variables):
            continue
        old = template.source.data[span.start : span.end]
        if old.decode() != variable.name:
            continue  # quoted
        data = template.source.data[: span.start] + new.encode() + template.source.data[span.end :]
        yield _of_variable(app, variable, data, variable.name, new)


def _of_variable(app: Application, variable: Variable, data: bytes, *words: str) -> Break:
    template = variable.template
    users = ", ".join(reader.id for reader in variable.readers)
    line, what = line_of(template, variable.node), f"{variable.name} of {users}"
    return Break({template.path: data}, template.path, line, what, words, app.doubt(variable))


def zero_concurrency(app: Application) -> Iterator[Break]:
    """A function may not run at all."""
    for function in app.functions:
        template = function.template
        edit = edits.set(function.resource.properties, template.source, "ReservedConcurrentExecutions", 0)
        data = changed(template, edit)
        if data is not None:
            doubt = "the function has a Condition" if function.resource.condition else ""
            line = line_of(template, function.resource.node)
            yield Break({template.path: data}, template.path, line, function.id, (function.id,), doubt)


# -- layers --------------------------------------------------------------------------------------


def remove_layer(app: Application) -> Iterator[Break]:
    """A layer and every `!Ref` to it are gone; nothing else names it."""
    for template in app.templates:
        for layer in template.of_type("AWS::Serverless::LayerVersion", "AWS::Lambda::LayerVersion"):
            users = [node for node in template.top.walk() if node["Ref"].text == layer.id]
            mentions = [node for node in template.top.walk() if node.is_scalar and layer.id in _names_in(node)]
            lists = {id(node.parent): node.parent for node in users if node.parent is not None}
            if not users or len(mentions) != len(users) or any(node.key != "Layers" for node in lists.values()):
                continue
            gone = [
                node
                for one in lists.values()
                for node in ([one] if len(one) == 1 else [item for item in one if item["Ref"].text == layer.id])
            ]
            data = changed(template, *(edits.remove(node, template.source) for node in (layer.node, *gone)))
            if data is None:
                continue
            runs = [f for f in app.functions if f.template is template and f.file in app.scripts and _uses(f, layer)]
            modules = _modules(app, layer)
            doubts = [_doubt_of_layer(app, function, modules) for function in runs] or ["no function uses it"]
            words = (*sorted(modules), layer.id, *(function.id for function in runs))
            line = line_of(template, layer.node)
            doubt = "" if "" in doubts else doubts[0]
            yield Break({template.path: data}, template.path, line, layer.id, words, doubt)


def _names_in(node: Node) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", node.text))


def _uses(function: Function, layer: Resource) -> bool:
    return any(node["Ref"].text == layer.id for node in function.resource.property("Layers"))


def _modules(app: Application, layer: Resource) -> frozenset[str]:
    """What can be imported from a layer's folder."""
    uri = layer.properties["ContentUri"]
    if not uri.is_text or "://" in uri.text:
        return frozenset()
    folder = app.root / normpath(join(dirname(layer.template.path), uri.text)) / "python"
    return frozenset(path.stem for path in folder.glob("*") if path.suffix == ".py" or (path / "__init__.py").is_file())


def _doubt_of_layer(app: Application, function: Function, modules: frozenset[str]) -> str:
    imported = set()
    for node, _ in app.scripts[function.file].imports():
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        imported |= {name.partition(".")[0] for name in names}
    needed = imported & modules
    if not needed:
        return "no handler imports from it at its top"
    above = list(_above(function.root))
    if any((app.root / folder / name).exists() for folder in above for name in (*needed, *(f"{n}.py" for n in needed))):
        return "what it holds lies in the package, or may be staged into it"
    if (app.root / function.root / "requirements.txt").exists():
        return "a requirements file may bring it"
    return "" if function.written else "the code is named by the twin only"


def _above(folder: str) -> Iterator[str]:
    yield folder
    while folder and folder != ".":
        folder = dirname(folder)
        yield folder


# -- references ----------------------------------------------------------------------------------


def drop_condition_guard(app: Application) -> Iterator[Break]:
    """A resource exists under a Condition from now on, and what refers to it does not."""
    for template in app.templates:
        optional = _optional(template)
        conditions = optional or tuple(template.top["Conditions"].keys())
        for resource in template.resources.values():
            referrers = [
                other
                for other in template.resources.values()
                if other is not resource and not other.condition and _mentions(other.properties, resource.id)
            ]
            if resource.condition or not referrers or not conditions:
                continue
            edit = edits.set(resource.node, template.source, "Condition", conditions[0])
            data = changed(template, edit)
            if data is not None:
                doubt = "" if optional else "no Condition that plainly fails to hold at times"
                doubt = "the template has Rules" if template.top["Rules"] else doubt
                words = (resource.id,)
                line, what = line_of(template, resource.node), f"{resource.id} only if {conditions[0]}"
                yield Break({template.path: data}, template.path, line, what, words, doubt)


def _optional(template: Template) -> tuple[str, ...]:
    """The conditions that fail to hold at times: a parameter that may differ is compared with a text or the region."""
    return tuple(
        name
        for name, node in template.top["Conditions"].items()
        if any(_may_differ(template, *pair) for pair in permutations(node["Fn::Equals"], 2))
    )


def _may_differ(template: Template, one: Node, other: Node) -> bool:
    parameter = template.top["Parameters"][one["Ref"].text]
    if parameter["Type"].text != "String" or not (other.is_text or other["Ref"].text == "AWS::Region"):
        return False
    allowed = {value.text for value in parameter["AllowedValues"]}
    return not allowed or (other.is_text and bool(allowed - {other.text}))


def _mentions(node: Node, name: str) -> bool:
    """Whether a resource is referred to, outside of any `Fn::If`."""
    found = node.function
    if found is None:
        return any(_mentions(child, name) for child in node.children())
    function, argument = found
    if function == "Fn::GetAtt":
        return (argument.text.partition(".")[0] or argument[0].text) == name
    if function == "Fn::Sub":
        text = argument.text or argument[0].text
        return re.search(rf"\$\{{{name}[}}.]", text) is not None and name not in argument[1]
    if function == "Ref":
        return argument.text == name
    return function == "Fn::Join" and any(_mentions(child, name) for child in argument.walk() if child.function)


# -- access points -------------------------------------------------------------------------------


def drop_access_point_arn(app: Application) -> Iterator[Break]:
    """A statement that grants an alias and the access point grants the alias only."""
    for template in app.templates:
        for resource in template.resources.values():
            for node in resource.properties.walk():
                items = list(node)
                if node.key != "Resource" and node.key != "1":  # also an arm of Fn::If
                    continue
                points = [item for item in items if ACCESS_POINT in _text(item)]
                aliases = [match["name"] for item in items if (match := ALIAS.fullmatch(_text(item)))]
                if not points or not aliases or resource.type.startswith("AWS::S3"):
                    continue
                data = changed(template, *(edits.remove(item, template.source) for item in points))
                if data is not None:
                    line, what = template.source.place(points[0].at).line, f"{aliases[0]} in {resource.id}"
                    doubt = _doubt_of_grant(template, resource, node, points, aliases)
                    words = (aliases[0], resource.id)
                    yield Break({template.path: data}, template.path, line, what, words, doubt)


def _text(node: Node) -> str:
    sub = node["Fn::Sub"]
    return node.text or sub.text or sub[0].text


def _doubt_of_grant(
    template: Template, resource: Resource, node: Node, points: Sequence[Node], aliases: Sequence[str]
) -> str:
    """Why something else may admit the role to the access point."""
    known = [name for name in aliases if _is_alias(template, name)]
    if len(known) != len(aliases):
        return "the parameter may be a bucket"
    statement = node.parent
    if node.key != "Resource" or statement is None or statement["Effect"].text != "Allow" or "Condition" in statement:
        return "one arm of Fn::If, or a conditional statement"
    others = [
        other
        for other in resource.properties.walk()
        if other.is_scalar and other.text and (ACCESS_POINT in other.text or other.text == "*")
    ]
    if len(others) != len(points):
        return "the role is granted more elsewhere"
    if any(_grants(other, resource) for other in template.resources.values() if other is not resource):
        return "another policy may grant it"
    if re.search(r"policy/[\w/-]*(S3|Admin|PowerUser)", str(resource.properties.data())):
        return "a managed policy may grant it"
    return "the role has a Condition" if resource.condition else ""


def _grants(other: Resource, role: Resource) -> bool:
    """Whether another resource speaks of access points, or of everything, and of the role, in whatever way."""
    text = str(other.properties.data())
    speaks = ACCESS_POINT in text or "'Resource': '*'" in text or "'Resource': ['*']" in text
    return speaks and role.id in text and "Polic" in text + other.type


def _is_alias(template: Template, name: str) -> bool:
    return "-s3alias" in template.top["Parameters"][name]["AllowedPattern"].text or name.endswith(
        ".S3AccessPoint.Alias"
    )
