"""S3AP835: rules and buses of EventBridge to which others have added something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from s3ap_lint.api import Finding, Fix, Safety, Severity, bad, good, rule
from s3ap_ops.api import ApiCall, LiveResource, LiveStack, LiveStacks, call, listed
from s3ap_ops.intent import entries, unmatched
from s3ap_ops.stack import Json

FLAG = "--remove-targets"
GONE = ("ResourceNotFoundException",)


@rule(
    code="S3AP835",
    subject=LiveStacks,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "a target that somebody added",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Failed:  # <- S3AP835
                    Type: AWS::Events::Rule
                    PhysicalId: uc1-demo-failed
                    Properties: {Targets: [{Id: topic}]}
                    Facts:
                      exists: true
                      rule: uc1-demo-failed
                      bus: default
                      targets:
                        topic: {Id: topic, Arn: "arn:aws:sns:ap-northeast-1:123456789012:uc1"}
                        debug: {Id: debug, Arn: "arn:aws:sqs:ap-northeast-1:123456789012:debug"}
                """
            },
            fixed={
                "calls": "aws events remove-targets --rule uc1-demo-failed --event-bus-name default --ids debug\n",
            },
        ),
        bad(
            "a rule of nobody's stack on the stack's bus, and one that a service keeps there",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Bus:  # <- S3AP835
                    Type: AWS::Events::EventBus
                    PhysicalId: uc1-bus
                    Facts:
                      exists: true
                      rules:
                        own: {EventPattern: "{}", Targets: {}}
                        tap:
                          EventPattern: '{"source": ["uc1"]}'
                          State: ENABLED
                          Targets: {queue: {Id: queue, Arn: "arn:aws:sqs:ap-northeast-1:123456789012:tap"}}
                  Rule:
                    Type: AWS::Events::Rule
                    PhysicalId: uc1-bus|own
                  Archived:  # <- S3AP835
                    Type: AWS::Events::EventBus
                    PhysicalId: uc1-archived
                    Facts:
                      exists: true
                      rules: {Events-Archive-a: {EventPattern: "{}", ManagedBy: events.amazonaws.com, Targets: {}}}
                """
            },
            fixed={
                "calls": """
                aws events remove-targets --rule tap --event-bus-name uc1-bus --ids queue
                aws events delete-rule --name tap --event-bus-name uc1-bus
                """
            },
        ),
        good(
            "as deployed, or with ids that the template computes",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Failed:
                    Type: AWS::Events::Rule
                    Properties: {Targets: [{Id: topic}, {Id: {"Fn::GetAtt": [Queue, QueueName]}}]}
                    Facts: {exists: true, rule: failed, bus: default, targets: {topic: {}, uc1-queue: {}}}
                  Bus:
                    Type: AWS::Events::EventBus
                    PhysicalId: uc1-bus
                    Facts: {exists: true, rules: {own: {EventPattern: "{}", Targets: {}}}}
                  Own:
                    Type: AWS::Events::Rule
                    PhysicalId: uc1-bus|own
                """
            },
        ),
    ],
)
def foreign_rule_target(stacks: LiveStacks) -> Iterator[Finding]:
    """
    An EventBridge rule has targets, or a bus has rules, that no template here has.

    EventBridge deletes no rule with targets and no bus with rules, and the stack's deletion fails ("Rule can't be
    deleted since it has targets"). `s3ap-ops clean` refuses the stack unless --remove-targets is given; then exactly
    these are removed, and the record of the run says how to put each back.
    """
    for stack in stacks.stacks:
        for one in stack.of_type("AWS::Events::Rule"):
            if one.goes:
                yield from _on_rule(one, stack)
        for one in stack.of_type("AWS::Events::EventBus"):
            if one.goes:
                yield from _on_bus(one, stacks)


def _on_rule(resource: LiveResource, stack: LiveStack) -> Iterator[Finding]:
    targets = resource.fact("targets", {})
    meant = [
        target.get("Id") if isinstance(target, Mapping) else None
        for target in entries(resource.properties.get("Targets"))
    ]
    foreign = unmatched(targets, meant, stack, resource)
    if not foreign or "rule" not in resource.facts or "bus" not in resource.facts:
        return
    name, bus = resource.fact("rule"), resource.fact("bus")
    yield Finding(
        f"{name} has targets that its template does not have ({listed(foreign)}), so its stack cannot delete it",
        at=resource.at,
        fix=Fix(
            f"Remove {listed(foreign)} from {name}",
            (_removed(resource, name, bus, {id_: targets[id_] for id_ in foreign}),),
        ),
    )


def _on_bus(bus: LiveResource, stacks: LiveStacks) -> Iterator[Finding]:
    name = bus.physical_id
    foreign = {rule: made for rule, made in bus.fact("rules", {}).items() if f"{name}|{rule}" not in stacks.going}
    managed = sorted(rule for rule, made in foreign.items() if made.get("ManagedBy"))
    if managed:
        yield Finding(
            f"{name} has rules that a service keeps there ({listed(managed)}), so its stack cannot delete it",
            at=bus.at,
            fix=Fix(
                "Delete by hand what keeps them, for an archive: aws events list-archives, then "
                "aws events delete-archive --archive-name NAME",
                (),
                Safety.MANUAL,
            ),
        )
    added = sorted(rule for rule in foreign if rule not in managed)
    if not added:
        return
    calls: list[ApiCall] = []
    for rule_ in added:
        if foreign[rule_]["Targets"]:
            calls.append(_removed(bus, rule_, name, foreign[rule_]["Targets"]))
        calls.append(_deleted(bus, rule_, foreign[rule_]))
    yield Finding(
        f"{name} has rules that no template here has ({listed(added)}), so its stack cannot delete it",
        at=bus.at,
        fix=Fix(f"Delete {listed(added)} from {name}", tuple(calls)),
    )


def _removed(resource: LiveResource, rule: str, bus: str, targets: Mapping[str, Json]) -> ApiCall:
    at: dict[str, Json] = {"Rule": rule, "EventBusName": bus}
    undo = call(resource, "events", "put_targets", target=rule, **at, Targets=list(targets.values()))
    return call(
        resource, "events", "remove_targets", target=rule, flag=FLAG, undo=undo, done=GONE, **at, Ids=list(targets)
    )


def _deleted(bus: LiveResource, rule: str, made: Mapping[str, Json]) -> ApiCall:
    at: dict[str, Json] = {"Name": rule, "EventBusName": bus.physical_id}
    kept = {name: value for name, value in made.items() if name not in ("Targets", "ManagedBy")}
    undo = call(bus, "events", "put_rule", target=rule, **at, **kept)
    return call(bus, "events", "delete_rule", target=rule, flag=FLAG, undo=undo, done=GONE, **at)
