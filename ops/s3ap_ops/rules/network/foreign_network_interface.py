"""S3AP822: something that stays uses a security group or a subnet of a stack."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Safety, Severity, bad, good, rule
from s3ap_ops.api import ApiCall, LiveResource, LiveStacks, Risk, call, count, listed
from s3ap_ops.rules.network.tenants import Tenants, tenants

PLACES = ("AWS::EC2::SecurityGroup", "AWS::EC2::Subnet")


def _interface(id_: str, **more: object) -> str:
    """An interface as the reader tells it, for an example."""
    empty = {"type": "interface", "status": "in-use", "description": "", "requester": ""}
    told = {"id": id_, **empty, "is_managed": False, "instance": "", "stack": "", "stack_id": "", **more}
    return "{" + ", ".join(f"{key}: {_scalar(value)}" for key, value in told.items()) + "}"


def _scalar(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f'"{value}"'


def _group(interfaces: str, functions: str = "", mark: bool = True, more: str = "") -> dict[str, str]:
    """A stack with a group in which some interfaces and functions are."""
    at = "  # <- S3AP822" if mark else ""
    return {
        "uc1.yaml": f"""
                Stack: uc1-demo
                Resources:
                  Group:{at}
                    Type: AWS::EC2::SecurityGroup
                    PhysicalId: sg-0a1
                    Facts:
                      exists: true
                      group_id: sg-0a1
                      interfaces: [{interfaces}]
                      functions: [{functions}]
{more}                """
    }


ENDPOINT = """\
                  Endpoint:
                    Type: AWS::EC2::VPCEndpoint
                    PhysicalId: vpce-0e1
"""
FOREIGN = '{function: uc7-Discovery, stack: uc7-demo, stack_id: "arn:uc7", versions: []}'


@rule(
    code="S3AP822",
    subject=LiveStacks,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad("an instance uses the group", _group(_interface("eni-1", instance="i-0123"))),
        bad("a function of another stack uses the group", _group("", FOREIGN)),
        bad(
            "an endpoint of the stack that is retained",
            _group(
                _interface("eni-1", type="vpc_endpoint", description="VPC Endpoint Interface vpce-0e1"),
                more=ENDPOINT + "                    DeletionPolicy: Retain\n",
            ),
        ),
        bad(
            "a database in a subnet, though the stack has none",
            {
                "stack.yaml": f"""
                Stack: uc1-demo
                Resources:
                  Subnet:  # <- S3AP822
                    Type: AWS::EC2::Subnet
                    PhysicalId: subnet-0a1
                    Facts:
                      exists: true
                      functions: []
                      interfaces:
                        - {_interface("eni-1", description="RDSNetworkInterface", requester="amazon-rds")}
                """
            },
        ),
        bad(
            "an interface that nobody uses",
            _group(_interface("eni-1", status="available", description="made by hand")),
            fixed={"calls": "aws ec2 delete-network-interface --network-interface-id eni-1\n"},
        ),
        bad(
            "an interface that nobody uses and that another stack made",
            _group(_interface("eni-1", status="available", stack="uc7-demo", stack_id="arn:uc7")),
        ),
        bad(
            "an interface that Lambda has yet to release",
            _group(_interface("eni-1", type="lambda", description="AWS Lambda VPC ENI-uc0-Old-11-22", is_managed=True)),
        ),
        good(
            "what the stack itself has there: a function, an endpoint, an instance, a load balancer",
            _group(
                ", ".join(
                    [
                        _interface("eni-1", type="lambda", description="AWS Lambda VPC ENI-uc0-Old-11-22"),
                        _interface("eni-2", type="vpc_endpoint", description="VPC Endpoint Interface vpce-0e1"),
                        _interface("eni-3", instance="i-0123"),
                        _interface("eni-4", description="ELB app/uc1/50dc", requester="amazon-elb"),
                    ]
                ),
                "{function: uc1-Discovery, stack: uc1-demo, stack_id: own, versions: []}",
                mark=False,
                more=ENDPOINT
                + """\
                  Discovery:
                    Type: AWS::Lambda::Function
                    PhysicalId: uc1-Discovery
                  Instance:
                    Type: AWS::EC2::Instance
                    PhysicalId: i-0123
                  Balancer:
                    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
                    PhysicalId: "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/uc1/50dc"
""",
            ),
        ),
        good(
            "an interface of RDS, where a database goes too: it may be that one's",
            _group(
                _interface("eni-1", description="RDSNetworkInterface", requester="amazon-rds"),
                mark=False,
                more="""\
                  Database:
                    Type: AWS::RDS::DBInstance
                    PhysicalId: uc1-db
""",
            ),
        ),
        good(
            "the function's stack goes too, and goes first",
            _group("", FOREIGN, mark=False)
            | {
                "uc7.yaml": """
                Stack: uc7-demo
                Resources:
                  Discovery:
                    Type: AWS::Lambda::Function
                    PhysicalId: uc7-Discovery
                """
            },
        ),
        good(
            "a role of the stack has the function's name",
            _group(
                "",
                "{function: uc1-Discovery, stack: uc1-demo, stack_id: own, versions: []}",
                mark=False,
                more="""\
                  Discovery:
                    Type: AWS::Lambda::Function
                    PhysicalId: uc1-Discovery
                  DiscoveryRole:
                    Type: AWS::IAM::Role
                    PhysicalId: uc1-Discovery
""",
            ),
        ),
        good(
            "the group stays",
            {
                "stack.yaml": f"""
                Stack: uc1-demo
                Resources:
                  Group:
                    Type: AWS::EC2::SecurityGroup
                    PhysicalId: sg-0a1
                    DeletionPolicy: Retain
                    Facts: {{exists: true, interfaces: [{_interface("eni-1", instance="i-0123")}], functions: []}}
                """
            },
        ),
    ],
)
def foreign_network_interface(stacks: LiveStacks) -> Iterator[Finding]:
    """
    Something that is not of the stack uses a security group or a subnet of it.

    EC2 deletes neither as long as a network interface is in it ("DependencyViolation: resource … has a dependent
    object"), and CloudFormation gives up after trying for a while. `s3ap-ops clean` does nothing to the stack as long
    as an instance, a function, or a service that stays has an interface there; it says who. Interfaces that are
    attached to nothing, made by no service and by no stack, are deleted. Those of Lambda whose function is gone are
    waited for. Interfaces of a service of which a resource goes too are taken for that resource's.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html
    """
    for stack in stacks.stacks:
        for place in stack.of_type(*PLACES):
            if place.goes:
                yield from _found(place, tenants(place, stacks))


def _found(place: LiveResource, there: Tenants) -> Iterator[Finding]:
    id_ = place.physical_id
    if there.strangers:
        uses, them = ("uses", "it") if len(there.strangers) == 1 else ("use", "them")
        yield Finding(
            f"{listed(there.strangers)} {uses} {id_}, which therefore cannot be deleted",
            at=place.at,
            fix=Fix(
                f"Take {them} out of {id_}, or plan the stacks that own {them} together with this one",
                (),
                Safety.MANUAL,
            ),
        )
    if there.loose:
        yield Finding(
            f"{count(len(there.loose), 'interface')} that nobody uses ({listed(there.loose)}) would keep {id_}",
            at=place.at,
            fix=Fix(f"Delete what nobody uses in {id_}", tuple(_deletion(place, one) for one in there.loose)),
        )
    if there.late:
        yield Finding(
            f"Lambda has yet to release {listed(there.late)} in {id_}, though no function uses it any more; the "
            "deletion waits for that, up to 45 minutes",
            at=place.at,
            severity=Severity.INFO,
        )


def _deletion(place: LiveResource, interface: str) -> ApiCall:
    return call(
        place,
        "ec2",
        "delete_network_interface",
        NetworkInterfaceId=interface,
        target=interface,
        risk=Risk.DATA_LOSS,
        destroys="an unattached network interface",
        done=("InvalidNetworkInterfaceID.NotFound",),
    )
