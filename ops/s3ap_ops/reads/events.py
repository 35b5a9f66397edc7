"""Where rules send events, and which rules a bus has."""

from __future__ import annotations

from typing import Any

from s3ap_ops.reading import Look, Notes, reads
from s3ap_ops.reads.ownership import stack_id
from s3ap_ops.reads.schedules import rule_and_bus
from s3ap_ops.stack import Json, LiveResource

GONE = {"ResourceNotFoundException": False}
KEPT = ("EventPattern", "State", "Description", "ScheduleExpression", "RoleArn")
"""What makes a rule, besides its name, its bus and its targets."""


@reads("AWS::Events::Rule")
def rule_targets(look: Look, resource: LiveResource, note: Notes) -> None:
    """exists; targets: what `put_targets` takes, by id; stack_id. Its name and bus are noted by `event_rule`."""
    name, bus = rule_and_bus(resource.physical_id)

    def said() -> Any:
        ask = look.client("events").describe_rule
        return look.once(("rule", bus, name), lambda: ask(Name=name, EventBusName=bus))

    if not note("exists", lambda: bool(said()), GONE):
        return
    note("targets", lambda: _targets(look, bus, name))
    note("stack_id", lambda: _owner(look, said()["Arn"]))


@reads("AWS::Events::EventBus")
def bus(look: Look, resource: LiveResource, note: Notes) -> None:
    """exists; rules: by name, what makes each: KEPT's fields, `Targets` by id, and `ManagedBy`; stack_id."""
    name = resource.physical_id

    def said() -> Any:
        return look.once(("bus", name), lambda: look.client("events").describe_event_bus(Name=name))

    if not note("exists", lambda: bool(said()), GONE):
        return
    note("rules", lambda: _rules(look, name))
    note("stack_id", lambda: _owner(look, said()["Arn"]))


def _targets(look: Look, bus: str, name: str) -> dict[str, Json]:
    found = look.pages("events", "list_targets_by_rule", "Targets", Rule=name, EventBusName=bus)
    return {one["Id"]: one for one in found}


def _rules(look: Look, bus: str) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for one in look.pages("events", "list_rules", "Rules", EventBusName=bus):
        made = {name: one[name] for name in (*KEPT, "ManagedBy") if one.get(name)}
        found[one["Name"]] = {**made, "Targets": _targets(look, bus, one["Name"])}
    return found


def _owner(look: Look, arn: str) -> str:
    return stack_id(look.client("events").list_tags_for_resource(ResourceARN=arn).get("Tags"))


READERS = (rule_targets, bus)
