"""Parameters, conditions, mappings, rules and outputs of two templates."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.difference.differences import Difference, Kind, shown
from s3ap_lint.difference.meaning import ABSENT, WRITTEN, same
from s3ap_lint.difference.scope import Scope
from s3ap_lint.template.node import Node

DECLARED = (
    "Type", "Default", "AllowedValues", "AllowedPattern", "MinLength", "MaxLength", "MinValue", "MaxValue", "NoEcho",
)  # fmt: skip
"""What a parameter's declaration says that counts once it is deployed; descriptions do not."""


def parameters(one: Node, other: Node) -> Iterator[Difference]:
    """The parameters that only one template has, and what is declared of them in another way."""
    for name in _names(one, other):
        a, b = one[name], other[name]
        if not (a and b):
            yield Difference(Kind.PARAMETER, name, (a, b), (_declared(a), _declared(b)))
            continue
        for field in DECLARED:
            first, second = (_field(node[field]) for node in (a, b))
            if not same(first, second):
                kind = Kind.DEFAULT if field == "Default" else Kind.PARAMETER
                said = (shown(first) if a[field] else "", shown(second) if b[field] else "")
                yield Difference(kind, f"{name}.{field}", (a[field], b[field]), said)


def _declared(node: Node) -> str:
    """A parameter in a few words."""
    if not node:
        return ""
    default = node["Default"]
    return (
        f"{node['Type'].text}, default {shown(default.text) or repr('')}"
        if default
        else f"{node['Type'].text}, required"
    )


def _field(node: Node) -> object:
    value = WRITTEN.value(node) if node else ABSENT
    return sorted(map(str, value)) if isinstance(value, list) else value if value is not ABSENT or not node else ""


def conditions(one: Node, other: Node) -> Iterator[Difference]:
    """The conditions that only one template has, or that are other formulas."""
    for name in _names(one, other):
        a, b = one[name], other[name]
        first, second = (WRITTEN.value(node) if node else ABSENT for node in (a, b))
        if not same(first, second):
            yield Difference(Kind.CONDITION, name, (a, b), (_formula(first), _formula(second)))


def _formula(value: object) -> str:
    return "" if value is ABSENT else shown(value)


def tables(kind: Kind, one: Node, other: Node, name: str = "") -> Iterator[Difference]:
    """The entries of mappings inside of mappings that are not the same."""
    for key in _names(one, other):
        a, b, inner = one[key], other[key], f"{name}.{key}".lstrip(".")
        if a.is_mapping and b.is_mapping and a.function is None and b.function is None:
            yield from tables(kind, a, b, inner)
            continue
        first, second = (WRITTEN.value(node) if node else ABSENT for node in (a, b))
        if not same(first, second):
            yield Difference(kind, inner, (a, b), (_formula(first), _formula(second)))


def outputs(one: Node, other: Node, scope: Scope) -> Iterator[Difference]:
    """The outputs that only one template has, or whose value or name for others is not the same."""
    for name in _names(one, other):
        a, b = one[name], other[name]
        if not (a and b):
            yield Difference(Kind.OUTPUT, name, (a, b), (_said(a["Value"]), _said(b["Value"])))
            continue
        for field in ("Value", "Export", "Condition"):
            verdict = scope.differs(a[field], b[field])
            if verdict is not None:
                nodes = a[field], b[field]
                yield Difference(Kind.OUTPUT, f"{name}.{field}", nodes, (_said(a[field]), _said(b[field])), verdict)


def _said(node: Node) -> str:
    return shown(WRITTEN.value(node)) if node else ""


def _names(one: Node, other: Node) -> list[str]:
    return [*one.keys(), *(key for key in other.keys() if key not in one)]
