"""What the roles of two templates may do, and what their other policies allow, one (action, resource) at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from s3ap_lint.difference.differences import Difference, Kind, shown
from s3ap_lint.difference.joint import JointOutcome
from s3ap_lint.difference.meaning import Reading, escaped
from s3ap_lint.difference.scope import Guard, Scope
from s3ap_lint.iam import Role
from s3ap_lint.policies import Statement, read
from s3ap_lint.template.node import Node
from s3ap_lint.template.template import Resource
from s3ap_lint.template.values import Filler, Leaf, listed
from s3ap_lint.template.worlds import World


@dataclass(frozen=True)
class Grant:
    """One action on one resource, and for whom and when, where the policy says so. Two are equal that say the same."""

    action: str
    resource: str
    effect: str = ""
    principal: str = ""
    condition: str = ""
    node: Node = field(compare=False, repr=False, default=None)  # type: ignore[assignment]

    def __str__(self) -> str:
        action = f"{self.effect} {self.action}".lstrip()
        whom = f" for {self.principal}" if self.principal else ""
        return (
            f"{action}{f' on {self.resource}' if self.resource else ''}{whom}{self.condition and ' under a condition'}"
        )


Grants = frozenset[Grant]


def of_roles(one: Role, other: Role, scope: Scope) -> Iterator[Difference]:
    """The grants that only one of two roles has."""
    if _alike(one.policy_nodes, other.policy_nodes, scope) and _alike(_whens(one), _whens(other), scope):
        return

    def question(first: Reading, second: Reading) -> tuple[Grants, Grants] | None:
        worlds = _world(first), _world(second)
        if not (one.exists(worlds[0]) and other.exists(worlds[1])):
            return None
        return granted(one, first), granted(other, second)

    at = other.owner.node
    yield from _differences(scope.outcomes(at, question), one.id, _home(one), _home(other), scope)


def of_lone_role(role: Role, twin: Resource | None, scope: Scope) -> Iterator[Difference]:
    """All grants of a role, where its twin in the other template does not exist."""
    yield from _lone(role.id, role.owner, twin, _home(role), lambda reading: granted(role, reading), scope)


def of_lone_document(
    name: str, resource: Resource, twin: Resource | None, document: Node, scope: Scope
) -> Iterator[Difference]:
    """All grants of a policy document of a resource, where its twin in the other template does not exist."""
    yield from _lone(name, resource, twin, document, lambda reading: documented(document, reading), scope)


def _lone(
    name: str,
    resource: Resource,
    twin: Resource | None,
    home: Node,
    grants: Callable[[Reading], Grants],
    scope: Scope,
) -> Iterator[Difference]:
    first = resource.template is scope.one
    nothing = (scope.other if first else scope.one).top["Resources"]

    def question(one: Reading, other: Reading) -> tuple[Grants, Grants] | None:
        own, others = (one, other) if first else (other, one)
        if not resource.exists(_world(own)) or (twin is not None and twin.exists(_world(others))):
            return None
        return (grants(own), frozenset()) if first else (frozenset(), grants(own))

    nodes = (home, nothing) if first else (nothing, home)
    yield from _differences(scope.outcomes(resource.node, question), name, *nodes, scope)


def of_documents(name: str, one: Node, other: Node, scope: Scope, guard: Guard | None = None) -> Iterator[Difference]:
    """The grants that only one of two policy documents has, where the guard holds."""
    if scope.same(one, other):
        return

    def question(first: Reading, second: Reading) -> tuple[Grants, Grants] | None:
        if guard is not None and not guard(_world(first), _world(second)):
            return None
        return documented(one, first), documented(other, second)

    yield from _differences(scope.outcomes(other or one, question), name, one, other, scope)


def granted(role: Role, reading: Reading) -> Grants:
    """All that a role is granted or denied in a world."""
    policies = role.policies(_world(reading))
    own = frozenset(grant for statement in policies.statements for grant in _pairs(statement, reading))
    return own | frozenset(
        Grant(action, resource, node=role.owner.node)
        for grant in policies.grants
        for action in (*grant.actions, *(f"all but {name}" for name in grant.not_actions))
        for resource in grant.resources
    )


def documented(document: Node, reading: Reading) -> Grants:
    """All that a policy document allows or denies in a world, and whom."""
    world = _world(reading)
    statements = read(listed(document["Statement"], world), world)
    return frozenset(grant for statement in statements for grant in _pairs(statement, reading))


def _pairs(statement: Statement, reading: Reading) -> Iterator[Grant]:
    node = statement.node
    whom = [(name, node[name]) for name in ("Principal", "NotPrincipal") if node[name]]
    principal = " ".join(f"{'not ' * (name[0] == 'N')}{_flat(reading.value(inner))}" for name, inner in whom)
    condition = node["Condition"]
    under = _flat(reading.value(condition)) if condition and not statement.bundled else ""
    actions = [*_texts(statement.actions, reading), *(f"all but {t}" for t in _texts(statement.not_actions, reading))]
    resources = [
        *_texts(statement.resources, reading),
        *(f"all but {text}" for text in _texts(statement.not_resources, reading)),
    ]
    for action in actions:
        for resource in resources or [""]:
            yield Grant(action, resource, "" if statement.allows else "Deny", principal, under, node)


def _texts(leaves: Iterable[Leaf], reading: Reading) -> list[str]:
    return [_text(leaf, reading) for leaf in leaves]


def _text(leaf: Leaf, reading: Reading) -> str:
    if leaf.is_opaque:
        return _flat(reading.value(leaf.node))
    return "".join(map(partial(_piece, reading), leaf.pieces))


def _piece(reading: Reading, piece: object) -> str:
    filler, name = getattr(piece, "filler", None), getattr(piece, "name", "")
    if filler is Filler.PARAMETER and name in reading.known:
        return escaped(reading.known[name])
    return str(piece) if filler is not None else escaped(str(piece))


def _flat(value: object) -> str:
    """A value on one line, entries in order of their names."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {_flat(inner)}" for key, inner in sorted(value.items()))
    if isinstance(value, list):
        return ", ".join(sorted(map(_flat, value)))
    return value if isinstance(value, str) else ""


def _differences(
    outcomes: list[JointOutcome[tuple[Grants, Grants] | None]], name: str, one: Node, other: Node, scope: Scope
) -> Iterator[Difference]:
    answers = [one.answer for one in outcomes if one.answer is not None]
    for first in (True, False):
        lacks = {grant: grant.node for a, b in answers for grant in (a - b if first else b - a)}
        for grant in sorted(lacks, key=str):

            def fault(answer: tuple[Grants, Grants] | None, grant: Grant = grant, first: bool = first) -> bool:
                return answer is not None and grant in answer[not first] and grant not in answer[first]

            verdict = scope.told(outcomes, fault)
            if verdict is None:
                continue
            node = lacks[grant]
            nodes = (node, _nothing(other)) if first else (_nothing(one), node)
            said = shown(grant.resource)
            told = (said, "") if first else ("", said)
            values = (grant, None) if first else (None, grant)
            yield Difference(Kind.GRANT, f"{name}: {grant}", nodes, told, verdict, values=values)


def _nothing(node: Node) -> Node:
    """Where a statement would stand that is not there."""
    return node["…"] if node.is_mapping else node


def _home(role: Role) -> Node:
    """The node under which the policies of a role stand."""
    properties = role.owner.properties
    return properties["Policies"] if properties["Policies"].is_mapping else properties or role.owner.node


def _whens(role: Role) -> tuple[Node, ...]:
    """The nodes that say when the policies of a role are there."""
    return tuple(policy.node["Condition"] for policy in role.attached)


def _alike(one: tuple[Node, ...], other: tuple[Node, ...], scope: Scope) -> bool:
    return len(one) == len(other) and all(scope.same(a, b) for a, b in zip(one, other, strict=True))


def _world(reading: Reading) -> World:
    assert reading.world is not None
    return reading.world
