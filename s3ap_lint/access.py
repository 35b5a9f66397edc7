"""What a role may do on S3 access points: granted by alias, by access-point ARN, or only when a name is given.

One question per role, asked in every scenario. The rules of S3AP1xx read its answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial

from s3ap_lint.arn import ACCESS_POINT_ACTIONS, S3Resource, Target, level_of, matches, s3_resource
from s3ap_lint.iam import Role
from s3ap_lint.policies import Policies, Statement, statements
from s3ap_lint.template.conditions import Outcome
from s3ap_lint.template.node import Node
from s3ap_lint.template.values import Filler, Hole, Leaf, choose, listed, texts
from s3ap_lint.template.worlds import TooManyWorlds, World


class Access(Enum):
    """How an S3 action stands on access points in one world."""

    WORKS = "granted on an access point, on the right level"
    NEEDS_NAME = "granted on the access point only when its name is given"
    WRONG_LEVEL = "granted on access points, but only on the wrong level"
    NOT_GRANTED = "not granted on any access point"


@dataclass(frozen=True, slots=True)
class Standing:
    """How one action stands; `name` is the parameter that would have to be given, `wrong` the misplaced resources."""

    access: Access
    name: str = ""
    wrong: tuple[Leaf, ...] = ()


@dataclass(frozen=True, slots=True)
class S3Grant:
    """An S3 action that a statement of a role grants on one alias or access point in one world."""

    action: str
    resource: S3Resource
    standing: Standing
    statement: Statement

    @property
    def name(self) -> str:
        """The alias or access point's name as text."""
        return self.resource.name_text

    @property
    def leaf(self) -> Leaf:
        return self.resource.leaf


def s3_outcomes(role: Role, *targets: Target) -> list[Outcome[tuple[S3Grant, ...]]]:
    """Every S3 action that the role is granted on resources of some kinds, and how it stands, in every scenario.

    Raises TooManyWorlds. The question is asked once for all rules.
    """
    memo = role.template.memo
    known = memo.get(role)
    if known is None:
        try:
            known = memo[role] = role.template.outcomes(lambda world: _grants(role, world))
        except TooManyWorlds as error:
            known = memo[role] = error
    if isinstance(known, TooManyWorlds):
        raise known.with_traceback(None)
    assert isinstance(known, list)
    return [replace(o, answer=tuple(g for g in o.answer if g.resource.target in targets)) for o in known]


def _grants(role: Role, world: World) -> tuple[S3Grant, ...]:
    if not role.exists(world):
        return ()
    found = world.answer((_granted, role), partial(_granted, role))
    actions = dict.fromkeys(action for _, action, _ in found)
    standings = {action: standing(role, action, world) for action in actions}
    grants = (S3Grant(action, resource, standings[action], statement) for resource, action, statement in found)
    return tuple(grant for grant in grants if not _surplus(grant, standings))


def _surplus(grant: S3Grant, standings: Mapping[str, Standing]) -> bool:
    """Whether a bundle brings an action that nobody asked for: what the role needs of the bundle works otherwise."""
    if not grant.statement.bundled or grant.standing.access is Access.WORKS:
        return False
    return any(standings[a].access is Access.WORKS for a in grant.statement.actions.texts if a in standings)


Granted = tuple[S3Resource, str, Statement]


def _granted(role: Role, world: World) -> tuple[Granted, ...]:
    """What the statements of a role grant on aliases and access points."""
    return tuple(one for statement in role.policies(world).statements for one in _granted_by(statement, role))


def _granted_by(statement: Statement, role: Role) -> Iterator[Granted]:
    """The (resource, action) pairs that one statement grants on aliases and access points, by level."""
    if not statement.allows or not statement.complete:
        return
    found = _resources(statement, role)
    for target in (Target.ALIAS, Target.ACCESS_POINT):
        resources = [resource for resource in found if resource.target is target]
        for action, literal in _actions(statement).items() if resources else ():
            fitting = [resource for resource in resources if resource.level & level_of(action)]
            for resource in fitting or (resources if literal else []):
                yield resource, action, statement


def _actions(statement: Statement) -> dict[str, bool]:
    """The single S3 actions a statement is about, and whether it names them itself.

    A wildcard, or a bundle, means what access points support.
    """
    out: dict[str, bool] = {}
    for pattern in statement.actions.texts:
        if "*" in pattern or "?" in pattern:
            meant = [action for action in ACCESS_POINT_ACTIONS if matches(pattern, action)]
            out.update((action, False) for action in meant if action not in out)
        elif statement.bundled:
            out.update({pattern: False} if pattern in ACCESS_POINT_ACTIONS else {})
        elif pattern.lower().startswith("s3:"):
            out[pattern] = True
    return out


def _resources(statement: Statement, role: Role) -> list[S3Resource]:
    return [s3_resource(leaf, role.template) for leaf in statement.resources]


def standing(role: Role, action: str, world: World) -> Standing:
    """How an action stands on access points in a world; in doubt, it works."""
    if _works(role, action, world):
        return Standing(Access.WORKS)
    for name in _empty_names(world):
        if _works_with(name, role, action, world):
            return Standing(Access.NEEDS_NAME, name)
    wrong = _misplaced(role, action, world)
    return Standing(Access.WRONG_LEVEL if wrong else Access.NOT_GRANTED, wrong=wrong)


def _works(role: Role, action: str, world: World) -> bool:
    return world.answer((_works, role, action), partial(_works_in, role, action))


def _works_in(role: Role, action: str, world: World) -> bool:
    return _covered(role, role.policies(world, action), action, world) or _granted_by_access_point(role, action, world)


def _misplaced(role: Role, action: str, world: World) -> tuple[Leaf, ...]:
    """The access-point resources that statements about the action name on another level."""
    statements = [s for s in role.policies(world, action).statements if s.allows and s.complete and s.covers(action)]
    found = [resource for statement in statements for resource in _resources(statement, role)]
    return tuple(f.leaf for f in found if f.target is Target.ACCESS_POINT and not f.level & level_of(action))


def _empty_names(world: World) -> list[str]:
    """The parameters that are empty in a world and may name an access point; an alias is no name."""
    space = world.space
    empty = [name for name, value in world.chosen.items() if value == "" and name in space.parameters]
    fixed = [name for name in space.parameters if name not in world.chosen and space.domain(name) == ("",)]
    return [name for name in (*empty, *fixed) if "alias" not in name.lower()]


def _works_with(name: str, role: Role, action: str, world: World) -> bool:
    """Whether giving a name would be enough, whatever else is still open."""
    given = next((value for value in world.space.domain(name) if value != ""), None)
    if given is None:
        return False
    chosen = {**world.chosen, name: given}
    return all(o.answer for o in role.template.space.outcomes(lambda inner: _works(role, action, inner), given=chosen))


def _covered(role: Role, policies: Policies, action: str, world: World) -> bool:
    """Whether the role's own policies grant the action on some access point, or may: in doubt, yes."""
    if policies.unread:
        return True
    level = level_of(action)
    for statement in policies.statements:
        if not statement.allows or not (statement.covers(action) or not statement.complete):
            continue
        if len(statement.not_resources):
            return True
        for found in _resources(statement, role):
            if found.target in {Target.EVERYTHING, Target.UNKNOWN}:
                return True
            if found.target is Target.ACCESS_POINT and found.level & level and not _nameless(found, world):
                return True
    return any(
        grant.covers(action) and any(_table_covers(resource) for resource in grant.resources)
        for grant in policies.grants
    )


def _table_covers(resource: str) -> bool:
    """Whether a resource of an AWS managed policy or SAM policy template can be an access point."""
    return resource == "*" or ":accesspoint" in resource or resource.startswith("arn:aws:s3:*")


def _nameless(found: S3Resource, world: World) -> bool:
    """Whether the access point's name is nothing but a parameter that is empty here."""
    if len(found.name) != 1 or not isinstance(found.name[0], Hole):
        return False
    hole = found.name[0]
    return hole.filler is Filler.PARAMETER and world.space.may_be_empty(hole.name) and world.is_empty(hole.name)


def _granted_by_access_point(role: Role, action: str, world: World) -> bool:
    """Whether an access point's own policy in the template admits the role; in doubt, yes."""
    return any(
        statement.allows and statement.covers(action) and admits(statement.node["Principal"], role, world)
        for statement in _access_point_statements(role, world)
    )


def _access_point_statements(role: Role, world: World) -> Iterator[Statement]:
    template = role.template
    for resource in template.of_type(
        "AWS::S3::AccessPoint", "AWS::S3::AccessPointPolicy", "AWS::FSx::S3AccessPointAttachment"
    ):
        if not resource.exists(world):
            continue
        properties = resource.properties
        for node in (properties["Policy"], properties["S3AccessPoint"]["Policy"]):
            if node:
                yield from statements(node, world)


def admits(principal: Node, role: Role, world: World) -> bool:
    """Whether a statement's principal is, or may be, a role of the template."""
    chosen = choose(principal, world)
    if chosen is None:
        return False
    items = listed(chosen["AWS"], world) if chosen.is_mapping and chosen.function is None else [chosen]
    for item in items:
        for leaf in texts(item, world):
            first = leaf.pieces[0] if leaf.pieces else ""
            if leaf.text == "*" or leaf.is_opaque or any(f"${{{name}.Arn}}" in leaf.text for name in role.ids):
                return True
            if isinstance(first, Hole) and first.filler is Filler.PARAMETER:
                return True
    return False
