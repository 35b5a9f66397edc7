"""S3AP857: access points on volumes of Amazon FSx that do not work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from s3ap_lint.api import Finding, Severity, bad, good, rule
from s3ap_ops.api import Json, LiveResource

ATTACHMENT = "AWS::FSx::S3AccessPointAttachment"
BROKEN = ("FAILED", "MISCONFIGURED")


@rule(
    code="S3AP857",
    subject=LiveResource,
    severity=Severity.WARNING,
    since="0.1.0",
    examples=[
        bad(
            "one whose volume is not mounted, and one that never came to be",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Reader:  # <- S3AP857
                    Type: AWS::FSx::S3AccessPointAttachment
                    PhysicalId: uc1-reader
                    Facts: {exists: true, lifecycle: MISCONFIGURED, reason: The volume is not mounted}
                  Writer:  # <- S3AP857
                    Type: AWS::FSx::S3AccessPointAttachment
                    PhysicalId: uc1-writer
                    Facts: {exists: true, lifecycle: FAILED, reason: ""}
                """
            },
        ),
        good(
            "it works, or is gone",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Reader:
                    Type: AWS::FSx::S3AccessPointAttachment
                    Facts: {exists: true, lifecycle: AVAILABLE, reason: ""}
                  Gone:
                    Type: AWS::FSx::S3AccessPointAttachment
                    Facts: {exists: false}
                """
            },
        ),
    ],
)
def broken_access_point(point: LiveResource) -> Iterator[Finding]:
    """
    An access point of the stack on a volume of FSx serves nobody, and nobody may have seen that.

    FAILED is for good: make it again. MISCONFIGURED ends by itself when the file system identity can be resolved, or
    the volume is online and mounted again. Either goes with the stack, and holds on to its volume until then.
    """
    # https://docs.aws.amazon.com/fsx/latest/ONTAPGuide/access-points-for-fsxn-manage.html
    if point.type != ATTACHMENT or point.is_gone or point.fact("lifecycle") not in BROKEN:
        return
    ends = "goes with the stack" if point.goes else "stays"
    yield Finding(f"{point.physical_id} is {state_of(point.facts)}, so nobody reads through it; it {ends}", at=point.at)


def state_of(point: Mapping[str, Json]) -> str:
    """The state of an access point with the reason, if FSx gives one."""
    return f"{point['lifecycle']} ({point['reason'].rstrip('.')})" if point.get("reason") else str(point["lifecycle"])
