"""S3AP808: the function that has to answer for a custom resource cannot."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Severity, bad, good, rule
from s3ap_ops.api import Accept, LiveResource

ACCEPT = "--accept S3AP808"
ACCEPTED = {"calls": f"go on all the same, because of {ACCEPT}\n"}


def _stack(facts: str, mark: bool = True, type_: str = "Custom::VpcEndpointSgRule", more: str = "") -> dict[str, str]:
    """A stack with a custom resource of some facts."""
    at = "  # <- S3AP808" if mark else ""
    return {
        "stack.yaml": f"""
                Stack: uc1-demo
                Resources:
                  Opened:{at}
                    Type: {type_}
                    PhysicalId: uc1-opened
                    {more}
                    Facts: {{{facts}}}
                """
    }


@rule(
    code="S3AP808",
    subject=LiveResource,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad("the function is gone", _stack("provider: sg-manager, provider_exists: false"), fixed=ACCEPTED),
        bad(
            "a deletion has failed already; the other type of custom resource",
            _stack(
                "provider: sg-manager, provider_exists: false",
                type_="AWS::CloudFormation::CustomResource",
                more="Status: DELETE_FAILED",
            ),
            fixed=ACCEPTED,
        ),
        bad(
            "the function could not be set up",
            _stack("provider: sg-manager, provider_exists: true, provider_state: Failed"),
            fixed=ACCEPTED,
        ),
        bad(
            "the function may not run, because its concurrency is set to none",
            _stack("provider: manager, provider_exists: true, provider_state: Active, provider_concurrency: 0"),
            fixed=ACCEPTED,
        ),
        good("it runs", _stack("provider: manager, provider_exists: true, provider_state: Active", mark=False)),
        good(
            "it sleeps: the first call wakes it, and Lambda tries again",
            _stack("provider: sg-manager, provider_exists: true, provider_state: Inactive", mark=False),
        ),
        good("which function it is, cannot be told", _stack("", mark=False)),
        good(
            "the resource stays",
            _stack("provider: sg-manager, provider_exists: false", mark=False, more="DeletionPolicy: Retain"),
        ),
    ],
)
def dead_custom_resource(custom: LiveResource) -> Iterator[Finding]:
    """
    The function that has to answer for a custom resource is gone, or cannot run.

    CloudFormation waits an hour for its answer, at every attempt, then the stack is DELETE_FAILED. Nobody can tell what
    the function would have undone, so `s3ap-ops clean` has no fix. Bring the function back; or go on with
    `--accept S3AP808`, and when the deletion has failed, give the resource up with `--retain LOGICAL_ID` and undo by
    hand what it did. A rule that it made for a group of the stack is found and revoked for itself (S3AP614).

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources.html
    """
    why = _why(custom)
    if not why or not custom.goes:
        return
    yield Finding(
        f"{custom.fact('provider')}, which answers for {custom.logical_id}, {why}; CloudFormation waits an hour for "
        "it, then the deletion fails",
        at=custom.at,
        fix=Fix(_advice(custom), (Accept(custom.subject, ACCEPT),)),
    )


def _why(custom: LiveResource) -> str:
    """What keeps the function from answering; "" if nothing is known to.

    A function that is Inactive wakes when it is called, and CloudFormation's call is repeated until it has:
    https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
    """
    if custom.fact("provider_exists") is False:
        return "is gone"
    if custom.fact("provider_state") == "Failed":
        return "could not be set up (its state is Failed)"
    return "is not allowed to run (its reserved concurrency is 0)" if custom.fact("provider_concurrency") == 0 else ""


def _advice(custom: LiveResource) -> str:
    give_up = f"`s3ap-ops clean {custom.stack} --retain {custom.logical_id} {ACCEPT}`"
    if custom.status == "DELETE_FAILED":
        return f"Bring {custom.fact('provider')} back, or give {custom.logical_id} up: {give_up}"
    return (
        f"Bring {custom.fact('provider')} back; or let the deletion fail ({ACCEPT}), then give {custom.logical_id} up: "
        f"{give_up}"
    )
