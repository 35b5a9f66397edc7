"""What the readers of groups, endpoints, functions and custom resources find, of moto's services."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import boto3
import pytest
from moto import mock_aws

from s3ap_ops.reading import Look, Notes
from s3ap_ops.reads import ec2, functions
from s3ap_ops.rules.network import foreign_security_group_edge, lambda_network_interface
from s3ap_ops.stack import Json, LiveResource, LiveStack, LiveStacks

ACCOUNT, REGION = "123456789012", "ap-northeast-1"
OWN = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/uc1/1"
OTHER = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/uc7/7"


class Account:
    """An account of moto's: clients that may write, and one look at it."""

    def __init__(self) -> None:
        self.session = boto3.Session("test", "test", region_name=REGION)
        self.ec2, self.lambda_ = self.client("ec2"), self.client("lambda")
        self.iam, self.cloudformation = self.client("iam"), self.client("cloudformation")
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnet = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        trust = json.dumps({"Version": "2012-10-17", "Statement": []})
        self.role = self.iam.create_role(RoleName="role", AssumeRolePolicyDocument=trust)["Role"]["Arn"]

    def client(self, service: str) -> Any:
        return self.session.client(service)

    def group(self, name: str, stack_id: str = "") -> str:
        tags = [{"ResourceType": "security-group", "Tags": _ec2_tags(stack_id)}] if stack_id else []
        made = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc, TagSpecifications=tags)
        return str(made["GroupId"])

    def function(self, name: str, *groups: str, stack_id: str = OWN, **more: Any) -> str:
        vpc = {"SubnetIds": [self.subnet], "SecurityGroupIds": list(groups)} if groups else {}
        code = BytesIO()
        with ZipFile(code, "w") as archive:
            archive.writestr("index.py", "def handler(event, context): return event\n")
        made = self.lambda_.create_function(
            FunctionName=name,
            Runtime="python3.12",
            Handler="index.handler",
            Role=self.role,
            Code={"ZipFile": code.getvalue()},
            VpcConfig=vpc,
            Tags=_tags(stack_id),
            **more,
        )
        return str(made["FunctionArn"])


def _tags(stack_id: str) -> dict[str, str]:
    return {"aws:cloudformation:stack-name": stack_id.split("/")[1], "aws:cloudformation:stack-id": stack_id}


def _ec2_tags(stack_id: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in _tags(stack_id).items()]


@pytest.fixture
def account() -> Iterator[Account]:
    with mock_aws():
        yield Account()


def facts(reader: Any, account: Account, type_: str, physical: str, properties: Mapping[str, Json] = {}) -> Any:
    """What a reader notes of a resource; nothing may have been unreadable."""
    notes = Notes()
    resource = LiveResource("uc1", OWN, REGION, ACCOUNT, "Thing", type_, physical, properties=properties)
    reader.read(Look(account.session, ACCOUNT, REGION), resource, notes)
    assert {} == notes.unread
    return notes.facts


def test_rules_of_other_groups_that_name_a_group_are_told_with_all_it_takes_to_make_them_again(
    account: Account,
) -> None:
    own, other = account.group("own", OWN), account.group("other", OTHER)
    pair = {"GroupId": own}
    tags = [{"ResourceType": "security-group-rule", "Tags": [{"Key": "Purpose", "Value": "uc1"}]}]
    account.ec2.authorize_security_group_ingress(
        GroupId=other,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 8443, "ToPort": 8444, "UserIdGroupPairs": [pair]}],
        TagSpecifications=tags,
    )
    account.ec2.authorize_security_group_ingress(
        GroupId=other,
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]},
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": other}]},
        ],
    )
    account.ec2.authorize_security_group_egress(
        GroupId=other, IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": own}]}]
    )
    found = facts(ec2.security_group, account, "AWS::EC2::SecurityGroup", own)
    assert (True, own, account.vpc, OWN) == tuple(found[key] for key in ("exists", "group_id", "vpc_id", "stack_id"))
    ingress, egress = sorted(found["referrers"], key=lambda one: bool(one["is_egress"]))
    assert {"IpProtocol": "tcp", "FromPort": 8443, "ToPort": 8444} == {
        key: value for key, value in ingress["permission"].items() if key != "UserIdGroupPairs"
    }
    assert [own] == [one["GroupId"] for one in ingress["permission"]["UserIdGroupPairs"]]
    assert {"Purpose": "uc1"} == ingress["tags"]
    assert (other, "other", "uc7", OTHER) == tuple(
        ingress[key] for key in ("group_id", "group_name", "stack", "stack_id")
    )
    assert ingress["rule_id"].startswith("sgr-")
    assert ("-1", ["IpProtocol", "UserIdGroupPairs"]) == (
        egress["permission"]["IpProtocol"],
        sorted(egress["permission"]),
    )
    assert [] == found["peers"]


def test_a_group_that_names_itself_has_no_referrers(account: Account) -> None:
    own = account.group("own")
    account.ec2.authorize_security_group_ingress(
        GroupId=own, IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": own}]}]
    )
    assert [] == facts(ec2.security_group, account, "AWS::EC2::SecurityGroup", own)["referrers"]


def test_interfaces_and_functions_of_a_group_are_told_with_whose_they_are(account: Account) -> None:
    own = account.group("own", OWN)
    made = account.ec2.create_network_interface(SubnetId=account.subnet, Groups=[own], Description="by hand")
    account.function("uc7-Discovery", own, stack_id=OTHER, Publish=True)
    found = facts(ec2.security_group, account, "AWS::EC2::SecurityGroup", own)
    told = {key: found["interfaces"][0][key] for key in ("id", "description", "stack")}
    assert {"id": made["NetworkInterface"]["NetworkInterfaceId"], "description": "by hand", "stack": ""} == told
    functions_ = [{"function": "uc7-Discovery", "stack": "uc7", "stack_id": OTHER, "versions": ["1"]}]
    assert functions_ == found["functions"]
    assert functions_ == facts(ec2.subnet, account, "AWS::EC2::Subnet", account.subnet)["functions"]


@pytest.mark.parametrize(
    "reader, type_, physical",
    [
        (ec2.security_group, "AWS::EC2::SecurityGroup", "sg-0123456789abcdef0"),
        (ec2.security_group, "AWS::EC2::SecurityGroup", "a-name"),
        (ec2.subnet, "AWS::EC2::Subnet", "subnet-0123456789abcdef0"),
        (ec2.vpc, "AWS::EC2::VPC", "vpc-0123456789abcdef0"),
        (ec2.endpoint, "AWS::EC2::VPCEndpoint", "vpce-0123456789abcdef0"),
        (ec2.security_group_rule, "AWS::EC2::SecurityGroupIngress", "sgr-0123456789abcdef0"),
        (functions.function, "AWS::Lambda::Function", "nobody"),
    ],
)
def test_what_is_gone_is_told_as_gone(account: Account, reader: Any, type_: str, physical: str) -> None:
    assert {"exists": False} == facts(reader, account, type_, physical)


def test_a_rule_with_a_name_of_cloudformations_is_found_by_what_its_template_says(account: Account) -> None:
    own, other = account.group("own"), account.group("other")
    made = account.ec2.authorize_security_group_ingress(
        GroupId=other,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": own}]}],
    )
    written = {"GroupId": other, "IpProtocol": "tcp", "FromPort": 443, "ToPort": "443", "SourceSecurityGroupId": own}
    ingress = "AWS::EC2::SecurityGroupIngress"
    id_ = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    told = {"exists": True, "rule_id": id_}
    assert told == facts(ec2.security_group_rule, account, ingress, "uc1-Opened-1ABC", written)
    assert told == facts(ec2.security_group_rule, account, ingress, id_)
    unclear = {**written, "FromPort": {"Fn::If": ["Open", 443, 8443]}}
    assert {} == facts(ec2.security_group_rule, account, ingress, "uc1-Opened-1ABC", unclear)


def test_functions_of_a_vpc_are_the_victims_of_its_endpoints(account: Account) -> None:
    account.function("uc7-Discovery", account.group("other"), stack_id=OTHER)
    account.function("elsewhere")
    interface = account.ec2.create_vpc_endpoint(
        VpcId=account.vpc,
        ServiceName=f"com.amazonaws.{REGION}.fsx",
        VpcEndpointType="Interface",
        SubnetIds=[account.subnet],
        PrivateDnsEnabled=True,
    )["VpcEndpoint"]["VpcEndpointId"]
    found = facts(ec2.endpoint, account, "AWS::EC2::VPCEndpoint", interface)
    assert ("fsx", "Interface", True, account.vpc) == tuple(
        found[key] for key in ("service", "kind", "private_dns", "vpc_id")
    )
    assert ["uc7-Discovery"] == [one["function"] for one in found["victims"]]


def test_a_gateway_serves_the_subnets_of_its_route_tables_only(account: Account) -> None:
    account.function("uc7-Discovery", account.group("other"), stack_id=OTHER)
    table = account.ec2.create_route_table(VpcId=account.vpc)["RouteTable"]["RouteTableId"]
    gateway = account.ec2.create_vpc_endpoint(
        VpcId=account.vpc, ServiceName=f"com.amazonaws.{REGION}.s3", VpcEndpointType="Gateway", RouteTableIds=[table]
    )["VpcEndpoint"]["VpcEndpointId"]
    assert [] == facts(ec2.endpoint, account, "AWS::EC2::VPCEndpoint", gateway)["victims"]
    account.ec2.associate_route_table(RouteTableId=table, SubnetId=account.subnet)
    found = facts(ec2.endpoint, account, "AWS::EC2::VPCEndpoint", gateway)
    assert ["uc7-Discovery"] == [one["function"] for one in found["victims"]]


def test_a_function_is_told_without_the_values_of_its_environment(account: Account) -> None:
    group = account.group("own")
    account.function("uc1-Discovery", group, Publish=True, Environment={"Variables": {"S3_ACCESS_POINT": "secret"}})
    account.lambda_.put_function_concurrency(FunctionName="uc1-Discovery", ReservedConcurrentExecutions=5)
    found = facts(functions.function, account, "AWS::Lambda::Function", "uc1-Discovery")
    assert "secret" not in json.dumps(found)
    assert {
        "exists": True,
        "state": "Active",
        "role": account.role,
        "environment": ["S3_ACCESS_POINT"],
        "reserved_concurrency": 5,
        "subnet_ids": [account.subnet],
        "group_ids": [group],
        "dual_stack": False,
        "stack_id": OWN,
        "versions_in_vpc": ["1"],
    } == {key: value for key, value in found.items() if key not in ("last_update_status", "vpc_id")}


def test_the_function_behind_a_custom_resource_is_told_with_the_stack_that_made_it(account: Account) -> None:
    arn = account.function("manager", stack_id=OTHER)
    found = facts(functions.custom_resource, account, "Custom::Rule", "rule-1", {"ServiceToken": arn})
    assert {
        "provider": "manager",
        "provider_exists": True,
        "provider_state": "Active",
        "provider_stack": "uc7",
        "provider_stack_id": OTHER,
    } == found
    account.lambda_.delete_function(FunctionName="manager")
    gone = facts(functions.custom_resource, account, "Custom::Rule", "rule-1", {"ServiceToken": arn})
    assert {"provider": "manager", "provider_exists": False} == gone


@pytest.mark.parametrize(
    "token",
    [
        {"Fn::If": ["Own", "a", "b"]},
        f"arn:aws:sns:{REGION}:{ACCOUNT}:topic",
        f"arn:aws:lambda:{REGION}:111122223333:function:theirs",
        None,
    ],
)
def test_nothing_is_said_of_a_provider_that_cannot_be_told(account: Account, token: Json) -> None:
    assert {} == facts(functions.custom_resource, account, "Custom::Rule", "rule-1", {"ServiceToken": token})


def test_a_rule_that_was_revoked_comes_back_as_it_was(account: Account) -> None:
    own, other = account.group("own"), account.group("other")
    shape = {"IpProtocol": "udp", "FromPort": 111, "ToPort": 2049, "UserIdGroupPairs": [{"GroupId": own}]}
    tags = [{"ResourceType": "security-group-rule", "Tags": [{"Key": "Purpose", "Value": "nfs"}]}]
    account.ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=[shape], TagSpecifications=tags)
    before = facts(ec2.security_group, account, "AWS::EC2::SecurityGroup", own)
    (finding,) = foreign_security_group_edge.check(_stack_with(own, before))
    (change,) = finding.fix.changes
    getattr(account.ec2, change.operation)(**change.params)
    assert [] == facts(ec2.security_group, account, "AWS::EC2::SecurityGroup", own)["referrers"]
    getattr(account.ec2, change.undo.operation)(**change.undo.params)
    after = facts(ec2.security_group, account, "AWS::EC2::SecurityGroup", own)
    assert _without_ids(before["referrers"]) == _without_ids(after["referrers"])


def test_a_function_that_left_its_vpc_comes_back_to_where_it_was(account: Account) -> None:
    own = account.group("own")
    account.function("uc1-Discovery", own)
    read = partial(facts, functions.function, account, "AWS::Lambda::Function", "uc1-Discovery")
    before = read()
    group = LiveResource("uc1", OWN, REGION, ACCOUNT, "Group", "AWS::EC2::SecurityGroup", own)
    function = replace(group, logical_id="F", type="AWS::Lambda::Function", physical_id="uc1-Discovery", facts=before)
    stack = LiveStack("uc1", OWN, REGION, ACCOUNT, resources=(group, function))
    (finding,) = lambda_network_interface.detectors[0].check(LiveStacks((stack,)))
    (change,) = finding.fix.changes
    account.lambda_.update_function_configuration(**change.params)
    assert ([], []) == (read()["subnet_ids"], read()["group_ids"])
    account.lambda_.update_function_configuration(**change.undo.params)
    assert ([account.subnet], [own]) == (read()["subnet_ids"], read()["group_ids"])


def _stack_with(group: str, found: Mapping[str, Json]) -> LiveStack:
    resource = LiveResource("uc1", OWN, REGION, ACCOUNT, "Group", "AWS::EC2::SecurityGroup", group, facts=found)
    return LiveStack("uc1", OWN, REGION, ACCOUNT, resources=(resource,))


def _without_ids(rules: list[dict[str, Json]]) -> list[dict[str, Json]]:
    return [{key: value for key, value in rule.items() if key != "rule_id"} for rule in rules]
