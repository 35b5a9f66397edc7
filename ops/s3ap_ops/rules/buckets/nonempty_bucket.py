"""S3AP612, live: a bucket that holds something and so cannot be deleted by its stack."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Severity, bad, detects, good
from s3ap_ops.api import LiveResource
from s3ap_ops.rules.buckets.contents import emptying, held, is_bucket, is_filled


@detects(
    "S3AP612",
    subject=LiveResource,
    examples=[
        bad(
            "versions and delete markers",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  OutputBucket:  # <- S3AP612
                    Type: AWS::S3::Bucket
                    PhysicalId: uc1-demo-output
                    Facts: {exists: true, versioning: Enabled, versions: 14203, markers: 12, bytes: 3400000000}
                """
            },
            fixed={
                "calls": "delete all versions, delete markers and incomplete uploads in s3://uc1-demo-output\n",
            },
        ),
        bad(
            "nothing that a listing shows, but the markers of what was deleted",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  OutputBucket:  # <- S3AP612
                    Type: AWS::S3::Bucket
                    PhysicalId: uc1-demo-output
                    Facts: {exists: true, versioning: Suspended, versions: 0, markers: 2, bytes: 0}
                """
            },
            fixed={
                "calls": "delete all versions, delete markers and incomplete uploads in s3://uc1-demo-output\n",
            },
        ),
        bad(
            "more than was counted, in a bucket whose deletion has failed before",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Status: DELETE_FAILED
                Resources:
                  OutputBucket:  # <- S3AP612
                    Type: AWS::S3::Bucket
                    PhysicalId: uc1-demo-output
                    Status: DELETE_FAILED
                    Facts: {exists: true, versioning: "", versions: 100000, markers: 0, bytes: 512, capped: true}
                """
            },
            fixed={
                "calls": "delete all versions, delete markers and incomplete uploads in s3://uc1-demo-output\n",
            },
        ),
        bad(
            "under governance locks, of which S3AP811 tells, too",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  OutputBucket:  # <- S3AP612
                    Type: AWS::S3::Bucket
                    PhysicalId: uc1-demo-output
                    Facts:
                      {versioning: Enabled, versions: 3, object_lock: true, locks: {checked: 3, governance: 2}}
                """
            },
            fixed={
                "calls": "delete all versions, delete markers and incomplete uploads in s3://uc1-demo-output\n",
            },
        ),
        bad(
            "a function of CDK empties it, if it still can",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  OutputBucket:  # <- S3AP612
                    Type: AWS::S3::Bucket
                    Facts: {exists: true, versioning: Enabled, versions: 3, bytes: 12, auto_delete: true}
                """
            },
        ),
        good(
            "empty, gone, retained, or not known",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Empty:
                    Type: AWS::S3::Bucket
                    Facts: {exists: true, versioning: Enabled, versions: 0, markers: 0, bytes: 0}
                  Gone:
                    Type: AWS::S3::Bucket
                    Facts: {exists: false}
                  Kept:
                    Type: AWS::S3::Bucket
                    DeletionPolicy: Retain
                    Facts: {exists: true, versioning: Enabled, versions: 3}
                  Closed:
                    Type: AWS::S3::Bucket
                    Unread: {versions: "AccessDenied from ListObjectVersions"}
                """
            },
        ),
    ],
)
def nonempty_bucket(bucket: LiveResource) -> Iterator[Finding]:
    """
    A bucket holds versions or delete markers, and CloudFormation deletes no bucket with something in it.

    The deletion of the stack fails ("The bucket you tried to delete is not empty. You must delete all versions in the
    bucket."). `s3ap-ops clean` deletes every version and delete marker, and aborts incomplete uploads; the bucket
    itself is left to CloudFormation, because a bucket that somebody else deletes sets its name free. Up to
    100,000 versions are counted; of more the plan says "at least".
    """
    if not is_bucket(bucket) or not is_filled(bucket):
        return
    if bucket.fact("auto_delete"):
        yield Finding(
            f"{bucket.physical_id} holds {held(bucket)}, which a function of its stack deletes with it",
            at=bucket.at,
            severity=Severity.INFO,
        )
        return
    yield Finding(
        f"{bucket.physical_id} holds {held(bucket)}, so its stack cannot delete it",
        at=bucket.at,
        severity=Severity.ERROR,
        fix=Fix(f"Delete everything in {bucket.physical_id}", (emptying(bucket),)),
    )
