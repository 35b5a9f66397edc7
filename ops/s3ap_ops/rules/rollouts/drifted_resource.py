"""S3AP848: a resource that somebody has changed by hand since it was deployed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from s3ap_lint.api import Finding, Fix, Safety, Severity, bad, good, rule
from s3ap_ops.api import Accept, Rollout, count, listed, value
from s3ap_ops.stack import Json

FLAG = "--accept S3AP848"
SHOWN = 4


@rule(
    code="S3AP848",
    subject=Rollout,
    severity=Severity.WARNING,
    since="0.1.0",
    examples=[
        bad(
            "a timeout and a rule that were changed in the console",
            {
                "rollout.yaml": """
                Stack: uc1-demo
                Template:
                  Resources:
                    Report: {Type: "AWS::Lambda::Function"}  # <- S3AP848
                    Group: {Type: "AWS::EC2::SecurityGroup"}  # <- S3AP848
                Facts:
                  drift:
                    Report:
                      id: uc1-report
                      type: AWS::Lambda::Function
                      state: MODIFIED
                      differences: [{path: /Timeout, kind: NOT_EQUAL, expected: "30", actual: "900"}]
                    Group:
                      id: sg-1
                      type: AWS::EC2::SecurityGroup
                      state: MODIFIED
                      differences: [{path: /SecurityGroupIngress/1, kind: ADD, expected: "null", actual: "{…}"}]
                """
            },
        ),
        bad(
            "a topic that somebody has deleted",
            {
                "rollout.yaml": """
                Stack: uc1-demo
                Template:
                  Resources:
                    Topic: {Type: "AWS::SNS::Topic"}  # <- S3AP848
                Facts:
                  drift: {Topic: {id: "arn:topic", type: "AWS::SNS::Topic", state: DELETED, differences: []}}
                """
            },
            fixed={"calls": "go on all the same, because of --accept S3AP848\n"},
        ),
        bad(
            "types that CloudFormation does not compare",
            {
                "rollout.yaml": """
                Stack: uc1-demo  # <- S3AP848
                Template: {}
                Facts: {drift: {}, uncompared: {Policy: "AWS::SNS::TopicPolicy"}}
                """
            },
        ),
        good(
            "what the deployment removes anyway, and nothing else",
            {
                "rollout.yaml": """
                Stack: uc1-demo
                Template: {Resources: {Topic: {Type: "AWS::SNS::Topic"}}}
                Facts:
                  drift: {Old: {id: old, type: "AWS::SNS::Topic", state: DELETED, differences: []}}
                """
            },
        ),
        good("nobody has asked", {"rollout.yaml": "Stack: uc1-demo\nTemplate: {}\n"}),
    ],
)
def drifted_resource(rollout: Rollout) -> Iterator[Finding]:
    """
    A resource is not any more what its stack's template says: somebody has changed or deleted it by hand.

    An update compares the new template with the old one, not with what is there. A change by hand is set back as soon
    as the update touches the resource, or stays unseen for as long as it does not. What has been deleted by hand makes
    an update fail that touches it, and the rollback after it; that is an error. Asked only with `--drift`, because
    CloudFormation takes some minutes to compare. Values of variables and of what is called a secret are not shown.
    """
    for logical_id, found in sorted(rollout.fact("drift", {}).items()):
        if rollout.stays(logical_id):
            yield (
                _deleted(rollout, logical_id, found)
                if found["state"] == "DELETED"
                else _modified(rollout, logical_id, found)
            )
    uncompared = rollout.fact("uncompared", {})
    if uncompared:
        types = listed(sorted(set(uncompared.values())), 6)
        yield Finding(
            f"CloudFormation compares no {types}, so a change by hand does not show in "
            f"{count(len(uncompared), 'resource')} ({listed(sorted(uncompared), 6)})",
            at=rollout.at,
            severity=Severity.INFO,
        )


def _deleted(rollout: Rollout, logical_id: str, found: Mapping[str, Json]) -> Finding:
    return Finding(
        f"{logical_id} ({found['id']}) was deleted by hand; an update that touches it, or what needs it, fails",
        at=rollout.place(logical_id),
        severity=Severity.ERROR,
        fix=Fix(
            f"Take {logical_id} out of the template and deploy, then put it in again and deploy; or make it again by "
            "hand, under the same name",
            (Accept(rollout.subject, FLAG, str(found["id"])),),
        ),
    )


def _modified(rollout: Rollout, logical_id: str, found: Mapping[str, Json]) -> Finding:
    said = [_said(one) for one in found["differences"]]
    return Finding(
        f"{logical_id} ({found['id']}) was changed by hand: {'; '.join(said[:SHOWN])}"
        f"{f'; and {len(said) - SHOWN} more' if len(said) > SHOWN else ''}; an update that touches it sets this back",
        at=rollout.place(logical_id),
        fix=Fix("Write it into the template if it is right, or have it set back", (), Safety.MANUAL),
    )


def _said(difference: Mapping[str, Json]) -> str:
    path, kind = difference["path"], difference["kind"]
    expected, actual = (value(path, str(difference[key])) for key in ("expected", "actual"))
    if kind == "ADD":
        return f"{path} is {actual} and not in the template"
    if kind == "REMOVE":
        return f"{path} is gone, and {expected} in the template"
    return f"{path} is {actual}, and {expected} in the template"
