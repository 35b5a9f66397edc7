"""Estates drawn at random: stacks that import from each other, share groups, providers, endpoints and buckets, and are
protected in all ways; how one is built in a world; and, told from AWS's rules alone, which of its stacks can go."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from rare_scenes import BESIDE
from world_templates import TRUST, of, one, ref

from s3ap_ops.testing import World

Json = Any
ROLE = "arn:aws:iam::123456789012:role/worker"
VERSIONED = one("AWS::S3::Bucket", VersioningConfiguration={"Status": "Enabled"})
KEYS = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
}
RETAINED = {"DeletionPolicy": "Retain"}
ENDPOINTS, RESULTS = "--accept S3AP613", "--accept S3AP836"
LIFTED = {
    "termination-protection": "--disable-termination-protection",
    "deletion-protection": "--disable-deletion-protection",
    "running-execution": "--stop-executions",
    "changed-role": "--detach-policies",
    "foreign-rule-target": "--remove-targets",
    "unknown-resource-type": "--accept S3AP809",
}
"""What refuses a stack by itself until a flag is given, and the flag."""


@dataclass(frozen=True)
class Drawn:
    """One stack. Other stacks are named; an empty name is none, and a name before a field is whose it is.

    `imports`: whose exports it imports; `place`: whose group its function is in, "-" for no network, "" for no
    function; `endpoint`: for which service it has one; `provider`: whose function answers for its custom resource,
    "ghost" if nobody's; `opens`: whose group is named by a rule, made as `opened_by`, in this one's group; `results`:
    into whose bucket its queries' results go; `has_namesakes`: a role and a table named like its function and queries;
    `scenes`: the names of the scenes that it holds beside.
    """

    name: str
    is_target: bool = True
    imports: tuple[str, ...] = ()
    place: str = ""
    has_group: bool = False
    has_stranger: bool = False
    has_foreign_rule: bool = False
    has_loose_interface: bool = False
    endpoint: str = ""
    provider: str = ""
    keeps_custom: bool = False
    opens: tuple[str, ...] = ()
    opened_by: str = "inline"
    versions: int = -1
    keeps_bucket: bool = False
    queries: int = -1
    results: str = ""
    table: str = ""
    has_namesakes: bool = False
    nested: str = ""
    troubles: frozenset[str] = frozenset()
    scenes: tuple[str, ...] = ()

    @property
    def function(self) -> str:
        """What its function is called."""
        return f"{self.name}-function"


@dataclass(frozen=True)
class Estate:
    """Stacks in the order in which they were made, and the flags with which they are torn down."""

    stacks: tuple[Drawn, ...]
    flags: frozenset[str] = frozenset()

    @property
    def targets(self) -> list[str]:
        """The names of the stacks that are meant."""
        return [stack.name for stack in self.stacks if stack.is_target]

    @property
    def arguments(self) -> list[str]:
        """The flags, for a command line."""
        return [word for flag in sorted(self.flags) for word in flag.split(" ")]


# -- drawing


def drawn(source: random.Random, most: int, least: int = 1) -> Estate:
    """An estate of `least` stacks to `most`; the smaller the numbers of the source, the plainer it is."""

    def chance(part: float) -> bool:
        return source.random() > 1 - part

    def other(names: list[str], part: float) -> str:
        return source.choice(names) if names and chance(part) else ""

    calm = source.random() / 2  # some estates have little trouble, so that most of their stacks go
    free = ["dynamodb", "s3"]  # a route table takes one gateway for each
    stacks: list[Drawn] = []
    for number in range(source.randint(least, most)):
        name = f"s{number:02}"
        before = [stack.name for stack in stacks]
        grouped = [stack.name for stack in stacks if stack.has_group]
        functions = [stack.name for stack in stacks if stack.place]
        has_group = chance(0.6)
        own = ["-", name] if has_group else ["-"]
        stacks.append(
            Drawn(
                name,
                is_target=not chance(0.15),
                imports=tuple(sorted({other(before, 0.4), other(before, 0.2)} - {""})),
                place=(other(grouped, 0.3) or source.choice(own)) if chance(0.6) else "",
                has_group=has_group,
                has_stranger=has_group and chance(calm * 0.08),
                has_foreign_rule=has_group and chance(0.3),
                has_loose_interface=has_group and chance(0.1),
                endpoint=free.pop() if free and chance(0.1) else "",
                provider=other(functions, 0.35) or ("ghost" if chance(calm * 0.06) else ""),
                keeps_custom=chance(0.15),
                opens=tuple({other(grouped, 0.4)} - {""}) if has_group else (),
                opened_by=source.choice(["inline", "resource", "egress", "kept"]),
                versions=source.choice([-1, 0, 2]),
                keeps_bucket=chance(0.15),
                queries=source.choice([-1, 0, 1]),
                results=other([stack.name for stack in stacks if stack.versions >= 0], 0.15),
                table=source.choice(["", "plain", "kept"]),
                has_namesakes=chance(0.3),
                nested=source.choice(["", "", "plain", "kept"]),
                troubles=frozenset(trouble for trouble in TROUBLES if chance(calm * 0.12)),
            )
        )
    flags = frozenset(flag for flag in (*LIFTED.values(), ENDPOINTS, RESULTS) if chance(0.4))
    return Estate(tuple(_looped(stack, stacks, source) if chance(0.06) else stack for stack in stacks), flags)


TROUBLES = (*LIFTED, "foreign-resource", "stack-in-progress", "nested-protection")


def _looped(stack: Drawn, stacks: list[Drawn], source: random.Random) -> Drawn:
    """A stack that uses something of one that was made later, so that they may go round in a circle."""
    later = [one for one in stacks if one.name > stack.name]
    if not later:
        return stack
    other = source.choice(later)
    if other.place and not stack.provider and source.random() > 0.5:
        return replace(stack, provider=other.name)
    return replace(stack, imports=(*stack.imports, other.name))


# -- building


def build(estate: Estate, world: World) -> None:
    """Makes the stacks, with what others did to them since, and some neighbours."""
    world.aws("iam").create_role(RoleName="worker", AssumeRolePolicyDocument=json.dumps(TRUST))
    by_name = {stack.name: stack for stack in estate.stacks}
    subnet = world.aws("ec2").describe_subnets()["Subnets"][0]
    foreign = world.aws("ec2").create_security_group(GroupName="shared", Description="-", VpcId=subnet["VpcId"])
    world.aws("athena").create_work_group(Name="s00-workgroup")
    world.late_logs = any("log group" in stack.scenes for stack in estate.stacks)
    for stack in estate.stacks:
        _deploy(stack, by_name, world, subnet)
    for stack in estate.stacks:
        _loop(stack, by_name, world, subnet)
        _happened(stack, world, subnet, foreign["GroupId"])
    world.forget()


def _deploy(stack: Drawn, by_name: Mapping[str, Drawn], world: World, subnet: Mapping[str, str]) -> None:
    if stack.nested:
        world.templates[f"https://s3/{stack.name}"] = json.dumps(of(**_child(stack)))
    protected = "termination-protection" in stack.troubles
    world.deploy(stack.name, _template(stack, by_name, world, subnet, before=stack.name), protected=protected)


def _loop(stack: Drawn, by_name: Mapping[str, Drawn], world: World, subnet: Mapping[str, str]) -> None:
    """Adds by an update what uses stacks that came later."""
    if max((*stack.imports, stack.provider)) > stack.name:
        template = _template(stack, by_name, world, subnet, before="t")
        world.aws("cloudformation").update_stack(
            StackName=stack.name,
            TemplateBody=json.dumps(template),
            Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
        world.stacks.settle(world.stack(stack.name))


def _template(
    stack: Drawn, by_name: Mapping[str, Drawn], world: World, subnet: Mapping[str, str], before: str
) -> dict[str, Json]:
    """The template of a stack, as far as it uses stacks whose names are before a name."""
    name, given = stack.name, {one for one in stack.imports if one < before}
    resources: dict[str, Json] = {
        "Topic": one("AWS::SNS::Topic", TopicName=f"{name}-topic"),
        **{f"Note{other}": one("AWS::SNS::Topic", DisplayName=imported(other)) for other in sorted(given)},
        **dict(_network(stack, world, subnet)),
        **dict(_storage(stack, world)),
        **{key: value for scene in stack.scenes for key, value in BESIDE[scene].placed.items()},
    }
    if stack.provider and (stack.provider < before or stack.provider == "ghost"):
        token = f"arn:aws:lambda:{world.region}:{world.account}:function:{stack.provider}-function"
        resources["Custom"] = one("Custom::Thing", ServiceToken=token) | (RETAINED if stack.keeps_custom else {})
        if not stack.is_target and stack.provider != "ghost":  # whoever is not looked at has to say whom he needs
            resources["Note"] = one("AWS::SNS::Topic", DisplayName=imported(stack.provider))
    template = of(**resources)
    template["Outputs"] = {"Topic": {"Value": ref("Topic"), "Export": {"Name": f"{name}-topic"}}}
    return template


def imported(name: str) -> Json:
    """What a stack exports."""
    return {"Fn::ImportValue": f"{name}-topic"}


def _network(stack: Drawn, world: World, subnet: Mapping[str, str]) -> Iterator[tuple[str, Json]]:
    inline: list[Json] = []
    for owner in stack.opens:
        rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
        source = {**rule, "SourceSecurityGroupId": world.stack(owner).resources["Group"]}
        if stack.opened_by == "inline":
            inline.append(source)
        elif stack.opened_by == "egress":
            target = {"DestinationSecurityGroupId": source["SourceSecurityGroupId"]}
            yield "Rule", one("AWS::EC2::SecurityGroupEgress", GroupId=ref("Group"), **rule, **target)
        else:
            kept = RETAINED if stack.opened_by == "kept" else {}
            yield "Rule", one("AWS::EC2::SecurityGroupIngress", GroupId=ref("Group"), **source) | kept
    if stack.has_group:
        yield "Group", one("AWS::EC2::SecurityGroup", GroupDescription="functions", SecurityGroupIngress=inline)
    if stack.endpoint:
        tables = world.aws("ec2").describe_route_tables()["RouteTables"]
        where = {"VpcId": subnet["VpcId"], "RouteTableIds": [tables[0]["RouteTableId"]]}
        yield (
            "Endpoint",
            one("AWS::EC2::VPCEndpoint", ServiceName=f"com.amazonaws.{world.region}.{stack.endpoint}", **where),
        )
    if stack.place:
        yield "Function", _function(stack, world, subnet)


def _function(stack: Drawn, world: World, subnet: Mapping[str, str]) -> Json:
    made = one("AWS::Lambda::Function", FunctionName=stack.function, Role=ROLE, Handler="i.h", Code={"ZipFile": "x"})
    if stack.place != "-":
        group = ref("Group") if stack.place == stack.name else world.stack(stack.place).resources["Group"]
        made["Properties"]["VpcConfig"] = {"SubnetIds": [subnet["SubnetId"]], "SecurityGroupIds": [group]}
    return made


def _storage(stack: Drawn, world: World) -> Iterator[tuple[str, Json]]:
    troubles = stack.troubles
    if stack.versions >= 0:
        yield "Bucket", VERSIONED | (RETAINED if stack.keeps_bucket else {})
    if stack.queries >= 0:
        place = world.stack(stack.results).resources["Bucket"] if stack.results else ""
        to = {"ResultConfiguration": {"OutputLocation": f"s3://{place}/"}} if place else {}
        yield "Queries", one("AWS::Athena::WorkGroup", Name=f"{stack.name}-queries", WorkGroupConfiguration=to)
    if stack.table:
        yield "Table", one("AWS::DynamoDB::Table", **KEYS) | (RETAINED if stack.table == "kept" else {})
    if stack.has_namesakes:  # of its function and of its workgroup; names are unique within a type only
        yield "Namesake", one("AWS::IAM::Role", RoleName=stack.function, AssumeRolePolicyDocument=TRUST)
        yield "Twin", one("AWS::DynamoDB::Table", TableName=f"{stack.name}-queries", **KEYS) | RETAINED
    if "deletion-protection" in troubles:
        yield "Guarded", one("AWS::DynamoDB::Table", DeletionProtectionEnabled=True, **KEYS)
    if "foreign-resource" in troubles:
        yield "Stolen", one("AWS::DynamoDB::Table", **KEYS)
    if "running-execution" in troubles:
        yield "Machine", one("AWS::StepFunctions::StateMachine", RoleArn=ROLE)
    if "changed-role" in troubles:
        yield "Role", one("AWS::IAM::Role", AssumeRolePolicyDocument=TRUST)
    if "foreign-rule-target" in troubles:
        yield "Daily", one("AWS::Events::Rule", ScheduleExpression="rate(1 day)", State="DISABLED")
    if "unknown-resource-type" in troubles:
        yield "Unheard", one("AWS::Unheard::Of", Name="x")
    if stack.nested:
        kept = RETAINED if stack.nested == "kept" else {}
        yield "Nested", one("AWS::CloudFormation::Stack", TemplateURL=f"https://s3/{stack.name}") | kept


def _child(stack: Drawn) -> dict[str, Json]:
    guarded = "nested-protection" in stack.troubles
    return {"Inner": VERSIONED, "Rows": one("AWS::DynamoDB::Table", DeletionProtectionEnabled=guarded, **KEYS)}


def _happened(stack: Drawn, world: World, subnet: Mapping[str, str], foreign: str) -> None:
    """What people and programs did since."""
    names, troubles, ec2 = world.stack(stack.name).resources, stack.troubles, world.aws("ec2")
    for scene in stack.scenes:
        BESIDE[scene].since(world, BESIDE[scene].names(names))
    for bucket in _buckets(stack, world):
        for turn in range(max(stack.versions, 1)):
            world.aws("s3").put_object(Bucket=bucket, Key="k", Body=b"x" * turn)
        world.aws("s3").delete_object(Bucket=bucket, Key="k")
    if stack.queries > 0:
        asked = {"Database": "d", "QueryString": "SELECT 1", "WorkGroup": f"{stack.name}-queries"}
        world.aws("athena").create_named_query(Name="daily", **asked)
    if stack.has_foreign_rule:
        rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": names["Group"]}]}
        ec2.authorize_security_group_ingress(GroupId=foreign, IpPermissions=[rule])
    if stack.has_loose_interface:
        ec2.create_network_interface(SubnetId=subnet["SubnetId"], Groups=[names["Group"]])
    if stack.has_stranger:
        code, inside = {"ZipFile": b"x"}, {"SubnetIds": [subnet["SubnetId"]], "SecurityGroupIds": [names["Group"]]}
        made = {"Role": ROLE, "Handler": "i.h", "Runtime": "python3.12", "Code": code, "VpcConfig": inside}
        world.aws("lambda").create_function(FunctionName=f"{stack.name}-stranger", **made)
    if "running-execution" in troubles:
        world.aws("stepfunctions").start_execution(stateMachineArn=names["Machine"], name="monday")
    if "changed-role" in troubles:
        allowed = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        world.aws("iam").put_role_policy(RoleName=names["Role"], PolicyName="by-hand", PolicyDocument=policy)
    if "foreign-rule-target" in troubles:
        target = {"Id": "by-hand", "Arn": f"arn:aws:sqs:{world.region}:{world.account}:elsewhere"}
        world.aws("events").put_targets(Rule=names["Daily"], Targets=[target])
    if "foreign-resource" in troubles:
        for tag in world.backend("dynamodb").tables[names["Stolen"]].tags:
            if tag["Key"] == "aws:cloudformation:stack-id":
                tag["Value"] = tag["Value"].replace(f"stack/{stack.name}/", "stack/elsewhere/")
    if "stack-in-progress" in troubles:
        world.stack(stack.name).status = "UPDATE_IN_PROGRESS"


def _buckets(stack: Drawn, world: World) -> Iterator[str]:
    names = world.stack(stack.name).resources
    if stack.versions > 0:
        yield names["Bucket"]
    if stack.nested:
        yield world.stack(names["Nested"]).resources["Inner"]


# -- what has to come of it


def troubled(stack: Drawn, flags: frozenset[str]) -> set[str]:
    """The names of the hazards that refuse a stack by itself, whatever is torn down with it."""
    found = {name for name in stack.troubles if LIFTED.get(name) not in flags}
    if "nested-protection" in found:
        found.remove("nested-protection")
        if stack.nested == "plain" and LIFTED["deletion-protection"] not in flags:
            found.add("deletion-protection")
    for scene in (BESIDE[name] for name in stack.scenes):
        is_lifted = scene.options and flags.issuperset(scene.options)
        found |= {scene.hazard} if scene.hazard and not is_lifted else set()
    if stack.has_stranger:
        found.add("foreign-network-interface")
    if stack.provider == "ghost" and not stack.keeps_custom:
        found.add("dead-custom-resource")
    return found


def going(estate: Estate) -> frozenset[str]:
    """The names of the stacks that can be deleted without a fault, and without harm to whatever stays."""
    free = {one.name for one in estate.stacks if one.is_target and not troubled(one, estate.flags)}
    while True:
        gone = _in_some_order(estate, free)
        unharmed = {name for name in gone if not _harmed_by(name, estate, gone)}
        if unharmed == free:
            return frozenset(free)
        free = unharmed


def _in_some_order(estate: Estate, free: set[str]) -> set[str]:
    """Those that are gone in the end, when each is deleted as soon as all that need it are gone."""
    gone: set[str] = set()
    while ready := {name for name in free - gone if not set(needed_by(name, estate)) - gone}:
        gone |= ready
    return gone


def needed_by(name: str, estate: Estate) -> Iterator[str]:
    """The stacks without whose end one cannot be deleted, or they themselves could not afterwards."""
    for other in estate.stacks:
        if other.name == name:
            continue
        answers = other.provider == name and not other.keeps_custom
        imports = name in other.imports or (other.provider == name and not other.is_target)
        if answers or imports or other.place == name:
            yield other.name


def _harmed_by(name: str, estate: Estate, gone: set[str]) -> bool:
    """Whether something that stays would miss what a stack has."""
    by_name = {stack.name: stack for stack in estate.stacks}
    stack, staying = by_name[name], [one for one in estate.stacks if one.name not in gone]
    inside = any(one.place not in ("", "-") for one in staying) or any(one.has_stranger for one in estate.stacks)
    if stack.endpoint and ENDPOINTS not in estate.flags and inside:
        return True
    if stack.versions < 0 or stack.keeps_bucket or RESULTS in estate.flags:
        return False
    return any(one.results == name and one.queries >= 0 for one in staying)
