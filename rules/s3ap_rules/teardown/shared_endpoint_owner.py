"""S3AP613: a stack of something else owns endpoints that everything in a VPC uses."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from s3ap_lint.api import (
    Application,
    Finding,
    Group,
    Resource,
    Severity,
    Template,
    World,
    bad,
    choose,
    good,
    listed,
    rule,
    text,
)
from s3ap_rules.teardown.belonging import called, goes, is_foreign, is_part_of_another, plain_templates

NETWORK = (
    "AWS::CloudFormation::",
    "AWS::EC2::",
    "AWS::IAM::",
    "AWS::Logs::",
    "AWS::Route53",
    "AWS::SSM::Parameter",
    "Custom::",
)
"""What a stack may hold that is there for its network only."""
WORK = ("AWS::EC2::Instance", "AWS::EC2::EC2Fleet", "AWS::EC2::SpotFleet")

HEAD = """
    Parameters:
      VpcId: {Type: "AWS::EC2::VPC::Id"}
      SubnetIds: {Type: "List<AWS::EC2::Subnet::Id>"}
      RouteTableIds: {Type: CommaDelimitedList}
    Resources:
      S3Endpoint:  # 全 UC 共用  # <- S3AP613
        Type: AWS::EC2::VPCEndpoint
        Properties:
          VpcId: !Ref VpcId
          ServiceName: !Sub "com.amazonaws.${AWS::Region}.s3"
          VpcEndpointType: Gateway
          RouteTableIds: !Ref RouteTableIds
      LogsEndpoint:  # <- S3AP613
        Type: AWS::EC2::VPCEndpoint
        Properties:
          VpcId: !Ref VpcId
          ServiceName: !Sub "com.amazonaws.${AWS::Region}.logs"
          VpcEndpointType: Interface
          SubnetIds: !Ref SubnetIds
          PrivateDnsEnabled: true
    """
JOBS = """
      Jobs:
        Type: AWS::SQS::Queue
    """
CLEAN = HEAD.replace("  # <- S3AP613", "")


@rule(
    code="S3AP613",
    subject=Application,
    severity=Severity.WARNING,
    strict=True,
    since="0.1.0",
    examples=[
        bad("a gateway endpoint and an interface endpoint in a VPC that is given", HEAD + JOBS),
        bad(
            "only where the stack is asked to make it, in a VPC of another stack",
            """
            Parameters:
              MakeEndpoints: {Type: String, Default: "no", AllowedValues: ["yes", "no"]}
            Conditions:
              Endpoints: !Equals [!Ref MakeEndpoints, "yes"]
            Resources:
              FsxEndpoint:  # <- S3AP613
                Type: AWS::EC2::VPCEndpoint
                Condition: Endpoints
                Properties:
                  VpcId: !ImportValue NetworkVpc
                  ServiceName: !Sub "com.amazonaws.${AWS::Region}.fsx"
                  VpcEndpointType: Interface
                  PrivateDnsEnabled: true
              Jobs:
                Type: AWS::SQS::Queue
            """,
        ),
        good(
            "the VPC is the stack's own",
            CLEAN.replace("VpcId: !Ref VpcId", "VpcId: !Ref Vpc")
            + JOBS
            + """
      Vpc:
        Type: AWS::EC2::VPC
        Properties: {CidrBlock: 10.0.0.0/16}
    """,
        ),
        good("a stack that holds nothing but the network of others", CLEAN),
        good(
            "they stay when the stack goes",
            CLEAN.replace("Type: AWS::EC2::VPCEndpoint", "Type: AWS::EC2::VPCEndpoint\n        DeletionPolicy: Retain")
            + JOBS,
        ),
        good(
            "nobody else comes to them: route tables of the stack's own, and no private names",
            CLEAN.replace("RouteTableIds: !Ref RouteTableIds", "RouteTableIds: [!Ref Table]").replace(
                "PrivateDnsEnabled: true", "PrivateDnsEnabled: false"
            )
            + JOBS
            + """
      Table:
        Type: AWS::EC2::RouteTable
        Properties: {VpcId: !Ref VpcId}
    """,
        ),
        good(
            "a part of another stack, which may have made the VPC",
            {
                "endpoints.yaml": CLEAN + JOBS,
                "main.yaml": """
                    Resources:
                      Endpoints:
                        Type: AWS::CloudFormation::Stack
                        Properties:
                          TemplateURL: !Sub "https://${AWS::StackName}.s3.amazonaws.com/endpoints.yaml"
                    """,
            },
        ),
    ],
)
def shared_endpoint_owner(application: Application) -> Iterator[Finding]:
    """
    A stack with work of its own also owns VPC endpoints in a VPC that it does not create.

    An endpoint serves the VPC, not the stack: a gateway endpoint everything behind its route tables, an interface
    endpoint with private DNS everything that asks for the service by its usual name. As there can be only one of
    each, the stacks that come later use the one that is there. Whoever deletes the stack that made it cuts off
    all of them, and their functions end in "Connect timeout" without any change of their own.

    Put the endpoints into a stack that holds nothing but the network, or give them `DeletionPolicy: Retain`. The rule
    is silent about such stacks, about templates that another one beside them nests, and where private DNS is not
    switched on for sure. `s3ap-ops` looks for functions of other stacks in the VPC, names them in its plan, and does
    not delete the stack before that is accepted; there is nothing that it could mend.
    """
    for template in plain_templates(application):
        if not _works(template) or is_part_of_another(template, application):
            continue
        for endpoint in template.of_type("AWS::EC2::VPCEndpoint"):
            yield from _found(template, endpoint)


def _found(template: Template, endpoint: Resource) -> Iterator[Finding]:
    outcomes = template.outcomes(partial(_shared, template, endpoint))
    verdict = template.verdict(outcomes, bool)
    if verdict is None:
        return
    vpc, service = next(outcome.answer for outcome in outcomes if outcome.answer)
    yield Finding(
        f"{endpoint.id} is this stack's and its VPC, {vpc}, is not; deleting the stack cuts off everything else there "
        f"that reaches {service} through it",
        at=endpoint.at,
        scenario=verdict.scenario,
        group=Group(
            template.path,
            "owns endpoints in a VPC that is not its own; deleting the stack cuts off everything else that uses them",
            "endpoints",
            f"{endpoint.id}: {service} in {vpc}",
            advice="Put them into a stack that holds nothing but the network, or give them DeletionPolicy: Retain.",
        ),
    )


def _shared(template: Template, endpoint: Resource, world: World) -> tuple[str, str] | None:
    """The foreign VPC and the service of an endpoint that others there use; nothing where that cannot be told."""
    properties = endpoint.properties
    vpc = choose(properties["VpcId"], world)
    if not goes(endpoint, world) or vpc is None or not is_foreign(vpc, template):
        return None
    written = text(properties["VpcEndpointType"], world)
    kind = "Gateway" if not properties["VpcEndpointType"] else written.text if written is not None else ""
    tables = listed(properties["RouteTableIds"], world) if kind == "Gateway" else []
    names = text(properties["PrivateDnsEnabled"], world) if kind == "Interface" else None
    if not any(is_foreign(one, template) for one in tables) and (names is None or names.text.lower() != "true"):
        return None
    service = text(properties["ServiceName"], world)
    return called(vpc, template), _short(service.text if service is not None else "")


def _short(service: str) -> str:
    """The name of a service at the end of com.amazonaws.REGION.NAME."""
    name = service.removeprefix("com.amazonaws.").partition(".")[2] if service.startswith("com.amazonaws.") else ""
    return name if name and "$" not in name else "the service"


def _works(template: Template) -> bool:
    """Whether a stack is there for more than a network."""
    types = [resource.type for resource in template.resources.values()]
    return any(one in WORK or not one.startswith(NETWORK) for one in types)
