"""S3AP812: a bucket policy that denies what tearing the bucket down takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from s3ap_lint.api import Finding, Fix, Safety, Severity, bad, good, rule
from s3ap_ops.api import ApiCall, LiveResource, Phase, Risk, call, listed
from s3ap_ops.rules.buckets.contents import is_bucket, is_filled
from s3ap_ops.rules.buckets.denials import DELETING, EMPTYING, UNDOING, denied

DELETED = "aws s3api delete-bucket-policy --bucket uc1-demo-output --expected-bucket-owner 123456789012\n"


@rule(
    code="S3AP812",
    subject=LiveResource,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "nobody deletes what is in it",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  OutputBucket:  # <- S3AP812
                    Type: AWS::S3::Bucket
                    PhysicalId: uc1-demo-output
                    Facts:
                      versions: 3
                      policy: |
                        {"Statement": [{"Sid": "KeepAll", "Effect": "Deny", "Principal": "*", "Action": "s3:Delete*",
                          "Resource": ["arn:aws:s3:::uc1-demo-output/*"]}]}
                """
            },
            fixed={"calls": DELETED},
        ),
        bad(
            "nobody deletes it, from outside one network; whether the caller is inside cannot be told",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  OutputBucket:  # <- S3AP812
                    Type: AWS::S3::Bucket
                    PhysicalId: uc1-demo-output
                    Facts:
                      versions: 0
                      markers: 0
                      policy: |
                        {"Statement": {"Effect": "Deny", "Principal": {"AWS": "*"}, "NotAction": "s3:GetObject",
                          "Resource": "arn:aws:s3:::uc1-demo-output",
                          "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-0a1"}}}}
                """
            },
        ),
        bad(
            "the caller's role may not list its versions",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  OutputBucket:  # <- S3AP812
                    Type: AWS::S3::Bucket
                    PhysicalId: uc1-demo-output
                    Facts:
                      versions: 3
                      caller: arn:aws:sts::123456789012:assumed-role/deploy/build-7
                      policy: |
                        {"Statement": [{"Effect": "Deny", "Action": ["s3:ListBucketVersions"], "Resource": "*",
                          "Principal": {"AWS": ["arn:aws:iam::123456789012:role/ci/deploy"]}}]}
                """
            },
            fixed={"calls": DELETED},
        ),
        bad(
            "only one other role is left out",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  OutputBucket:  # <- S3AP812
                    Type: AWS::S3::Bucket
                    PhysicalId: uc1-demo-output
                    Facts:
                      versions: 3
                      caller: arn:aws:sts::123456789012:assumed-role/deploy/build-7
                      policy: |
                        {"Statement": [{"Effect": "Deny", "Action": "s3:*Object*", "Resource": "*",
                          "NotPrincipal": {"AWS": ["arn:aws:iam::123456789012:role/writer",
                            "arn:aws:iam::123456789012:root"]}}]}
                """
            },
            fixed={"calls": DELETED},
        ),
        good(
            "it denies plain HTTP, other accounts, or another role; or it is in the way of nothing",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  SecureOnly:
                    Type: AWS::S3::Bucket
                    Facts:
                      versions: 3
                      policy: |
                        {"Statement": [
                          {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
                           "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
                          {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
                           "Condition": {"NumericLessThan": {"s3:TlsVersion": 1.2}}},
                          {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
                           "Condition": {"StringNotEquals": {"aws:PrincipalAccount": ["123456789012"]}}}]}
                  OneRole:
                    Type: AWS::S3::Bucket
                    Facts:
                      versions: 3
                      caller: arn:aws:sts::123456789012:assumed-role/deploy/build-7
                      policy: |
                        {"Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*",
                          "Principal": {"AWS": "arn:aws:iam::123456789012:role/reader"}},
                         {"Effect": "Deny", "Action": "s3:*", "Resource": "*",
                          "NotPrincipal": {"AWS": "arn:aws:iam::123456789012:role/deploy"}}]}
                  Empty:
                    Type: AWS::S3::Bucket
                    Facts:
                      versions: 0
                      markers: 0
                      policy: |
                        {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject",
                          "Resource": "arn:aws:s3:::uc1-demo-empty/*"}]}
                  Uploads:
                    Type: AWS::S3::Bucket
                    Facts:
                      versions: 3
                      policy: |
                        {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "*"},
                          {"Effect": "Allow", "Principal": "*", "Action": "s3:DeleteObject", "Resource": "*"}]}
                """
            },
        ),
    ],
)
def denying_bucket_policy(bucket: LiveResource) -> Iterator[Finding]:
    """
    The policy of a bucket denies the caller to empty or to delete it.

    A Deny holds for administrators, too ("AccessDenied … with an explicit deny in a resource-based policy"), so the
    bucket stays, and its stack ends in DELETE_FAILED. Statements count that are about everybody or about the caller,
    unless their condition is surely not met, such as that the request is not encrypted; a condition that
    cannot be judged counts as met. With `--delete-bucket-policy` the policy is deleted first; its text is
    kept, so that it can be put back. Where the policy denies that as well, only the root user can.
    """
    if not is_bucket(bucket) or not bucket.fact("policy"):
        return
    needed = (*EMPTYING, *DELETING) if is_filled(bucket) or bucket.fact("uploads", 0) else DELETING
    try:
        found, is_final = denied(bucket, needed), bool(denied(bucket, (UNDOING,)))
    except (ValueError, AttributeError):  # no policy that S3 would have taken
        return
    if not found:
        return
    name = bucket.physical_id
    message = f"the policy of {name} denies {listed(found)}, so the bucket cannot be {_done(found)}"
    if is_final:
        title = f"Have the root user of account {bucket.account} delete the policy of {name}, then plan again"
        yield Finding(message, at=bucket.at, fix=Fix(title, (), Safety.MANUAL))
        return
    yield Finding(message, at=bucket.at, fix=Fix(f"Delete the policy of {name}", (_deleted(bucket),)))


def _done(found: list[str]) -> str:
    return "deleted" if all(action in DELETING for action in found) else "emptied"


def _deleted(bucket: LiveResource) -> ApiCall:
    ours: dict[str, Any] = {"Bucket": bucket.physical_id, "ExpectedBucketOwner": bucket.account}
    return call(
        bucket,
        "s3",
        "delete_bucket_policy",
        risk=Risk.PROTECTION,
        phase=Phase.UNPROTECT,
        done=("NoSuchBucketPolicy", "NoSuchBucket"),
        flag="--delete-bucket-policy",
        undo=call(bucket, "s3", "put_bucket_policy", **ours, Policy=bucket.fact("policy")),
        **ours,
    )
