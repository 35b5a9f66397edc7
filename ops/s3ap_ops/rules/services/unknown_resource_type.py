"""S3AP809: types of which nothing is known."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Severity, bad, good, rule
from s3ap_ops.api import Accept, LiveResource
from s3ap_ops.types import is_known


@rule(
    code="S3AP809",
    subject=LiveResource,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "a type that nobody has thought about",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Ledger:  # <- S3AP809
                    Type: AWS::QLDB::Ledger
                    PhysicalId: uc1-ledger
                """
            },
            fixed={"calls": "go on all the same, because of --accept S3AP809\n"},
        ),
        good(
            "types that are read, plain, or stay",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Output: {Type: "AWS::S3::Bucket"}
                  Alarm: {Type: "AWS::CloudWatch::Alarm"}
                  Rule: {Type: "Custom::VpcEndpointSgRule"}
                  Ledger: {Type: "AWS::QLDB::Ledger", DeletionPolicy: Retain}
                """
            },
        ),
        good(
            "a type that the reader of a plugin has looked at",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Ledger: {Type: "AWS::QLDB::Ledger", Facts: {exists: true}}
                """
            },
        ),
    ],
)
def unknown_resource_type(resource: LiveResource) -> Iterator[Finding]:
    """
    Nothing is known about a type of resource: what its deletion takes along, or what keeps it from being deleted.

    It may hold data, be protected, or be used by others, and no rule would say so. `s3ap-ops clean` refuses; look at it
    yourself and accept it, or install a plugin that reads the type.
    """
    is_read = bool(resource.facts or resource.unread)
    if resource.goes and not is_read and not is_known(resource.type):
        yield Finding(
            f"{resource.physical_id} is of the type {resource.type}, of which nothing is known here",
            at=resource.at,
            fix=Fix(
                f"Look at {resource.physical_id} yourself, then accept it",
                (Accept(resource.subject, "--accept S3AP809", resource.physical_id),),
            ),
        )
