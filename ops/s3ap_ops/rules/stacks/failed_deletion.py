"""S3AP806: a stack whose deletion failed before."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Safety, Severity, bad, good, rule
from s3ap_ops.api import LiveResource, LiveStack, listed


@rule(
    code="S3AP806",
    subject=LiveStack,
    severity=Severity.WARNING,
    since="0.1.0",
    examples=[
        bad(
            "a bucket stood in the way",
            {
                "stack.yaml": """
                Stack: uc1-demo  # <- S3AP806
                Status: DELETE_FAILED
                Resources:
                  Bucket:
                    Type: AWS::S3::Bucket
                    Status: DELETE_FAILED
                    Reason: The bucket you tried to delete is not empty
                  Topic: {Type: AWS::SNS::Topic, Status: DELETE_COMPLETE}
                """
            },
        ),
        good("never tried", {"stack.yaml": "Stack: uc1-demo\n"}),
    ],
)
def failed_deletion(stack: LiveStack) -> Iterator[Finding]:
    """
    A deletion of the stack failed, and some of its resources are still there.

    What stood in the way is said by CloudFormation; where other findings name the same resource, `s3ap-ops clean`
    settles it and deletes the stack again. A resource that nothing helps with can be given up with `--retain
    LOGICAL_ID`: the stack goes, the resource stays, and nobody manages it any more.
    """
    if stack.status != "DELETE_FAILED":
        return
    failed = [resource for resource in stack.resources if resource.status == "DELETE_FAILED"]
    said = "; ".join(_said(resource) for resource in failed[:5]) or stack.reason or "CloudFormation gave no reason"
    names = listed([resource.logical_id for resource in failed], 8)
    advice = f"Give up {names} with --retain only if nothing else helps" if failed else "Read the stack's events"
    yield Finding(
        f"an earlier deletion of {stack.name} failed: {said}",
        at=stack.at,
        fix=Fix(advice, (), Safety.MANUAL),
    )


def _said(resource: LiveResource) -> str:
    return f"{resource.logical_id}: {resource.reason or 'no reason given'}"
