"""The account of permissions as one JSON object (docs/permissions.md). Fields are added, never renamed."""

from __future__ import annotations

import json
from typing import Any

from s3ap_lint.permissions.report import FunctionPermissions, NeededAction, PermissionReport
from s3ap_lint.render.wording import Seen

VERSION = 1


def render(report: PermissionReport, seen: Seen, _color: bool) -> str:
    """The object as text, ASCII only; paths are relative to the working directory."""
    document = {
        "version": VERSION,
        "functions": [_function(one, seen) for one in report.functions],
        "unread": [{"path": seen(one.path), "line": one.line, "reason": one.reason} for one in report.unread],
    }
    return json.dumps(document, indent=2) + "\n"


def _function(one: FunctionPermissions, seen: Seen) -> dict[str, Any]:
    return {
        "template": seen(one.template),
        "function": one.function,
        "line": one.line,
        "role": one.role,
        "shared_with": list(one.shared),
        "needed": [_needed(row, seen) for row in one.needed],
        "unused": None if one.unused is None else list(one.unused),
        "untold": list(one.untold),
        "statements": one.statements,
    }


def _needed(row: NeededAction, seen: Seen) -> dict[str, Any]:
    return {
        "action": row.action,
        "standing": row.standing.value,
        "certain": row.certain,
        "resources": list(row.resources),
        "calls": [f"{seen(call.path)}:{call.line}" for call in row.calls],
        "operations": sorted({call.operation for call in row.calls}),
        "scenario": row.scenario,
    }
