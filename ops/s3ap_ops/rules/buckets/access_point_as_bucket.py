"""S3AP816: an access point that stands where a bucket is expected."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Safety, Severity, bad, good, rule
from s3ap_ops.api import LiveResource, LiveStack
from s3ap_ops.names import is_access_point

CUSTOM = ("Custom::", "AWS::CloudFormation::CustomResource")


@rule(
    code="S3AP816",
    subject=LiveStack,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "a resource of the stack is none of S3's",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  OutputBucket:  # <- S3AP816
                    Type: AWS::S3::Bucket
                    PhysicalId: volume-abc123-ext-s3alias
                """
            },
        ),
        bad(
            "what empties buckets is given a file system, by its alias and by a parameter",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Parameters:
                  Output: arn:aws:s3:ap-northeast-1:123456789012:accesspoint/volume
                Resources:
                  Emptied:  # <- S3AP816
                    Type: Custom::EmptyBucket
                    Properties: {ServiceToken: "arn:x", BucketName: volume-abc123-ext-s3alias}
                  AlsoEmptied:  # <- S3AP816
                    Type: AWS::CloudFormation::CustomResource
                    Properties: {ServiceToken: "arn:x", Target: {BucketName: {Ref: Output}}}
                """
            },
        ),
        good(
            "a bucket, and an access point where one belongs",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Parameters: {S3AccessPointAlias: volume-abc123-ext-s3alias, Name: uc1-demo-output}
                Resources:
                  OutputBucket:
                    Type: AWS::S3::Bucket
                    PhysicalId: uc1-demo-output
                  Emptied:
                    Type: Custom::EmptyBucket
                    Properties:
                      BucketName: {Ref: Name}
                      AccessPoint: {Ref: S3AccessPointAlias}
                """
            },
        ),
    ],
)
def access_point_as_bucket(stack: LiveStack) -> Iterator[Finding]:
    """
    An access point stands where a bucket is expected, so what would be emptied is somebody's data behind it.

    An access point takes most of the calls that a bucket takes. Behind one whose alias ends in -ext-s3alias is
    a volume of a file system: deleting its objects deletes files. `s3ap-ops` never empties an access point, and
    refuses a stack that has one for a bucket, or a custom resource that is given one for a bucket and may
    empty it when the stack goes.
    """
    for resource in stack.resources:
        name = _taken_for_bucket(resource, stack)
        if not resource.goes or not name:
            continue
        yield Finding(
            f"{resource.logical_id} takes the access point {name} for a bucket; emptying it would delete the files"
            " behind it",
            at=resource.at,
            fix=Fix(
                f"Read what deleting {resource.logical_id} does; then delete the stack by hand, and let it retain"
                f" {resource.logical_id} if in doubt",
                (),
                Safety.MANUAL,
            ),
        )


def _taken_for_bucket(resource: LiveResource, stack: LiveStack) -> str:
    """The access point that a resource has for a bucket; empty if it has none."""
    if resource.type == "AWS::S3::Bucket":
        return resource.physical_id if is_access_point(resource.physical_id) else ""
    if not resource.type.startswith(CUSTOM):
        return ""
    return next((name for name in _buckets(resource.properties, stack) if is_access_point(name)), "")


def _buckets(value: object, stack: LiveStack) -> Iterator[str]:
    """What properties that speak of a bucket say, as far as it stands there or in a parameter."""
    if isinstance(value, list):
        for one in value:
            yield from _buckets(one, stack)
    if not isinstance(value, dict):
        return
    for key, one in value.items():
        if "bucket" in str(key).lower():
            yield from _texts(one, stack)
        yield from _buckets(one, stack)


def _texts(value: object, stack: LiveStack) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    if isinstance(value, list):
        for one in value:
            yield from _texts(one, stack)
    if isinstance(value, dict) and isinstance(value.get("Ref"), str):
        yield str(stack.parameters.get(value["Ref"], ""))
