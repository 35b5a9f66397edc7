"""S3AP846: an update that takes away something that holds data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from s3ap_lint.api import Finding, Fix, Severity, bad, good, rule
from s3ap_ops.api import Accept, LosingResource
from s3ap_ops.stack import Json
from s3ap_ops.stateful import is_stateful

FLAG = "--accept S3AP846"


@rule(
    code="S3AP846",
    subject=LosingResource,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "a table that gets another key",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  History:  # <- S3AP846
                    Type: AWS::DynamoDB::Table
                    PhysicalId: uc1-history
                    Facts: {change: {action: Modify, replacement: "True", policy: ""}}
                """
            },
            fixed={"calls": "go on all the same, because of --accept S3AP846\n"},
        ),
        bad(
            "a bucket that the template no longer has",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Output:  # <- S3AP846
                    Type: AWS::S3::Bucket
                    PhysicalId: uc1-output
                    Facts: {change: {action: Remove, replacement: "", policy: Delete}}
                """
            },
            fixed={"calls": "go on all the same, because of --accept S3AP846\n"},
        ),
        bad(
            "a table in a nested stack, and a nested stack that cannot be looked into",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Data/History:  # <- S3AP846
                    Type: AWS::DynamoDB::Table
                    PhysicalId: uc1-history
                    Facts: {change: {action: Remove, replacement: "", policy: Delete}}
                  Code:  # <- S3AP846
                    Type: AWS::CloudFormation::Stack
                    PhysicalId: uc1-code
                    Facts: {change: {action: Modify, replacement: "False", policy: "", unread: AccessDenied}}
                """
            },
            fixed={"calls": "go on all the same, because of --accept S3AP846\n" * 2},
        ),
        bad(
            "one of which CloudFormation cannot tell what becomes",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  History:  # <- S3AP846
                    Type: AWS::DynamoDB::Table
                    PhysicalId: uc1-history
                    Facts: {change: {action: Dynamic, replacement: "", policy: ""}}
                """
            },
            fixed={"calls": "go on all the same, because of --accept S3AP846\n"},
        ),
        good(
            "one that stays, one that holds nothing, and one that is only changed",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Kept:
                    Type: AWS::DynamoDB::Table
                    DeletionPolicy: Retain
                    Facts: {change: {action: Remove, replacement: "", policy: Retain}}
                  Topic:
                    Type: AWS::SNS::Topic
                    Facts: {change: {action: Modify, replacement: "True", policy: ""}}
                  Changed:
                    Type: AWS::DynamoDB::Table
                """
            },
        ),
    ],
)
def stateful_loss(resource: LosingResource) -> Iterator[Finding]:
    """
    A change set removes or replaces a resource that holds data.

    A replaced table, bucket or workgroup is a new, empty one; the old one is deleted at the end of the update, with
    what is in it, or stops the update from being cleaned up. `s3ap-ops deploy` carries such a change set out only with
    `--accept S3AP846`. To keep the data, set UpdateReplacePolicy and DeletionPolicy to Retain before. Nested stacks are
    looked into; one that cannot be counts as one that loses something.
    """
    change = resource.fact("change")
    if not change or not resource.goes or not is_stateful(resource.type):
        return
    yield Finding(
        _said(resource, change),
        at=resource.at,
        fix=Fix(
            f"Save what is in {resource.physical_id}, or give {resource.logical_id} the policies to be retained",
            (Accept(resource.subject, FLAG, resource.physical_id),),
        ),
    )


def _said(resource: LosingResource, change: Mapping[str, Json]) -> str:
    if change.get("unread"):
        return (
            f"what changes in {resource.logical_id} could not be read ({change['unread']}), so data in it may be lost"
        )
    verb = "removes" if change["action"] == "Remove" else "replaces"
    verb = f"may {verb[:-1]}" if "Conditional" in change["replacement"] or change["action"] == "Dynamic" else verb
    return f"the change set {verb} {resource.physical_id}, and what is in it is lost"
