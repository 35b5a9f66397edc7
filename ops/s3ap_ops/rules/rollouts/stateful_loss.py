"""S3AP846: an update that takes away something that holds data."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Severity, bad, good, rule
from s3ap_ops.api import Accept, LosingResource
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
    `--accept S3AP846`. To keep the data, set UpdateReplacePolicy and DeletionPolicy to Retain before.
    """
    change = resource.fact("change")
    if not change or not resource.goes or not is_stateful(resource.type):
        return
    verb = "removes" if change["action"] == "Remove" else "replaces"
    verb = f"may {verb[:-1]}" if change["replacement"] == "Conditional" else verb
    yield Finding(
        f"the change set {verb} {resource.physical_id}, and what is in it is lost",
        at=resource.at,
        fix=Fix(
            f"Save what is in {resource.physical_id}, or give {resource.logical_id} the policies to be retained",
            (Accept(resource.subject, FLAG, resource.physical_id),),
        ),
    )
