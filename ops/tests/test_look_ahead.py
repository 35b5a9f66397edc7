"""What a deployment would meet in an account, asked over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest

from s3ap_ops.deploying.look_ahead import looked_ahead
from s3ap_ops.reading import Look
from s3ap_ops.rollout import Rollout
from s3ap_ops.stack import Json, LiveResource, LiveStack
from s3ap_ops.testing import World
from s3ap_ops.testing.faults import Fault

ACCOUNT, REGION = "123456789012", "ap-northeast-1"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
)
PROPERTIES = {
    "AWS::Athena::WorkGroup": "Name",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Bedrock::KnowledgeBase": "Name",
    "AWS::ECR::Repository": "RepositoryName",
    "AWS::FSx::S3AccessPointAttachment": "Name",
    "AWS::Glue::Database": "DatabaseInput",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::KMS::Alias": "AliasName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::OpenSearchServerless::Collection": "Name",
    "AWS::OpenSearchService::Domain": "DomainName",
    "AWS::S3::AccessPoint": "Name",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SSM::Parameter": "Name",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
}


MODEL = f"arn:aws:bedrock:{REGION}::foundation-model/amazon.titan-embed-text-v2:0"


class Account:
    """A world, with clients that may write, and a look at it that has its clients ready."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.client = cache(world.client)
        self.ready = Look(world.session(), ACCOUNT, REGION)

    def ahead(self, rollout: Rollout) -> Rollout:
        """A rollout that has looked ahead, with a look that has not asked anything before; nothing was written."""
        fresh = Look(self.ready.session, ACCOUNT, REGION)
        fresh._clients = self.ready._clients
        self.world.forget()
        found = looked_ahead(rollout, fresh)
        assert [] == self.world.writes
        return found


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    """An account that clients reach over HTTP."""
    with World() as world, pytest.MonkeyPatch.context() as patch:
        for name, value in world.env.items():
            patch.setenv(name, value)
        yield Account(world)


def rollout(
    resources: Mapping[str, tuple[str, Mapping[str, Json]]], values: Mapping[str, str] | None = None, **more: Json
) -> Rollout:
    """A deployment of some resources: type and properties by logical id; every value is a parameter."""
    template = {
        "Parameters": {name: {"Type": "String"} for name in values or {}},
        "Resources": {id_: {"Type": type_, "Properties": given} for id_, (type_, given) in resources.items()},
    }
    return Rollout("uc1-demo", REGION, ACCOUNT, "template.yaml", template, values or {}, **more)


def named(names: Mapping[str, str], **more: Json) -> Rollout:
    """A deployment of one resource of each type, called so; the logical id is the type's last word."""
    found: dict[str, tuple[str, Json]] = {}
    for type_, name in names.items():
        key = PROPERTIES[type_]
        found[type_.rpartition("::")[2]] = (type_, {key: {"Name": name} if key == "DatabaseInput" else name})
    return rollout(found, **more)


def called(name: str) -> dict[str, str]:
    """A name for a resource of every type whose names are taken once."""
    return {type_: f"alias/{name}" if type_ == "AWS::KMS::Alias" else name for type_ in PROPERTIES}


def test_nothing_has_the_names_of_an_empty_account(account: Account) -> None:
    """Each service is asked, and its way of saying no is understood."""
    found = account.ahead(named(called("nobody")))
    assert ({}, {}) == (found.fact("taken"), found.unread)
    assert len(PROPERTIES) == len(found.names)


def test_whatever_has_a_name_is_found(account: Account) -> None:
    make_everything(account, "held")
    found = account.ahead(named(called("held")))
    assert {} == found.unread
    assert {type_.rpartition("::")[2] for type_ in PROPERTIES} == set(found.fact("taken"))
    assert {"name": "held", "id": "held", "where": "", "state": "", "stack": "", "stack_id": ""} == found.fact("taken")[
        "Table"
    ]
    assert f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:held" == found.fact("taken")["StateMachine"]["id"]


def make_everything(account: Account, name: str) -> None:
    """One resource of every type, called so."""
    client = account.client
    code = BytesIO()
    with ZipFile(code, "w") as archive:
        archive.writestr("index.py", "def handler(event, context): return event\n")
    role = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    client("iam").create_instance_profile(InstanceProfileName=name)
    client("iam").create_policy(PolicyName=name, Path="/deep/", PolicyDocument=POLICY)
    client("athena").create_work_group(Name=name)
    client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client("ecr").create_repository(repositoryName=name)
    client("glue").create_database(DatabaseInput={"Name": name})
    key = client("kms").create_key()["KeyMetadata"]["KeyId"]
    client("kms").create_alias(AliasName=f"alias/{name}", TargetKeyId=key)
    client("lambda").create_function(
        FunctionName=name, Runtime="python3.12", Handler="index.handler", Role=role, Code={"ZipFile": code.getvalue()}
    )
    client("logs").create_log_group(logGroupName=name)
    client("opensearch").create_domain(DomainName=name)
    rule = {"Rules": [{"ResourceType": "collection", "Resource": [f"collection/{name}"]}], "AWSOwnedKey": True}
    client("opensearchserverless").create_security_policy(name=name, type="encryption", policy=json.dumps(rule))
    client("opensearchserverless").create_collection(name=name)
    embedding = {"type": "VECTOR", "vectorKnowledgeBaseConfiguration": {"embeddingModelArn": MODEL}}
    client("bedrock-agent").create_knowledge_base(name=name, roleArn=role, knowledgeBaseConfiguration=embedding)
    bucket(account, name)
    client("s3control").create_access_point(AccountId=ACCOUNT, Name=name, Bucket=name)
    client("ssm").put_parameter(Name=name, Value="x", Type="String")
    client("secretsmanager").create_secret(Name=name, SecretString="x")
    client("stepfunctions").create_state_machine(
        name=name, roleArn=role, definition=json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    )


def bucket(account: Account, name: str) -> None:
    account.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})


def test_a_log_group_whose_name_only_begins_so_is_in_nobodys_way(account: Account) -> None:
    account.client("logs").create_log_group(logGroupName="/aws/lambda/report-old")
    found = account.ahead(named({"AWS::Logs::LogGroup": "/aws/lambda/report"}))
    assert {} == found.fact("taken")


def test_a_secret_in_its_recovery_window_keeps_its_name(account: Account) -> None:
    account.client("secretsmanager").create_secret(Name="password", SecretString="x")
    account.client("secretsmanager").delete_secret(SecretId="password")
    found = account.ahead(named({"AWS::SecretsManager::Secret": "password"}))
    assert "scheduled for deletion" == found.fact("taken")["Secret"]["state"]


def test_a_collection_keeps_its_name_until_it_is_gone(account: Account) -> None:
    store, rule = account.client("opensearchserverless"), {"Rules": [{"Resource": ["collection/leaving"]}]}
    store.create_security_policy(name="leaving", type="encryption", policy=json.dumps(rule))
    id_ = store.create_collection(name="leaving")["createCollectionDetail"]["id"]
    store.delete_collection(id=id_)
    found = account.ahead(named({"AWS::OpenSearchServerless::Collection": "leaving"}))
    assert (id_, "DELETING") == (found.fact("taken")["Collection"]["id"], found.fact("taken")["Collection"]["state"])


def test_an_access_point_of_a_volume_has_its_name_though_s3_lists_it_nowhere(account: Account) -> None:
    account.world.fsx.attach(account.world.fsx.create_volume(REGION, "data"), "of-a-volume")
    found = account.ahead(named({"AWS::FSx::S3AccessPointAttachment": "of-a-volume"}))
    assert "of-a-volume" == found.fact("taken")["S3AccessPointAttachment"]["id"]


def test_a_bucket_of_another_account_is_told_apart(account: Account) -> None:
    bucket(account, "theirs")
    account.world.owners["theirs"] = "111122223333"
    found = account.ahead(named({"AWS::S3::Bucket": "theirs"}))
    assert "another account" == found.fact("taken")["Bucket"]["where"]


def test_what_another_stack_has_is_told_with_the_stack(account: Account) -> None:
    bucket_of = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "of-another-stack"}}
    stack_id = account.world.deploy("uc2-demo", {"Resources": {"Output": bucket_of}})
    found = account.ahead(named({"AWS::S3::Bucket": "of-another-stack"}))
    assert ("uc2-demo", stack_id) == (found.fact("taken")["Bucket"]["stack"], found.fact("taken")["Bucket"]["stack_id"])


def test_what_the_stack_has_under_that_logical_id_is_not_asked_for(account: Account) -> None:
    """Under another one it is in the way: CloudFormation makes the new one first."""
    bucket(account, "own")
    assert {} == account.ahead(named({"AWS::S3::Bucket": "own"}, existing=_with_bucket("Bucket"))).fact("taken")
    assert {"Bucket"} == set(
        account.ahead(named({"AWS::S3::Bucket": "own"}, existing=_with_bucket("Old"))).fact("taken")
    )


def _with_bucket(logical_id: str) -> LiveStack:
    stack = LiveStack("uc1-demo", "id", REGION, ACCOUNT)
    return replace(
        stack,
        resources=(LiveResource("uc1-demo", "id", REGION, ACCOUNT, logical_id, "AWS::S3::Bucket", physical_id="own"),),
    )


def test_a_resource_that_may_be_left_out_is_not_asked_for(account: Account) -> None:
    bucket(account, "perhaps")
    asked = named({"AWS::S3::Bucket": "perhaps"})
    condition = {"Fn::Equals": [{"Ref": "Unknown"}, ""]}
    asked.template["Resources"]["Bucket"]["Condition"] = "Perhaps"
    asked = replace(asked, template={**asked.template, "Conditions": {"Perhaps": condition}})
    assert {} == account.ahead(asked).fact("taken")


def test_one_question_that_is_refused_leaves_the_others(account: Account) -> None:
    account.world.fail(Fault(service="dynamodb", operation="DescribeTable", kind="access-denied", times=None))
    try:
        found = account.ahead(named({"AWS::DynamoDB::Table": "held", "AWS::Logs::LogGroup": "nobody"}))
    finally:
        account.world.faults.clear()
    assert ["taken/Table"] == list(found.unread)
    assert found.unread["taken/Table"].startswith("AccessDeniedException from DescribeTable")
    assert {} == found.fact("taken")


def test_the_endpoints_of_a_vpc_are_told_with_their_route_tables(account: Account) -> None:
    ec2 = account.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    made = [
        ec2.create_vpc_endpoint(
            VpcId=place, ServiceName=f"com.amazonaws.{REGION}.s3", VpcEndpointType="Gateway", **tables
        )["VpcEndpoint"]["VpcEndpointId"]
        for place, tables in ((vpc, {"RouteTableIds": [table]}), (other, {}))
    ]
    endpoint = ("AWS::EC2::VPCEndpoint", {"VpcId": {"Ref": "VpcId"}, "ServiceName": "x"})
    found = account.ahead(rollout({"Gateway": endpoint}, {"VpcId": vpc}))
    assert [
        {
            "id": made[0],
            "service": f"com.amazonaws.{REGION}.s3",
            "vpc_id": vpc,
            "kind": "Gateway",
            "private_dns": True,  # moto's, which EC2 says of no gateway
            "stack": "",
            "stack_id": "",
            "route_table_ids": [table],
        }
    ] == found.fact("endpoints")


def test_a_vpc_that_another_stack_exports_is_found(account: Account) -> None:
    vpc = account.client("ec2").create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
    network = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {"Vpc": {"Value": vpc, "Export": {"Name": "vpc"}}},
    }
    account.world.deploy("network", network)
    account.client("ec2").create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.s3")
    endpoint = ("AWS::EC2::VPCEndpoint", {"VpcId": {"Fn::ImportValue": "vpc"}, "ServiceName": "x"})
    found = account.ahead(rollout({"Gateway": endpoint}))
    assert [vpc] == [one["vpc_id"] for one in found.fact("endpoints")]


def test_objects_are_there_or_not_or_cannot_be_told(account: Account) -> None:
    bucket(account, "code")
    bucket(account, "closed")
    account.client("s3").put_object(Bucket="code", Key="a.zip", Body=b"")
    account.world.owners["closed"] = "111122223333"
    functions = {
        id_: ("AWS::Lambda::Function", {"Code": {"S3Bucket": place, "S3Key": key}})
        for id_, place, key in (
            ("A", "code", "a.zip"),
            ("B", "code", "b.zip"),
            ("C", "no", "c.zip"),
            ("D", "closed", "d"),
        )
    }
    found = account.ahead(rollout(functions))
    assert {"code/a.zip": True, "code/b.zip": False, "no/c.zip": False} == found.fact("objects")
    assert ["objects/closed/d"] == list(found.unread)


def test_a_bucket_that_the_deployment_makes_is_not_asked_for_code(account: Account) -> None:
    found = account.ahead(
        rollout(
            {
                "Code": ("AWS::S3::Bucket", {"BucketName": "to-come"}),
                "Function": ("AWS::Lambda::Function", {"Code": {"S3Bucket": {"Ref": "Code"}, "S3Key": "a.zip"}}),
            }
        )
    )
    assert {} == found.fact("objects")


def test_the_alias_of_a_name_comes_from_fsx_or_from_s3(account: Account) -> None:
    """All aliases are asked for only where two do not belong together."""
    volume = account.world.fsx.create_volume(REGION, "vol1")
    files = account.world.fsx.attach(volume, "files")["S3AccessPoint"]["Alias"]
    bucket(account, "plain")
    control = account.client("s3control")
    objects = control.create_access_point(AccountId=ACCOUNT, Name="objects", Bucket="plain")["Alias"]
    given = {"S3AccessPointAlias": files, "S3AccessPointName": "files"}
    found = account.ahead(rollout({}, {**given, "OutputAccessPointAlias": objects, "OutputAccessPointName": "objects"}))
    assert {"files": files, "objects": objects} == {
        name: one["alias"] for name, one in found.fact("access_points").items()
    }
    assert ({}, None) == (found.unread, found.fact("aliases"))
    wrong = account.ahead(rollout({}, {**given, "S3AccessPointName": "objects"}))
    assert "files" == wrong.fact("aliases")[files]
    missing = account.ahead(rollout({}, {**given, "S3AccessPointName": "fiels"}))
    assert ({"fiels": None}, {}) == (missing.fact("access_points"), missing.unread)


def test_what_has_no_names_asks_nothing(account: Account) -> None:
    asked: Any = account.ahead(rollout({"Bucket": ("AWS::S3::Bucket", {})}))
    assert ([], {}, {}) == (account.world.requests, asked.unread, asked.fact("taken"))
