"""S3AP804: a stack whose service role is gone."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Severity, bad, good, rule
from s3ap_ops.api import Accept, LiveStack

FLAG = "--role-arn ARN"


@rule(
    code="S3AP804",
    subject=LiveStack,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "deleted before its stack",
            {
                "stack.yaml": """
                Stack: uc1-demo  # <- S3AP804
                RoleArn: arn:aws:iam::123456789012:role/deployer
                Facts: {role_exists: false}
                """
            },
            fixed={"calls": "go on all the same, because of --role-arn ARN\n"},
        ),
        good(
            "there",
            {
                "stack.yaml": """
                Stack: uc1-demo
                RoleArn: arn:aws:iam::123456789012:role/deployer
                Facts: {role_exists: true}
                """
            },
        ),
    ],
)
def missing_service_role(stack: LiveStack) -> Iterator[Finding]:
    """
    The role with which CloudFormation manages the stack does not exist any more.

    The deletion fails at once ("Role … is invalid or cannot be assumed"). Give another role with `--role-arn`; `s3ap-
    ops` makes none, because a role that may delete everything is nobody's by-product.
    """
    if stack.is_gone or stack.fact("role_exists") is not False:
        return
    yield Finding(
        f"the service role of {stack.name}, {stack.role_arn}, is gone, so CloudFormation cannot delete the stack",
        at=stack.at,
        fix=Fix("Give a role that CloudFormation may assume", (Accept(stack.subject, FLAG, stack.id),)),
    )
