"""What a role has without anybody writing a policy: what SAM adds to the roles it makes, and connectors.

Facts: data/sam_resources.json, observed on aws-sam-translator (tools/generate_sam.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from s3ap_lint import data
from s3ap_lint.iam import Role
from s3ap_lint.model import Location
from s3ap_lint.policies import Grant, Policies, Statement, aws_managed, literals
from s3ap_lint.template.node import Node
from s3ap_lint.template.template import Resource, Template
from s3ap_lint.template.values import OPAQUE, Filler, Hole, Leaf, Piece, Values, choose, fused, listed, texts
from s3ap_lint.template.worlds import World

_PLACE = re.compile(r"\{([\w.]+)\}")
_SUB = re.compile(r"(\$\{[^{}]*\})")
_PROFILE = re.compile(r"([%$]\{[^{}]*\})")


def implied(role: Role, world: World) -> Policies:
    """What a role has in a world besides its policies."""
    known = world.memo.get((implied, role))
    if not isinstance(known, Policies):
        known = world.memo[implied, role] = world.answer((implied, role), partial(_implied, role))
    return known


def _implied(role: Role, world: World) -> Policies:
    statements: list[Statement] = []
    grants: list[Grant] = []
    if role.is_implicit:
        for addition in data.load("sam_resources")["roles"].get(role.owner.type, ()):
            for where, sure in _cases(addition["when"], role.owner, world):
                grants += [grant for key in addition["managed"] for grant in _managed(key, sure)]
                statements += [_added(one, role.owner, where, sure, world) for one in addition["statements"]]
    connected, unread = _connected(role, world)
    return Policies((*statements, *connected), tuple(grants), tuple(unread))


def _managed(key: str, sure: bool) -> Iterator[Grant]:
    for grant in aws_managed(f"arn:aws:iam::aws:policy{key}") or ():
        yield Grant(grant.policy, grant.actions, grant.not_actions, grant.resources, grant.conditional or not sure)


# -- the role that SAM makes ---------------------------------------------------------------------


def _cases(when: Mapping[str, Any], owner: Resource, world: World) -> Iterator[tuple[Node | None, bool]]:
    """The events (or None, for the resource itself) for which a role gets an addition, and whether that is sure."""
    if "event" not in when:
        answer = _holds(when, owner, None, world)
        if answer is not False:
            yield None, answer is True
        return
    for event in _chosen(owner.property("Events"), world).children():
        event = _chosen(event, world)
        if event["Type"].text in when["event"]:
            answer = _holds(when, owner, event["Properties"], world)
            if answer is not False:
                yield event["Properties"], answer is True


def _holds(when: Mapping[str, Any], owner: Resource, event: Node | None, world: World) -> bool | None:
    """Whether conditions on the author's properties hold; None where that cannot be told."""
    answers: list[bool | None] = [bool(_at(path, owner, event, world)) for path in when.get("present", ())]
    answers += [not _at(path, owner, event, world) for path in when.get("absent", ())]
    for path, value in when.get("equals", {}).items():
        node = _at(path, owner, event, world)
        expected = str(value).lower() if isinstance(value, bool) else str(value)
        answers.append(None if node.function is not None else node.text == expected)
    return False if False in answers else None if None in answers else True


def _at(path: str, owner: Resource, event: Node | None, world: World) -> Node:
    """The author's value at a path of the resource, or of an event."""
    first, *rest = path.split(".")
    node = _chosen(event[first] if event is not None else owner.property(first), world)
    for key in rest:
        node = _chosen(node[key], world)
    return node


def _chosen(node: Node, world: World) -> Node:
    found = choose(node, world)
    return found if found is not None else node["…"]


def _added(statement: Mapping[str, Any], owner: Resource, event: Node | None, sure: bool, world: World) -> Statement:
    actions = statement["Action"]
    leaves: list[Leaf] = []
    for item in statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]:
        leaves += _resource(item, owner, event, world)
    return Statement(
        node=owner.node,
        allows=True,
        actions=literals(actions, owner.node),
        not_actions=Values(),
        resources=Values(tuple(leaves)),
        not_resources=Values(),
        conditional=not sure,
        bundled=True,
    )


def _resource(item: object, owner: Resource, event: Node | None, world: World) -> Iterator[Leaf]:
    node = owner.node
    if isinstance(item, str):
        place = _PLACE.fullmatch(item)
        if place is None:
            yield Leaf((item,), node)
            return
        found = texts(_at(place[1], owner, event, world), world)
        yield from found if len(found) else [Leaf((OPAQUE,), node)]
        return
    function, argument = next(iter(item.items())) if isinstance(item, dict) and item else ("", None)
    if function == "Fn::Sub" and isinstance(argument, str):
        pieces = [Hole(p[2:-1], Filler.PSEUDO) if p.startswith("${") else p for p in _SUB.split(argument)]
        yield Leaf(fused(pieces), node)
    elif function == "Fn::Join" and isinstance(argument, list):
        delimiter, parts = argument
        first = next(_resource(parts[0], owner, event, world))
        yield Leaf(fused([*first.pieces, *(delimiter + part for part in parts[1:])]), node)
    elif function == "Ref" and isinstance(argument, str):
        yield Leaf((Hole(argument.replace("{id}", owner.id), Filler.RESOURCE),), node)
    elif function == "Fn::GetAtt" and isinstance(argument, list):
        yield Leaf((Hole(".".join(argument).replace("{id}", owner.id), Filler.ATTRIBUTE),), node)
    else:
        yield Leaf((OPAQUE,), node)


# -- connectors ----------------------------------------------------------------------------------


def _connected(role: Role, world: World) -> tuple[list[Statement], list[Location]]:
    """What connectors grant to a role, and the places of those that may concern it and cannot be read."""
    statements: list[Statement] = []
    unread: list[Location] = []
    users = {user.id for user in role.users}
    for holder, source, node in _connectors(role.template):
        if not holder.exists(world):
            continue
        start = source or _chosen(node["Source"], world)["Id"].text
        for end in listed(node["Destination"], world):
            ends = {start, end["Id"].text}
            if "" in ends:
                unread.append(node.at)
            elif ends & users:
                statements += _profile(start, end["Id"].text, node, users, role.template, world)
    return statements, unread


def _connectors(template: Template) -> list[tuple[Resource, str, Node]]:
    """Each connector: the resource it exists with, the id of its source (or ""), and its properties."""
    known = template.memo.get(_connectors)
    if isinstance(known, list):
        return known
    found: list[tuple[Resource, str, Node]] = []
    for resource in template.resources.values() if template.is_sam else ():
        if resource.type == "AWS::Serverless::Connector":
            found.append((resource, "", resource.properties))
        found += [(resource, resource.id, node["Properties"]) for node in resource.node["Connectors"].children()]
    template.memo[_connectors] = found
    return found


def _profile(
    start: str, end: str, node: Node, users: set[str], template: Template, world: World
) -> Iterator[Statement]:
    kinds = [_becomes(template.resources[name].type) if name in template.resources else "" for name in (start, end)]
    profile = data.load("sam_resources")["connectors"].get(kinds[0], {}).get(kinds[1])
    if profile is None or (start if profile["granted_to"] == "source" else end) not in users:
        return
    for permission in texts(node["Permissions"], world).texts:
        for statement in profile["access"].get(permission, {}).get("Statement", ()):
            resources = [Leaf(_filled(text, start, end), node) for text in statement.get("Resource", ())]
            yield Statement(
                node=node,
                allows=True,
                actions=literals(statement["Action"], node),
                not_actions=Values(),
                resources=Values(tuple(resources)),
                not_resources=Values(),
                conditional=False,
                bundled=True,
            )


def _becomes(type_: str) -> str:
    """The CloudFormation type that a SAM type becomes."""
    found = data.load("sam_resources")["resources"].get(type_, {}).get("becomes") or type_
    return str(found)


def _filled(text: str, start: str, end: str) -> tuple[Piece, ...]:
    """A resource of a connector's profile; what is left open there is filled with the two ends."""
    pieces: list[Piece] = []
    for piece in _PROFILE.split(text):
        if piece.startswith("${"):
            pieces.append(Hole(piece[2:-1], Filler.PSEUDO))
        elif piece.startswith("%{"):
            side, _, attribute = piece[2:-1].partition(".")
            known = attribute in ("Arn", "Name", "ResourceId")
            pieces.append(Hole(start if side == "Source" else end, Filler.RESOURCE) if known else OPAQUE)
        else:
            pieces.append(piece)
    return fused(pieces)
