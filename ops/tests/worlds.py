"""Worlds that tests tear down: one stack for each kind of change, an estate with nearly all of them at once, and
neighbours that must not be touched."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from world_templates import ALLOW, TRUST, arn, of, one, ref

from s3ap_ops.testing import World

Json = Any
KEYS = {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}
TABLE = {**KEYS, "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}
ROLE = "arn:aws:iam::123456789012:role/worker"
VERSIONED = one("AWS::S3::Bucket", VersioningConfiguration={"Status": "Enabled"})
EVERY_FLAG = (
    "--disable-termination-protection",
    "--disable-deletion-protection",
    "--bypass-governance",
    "--release-legal-hold",
    "--delete-bucket-policy",
    "--delete-access-points",
    "--stop-executions",
    "--detach-policies",
    "--remove-targets",
)
# -- what a stack is made of, and what happened to it since


def own(name: str) -> Json:
    """A name that begins with the stack's."""
    return {"Fn::Sub": f"${{AWS::StackName}}-{name}"}


@dataclass(frozen=True, eq=False)
class Scene:
    """A stack in which one kind of change has to be made: `operation` at the wire. `flags` are what `clean` needs;
    `hazard` is the name of what refuses the stack without them, "" if it goes all the same. `takes` gives what else
    goes with it, as kinds and names of the world's state."""

    name: str
    service: str
    operation: str
    resources: Mapping[str, Json]
    since: Callable[[World, Mapping[str, str]], object] = lambda world, names: None
    flags: tuple[str, ...] = ()
    before: Callable[[World], object] = lambda world: None
    deployed: Mapping[str, Json] = field(default_factory=dict)
    stacks: tuple[str, ...] = ("uc1",)
    hazard: str = ""
    takes: Callable[[Mapping[str, str]], Iterable[tuple[str, str]]] = lambda names: ()

    def build(self, world: World) -> World:
        """The world, with the stack "uc1" and a neighbour."""
        neighbours(world)
        self.before(world)
        world.deploy("uc1", of(**self.resources), **self.deployed)
        self.since(world, world.stack("uc1").resources)
        return world

    def __str__(self) -> str:
        return self.name

    # -- beside others in one stack

    @property
    def prefix(self) -> str:
        """What its logical ids begin with there."""
        return "".join(word.title() for word in self.name.replace("5", "").split())

    @property
    def placed(self) -> dict[str, Json]:
        """Its resources under such ids."""
        return {f"{self.prefix}{key}": self._moved(value) for key, value in self.resources.items()}

    @property
    def options(self) -> list[str]:
        """What `clean` needs there: each flag with its value."""
        given = " ".join(self.flags).replace(" --", "\n--").split("\n") if self.flags else []
        return [f"{flag.split()[0]} {self.prefix}{flag.split()[1]}" if " " in flag else flag for flag in given]

    def names(self, found: Any) -> dict[str, str]:
        """The names of its resources in a stack's, by the ids that it has by itself."""
        return {key: found[f"{self.prefix}{key}"] for key in self.resources}

    def _moved(self, value: Json) -> Json:
        if isinstance(value, list):
            return [self._moved(item) for item in value]
        if not isinstance(value, Mapping):
            return value
        return {key: self._target(key, item) or self._moved(item) for key, item in value.items()}

    def _target(self, key: str, item: Json) -> Json:
        """What a reference to one of its resources becomes; None if it is none."""
        if key in ("Ref", "DependsOn") and item in self.resources:
            return f"{self.prefix}{item}"
        if key == "Fn::GetAtt" and item[0] in self.resources:
            return [f"{self.prefix}{item[0]}", *item[1:]]
        return None


def filled(world: World, bucket: str, number: int = 3) -> None:
    """Versions, delete markers and an upload that was never finished."""
    s3 = world.client("s3")
    for turn in range(2):
        for key in range(number):
            s3.put_object(Bucket=bucket, Key=f"results/{key}.json", Body=b"{}" * (turn + 1))
    s3.delete_object(Bucket=bucket, Key="results/0.json")
    s3.create_multipart_upload(Bucket=bucket, Key="half")


def asked(world: World, group: str) -> None:
    """A saved query, a prepared statement and a history."""
    athena = world.client("athena")
    athena.create_named_query(Name="daily", Database="d", QueryString="SELECT 1", WorkGroup=group)
    athena.create_prepared_statement(StatementName="by_day", WorkGroup=group, QueryStatement="SELECT ?")


def referred_to(world: World, group: str) -> str:
    """A foreign group, made if need be, one of whose rules names a group; it has others beside."""
    ec2 = world.client("ec2")
    found = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["endpoints"]}])["SecurityGroups"]
    ours = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    if not found:
        made = ec2.create_security_group(GroupName="endpoints", Description="foreign", VpcId=ours["VpcId"])
        found = [made]
        beside = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
        ec2.authorize_security_group_ingress(GroupId=made["GroupId"], IpPermissions=[beside])
    pair = {"GroupId": group, "Description": "s3ap demo"}
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [pair]}
    ec2.authorize_security_group_ingress(GroupId=found[0]["GroupId"], IpPermissions=[rule])
    return str(found[0]["GroupId"])


def pushed(world: World, repository: str) -> None:
    """An image."""
    digest = f"sha256:{'0' * 64}"
    config = {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 1, "digest": digest}
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    manifest = json.dumps({"schemaVersion": 2, "mediaType": kind, "config": config, "layers": []})
    world.client("ecr").put_image(repositoryName=repository, imageManifest=manifest, imageTag="v1")


def started(world: World, machine: str) -> None:
    """An execution that waits for somebody."""
    world.client("stepfunctions").start_execution(stateMachineArn=machine, name="monday")


def held(world: World, bucket: str) -> None:
    """A version under a legal hold."""
    s3 = world.client("s3")
    s3.put_object(Bucket=bucket, Key="evidence", Body=b"x")
    s3.put_object_legal_hold(Bucket=bucket, Key="evidence", LegalHold={"Status": "ON"})


def closed(world: World, bucket: str) -> None:
    """A policy that lets nobody delete versions."""
    filled(world, bucket)
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject*", "Resource": f"arn:aws:s3:::{bucket}/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    world.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)


def attached(world: World, bucket: str) -> None:
    """An access point that no template has."""
    world.aws("s3control").create_access_point(AccountId=world.account, Name=f"{bucket[:40]}-by-hand", Bucket=bucket)


def worker(world: World) -> None:
    """The role that functions have."""
    world.client("iam").create_role(RoleName="worker", AssumeRolePolicyDocument=json.dumps(TRUST))


def late(world: World) -> None:
    """Functions with a role, whose last log line comes after their log group was deleted."""
    worker(world)
    world.late_logs = True


def policies(world: World, role: str) -> None:
    """A policy that was attached by hand."""
    iam = world.client("iam")
    policy = iam.create_policy(PolicyName=f"{role[:50]}-extra", PolicyDocument=json.dumps(ALLOW))["Policy"]
    iam.attach_role_policy(RoleName=role, PolicyArn=policy["Arn"])


def inline(world: World, role: str) -> None:
    """A policy that was written into a role by hand."""
    world.client("iam").put_role_policy(RoleName=role, PolicyName="by-hand", PolicyDocument=json.dumps(ALLOW))


def targets(world: World, rule: str) -> None:
    """A target that was added by hand."""
    target = {"Id": "by-hand", "Arn": "arn:aws:sqs:ap-northeast-1:123456789012:elsewhere"}
    world.client("events").put_targets(Rule=rule, Targets=[target])


def rules(world: World, bus: str) -> None:
    """A rule with a target that was put on a bus by hand."""
    events = world.client("events")
    events.put_rule(Name=f"{bus}-by-hand", EventBusName=bus, EventPattern='{"source": ["uc"]}', State="ENABLED")
    target = {"Id": "t", "Arn": "arn:aws:sqs:ap-northeast-1:123456789012:elsewhere"}
    events.put_targets(Rule=f"{bus}-by-hand", EventBusName=bus, Targets=[target])


def loose(world: World, group: str) -> None:
    """An interface that nobody uses, with a group."""
    ec2 = world.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    ec2.create_network_interface(SubnetId=subnet, Groups=[group])


def named_function(**more: Json) -> Json:
    """A function whose log group has its name."""
    return one("AWS::Lambda::Function", FunctionName=own("worker"), Role=ROLE, Handler="i.h", Runtime="python3.12",
               Code={"ZipFile": "x"}, **more)  # fmt: skip


def in_vpc(world: World) -> dict[str, Json]:
    """The subnet and network that are there from the beginning."""
    subnet = world.client("ec2").describe_subnets()["Subnets"][0]
    return {"Subnet": subnet["SubnetId"], "Vpc": subnet["VpcId"]}


class VpcScene(Scene):
    """A function in the default network."""

    def build(self, world: World) -> World:
        """As for every scene, with the subnet filled in."""
        neighbours(world)
        worker(world)
        world.pace.poll = 60  # an interface is released after many minutes
        world.deploy("uc1", of(**networked(in_vpc(world)["Subnet"])))
        return world


def networked(subnet: str) -> dict[str, Json]:
    """A function in a subnet with a group of its own."""
    return {
        "Group": one("AWS::EC2::SecurityGroup", GroupDescription="functions"),
        "Function": named_function(VpcConfig={"SubnetIds": [subnet], "SecurityGroupIds": [ref("Group")]}),
    }


GROUP = one("AWS::EC2::SecurityGroup", GroupDescription="functions")
MACHINE = one("AWS::StepFunctions::StateMachine", RoleArn=ROLE)
ROLE_RESOURCE = one("AWS::IAM::Role", AssumeRolePolicyDocument=TRUST)
GUARDED = one("AWS::DynamoDB::Table", DeletionProtectionEnabled=True, **TABLE)
LOG_NAME = {"Fn::Sub": "/aws/lambda/${AWS::StackName}-worker"}
LOG = {**one("AWS::Logs::LogGroup", LogGroupName=LOG_NAME), "DependsOn": "Function"}
BUS = one("AWS::Events::EventBus", Name=own("bus"))
NIGHTLY = one("AWS::Events::Rule", Name=own("nightly"), ScheduleExpression="rate(1 day)", State="ENABLED")
RULE = one("AWS::Events::Rule", Name=own("nightly"), ScheduleExpression="rate(1 day)", State="DISABLED")
LOCKED = one("AWS::S3::Bucket", VersioningConfiguration={"Status": "Enabled"}, ObjectLockEnabled=True)
RETAINED = {"DeletionPolicy": "Retain"}
SCHEDULE = one(
    "AWS::Scheduler::Schedule",
    Name=own("hourly"),
    ScheduleExpression="rate(1 hour)",
    FlexibleTimeWindow={"Mode": "OFF"},
    Target={"Arn": "arn:aws:lambda:ap-northeast-1:123456789012:function:uc1-worker", "RoleArn": ROLE},
)

SCENES = (
    Scene("bucket", "s3", "DeleteObjects", {"B": VERSIONED}, lambda w, n: filled(w, n["B"])),
    Scene("upload", "s3", "AbortMultipartUpload", {"B": VERSIONED}, lambda w, n: filled(w, n["B"])),
    Scene("stack", "cloudformation", "DeleteStack", {"Topic": one("AWS::SNS::Topic")}),
    Scene(
        "termination protection",
        "cloudformation",
        "UpdateTerminationProtection",
        {"Topic": one("AWS::SNS::Topic")},
        flags=("--disable-termination-protection",),
        deployed={"protected": True},
    ),
    Scene("work group", "athena", "DeleteWorkGroup", {"G": one("AWS::Athena::WorkGroup", Name=own("group"))},
          lambda w, n: asked(w, n["G"])),
    Scene("group", "ec2", "RevokeSecurityGroupIngress", {"G": GROUP}, lambda w, n: referred_to(w, n["G"])),
    Scene("interface", "ec2", "DeleteNetworkInterface", {"G": GROUP}, lambda w, n: loose(w, n["G"])),
    VpcScene("function", "lambda", "UpdateFunctionConfiguration", {}),
    Scene("images", "ecr", "BatchDeleteImage", {"R": one("AWS::ECR::Repository")}, lambda w, n: pushed(w, n["R"])),
    Scene("table", "dynamodb", "UpdateTable", {"T": GUARDED},
          flags=("--disable-deletion-protection",), hazard="deletion-protection"),
    Scene("retained table", "dynamodb", "DeleteTable", {"T": {**one("AWS::DynamoDB::Table", **TABLE), **RETAINED}},
          flags=("--include-retained", "T")),
    Scene("retained protected table", "dynamodb", "UpdateTable", {"T": {**GUARDED, **RETAINED}},
          flags=("--include-retained", "T", "--disable-deletion-protection")),
    Scene("retained bucket", "s3", "DeleteBucket", {"B": {**VERSIONED, **RETAINED}}, lambda w, n: filled(w, n["B"]),
          flags=("--include-retained", "B")),
    Scene("log group", "logs", "DeleteLogGroup",
          {"Function": named_function(), "Log": LOG},
          before=late),
    Scene("schedule", "scheduler", "UpdateSchedule", {"S": SCHEDULE, "B": VERSIONED}, lambda w, n: filled(w, n["B"])),
    Scene("rule", "events", "DisableRule", {"R": NIGHTLY, "B": VERSIONED}, lambda w, n: filled(w, n["B"])),
    Scene("target", "events", "RemoveTargets", {"R": RULE}, lambda w, n: targets(w, n["R"]), ("--remove-targets",),
          hazard="foreign-rule-target"),
    Scene("bus", "events", "DeleteRule", {"B": BUS}, lambda w, n: rules(w, n["B"]),
          ("--remove-targets",), hazard="foreign-rule-target", takes=lambda n: [("rules", f"{n['B']}-by-hand")]),
    Scene("execution", "stepfunctions", "StopExecution", {"M": MACHINE}, lambda w, n: started(w, n["M"]),
          ("--stop-executions",), hazard="running-execution"),
    Scene("hold", "s3", "PutObjectLegalHold", {"B": LOCKED}, lambda w, n: held(w, n["B"]), ("--release-legal-hold",),
          hazard="object-lock"),
    Scene("policy", "s3", "DeleteBucketPolicy", {"B": VERSIONED}, lambda w, n: closed(w, n["B"]),
          ("--delete-bucket-policy",), hazard="denying-bucket-policy"),
    Scene("access point", "s3control", "DeleteAccessPoint", {"B": VERSIONED}, lambda w, n: attached(w, n["B"]),
          ("--delete-access-points",), hazard="attached-access-point",
          takes=lambda n: [("access-points", f"{n['B'][:40]}-by-hand")]),
    Scene("attachment", "iam", "DetachRolePolicy", {"R": ROLE_RESOURCE}, lambda w, n: policies(w, n["R"]),
          ("--detach-policies",), hazard="changed-role"),
    Scene("inline policy", "iam", "DeleteRolePolicy", {"R": ROLE_RESOURCE}, lambda w, n: inline(w, n["R"]),
          ("--detach-policies",), hazard="changed-role"),
)  # fmt: skip
"""One small world for each kind of change that a plan can hold."""


# -- neighbours


def neighbours(world: World) -> None:
    """What has names like the stack's, and is not the stack's: a bucket, a table, a stack, a work group, a group."""
    s3 = world.client("s3")
    s3.create_bucket(Bucket="uc1-output-123456789012", CreateBucketConfiguration={"LocationConstraint": world.region})
    s3.put_object(Bucket="uc1-output-123456789012", Key="precious", Body=b"x")
    world.client("dynamodb").create_table(TableName="uc1-history", BillingMode="PAY_PER_REQUEST", **TABLE)
    world.client("athena").create_work_group(Name="uc1-workgroup")
    asked(world, "uc1-workgroup")
    world.client("logs").create_log_group(logGroupName="/aws/lambda/uc1-worker-2")
    world.deploy("uc1-other", of(Bucket=VERSIONED, Topic=one("AWS::SNS::Topic")))
    filled(world, world.stack("uc1-other").resources["Bucket"], 1)


# -- all at once

ESTATE_FLAGS = (
    "--disable-termination-protection",
    "--disable-deletion-protection",
    "--stop-executions",
    "--include-retained",
    "Asked",
)


class EstateScene(Scene):
    """The whole estate."""

    def build(self, world: World) -> World:
        """The world, with both stacks and neighbours."""
        return estate(world)


def estate(world: World) -> World:
    """Two stacks, uc1 and uc2, that hold nearly everything that has to be cleared away, and neighbours.

    uc1 exports what uc2 imports, and has a retained table that nobody asks to delete, and one that somebody does.
    """
    neighbours(world)
    late(world)
    world.pace.poll = 60
    world.deploy("uc1", _uc1(in_vpc(world)["Subnet"]), protected=True)
    world.deploy("uc2", _uc2())
    names = world.stack("uc1").resources
    filled(world, names["Output"], 4)
    filled(world, world.stack("uc2").resources["Copy"])
    asked(world, names["Queries"])
    referred_to(world, names["Group"])
    pushed(world, names["Images"])
    started(world, names["Machine"])
    world.client("dynamodb").put_item(TableName=names["Kept"], Item={"id": {"S": "1"}})
    return world


def _uc1(subnet: str) -> dict[str, Json]:
    kept = {**one("AWS::DynamoDB::Table", **TABLE), **RETAINED}
    template = of(
        Output=VERSIONED,
        Queries=one("AWS::Athena::WorkGroup", Name=own("group")),
        **networked(subnet),
        Log=LOG,
        Images=one("AWS::ECR::Repository"),
        Guarded=GUARDED,
        Kept=kept,
        Asked=kept,
        Machine=MACHINE,
        Schedule=SCHEDULE,
        Entry={**one("Custom::Entry", ServiceToken=arn("Function"))},
        Topic=one("AWS::SNS::Topic"),
    )
    template["Outputs"] = {"Topic": {"Value": ref("Topic"), "Export": {"Name": "uc1-topic"}}}
    return template


def _uc2() -> dict[str, Json]:
    topic = {"Fn::ImportValue": "uc1-topic"}
    return of(Copy=VERSIONED, Note=one("AWS::SNS::Topic", DisplayName=topic))


ESTATE = EstateScene("estate", "cloudformation", "DeleteStack", {}, flags=ESTATE_FLAGS, stacks=("uc1", "uc2"))


class HouseScene(Scene):
    """One stack with a change of every phase: before its deletion, and after it."""

    def build(self, world: World) -> World:
        """The world, with the stack and neighbours."""
        neighbours(world)
        late(world)
        kept = {**GUARDED, **RETAINED}
        world.deploy("uc1", of(Function=named_function(), Log=LOG, Bucket=VERSIONED, Asked=kept), protected=True)
        filled(world, world.stack("uc1").resources["Bucket"])
        return world


HOUSE = HouseScene("house", "cloudformation", "DeleteStack", {}, flags=("--include-retained", "Asked", *EVERY_FLAG))
