"""S3AP813: access points of others that are attached to a bucket."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Severity, bad, good, rule
from s3ap_ops.api import ApiCall, LiveResource, LiveStack, LiveStacks, Phase, Risk, call
from s3ap_ops.rules.buckets.contents import is_bucket

DELETED = "aws s3control delete-access-point --account-id 123456789012 --name analysts\n"


@rule(
    code="S3AP813",
    subject=LiveStacks,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "made by hand",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  OutputBucket:  # <- S3AP813
                    Type: AWS::S3::Bucket
                    PhysicalId: uc1-demo-output
                    Facts: {access_points: [{name: analysts, alias: analysts-abc-s3alias}]}
                """
            },
            fixed={"calls": DELETED},
        ),
        bad(
            "of another stack, which nothing deletes before",
            {
                "stack.yaml": """
                - Stack: uc1-demo
                  Resources:
                    OutputBucket:  # <- S3AP813
                      Type: AWS::S3::Bucket
                      PhysicalId: uc1-demo-output
                      Facts: {access_points: [{name: analysts, alias: analysts-abc-s3alias}]}
                - Stack: readers
                  Resources:
                    Point:
                      Type: AWS::S3::AccessPoint
                      PhysicalId: analysts
                """
            },
            fixed={"calls": DELETED},
        ),
        bad(
            "of the same stack, but retained",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  OutputBucket:  # <- S3AP813
                    Type: AWS::S3::Bucket
                    PhysicalId: uc1-demo-output
                    Facts: {access_points: [{name: analysts, alias: analysts-abc-s3alias}]}
                  Point:
                    Type: AWS::S3::AccessPoint
                    PhysicalId: analysts
                    DeletionPolicy: Retain
                """
            },
            fixed={"calls": DELETED},
        ),
        good(
            "of the same stack, which CloudFormation deletes first; none; on a bucket that stays",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  OutputBucket:
                    Type: AWS::S3::Bucket
                    PhysicalId: uc1-demo-output
                    Facts: {access_points: [{name: analysts, alias: analysts-abc-s3alias}]}
                  Point:
                    Type: AWS::S3::AccessPoint
                    PhysicalId: analysts
                  Alone:
                    Type: AWS::S3::Bucket
                    Facts: {access_points: []}
                  Kept:
                    Type: AWS::S3::Bucket
                    DeletionPolicy: Retain
                    Facts: {access_points: [{name: others}]}
                """
            },
        ),
    ],
)
def attached_access_point(stacks: LiveStacks) -> Iterator[Finding]:
    """
    A bucket has an access point that does not go with its stack.

    S3 deletes no bucket with access points ("BucketHasAccessPointsAttached"). One that the same stack has is deleted
    in CloudFormation's order; any other belongs to somebody who may use it. With `--delete-access-points` it is
    deleted before the stack. A new one of the same name gets another alias, so whoever uses the alias has
    to be told.
    """
    for stack in stacks.stacks:
        for bucket in stack.resources:
            if is_bucket(bucket):
                yield from _attached(bucket, stack, stacks)


def _attached(bucket: LiveResource, stack: LiveStack, stacks: LiveStacks) -> Iterator[Finding]:
    for point in bucket.fact("access_points") or []:
        owner = _owner(point, stacks)
        if owner is not None and owner[0] is stack and owner[1].goes:
            continue
        whose = f" of {owner[0].name}" if owner else ""
        advice = f", or tear {owner[0].name} down first" if owner and owner[0] is not stack else ""
        yield Finding(
            f"{bucket.physical_id} has the access point {point['name']}{whose}, so its stack cannot delete it",
            at=bucket.at,
            fix=Fix(f"Delete the access point {point['name']}{advice}", (_deleted(bucket, point),)),
        )


def _owner(point: dict[str, str], stacks: LiveStacks) -> tuple[LiveStack, LiveResource] | None:
    """The stack that has an access point, which its physical id names by name or by ARN."""
    names = {name for name in (point["name"], point.get("arn")) if name}
    for stack in stacks.stacks:
        for resource in stack.of_type("AWS::S3::AccessPoint"):
            if resource.physical_id in names:
                return stack, resource
    return None


def _deleted(bucket: LiveResource, point: dict[str, str]) -> ApiCall:
    return call(
        bucket,
        "s3control",
        "delete_access_point",
        target=point["name"],
        risk=Risk.DATA_LOSS,
        phase=Phase.QUIESCE,
        destroys=f"the access point {point['name']}, its policy and its alias",
        done=("NoSuchAccessPoint",),
        flag="--delete-access-points",
        AccountId=bucket.account,
        Name=point["name"],
    )
