"""What starts work by itself: schedules, and rules of event buses."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from s3ap_ops.reading import Look, Notes, Reader, reads
from s3ap_ops.stack import Json, LiveResource

SENT = (
    "Name",
    "GroupName",
    "Description",
    "StartDate",
    "EndDate",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "FlexibleTimeWindow",
    "Target",
    "State",
    "KmsKeyArn",
    "ActionAfterCompletion",
)
"""What UpdateSchedule takes; what is left out of a request is reset to its default.

https://docs.aws.amazon.com/scheduler/latest/APIReference/API_UpdateSchedule.html
"""


@reads("AWS::Scheduler::Schedule")
def schedule(look: Look, schedule: LiveResource, note: Notes) -> None:
    """exists; state; ended: whether its time is over; definition: all of it, as UpdateSchedule takes it."""
    name = schedule.physical_id

    def groups() -> list[str]:
        found = look.pages("scheduler", "list_schedules", "Schedules", NamePrefix=name)
        return sorted(one["GroupName"] for one in found if one["Name"] == name)

    def known() -> list[str]:
        return look.once(("groups of schedule", name), groups)

    if not note("exists", lambda: bool(known())):
        return
    if len(known()) > 1:
        note.unread["definition"] = f"{len(known())} groups have a schedule of that name: {', '.join(known())}"
        return
    definition = note("definition", lambda: _definition(look, name, known()[0]))
    if definition:
        note("state", lambda: definition["State"])
        note("ended", lambda: _is_over(definition))


def _definition(look: Look, name: str, group: str) -> dict[str, Json]:
    """A schedule as it would be sent; a start that has passed is left out, because it is not accepted twice."""
    found: dict[str, Any] = look.client("scheduler").get_schedule(Name=name, GroupName=group)
    start = found.get("StartDate")
    if start and start < datetime.now(UTC):
        del found["StartDate"]
    sent = {key: found[key] for key in SENT if found.get(key) not in (None, "")}
    return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in sent.items()}


def _is_over(definition: dict[str, Json]) -> bool:
    """Whether it will not run again: its end, or its only time in any time zone, has passed."""
    now = datetime.now(UTC)
    if end := definition.get("EndDate"):
        return datetime.fromisoformat(end) < now
    once = re.fullmatch(r"at\((.+)\)", definition["ScheduleExpression"])
    return bool(once) and datetime.fromisoformat(once[1]).replace(tzinfo=UTC) < now - timedelta(days=1)  # type: ignore[index]


@reads("AWS::Events::Rule")
def event_rule(look: Look, rule: LiveResource, note: Notes) -> None:
    """exists; rule and bus: its name and that of its bus, as EventBridge takes them; state."""
    name, bus = rule_and_bus(rule.physical_id)
    events = look.client("events")
    gone = {"ResourceNotFoundException": False}

    def ask() -> dict[str, Any]:
        found: dict[str, Any] = events.describe_rule(Name=name, EventBusName=bus)
        return found

    key = ("rule", bus, name)
    if not note("exists", lambda: bool(look.once(key, ask)), gone):
        return
    note("rule", lambda: name)
    note("bus", lambda: bus)
    note("state", lambda: look.once(key, ask)["State"])


def rule_and_bus(physical_id: str) -> tuple[str, str]:
    """The name and bus of a rule by its physical id, which is a name, "bus|name", or an ARN.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-rule.html
    """
    if physical_id.startswith("arn:"):
        physical_id = physical_id.split(":rule/", 1)[-1].replace("/", "|")
    bus, _, name = physical_id.rpartition("|")
    return name, bus or "default"


READERS: tuple[Reader, ...] = (schedule, event_rule)
