"""S3AP847: something that a deployment depends on could not be read."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Safety, Severity, bad, good, rule
from s3ap_ops.rollout import Rollout

WORDS = {
    "access_points": "which alias the access point {} has",
    "validations": "what CloudFormation's own validation says",
    "aliases": "which access points there are",
    "endpoints": "which endpoints {} has",
    "exports": "what other stacks export",
    "objects": "whether s3://{} is there",
}


@rule(
    code="S3AP847",
    subject=Rollout,
    severity=Severity.WARNING,
    since="0.1.0",
    examples=[
        bad(
            "a name that may be taken",
            {
                "rollout.yaml": """
                Stack: uc1-demo
                Template:
                  Resources:
                    Table:  # <- S3AP847
                      Type: AWS::DynamoDB::Table
                      Properties: {TableName: results}
                Unread: {taken/Table: AccessDeniedException from DescribeTable}
                """
            },
        ),
        bad(
            "a bucket that may not be looked into",
            {
                "rollout.yaml": """
                Stack: uc1-demo  # <- S3AP847
                Template: {}
                Unread: {objects/code/report.zip: 403 from HeadObject}
                """
            },
        ),
        bad(
            "endpoints and exports",
            {
                "rollout.yaml": """
                Stack: uc1-demo  # <- S3AP847
                Template: {}
                Unread: {endpoints/vpc-1: UnauthorizedOperation, exports: AccessDenied}
                """
            },
        ),
        bad(
            "what was changed by hand",
            {
                "rollout.yaml": """
                Stack: uc1-demo  # <- S3AP847
                Template:
                  Resources:
                    Report: {Type: "AWS::Lambda::Function"}  # <- S3AP847
                Unread: {drift: the detection failed, drift/Report: AccessDenied}
                """
            },
        ),
        good("everything was read", {"rollout.yaml": "Stack: uc1-demo\nTemplate: {}\n"}),
    ],
)
def unread_input(rollout: Rollout) -> Iterator[Finding]:
    """
    Something that decides whether a deployment succeeds could not be read.

    The gates say nothing of it, so it shows only while CloudFormation works; mostly a permission to read is missing.
    S3 answers 403 for an object that is not there to those who may not list the bucket.
    """
    for key, why in sorted(rollout.unread.items()):
        kind, _, about = key.partition("/")
        at = rollout.at
        what = WORDS.get(kind, f"{kind} {about}").format(about)
        if kind == "drift":
            at, what = rollout.place(about) if about else at, f"what was changed by hand in {about or 'the stack'}"
        if kind == "taken":
            at, what = rollout.place(about), f"whether something is called {rollout.names.get(about, about)} already"
        yield Finding(
            f"{what} could not be read ({why}), so whether the deployment gets past it shows only on the way",
            at=at,
            fix=Fix("Let whoever deploys read it, or go on and see", (), Safety.MANUAL),
        )
