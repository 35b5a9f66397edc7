"""Every Ref, GetAtt and Sub variable of a template: what it names, where exactly, and under which `!If` arms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from s3ap_lint.model import Location, Span
from s3ap_lint.template.node import Node
from s3ap_lint.template.template import Template
from s3ap_lint.template.worlds import World

_VARIABLE = re.compile(r"\$\{([^!{}][^{}]*)\}")


@dataclass(frozen=True)
class Reference:
    """One mention of a name. `attribute` is "" for Ref; `section` and `holder` say which entry mentions it.

    `guards` are the conditions of the `!If` arms around it, outermost first, each with the truth it needs.
    """

    name: str
    attribute: str
    form: str
    node: Node
    at: Location
    section: str
    holder: str
    guards: tuple[tuple[str, bool], ...]

    def stands(self, world: World) -> bool:
        """Whether the arms of all `!If`s around it are the ones taken in a world."""
        return all(world.holds(condition) is truth for condition, truth in self.guards)


def references(template: Template) -> tuple[Reference, ...]:
    """The references in Resources (but not in DependsOn), Outputs and Conditions, in document order."""
    known = template.memo.get(references)
    if not isinstance(known, tuple):
        known = template.memo[references] = tuple(_references(template))
    return known


def _references(template: Template) -> Iterator[Reference]:
    for section in ("Conditions", "Resources", "Outputs"):
        for holder, node in template.top[section].items():
            for inner in node.walk():
                yield from _at(inner, template, section, holder)


def mentioned(node: Node, template: Template) -> Iterator[Reference]:
    """The references in one value and below it."""
    path = node.path
    for inner in node.walk():
        yield from _at(inner, template, path[0] if path else "", path[1] if len(path) > 1 else "")


def _at(node: Node, template: Template, section: str, holder: str) -> Iterator[Reference]:
    function = node.function
    if function is None:
        return
    name, argument = function
    if name == "Ref" and argument.is_text:
        yield Reference(argument.text, "", "Ref", node, argument.at, section, holder, guards(node))
    elif name == "Fn::GetAtt":
        target = argument.text or ".".join(item.text for item in argument)
        owner, _, attribute = target.partition(".")
        if owner:
            yield Reference(
                owner,
                attribute,
                "Fn::GetAtt",
                node,
                argument.at if argument.is_text else node.at,
                section,
                holder,
                guards(node),
            )
    elif name == "Fn::Sub":
        text = argument if argument.is_scalar else argument[0]
        local = argument[1]
        last: dict[str, int] = {}
        for match in _VARIABLE.finditer(text.text):
            variable, needle = match.group(1).strip(), match.group(0)
            at = locate(template, text, needle, last.get(needle))
            last[needle] = at.span.start if at.span and at.span != text.span else text.span.end
            if variable in local:
                continue
            owner, _, attribute = variable.partition(".")
            yield Reference(owner, attribute, "Fn::Sub", node, at, section, holder, guards(node))


def guards(node: Node) -> tuple[tuple[str, bool], ...]:
    """The conditions of the `!If` arms that a node lies in, outermost first."""
    out: list[tuple[str, bool]] = []
    child, parent = node, node.parent
    while parent is not None and parent.parent is not None:
        if parent.key == "Fn::If" and parent.is_sequence and len(parent) == 3 and child.key in {"1", "2"}:
            out.append((parent[0].text, child.key == "1"))
        child, parent = parent, parent.parent
    return tuple(reversed(out))


def locate(template: Template, scalar: Node, needle: str, after: int | None = None) -> Location:
    """The place of a piece of a scalar's text, the first or the next behind an offset; else the whole scalar."""
    data, span = template.source.data, scalar.span
    raw = needle.encode("utf-8")
    at = data.find(raw, span.start if after is None else after + 1, span.end)
    return scalar.at if at < 0 else Location(scalar.subject, Span(at, at + len(raw)), scalar.path)
