"""A plan as JSON: everything a run would do, in data. Fields are added, never renamed."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from s3ap_ops import changes
from s3ap_ops.assess import Hazard
from s3ap_ops.identity import Pin
from s3ap_ops.plan import Action, Plan, inventory_hash
from s3ap_ops.planner import Wishes
from s3ap_ops.stack import LiveStack

VERSION = 1


def render(plan: Plan, pin: Pin, wishes: Wishes) -> str:
    """The plan as text."""
    return json.dumps(as_data(plan, pin, wishes), indent=2, ensure_ascii=False, default=str) + "\n"


def as_data(plan: Plan, pin: Pin, wishes: Wishes) -> dict[str, Any]:
    """The plan as data for JSON. `made` is in seconds of Unix time."""
    return {
        "version": VERSION,
        "made": plan.made,
        "account": pin.account,
        "region": pin.region,
        "caller": pin.caller,
        "flags": sorted(wishes.flags),
        "retain": list(wishes.retain),
        "role_arn": wishes.role_arn,
        "stacks": [_stack(stack, plan) for stack in plan.stacks],
        "findings": [_finding(hazard) for hazard in plan.hazards],
        "refusals": [asdict(refusal) for refusal in plan.refusals],
        "actions": [action_as_data(action) for action in plan.actions],
        "remains": [
            {"stack": one.stack, "logical_id": one.logical_id, "type": one.type, "physical_id": one.physical_id}
            for one in plan.remaining
        ],
    }


def action_as_data(action: Action) -> dict[str, Any]:
    """One action, with its change and what it is known by."""
    return {
        "id": action.id,
        "stack": action.stack,
        "title": action.title,
        "codes": list(action.codes),
        "after": list(action.after),
        "needs": list(action.needs),
        **changes.written(action.change),
        "command": action.change.describe(),
    }


def _stack(stack: LiveStack, plan: Plan) -> dict[str, Any]:
    return {
        "name": stack.name,
        "id": stack.id,
        "status": stack.status,
        "updated": stack.updated,
        "inventory": inventory_hash(stack),
        "before": list(plan.order.get(stack.name, ())),
        "refused": stack.name in plan.refused,
        "unread": {one.logical_id: dict(one.unread) for one in stack.resources if one.unread},
    }


def _finding(hazard: Hazard) -> dict[str, Any]:
    fix = hazard.finding.fix
    return {
        "code": hazard.code,
        "name": hazard.name,
        "severity": hazard.severity.value,
        "message": hazard.finding.message,
        "subject": hazard.subject,
        "logical_id": hazard.logical_id,
        "flags": list(hazard.wants),
        "ignored": hazard.ignored,
        "fix": None if fix is None else {"title": fix.title, "calls": [one.describe() for one in fix.changes]},  # type: ignore[attr-defined]
    }
