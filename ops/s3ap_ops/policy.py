"""The permissions that a plan needs, as an IAM policy: what was asked to make it, what it does, and what
CloudFormation does in its name.

Which actions an operation needs is in the linter's table of the SDK; what a resource's deletion needs stands in the
schemas of CloudFormation's resource types (data/delete_permissions.json, made by
tools/generate_delete_permissions.py).
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files

from s3ap_lint import sdk
from s3ap_ops.calls import ApiCall, DeleteReturned, DeleteStack, EmptyBucket, UploadObject
from s3ap_ops.identity import Pin
from s3ap_ops.plan import Action, Plan
from s3ap_ops.stack import Json, LiveStack

WATCHING = (("cloudformation", "describe_stacks"), ("cloudformation", "list_stack_resources"))
"""What is asked while CloudFormation deletes, whatever was asked before."""

MULTIPART = ("s3:ListBucketMultipartUploads", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")


def policy(plan: Plan, pin: Pin, asked: Iterable[tuple[str, str]]) -> str:
    """The policy document as JSON. `asked` are the reads that made the plan: (boto3's service, Python's operation)."""
    granted: dict[str, set[str]] = defaultdict(set)
    for service, operation in {*asked, *WATCHING}:
        known = sdk.operation(service, operation)
        for need in known.needs if known else ():
            granted["*"].add(need.action)
    for action in plan.actions:
        for resource, name in _needed(action, plan, pin):
            granted[resource].add(name)
    by_actions: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for resource, names in granted.items():
        by_actions[tuple(sorted(names))].append(resource)
    statements = [
        {"Effect": "Allow", "Action": list(names), "Resource": sorted(resources)}
        for names, resources in sorted(by_actions.items(), key=lambda pair: ("*" not in pair[1], pair))
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2) + "\n"


def _needed(action: Action, plan: Plan, pin: Pin) -> Iterator[tuple[str, str]]:
    """(resource pattern, IAM action) pairs of one step of a plan."""
    change = action.change
    if isinstance(change, ApiCall):
        yield from _of_call(change.service, change.operation, change.params, pin)
        if change.until is not None:
            yield from _of_call(change.service, change.until.operation, change.until.params, pin)
    elif isinstance(change, EmptyBucket):
        yield from _of_emptying(change, pin)
    elif isinstance(change, DeleteReturned):
        yield from _of_call("logs", "describe_log_groups", {}, pin)
        yield from _of_call("logs", "delete_log_group", {"logGroupName": change.log_group}, pin)
    elif isinstance(change, UploadObject):
        bucket = f"arn:{_partition(pin)}:s3:::{change.bucket}"
        yield bucket, "s3:ListBucket"  # without it, what is not there is forbidden
        yield f"{bucket}/{change.key}", "s3:GetObject"
        yield f"{bucket}/{change.key}", "s3:PutObject"
    elif isinstance(change, DeleteStack):
        yield change.stack_id, "cloudformation:DeleteStack"
        if change.role_arn:
            yield change.role_arn, "iam:PassRole"
        else:
            stack = next(one for one in plan.stacks if one.id == change.stack_id)
            yield from _of_deleting(stack)


def _of_call(service: str, operation: str, params: Mapping[str, Json], pin: Pin) -> Iterator[tuple[str, str]]:
    known = sdk.operation(service, operation)
    for need in known.needs if known else ():
        if need.when and _member(params, need.when) is None:
            continue
        if need.unless and _member(params, need.unless) is not None:
            continue
        patterns = [pattern for text in need.resources if (pattern := _filled(text, params, pin))]
        for pattern in patterns or ["*"]:
            yield pattern, need.action


def _of_emptying(change: EmptyBucket, pin: Pin) -> Iterator[tuple[str, str]]:
    bucket = f"arn:{_partition(pin)}:s3:::{change.bucket}"
    yield bucket, "s3:ListBucketVersions"
    yield bucket, MULTIPART[0]
    for name in ("s3:DeleteObject", "s3:DeleteObjectVersion", *MULTIPART[1:]):
        yield f"{bucket}/*", name
    if change.bypass_governance:
        yield f"{bucket}/*", "s3:BypassGovernanceRetention"


def _of_deleting(stack: LiveStack) -> Iterator[tuple[str, str]]:
    """What CloudFormation does with its caller's permissions when the stack has no role of its own."""
    if stack.role_arn:
        return
    for type_ in {one.type for one in stack.resources if one.goes}:
        for name in deleting(type_):
            yield "*", name


def deleting(type_: str) -> tuple[str, ...]:
    """The IAM actions that deleting a resource of a type takes; none where the type is not known."""
    return tuple(_table().get(type_, ()))


@cache
def _table() -> Mapping[str, list[str]]:
    text = files("s3ap_ops.data").joinpath("delete_permissions.json").read_text("utf-8")
    table: Mapping[str, list[str]] = json.loads(text)["delete"]
    return table


def _filled(pattern: str, params: Mapping[str, Json], pin: Pin) -> str:
    """A pattern with the caller's place and the call's members in it; empty where a member is not given, or does not
    fit."""
    own = {"Partition": _partition(pin), "Region": pin.region, "Account": pin.account}
    missing = False

    def member(found: re.Match[str]) -> str:
        nonlocal missing
        value = own.get(found[1]) or _member(params, found[1])
        missing = missing or not isinstance(value, str)
        return str(value)

    filled = re.sub(r"\$\{([^}]*)\}", member, pattern)
    begins_with_member = pattern.startswith("${") and not pattern.startswith("${Partition}")
    if missing or (begins_with_member and not filled.startswith("arn:")) or filled.count("arn:") > 1:
        return ""
    return filled


def _member(params: Mapping[str, Json], path: str) -> Json:
    value: Json = params
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _partition(pin: Pin) -> str:
    parts = pin.caller.split(":")
    return parts[1] if len(parts) > 1 and parts[0] == "arn" else "aws"
