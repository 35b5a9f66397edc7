"""S3AP616, live: uploads to a bucket that were begun and neither completed nor aborted."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Severity, bad, detects, good
from s3ap_ops.api import LiveResource
from s3ap_ops.rules.buckets.contents import emptying, is_bucket, unfinished


@detects(
    "S3AP616",
    subject=LiveResource,
    examples=[
        bad(
            "parts that no listing shows",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  OutputBucket:  # <- S3AP616
                    Type: AWS::S3::Bucket
                    PhysicalId: uc1-demo-output
                    Facts: {exists: true, versions: 0, markers: 0, uploads: 3}
                """
            },
            fixed={
                "calls": "delete all versions, delete markers and incomplete uploads in s3://uc1-demo-output\n",
            },
        ),
        good(
            "none, or in a bucket that stays",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Tidy:
                    Type: AWS::S3::Bucket
                    Facts: {exists: true, versions: 3, uploads: 0}
                  Kept:
                    Type: AWS::S3::Bucket
                    DeletionPolicy: Retain
                    Facts: {exists: true, uploads: 3}
                """
            },
        ),
    ],
)
def unfinished_uploads(bucket: LiveResource) -> Iterator[Finding]:
    """
    A bucket holds parts of uploads that were begun and neither completed nor aborted.

    No listing of objects shows them, and they cost as much as objects do. A general purpose bucket is deleted with
    them, a directory bucket is not; and whoever still uploads fills the bucket again as soon as it is empty.
    `s3ap-ops clean` aborts them by the same change that deletes the versions.
    """
    if not is_bucket(bucket) or not bucket.fact("uploads", 0):
        return
    yield Finding(
        f"{bucket.physical_id} holds the parts of {unfinished(bucket)}, which are paid for and which no listing shows",
        at=bucket.at,
        severity=Severity.WARNING,
        fix=Fix(f"Abort the uploads to {bucket.physical_id}", (emptying(bucket),)),
    )
