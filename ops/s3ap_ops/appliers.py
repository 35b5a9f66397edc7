"""How each kind of change is made. An applier takes a change and the means, and says what came of it; it never raises
for what AWS says."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, WaiterError

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
    """Make one call, and wait for its effect where a waiter knows it."""
    try:
        answer = means.hands.make(change)
    except ClientError as error:
        if any(says(error, code) for code in change.done):
            return Result("already", "nothing was left to do")
        return Result("failed", told(error))
    except BotoCoreError as error:
        return Result("failed", f"no answer: {error}")
    request = answer.get("ResponseMetadata", {}).get("RequestId", "")
    if not change.waiter:
        return Result("done", facts={"request": request})
    return _waited(change, means, request)


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
    if status != "DELETE_IN_PROGRESS":
        refused = _asked(change, means)
        if refused is not None and not _is_deleting(change, means):
            return refused
    ending = watch(change.stack_id, means.look, means.patience, means.tell)
    how = {"deleted": "done", "failed": "failed", "unfinished": "unfinished"}[ending.how]
    said = _failures(change, means) if how == "failed" else ""
    return Result(how, said or reason(ending.said))


def _asked(change: DeleteStack, means: Means) -> Result | None:
    """Ask CloudFormation for the deletion; what came of it if that was a refusal.

    The token makes a request whose answer was lost the same request when it is repeated, and is another one after a
    failed deletion. https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DeleteStack.html
    """
    params: dict[str, Json] = {
        "StackName": change.stack_id,
        "ClientRequestToken": f"s3ap-ops-{means.run}-{int(time.time())}",
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
    """What CloudFormation says of each resource it could not delete."""
    try:
        rows = means.look.pages(
            "cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=change.stack_id
        )
    except (ClientError, BotoCoreError):
        return ""
    failed = {
        row["LogicalResourceId"]: reason(row.get("ResourceStatusReason", "")) or "no reason given"
        for row in rows
        if row["ResourceStatus"] == "DELETE_FAILED"
    }
    return "; ".join(f"{logical}: {why}" for logical, why in failed.items())


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
