"""S3AP805: a stack that belongs to another."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Safety, Severity, bad, good, rule
from s3ap_ops.api import LiveStack

PARENT = "arn:aws:cloudformation:ap-northeast-1:123456789012:stack/uc1-demo/0"


@rule(
    code="S3AP805",
    subject=LiveStack,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "inside another",
            {"stack.yaml": f"Stack: uc1-demo-Nested-1  # <- S3AP805\nParentId: {PARENT}\n"},
        ),
        good(
            "left over by a failed deletion of the other",
            {"stack.yaml": f"Stack: uc1-demo-Nested-1\nParentId: {PARENT}\nFacts: {{parent_status: DELETE_FAILED}}\n"},
        ),
        good("of its own", {"stack.yaml": "Stack: uc1-demo\n"}),
    ],
)
def nested_stack(stack: LiveStack) -> Iterator[Finding]:
    """
    The stack is nested in another one, which is not in the state to lose it.

    Deleting it alone leaves its parent with a resource that is gone. `s3ap-ops clean` deletes the root, and with it
    what is nested; a nested stack is deleted by itself only when a deletion of its parent failed on it, or its parent
    is gone.
    """
    if (
        not stack.parent_id
        or stack.is_gone
        or stack.fact("parent_status") in ("DELETE_FAILED", "DELETE_COMPLETE", "ABSENT")
    ):
        return
    root = (stack.root_id or stack.parent_id).split("/")
    name = root[1] if len(root) > 1 else stack.parent_id
    yield Finding(
        f"{stack.name} is nested in {name}, which would be left with a resource that is gone",
        at=stack.at,
        fix=Fix(f"Delete {name} instead: `s3ap-ops plan {name}`", (), Safety.MANUAL),
    )
