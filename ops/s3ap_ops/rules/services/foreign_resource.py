"""S3AP852: resources that another stack made."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Safety, Severity, bad, good, rule
from s3ap_ops.api import LiveResource, LiveStack

NESTED = "AWS::CloudFormation::Stack"


@rule(
    code="S3AP852",
    subject=LiveStack,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "the name was taken by a newer stack",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Output:  # <- S3AP852
                    Type: AWS::S3::Bucket
                    PhysicalId: uc1-output
                    Facts: {exists: true, stack_id: "arn:aws:cloudformation:ap-northeast-1:123456789012:stack/other/1"}
                """
            },
            fixed={"calls": ""},
        ),
        good(
            "its own, without a tag, or made by a nested stack of it",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Id: arn:aws:cloudformation:ap-northeast-1:123456789012:stack/uc1-demo/1
                Resources:
                  Own:
                    Type: AWS::S3::Bucket
                    Facts: {exists: true, stack_id: "arn:aws:cloudformation:ap-northeast-1:123456789012:stack/uc1-demo/1"}
                  Untagged:
                    Type: AWS::S3::Bucket
                    Facts: {exists: true, stack_id: ""}
                  Storage:
                    Type: AWS::CloudFormation::Stack
                    PhysicalId: arn:aws:cloudformation:ap-northeast-1:123456789012:stack/uc1-demo-Storage/2
                  Storage/Inner:
                    Type: AWS::S3::Bucket
                    Facts:
                      exists: true
                      stack_id: arn:aws:cloudformation:ap-northeast-1:123456789012:stack/uc1-demo-Storage/2
                """  # noqa: E501
            },
        ),
    ],
)
def foreign_resource(stack: LiveStack) -> Iterator[Finding]:
    """
    A resource carries the tag of another stack than the one that lists it.

    Somebody deleted it and another stack made it anew under the same name, or it was moved. Deleting it would take it
    from that stack. `s3ap-ops clean` refuses, and no flag changes that.
    """
    for resource in stack.resources:
        if resource.goes and is_foreign(resource, stack):
            yield Finding(
                f"{resource.physical_id} was made by {resource.fact('stack_id')}, so it is not this stack's to delete",
                at=resource.at,
                fix=Fix(
                    f"Deploy this stack with DeletionPolicy: Retain on {resource.logical_id}, then tear it down",
                    (),
                    Safety.MANUAL,
                ),
            )


def is_foreign(resource: LiveResource, stack: LiveStack) -> bool:
    """Whether its tag names a stack that is neither this one nor nested in it."""
    maker = resource.fact("stack_id")
    if not maker:
        return False
    own = {stack.id, resource.stack_id, *(one.physical_id for one in stack.resources if one.type == NESTED)}
    return maker not in own
