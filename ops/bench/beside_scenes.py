"""The worlds in which tear-downs are compared: each the same for every rival, with what its stacks are and what is not
theirs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from s3ap_ops.testing import Fault, World
from s3ap_ops.testing.cloudformation import templates

LEGAL, FACTORY = "fsxn-legal-compliance-demo", "fsxn-manufacturing-analytics-demo"
OWN_NAMES = {
    "OutputBucketName": {"Type": "String", "Default": "audit-output"},
    "ResultsBucketName": {"Type": "String", "Default": "audit-results"},
    "WorkgroupName": {"Type": "String", "Default": "audit"},
}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}],
}


@dataclass(frozen=True)
class Scene:
    """One comparison. `stacks` are to go; `script` is what the script is told of them; `flags` are of a second run of
    s3ap-ops, where it has to be asked for something; `bystanders` are stacks that come with the scene and stay;
    `needs` is what a project's file would say of the stacks: which needs which."""

    title: str
    build: Callable[[World, Place], None]
    stacks: tuple[str, ...] = (LEGAL,)
    script: tuple[str, ...] = ("UC1",)
    flags: tuple[str, ...] = ()
    bystanders: tuple[str, ...] = ()
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """What is around the stacks, and nobody's to delete: a network, and a group that others keep for its endpoints.
    `alone`: that group has no rule for the stacks' groups, unless a scene is about such rules."""

    vpc: str
    subnet: str
    routes: str
    shared: str
    alone: bool


class Late(Fault):
    """A fault that begins to strike when a deletion has been asked for."""

    world: World

    def strikes(self, service: str, operation: str, params: dict[str, Any]) -> bool:
        begun = any(request.operation == "DeleteStack" for request in self.world.requests)
        return begun and super().strikes(service, operation, params)


def around(world: World, *, alone: bool = False) -> Place:
    """The surroundings, the same in every scene: a network with a shared group, and somebody else's stack with data."""
    ec2 = world.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    world.deploy(
        "network",
        _template(
            Endpoints=_one(
                "AWS::EC2::SecurityGroup",
                GroupDescription="endpoints",
                VpcId=vpc,
                SecurityGroupIngress=[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/16"}],
            )
        ),
    )
    world.deploy(
        "neighbour",
        _template(
            Data=_one("AWS::S3::Bucket", BucketName="neighbour-output", **_VERSIONED),
            Group=_one("AWS::Athena::WorkGroup", Name="neighbour-workgroup"),
            Table=_table(),
        ),
    )
    fill(world, "neighbour-output")
    shared = world.stack("network").resources["Endpoints"]
    return Place(vpc, subnet, tables["RouteTables"][0]["RouteTableId"], shared, alone)


def fill(world: World, bucket: str, versions: int = 6) -> None:
    """Versions of a few keys, and a delete marker to each twentieth."""
    s3 = world.aws("s3")
    for number in range(versions):
        s3.put_object(Bucket=bucket, Key=f"out/{number // 2:05}.json", Body=b"x")
    for number in range(0, versions, 20):
        s3.delete_object(Bucket=bucket, Key=f"out/{number // 2:05}.json")


def query(world: World, group: str) -> None:
    """A saved query, for which a workgroup does not go by itself."""
    world.client("athena").create_named_query(Name="q", Database="d", QueryString="SELECT 1", WorkGroup=group)


def permit(world: World, place: Place, group: str, way: str = "ingress", port: int = 443) -> None:
    """A rule of the shared group for a group."""
    rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "UserIdGroupPairs": [{"GroupId": group}]}
    getattr(world.client("ec2"), f"authorize_security_group_{way}")(GroupId=place.shared, IpPermissions=[rule])


# -- templates


_VERSIONED: dict[str, Any] = {"VersioningConfiguration": {"Status": "Enabled"}}


def _one(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


def _template(**resources: Any) -> dict[str, Any]:
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


def _named(text: str) -> dict[str, str]:
    return {"Fn::Sub": text}


def _table(**more: Any) -> dict[str, Any]:
    return _one(
        "AWS::DynamoDB::Table",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        **more,
    )


def application(place: Place, *, named: bool = False, inside: bool = False) -> dict[str, Any]:
    """An application as the script knows it; `named`: by its parameters; `inside`: with functions in the network."""
    output = "${OutputBucketName}" if named else "${AWS::StackName}-output-${AWS::AccountId}"
    results = "${ResultsBucketName}" if named else "${AWS::StackName}-athena-results-${AWS::AccountId}"
    group = "${WorkgroupName}" if named else "${AWS::StackName}-workgroup"
    network = {
        "SubnetIds": [place.subnet],
        "SecurityGroupIds": [{"Ref": "LambdaSecurityGroup"}],
    }
    function = _one(
        "AWS::Lambda::Function",
        FunctionName=_named("${AWS::StackName}-discovery"),
        Role={"Fn::GetAtt": ["Role", "Arn"]},
        Handler="handler.handler",
        Runtime="python3.12",
        Code={"S3Bucket": "packages", "S3Key": "discovery.zip"},
        **({"VpcConfig": network} if inside else {}),
    )
    found = _template(
        LambdaSecurityGroup=_one("AWS::EC2::SecurityGroup", GroupDescription="functions", VpcId=place.vpc),
        OutputBucket=_one("AWS::S3::Bucket", BucketName=_named(output), **_VERSIONED),
        AthenaResultsBucket=_one("AWS::S3::Bucket", BucketName=_named(results), **_VERSIONED),
        AthenaWorkgroup=_one("AWS::Athena::WorkGroup", Name=_named(group)),
        Role=_one("AWS::IAM::Role", RoleName=_named("${AWS::StackName}-role"), AssumeRolePolicyDocument=TRUST),
        Discovery=function,
        Log=_one("AWS::Logs::LogGroup", LogGroupName=_named("/aws/lambda/${AWS::StackName}-discovery")),
        Table=_table(),
        Topic=_one("AWS::SNS::Topic"),
    )
    return found | ({"Parameters": OWN_NAMES} if named else {})


def deploy(
    world: World, place: Place, template: dict[str, Any], name: str = LEGAL, *, protected: bool = False, full: int = 6
) -> None:
    """A stack of an application, with what has come into its buckets and its workgroup, and its rule of the shared
    group."""
    world.deploy(name, template, protected=protected)
    settle(world, place, name, full)


def settle(world: World, place: Place, name: str, full: int = 6) -> None:
    """What the running of an application leaves."""
    rows = world.stack(name).resources.values()
    for row in rows:
        if row.type == "AWS::S3::Bucket":
            fill(world, row.physical, full)
        if row.type == "AWS::Athena::WorkGroup":
            query(world, row.physical)
        if row.logical == "LambdaSecurityGroup" and not place.alone:
            permit(world, place, row.physical)


# -- scenes


def _empty(world: World, place: Place) -> None:
    world.deploy(LEGAL, application(place))


def _home(world: World, place: Place) -> None:
    deploy(world, place, application(place))


def _renamed(world: World, place: Place) -> None:
    deploy(world, place, application(place, named=True))


def _retained(world: World, place: Place) -> None:
    template = application(place)
    template["Resources"]["OutputBucket"]["DeletionPolicy"] = "Retain"
    deploy(world, place, template)


def _protected(world: World, place: Place) -> None:
    deploy(world, place, application(place), protected=True)


def _export(template: dict[str, Any]) -> dict[str, Any]:
    exported = {"Value": {"Ref": "Topic"}, "Export": {"Name": "audit-topic"}}
    return {**template, "Outputs": {"Topic": exported}}


def _import(template: dict[str, Any]) -> dict[str, Any]:
    policy = _one("AWS::SNS::Subscription", TopicArn={"Fn::ImportValue": "audit-topic"}, Protocol="sqs",
                  Endpoint="arn:aws:sqs:ap-northeast-1:123456789012:audit")  # fmt: skip
    return {**template, "Resources": {**template["Resources"], "Heard": policy}}


def _imported(world: World, place: Place) -> None:
    deploy(world, place, _export(application(place)))
    world.deploy("reader", _import(_template(Queue=_one("AWS::SQS::Queue"))))


def _edges(world: World, place: Place) -> None:
    deploy(world, place, application(place))
    group = world.stack(LEGAL).resources["LambdaSecurityGroup"]
    if place.alone:
        permit(world, place, group)
    permit(world, place, group, port=8443)
    permit(world, place, group, way="egress")


def _many(world: World, place: Place) -> None:
    deploy(world, place, application(place), full=2_500)


def _hiccup(world: World, place: Place) -> None:
    deploy(world, place, application(place))
    world.fail(Fault("s3", "DeleteObjects", "in-200"))


def _locked(world: World, place: Place) -> None:
    template = application(place)
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 30}}
    template["Resources"]["OutputBucket"]["Properties"] |= {
        "ObjectLockEnabled": True,
        "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", "Rule": rule},
    }
    deploy(world, place, template)


def _denied(world: World, place: Place) -> None:
    deploy(world, place, application(place))
    bucket = world.stack(LEGAL).resources["OutputBucket"]
    denial = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["s3:DeleteObject", "s3:DeleteObjectVersion"],
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [denial]})
    world.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)


def _throttled(world: World, place: Place) -> None:
    deploy(world, place, application(place))
    fault = Late("cloudformation", "DescribeStacks", "throttle", times=7)
    fault.world = world
    world.fail(fault)


def _reset(world: World, place: Place) -> None:
    deploy(world, place, application(place))
    deploy(world, place, application(place), FACTORY)
    world.fail(Fault("s3", "DeleteObjects", "reset", times=6, key=LEGAL))


@dataclass(frozen=True)
class _Nested:
    """Buckets and workgroup in a nested stack, named after the root or, as CloudFormation does, after themselves."""

    is_named_by_root: bool

    def __call__(self, world: World, place: Place) -> None:
        template = application(place)
        names = ("OutputBucket", "AthenaResultsBucket", "AthenaWorkgroup")
        inner = {name: template["Resources"].pop(name) for name in names}
        if not self.is_named_by_root:
            for bucket in names[:2]:
                del inner[bucket]["Properties"]["BucketName"]
        text = json.dumps(_template(**inner))
        url = "https://packages.s3.amazonaws.com/storage.json"
        short = LEGAL if self.is_named_by_root else "${AWS::StackName}"
        world.templates[url] = text.replace("${AWS::StackName}", short)
        template["Resources"]["S"] = _one("AWS::CloudFormation::Stack", TemplateURL=url)
        deploy(world, place, template)
        settle(world, place, world.stack(LEGAL).resources["S"])


def _ordered(world: World, place: Place) -> None:
    deploy(world, place, _export(application(place)))
    deploy(world, place, _import(application(place)), FACTORY)


def _scripts(world: World, place: Place) -> None:
    template = application(place)
    for logical, word in (("GlueScriptsBucket", "glue-scripts"), ("SourceBucket", "source")):
        name = _named(f"${{AWS::StackName}}-{word}-${{AWS::AccountId}}")
        template["Resources"][logical] = _one("AWS::S3::Bucket", BucketName=name, **_VERSIONED)
    deploy(world, place, template)


def _network(world: World, place: Place) -> None:
    deploy(world, place, application(place, inside=True))


def _table_protected(world: World, place: Place) -> None:
    template = application(place)
    template["Resources"]["Table"] = _table(DeletionProtectionEnabled=True)
    deploy(world, place, template)


def _failed(world: World, place: Place) -> None:
    deploy(world, place, application(place))
    world.client("cloudformation").delete_stack(StackName=LEGAL)
    world.clock.advance(7_200)


SCENES: Mapping[str, Scene] = {
    "empty": Scene("nothing in it, and nobody refers to it", _empty),
    "home": Scene("its home case", _home),
    "renamed": Scene("names given by parameters", _renamed),
    "retained": Scene("the output bucket is retained", _retained),
    "protected": Scene("termination protection", _protected, flags=("--disable-termination-protection",)),
    "imported": Scene("an export that another stack imports", _imported, bystanders=("reader",)),
    "edges": Scene("rules of the shared group: 443, 8443, and outbound", _edges),
    "many": Scene("2,500 versions and 125 markers in each of two buckets", _many),
    "hiccup": Scene("InternalError for every key of the first DeleteObjects, inside 200", _hiccup),
    "locked": Scene("versions under a governance lock", _locked, flags=("--bypass-governance",)),
    "denied": Scene("a bucket policy denies deleting", _denied, flags=("--delete-bucket-policy",)),
    "throttled": Scene("the polls are throttled seven times in a row", _throttled),
    "reset": Scene(
        "two stacks; the first one's DeleteObjects is reset six times",
        _reset,
        (LEGAL, FACTORY),
        ("UC1", "UC3"),
    ),
    "nested": Scene("buckets and workgroup in a nested stack, named after the root", _Nested(is_named_by_root=True)),
    "inner": Scene("the same, with names of their own", _Nested(is_named_by_root=False)),
    "ordered": Scene("two stacks, the one named first exports to the second", _ordered, (LEGAL, FACTORY),
                     ("UC1", "UC3"), needs={FACTORY: (LEGAL,)}),
    "scripts": Scene("two more buckets: glue-scripts, source", _scripts),
    "network": Scene("functions in a network", _network),
    "table": Scene("a table with deletion protection", _table_protected, flags=("--disable-deletion-protection",)),
    "failed": Scene("already DELETE_FAILED, for what the script handles", _failed),
}  # fmt: skip


# -- a library's own templates


@dataclass(frozen=True)
class Deployed:
    """Builds a world from a template file, as its parameters' types and names ask."""

    path: Path
    all_on: bool

    @property
    def name(self) -> str:
        """The stack's name, as the script makes it of the folder's."""
        return f"fsxn-{self.path.parent.name}-demo"

    def __call__(self, world: World, place: Place) -> None:
        text = self.path.read_text("utf-8")
        parameters, _ = templates.read(text)
        wanted = {key: row for key, row in parameters.get("Parameters", {}).items() if "Default" not in row}
        given = {key: _value(key, row, place) for key, row in wanted.items()}
        if self.all_on:
            given |= {key: "true" for key, row in parameters["Parameters"].items() if _is_switch(row)}
        world.deploy(self.name, text, given)
        settle(world, place, self.name)


def _value(key: str, row: Mapping[str, Any], place: Place) -> str:
    if "VPC::Id" in row["Type"]:
        return place.vpc
    if "Subnet" in row["Type"]:
        return place.subnet
    if "RouteTable" in key:
        return place.routes
    if "Alias" in key:
        return "audit-ext-s3alias"
    return "10.0.0.9" if key.endswith("Ip") else str(row.get("AllowedValues", [key.lower()])[0])


def _is_switch(row: Mapping[str, Any]) -> bool:
    return {str(value).lower() for value in row.get("AllowedValues", ())} == {"true", "false"}


def library(folder: Path, *, all_on: bool) -> dict[str, Scene]:
    """A scene to each `*/template-deploy.yaml` of a folder, with defaults, or with all that can be switched on."""
    found = {}
    for path in sorted(folder.glob("*/template-deploy.yaml")):
        own, name = Deployed(path, all_on), path.parent.name
        found[name] = Scene(name, own, (own.name,), (name,))
    return found
