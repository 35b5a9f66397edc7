"""What CloudFormation's own validation found in a change set, where the installed SDK can ask for it.

Since June 2026 every change set is validated: names that are taken, buckets that are to go and are full. A finding that
stops it stands in its reason by name alone, and warnings nowhere but here.
"""

from __future__ import annotations

from collections.abc import Mapping

from s3ap_ops.deploying import operation
from s3ap_ops.deploying.changeset import ChangeSet
from s3ap_ops.hands import Hands
from s3ap_ops.reading import Look, Notes
from s3ap_ops.stack import Json
from s3ap_ops.wording import reason


def validated(found: ChangeSet, look: Look, hands: Hands) -> Notes:
    """The fact `validations` of a rollout; with an SDK that cannot ask for it, nothing."""
    notes = Notes()
    if operation.knows(hands, "DescribeEvents"):
        notes("validations", lambda: _events(found, look))
    return notes


def _events(found: ChangeSet, look: Look) -> list[dict[str, str]]:
    asked: dict[str, Json] = {"ChangeSetName": found.id, "Filters": {"FailedEvents": True}}
    rows = look.pages("cloudformation", "describe_events", "OperationEvents", **asked)
    return [_event(row) for row in rows if row.get("EventType") == "VALIDATION_ERROR"]


def _event(row: Mapping[str, Json]) -> dict[str, str]:
    return {
        "id": row.get("LogicalResourceId", "") or "",
        "type": row.get("ResourceType", "") or "",
        "name": row.get("ValidationName", "") or "",
        "mode": row.get("ValidationFailureMode", "") or "FAIL",
        "why": reason(row.get("ValidationStatusReason", "") or ""),
        "path": row.get("ValidationPath", "") or "",
    }
