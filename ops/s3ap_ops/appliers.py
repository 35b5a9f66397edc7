"""How each kind of change is made. An applier takes a change and the means, and says what came of it; it never raises
for what AWS says."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from s3ap_ops import effects
from s3ap_ops.calls import ApiCall, DeleteReturned, DeleteStack, EmptyBucket
from s3ap_ops.collect import described
from s3ap_ops.emptying import BucketRefused, Display, Emptied, empty
from s3ap_ops.errors import OpsError
from s3ap_ops.hands import Hands
from s3ap_ops.reading import Look, says, told
from s3ap_ops.stack import ABSENT, Json
from s3ap_ops.watching import Patience, watch
from s3ap_ops.wording import count, reason


@dataclass(frozen=True)
class Result:
    """What came of a change: "done", "already" (nothing was left to do), "failed" or "unfinished"; and a line about
    it."""

    how: str
    said: str = ""
    facts: Mapping[str, Json] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        """Whether what depends on it can go on."""
        return self.how in ("done", "already")


@dataclass(frozen=True)
class Means:
    """What appliers work with. `tell` hears of what takes long; `run` names the run; `quiet`: no progress display."""

    look: Look
    hands: Hands
    patience: Patience
    run: str
    tell: Callable[[str], None]
    quiet: bool = False


@dataclass(frozen=True)
class Applier:
    """How changes of one type are made."""

    change: type
    apply: Callable[[Any, Means], Result]


def make_call(change: ApiCall, means: Means) -> Result:
    """Make one call, and wait for its effect where it can be told."""
    if change.until is not None and (already := effects.begun(change, means.look)):
        return _seen_through(change, means) if already == "going" else Result("already", "it was gone")
    try:
        answer = means.hands.make(change)
    except ClientError as error:
        if any(says(error, code) for code in change.done):
            return Result("already", "nothing was left to do")
        return _refused(change, means, told(error))
    except BotoCoreError as error:
        return _refused(change, means, f"no answer: {error}")
    request = answer.get("ResponseMetadata", {}).get("RequestId", "")
    if inside := _failures_inside(answer):
        return Result("failed", f"only in part: {'; '.join(inside[:3])}", {"request": request})
    if change.until is not None:
        return _seen_through(change, means, request)
    if not change.waiter:
        return Result("done", facts={"request": request})
    return _waited(change, means, request)


def _refused(change: ApiCall, means: Means, said: str) -> Result:
    """What came of a call that failed: a request before it, whose answer was lost, may have begun it all the same."""
    if change.until is None or not effects.begun(change, means.look):
        return Result("failed", said)
    return _seen_through(change, means)


def _seen_through(change: ApiCall, means: Means, request: str = "") -> Result:
    ending = effects.watch(change, means.look, means.patience, means.tell)
    how = {"deleted": "done", "failed": "failed", "unfinished": "unfinished"}[ending.how]
    return Result(how, ending.said, {"request": request} if request else {})


def _failures_inside(answer: Mapping[str, Json]) -> list[str]:
    """What an answer that is a success says it did not do, for the operations that answer so; what is gone is done.

    Images of ECR, targets of EventBridge, runs of Glue. It is done again as soon as the account is looked at again.
    """
    images = [(one.get("failureCode"), one.get("failureReason")) for one in answer.get("failures") or ()]
    targets = [(one.get("ErrorCode"), one.get("ErrorMessage")) for one in answer.get("FailedEntries") or ()]
    details = [one.get("ErrorDetail") or {} for one in answer.get("Errors") or () if "JobRunId" in one]
    runs = [(one.get("ErrorCode"), one.get("ErrorMessage")) for one in details]
    return [f"{code}: {said}" for code, said in (*images, *targets, *runs) if code not in _GONE_INSIDE]


_GONE_INSIDE = ("ImageNotFound", "ResourceNotFoundException", "EntityNotFoundException", "IllegalSessionStateException")
"""What such an answer calls an image, a target or a run that is gone, or has ended."""


def _waited(change: ApiCall, means: Means, request: str) -> Result:
    waiter = means.look.client(change.service).get_waiter(change.waiter)
    attempts = max(1, int(min(means.patience.deadline, 600) / max(means.patience.poll, 0.001)))
    config = {"Delay": means.patience.poll, "MaxAttempts": min(attempts, 600)}
    try:
        waiter.wait(**change.waiter_params, WaiterConfig=config)
    except (WaiterError, ClientError, BotoCoreError) as error:
        return Result("failed", f"it was accepted, but the effect did not show: {error}", {"request": request})
    return Result("done", facts={"request": request})


def empty_bucket(change: EmptyBucket, means: Means) -> Result:
    """Delete what a bucket holds, version by version."""
    with Display(f"s3://{change.bucket}") as display:
        try:
            outcome = empty(
                change.bucket,
                means.hands.session,
                region=change.region,
                owner=change.account,
                bypass_governance=change.bypass_governance,
                on_progress=None if means.quiet else display,
                stop=means.patience.stop,
            )
        except BucketRefused as refused:
            if refused.code == "NoSuchBucket":
                return Result("already", "it was gone")
            return Result("failed", f"{refused.code}: {refused.message}", _tally(refused.so_far))
        except (ClientError, BotoCoreError) as error:
            return Result("failed", str(error))
    if outcome.clean:
        return Result("done", _emptied(outcome), _tally(outcome))
    if not outcome.finished and not outcome.failed:
        return Result("unfinished", f"stopped: {_emptied(outcome)}, more is left", _tally(outcome))
    reasons = sorted({f"{one.code}: {one.message}" for one in outcome.failures})
    left = (
        f"{count(outcome.left, 'version')} could not be deleted" if outcome.left else "something could not be deleted"
    )
    return Result("failed", f"{left} ({'; '.join(reasons[:3]) or 'it fills while it is emptied'})", _tally(outcome))


def _emptied(outcome: Emptied) -> str:
    parts = [count(outcome.versions, "version"), count(outcome.markers, "delete marker")]
    parts += [count(outcome.uploads_aborted, "upload")] if outcome.uploads_aborted else []
    return f"{', '.join(parts)} deleted"


def _tally(outcome: Emptied) -> dict[str, Json]:
    return {
        "versions": outcome.versions,
        "markers": outcome.markers,
        "uploads": outcome.uploads_aborted,
        "failed": outcome.failed,
        "throttled": outcome.throttled,
    }


def delete_stack(change: DeleteStack, means: Means) -> Result:
    """Have CloudFormation delete a stack, unless it does so already, and see it end."""
    try:
        found = described(change.stack_id, means.look)
    except OpsError as error:
        return Result("failed", str(error))
    status = found["StackStatus"] if found else ABSENT
    if status in (ABSENT, "DELETE_COMPLETE"):
        return Result("already", "it was gone")
    result = _ended(change, means, 0, is_asked=status == "DELETE_IN_PROGRESS")
    for number, times in enumerate(AGAIN, 1):
        if not _passes(result, change, means) or not means.patience.waits:
            break
        seconds = times * means.patience.poll
        means.tell(f"{change.stack}: {result.said}; it is asked for again in {seconds:.0f} s")
        means.patience.pause(seconds)
        if means.patience.is_stopped or means.patience.is_over:
            break
        result = _ended(change, means, number)
    return result


AGAIN = (6, 12, 24, 48)
"""After how many intervals between two looks a deletion that failed for a reason that passes is asked for again: half a
minute, then twice as long each time."""

PASSES = re.compile(r"object store NAS buckets|while it has one or multiple S3 access points")
"""What FSx says of a volume whose last access point has gone, or is just going.

The first are words of ONTAP, which refuses so for good when it is asked itself, while a deletion through FSx has been
seen to go through; the second passes when the access point is gone. The runbook says who measured that.
"""


def _passes(result: Result, change: DeleteStack, means: Means) -> bool:
    """Whether a deletion failed for nothing but what passes by itself."""
    reasons = _reasons(change, means) if result.how == "failed" else {}
    return bool(reasons) and all(PASSES.search(why) for why in reasons.values())


def _ended(change: DeleteStack, means: Means, number: int, *, is_asked: bool = False) -> Result:
    """What came of one deletion, asked for unless it is under way."""
    if not is_asked:
        refused = _asked(change, means, number)
        if refused is not None and not _is_deleting(change, means):
            return refused
    ending = watch(change.stack_id, means.look, means.patience, means.tell)
    how = {"deleted": "done", "failed": "failed", "unfinished": "unfinished"}[ending.how]
    said = _failures(change, means) if how == "failed" else ""
    return Result(how, said or reason(ending.said))


def _asked(change: DeleteStack, means: Means, number: int) -> Result | None:
    """Ask CloudFormation for the deletion; what came of it if that was a refusal.

    The token makes a request whose answer was lost the same request when it is repeated, and is another one after a
    failed deletion. https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DeleteStack.html
    """
    params: dict[str, Json] = {
        "StackName": change.stack_id,
        "ClientRequestToken": f"s3ap-ops-{means.run}-{int(time.time())}-{number}",
    }
    params |= {"RoleARN": change.role_arn} if change.role_arn else {}
    params |= {"RetainResources": list(change.retain)} if change.retain else {}
    try:
        with means.hands.allowing("cloudformation", "delete_stack", params):
            means.hands.client("cloudformation").delete_stack(**params)
    except ClientError as error:
        return Result("failed", told(error))
    except BotoCoreError as error:
        return Result("failed", f"no answer: {error}")
    return None


def _is_deleting(change: DeleteStack, means: Means) -> bool:
    """Whether the stack is being deleted all the same: a request of another process may have come first."""
    try:
        found = described(change.stack_id, means.look)
    except OpsError:
        return False
    return found is None or found["StackStatus"] in ("DELETE_IN_PROGRESS", "DELETE_COMPLETE")


def _failures(change: DeleteStack, means: Means) -> str:
    """What CloudFormation says of each resource it could not delete, in a line."""
    return "; ".join(f"{logical}: {why}" for logical, why in _reasons(change, means).items())


def _reasons(change: DeleteStack, means: Means) -> Mapping[str, str]:
    """The same by logical id; nothing where CloudFormation does not say."""
    try:
        rows = means.look.pages(
            "cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=change.stack_id
        )
    except (ClientError, BotoCoreError):
        return {}
    return {
        row["LogicalResourceId"]: reason(row.get("ResourceStatusReason", "")) or "no reason given"
        for row in rows
        if row["ResourceStatus"] == "DELETE_FAILED"
    }


def delete_returned(change: DeleteReturned, means: Means) -> Result:
    """Delete a log group that is there again after its stack has gone."""
    try:
        groups = means.look.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=change.log_group)
        if not any(group["logGroupName"] == change.log_group for group in groups):
            return Result("already", "it did not come back")
        params = {"logGroupName": change.log_group}
        with means.hands.allowing("logs", "delete_log_group", params):
            means.hands.client("logs").delete_log_group(**params)
    except ClientError as error:
        if says(error, "ResourceNotFoundException"):
            return Result("already", "it was gone")
        return Result("failed", told(error))
    except BotoCoreError as error:
        return Result("failed", f"no answer: {error}")
    return Result("done", "it had come back")


APPLIERS = (
    Applier(ApiCall, make_call),
    Applier(EmptyBucket, empty_bucket),
    Applier(DeleteStack, delete_stack),
    Applier(DeleteReturned, delete_returned),
)
