"""What the template makes a function's role need, held against what the role grants, in every scenario."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from s3ap_lint.function import Function
from s3ap_lint.iam import Role
from s3ap_lint.patterns import Covers
from s3ap_lint.permissions.configured_needs import Configured, Source, sources
from s3ap_lint.permissions.encryption_needs import Encrypted, encrypted
from s3ap_lint.permissions.grants import Grants, grants_of
from s3ap_lint.permissions.resource_policies import admitted
from s3ap_lint.policies import Statement
from s3ap_lint.template.conditions import Space
from s3ap_lint.template.scenarios import Verdict
from s3ap_lint.template.worlds import World


@dataclass(frozen=True, slots=True)
class ConfiguredLack:
    """Something that the configuration demands and the role does not grant, in the scenarios of a verdict.

    `nearest` is the statement that comes nearest, `elsewhere` whether it is granted on something else.
    """

    need: Configured
    role: Role
    nearest: Statement | None
    elsewhere: bool
    verdict: Verdict


Lacking = dict[Configured, tuple[Statement | None, bool]]
"""What lacks in a world, each with the statement that comes nearest and whether it is granted on something else."""


def configured_lacks(function: Function) -> Iterator[ConfiguredLack]:
    """What is not granted. Raises TooManyWorlds."""
    role = function.role
    if role is None or role.template is not function.template:
        return
    for source in sources(function):
        yield from _lacks(function, role, source, function.template.space)
    keys = encrypted(function)
    if keys is not None:
        yield from _lacks(function, role, keys.needs, function.template.space, keys)


def _lacks(
    function: Function, role: Role, source: Source, space: Space, keys: Encrypted | None = None
) -> Iterator[ConfiguredLack]:
    outcomes = space.outcomes(partial(_lacking, function, role, source))
    if keys is not None and any(outcome.answer for outcome in outcomes):
        outcomes = space.knowing(keys.switches.literals).outcomes(partial(_lacking, function, role, keys.made))
    found = {need: how for outcome in outcomes for need, how in (outcome.answer or {}).items()}
    for need, (nearest, elsewhere) in found.items():
        verdict = function.template.verdict(outcomes, partial(_has, need))
        if verdict is not None:
            yield ConfiguredLack(need, role, nearest, elsewhere, verdict)


def _has(need: Configured, answer: Lacking | None) -> bool:
    return need in (answer or ())


def _lacking(function: Function, role: Role, source: Source, world: World) -> Lacking | None:
    """What of a source's demands lacks in a world; None where function or role do not exist."""
    if not function.resource.exists(world) or not role.exists(world):
        return None
    lacking: Lacking = {}
    for need in source(world):
        asked = [(action, grants_of(role, world, action)) for action in need.actions]
        if all(grants.covers(action, need.on) is Covers.NO for action, grants in asked) and not any(
            admitted(role, action, world) for action in need.actions
        ):
            lacking[need] = _nearest(need, asked)
    return lacking


def _nearest(need: Configured, asked: list[tuple[str, Grants]]) -> tuple[Statement | None, bool]:
    action, grants = next((pair for pair in asked if pair[1].stands_elsewhere(pair[0])), asked[0])
    return grants.nearest(action, need.on), grants.stands_elsewhere(action)
