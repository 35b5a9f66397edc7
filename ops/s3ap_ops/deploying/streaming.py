"""The events of an operation as they happen, those of nested stacks among them, and what it was that failed first."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError

from s3ap_ops.collect import NESTED, described
from s3ap_ops.errors import OpsError
from s3ap_ops.reading import Look
from s3ap_ops.stack import Json
from s3ap_ops.watching import BLIND, Patience
from s3ap_ops.wording import reason

REVIEW = "REVIEW_IN_PROGRESS"
CANCELLED = ("Resource creation cancelled", "Resource update cancelled")
UNSEEN = "UNSEEN"
"""The status of a stack of which nothing can be seen any more."""

LATE = 6
"""So many looks CloudFormation may take until an operation that it has accepted shows: before, the stack's state is the
one of the operation before."""

SLOWER, SLOWEST = 1.3, 6.0
"""How much longer each pause without news is than the one before, and at most: 5 s become 30 s."""

GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")


@dataclass(frozen=True)
class Event:
    """One event. `stack` is the name of the stack it is of; `at` is when it happened. The stack itself has its id for
    its physical one."""

    id: str
    stack: str
    logical_id: str
    type: str
    status: str
    why: str
    at: datetime
    physical_id: str = ""

    @property
    def is_failure(self) -> bool:
        """Whether something went wrong here, and not because something else did."""
        return self.status.endswith("_FAILED") and not self.why.startswith(CANCELLED)


@dataclass
class Stream:
    """The events of one stack from a token on, and of the stacks in it; each is told once.

    `seen` are the ids of the events that were told, `told` these in their order, `nested` the ids of the stacks in it.
    """

    look: Look
    stack_id: str
    token: str
    tell: Callable[[Event], None]
    seen: set[str] = field(default_factory=set)
    told: list[Event] = field(default_factory=list)
    nested: list[str] = field(default_factory=list)

    def follow(self, patience: Patience) -> str:
        """Tell events until the operation has ended; the stack's status then, "" when patience ended before, or UNSEEN.

        The stack's own state decides, once its events say the same: either may be late, and tell of the operation
        before. What cannot be read at the moment is read later.
        """
        blind = looks = 0
        interval = patience.poll
        while True:
            known = len(self.told)
            try:
                found = described(self.stack_id, self.look)
                status, blind = "DELETE_COMPLETE" if found is None else str(found["StackStatus"]), 0
            except OpsError:
                status, blind = "UNKNOWN_IN_PROGRESS", blind + 1
            is_whole = self._tell_new()
            looks = 0 if len(self.told) > known else looks + 1
            may_be_over = status == REVIEW or not status.endswith("_IN_PROGRESS")
            if may_be_over and (looks >= LATE or (is_whole and self._last == status)):
                return status
            if blind >= BLIND:
                return UNSEEN
            if patience.is_over or patience.is_stopped:
                return ""
            interval = patience.poll if looks == 0 else min(interval * SLOWER, patience.poll * SLOWEST)
            patience.pause(interval * random.uniform(0.8, 1.0))  # others who began with us do not ask all at once

    @property
    def _last(self) -> str:
        """The status that the stack itself has by its events; empty if none was told."""
        return next((one.status for one in reversed(self.told) if one.physical_id == self.stack_id), "")

    @property
    def root_cause(self) -> Event | None:
        """The first thing that failed of itself: the deepest of the first, because a nested stack fails by what is in
        it."""
        failures = [one for one in self.told if one.is_failure]
        inside = [one for one in failures if one.type != NESTED]
        return next(iter(inside or failures), None)

    @property
    def left_behind(self) -> tuple[Event, ...]:
        """What could not be deleted in the end, in the cleanup of an update; CloudFormation tries some times."""
        last = {(one.stack, one.logical_id): one for one in self.told}
        return tuple(one for one in last.values() if one.status == "DELETE_FAILED")

    def _tell_new(self) -> bool:
        """Tell what is new; whether all of it could be read. Of a history that breaks off, nothing is told yet."""
        fresh: list[Event] = []
        is_whole = True
        stacks = [self.stack_id, *self.nested]
        for stack_id in stacks:  # which gets longer meanwhile
            try:
                new = list(self._new(stack_id))
            except (ClientError, BotoCoreError):
                is_whole = False
                continue
            for row in new:
                inner = str(row.get("PhysicalResourceId") or "")
                if row["ResourceType"] == NESTED and inner not in ("", *stacks):
                    self.nested.append(inner)
                    stacks.append(inner)
            fresh += [_event(row) for row in reversed(new)]  # the newest come first
        for event in sorted(fresh, key=lambda one: one.at):
            self.seen.add(event.id)
            self.told.append(event)
            self.tell(event)
        return is_whole

    def _new(self, stack_id: str) -> Iterator[Mapping[str, Json]]:
        """The events of this operation that were not seen before, the newest first; those of a nested stack are its own
        from the time on at which the operation began."""
        began = min((one.at for one in self.told), default=None)
        ours = False
        for row in self._rows(stack_id):
            if row["EventId"] in self.seen:
                return
            if stack_id != self.stack_id:
                if began is not None and row["Timestamp"] < began:
                    return
                yield row
            elif row.get("ClientRequestToken") == self.token:
                ours = True
                yield row
            elif ours:
                return  # of the operation before

    def _rows(self, stack_id: str) -> Iterator[Mapping[str, Json]]:
        """A stack's history, the newest first, as far as somebody wants it."""
        asked = {"StackName": stack_id}
        while True:
            page = self.look.client("cloudformation").describe_stack_events(**asked)
            yield from page["StackEvents"]
            if not page.get("NextToken"):
                return
            asked = {"StackName": stack_id, "NextToken": page["NextToken"]}


def _event(row: Mapping[str, Json]) -> Event:
    return Event(
        id=row["EventId"],
        stack=row["StackName"],
        logical_id=row["LogicalResourceId"],
        type=row["ResourceType"],
        status=row["ResourceStatus"],
        why=reason(row.get("ResourceStatusReason", "") or ""),
        at=row["Timestamp"],
        physical_id=row.get("PhysicalResourceId", "") or "",
    )
