"""What a run will do, as data: hazards, refusals, and actions in order. A dry run is this; a run does exactly this."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from s3ap_ops.assess import Hazard
from s3ap_ops.calls import LiveChange, Risk
from s3ap_ops.stack import LiveResource, LiveStack


@dataclass(frozen=True)
class Action:
    """One change of one stack. `after`: ids of actions that have ended before it begins, however; `needs`: of those
    that must have succeeded. `codes` are the rules that ask for it."""

    id: str
    stack: str
    title: str
    change: LiveChange
    codes: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refusal:
    """Why nothing is done to a stack, and what would change that. `flags` are what would have to be given."""

    stack: str
    code: str
    name: str
    reason: str
    advice: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """All of it. `stacks` are in the order in which they go; those that are gone already are in it, and have no
    actions.

    `made` is when it was made, in seconds of Unix time.
    """

    stacks: tuple[LiveStack, ...]
    hazards: tuple[Hazard, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    actions: tuple[Action, ...] = ()
    made: float = 0.0
    order: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def refused(self) -> frozenset[str]:
        """The names of the stacks to which nothing is done."""
        return frozenset(refusal.stack for refusal in self.refusals)

    @property
    def deleted(self) -> tuple[LiveStack, ...]:
        """The stacks that are to go."""
        acted_on = {action.stack for action in self.actions}
        return tuple(stack for stack in self.stacks if stack.name in acted_on)

    @property
    def remaining(self) -> tuple[LiveResource, ...]:
        """The resources of these that stay because of their deletion policy."""
        taken = {action.change.target for action in self.actions}
        return tuple(
            one
            for stack in self.deleted
            for one in stack.resources
            if one.is_retained and not one.is_gone and one.physical_id not in taken
        )

    def of(self, stack: str) -> tuple[Action, ...]:
        """The actions of one stack, in order."""
        return tuple(action for action in self.actions if action.stack == stack)

    @property
    def risk(self) -> Risk:
        """The gravest of what it does."""
        return max((action.change.risk for action in self.actions), default=Risk.READ)


def inventory_hash(stack: LiveStack) -> str:
    """16 hexadecimal digits that change when a resource comes, goes or is replaced."""
    rows = sorted((one.logical_id, one.type, one.physical_id) for one in stack.resources if not one.is_gone)
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16]


def titles(hazards: Iterable[Hazard]) -> dict[str, str]:
    """The title of each hazard's fix, by its message."""
    return {one.finding.message: one.finding.fix.title for one in hazards if one.finding.fix}
