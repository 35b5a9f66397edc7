"""S3AP802: a stack that somebody protected from being deleted."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Severity, bad, good, rule
from s3ap_ops.api import ApiCall, LiveStack, Phase, Risk

FLAG = "--disable-termination-protection"


@rule(
    code="S3AP802",
    subject=LiveStack,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "protected",
            {"stack.yaml": "Stack: uc1-demo  # <- S3AP802\nProtected: true\n"},
            fixed={
                "calls": "aws cloudformation update-termination-protection --stack-name "
                "arn:aws:cloudformation:ap-northeast-1:123456789012:stack/uc1-demo/uc1-demo "
                "--no-enable-termination-protection\n"
            },
        ),
        good("not protected", {"stack.yaml": "Stack: uc1-demo\n"}),
        good("deleted already", {"stack.yaml": "Stack: uc1-demo\nStatus: DELETE_COMPLETE\nProtected: true\n"}),
    ],
)
def termination_protection(stack: LiveStack) -> Iterator[Finding]:
    """
    The stack has termination protection.

    Somebody decided that it must not be deleted by accident, and CloudFormation refuses. `s3ap-ops clean` takes the
    protection away only with `--disable-termination-protection`, and only after the stack's name was typed; how to
    bring it back is in the journal.
    """
    if not stack.is_protected or stack.is_gone:
        return

    def protection(is_on: bool, undo: ApiCall | None = None) -> ApiCall:
        params = {"StackName": stack.id, "EnableTerminationProtection": is_on}
        return ApiCall(
            stack.subject,
            "cloudformation",
            "update_termination_protection",
            params,
            target=stack.id,
            risk=Risk.PROTECTION,
            phase=Phase.UNPROTECT,
            flag=FLAG,
            undo=undo,
        )

    yield Finding(
        f"{stack.name} has termination protection, so CloudFormation refuses to delete it",
        at=stack.at,
        fix=Fix(f"Take away the termination protection of {stack.name}", (protection(False, protection(True)),)),
    )
