"""Carrying a change set out: once, whatever becomes of the answer; watched to its end; and said how it ended."""

from __future__ import annotations

import secrets
import sys
import threading
from dataclasses import dataclass, field, replace

from s3ap_ops import interrupts
from s3ap_ops.collect import described
from s3ap_ops.deploying import changeset, operation
from s3ap_ops.deploying.changeset import ChangeSet
from s3ap_ops.deploying.counter import RUNBOOK
from s3ap_ops.deploying.streaming import GOOD, UNSEEN, Event, Stream
from s3ap_ops.desk import Desk
from s3ap_ops.errors import OpsError
from s3ap_ops.hands import Hands
from s3ap_ops.reading import Look
from s3ap_ops.render.plan_text import clean
from s3ap_ops.watching import Patience
from s3ap_ops.wording import listed

DONE, FAILED, UNFINISHED = 0, 1, 4


@dataclass
class Carrying:
    """The end of a deployment. `status` is the stack's when it is over, "" while it is not, `outputs` what it has then,
    `cause` what failed first."""

    desk: Desk
    hands: Hands
    patience: Patience
    name: str
    status: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    cause: Event | None = None

    def out(self, found: ChangeSet) -> int:
        """Have a change set carried out, and watch; the exit status."""
        token = f"s3ap-ops-{secrets.token_hex(8)}"
        stream = Stream(self.desk.look, found.stack_id, token, _told)
        with interrupts.stopping(_told_to_stop) as stop:
            refused = self._begun(found, token)
            if refused is not None:
                return refused
            return self._ended(stream, self._watched(stream, stop))

    def _begun(self, found: ChangeSet, token: str) -> int | None:
        """Ask CloudFormation to begin; the exit status if it has not, None if it has."""
        try:
            changeset.carry_out(found, operation.execution(token, self.desk.options.on_failure), self.hands)
            return None
        except OpsError as error:
            begun = changeset.has_begun(found, token, self.desk.look)
            if begun:
                return None  # only its answer was lost
            print(clean(f"{self.name}: the change set is not carried out: {error}"))
            if begun is None:
                print(f"{self.name}: it cannot be told whether CloudFormation has begun; `s3ap-ops status {self.name}`")
                return UNFINISHED
        changeset.take_away(found, self.desk.look, self.hands)
        return FAILED

    def _watched(self, stream: Stream, stop: threading.Event) -> str:
        return stream.follow(replace(self.patience, stop=stop))

    def _ended(self, stream: Stream, status: str) -> int:
        name = self.name
        if status in ("", UNSEEN):
            why = "nothing can be seen of it any more, but " if status else ""
            print(f"{name}: {why}CloudFormation goes on; `s3ap-ops status {name}` says how it ends")
            return UNFINISHED
        self.status, self.cause = status, stream.root_cause
        print(f"{name}: {status}")
        if status in GOOD:
            self._tell_outputs(stream.stack_id)
            return self._left_behind(stream)
        if self.cause is not None:
            cause = self.cause
            print(clean(f"what failed first: {cause.logical_id} of {cause.stack} ({cause.type}): {cause.why}"))
        self._tell_next(status, stream.stack_id)
        return FAILED

    def _tell_next(self, status: str, stack_id: str) -> None:
        """What somebody can do now."""
        if status == operation.STUCK_IN_ROLLBACK:
            try:
                stuck = self.desk.fresh().stacks([stack_id])[0]
            except OpsError as error:
                print(clean(f"what the rollback failed on cannot be read: {error}"), file=sys.stderr)
            else:
                print(clean(operation.way_back(stuck)))
        anchor = "failed-update" if status.startswith("UPDATE_") else "failed-creation"
        print(f"what to do next: {RUNBOOK}#{anchor}")

    def _tell_outputs(self, stack_id: str) -> None:
        try:
            self.outputs = carried_outputs(self.desk.look, stack_id)
        except OpsError as error:
            print(clean(f"its outputs cannot be read: {error}"), file=sys.stderr)
            return
        for key, value in self.outputs.items():
            print(clean(f"  {key} = {value}"))
        if self.desk.options.express:
            print("express mode: what was made may need some minutes until it works, what was removed until it is gone")

    def _left_behind(self, stream: Stream) -> int:
        """1 when the cleanup of an update could not delete something, which stays and belongs to no stack any more."""
        left = stream.left_behind
        if not left:
            return DONE
        names = listed([f"{one.logical_id} of {one.stack} ({one.type}): {one.why}" for one in left], 8)
        print(clean(f"deployed, but not all of the old could be deleted, and no stack has it any more: {names}"))
        print(f"what to do next: {RUNBOOK}#failed-cleanup")
        return FAILED


def carried_outputs(look: Look, stack_id: str) -> dict[str, str]:
    """The outputs of a stack as it is. Raises OpsError when they cannot be read."""
    found = described(stack_id, look) or {}
    return {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", ())}


def _told_to_stop() -> None:
    print("stopping to watch; CloudFormation goes on; once more to stop at once", file=sys.stderr, flush=True)


def _told(event: Event) -> None:
    why = f": {event.why}" if event.why else ""
    mark = "!" if event.is_failure else " "
    line = f"{mark} {event.at:%H:%M:%S} {event.status:<24} {event.stack}/{event.logical_id} ({event.type}){why}"
    print(clean(line), file=sys.stderr, flush=True)
