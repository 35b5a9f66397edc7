"""S3AP801: a stack that something is still being done to."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Safety, Severity, bad, good, rule
from s3ap_ops.api import LiveStack


@rule(
    code="S3AP801",
    subject=LiveStack,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "an update that runs",
            {"stack.yaml": "Stack: uc1-demo  # <- S3AP801\nStatus: UPDATE_IN_PROGRESS\n"},
        ),
        bad(
            "a rollback that cleans up",
            {"stack.yaml": "Stack: uc1-demo  # <- S3AP801\nStatus: UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS\n"},
        ),
        good("a deletion, which is waited for", {"stack.yaml": "Stack: uc1-demo\nStatus: DELETE_IN_PROGRESS\n"}),
        good("a change set that was never executed", {"stack.yaml": "Stack: uc1-demo\nStatus: REVIEW_IN_PROGRESS\n"}),
        good("a failed creation", {"stack.yaml": "Stack: uc1-demo\nStatus: ROLLBACK_COMPLETE\n"}),
    ],
)
def stack_in_progress(stack: LiveStack) -> Iterator[Finding]:
    """
    CloudFormation is still creating, updating or rolling back the stack.

    It deletes a stack only when nothing else is being done to it. `s3ap-ops clean` touches nothing of such a stack,
    because what it would clear away may be about to be made. A deletion that already runs is waited for instead.
    """
    if not stack.status.endswith("_IN_PROGRESS") or stack.status in ("DELETE_IN_PROGRESS", "REVIEW_IN_PROGRESS"):
        return
    yield Finding(
        f"{stack.name} is in {stack.status}; CloudFormation deletes no stack while that goes on",
        at=stack.at,
        fix=Fix(f"Wait until `s3ap-ops status {stack.name}` says that it is done, then plan again", (), Safety.MANUAL),
    )
