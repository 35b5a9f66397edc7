"""S3AP613, live: functions of other stacks come by an endpoint of a stack that is torn down."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Severity, bad, detects, good
from s3ap_ops.api import Accept, LiveResource, LiveStacks, listed
from s3ap_ops.rules.network.tenants import goes
from s3ap_ops.stack import Json

HEAD = """
                Stack: uc6-demo
                Resources:
                  S3Endpoint:  # <- S3AP613
                    Type: AWS::EC2::VPCEndpoint
                    PhysicalId: vpce-0e1
                    Facts:
                      exists: true
                      vpc_id: vpc-1
                      service: s3
                      kind: Gateway
                      private_dns: false
                      victims:
                        - {function: uc6-Discovery, stack: uc6-demo, stack_id: "arn:uc6", versions: []}
                        - {function: uc7-Discovery, stack: uc7-demo, stack_id: "arn:uc7", versions: []}
                  Discovery:
                    Type: AWS::Lambda::Function
                    PhysicalId: uc6-Discovery
"""
CLEAN = HEAD.replace("  # <- S3AP613", "")
ACCEPTED = {"calls": "go on all the same, because of --accept S3AP613\n"}
VICTIM = """
                Stack: uc7-demo
                Resources:
                  Discovery:
                    Type: AWS::Lambda::Function
                    PhysicalId: uc7-Discovery
"""


@detects(
    "S3AP613",
    subject=LiveStacks,
    examples=[
        bad("a gateway of which a function of another stack makes use", {"uc6.yaml": HEAD}, fixed=ACCEPTED),
        bad(
            "an interface with private names, and a function that no stack made",
            {
                "uc6.yaml": HEAD.replace("Gateway", "Interface")
                .replace("private_dns: false", "private_dns: true")
                .replace("stack: uc7-demo", 'stack: ""')
            },
            fixed=ACCEPTED,
        ),
        bad(
            "the stack of the function goes, but the function is retained",
            {
                "uc6.yaml": HEAD,
                "uc7.yaml": VICTIM.replace("PhysicalId", "DeletionPolicy: Retain\n                    PhysicalId"),
            },
            fixed=ACCEPTED,
        ),
        bad(
            "a function of the same name in another region does not go for it",
            {
                "uc6.yaml": HEAD,
                "uc7.yaml": VICTIM.replace("Resources:", "Region: eu-west-1\n                Resources:"),
            },
            fixed=ACCEPTED,
        ),
        good("the function's stack is torn down too, and goes first", {"uc6.yaml": CLEAN, "uc7.yaml": VICTIM}),
        good(
            "the endpoint stays, has only names of its own, or serves nobody else",
            {
                "uc6.yaml": CLEAN.replace(
                    "PhysicalId: vpce-0e1", "DeletionPolicy: Retain\n                    PhysicalId: vpce-0e1"
                ),
                "uc8.yaml": CLEAN.replace("uc6-demo", "uc8-demo").replace("Gateway", "Interface"),
                "uc9.yaml": """
                Stack: uc9-demo
                Resources:
                  S3Endpoint:
                    Type: AWS::EC2::VPCEndpoint
                    Facts: {exists: true, vpc_id: vpc-1, service: s3, kind: Gateway, victims: []}
                """,
            },
        ),
    ],
)
def shared_endpoint_owner(stacks: LiveStacks) -> Iterator[Finding]:
    """
    Functions of others come by an endpoint of the stack, in its VPC, and are cut off when it goes.

    Their requests then time out ("Connect timeout on endpoint URL"), in stacks that nobody touched. There is no
    way to make the endpoint somebody else's, so `s3ap-ops clean` refuses until `--accept S3AP613` is given. Functions
    of stacks that are torn down together with this one are no reason: their stacks go first.
    """
    for stack in stacks.stacks:
        for endpoint in stack.of_type("AWS::EC2::VPCEndpoint"):
            victims = [one for one in endpoint.fact("victims", ()) if not goes(one["function"], endpoint, stacks)]
            if endpoint.goes and victims and not _has_own_names_only(endpoint):
                yield _found(endpoint, victims)


def _has_own_names_only(endpoint: LiveResource) -> bool:
    """Whether nobody comes to it who does not know its own name: an interface without the names of its service."""
    return endpoint.fact("kind") == "Interface" and endpoint.fact("private_dns") is False


def _found(endpoint: LiveResource, victims: list[dict[str, Json]]) -> Finding:
    said = listed([f"{one['function']} of {one['stack']}" if one["stack"] else one["function"] for one in victims])
    return Finding(
        f"{endpoint.physical_id}, the endpoint for {endpoint.fact('service')} in {endpoint.fact('vpc_id')}, also "
        f"serves {said}; without it their requests time out",
        at=endpoint.at,
        severity=Severity.ERROR,
        fix=Fix(
            "Make an endpoint for them in a stack of its own, plan their stacks together with this one, or accept that "
            "they are cut off: --accept S3AP613",
            (Accept(endpoint.subject, "--accept S3AP613"),),
        ),
    )
