"""S3AP814: a bucket that is filled while it is emptied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from s3ap_lint.api import Finding, Fix, Safety, Severity, bad, good, rule
from s3ap_ops.api import ApiCall, LiveResource, LiveStack, Phase, call, listed
from s3ap_ops.rules.buckets.contents import is_bucket, is_filled
from s3ap_ops.rules.buckets.writers import writing_services

FILLED = """
                  OutputBucket:
                    Type: AWS::S3::Bucket
                    PhysicalId: uc1-demo-output
                    Facts: {versions: 3}"""


@rule(
    code="S3AP814",
    subject=LiveStack,
    severity=Severity.WARNING,
    since="0.1.0",
    examples=[
        bad(
            "a schedule and a rule of the stack start its work",
            {
                "stack.yaml": f"""
                Stack: uc1-demo
                Resources:{FILLED}
                  Hourly:  # <- S3AP814
                    Type: AWS::Scheduler::Schedule
                    PhysicalId: uc1-demo-hourly
                    Facts:
                      state: ENABLED
                      definition:
                        Name: uc1-demo-hourly
                        GroupName: default
                        ScheduleExpression: rate(1 hour)
                        FlexibleTimeWindow: {{Mode: "OFF"}}
                        Target: {{Arn: "arn:aws:states:x", RoleArn: "arn:aws:iam:x"}}
                        State: ENABLED
                  OnUpload:  # <- S3AP814
                    Type: AWS::Events::Rule
                    PhysicalId: uploads|uc1-demo-on-upload
                    Facts: {{state: ENABLED, rule: uc1-demo-on-upload, bus: uploads}}
                """
            },
            fixed={
                "calls": (
                    "aws scheduler update-schedule --name uc1-demo-hourly --group-name default"
                    " --schedule-expression 'rate(1 hour)' --flexible-time-window '{\"Mode\": \"OFF\"}'"
                    ' --target \'{"Arn": "arn:aws:states:x", "RoleArn": "arn:aws:iam:x"}\' --state DISABLED\n'
                    "aws events disable-rule --name uc1-demo-on-upload --event-bus-name uploads\n"
                ),
            },
        ),
        bad(
            "a bucket of the stack writes its access logs to it",
            {
                "stack.yaml": f"""
                Stack: uc1-demo
                Resources:{FILLED}
                  Site:  # <- S3AP814
                    Type: AWS::S3::Bucket
                    PhysicalId: uc1-demo-site
                    Facts: {{versions: 0, logging: {{TargetBucket: uc1-demo-output, TargetPrefix: logs/}}}}
                """
            },
            fixed={
                "calls": (
                    "aws s3api put-bucket-logging --bucket uc1-demo-site --expected-bucket-owner 123456789012"
                    " --bucket-logging-status '{}'\n"
                ),
            },
        ),
        bad(
            "a service may write to it",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  TrailBucket:  # <- S3AP814
                    Type: AWS::S3::Bucket
                    Facts:
                      versions: 3
                      policy: |
                        {"Statement": [{"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"},
                          "Action": "s3:PutObject", "Resource": "arn:aws:s3:::uc1-demo-trailbucket/*"}]}
                """
            },
        ),
        good(
            "off already, over, retained, or beside an empty bucket",
            {
                "stack.yaml": """
                - Stack: uc1-demo
                  Resources:
                    OutputBucket:
                      Type: AWS::S3::Bucket
                      Facts: {versions: 3}
                    Disabled:
                      Type: AWS::Scheduler::Schedule
                      Facts: {state: DISABLED, definition: {Name: a}}
                    Over:
                      Type: AWS::Scheduler::Schedule
                      Facts: {state: ENABLED, ended: true, definition: {Name: a}}
                    Kept:
                      Type: AWS::Events::Rule
                      DeletionPolicy: Retain
                      Facts: {state: ENABLED, rule: b, bus: default}
                - Stack: uc2-demo
                  Resources:
                    OutputBucket:
                      Type: AWS::S3::Bucket
                      Facts: {versions: 0, markers: 0}
                    Hourly:
                      Type: AWS::Events::Rule
                      Facts: {state: ENABLED, rule: b, bus: default}
                """
            },
        ),
    ],
)
def refilling_bucket(stack: LiveStack) -> Iterator[Finding]:
    """
    A bucket that has to be emptied is written to while that goes on: by schedules, event rules, or logs.

    What arrives after the last look keeps the bucket from being deleted, and its stack ends in DELETE_FAILED.
    `s3ap-ops clean` first disables the enabled schedules and event rules of a stack that has a filled bucket, and ends
    the access logging of its buckets into it; each is put back if the deletion is given up. Access logs that are on
    their way arrive for hours. Of other services it is only known that the bucket's policy lets them
    write: who turned that on has to turn it off.
    """
    filled = [bucket for bucket in stack.resources if is_bucket(bucket) and is_filled(bucket)]
    if not filled:
        return
    for resource in stack.resources:
        if resource.goes and resource.fact("state") == "ENABLED":
            yield from _started(resource)
    logged = {bucket.physical_id for bucket in filled}
    for resource in stack.of_type("AWS::S3::Bucket"):
        yield from _logging(resource, logged)
    for bucket in filled:
        yield from _written(bucket, stack)


def _started(resource: LiveResource) -> Iterator[Finding]:
    """A schedule or rule that is enabled, disabled."""
    if resource.type == "AWS::Scheduler::Schedule":
        if resource.fact("definition") and not resource.fact("ended"):
            yield _enabled(resource, "schedule", _schedule_disabled(resource, resource.fact("definition")))
    elif resource.type == "AWS::Events::Rule" and resource.fact("rule"):
        yield _enabled(resource, "event rule", _rule_disabled(resource))


def _enabled(resource: LiveResource, noun: str, change: ApiCall) -> Finding:
    return Finding(
        f"the {noun} {resource.physical_id} is enabled and may start work that fills buckets while they are emptied",
        at=resource.at,
        fix=Fix(f"Disable the {noun} {resource.physical_id}", (change,)),
    )


GONE = ("ResourceNotFoundException",)


def _schedule_disabled(schedule: LiveResource, definition: Mapping[str, Any]) -> ApiCall:
    def updated(state: str, undo: ApiCall | None = None) -> ApiCall:
        params = {**definition, "State": state}
        return call(schedule, "scheduler", "update_schedule", phase=Phase.QUIESCE, done=GONE, undo=undo, **params)

    return updated("DISABLED", updated("ENABLED"))


def _rule_disabled(rule: LiveResource) -> ApiCall:
    named: dict[str, Any] = {"Name": rule.fact("rule"), "EventBusName": rule.fact("bus") or "default"}
    undo = call(rule, "events", "enable_rule", **named)
    return call(rule, "events", "disable_rule", phase=Phase.QUIESCE, done=GONE, undo=undo, **named)


def _logging(source: LiveResource, filled: set[str]) -> Iterator[Finding]:
    """A bucket whose access logs go to one that has to be emptied; one that stays is not touched."""
    logging = source.fact("logging") or {}
    target = logging.get("TargetBucket")
    if target not in filled:
        return
    message = f"{source.physical_id} writes its access logs to {target}, where they arrive hours later"
    if not source.goes:
        title = f"Let {source.physical_id}, which stays, write its logs elsewhere: {target} goes"
        yield Finding(message, at=source.at, fix=Fix(title, (), Safety.MANUAL))
        return
    ours: dict[str, Any] = {"Bucket": source.physical_id, "ExpectedBucketOwner": source.account}
    undo = call(source, "s3", "put_bucket_logging", **ours, BucketLoggingStatus={"LoggingEnabled": logging})
    change = call(
        source,
        "s3",
        "put_bucket_logging",
        phase=Phase.QUIESCE,
        done=("NoSuchBucket",),
        undo=undo,
        **ours,
        BucketLoggingStatus={},
    )
    yield Finding(message, at=source.at, fix=Fix(f"End the access logging of {source.physical_id}", (change,)))


def _written(bucket: LiveResource, stack: LiveStack) -> Iterator[Finding]:
    """The services that the bucket's policy lets write, less the logs of buckets that are told of by themselves."""
    own = any((one.fact("logging") or {}).get("TargetBucket") == bucket.physical_id for one in stack.resources)
    services = [name for name in writing_services(bucket) if not own or not name.startswith("logging.s3.")]
    if not services:
        return
    yield Finding(
        f"the policy of {bucket.physical_id} lets {listed(services)} write to it, also while it is emptied",
        at=bucket.at,
        fix=Fix(f"Turn off what {listed(services)} writes to {bucket.physical_id}", (), Safety.MANUAL),
    )
