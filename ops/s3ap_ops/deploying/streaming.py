"""The events of an operation as they happen, those of nested stacks among them, and what it was that failed first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError

from s3ap_ops.collect import described
from s3ap_ops.errors import OpsError
from s3ap_ops.reading import Look
from s3ap_ops.stack import Json
from s3ap_ops.watching import Patience
from s3ap_ops.wording import reason

NESTED = "AWS::CloudFormation::Stack"
CANCELLED = ("Resource creation cancelled", "Resource update cancelled")
GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")


@dataclass(frozen=True)
class Event:
    """One event. `stack` is the name of the stack it is of; `at` is when it happened."""

    id: str
    stack: str
    logical_id: str
    type: str
    status: str
    why: str
    at: datetime

    @property
    def is_failure(self) -> bool:
        """Whether something went wrong here, and not because something else did."""
        return self.status.endswith("_FAILED") and not self.why.startswith(CANCELLED)


@dataclass
class Stream:
    """The events of one stack from a token on, and of the stacks in it; each is told once."""

    look: Look
    stack_id: str
    token: str
    tell: Callable[[Event], None]
    seen: dict[str, Event] = field(default_factory=dict)

    def follow(self, patience: Patience) -> str:
        """Tell events until the operation has ended; the stack's status then, or "" when patience ended before.

        The stack's own state decides; events that cannot be read at the moment are read later.
        """
        while True:
            try:
                found = described(self.stack_id, self.look)
            except OpsError:
                found = {"StackStatus": "UNKNOWN_IN_PROGRESS"}
            self._tell_new()
            status = "DELETE_COMPLETE" if found is None else str(found["StackStatus"])
            if not status.endswith("_IN_PROGRESS") or status == "REVIEW_IN_PROGRESS":
                return status
            if patience.is_over or patience.is_stopped:
                return ""
            patience.pause(patience.poll)

    @property
    def root_cause(self) -> Event | None:
        """The first thing that failed of itself: the deepest of the first, because a nested stack fails by what is in
        it."""
        failures = sorted((one for one in self.seen.values() if one.is_failure), key=lambda one: one.at)
        inside = [one for one in failures if one.type != NESTED]
        return next(iter(inside or failures), None)

    def _tell_new(self) -> None:
        left = [self.stack_id]
        fresh: list[Event] = []
        while left:
            stack_id = left.pop()
            for row in self._rows(stack_id):
                event = _event(row)
                if event.type == NESTED and row.get("PhysicalResourceId") not in (None, "", stack_id):
                    left.append(row["PhysicalResourceId"])
                if event.id not in self.seen:
                    fresh.append(event)
                    self.seen[event.id] = event
            left = list(dict.fromkeys(left))
        fresh.reverse()  # the newest come first, and many at one time
        for event in sorted(fresh, key=lambda one: one.at):
            self.tell(event)

    def _rows(self, stack_id: str) -> Iterator[Mapping[str, Json]]:
        """The events of this operation; those of a nested stack are its own from the time on at which the operation
        began."""
        try:
            rows = self.look.pages("cloudformation", "describe_stack_events", "StackEvents", StackName=stack_id)
        except (ClientError, BotoCoreError):
            return
        if stack_id == self.stack_id:
            yield from (row for row in rows if row.get("ClientRequestToken") == self.token)
            return
        began = min((one.at for one in self.seen.values()), default=None)
        yield from (row for row in rows if began is None or row["Timestamp"] >= began)


def _event(row: Mapping[str, Json]) -> Event:
    return Event(
        id=row["EventId"],
        stack=row["StackName"],
        logical_id=row["LogicalResourceId"],
        type=row["ResourceType"],
        status=row["ResourceStatus"],
        why=reason(row.get("ResourceStatusReason", "") or ""),
        at=row["Timestamp"],
    )
