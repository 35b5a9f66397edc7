"""Waiting for CloudFormation to delete a stack: bounded, patient with throttling, and never silent for long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from s3ap_ops.collect import described
from s3ap_ops.errors import OpsError
from s3ap_ops.reading import Look
from s3ap_ops.stack import Json

SLOWEST = 6.0
"""How many times the first interval the later ones are at most; 5 s become 30 s."""

HEARTBEAT = 60.0
UNCHANGED = 6
"""After so many looks at a stack that is not being deleted, the deletion has been refused without a word."""

BLIND = 20
"""So many looks in a row may fail before it is said that nothing can be seen."""


@dataclass(frozen=True)
class Patience:
    """How often and how long to look: `poll` in seconds, `deadline` for everything together, in seconds from `began`.

    `stop` ends the waiting, not what is waited for. `began` is a time of `now`: when this was made, if not said.
    """

    poll: float = 5.0
    deadline: float = 3600.0
    waits: bool = True
    stop: threading.Event | None = None
    now: Callable[[], float] = time.monotonic
    began: float = -1.0

    def __post_init__(self) -> None:
        if self.began < 0:
            object.__setattr__(self, "began", self.now())

    @property
    def is_over(self) -> bool:
        """Whether the deadline has passed."""
        return self.now() - self.began >= self.deadline

    def pause(self, seconds: float) -> None:
        """Do nothing for a while, or until stopped."""
        if self.stop is None:
            time.sleep(seconds)
        else:
            self.stop.wait(seconds)

    @property
    def is_stopped(self) -> bool:
        """Whether somebody wants to go home."""
        return self.stop is not None and self.stop.is_set()


@dataclass(frozen=True)
class Ending:
    """How a deletion ended: "deleted", "failed", or "unfinished"; and what CloudFormation, or we, say about it."""

    how: str
    said: str = ""


def watch(stack_id: str, look: Look, patience: Patience, tell: Callable[[str], None]) -> Ending:
    """Look at a stack until it is deleted, its deletion failed, or patience ends. `tell` hears of it at least once a
    minute."""
    began = told = patience.now()
    interval, idle, blind = patience.poll, 0, 0
    while True:
        try:
            found = described(stack_id, look)
            blind = 0
        except OpsError as error:
            blind += 1
            if blind >= BLIND:
                return Ending("unfinished", f"nothing can be seen any more: {error}")
            found = {"StackStatus": "DELETE_IN_PROGRESS"}
        ending = _ended(found)
        if ending is not None:
            return ending
        idle = 0 if found is None or found["StackStatus"] == "DELETE_IN_PROGRESS" else idle + 1
        if idle >= UNCHANGED and found is not None:
            reason = found.get("StackStatusReason", "CloudFormation does not say why")
            return Ending("failed", f"it is not being deleted but in {found['StackStatus']}: {reason}")
        now = patience.now()
        if not patience.waits or patience.is_stopped:
            return Ending("unfinished", "CloudFormation goes on deleting it")
        if patience.is_over:
            return Ending("unfinished", f"it is still being deleted after {_minutes(now - began)}")
        if now - told >= HEARTBEAT:
            tell(f"still being deleted after {_minutes(now - began)}{_waiting_for(stack_id, look)}")
            told = now
        patience.pause(interval)
        interval = min(interval * 1.3, patience.poll * SLOWEST)


def _ended(found: dict[str, Json] | None) -> Ending | None:
    if found is None or found["StackStatus"] == "DELETE_COMPLETE":
        return Ending("deleted")
    if found["StackStatus"] == "DELETE_FAILED":
        return Ending("failed", found.get("StackStatusReason", "") or "CloudFormation gives no reason")
    return None


def _waiting_for(stack_id: str, look: Look) -> str:
    """Which resources it takes so long for, as far as that can be seen."""
    try:
        rows = look.pages("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=stack_id)
    except Exception:  # a heartbeat is told whether or not it knows more
        return ""
    names = [row["LogicalResourceId"] for row in rows if row["ResourceStatus"] == "DELETE_IN_PROGRESS"]
    return f", waiting for {', '.join(names[:4])}" if names else ""


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
