"""Stacks that share a network, over HTTP: what is said of them, and that what is offered takes the hazards away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from s3ap_ops.collect import collect
from s3ap_ops.order import before
from s3ap_ops.reading import Look
from s3ap_ops.reads import READERS
from s3ap_ops.rules import network
from s3ap_ops.stack import Json, LiveStack, LiveStacks
from s3ap_ops.testing import ACCOUNT, World

NETWORK = """
Resources:
  Vpc: {Type: "AWS::EC2::VPC", Properties: {CidrBlock: 10.0.0.0/16}}
  Subnet: {Type: "AWS::EC2::Subnet", Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}}
  EndpointGroup:
    Type: AWS::EC2::SecurityGroup
    Properties: {GroupDescription: endpoints, VpcId: !Ref Vpc}
Outputs:
  Vpc: {Value: !Ref Vpc}
  Subnet: {Value: !Ref Subnet}
  Group: {Value: !GetAtt EndpointGroup.GroupId}
"""
FUNCTION = """
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: !Sub "${AWS::StackName}-function"
      Runtime: python3.12
      Handler: index.handler
      Role: !Sub "arn:aws:iam::${AWS::AccountId}:role/role"
      Code: {ZipFile: "def handler(event, context): return event"}
"""
MANAGER = f"""
Resources:
  Manager: {FUNCTION}
Outputs:
  Arn: {{Value: !GetAtt Manager.Arn, Export: {{Name: ManagerArn}}}}
"""
USER = f"""
Parameters:
  Vpc: {{Type: String}}
  Subnet: {{Type: String}}
  EndpointGroup: {{Type: String}}
  Token: {{Type: String}}
Resources:
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties: {{GroupDescription: functions, VpcId: !Ref Vpc}}
  Function: {FUNCTION}
      VpcConfig: {{SubnetIds: [!Ref Subnet], SecurityGroupIds: [!GetAtt Group.GroupId]}}
  Endpoint:
    Type: AWS::EC2::VPCEndpoint
    Properties:
      VpcId: !Ref Vpc
      ServiceName: !Sub "com.amazonaws.${{AWS::Region}}.fsx"
      VpcEndpointType: Interface
      SubnetIds: [!Ref Subnet]
      SecurityGroupIds: [!Ref EndpointGroup]
      PrivateDnsEnabled: true
  Opened:
    Type: AWS::EC2::SecurityGroupIngress
    Properties:
      GroupId: !Ref EndpointGroup
      IpProtocol: tcp
      FromPort: 443
      ToPort: 443
      SourceSecurityGroupId: !GetAtt Group.GroupId
  ByParameter: {{Type: "Custom::Rule", Properties: {{ServiceToken: !Ref Token}}}}
  ByImport: {{Type: "Custom::Rule", Properties: {{ServiceToken: !ImportValue ManagerArn}}}}
  ByName:
    Type: AWS::CloudFormation::CustomResource
    Properties:
      ServiceToken: !Sub "arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:manager-function"
  ByOwn: {{Type: "Custom::Rule", Properties: {{ServiceToken: !GetAtt Function.Arn}}}}
"""


class Shared:
    """Two stacks like each other, uc1 and uc7, in the network of a third, with a manager that both need."""

    def __init__(self, world: World) -> None:
        self.world, self.ec2 = world, world.client("ec2")
        trust = '{"Version": "2012-10-17", "Statement": []}'
        world.client("iam").create_role(RoleName="role", AssumeRolePolicyDocument=trust)
        world.deploy("network", NETWORK)
        world.deploy("manager", MANAGER)
        found = world.client("cloudformation").describe_stacks(StackName="network")["Stacks"][0]["Outputs"]
        self.outputs = {one["OutputKey"]: one["OutputValue"] for one in found}
        arn = f"arn:aws:lambda:{world.region}:{ACCOUNT}:function:manager-function"
        given = {"Vpc": self.outputs["Vpc"], "Subnet": self.outputs["Subnet"], "Token": arn}
        for name in ("uc1", "uc7"):
            world.deploy(name, USER, {**given, "EndpointGroup": self.outputs["Group"]})

    def look(self, *names: str) -> LiveStacks:
        return LiveStacks(collect(names, Look(self.world.session(), ACCOUNT, self.world.region), READERS))


@pytest.fixture(scope="module")
def shared() -> Iterator[Shared]:
    with World() as world, pytest.MonkeyPatch.context() as patch:
        for name, value in world.env.items():
            patch.setenv(name, value)
        yield Shared(world)


def fact(stack: LiveStack, logical: str, name: str) -> Json:
    return next(one.fact(name) for one in stack.resources if one.logical_id == logical)


def findings(stacks: LiveStacks) -> dict[str, list[str]]:
    """The messages of the network's rules, by the logical id that they are about."""
    found: dict[str, list[str]] = {}
    for one in network.RULES:
        for detector in getattr(one, "detectors", (one,)):
            subjects = [stacks, *stacks.stacks, *(resource for stack in stacks.stacks for resource in stack.resources)]
            for subject in subjects:
                if isinstance(subject, detector.subject):
                    for finding in detector(subject, {}):
                        found.setdefault("/".join(finding.at.path[1:]), []).append(finding.message)
    return found


def test_everything_about_a_network_can_be_read(shared: Shared) -> None:
    for stack in shared.look("network", "manager", "uc1", "uc7").stacks:
        assert {} == {one.logical_id: one.unread for one in stack.resources if one.unread}


@pytest.mark.parametrize("logical", ["ByParameter", "ByImport", "ByName"])
def test_the_provider_of_a_custom_resource_is_found_however_the_template_names_it(shared: Shared, logical: str) -> None:
    (stack,) = shared.look("uc1").stacks
    assert ("manager-function", True, "manager") == tuple(
        fact(stack, logical, name) for name in ("provider", "provider_exists", "provider_stack")
    )


def test_a_provider_that_is_the_stacks_own_is_found(shared: Shared) -> None:
    assert "uc1-function" == fact(shared.look("uc1").stacks[0], "ByOwn", "provider")


def test_a_stack_alone_is_told_what_it_would_take_from_the_other(shared: Shared) -> None:
    found = findings(shared.look("uc1"))
    assert ["Endpoint", "Function"] == sorted(found)
    assert "uc7-function of uc7" in found["Endpoint"][0]
    assert "uc1-function is needed until custom resources are gone" in found["Function"][0]


def test_stacks_that_go_together_go_in_the_order_of_their_network(shared: Shared) -> None:
    order = before(shared.look("network", "manager", "uc1", "uc7"))
    assert {"network": ("uc1", "uc7"), "manager": ("uc1", "uc7"), "uc1": ("uc7",), "uc7": ()} == order
    assert ["Function"] == list(findings(shared.look("network", "manager", "uc1", "uc7")))


def test_a_rule_by_hand_is_found_and_the_rules_of_templates_are_not(shared: Shared) -> None:
    (stack,) = shared.look("uc1").stacks
    group = fact(stack, "Group", "group_id")
    pair = [{"GroupId": group}]
    made = shared.ec2.authorize_security_group_ingress(
        GroupId=shared.outputs["Group"], IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": pair}]
    )["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    looked = shared.look("uc1")
    (finding,) = network.foreign_security_group_edge.check(looked.stacks[0])
    assert [made] == [change.target for change in finding.fix.changes]
    shared.ec2.revoke_security_group_ingress(**finding.fix.changes[0].params)
    assert [] == list(network.foreign_security_group_edge.check(shared.look("uc1").stacks[0]))


def test_the_interfaces_of_an_endpoint_are_told_as_strangers_of_a_network_that_goes_alone(shared: Shared) -> None:
    """None of them is taken for one that nobody uses."""
    found = findings(shared.look("network"))
    assert ["EndpointGroup", "Subnet"] == sorted(found)
    for said in found.values():
        assert any("VPC Endpoint Interface vpce-" in one and "cannot be deleted" in one for one in said)
        assert not any("nobody uses" in one for one in said)


def test_in_that_order_all_of_them_can_be_deleted(shared: Shared) -> None:
    """The last test of the module: it leaves nothing."""
    client = shared.world.client("cloudformation")
    for name in ("uc7", "uc1", "manager", "network"):
        client.delete_stack(StackName=name)
        shared.world.clock.advance(6000)
        assert "DELETE_COMPLETE" == shared.world.stack(name).status
