"""Where a world's services are as strict as AWS's, and what they do over virtual time."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from test_world_stacks import deleted, ended, fill, reasons
from world_templates import ALLOW, BUCKET, GROUP, TRUST, arn, of, one, ref

from s3ap_ops.testing import World

ROLE = one("AWS::IAM::Role", AssumeRolePolicyDocument=TRUST)


@pytest.fixture
def world() -> Iterator[World]:
    """An empty world."""
    with World() as world:
        yield world


@pytest.fixture
def cfn(world: World) -> Any:
    """A CloudFormation client whose requests count."""
    return world.outside("cloudformation")


def error_of(call: Any, **arguments: Any) -> tuple[str, str]:
    """The code and message that a call fails with."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def only_reason(world: World, cfn: Any, name: str = "demo") -> str:
    """The reason of the one resource that could not be deleted."""
    assert "DELETE_FAILED" == deleted(world, cfn, name)[0]
    [reason] = reasons(cfn, world.stack(name).id).values()
    return reason


# -- S3


def test_versions_and_markers_keep_a_bucket(world: World, cfn: Any) -> None:
    world.deploy("demo", of(Bucket=one("AWS::S3::Bucket", VersioningConfiguration={"Status": "Enabled"})))
    name, s3 = world.stack("demo").resources["Bucket"], world.client("s3")
    fill(world, name)
    s3.delete_object(Bucket=name, Key="k")
    assert [("k", False), ("k", True)] == [
        row[::2] for row in sorted(world.state()["buckets"][name]["versions"], key=lambda row: row[2])
    ]
    assert "not empty" in only_reason(world, cfn)
    found = s3.list_object_versions(Bucket=name)
    for row in found["Versions"] + found["DeleteMarkers"]:
        s3.delete_object(Bucket=name, Key=row["Key"], VersionId=row["VersionId"])
    assert "DELETE_COMPLETE" == deleted(world, cfn, "demo")[0]


def test_an_attached_access_point_keeps_a_bucket(world: World, cfn: Any) -> None:
    world.deploy("demo", of(Bucket=BUCKET))
    name, control = world.stack("demo").resources["Bucket"], world.client("s3control")
    control.create_access_point(AccountId="123456789012", Name="foreign", Bucket=name)
    assert "access points attached" in only_reason(world, cfn)
    control.delete_access_point(AccountId="123456789012", Name="foreign")
    assert "DELETE_COMPLETE" == deleted(world, cfn, "demo")[0]


# -- EC2


def referred(world: World, way: str = "ingress") -> tuple[str, Any, str]:
    """A stack's group that a rule of a foreign group points at, a client, and the foreign group."""
    world.deploy("demo", of(Group=GROUP))
    ours, ec2 = world.stack("demo").resources["Group"], world.outside("ec2")
    vpc = world.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    foreign = world.client("ec2").create_security_group(GroupName="foreign", Description="d", VpcId=vpc)["GroupId"]
    pair = {"GroupId": ours, "Description": "from the stack"}
    permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [pair]}
    getattr(world.client("ec2"), f"authorize_security_group_{way}")(GroupId=foreign, IpPermissions=[permission])
    return ours, ec2, foreign


@pytest.mark.parametrize("way", ["ingress", "egress"])
def test_a_foreign_rule_keeps_a_group_until_it_is_revoked_by_id(world: World, cfn: Any, way: str) -> None:
    ours, ec2, foreign = referred(world, way)
    assert f"resource {ours} has a dependent object (Service: Ec2, Status Code: 400" in only_reason(world, cfn)
    assert ("DependencyViolation", f"resource {ours} has a dependent object") == error_of(
        ec2.delete_security_group, GroupId=ours
    )
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [foreign]}])["SecurityGroupRules"]
    [rule] = [
        rule["SecurityGroupRuleId"] for rule in rules if rule.get("ReferencedGroupInfo", {}).get("GroupId") == ours
    ]
    revoke = getattr(ec2, f"revoke_security_group_{way}")
    revoke(GroupId=foreign, SecurityGroupRuleIds=[rule])
    assert "InvalidSecurityGroupRuleId.NotFound" == error_of(revoke, GroupId=foreign, SecurityGroupRuleIds=[rule])[0]
    assert "DELETE_COMPLETE" == deleted(world, cfn, "demo")[0]
    assert [rule] == world.writes[-3].params["SecurityGroupRuleIds"]


def test_a_rule_is_revoked_by_what_it_permits_whatever_its_description(world: World) -> None:
    ours, ec2, foreign = referred(world)
    permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": ours}]}
    ec2.revoke_security_group_ingress(GroupId=foreign, IpPermissions=[permission])
    assert [] == next(row for key, row in world.state()["groups"].items() if foreign in key)["in"]
    assert (
        "InvalidPermission.NotFound"
        == error_of(ec2.revoke_security_group_ingress, GroupId=foreign, IpPermissions=[permission])[0]
    )


def in_a_network(world: World) -> str:
    """The subnet of a stack with a function in a group of its own."""
    subnet = world.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    config = {"SubnetIds": [subnet], "SecurityGroupIds": [ref("Group")]}
    function = one("AWS::Lambda::Function", Role=arn("Role"), Handler="i.h", Runtime="python3.12", VpcConfig=config)
    world.deploy("demo", of(Role=ROLE, Group=GROUP, Function=function))
    return str(subnet)


def test_a_function_in_a_network_has_interfaces_that_go_long_after_it(world: World, cfn: Any) -> None:
    in_a_network(world)
    ec2 = world.client("ec2")
    group = world.stack("demo").resources["Group"]
    [eni] = ec2.describe_network_interfaces(Filters=[{"Name": "group-id", "Values": [group]}])["NetworkInterfaces"]
    assert ("lambda", "in-use") == (eni["InterfaceType"], eni["Status"])
    assert eni["Description"].startswith("AWS Lambda VPC ENI-demo-Function-")
    assert (
        "InvalidParameterValue"
        == error_of(ec2.delete_network_interface, NetworkInterfaceId=eni["NetworkInterfaceId"])[0]
    )
    cfn.delete_stack(StackName="demo")
    world.clock.advance(1100)
    assert "DELETE_IN_PROGRESS" == world.stack("demo").status
    assert 1 == len(world.state()["interfaces"])
    world.clock.advance(200)
    assert "DELETE_COMPLETE" == world.stack("demo").status
    assert {} == world.state()["interfaces"]


def test_a_function_taken_out_of_its_network_beforehand_shortens_the_wait(world: World, cfn: Any) -> None:
    in_a_network(world)
    name = world.stack("demo").resources["Function"]
    nothing: dict[str, list[str]] = {"SubnetIds": [], "SecurityGroupIds": []}
    world.outside("lambda").update_function_configuration(FunctionName=name, VpcConfig=nothing)
    world.clock.advance(1300)
    assert {} == world.state()["interfaces"]
    cfn.delete_stack(StackName="demo")
    world.clock.advance(30)
    assert "DELETE_COMPLETE" == world.stack("demo").status


def test_an_interface_of_another_kind_keeps_a_group_at_once(world: World, cfn: Any) -> None:
    world.deploy("demo", of(Group=GROUP))
    ec2, group = world.client("ec2"), world.stack("demo").resources["Group"]
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    eni = ec2.create_network_interface(SubnetId=subnet, Groups=[group])["NetworkInterface"]["NetworkInterfaceId"]
    assert "has a dependent object" in only_reason(world, cfn)
    ec2.delete_network_interface(NetworkInterfaceId=eni)
    assert "DELETE_COMPLETE" == deleted(world, cfn, "demo")[0]


# -- Athena


def work_group(world: World, **properties: Any) -> Any:
    """A client, and a stack with the work group `wg`."""
    world.deploy("demo", of(Group=one("AWS::Athena::WorkGroup", Name="wg", **properties)))
    return world.client("athena")


def test_a_work_group_with_queries_is_not_empty(world: World, cfn: Any) -> None:
    athena = work_group(world)
    athena.create_named_query(Name="q", Database="d", QueryString="select 1", WorkGroup="wg")
    assert ("InvalidRequestException", "WorkGroup wg is not empty") == error_of(
        athena.delete_work_group, WorkGroup="wg"
    )
    assert "WorkGroup wg is not empty" in only_reason(world, cfn)
    athena.delete_work_group(WorkGroup="wg", RecursiveDeleteOption=True)
    assert ("InvalidRequestException", "WorkGroup wg is not found.") == error_of(athena.get_work_group, WorkGroup="wg")
    assert "DELETE_COMPLETE" == deleted(world, cfn, "demo")[0]


def test_prepared_statements_and_executions_keep_a_work_group_too(world: World) -> None:
    athena = work_group(world)
    athena.create_prepared_statement(StatementName="s", WorkGroup="wg", QueryStatement="select ?")
    assert ["s"] == [
        row["StatementName"] for row in athena.list_prepared_statements(WorkGroup="wg")["PreparedStatements"]
    ]
    assert "WorkGroup wg is not empty" == error_of(athena.delete_work_group, WorkGroup="wg")[1]
    athena.delete_prepared_statement(StatementName="s", WorkGroup="wg")
    athena.start_query_execution(
        QueryString="select 1", WorkGroup="wg", ResultConfiguration={"OutputLocation": "s3://b/k"}
    )
    assert "WorkGroup wg is not empty" == error_of(athena.delete_work_group, WorkGroup="wg")[1]


def test_a_recursive_work_group_goes_with_its_queries(world: World, cfn: Any) -> None:
    athena = work_group(world, RecursiveDeleteOption=True)
    athena.create_named_query(Name="q", Database="d", QueryString="select 1", WorkGroup="wg")
    assert "DELETE_COMPLETE" == deleted(world, cfn, "demo")[0]


# -- others


def test_a_role_changed_outside_is_a_conflict(world: World, cfn: Any) -> None:
    policy = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    world.deploy("demo", of(Role=ROLE))
    iam, name = world.client("iam"), world.stack("demo").resources["Role"]
    iam.attach_role_policy(RoleName=name, PolicyArn=policy)
    assert "must detach all policies first" in only_reason(world, cfn)
    iam.detach_role_policy(RoleName=name, PolicyArn=policy)
    assert "DELETE_COMPLETE" == deleted(world, cfn, "demo")[0]


def test_a_policy_attached_outside_is_a_conflict(world: World, cfn: Any) -> None:
    world.deploy("demo", of(Policy=one("AWS::IAM::ManagedPolicy", PolicyDocument=ALLOW)))
    iam = world.client("iam")
    iam.create_role(RoleName="other", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.attach_role_policy(RoleName="other", PolicyArn=world.stack("demo").resources["Policy"])
    assert "Cannot delete a policy attached to entities" in only_reason(world, cfn)


def test_a_repository_with_images_is_not_empty(world: World, cfn: Any) -> None:
    world.deploy("demo", of(Images=one("AWS::ECR::Repository"), Loose=one("AWS::ECR::Repository", EmptyOnDelete=True)))
    ecr = world.client("ecr")
    for name in ("Images", "Loose"):
        manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
                "config": {"digest": "sha256:" + "a" * 64, "size": 1},
                "layers": [],
            }
        )
        ecr.put_image(repositoryName=world.stack("demo").resources[name], imageManifest=manifest, imageTag="v1")
    assert "cannot be deleted because it still contains images" in only_reason(world, cfn)
    assert 1 == len(world.state()["repositories"])


def test_a_protected_table_stays(world: World, cfn: Any) -> None:
    table = one(
        "AWS::DynamoDB::Table",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        DeletionProtectionEnabled=True,
    )
    world.deploy("demo", of(Table=table))
    assert "currently protected against deletion" in only_reason(world, cfn)
    name = world.stack("demo").resources["Table"]
    world.client("dynamodb").update_table(TableName=name, DeletionProtectionEnabled=False)
    assert "DELETE_COMPLETE" == deleted(world, cfn, "demo")[0]


def test_a_rule_with_a_foreign_target_stays(world: World, cfn: Any) -> None:
    target = {"Arn": "arn:aws:sqs:ap-northeast-1:123456789012:own", "Id": "own"}
    world.deploy("demo", of(Rule=one("AWS::Events::Rule", ScheduleExpression="rate(1 hour)", Targets=[target])))
    events, name = world.client("events"), world.stack("demo").resources["Rule"]
    events.put_targets(Rule=name, Targets=[{"Arn": target["Arn"], "Id": "foreign"}])
    assert "targets" in only_reason(world, cfn)
    events.remove_targets(Rule=name, Ids=["foreign"])
    assert "DELETE_COMPLETE" == deleted(world, cfn, "demo")[0]


def test_a_running_execution_keeps_the_stack_waiting(world: World, cfn: Any) -> None:
    world.deploy("demo", of(Role=ROLE, Machine=one("AWS::StepFunctions::StateMachine", RoleArn=arn("Role"))))
    states = world.client("stepfunctions")
    run = states.start_execution(stateMachineArn=world.stack("demo").resources["Machine"])["executionArn"]
    cfn.delete_stack(StackName="demo")
    assert "DELETE_IN_PROGRESS" == ended(world, cfn, "demo", polls=20)[0]
    states.stop_execution(executionArn=run)
    assert "DELETE_COMPLETE" == ended(world, cfn, "demo")[0]


def test_a_late_line_makes_a_log_group_again(world: World, cfn: Any) -> None:
    world.late_logs = True
    world.deploy("demo", of(Log=one("AWS::Logs::LogGroup", LogGroupName="/aws/lambda/f")))
    assert "DELETE_COMPLETE" == deleted(world, cfn, "demo")[0]
    assert ["ap-northeast-1//aws/lambda/f"] == list(world.state()["log-groups"])


def test_a_vault_with_recovery_points_stays(world: World, cfn: Any) -> None:
    world.deploy("demo", of(Vault=one("AWS::Backup::BackupVault", BackupVaultName="vault")))
    point = world.backup.add("vault")
    assert "contains recovery points" in only_reason(world, cfn)
    client = world.client("backup")
    listed = client.list_recovery_points_by_backup_vault(BackupVaultName="vault")["RecoveryPoints"]
    assert [point] == [row["RecoveryPointArn"] for row in listed]
    client.delete_recovery_point(BackupVaultName="vault", RecoveryPointArn=point)
    world.clock.advance(30)
    assert "DELETE_COMPLETE" == deleted(world, cfn, "demo")[0]


# -- FSx


def volume(world: World, **ontap: Any) -> str:
    """The id of the volume of a stack."""
    configuration = {"StorageVirtualMachineId": ref("Storage"), **ontap}
    world.deploy(
        "demo",
        of(
            Files=one("AWS::FSx::FileSystem", FileSystemType="ONTAP"),
            Storage=one("AWS::FSx::StorageVirtualMachine", FileSystemId=ref("Files"), Name="svm"),
            Volume=one("AWS::FSx::Volume", Name="vol", OntapConfiguration=configuration),
        ),
    )
    return world.stack("demo").resources["Volume"]


def test_an_access_point_keeps_a_volume_until_it_is_detached(world: World, cfn: Any) -> None:
    found, fsx = volume(world), world.outside("fsx")
    world.fsx.attach(found, "point")
    assert "while it has one or multiple S3 access points: [point]" in only_reason(world, cfn)
    rows = fsx.describe_s3_access_point_attachments(Filters=[{"Name": "volume-id", "Values": [found]}])
    [row] = rows["S3AccessPointAttachments"]
    assert row["S3AccessPoint"]["Alias"].endswith("-ext-s3alias")
    assert "DELETING" == fsx.detach_and_delete_s3_access_point(Name="point")["Lifecycle"]
    world.clock.advance(60)
    assert [] == fsx.describe_s3_access_point_attachments()["S3AccessPointAttachments"]
    assert "DELETE_COMPLETE" == deleted(world, cfn, "demo")[0]


def test_a_locked_volume_comes_back(world: World, cfn: Any) -> None:
    found = volume(world, SnaplockConfiguration={"SnaplockType": "COMPLIANCE"})
    fsx = world.client("fsx")
    assert "DELETING" == fsx.delete_volume(VolumeId=found)["Lifecycle"]
    world.clock.advance(60)
    [row] = fsx.describe_volumes(VolumeIds=[found])["Volumes"]
    assert "CREATED" == row["Lifecycle"]
    assert "SnapLock" in row["LifecycleTransitionReason"]["Message"]
    assert "SnapLock" in only_reason(world, cfn)


def test_a_route_table_takes_one_gateway_for_a_service(world: World) -> None:
    ec2 = world.outside("ec2")
    table = ec2.describe_route_tables()["RouteTables"][0]
    wanted = {"VpcEndpointType": "Gateway", "VpcId": table["VpcId"], "RouteTableIds": [table["RouteTableId"]]}
    first = ec2.create_vpc_endpoint(ServiceName="com.amazonaws.ap-northeast-1.s3", **wanted)["VpcEndpoint"]
    ec2.create_vpc_endpoint(ServiceName="com.amazonaws.ap-northeast-1.dynamodb", **wanted)
    with pytest.raises(ClientError, match="RouteAlreadyExists"):
        ec2.create_vpc_endpoint(ServiceName="com.amazonaws.ap-northeast-1.s3", **wanted)
    ec2.delete_vpc_endpoints(VpcEndpointIds=[first["VpcEndpointId"]])
    ec2.create_vpc_endpoint(ServiceName="com.amazonaws.ap-northeast-1.s3", **wanted)
