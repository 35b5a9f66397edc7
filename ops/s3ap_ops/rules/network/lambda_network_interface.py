"""S3AP821: functions hold interfaces in groups or subnets of their own stack, which have to wait for these."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Severity, bad, good, rule
from s3ap_ops.api import ApiCall, LiveResource, LiveStack, LiveStacks, Phase, call, listed
from s3ap_ops.rules.network.tenants import FUNCTIONS
from s3ap_ops.stack import Json

GROUP = """
                Stack: uc1-demo
                Resources:
                  Group:
                    Type: AWS::EC2::SecurityGroup
                    PhysicalId: sg-0a1
                    Facts: {exists: true, group_id: sg-0a1}
"""
FUNCTION = """\
                  Discovery:  # <- S3AP821
                    Type: AWS::Lambda::Function
                    PhysicalId: uc1-Discovery
                    Facts:
                      exists: true
                      vpc_id: vpc-1
                      subnet_ids: [subnet-1, subnet-2]
                      group_ids: [sg-0a1]
                      dual_stack: false
                      versions_in_vpc: []
"""
DETACHED = (
    "aws lambda update-function-configuration --function-name uc1-Discovery --vpc-config "
    '\'{"SubnetIds": [], "SecurityGroupIds": []}\'\n'
)
UNMARKED = FUNCTION.replace("  # <- S3AP821", "")


@rule(
    code="S3AP821",
    subject=LiveStacks,
    severity=Severity.INFO,
    since="0.1.0",
    examples=[
        bad("a function in a group of its stack", {"stack.yaml": GROUP + FUNCTION}, fixed={"calls": DETACHED}),
        bad(
            "a published version that keeps its interfaces",
            {"stack.yaml": GROUP + FUNCTION.replace("versions_in_vpc: []", 'versions_in_vpc: ["3", "4"]')},
            fixed={"calls": DETACHED},
        ),
        bad(
            "a function in a subnet of its stack, and a group of somebody else",
            {
                "stack.yaml": GROUP.replace("SecurityGroup", "Subnet")
                .replace("sg-0a1", "subnet-1")
                .replace("group_id", "id")
                + FUNCTION
            },
            fixed={"calls": DETACHED},
        ),
        bad(
            "a function that custom resources need until they are gone stays where it is",
            {
                "stack.yaml": GROUP
                + FUNCTION
                + """\
                  Rule:
                    Type: Custom::Rule
                    Facts: {provider: uc1-Discovery, provider_exists: true}
"""
            },
        ),
        good(
            "the group is another stack's, or stays; then nothing of this stack waits",
            {
                "stack.yaml": GROUP.replace("Group:", "Other:").replace("sg-0a1", "sg-0b2")
                + GROUP.partition("Resources:\n")[2].replace(
                    "PhysicalId", "DeletionPolicy: Retain\n                    PhysicalId"
                )
                + UNMARKED
            },
        ),
        good(
            "the function stays, or is in no VPC",
            {
                "stack.yaml": GROUP
                + UNMARKED.replace("PhysicalId", "DeletionPolicy: Retain\n                    PhysicalId")
                + """\
                  Report:
                    Type: AWS::Lambda::Function
                    PhysicalId: uc1-Report
                    Facts: {exists: true, vpc_id: "", subnet_ids: [], group_ids: []}
"""
            },
        ),
    ],
)
def lambda_network_interface(stacks: LiveStacks) -> Iterator[Finding]:
    """
    Functions hold network interfaces in a security group or subnet of their own stack, which waits for them.

    Lambda releases an interface up to 45 minutes after the last function that uses it is gone, and until then EC2
    deletes neither the group nor the subnet. `s3ap-ops clean` takes the functions that go out of their VPC first, so
    that this time runs while the rest is cleared; what they were set to is written down. Published versions keep
    their interfaces until the function is deleted. A function that answers for a custom resource is left where it is,
    because it may need the network to undo what it did.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    """
    needed = {one.fact("provider") for stack in stacks.stacks for one in stack.resources if one.goes}
    for stack in stacks.stacks:
        waiting = set(_waiting(stack))
        for function in stack.of_type(*FUNCTIONS):
            held = sorted(waiting & {*function.fact("group_ids", ()), *function.fact("subnet_ids", ())})
            if function.goes and held:
                yield _found(function, held, function.physical_id in needed)


def _waiting(stack: LiveStack) -> Iterator[str]:
    """The ids of the stack's groups and subnets that go."""
    for one in stack.of_type("AWS::EC2::SecurityGroup", "AWS::EC2::Subnet"):
        if one.goes:
            yield str(one.fact("group_id", one.physical_id))


def _found(function: LiveResource, held: list[str], is_needed: bool) -> Finding:
    name = function.physical_id
    fact = f"{name} holds network interfaces in {listed(held)}, whose deletion waits for Lambda to release them"
    if is_needed:
        return Finding(f"{fact}, and {name} is needed until custom resources are gone: up to 45 minutes", function.at)
    versions = function.fact("versions_in_vpc", ())
    title = f"Take {name} out of its VPC, so that the wait begins now"
    if not versions:
        return Finding(f"{fact}, up to 45 minutes", function.at, fix=Fix(title, (_detached(function),)))
    kept = f"version {versions[0]} keeps its" if len(versions) == 1 else f"versions {listed(versions)} keep theirs"
    return Finding(
        f"{fact}, up to 45 minutes, and {kept} until the function is deleted",
        function.at,
        fix=Fix(title, (_detached(function),)),
        severity=Severity.WARNING,
    )


def _detached(function: LiveResource) -> ApiCall:
    before: dict[str, Json] = {"SubnetIds": function.fact("subnet_ids"), "SecurityGroupIds": function.fact("group_ids")}
    before |= {"Ipv6AllowedForDualStack": True} if function.fact("dual_stack") else {}
    return _update(function, {"SubnetIds": [], "SecurityGroupIds": []}, undo=_update(function, before))


def _update(function: LiveResource, vpc: dict[str, Json], undo: ApiCall | None = None) -> ApiCall:
    return call(
        function,
        "lambda",
        "update_function_configuration",
        FunctionName=function.physical_id,
        VpcConfig=vpc,
        phase=Phase.QUIESCE,
        done=("ResourceNotFoundException",),
        waiter="function_updated_v2",
        waiter_params={"FunctionName": function.physical_id},
        undo=undo,
    )
