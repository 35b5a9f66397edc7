"""S3AP807: a stack that a service or a tool manages."""

from __future__ import annotations

import re
from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Safety, Severity, bad, good, rule
from s3ap_ops.api import LiveStack

OWNERS = (
    (re.compile(r"StackSet-"), "a stack set", "delete the stack's instance from its stack set"),
    (re.compile(r"SC-\d{12}-pp-"), "Service Catalog", "terminate the provisioned product"),
    (re.compile(r"awsconfigconforms-"), "AWS Config", "delete the conformance pack"),
    (re.compile(r"AWSControlTower"), "Control Tower", "change it in Control Tower"),
    (
        re.compile(r"(awseb-e|eksctl)-"),
        "Elastic Beanstalk or eksctl",
        "delete the environment or cluster with its own tool",
    ),
    (re.compile(r"CDKToolkit$"), "the CDK", "every CDK application of this account and region needs it"),
    (
        re.compile(r"aws-sam-cli-managed-default"),
        "the SAM CLI",
        "every `sam deploy` of this account and region needs it",
    ),
)
"""How the names of such stacks begin, whose they are, and what to do instead.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-concepts.html,
https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html
"""


@rule(
    code="S3AP807",
    subject=LiveStack,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad("of a stack set", {"stack.yaml": "Stack: StackSet-baseline-0a1b  # <- S3AP807\n"}),
        bad("of the CDK", {"stack.yaml": "Stack: CDKToolkit  # <- S3AP807\n"}),
        bad(
            "of Service Catalog, by its tag",
            {
                "stack.yaml": """
                Stack: notebook  # <- S3AP807
                Tags: {"aws:servicecatalog:provisionedProductArn": "arn:aws:servicecatalog:x"}
                """
            },
        ),
        good("with a similar name", {"stack.yaml": "Stack: my-CDKToolkit-demo\n"}),
    ],
)
def service_owned_stack(stack: LiveStack) -> Iterator[Finding]:
    """
    The stack was made by a service or a tool, which goes on relying on it.

    Deleted behind its owner's back it leaves a stack set, a product or a toolkit that is broken in ways nobody looks
    for. `s3ap-ops` never deletes one.
    """
    if stack.is_gone:
        return
    owner, advice = _owner(stack)
    if not owner:
        return
    yield Finding(
        f"{stack.name} is managed by {owner}, which relies on it",
        at=stack.at,
        fix=Fix(advice[:1].upper() + advice[1:], (), Safety.MANUAL),
    )


def _owner(stack: LiveStack) -> tuple[str, str]:
    if any(key.startswith("aws:servicecatalog:") for key in stack.tags):
        return "Service Catalog", "terminate the provisioned product"
    return next(((owner, advice) for name, owner, advice in OWNERS if name.match(stack.name)), ("", ""))
