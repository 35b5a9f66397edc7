"""What a function's code needs against what its role grants, in every scenario.

Asked once per function and action, for all rules and for `s3ap-lint permissions`: how each action that a reachable
call needs stands in each world. A call counts in a world when it runs with the variables that are set there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial

from s3ap_lint import sdk
from s3ap_lint.access import Access, standing
from s3ap_lint.arn import Target, s3_resource
from s3ap_lint.function import Function
from s3ap_lint.iam import Role
from s3ap_lint.model import Location
from s3ap_lint.patterns import Covers
from s3ap_lint.permissions.grants import Grants, grants_of
from s3ap_lint.permissions.needs import Needed, Wanted, needed
from s3ap_lint.permissions.resource_policies import admitted
from s3ap_lint.permissions.switches import Switches
from s3ap_lint.policies import Statement
from s3ap_lint.python.calls import SdkCall
from s3ap_lint.template.conditions import Outcome
from s3ap_lint.template.scenarios import Verdict
from s3ap_lint.template.values import OPAQUE
from s3ap_lint.template.worlds import Undecided, World


@dataclass(frozen=True)
class Permission:
    """How an action that a call needs stands in one world: granted, perhaps, or not; and on what.

    `unset` variables name it, and are set in no world: until they are, the call fails before IAM is asked.
    `misplaced`: granted on the alias of an access point or on the wrong level, which IAM does not recognise. Other
    rules speak of that, so that it counts as covered.
    """

    needed: Needed
    wanted: Wanted
    covers: Covers
    grants: Grants
    unset: tuple[str, ...] = ()
    misplaced: bool = False

    @cached_property
    def nearest(self) -> Statement | None:
        """The statement of the role that denies it, or else comes nearest to granting it."""
        return self.denial or self.grants.nearest(self.needed.action, next(iter(self.wanted.resources), ()))

    @cached_property
    def denial(self) -> Statement | None:
        """The statement that denies it, on all that it may be authorised on."""
        if self.covers is not Covers.NO:
            return None
        try:
            found = [self.grants.denial(self.needed.action, resource) for resource in self.wanted.resources or ((),)]
        except Undecided:
            return None  # nothing allows it, so that nobody has asked what denies it
        return found[0] if all(found) else None

    @property
    def elsewhere(self) -> bool:
        """Whether a statement grants the action on something else."""
        return self.denial is None and self.grants.stands_elsewhere(self.needed.action)

    @property
    def is_known(self) -> bool:
        """Whether the resource can be told; of an object in S3, its bucket."""
        found = self.target
        name = found.partition("/")[0] if found.startswith("arn:${AWS::Partition}:s3:") else found
        return bool(found) and "*" not in name

    @property
    def target(self) -> str:
        """What the call is made on, as a policy writes it; "" when that cannot be told."""
        found = next((resource for resource in self.wanted.resources if resource), ())
        return "".join("*" if piece == OPAQUE else str(piece) for piece in found)


Answer = tuple[Permission, ...]
"""All permissions in one world."""


@dataclass(frozen=True, slots=True)
class Lack:
    """An action that some calls need and the role does not grant, in the scenarios of a verdict."""

    action: str
    permissions: tuple[Permission, ...]
    verdict: Verdict


class Permissions:
    """The permissions of one function. `role` is None when the template does not say what the role may do."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.role: Role | None = function.role  # in every scenario the same

    @cached_property
    def needed(self) -> tuple[Needed, ...]:
        """What its code needs in some world, under its own role."""
        return needed(self._calls)

    @cached_property
    def perhaps_needed(self) -> frozenset[str]:
        """The actions that its code may need: also those that hang on a member which may or may not be given."""
        return frozenset(one.action for one in needed(self._calls, perhaps=True))

    @cached_property
    def _calls(self) -> tuple[SdkCall, ...]:
        return tuple(call for call in self.function.sdk_calls() if call.own_credentials is not True)

    @cached_property
    def unjudged(self) -> tuple[tuple[Location, str], ...]:
        """Why what it needs cannot be held against what its role grants, each with the place that stands in the way."""
        function, role = self.function, self.role
        found = [(at, "which AWS operation is called here cannot be told") for at in function.untold_calls()]
        for call in function.sdk_calls():
            if sdk.operation(call.service, call.operation) is None:
                found.append((call.at, f"which permission {call.service}.{call.operation} needs is not known"))
            elif call.own_credentials is None:
                found.append((call.at, "whose credentials the client has cannot be told"))
        if self.needed and role is None:
            found.append((function.at, "its role is not in the template"))
        elif self.needed and role is not None:
            found += ((at, f"what this grants to {role.id} cannot be told") for at in role.unreadable)
        return tuple(found)

    @cached_property
    def outcomes(self) -> list[Outcome[Answer | None]]:
        """How everything stands in every scenario; None where function or role do not exist. Raises TooManyWorlds."""
        return self._outcomes(self.needed)

    @cached_property
    def lacks(self) -> tuple[Lack, ...]:
        """What is not granted, by action. Raises TooManyWorlds.

        Asked action by action, so that each question branches on little; not at all of what an unconditional statement
        grants, whatever is asked for.
        """
        role = self.role
        if role is None:
            return ()
        asked: dict[str, list[Needed]] = {}
        for one in self.needed:
            if one.need.certain and not always_granted(one, role):
                asked.setdefault(one.action, []).append(one)
        found = (self._those(Covers.NO, self._outcomes(needed, about)) for about, needed in asked.items())
        return tuple(lack for lacks in found for lack in lacks)

    def doubts(self) -> Iterator[Lack]:
        """What is granted only perhaps in some scenario, and lacks in none. Raises TooManyWorlds."""
        lacking = {lack.action for lack in self.lacks}
        for doubt in self._those(Covers.PERHAPS, self.outcomes):
            sure = [one for one in doubt.permissions if one.needed.need.certain and not one.unset]
            if sure and doubt.action not in lacking:
                yield replace(doubt, permissions=tuple(sure))

    def _outcomes(self, needed: Iterable[Needed], about: str = "") -> list[Outcome[Answer | None]]:
        """How some actions stand; where something lacks, only in the worlds in which its call is made."""
        asked = tuple(needed)
        if self.role is None or not asked:
            return []
        found = self.function.template.outcomes(partial(self._answer, self.role, asked, about))
        if not any(_lacks(outcome.answer) for outcome in found):
            return found
        switches = Switches(self.function, [one.call for one in asked])
        space = self.function.template.space.knowing(switches.literals)
        return space.outcomes(partial(self._made, self.role, asked, about, switches))

    def _made(
        self, role: Role, needed: tuple[Needed, ...], about: str, switches: Switches, world: World
    ) -> Answer | None:
        """The same, without the calls that are not made in the world."""
        answer = self._answer(role, needed, about, world)
        if answer is None or not _lacks(answer):
            return answer
        return tuple(one for one in answer if switches.lets(one.needed.call, world))

    def _answer(self, role: Role, needed: tuple[Needed, ...], about: str, world: World) -> Answer | None:
        """How some actions stand in one world, whichever calls are made there."""
        if not self.function.resource.exists(world) or not role.exists(world):
            return None
        variables = self.function.variables_in(world)
        grants = grants_of(role, world, about)
        found: list[Permission] = []
        for one in needed:
            calls = one.wanted(variables, world, role.template)
            stands = [best for call in calls if (best := self._any_of(one, call, grants, world)) is not None]
            if any(permission.covers is not Covers.YES for permission in stands):
                stands = [replace(permission, unset=one.unset(variables)) for permission in stands]
            found += stands
        return tuple(found)

    def _any_of(self, one: Needed, options: list[Wanted], grants: Grants, world: World) -> Permission | None:
        """How a call stands that is made on one of several things; None where IAM may not be asked."""
        if any(wanted.empty for wanted in options):
            return None
        stands = [self._stands(one, wanted, grants, world) for wanted in options]
        return min(stands, key=lambda permission: list(Covers).index(permission.covers))

    def _stands(self, one: Needed, wanted: Wanted, grants: Grants, world: World) -> Permission:
        alias = wanted.by_alias
        covers, misplaced = _by_alias(one, grants.role, world) if alias else (_best(one, wanted, grants), False)
        if covers is Covers.NO and (not one.certain or admitted(grants.role, one.action, world)):
            covers = Covers.PERHAPS
        found = Permission(one, wanted, covers, grants, misplaced=misplaced)
        if covers is Covers.NO and not one.takes_a_resource and found.elsewhere:
            return replace(found, covers=Covers.PERHAPS)  # some are authorised on an ARN that AWS does not document
        return found

    def _those(self, covers: Covers, outcomes: list[Outcome[Answer | None]]) -> Iterator[Lack]:
        by_action: dict[str, dict[int, Permission]] = {}
        for outcome in outcomes:
            for one in outcome.answer or ():
                if one.covers is covers:
                    by_action.setdefault(one.needed.action, {}).setdefault(id(one.needed), one)
        for action, found in by_action.items():
            verdict = self.function.template.verdict(outcomes, partial(_has, action, covers))
            if verdict is not None:
                yield Lack(action, tuple(found.values()), verdict)


def _lacks(answer: Iterable[Permission] | None) -> bool:
    return any(one.covers is Covers.NO for one in answer or ())


def always_granted(one: Needed, role: Role) -> bool:
    """Whether a statement that stands in every scenario grants an action on whatever may be asked for, or perhaps.

    A cheap answer to most questions; where it is no, each scenario is looked at.
    """
    unknown = not one.need.resources or one.is_untold
    return any(
        statement.covers(one.action) and (unknown or "*" in statement.resources.texts)
        for statement in role.unconditional
    )


def _best(one: Needed, wanted: Wanted, grants: Grants) -> Covers:
    """Whether an action is granted on any of the resources that it may be authorised on."""
    found = {grants.covers(one.action, resource) for resource in wanted.resources or ((),)}
    return next(covers for covers in (Covers.YES, Covers.PERHAPS, Covers.NO) if covers in found)


def _by_alias(one: Needed, role: Role, world: World) -> tuple[Covers, bool]:
    """Whether an action is granted on an access point, or on its alias, of which other rules speak; and if misplaced.

    Misplaced is what names its alias only, or another level of its ARN. Worked out once per role, action and world.
    """
    key = ("by alias", role, one.action)
    known = world.memo.get(key)
    if not isinstance(known, tuple):
        known = world.memo[key] = _on_access_point(one, role, world)
    return known


def _on_access_point(one: Needed, role: Role, world: World) -> tuple[Covers, bool]:
    access = standing(role, one.action, world).access
    if access is not Access.NOT_GRANTED:
        return Covers.YES, access is Access.WRONG_LEVEL
    statements = role.policies(world, one.action).statements
    about = [statement for statement in statements if statement.allows and statement.covers(one.action)]
    found = (s3_resource(leaf, role.template) for statement in about for leaf in statement.resources)
    on_alias = any(resource.target is Target.ALIAS for resource in found)
    return (Covers.YES, True) if on_alias else (Covers.NO, False)


def _has(action: str, covers: Covers, answer: Answer | None) -> bool:
    return any(one.needed.action == action and one.covers is covers for one in answer or ())


def permissions_of(function: Function) -> Permissions:
    """The permissions of a function, worked out once: a template may outlive the functions that were made of it."""
    known = function.template.memo.get((Permissions, function.id))
    if not isinstance(known, Permissions) or known.function is not function:
        known = function.template.memo[Permissions, function.id] = Permissions(function)
    return known
