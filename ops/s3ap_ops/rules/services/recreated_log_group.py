"""S3AP615, live: log groups that come back after their stack has deleted them."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Severity, bad, detects, good
from s3ap_ops.api import DeleteReturned, LiveResource


@detects(
    "S3AP615",
    subject=LiveResource,
    examples=[
        bad(
            "a function's log group that goes",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  DiscoveryLogs:  # <- S3AP615
                    Type: AWS::Logs::LogGroup
                    PhysicalId: /aws/lambda/uc1-demo-discovery
                    Facts: {exists: true, bytes: 1200}
                """
            },
            fixed={
                "calls": "aws logs delete-log-group --log-group-name /aws/lambda/uc1-demo-discovery"
                "   # if a late log line makes it again\n",
            },
        ),
        good(
            "a log group that stays, or is gone",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Kept:
                    Type: AWS::Logs::LogGroup
                    DeletionPolicy: Retain
                    Facts: {exists: true}
                  Gone:
                    Type: AWS::Logs::LogGroup
                    Facts: {exists: false}
                """
            },
        ),
    ],
)
def recreated_log_group(group: LiveResource) -> Iterator[Finding]:
    """
    A log group is made again by a function that still writes while its stack goes.

    The next deployment fails on it ("already exists"). After the stack is gone, `s3ap-ops clean` looks for it, and
    deletes it if it was made since.
    """
    if group.type != "AWS::Logs::LogGroup" or not group.goes or group.fact("exists") is not True:
        return
    yield Finding(
        f"{group.physical_id} comes back if something still writes to it; then the next deployment fails on it",
        at=group.at,
        severity=Severity.INFO,
        fix=Fix(
            f"Look for {group.physical_id} afterwards",
            (
                DeleteReturned(
                    group.subject, group.physical_id, group.region, destroys="log lines written after the deletion"
                ),
            ),
        ),
    )
