"""What the roles of two templates may do, and what their other policies allow, one (action, resource) at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from s3ap_lint.difference.differences import Difference, Kind, cut, shown, spelled
from s3ap_lint.difference.joint import JointOutcome
from s3ap_lint.difference.meaning import ABSENT, Reading, in_order, listed, unordered
from s3ap_lint.difference.scope import Scope
from s3ap_lint.iam import Role
from s3ap_lint.template import values
from s3ap_lint.template.node import Node
from s3ap_lint.template.template import Resource
from s3ap_lint.template.worlds import World


@dataclass(frozen=True)
class Grant:
    """One action on one resource, and for whom and when, where the policy says so. Two are equal that say the same."""

    key: str = field(repr=False)  # the action in lower case, which is how IAM compares actions
    resource: str
    effect: str = ""
    principal: str = ""
    condition: str = ""
    action: str = field(compare=False, default="")
    node: Node = field(compare=False, repr=False, default=None)  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"{self.whatever}{self.condition and ' under a condition'}"

    @property
    def whatever(self) -> str:
        """What is granted, whatever the condition."""
        whom = f" for {self.principal}" if self.principal else ""
        return f"{f'{self.effect} {self.action}'.lstrip()}{f' on {self.resource}' if self.resource else ''}{whom}"

    @property
    def bare(self) -> Grant:
        """The same without its condition."""
        return replace(self, condition="")


_WITH_VARIABLES = "2012-10-17"  # (IAM user guide, "IAM JSON policy elements: Version")
_NO_VARIABLES = "its variables are taken as text"
_POLICY_VARIABLE = re.compile(r"\$\{!(?:[\w./-]+:|[*?$]\})")

Grants = frozenset[Grant]
Answer = tuple[Grants, Grants] | None
Outcomes = list[JointOutcome[Answer]]


def of_roles(one: Role, other: Role, scope: Scope) -> Iterator[Difference]:
    """The grants that only one of two roles has, of those that the template writes out."""
    if _alike(_policies(one), _policies(other), scope) and _same_conditions(one, other, scope):
        return

    def question(first: Reading, second: Reading) -> Answer:
        worlds = _world(first), _world(second)
        if not (one.exists(worlds[0]) and other.exists(worlds[1])):
            return None
        return granted(one, first), granted(other, second)

    at = other.owner.node
    yield from _differences(scope.outcomes(at, question), one.id, (_home(one), _home(other)), scope)


def of_lone_role(role: Role, twin: Resource | None, scope: Scope) -> Iterator[Difference]:
    """All grants of a role that only one template has, where its twin in the other does not exist."""

    def grants(reading: Reading) -> Grants:
        managed = values.listed(role.owner.properties["ManagedPolicyArns"], _world(reading))
        return granted(role, reading) | {_unread(item, reading) for item in managed}

    yield from _lone(role.id, role.owner, twin, _home(role), grants, scope)


def of_lone_document(
    name: str, resource: Resource, twin: Resource | None, document: Node, scope: Scope
) -> Iterator[Difference]:
    """All grants of a policy document that only one template has, where the resource's twin does not exist."""
    yield from _lone(name, resource, twin, document, partial(documented, document), scope)


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

    def question(one: Reading, other: Reading) -> Answer:
        own, others = (one, other) if first else (other, one)
        if not resource.exists(_world(own)) or (twin is not None and twin.exists(_world(others))):
            return None
        return (grants(own), frozenset()) if first else (frozenset(), grants(own))

    homes = (home, nothing) if first else (nothing, home)
    yield from _differences(scope.outcomes(resource.node, question), name, homes, scope)


def of_documents(name: str, one: Node, other: Node, scope: Scope) -> Iterator[Difference]:
    """The grants that only one of two policy documents has, where their resources exist."""
    if scope.same(one, other):
        return
    first_owner, second_owner = scope.one.resources.get(one.resource_id), scope.other.resources.get(other.resource_id)

    def question(first: Reading, second: Reading) -> Answer:
        gone = first_owner is not None and not first_owner.exists(_world(first))
        if gone or (second_owner is not None and not second_owner.exists(_world(second))):
            return None
        return documented(one, first), documented(other, second)

    yield from _differences(scope.outcomes(other or one, question), name, (one, other), scope)


def granted(role: Role, reading: Reading) -> Grants:
    """All that a role is granted or denied in a world by policies that are written for it."""
    world = _world(reading)
    documents = [
        item["PolicyDocument"] or item  # an item that is no mapping cannot be read
        for item in values.listed(role.owner.properties["Policies"], world)
    ]
    documents += [one.properties["PolicyDocument"] for one in role.attached if one.exists(world)]
    return frozenset(grant for document in documents for grant in documented(document, reading))


def documented(document: Node, reading: Reading) -> Grants:
    """All that a policy document allows or denies in a world, and whom."""
    world = _world(reading)
    if reading.known:
        return _documented(document, reading)
    key = (documented, document, reading.by_name)
    return world.answer(key, lambda asked: _documented(document, Reading(asked, None, reading.by_name)))


def _documented(document: Node, reading: Reading) -> Grants:
    world = _world(reading)
    chosen = values.choose(document, world)
    if chosen is None:
        return frozenset()
    if "Statement" not in chosen:
        return frozenset({_unread(chosen, reading)})
    statements = values.listed(chosen["Statement"], world)
    found = frozenset(grant for statement in statements for grant in _pairs(statement, reading))
    return found if chosen["Version"].text == _WITH_VARIABLES else frozenset(map(_unfilled, found))


def _unfilled(grant: Grant) -> Grant:
    """A grant of a policy in whose language there are no variables: `${aws:username}` is a text there."""
    if not _POLICY_VARIABLE.search(f"{grant.resource} {grant.condition}"):
        return grant
    return replace(grant, condition=f"{grant.condition} {_NO_VARIABLES}".strip())


def _pairs(statement: Node, reading: Reading) -> Iterator[Grant]:
    if not statement.is_mapping or statement.function is not None:
        yield _unread(statement, reading)
        return
    whom = [_who(name, reading.value(statement[name])) for name in ("Principal", "NotPrincipal") if statement[name]]
    condition = reading.value(statement["Condition"]) if statement["Condition"] else ABSENT
    under = spelled(unordered(condition)) if condition is not ABSENT else ""
    effect = "" if statement["Effect"].text == "Allow" else spelled(reading.value(statement["Effect"]))
    resources = list(_texts(statement, "Resource", reading)) or [("", statement)]
    for action, node in _texts(statement, "Action", reading):
        for resource, _ in resources:
            yield Grant(action.lower(), resource, effect, " ".join(whom), under, action, node)


def _texts(statement: Node, name: str, reading: Reading) -> Iterator[tuple[str, Node]]:
    """The actions or resources of a statement, each with its place; those of a Not… are one."""
    for item in values.listed(statement[name], _world(reading)):
        yield from ((spelled(in_order(value)), item) for value in listed(reading.value(item)) if value is not ABSENT)
    excepted = statement[f"Not{name}"]
    if excepted:
        every = sorted(map(spelled, listed(in_order(reading.value(excepted)))))
        yield f"all but {', '.join(every)}", excepted


def _who(name: str, value: object) -> str:
    whom = "*" if value == {"AWS": "*"} else unordered(value)  # IAM takes both for everybody
    said = spelled(whom)
    if isinstance(whom, dict):
        said = ", ".join(f"{key} {', '.join(map(spelled, listed(one)))}" for key, one in whom.items())
    return said if name == "Principal" else f"not {said}"


def _unread(node: Node, reading: Reading) -> Grant:
    """What cannot be read as statements, as one grant of whatever it is."""
    said = spelled(in_order(reading.value(node)))
    return Grant(said, "", action=f"what {cut(said)} allows", node=node)


# -- what only one has -----------------------------------------------------------------------------


def _differences(outcomes: Outcomes, name: str, homes: tuple[Node, Node], scope: Scope) -> Iterator[Difference]:
    answers = [one.answer for one in outcomes if one.answer is not None]
    lacks = [{grant for answer in answers for grant in answer[side] - answer[1 - side]} for side in (0, 1)]
    if not any(lacks):
        return
    every = [{grant for answer in answers for grant in answer[side]} for side in (0, 1)]
    under: dict[Grant, None] = {}  # that both grant, each under conditions of its own
    for side in (0, 1):
        theirs = {grant.bare: grant for grant in lacks[1 - side]}
        for grant in sorted(lacks[side], key=str):
            twin = theirs.get(grant.bare)
            if twin is not None and twin.condition != grant.condition:
                under.setdefault(grant.bare)
                continue
            verdict = scope.told(outcomes, partial(_lacks, grant, side))
            if verdict is not None:
                near, said = _near(grant, every[1 - side]), shown(grant.resource or grant.principal or grant.action)
                at, gone = near.key_at if near is not None else None, homes[1 - side]["…"]
                whole = f"{name}: {grant}"
                if side == 0:
                    found = Difference(Kind.GRANT, whole, (grant.node, gone), (said, ""), verdict, (None, at))
                    yield replace(found, values=(grant, None))
                else:
                    found = Difference(Kind.GRANT, whole, (gone, grant.node), ("", said), verdict, (at, None))
                    yield replace(found, values=(None, grant))
    for grant in under:
        verdict = scope.told(outcomes, partial(_unlike, grant))
        if verdict is not None:
            nodes = _having(grant, every[0]), _having(grant, every[1])
            told = _conditions(grant, lacks[0]), _conditions(grant, lacks[1])
            both = replace(grant, condition=told[0]), replace(grant, condition=told[1])
            yield Difference(Kind.GRANT, f"{name}: {grant.whatever}", nodes, told, verdict, values=both)


def _lacks(grant: Grant, side: int, answer: Answer) -> bool:
    return answer is not None and grant in answer[side] and grant not in answer[1 - side]


def _unlike(grant: Grant, answer: Answer) -> bool:
    if answer is None:
        return False
    first, second = ({one.condition for one in grants if one.bare == grant} for grants in answer)
    return first != second


def _near(grant: Grant, others: Iterable[Grant]) -> Node | None:
    """Where the other side says nearly the same: of the action, or else of the resource."""
    near = sorted((one for one in others if one.effect == grant.effect), key=str)
    by_action = (one.node for one in near if one.key == grant.key)
    return next(by_action, None) or next((one.node for one in near if one.resource == grant.resource), None)


def _having(grant: Grant, grants: Iterable[Grant]) -> Node:
    return next(one.node for one in sorted(grants, key=str) if one.bare == grant)


def _conditions(grant: Grant, grants: Iterable[Grant]) -> str:
    found = sorted(one.condition for one in grants if one.bare == grant)
    return " or ".join(f"if {cut(condition)}" if condition else "always" for condition in found)


def _policies(role: Role) -> tuple[Node, ...]:
    """Every node below which policies of a role are written."""
    own = role.owner.properties["Policies"]
    return (own, *(one.properties["PolicyDocument"] for one in role.attached))


def _home(role: Role) -> Node:
    """The node under which the policies of a role stand."""
    properties = role.owner.properties
    return properties["Policies"] or properties or role.owner.node


def _same_conditions(one: Role, other: Role, scope: Scope) -> bool:
    """Whether the policies that are attached to two roles are so under the same conditions."""
    conditions = [[policy.condition for policy in role.attached] for role in (one, other)]
    return conditions[0] == conditions[1] and scope.unsteady.isdisjoint(conditions[0])


def _alike(one: tuple[Node, ...], other: tuple[Node, ...], scope: Scope) -> bool:
    return len(one) == len(other) and all(scope.same(a, b) for a, b in zip(one, other, strict=True))


def _world(reading: Reading) -> World:
    assert reading.world is not None
    return reading.world
