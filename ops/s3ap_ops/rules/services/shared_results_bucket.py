"""S3AP836: a bucket of the stack into which workgroups of others put their results."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Severity, bad, good, rule
from s3ap_ops.api import Accept, LiveStacks, listed


@rule(
    code="S3AP836",
    subject=LiveStacks,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "a workgroup of nobody's stack, and one of a stack that stays",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Results:  # <- S3AP836
                    Type: AWS::S3::Bucket
                    PhysicalId: uc1-demo-results
                    Facts: {exists: true, result_workgroups: [primary, uc1-demo-workgroup, uc2-demo-workgroup]}
                  Workgroup:
                    Type: AWS::Athena::WorkGroup
                    PhysicalId: uc1-demo-workgroup
                """
            },
            fixed={"calls": "go on all the same, because of --accept S3AP836\n"},
        ),
        bad(
            "the stack's own workgroup, which stays when the bucket goes",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Results:  # <- S3AP836
                    Type: AWS::S3::Bucket
                    PhysicalId: uc1-demo-results
                    Facts: {exists: true, result_workgroups: [uc1-demo-workgroup]}
                  Workgroup:
                    Type: AWS::Athena::WorkGroup
                    PhysicalId: uc1-demo-workgroup
                    DeletionPolicy: Retain
                """
            },
            fixed={"calls": "go on all the same, because of --accept S3AP836\n"},
        ),
        good(
            "the other workgroup's stack goes, too, or the bucket stays",
            {
                "stacks.yaml": """
                Stacks:
                - Stack: uc1-demo
                  Resources:
                    Results:
                      Type: AWS::S3::Bucket
                      Facts: {exists: true, result_workgroups: [uc2-demo-workgroup]}
                    Kept:
                      Type: AWS::S3::Bucket
                      DeletionPolicy: Retain
                      Facts: {exists: true, result_workgroups: [primary]}
                - Stack: uc2-demo
                  Resources:
                    Workgroup:
                      Type: AWS::Athena::WorkGroup
                      PhysicalId: uc2-demo-workgroup
                """
            },
        ),
    ],
)
def shared_results_bucket(stacks: LiveStacks) -> Iterator[Finding]:
    """
    Athena workgroups that are not torn down put their results into a bucket that is.

    Their results are deleted with the bucket's, and from then on every query in them fails ("Unable to
    verify/create output bucket"). `s3ap-ops clean` refuses; give these workgroups another location first, or accept it.
    """
    groups = {
        (group.region, group.physical_id)
        for stack in stacks.stacks
        for group in stack.of_type("AWS::Athena::WorkGroup")
        if group.goes
    }
    for stack in stacks.stacks:
        for bucket in stack.of_type("AWS::S3::Bucket"):
            users = bucket.fact("result_workgroups", ())
            others = [name for name in users if (bucket.region, name) not in groups]
            if bucket.goes and others and bucket.fact("exists") is not False:
                yield Finding(
                    f"{listed(others)} put query results into {bucket.physical_id}; they are lost, and the next query "
                    "there fails",
                    at=bucket.at,
                    fix=Fix(
                        f"Give {listed(others)} another result location, or accept it",
                        (Accept(bucket.subject, "--accept S3AP836", bucket.physical_id),),
                    ),
                )
