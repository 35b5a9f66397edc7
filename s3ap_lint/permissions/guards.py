"""What a value that is written anew must stand behind: conditions of what it names; and circles it must not close."""

from __future__ import annotations

from collections.abc import Iterable

from s3ap_lint.dependencies import waits_for
from s3ap_lint.template.node import Node
from s3ap_lint.template.template import Resource, Template
from s3ap_lint.template.values import Filler, Hole

Guard = tuple[str, bool]
"""A condition, and the truth it must have."""


def guards_of(holes: Iterable[Hole], template: Template, home: Iterable[Resource]) -> tuple[Guard, ...]:
    """The conditions without which what the holes name is not there, or empty; those of `home` hold anyway."""
    held = {resource.condition for resource in home}
    found = {guard for hole in holes if (guard := _guard(hole, template)) and guard[0] not in held}
    return tuple(sorted(found))


def _guard(hole: Hole, template: Template) -> Guard | None:
    if hole.filler is Filler.PARAMETER:
        return given_when(hole.name, template) if template.space.may_be_empty(hole.name) else None
    resource = template.resource(hole.name.partition(".")[0])
    return (resource.condition, True) if resource is not None and resource.condition else None


def given_when(parameter: str, template: Template) -> Guard | None:
    """The condition that says whether a parameter is given, and the truth it has then."""
    for name, node in template.space.conditions.items():
        found = node.function
        if found is None:
            continue
        if found[0] == "Fn::Equals" and _is_empty(found[1], parameter):
            return name, False
        inner = found[1][0].function if found[0] == "Fn::Not" else None
        if inner is not None and inner[0] == "Fn::Equals" and _is_empty(inner[1], parameter):
            return name, True
    return None


def _is_empty(pair: Node, parameter: str) -> bool:
    """Whether the two sides of an `Fn::Equals` are a parameter and an empty text."""
    sides = list(pair)
    named = [side for side in sides if side.function is not None and side.function[0] == "Ref"]
    texts = [side for side in sides if side.is_text and not side.text]
    return len(named) == len(texts) == 1 and named[0].function is not None and named[0].function[1].text == parameter


def leads_back(name: str, home: Iterable[Resource], template: Template) -> bool:
    """Whether a resource depends on one of `home`, which therefore must not name it."""
    return any(waits_for(template, name, resource.id) for resource in home if resource.id != name)
