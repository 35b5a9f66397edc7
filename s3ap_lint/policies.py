"""Policies as they are written: statements, SAM's policy templates, managed policies; in a given world.

A statement whose Condition narrows it grants only perhaps. What cannot be read is told, with its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from s3ap_lint import data
from s3ap_lint.arn import matches
from s3ap_lint.model import Location
from s3ap_lint.template.node import Node
from s3ap_lint.template.template import Template
from s3ap_lint.template.values import (
    OPAQUE,
    Filler,
    Hole,
    Leaf,
    Piece,
    Values,
    choose,
    fused,
    is_no_value,
    texts,
)
from s3ap_lint.template.values import listed as items_of
from s3ap_lint.template.worlds import World


@dataclass(frozen=True)
class Statement:
    """One statement in one world. `conditional`: a Condition block narrows it, so it grants only perhaps.

    `bundled`: a SAM policy template brings it, so nobody chose its actions one by one.
    """

    node: Node
    allows: bool
    actions: Values
    not_actions: Values
    resources: Values
    not_resources: Values
    conditional: bool
    bundled: bool = False

    @property
    def complete(self) -> bool:
        """Whether its actions can be told."""
        return self.actions.complete and self.not_actions.complete

    def covers(self, action: str) -> bool:
        """Whether the statement is about an action such as "s3:GetObject"."""
        if len(self.not_actions):
            return not any(matches(pattern, action) for pattern in self.not_actions.texts)
        return any(matches(pattern, action) for pattern in self.actions.texts)


@dataclass(frozen=True)
class Grant:
    """What a policy that is not written in the template grants: literal patterns from the fact tables."""

    policy: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditional: bool

    def covers(self, action: str) -> bool:
        """Whether the grant is about an action."""
        if self.not_actions:
            return not any(matches(pattern, action) for pattern in self.not_actions)
        return any(matches(pattern, action) for pattern in self.actions)


@dataclass(frozen=True)
class Policies:
    """All that a role has in one world. `unread`: places of policies whose content cannot be told."""

    statements: tuple[Statement, ...]
    grants: tuple[Grant, ...]
    unread: tuple[Location, ...]


def statements(document: Node, world: World) -> tuple[Statement, ...]:
    """The statements of a policy document in a world."""
    return world.answer((statements, document), partial(_statements, document))


def _statements(document: Node, world: World) -> tuple[Statement, ...]:
    chosen = choose(document, world)
    return tuple(read(items_of(chosen["Statement"], world), world)) if chosen is not None else ()


def read(nodes: Iterable[Node], world: World) -> Iterator[Statement]:
    for node in nodes:
        if not node.is_mapping or node.function is not None:
            continue
        yield world.answer((statement_of, node), partial(statement_of, node))


def statement_of(node: Node, world: World) -> Statement:
    return Statement(
        node=node,
        allows=texts(node["Effect"], world).texts == ("Allow",),
        actions=texts(node["Action"], world),
        not_actions=texts(node["NotAction"], world),
        resources=texts(node["Resource"], world),
        not_resources=texts(node["NotResource"], world),
        conditional=bool(node["Condition"]),
    )


class Reader:
    """Collects what policies grant in one world; with an action, only what may concern that."""

    def __init__(self, template: Template, world: World, about: str) -> None:
        self.template = template
        self.world = world
        self.about = about
        self.statements: list[Statement] = []
        self.grants: list[Grant] = []
        self.unread: list[Location] = []

    def listed(self, node: Node) -> list[Node]:
        """The items of a list that may matter, with every `!If` around them decided."""
        if not self.about:
            return items_of(node, self.world)
        if not may_concern(node, self.about, self.world.space.memo):
            return []
        chosen = choose(node, self.world)
        if chosen is None or not chosen.is_sequence:
            return [] if chosen is None else [chosen]
        return [item for child in chosen for item in self.listed(child)]

    def document(self, node: Node) -> None:
        chosen = choose(node, self.world)
        if chosen is None:
            return
        items = self.listed(chosen["Statement"])
        if not chosen.is_mapping or any(item.function is not None or not item.is_mapping for item in items):
            self.unread.append(chosen.at)
        self.statements += read(items, self.world)

    def sam_policy(self, node: Node) -> None:
        """One item of a SAM function's Policies: a document, an ARN or name, or a policy template."""
        if "Statement" in node:
            self.document(node)
            return
        names = node.keys()
        if len(names) == 1 and node.function is None:
            self._template_policy(names[0], node[names[0]])
            return
        for leaf in texts(node, self.world):
            self.managed(leaf)

    def _template_policy(self, name: str, arguments: Node) -> None:
        table = data.load("sam_policy_templates")["templates"]
        template = table.get(name)
        if template is None:
            self.unread.append(arguments.at)
            return
        for statement in template["statements"]:
            self.statements.append(
                Statement(
                    node=arguments,
                    allows=statement["Effect"] == "Allow",
                    actions=literals(statement.get("Action", ()), arguments),
                    not_actions=Values(),
                    resources=_filled(statement.get("Resource", "*"), arguments, self.world),
                    not_resources=Values(),
                    conditional="Condition" in statement,
                    bundled=True,
                )
            )

    def managed(self, leaf: Leaf) -> None:
        """A managed policy by ARN or name: of this template, AWS's own, or unknown."""
        first = leaf.pieces[0] if leaf.pieces else ""
        if isinstance(first, Hole) and first.filler in {Filler.RESOURCE, Filler.ATTRIBUTE}:
            resource = self.template.resources.get(first.name.split(".", 1)[0])
            if resource is not None and resource.type == "AWS::IAM::ManagedPolicy":
                if resource.exists(self.world):
                    self.document(resource.properties["PolicyDocument"])
                return
        found = aws_managed(leaf.text)
        if found is None:
            self.unread.append(leaf.at)
            return
        self.grants += found


def may_concern(node: Node, action: str, memo: dict[object, object]) -> bool:
    """Whether policies below a node may be about an action, whatever is chosen: no only where that can be told.

    `memo` is the template's.
    """
    known = memo.get((may_concern, node, action))
    if not isinstance(known, bool):
        known = memo[may_concern, node, action] = _may_concern(node, action, memo)
    return known


def _may_concern(node: Node, action: str, memo: dict[object, object]) -> bool:
    found = node.function
    if found is not None and found[0] == "Fn::If":
        return any(may_concern(arm, action, memo) for arm in list(found[1])[1:])
    if node.is_sequence:
        return any(may_concern(item, action, memo) for item in node)
    if not node or is_no_value(node):
        return False
    if node.is_mapping and found is None:
        return _document_may_concern(node, action, memo)
    grants = aws_managed(node.text or node["Fn::Sub"].text)
    return grants is None or any(grant.covers(action) for grant in grants)


def _document_may_concern(node: Node, action: str, memo: dict[object, object]) -> bool:
    if "Effect" in node:
        nodes = list(node["Action"].walk())
        computed = any(inner.function is not None and inner.function[0] != "Fn::If" for inner in nodes)
        named = any(inner.is_scalar and matches(inner.text, action) for inner in nodes)
        return named or computed or bool(node["NotAction"])
    for key in ("PolicyDocument", "Statement"):
        if key in node:
            return may_concern(node[key], action, memo)
    template = data.load("sam_policy_templates")["templates"].get(next(iter(node.keys()), ""))
    if template is None:
        return True
    return any(matches(pattern, action) for s in template["statements"] for pattern in _strings(s.get("Action", ())))


def unreadable(node: Node, template: Template) -> Iterator[Location]:
    """The places below a role's policies whose content cannot be told in any scenario that has them."""
    found = node.function
    if found is not None and found[0] == "Fn::If":
        for arm in list(found[1])[1:]:
            yield from unreadable(arm, template)
    elif node.is_sequence:
        for item in node:
            yield from unreadable(item, template)
    elif node.is_mapping and found is None:
        key = next((key for key in ("PolicyDocument", "Statement") if key in node), "")
        if key:
            yield from unreadable(node[key], template)
        elif "Effect" not in node and next(iter(node.keys()), "") not in sam_policy_templates():
            yield node.at
    elif node and not is_no_value(node):
        named = template.resources.get(node["Ref"].text or node["Fn::GetAtt"].text.partition(".")[0])
        own = named is not None and named.type == "AWS::IAM::ManagedPolicy"
        if not own and aws_managed(node.text or node["Fn::Sub"].text) is None:
            yield node.at


def _strings(items: object) -> list[str]:
    return [item for item in (items if isinstance(items, list) else [items]) if isinstance(item, str)]


def sam_policy_templates() -> Mapping[str, tuple[str, ...]]:
    """The policy templates that SAM knows, each with the parameters it takes."""
    table = data.load("sam_policy_templates")["templates"]
    return {name: tuple(template["parameters"]) for name, template in table.items()}


def aws_managed(arn: str) -> tuple[Grant, ...] | None:
    """What an AWS managed policy grants, by ARN or by the bare name that SAM takes; None when it is not known."""
    table = data.load("managed_policies")["policies"]
    _, marker, suffix = arn.partition(":policy")
    keys = [suffix] if marker and ":iam::aws" in arn else [f"/{arn}", f"/service-role/{arn}"] if ":" not in arn else []
    for key in keys:
        if key in table:
            return tuple(_grant(key, statement) for statement in table[key] if statement["effect"] == "Allow")
    return None


def _grant(policy: str, statement: dict[str, list[str]]) -> Grant:
    return Grant(
        policy=policy.rsplit("/", 1)[-1],
        actions=tuple(statement.get("actions", ())),
        not_actions=tuple(statement.get("not_actions", ())),
        resources=tuple(statement.get("resources", ())) or ("*",),
        conditional=bool(statement.get("conditional", False)),
    )


def literals(items: object, node: Node) -> Values:
    """Texts of a fact table as the values of a node."""
    found = items if isinstance(items, list) else [items]
    return Values(tuple(Leaf((item,), node) for item in found if isinstance(item, str)))


def _filled(resource: object, arguments: Node, world: World) -> Values:
    """The resources of a SAM policy template, with its parameters as the template fills them in."""
    leaves: list[Leaf] = []
    for item in resource if isinstance(resource, list) else [resource]:
        sub = item.get("Fn::Sub") if isinstance(item, dict) else item
        text, names = (sub[0], sub[1]) if isinstance(sub, list) else (sub, {})
        if not isinstance(text, str):
            leaves.append(Leaf((OPAQUE,), arguments))
            continue
        pieces: list[Piece] = []
        node = arguments
        for piece in re.split(r"(\$\{[^{}]*\})", text):
            name = piece[2:-1] if piece.startswith("${") else None
            given = arguments[names[name]["Ref"]] if name in names else None
            found = texts(given, world).leaves if given is not None else ()
            if name is None:
                pieces.append(piece)
            elif given is None:
                pieces.append(Hole(name, Filler.PSEUDO))
            elif len(found) == 1:
                pieces += found[0].pieces
                node = found[0].node
            else:
                pieces.append(OPAQUE)
        leaves.append(Leaf(fused(pieces), node))
    return Values(tuple(leaves))
