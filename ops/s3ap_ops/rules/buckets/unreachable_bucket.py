"""S3AP815: a bucket of which nothing can be learnt, because it is elsewhere or S3 refuses."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Safety, Severity, bad, good, rule
from s3ap_ops.api import LiveResource
from s3ap_ops.rules.buckets.contents import is_bucket


@rule(
    code="S3AP815",
    subject=LiveResource,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "another account has it by now, or the caller may not look",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  OutputBucket:  # <- S3AP815
                    Type: AWS::S3::Bucket
                    PhysicalId: uc1-demo-output
                    Facts: {reach: refused}
                """
            },
        ),
        bad(
            "in another region than its stack",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  OutputBucket:  # <- S3AP815
                    Type: AWS::S3::Bucket
                    PhysicalId: uc1-demo-output
                    Facts: {reach: elsewhere, region: us-east-1}
                """
            },
        ),
        good(
            "there, gone, retained, or S3 was too busy to say, which is told as unread",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  There:
                    Type: AWS::S3::Bucket
                    Facts: {reach: found, exists: true}
                  Gone:
                    Type: AWS::S3::Bucket
                    Facts: {reach: absent, exists: false}
                  Kept:
                    Type: AWS::S3::Bucket
                    DeletionPolicy: Retain
                    Facts: {reach: refused}
                  Busy:
                    Type: AWS::S3::Bucket
                    Unread: {reach: "503 from HeadBucket: Service Unavailable"}
                """
            },
        ),
    ],
)
def unreachable_bucket(bucket: LiveResource) -> Iterator[Finding]:
    """
    A bucket of the stack is in another region or S3 refuses to show it, so it may not be the stack's at all.

    Names of buckets are global: when one was deleted, anybody may have made it again, in any account and region. S3
    answers 403 to whoever is not the owner, and to callers that may not list. That never means that the bucket is
    gone. `s3ap-ops clean` touches neither, and refuses the stack until the bucket can be seen.
    """
    if not is_bucket(bucket) or bucket.fact("reach") not in ("refused", "elsewhere"):
        return
    name = bucket.physical_id
    if bucket.fact("reach") == "elsewhere":
        where = bucket.fact("region") or "another region"
        yield Finding(
            f"{name} is in {where} and its stack in {bucket.region}, so it is not the bucket that the stack made",
            at=bucket.at,
            fix=Fix(
                f"Find out whose {name} is; if it is not the stack's, delete the stack and let it retain"
                f" {bucket.logical_id}",
                (),
                Safety.MANUAL,
            ),
        )
        return
    yield Finding(
        f"S3 refuses to show {name}: another account owns it, or a policy keeps this caller from s3:ListBucket",
        at=bucket.at,
        fix=Fix(
            f"Look with a role that may list {name}; if account {bucket.account} does not own it, delete the stack"
            f" and let it retain {bucket.logical_id}",
            (),
            Safety.MANUAL,
        ),
    )
