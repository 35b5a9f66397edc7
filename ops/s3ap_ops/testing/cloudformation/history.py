"""A stack's history as the API tells it: by stack, by change set, by operation."""

from typing import TYPE_CHECKING, Any

from s3ap_ops.testing.cloudformation.registry import operation, page_of, stack_of
from s3ap_ops.testing.cloudformation.wishes import refusal
from s3ap_ops.testing.requests import Call

if TYPE_CHECKING:
    from s3ap_ops.testing.cloudformation.records import Event, Stack
    from s3ap_ops.testing.world import World


@operation
def describe_stack_events(world: "World", call: Call) -> dict[str, Any]:
    """A stack's history, newest first."""
    stack = stack_of(world, call, "Stack [{}] does not exist")
    last = stack.operations[-1][1] if stack.unseen and stack.operations else None
    page, token = page_of(world, [event for event in stack.events[::-1] if event.operation != last], call)
    names = ("StackId", "EventId", "LogicalResourceId", "PhysicalResourceId", "ResourceType", "Timestamp",
             "ResourceStatus", "ResourceStatusReason", "ClientRequestToken", "OperationId",
             "DetailedStatus")  # fmt: skip
    events = [
        {"StackName": stack.name} | {name: value for name, value in _row(stack, event).items() if name in names}
        for event in page
    ]
    return {"StackEvents": events, "NextToken": token}


@operation
def describe_events(world: "World", call: Call) -> dict[str, Any]:
    """The events of an operation, a change set or a stack, newest first; on request those alone that tell a failure."""
    rows = _rows(world, call)
    if call.params.get("Filters", {}).get("FailedEvents"):
        rows = [row for row in rows if _failed(row)]
    page, token = page_of(world, rows[::-1], call)
    return {"OperationEvents": page, "NextToken": token}


def _rows(world: "World", call: Call) -> list[dict[str, Any]]:
    params = call.params
    if params.get("ChangeSetName"):
        change_set = world.change_sets.find(params["ChangeSetName"], params.get("StackName"), call.region)
        return change_set.events
    stacks = [stack_of(world, call)] if params.get("StackName") else [*world.stacks.in_region(call.region)]
    wanted = params.get("OperationId")
    if not wanted and not params.get("StackName"):
        raise refusal("Either StackName, ChangeSetName or OperationId must be specified")
    rows = [_row(stack, event) for stack in stacks for event in stack.events]
    found = [row for row in rows if wanted in (None, row["OperationId"])]
    if wanted and not found:
        raise refusal(f"Operation with id {wanted} does not exist")
    return found


def _row(stack: "Stack", event: "Event") -> dict[str, Any]:
    failed = event.status.endswith("_FAILED")
    whole = event.physical == stack.id
    over = "FAILED" if failed or "ROLLBACK" in event.status else "SUCCEEDED"
    return {
        "EventId": event.id,
        "StackId": stack.id,
        "OperationId": event.operation or None,
        "OperationType": event.operation_type or None,
        "OperationStatus": (("IN_PROGRESS" if event.status.endswith("IN_PROGRESS") else over) if whole else None),
        "EventType": "PROVISIONING_ERROR" if failed and not whole else "STACK_EVENT",
        "LogicalResourceId": event.logical,
        "PhysicalResourceId": event.physical,
        "ResourceType": event.type,
        "Timestamp": event.at,
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason or None,
        "ClientRequestToken": event.token or None,
        "DetailedStatus": "CONFIGURATION_COMPLETE" if event.configured else None,
    }


def _failed(row: dict[str, Any]) -> bool:
    return row["EventType"].endswith("_ERROR") or str(row.get("ResourceStatus")).endswith("_FAILED")
