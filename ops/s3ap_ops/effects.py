"""What becomes of a call that a service takes at once and carries out by itself: looked at until nothing is left, for
the answer to the call says no more than that it was understood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from s3ap_ops.calls import ApiCall, Until
from s3ap_ops.reading import Look, says, told
from s3ap_ops.stack import Json
from s3ap_ops.watching import BLIND, HEARTBEAT, SLOWEST, UNCHANGED, Ending, Patience
from s3ap_ops.wording import reason

LONGEST = 1800.0
"""Seconds after which a service is at something for longer than anybody has seen it."""


@dataclass(frozen=True)
class Sight:
    """What is there of what a call deletes: its state, and the reason that the service gives. No state: it is gone."""

    state: str
    why: str = ""


def sight(change: ApiCall, look: Look) -> Sight:
    """What is there now. Raises ClientError and BotoCoreError when the service does not say."""
    until = _until(change)
    try:
        answer = getattr(look.client(change.service), until.operation)(**until.params)
    except ClientError as error:
        if any(says(error, code) for code in until.gone):
            return Sight("")
        raise
    why = _at(until.why, answer) or ""
    return Sight(str(_at(until.state, answer) or ""), reason("; ".join(why) if isinstance(why, list) else str(why)))


def _at(path: str, answer: Json) -> Json:
    """What stands in an answer at a path of names and numbers; None if nothing does."""
    for step in path.split("."):
        if isinstance(answer, list):
            answer = answer[int(step)] if int(step) < len(answer) else None
        else:
            answer = answer.get(step) if isinstance(answer, dict) else None
    return answer


def begun(change: ApiCall, look: Look) -> str:
    """How far what a call begins is without it: "gone", "going", or empty when it is not begun, or nobody can tell."""
    try:
        found = sight(change, look)
    except (ClientError, BotoCoreError):
        return ""
    if not found.state:
        return "gone"
    return "going" if found.state == _until(change).going else ""


def watch(change: ApiCall, look: Look, patience: Patience, tell: Callable[[str], None]) -> Ending:
    """Look until nothing is left, the service has given up, or patience ends. `tell` hears of it once a minute."""
    what = _until(change).what or change.target
    began = told_at = patience.now()
    interval, idle, blind = patience.poll, 0, 0
    while True:
        try:
            found, blind = sight(change, look), 0
        except (ClientError, BotoCoreError) as error:
            found, blind = Sight(_until(change).going), blind + 1
            if blind >= BLIND:
                said = told(error) if isinstance(error, ClientError) else str(error)
                return Ending("unfinished", f"nothing can be seen any more: {said}")
        if not found.state:
            return Ending("deleted")
        idle = 0 if found.state == _until(change).going else idle + 1
        if idle >= UNCHANGED:
            said = f": {found.why}" if found.why else ""
            return Ending("failed", f"the request was taken, but {what} is {found.state}{said}")
        now = patience.now()
        if patience.is_stopped or patience.is_over or now - began >= LONGEST:
            return Ending("unfinished", f"{what} is still {found.state}; the service goes on with it")
        if now - told_at >= HEARTBEAT:
            tell(f"{what} is still {found.state} after {(now - began) / 60:.0f} min")
            told_at = now
        patience.pause(interval)
        interval = min(interval * 1.3, patience.poll * SLOWEST)


def _until(change: ApiCall) -> Until:
    if change.until is None:
        raise AssertionError(f"{change.describe()} does not say how its end is told")
    return change.until
