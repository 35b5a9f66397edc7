"""What only one of two templates has, scenario by scenario: resources with all that they allow, outputs, waits.

A Condition says where something is, and is no difference of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from s3ap_lint.difference import contrast, grants
from s3ap_lint.difference.differences import Both, Difference, Kind
from s3ap_lint.difference.meaning import Reading
from s3ap_lint.difference.plain import is_document
from s3ap_lint.difference.scope import Scope
from s3ap_lint.iam import Role, roles
from s3ap_lint.template.node import Node
from s3ap_lint.template.scenarios import Verdict
from s3ap_lint.template.template import Resource, Template
from s3ap_lint.template.worlds import World


def of_resource(one: Resource | None, other: Resource | None, scope: Scope) -> Iterator[Difference]:
    """Where only one of two resources exists, and what it allows there."""
    gone, new = _lone(one, other, scope)
    if gone is not None and one is not None:
        nodes = one.node, scope.other.top["Resources"]["…"]
        yield Difference(Kind.RESOURCE, one.id, nodes, (one.type, ""), gone)
        yield from _allows(one, other, scope)
    if new is not None and other is not None:
        nodes = scope.one.top["Resources"]["…"], other.node
        yield Difference(Kind.RESOURCE, other.id, nodes, ("", other.type), new)
        yield from _allows(other, one, scope)


def of_made_roles(one: Resource, other: Resource, scope: Scope) -> Iterator[Difference]:
    """A role that SAM makes for one of two resources only."""
    here, there = role_of(one), role_of(other)
    if (here is None) == (there is None):
        return
    gone, new = _lone(None if here is None else one, None if there is None else other, scope)
    made, verdict = here or there, gone or new
    if made is None or verdict is None:
        return
    name = f"{made.id}Role"
    nothing = scope.one.top["Resources"][name], scope.other.top["Resources"][name]
    nodes = (one.node, nothing[1]) if here is not None else (nothing[0], other.node)
    types = ("AWS::IAM::Role", "") if here is not None else ("", "AWS::IAM::Role")
    yield Difference(Kind.RESOURCE, name, nodes, types, verdict)
    yield from grants.of_lone_role(made, None, scope)


def of_outputs(one: Template, other: Template, scope: Scope) -> Iterator[Difference]:
    """The outputs that only one template has, or whose value or name for others is not the same, and where."""
    sections = one.top["Outputs"], other.top["Outputs"]
    for name in dict.fromkeys([*sections[0].keys(), *sections[1].keys()]):
        a, b = (section[name] for section in sections)
        here, there = Resource(name, a, one) if a else None, Resource(name, b, other) if b else None
        yield from _of_output(here, there, sections, scope)
        if here is None or there is None:
            continue
        guard = partial(_both, here, there) if here.condition or there.condition else None
        for part in ("Value", "Export"):
            verdict = scope.differs(a[part], b[part], guard)
            if verdict is not None:
                said = contrast.said_of(a[part], b[part])
                yield Difference(Kind.OUTPUT, f"{name}.{part}", (a[part], b[part]), said, verdict)


def of_waits(one: Resource, other: Resource, scope: Scope) -> Iterator[Difference]:
    """For which resources one waits that the other does not; what is not there is not waited for."""

    def question(first: Reading, second: Reading) -> Both[list[str]] | None:
        if not _both(one, other, _world(first), _world(second)):
            return None
        return _waited(one, first), _waited(other, second)

    verdict = scope.verdict(other.node, question, lambda found: found is not None and found[0] != found[1])
    if verdict is not None:
        nodes = one.node["DependsOn"], other.node["DependsOn"]
        yield Difference(Kind.RESOURCE, f"{one.id}.DependsOn", nodes, contrast.said_of(*nodes), verdict)


def role_of(resource: Resource) -> Role | None:
    """The role that a resource is, or that SAM makes for it."""
    known = resource.template.memo.get(role_of)
    if not isinstance(known, dict):
        known = resource.template.memo[role_of] = {role.id: role for role in roles(resource.template)}
    found = known.get(resource.id)
    return found if isinstance(found, Role) else None


def is_attached(resource: Resource) -> bool:
    """Whether a policy is one of a role of the template, and compared there."""
    memo = resource.template.memo
    if is_attached not in memo:
        memo[is_attached] = {policy.id for role in roles(resource.template) for policy in role.attached}
    known = memo[is_attached]
    return isinstance(known, set) and resource.id in known


def is_given_policies(resource: Resource) -> bool:
    """Whether policies of the template are attached to the role that a resource is, or that SAM makes for it."""
    role = role_of(resource)
    return role is not None and bool(role.attached)


def has_other_holders(resource: Resource) -> bool:
    """Whether a policy may also be somebody's who is no role of the template."""
    if resource.type == "AWS::IAM::ManagedPolicy" or resource.properties["Users"] or resource.properties["Groups"]:
        return True
    named, known = resource.properties["Roles"], (role.attached for role in roles(resource.template))
    return named.is_sequence and len(named) > sum(resource in attached for attached in known)


def _lone(one: Resource | None, other: Resource | None, scope: Scope) -> Both[Verdict | None]:
    """Where only the first of two exists, and where only the second."""
    at = other or one
    if at is None or scope.existence(one, other) is None:
        return None, None

    def question(first: Reading, second: Reading) -> Both[bool]:
        return one is not None and one.exists(_world(first)), other is not None and other.exists(_world(second))

    found = scope.outcomes(at.node, question)
    return scope.told(found, lambda a: a[0] and not a[1]), scope.told(found, lambda a: a[1] and not a[0])


def _allows(resource: Resource, twin: Resource | None, scope: Scope) -> Iterator[Difference]:
    """All that a lone resource allows: a role, a policy of something else."""
    role = role_of(resource)
    if role is not None:
        yield from grants.of_lone_role(role, twin, scope)
    if role is None and is_attached(resource):
        return
    for name, node in resource.properties.items():
        if is_document(node):
            yield from grants.of_lone_document(f"{resource.id}.{name}", resource, twin, node, scope)


def _of_output(
    one: Resource | None, other: Resource | None, sections: Both[Node], scope: Scope
) -> Iterator[Difference]:
    """Where only one of two outputs is there."""
    gone, new = _lone(one, other, scope)
    if gone is not None and one is not None:
        value = one.node["Value"] or one.node
        yield Difference(Kind.OUTPUT, one.id, (value, sections[1]["…"]), contrast.said_of(value, value), gone)
    if new is not None and other is not None:
        value = other.node["Value"] or other.node
        yield Difference(Kind.OUTPUT, other.id, (sections[0]["…"], value), contrast.said_of(value, value), new)


def _both(one: Resource, other: Resource, first: World, second: World) -> bool:
    return one.exists(first) and other.exists(second)


def _waited(resource: Resource, reading: Reading) -> list[str]:
    """What a resource waits for by DependsOn in a world."""
    value = reading.value(resource.node["DependsOn"])
    names = value if isinstance(value, list) else [value]
    found = {str(name): resource.template.resources.get(str(name)) for name in names}
    return sorted(name for name, one in found.items() if one is not None and one.exists(_world(reading)))


def _world(reading: Reading) -> World:
    assert reading.world is not None
    return reading.world
