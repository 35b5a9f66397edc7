"""What somebody has changed by hand since a stack was deployed, as CloudFormation compares it.

A detection begins for the stack and for each stack in it, because CloudFormation compares no nested one with its root.
"""

from __future__ import annotations

from collections.abc import Mapping

from botocore.exceptions import BotoCoreError, ClientError

from s3ap_ops.errors import OpsError
from s3ap_ops.hands import Hands
from s3ap_ops.reading import Look, Notes, told
from s3ap_ops.stack import Json, LiveResource, LiveStack
from s3ap_ops.watching import Patience
from s3ap_ops.wording import reason

NESTED = "AWS::CloudFormation::Stack"
DRIFTED = ("MODIFIED", "DELETED")
COMPARED = (*DRIFTED, "IN_SYNC")
STEP = 1.5
"""How much longer each pause between two looks is; thirty looks at five seconds are half an hour."""

LONGEST = 1800.0
"""Seconds that a detection is waited for, if the deadline of the deployment is not nearer."""


def drift(stack: LiveStack, look: Look, hands: Hands, patience: Patience) -> Notes:
    """What has drifted, as the facts of a rollout that `Rollout` names, and what could not be compared."""
    notes = Notes(facts={"drift": {}, "uncompared": {}})
    within: dict[str, list[LiveResource]] = {}
    for one in stack.resources:
        within.setdefault(one.logical_id.rpartition("/")[0], []).append(one)
    begun = {inside: _begun(id_, hands, inside, notes) for inside, id_ in _stacks(stack).items()}
    for inside, (stack_id, detection) in begun.items():
        if detection and _is_over(detection, look, patience, inside, notes):
            _compared(stack_id, inside, within.get(inside, []), look, notes)
    return notes


def _stacks(stack: LiveStack) -> dict[str, str]:
    """The ids of a stack and of those in it, by the logical ids that lead there."""
    return {"": stack.id, **{one.logical_id: one.physical_id for one in stack.of_type(NESTED)}}


def _key(inside: str) -> str:
    return f"drift/{inside}" if inside else "drift"


def _begun(stack_id: str, hands: Hands, inside: str, notes: Notes) -> tuple[str, str]:
    """A stack's id, and that of the detection which has begun; empty, and the reason noted, if none has."""
    params = {"StackName": stack_id}
    try:
        with hands.allowing("cloudformation", "detect_stack_drift", params):
            return stack_id, hands.client("cloudformation").detect_stack_drift(**params)["StackDriftDetectionId"]
    except ClientError as error:
        notes.unread[_key(inside)] = told(error)
    except (BotoCoreError, OpsError) as error:
        notes.unread[_key(inside)] = str(error)
    return stack_id, ""


def _is_over(detection: str, look: Look, patience: Patience, inside: str, notes: Notes) -> bool:
    """Whether a detection has found something; one that failed for some resources has, for the others."""
    pause, began = patience.poll, patience.now()
    while True:
        try:
            found = look.client("cloudformation").describe_stack_drift_detection_status(StackDriftDetectionId=detection)
        except (ClientError, BotoCoreError) as error:
            notes.unread[_key(inside)] = told(error) if isinstance(error, ClientError) else str(error)
            return False
        if found["DetectionStatus"] == "DETECTION_FAILED":
            notes.unread[_key(inside)] = reason(found.get("DetectionStatusReason", "")) or "the detection failed"
        if found["DetectionStatus"] != "DETECTION_IN_PROGRESS":
            return True
        if patience.is_over or patience.is_stopped or patience.now() - began > LONGEST:
            notes.unread[_key(inside)] = "the detection was not over in time"
            return False
        patience.pause(pause)
        pause = min(pause * STEP, patience.poll * 6)


def _compared(stack_id: str, inside: str, resources: list[LiveResource], look: Look, notes: Notes) -> None:
    """Note what a detection has found in one stack."""
    try:
        rows = _rows(stack_id, look)
    except (ClientError, BotoCoreError) as error:
        notes.unread[_key(inside)] = told(error) if isinstance(error, ClientError) else str(error)
        return
    for resource in resources:
        row = rows.get(resource.logical_id.rpartition("/")[2])
        state = row["StackResourceDriftStatus"] if row else "NOT_CHECKED"
        if resource.is_gone or resource.type == NESTED:
            continue
        if state in DRIFTED and row:
            notes.facts["drift"][resource.logical_id] = _drifted(resource, row)
        elif state == "UNKNOWN" and row:
            why = reason(row.get("DriftStatusReason", "")) or "CloudFormation does not say why"
            notes.unread[f"drift/{resource.logical_id}"] = why
        elif state not in COMPARED:
            notes.facts["uncompared"][resource.logical_id] = resource.type


def _rows(stack_id: str, look: Look) -> dict[str, Mapping[str, Json]]:
    found = look.pages("cloudformation", "describe_stack_resource_drifts", "StackResourceDrifts", StackName=stack_id)
    return {one["LogicalResourceId"]: one for one in found}


def _drifted(resource: LiveResource, row: Mapping[str, Json]) -> dict[str, Json]:
    return {
        "id": resource.physical_id,
        "type": resource.type,
        "state": row["StackResourceDriftStatus"],
        "differences": [_difference(one) for one in row.get("PropertyDifferences") or ()],
    }


def _difference(found: Mapping[str, Json]) -> dict[str, str]:
    return {
        "path": found["PropertyPath"],
        "kind": found["DifferenceType"],
        "expected": found.get("ExpectedValue", ""),
        "actual": found.get("ActualValue", ""),
    }
