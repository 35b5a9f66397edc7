"""Drift: what is there against what the stack's template said, as a detection finds it."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from s3ap_ops.testing.cloudformation.records import Drift, Resource, Stack
from s3ap_ops.testing.cloudformation.registry import operation, page_of, stack_of
from s3ap_ops.testing.cloudformation.wishes import refusal
from s3ap_ops.testing.requests import Call
from s3ap_ops.testing.resources import Site, is_gone, kind_of

if TYPE_CHECKING:
    from s3ap_ops.testing.world import World


@dataclass
class Detection:
    """A detection under way or over. `due` is in virtual seconds."""

    id: str
    stack: Stack
    logical: list[str]
    due: float
    over: bool = False
    failed: str = ""  # why it failed for some resource


def of_stack(stack: Stack) -> dict[str, Any]:
    """What DescribeStacks says of a stack's drift."""
    at = max((found.at for found in stack.drift.values()), default=None)
    return {"StackDriftStatus": stack.drift_status, "LastCheckTimestamp": at}


def of_resource(stack: Stack, resource: Resource) -> dict[str, Any]:
    """What ListStackResources says of a resource's drift."""
    found = stack.drift.get(resource.logical)
    if found is None:
        return {"StackResourceDriftStatus": "NOT_CHECKED"}
    return {"StackResourceDriftStatus": found.status, "LastCheckTimestamp": found.at}


@operation
def detect_stack_drift(world: "World", call: Call) -> dict[str, Any]:
    """The id of a detection under way."""
    stack = stack_of(world, call, "Stack [{}] does not exist")
    if not stack.status.endswith(("_COMPLETE", "_FAILED")) or stack.status in ("DELETE_COMPLETE", "ROLLBACK_COMPLETE"):
        raise refusal(f"Drift detection cannot be performed on stack [{stack.name}] in {stack.status} state")
    wanted = call.params.get("LogicalResourceIds") or list(stack.resources)
    unknown = sorted(set(wanted) - set(stack.resources))
    if unknown:
        raise refusal(f"Resources {unknown} do not exist in stack {stack.name}")
    made = Detection(world.stacks.uuid(), stack, wanted, world.clock.elapsed() + world.pace.drift)
    world.detections[made.id] = made
    return {"StackDriftDetectionId": made.id}


@operation
def describe_stack_drift_detection_status(world: "World", call: Call) -> dict[str, Any]:
    """How far a detection is. Then a poll's time passes."""
    made = world.detections.get(call.params["StackDriftDetectionId"])
    if made is None:
        raise refusal(f"Stack drift detection id {call.params['StackDriftDetectionId']} does not exist")
    if not made.over and world.clock.elapsed() >= made.due:
        _detect(world, made)
    stack = made.stack
    count = sum(found.status in ("MODIFIED", "DELETED") for found in stack.drift.values())
    told = {
        "StackId": stack.id,
        "StackDriftDetectionId": made.id,
        "DetectionStatus": ("DETECTION_FAILED" if made.failed else "DETECTION_COMPLETE")
        if made.over
        else "DETECTION_IN_PROGRESS",
        "DetectionStatusReason": made.failed or None,
        "StackDriftStatus": stack.drift_status if made.over else None,
        "DriftedStackResourceCount": count if made.over else None,
        "Timestamp": world.clock.now(),
    }
    world.clock.advance(world.pace.poll)
    return told


@operation
def describe_stack_resource_drifts(world: "World", call: Call) -> dict[str, Any]:
    """What the last detection found, of the types that can be compared."""
    stack = stack_of(world, call, "Stack [{}] does not exist")
    wanted = call.params.get("StackResourceDriftStatusFilters")
    rows = [_row(stack, found) for found in stack.drift.values() if not wanted or found.status in wanted]
    page, token = page_of(world, rows, call)
    return {"StackResourceDrifts": page, "NextToken": token}


def _row(stack: Stack, found: Drift) -> dict[str, Any]:
    return {
        "StackId": stack.id,
        "LogicalResourceId": found.logical,
        "PhysicalResourceId": found.physical,
        "ResourceType": found.type,
        "ExpectedProperties": json.dumps(found.expected, default=str),
        "ActualProperties": None if found.actual is None else json.dumps(found.actual, default=str),
        "PropertyDifferences": found.differences,
        "StackResourceDriftStatus": found.status,
        "Timestamp": found.at,
        "DriftStatusReason": found.reason or None,
    }


def _detect(world: "World", made: Detection) -> None:
    made.over, stack = True, made.stack
    for logical in made.logical:
        resource = stack.resources.get(logical)
        if resource is None or not resource.physical:
            continue
        why = world.undetectable.get(logical)
        if why is not None:
            made.failed = f"Failed to detect drift on resource [{logical}]"
            now = world.clock.now()
            stack.drift[logical] = Drift(logical, resource.physical, resource.type, "UNKNOWN", {}, None, [], now, why)
            continue
        found = _compare(world, stack, resource)
        if found is not None:
            stack.drift[logical] = found
    drifted = any(found.status in ("MODIFIED", "DELETED") for found in stack.drift.values())
    stack.drift_status = "DRIFTED" if drifted else "IN_SYNC"


def _compare(world: "World", stack: Stack, resource: Resource) -> Drift | None:
    """What became of a resource; None when its type cannot be compared."""
    expected = json.loads(json.dumps(resource.properties, default=str))
    try:
        shown = kind_of(resource.type).shown(Site(world, stack, resource))
    except ClientError as error:
        if not is_gone(error):
            raise
        return Drift(
            resource.logical, resource.physical, resource.type, "DELETED", expected, None, [], world.clock.now()
        )
    if shown is None:
        return None
    # what the template does not mention is not compared, but for what a kind shows that ought not to be there
    actual = expected | json.loads(json.dumps(shown, default=str))
    differences = [row for name in sorted(shown) for row in _differences(f"/{name}", expected.get(name), actual[name])]
    return Drift(
        resource.logical, resource.physical, resource.type, "MODIFIED" if differences else "IN_SYNC",
        expected, actual, differences, world.clock.now(),
    )  # fmt: skip


def _differences(path: str, expected: Any, actual: Any) -> list[dict[str, str]]:
    if isinstance(expected, dict) and isinstance(actual, dict):
        names = sorted(expected.keys() | actual.keys())
        return [row for name in names for row in _differences(f"{path}/{name}", expected.get(name), actual.get(name))]
    if isinstance(expected, list) and isinstance(actual, list):
        more = [(item, None) for item in expected if item not in actual]
        less = [(None, item) for item in actual if item not in expected]
        pairs = enumerate(more + less)
        return [row for number, (was, now) in pairs for row in _differences(f"{path}/{number}", was, now)]
    if _text(expected) == _text(actual):
        return []
    kind = "ADD" if expected is None else "REMOVE" if actual is None else "NOT_EQUAL"
    return [
        {
            "PropertyPath": path,
            "ExpectedValue": _text(expected),
            "ActualValue": _text(actual),
            "DifferenceType": kind,
        }
    ]


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True)
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else str(value)
