"""Consent: what somebody agreed to, by typing names or by `--yes`, and whether it covers what is about to be done."""

from __future__ import annotations

import sys
from collections.abc import Collection
from dataclasses import dataclass, replace

from s3ap_ops.collect import described, moment
from s3ap_ops.errors import Refused
from s3ap_ops.identity import Pin
from s3ap_ops.plan import Plan, Refusal
from s3ap_ops.reading import Look
from s3ap_ops.wording import count


@dataclass(frozen=True)
class Consent:
    """Stacks by name, and the changes that were shown, as they describe themselves.

    `is_sure`: said by `--yes`, which is for whatever a later look at the same stacks brings up, too, short of what
    wants a flag.
    """

    stacks: tuple[str, ...]
    promised: frozenset[str]
    is_sure: bool = False


def asked(plan: Plan, pin: Pin, *, is_sure: bool) -> Consent:
    """What somebody agrees to of a plan that has been shown.

    Raises Refused when nobody can be asked, or agrees to nothing.
    """
    promised = frozenset(action.change.describe() for action in plan.actions)
    names = tuple(stack.name for stack in plan.deleted)
    if is_sure:
        return Consent(names, promised, is_sure=True)
    if sys.stdin is None or not sys.stdin.isatty():
        raise Refused("nobody can be asked here; if the plan is what you want, add --yes")
    print(f"\nThis deletes {count(len(names), 'stack')} in {pin.place}, and cannot be undone.", file=sys.stderr)
    typed = tuple(name for name in names if _typed(name))
    if not typed:
        raise Refused("no stack was confirmed")
    return Consent(typed, promised)


def _typed(name: str) -> bool:
    print(f"Type {name} to delete it, or press Enter to leave it: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip() == name


def narrowed(plan: Plan, stacks: Collection[str]) -> Plan:
    """A plan without the stacks that were not agreed to, and without those that wait for them."""
    kept = [action for action in plan.actions if action.stack in stacks]
    refusals = [
        Refusal(stack.name, "", "not-confirmed", "it was not confirmed", "Run the command again to delete it")
        for stack in plan.deleted
        if stack.name not in stacks
    ]
    while True:
        ids = {action.id for action in kept}
        cut = {action.stack for action in kept if any(id_ not in ids for id_ in action.needs)}
        if not cut:
            return replace(plan, actions=tuple(kept), refusals=(*plan.refusals, *refusals))
        kept = [action for action in kept if action.stack not in cut]
        refusals += [
            Refusal(name, "", "not-confirmed", "a stack that goes before it was not confirmed", "Confirm both")
            for name in sorted(cut)
        ]


def covers(consent: Consent, plan: Plan) -> bool:
    """Whether everything in a plan was agreed to already."""
    if consent.is_sure:
        return all(stack.name in consent.stacks for stack in plan.deleted)
    return all(action.change.describe() in consent.promised for action in plan.actions)


def unchanged(plan: Plan, look: Look) -> None:
    """Raise Refused when a stack of the plan is another one by now, or was changed since."""
    for stack in plan.deleted:
        found = described(stack.id, look) or {}
        now = (found.get("StackStatus", ""), moment(found.get("LastUpdatedTime")))
        if now != (stack.status, stack.updated):
            raise Refused(f"{stack.name} was changed while you read (it is in {now[0] or 'no state'} now); plan again")
