"""What CloudFormation checks before it changes anything: names that are taken, buckets that are to go and are full."""

import json
from typing import TYPE_CHECKING, Any

from s3ap_ops.testing.cloudformation.reasons import taken
from s3ap_ops.testing.cloudformation.records import Resource, Stack
from s3ap_ops.testing.cloudformation.replacement import name_of
from s3ap_ops.testing.resources import Site, kind_of

if TYPE_CHECKING:
    from s3ap_ops.testing.world import World

NAME_CONFLICT, BUCKET_EMPTINESS = "NAME_CONFLICT_VALIDATION", "BUCKET_EMPTINESS_VALIDATION"
_HOOKS = {NAME_CONFLICT: "AWS::EarlyValidation::ResourceExistenceCheck"}


def reason_of(names: list[str]) -> str:
    """Why a change set failed."""
    hooks = ", ".join(_HOOKS.get(name, name) for name in names)
    return (
        f"The following hook(s)/validation failed: [{hooks}]. To troubleshoot Early Validation errors, "
        "use the DescribeEvents API for detailed failure information."
    )


def events_of(
    world: "World", stack: Stack, change_set: str, operation: str, changes: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The events of a change set's validation; none when the world does not validate."""
    if not world.validates:
        return []
    found = [_event(world, stack, operation, change) for change in changes]
    return [event for event in found if event is not None]


def _event(world: "World", stack: Stack, operation: str, change: dict[str, Any]) -> dict[str, Any] | None:
    logical, kind = change["LogicalResourceId"], change["ResourceType"]
    if change["Action"] == "Add":
        properties = _properties(change)
        name = name_of(kind, properties)
        site = Site(world, stack, Resource(logical, kind, "", "", properties, {}, set()))
        if name is None or not kind_of(kind).is_there(site, name):
            return None
        failure = (NAME_CONFLICT, "FAIL", taken(world, stack, kind, name), f"/Resources/{logical}/Properties")
    elif change["Action"] == "Remove" and kind == "AWS::S3::Bucket" and change["PolicyAction"] == "Delete":
        bucket = world.backend("s3").buckets.get(change["PhysicalResourceId"])
        if bucket is None or not any(True for _ in bucket.keys.values()):
            return None
        text = f"The bucket {change['PhysicalResourceId']} is not empty. You must delete all its objects first."
        failure = (BUCKET_EMPTINESS, "WARN", text, f"/Resources/{logical}")
    else:
        return None
    name, mode, reason, path = failure
    return {
        "EventId": world.stacks.uuid(),
        "StackId": stack.id,
        "OperationId": operation,
        "OperationType": "CREATE_CHANGESET",
        "EventType": "VALIDATION_ERROR",
        "LogicalResourceId": logical,
        "PhysicalResourceId": change.get("PhysicalResourceId"),
        "ResourceType": kind,
        "Timestamp": world.clock.now(),
        "ValidationFailureMode": mode,
        "ValidationName": name,
        "ValidationStatus": "FAILED",
        "ValidationStatusReason": reason,
        "ValidationPath": path,
    }


def _properties(change: dict[str, Any]) -> dict[str, Any]:
    found = json.loads(change["AfterContext"])["Properties"]
    return found if isinstance(found, dict) else {}
