"""The outputs of two templates, scenario by scenario: a Condition only says where one is."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from s3ap_lint.difference.differences import Difference, Kind
from s3ap_lint.difference.said import said
from s3ap_lint.difference.scope import Scope
from s3ap_lint.template.node import Node
from s3ap_lint.template.template import Resource, Template
from s3ap_lint.template.worlds import World


def in_worlds(one: Template, other: Template, scope: Scope) -> Iterator[Difference]:
    """The outputs that only one template has, or whose value or name for others is not the same, and where."""
    first, second = one.top["Outputs"], other.top["Outputs"]
    for name in dict.fromkeys([*first.keys(), *second.keys()]):
        a, b = first[name], second[name]
        here = Resource(name, a, one) if a else None
        there = Resource(name, b, other) if b else None
        yield from _existence(here, there, (first, second), scope)
        if here is None or there is None:
            continue
        guard = partial(_both, here, there)
        for part in ("Value", "Export"):
            verdict = scope.differs(a[part], b[part], guard)
            if verdict is not None:
                yield Difference(Kind.OUTPUT, f"{name}.{part}", (a[part], b[part]), said(a[part], b[part]), verdict)


def _both(one: Resource, other: Resource, first: World, second: World) -> bool:
    return one.exists(first) and other.exists(second)


def _existence(
    one: Resource | None, other: Resource | None, sections: tuple[Node, Node], scope: Scope
) -> Iterator[Difference]:
    """Where only one of two outputs is there."""
    gone, new = scope.existence(one, other)
    if gone is not None and one is not None:
        value = one.node["Value"] or one.node
        yield Difference(Kind.OUTPUT, one.id, (value, sections[1]["…"]), (said(value, value)[0], ""), gone)
    if new is not None and other is not None:
        value = other.node["Value"] or other.node
        yield Difference(Kind.OUTPUT, other.id, (sections[0]["…"], value), ("", said(value, value)[0]), new)
