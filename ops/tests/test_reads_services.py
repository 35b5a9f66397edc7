"""What the readers of services note, asked over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from s3ap_ops.reading import Look, Notes, by_type
from s3ap_ops.reads import athena, events, protected, roles, schedules, services, volumes
from s3ap_ops.stack import LiveResource
from s3ap_ops.testing import World

ACCOUNT, REGION = "123456789012", "ap-northeast-1"
STACK = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/uc1-demo/1"
READERS = by_type(
    one for module in (athena, events, protected, roles, schedules, services, volumes) for one in module.READERS
)
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
        ],
    }
)
ALLOWED = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
)


class Account:
    """A world, with clients that may write, and a look at it that has its clients ready, for making them takes time."""

    def __init__(self, world: World) -> None:
        self.client = cache(world.client)
        self.ready = Look(boto3.session.Session("testing", "testing", region_name=REGION), ACCOUNT, REGION)

    def look(self) -> Look:
        """A look that has not asked anything yet."""
        fresh = Look(self.ready.session, ACCOUNT, REGION)
        fresh._clients = self.ready._clients
        return fresh


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    """An account that clients reach over HTTP."""
    with World() as world, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", world.endpoint)
        yield Account(world)


@pytest.fixture
def look(account: Account) -> Look:
    return account.look()


def noted(look: Look, type_: str, physical_id: str) -> Notes:
    """What all readers of a type note about a resource."""
    resource = LiveResource("uc1-demo", STACK, REGION, ACCOUNT, "One", type_, physical_id)
    notes = Notes()
    for reader in READERS[type_]:
        reader.read(look, resource, notes)
    return notes


def facts(look: Look, type_: str, physical_id: str) -> dict[str, Any]:
    """The facts of a resource of which everything could be read."""
    notes = noted(look, type_, physical_id)
    assert {} == notes.unread
    return notes.facts


GONE = [
    ("AWS::DynamoDB::Table", "gone"),
    ("AWS::EC2::Instance", "i-0123456789abcdef0"),
    ("AWS::ECR::Repository", "gone"),
    ("AWS::EKS::Cluster", "gone"),
    (
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/gone/0123456789abcdef",
    ),
    ("AWS::Events::EventBus", "gone"),
    ("AWS::Events::Rule", "gone"),
    ("AWS::IAM::ManagedPolicy", f"arn:aws:iam::{ACCOUNT}:policy/gone"),
    ("AWS::IAM::Role", "gone"),
    ("AWS::Logs::LogGroup", "/gone"),
    ("AWS::OpenSearchServerless::Collection", "gone"),
    ("AWS::RDS::DBCluster", "gone"),
    ("AWS::RDS::DBInstance", "gone"),
    ("AWS::SageMaker::ModelPackageGroup", f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package-group/gone"),
    ("AWS::Scheduler::ScheduleGroup", "gone"),
    ("AWS::StepFunctions::StateMachine", f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:gone"),
]


@pytest.mark.parametrize(("type_", "physical_id"), GONE)
def test_what_is_gone_is_noted_as_gone_and_nothing_else_of_it(look: Look, type_: str, physical_id: str) -> None:
    assert {"exists": False} == facts(look, type_, physical_id)


def test_a_workgroup_that_the_api_says_is_not_found_is_gone(look: Look) -> None:
    """moto knows no missing workgroups; the message is the service's."""
    with Stubber(look.client("athena")) as stub:
        stub.add_client_error("get_work_group", "InvalidRequestException", "WorkGroup gone is not found.")
        assert {"exists": False} == facts(look, "AWS::Athena::WorkGroup", "gone")


def test_another_invalid_request_is_not_taken_for_gone(look: Look) -> None:
    with Stubber(look.client("athena")) as stub:
        stub.add_client_error("get_work_group", "InvalidRequestException", "WorkGroup name is not valid")
        assert ["exists"] == list(noted(look, "AWS::Athena::WorkGroup", "gone").unread)


def test_a_workgroup_is_noted_with_what_it_holds_and_where_results_go(account: Account, look: Look) -> None:
    client = account.client("athena")
    client.create_work_group(
        Name="uc1", Configuration={"ResultConfiguration": {"OutputLocation": "s3://uc1-results/athena/"}}
    )
    query = client.create_named_query(Name="q", Database="d", QueryString="SELECT 1", WorkGroup="uc1")["NamedQueryId"]
    client.start_query_execution(QueryString="SELECT 1", WorkGroup="uc1")
    notes = noted(look, "AWS::Athena::WorkGroup", "uc1")
    expected = {
        "exists": True,
        "query_ids": [query],
        "named_queries": 1,
        "query_executions": 1,
        "capped": False,
        "running": [],
        "output": "s3://uc1-results/athena/",
    }
    assert expected == {name: notes.facts[name] for name in expected}
    assert ["uc1"] == facts(look, "AWS::S3::Bucket", "uc1-results")["result_workgroups"]
    assert [] == facts(look, "AWS::S3::Bucket", "uc1-result")["result_workgroups"]


def test_only_queries_that_wait_or_run_are_running(look: Look) -> None:
    states = {"a": "QUEUED", "b": "RUNNING", "c": "SUCCEEDED", "d": "CANCELLED"}
    said = [{"QueryExecutionId": id_, "Status": {"State": state}} for id_, state in states.items()]
    client = look.client("athena")
    with Stubber(client) as stub:
        stub.add_response("batch_get_query_execution", {"QueryExecutions": said}, {"QueryExecutionIds": list(states)})
        assert ["a", "b"] == athena._running(client, list(states))


def test_a_protected_table_is_noted_as_protected(account: Account, look: Look) -> None:
    account.client("dynamodb").create_table(
        TableName="history",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        DeletionProtectionEnabled=True,
    )
    expected = {"exists": True, "deletion_protection": True, "stack_id": "", "items": 0, "bytes": 0}
    assert expected == facts(look, "AWS::DynamoDB::Table", "history")


def test_a_database_and_its_cluster_are_noted(account: Account, look: Look) -> None:
    rds = account.client("rds")
    common = {"MasterUsername": "admin", "MasterUserPassword": "not-a-secret"}
    rds.create_db_cluster(DBClusterIdentifier="c", Engine="aurora-mysql", DeletionProtection=True, **common)
    rds.create_db_instance(DBInstanceIdentifier="d", Engine="mysql", DBInstanceClass="db.t3.micro", **common)
    assert {"exists": True, "deletion_protection": True, "stack_id": ""} == facts(look, "AWS::RDS::DBCluster", "c")
    assert {"exists": True, "deletion_protection": False, "stack_id": ""} == facts(look, "AWS::RDS::DBInstance", "d")


def test_an_instance_that_must_not_be_terminated_is_noted_as_protected(account: Account, look: Look) -> None:
    ec2 = account.client("ec2")
    (made,) = ec2.run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1)["Instances"]
    ec2.modify_instance_attribute(InstanceId=made["InstanceId"], DisableApiTermination={"Value": True})
    expected = {"exists": True, "deletion_protection": True, "stack_id": ""}
    assert expected == facts(look, "AWS::EC2::Instance", made["InstanceId"])


def test_a_user_pool_is_noted_with_all_that_an_update_repeats(look: Look) -> None:
    said = {
        "Id": f"{REGION}_Users",
        "Name": "users",
        "DeletionProtection": "ACTIVE",
        "MfaConfiguration": "OPTIONAL",
        "UserPoolTags": {"a": "b"},
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True, "UnusedAccountValidityDays": 7},
        "EstimatedNumberOfUsers": 3,
    }
    with Stubber(look.client("cognito-idp")) as stub:
        stub.add_response("describe_user_pool", {"UserPool": said}, {"UserPoolId": f"{REGION}_Users"})
        found = facts(look, "AWS::Cognito::UserPool", f"{REGION}_Users")
    settings = {
        "MfaConfiguration": "OPTIONAL",
        "UserPoolTags": {"a": "b"},
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True},
        "PoolName": "users",
    }
    assert (True, settings) == (found["deletion_protection"], found["settings"])


def test_a_load_balancer_is_noted(account: Account, look: Look) -> None:
    ec2, client = account.client("ec2"), account.client("elbv2")
    subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"][:2]]
    made = client.create_load_balancer(Name="front", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    expected = {"exists": True, "deletion_protection": False, "stack_id": ""}
    assert expected == facts(look, "AWS::ElasticLoadBalancingV2::LoadBalancer", made)
    on = [{"Key": "deletion_protection.enabled", "Value": "true"}]
    client.modify_load_balancer_attributes(LoadBalancerArn=made, Attributes=on)
    assert facts(account.look(), "AWS::ElasticLoadBalancingV2::LoadBalancer", made)["deletion_protection"] is True


def test_a_log_group_is_not_taken_for_another_whose_name_it_begins(account: Account, look: Look) -> None:
    account.client("logs").create_log_group(logGroupName="/aws/lambda/discovery-2")
    assert {"exists": False} == facts(look, "AWS::Logs::LogGroup", "/aws/lambda/discovery")
    expected = {"exists": True, "deletion_protection": False, "stack_id": "", "bytes": 0}
    assert expected == facts(look, "AWS::Logs::LogGroup", "/aws/lambda/discovery-2")


def test_a_role_is_noted_with_what_is_attached_and_the_documents_of_its_own(account: Account, look: Look) -> None:
    iam = account.client("iam")
    iam.create_role(RoleName="uc1", AssumeRolePolicyDocument=TRUST)
    arn = iam.create_policy(PolicyName="read", PolicyDocument=ALLOWED)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="uc1", PolicyArn=arn)
    iam.put_role_policy(RoleName="uc1", PolicyName="debug", PolicyDocument=ALLOWED)
    iam.create_instance_profile(InstanceProfileName="host")
    iam.add_role_to_instance_profile(InstanceProfileName="host", RoleName="uc1")
    found = facts(look, "AWS::IAM::Role", "uc1")
    assert ([arn], ["host"]) == (found["attached"], found["instance_profiles"])
    assert {"debug": json.loads(ALLOWED)} == {name: json.loads(text) for name, text in found["inline"].items()}
    policy = facts(look, "AWS::IAM::ManagedPolicy", arn)
    assert (["uc1"], [], []) == (policy["roles"], policy["users"], policy["groups"])


@pytest.mark.parametrize(("bus", "physical_id"), [("default", "failed"), ("uc1-bus", "uc1-bus|failed")])
def test_a_rule_is_noted_with_its_targets_on_any_bus(account: Account, look: Look, bus: str, physical_id: str) -> None:
    client = account.client("events")
    if bus != "default":
        client.create_event_bus(Name=bus)
    target = {"Id": "debug", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:debug"}
    client.put_rule(Name="failed", EventBusName=bus, EventPattern='{"source": ["uc1"]}')
    client.put_targets(Rule="failed", EventBusName=bus, Targets=[target])
    found = facts(look, "AWS::Events::Rule", physical_id)
    assert ("failed", bus, {"debug": target}) == (found["rule"], found["bus"], found["targets"])
    if bus != "default":
        (rule,) = facts(look, "AWS::Events::EventBus", bus)["rules"].values()
        assert ('{"source": ["uc1"]}', {"debug": target}) == (rule["EventPattern"], rule["Targets"])


def test_a_repository_is_noted_with_lists_of_images_apart(account: Account, look: Look) -> None:
    account.client("ecr").create_repository(repositoryName="images")
    said = [
        {"imageDigest": "sha256:list", "imageManifestMediaType": "application/vnd.oci.image.index.v1+json"},
        {"imageDigest": "sha256:arm", "imageManifestMediaType": "application/vnd.oci.image.manifest.v1+json"},
    ]
    expected = {"exists": True, "stack_id": "", "indexes": [], "images": [], "capped": False}
    assert expected == facts(look, "AWS::ECR::Repository", "images")
    again = account.look()
    with Stubber(again.client("ecr")) as stub:
        stub.add_response("describe_repositories", {"repositories": [{"repositoryArn": "arn:aws:ecr:::repository/i"}]})
        stub.add_response("list_tags_for_resource", {"tags": [{"Key": "aws:cloudformation:stack-id", "Value": STACK}]})
        stub.add_response("describe_images", {"imageDetails": said})
        found = facts(again, "AWS::ECR::Repository", "images")
    assert (["sha256:list"], ["sha256:arm"], STACK) == (found["indexes"], found["images"], found["stack_id"])


def test_a_state_machine_is_noted_with_what_runs(account: Account, look: Look) -> None:
    client = account.client("stepfunctions")
    definition = json.dumps({"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}})
    role = f"arn:aws:iam::{ACCOUNT}:role/uc1"
    arn = client.create_state_machine(name="uc1", definition=definition, roleArn=role)["stateMachineArn"]
    execution = client.start_execution(stateMachineArn=arn, name="monday")["executionArn"]
    found = facts(look, "AWS::StepFunctions::StateMachine", arn)
    assert ([execution], False, "") == (found["running"], found["capped"], found["stack_id"])


def test_an_express_state_machine_is_not_asked_for_executions(account: Account, look: Look) -> None:
    client = account.client("stepfunctions")
    definition = json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})
    role = f"arn:aws:iam::{ACCOUNT}:role/uc1"
    made = client.create_state_machine(name="quick", definition=definition, roleArn=role, type="EXPRESS")
    assert [] == facts(look, "AWS::StepFunctions::StateMachine", made["stateMachineArn"])["running"]


def test_a_job_and_a_crawler_of_glue_are_noted(look: Look) -> None:
    runs = [{"Id": "jr_1", "JobRunState": "SUCCEEDED"}, {"Id": "jr_2", "JobRunState": "RUNNING"}]
    with Stubber(look.client("glue")) as stub:
        stub.add_response("get_job", {"Job": {"Name": "etl"}}, {"JobName": "etl"})
        stub.add_response("get_job_runs", {"JobRuns": runs}, {"JobName": "etl", "MaxResults": 200})
        stub.add_response("get_tags", {"Tags": {}}, {"ResourceArn": f"arn:aws:glue:{REGION}:{ACCOUNT}:job/etl"})
        assert {"exists": True, "running": ["jr_2"], "stack_id": ""} == facts(look, "AWS::Glue::Job", "etl")
        stub.add_response("get_crawler", {"Crawler": {"Name": "crawl", "State": "RUNNING"}}, {"Name": "crawl"})
        stub.add_response("get_tags", {"Tags": {}}, {"ResourceArn": f"arn:aws:glue:{REGION}:{ACCOUNT}:crawler/crawl"})
        expected = {"exists": True, "state": "RUNNING", "stack_id": ""}
        assert expected == facts(look, "AWS::Glue::Crawler", "crawl")
        stub.add_client_error("get_crawler", "EntityNotFoundException", "Crawler gone does not exist")
        assert {"exists": False} == facts(look, "AWS::Glue::Crawler", "gone")


def test_a_schedule_group_is_noted_with_its_schedules(account: Account, look: Look) -> None:
    client = account.client("scheduler")
    client.create_schedule_group(Name="uc1")
    client.create_schedule(
        Name="hourly",
        GroupName="uc1",
        ScheduleExpression="rate(1 hour)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/uc1"},
    )
    assert ["hourly"] == facts(look, "AWS::Scheduler::ScheduleGroup", "uc1")["contents"]


def test_a_model_package_group_is_noted_by_its_arn(account: Account, look: Look) -> None:
    client = account.client("sagemaker")
    arn = client.create_model_package_group(ModelPackageGroupName="uc9")["ModelPackageGroupArn"]
    package = client.create_model_package(ModelPackageGroupName="uc9")["ModelPackageArn"]
    assert [package] == facts(look, "AWS::SageMaker::ModelPackageGroup", arn)["contents"]


def test_a_vault_is_noted_with_the_number_of_its_recovery_points(look: Look) -> None:
    said = {
        "BackupVaultName": "v",
        "BackupVaultArn": "arn:aws:backup:::v",
        "NumberOfRecoveryPoints": 14,
        "Locked": True,
    }
    with Stubber(look.client("backup")) as stub:
        stub.add_response("describe_backup_vault", said, {"BackupVaultName": "v"})
        stub.add_response("list_tags", {"Tags": {"aws:cloudformation:stack-id": STACK}})
        found = facts(look, "AWS::Backup::BackupVault", "v")
    assert (14, True, STACK) == (found["recovery_points"], found["locked"], found["stack_id"])


def test_a_vault_that_may_not_be_seen_is_not_taken_for_gone(look: Look) -> None:
    with Stubber(look.client("backup")) as stub:
        stub.add_client_error("describe_backup_vault", "AccessDeniedException", "Insufficient privileges")
        notes = noted(look, "AWS::Backup::BackupVault", "v")
    reason = "AccessDeniedException from DescribeBackupVault: Insufficient privileges"
    assert ({}, {"exists": reason}) == (notes.facts, notes.unread)


VOLUME = "fsvol-0123456789abcdef0"


def test_a_volume_is_noted_with_its_access_points_and_its_lock(look: Look) -> None:
    said = {
        "VolumeId": VOLUME,
        "Lifecycle": "CREATED",
        "LifecycleTransitionReason": {"Message": "The volume has locked snapshots"},
        "VolumeType": "ONTAP",
        "OntapConfiguration": {
            "OntapVolumeType": "DP",
            "SnaplockConfiguration": {"SnaplockType": "ENTERPRISE", "AuditLogVolume": True},
        },
        "Tags": [{"Key": "aws:cloudformation:stack-id", "Value": STACK}],
    }
    attachment = {"Name": "uc1-ap", "Lifecycle": "FAILED", "LifecycleTransitionReason": {"Message": "no junction"}}
    only = {"Filters": [{"Name": "volume-id", "Values": [VOLUME]}]}
    row = {
        "StackName": "readers",
        "LogicalResourceId": "Point",
        "ResourceType": "AWS::FSx::S3AccessPointAttachment",
        "Timestamp": datetime(2026, 9, 1, tzinfo=UTC),
        "ResourceStatus": "CREATE_COMPLETE",
    }
    asked = {"PhysicalResourceId": "uc1-ap"}
    with Stubber(look.client("fsx")) as stub, Stubber(look.client("cloudformation")) as cloudformation:
        stub.add_response("describe_volumes", {"Volumes": [said]}, {"VolumeIds": [VOLUME]})
        stub.add_response("describe_s3_access_point_attachments", {"S3AccessPointAttachments": [attachment]}, only)
        cloudformation.add_response("describe_stack_resources", {"StackResources": [row]}, asked)
        found = facts(look, "AWS::FSx::Volume", VOLUME)
    expected = {
        "exists": True,
        "lifecycle": "CREATED",
        "reason": "The volume has locked snapshots",
        "kind": "ONTAP",
        "is_destination": True,
        "snaplock": "ENTERPRISE",
        "audit_log": True,
        "stack_id": STACK,
        "attachments": [{"name": "uc1-ap", "lifecycle": "FAILED", "reason": "no junction", "stack": "readers"}],
    }
    assert expected == found


def test_a_volume_that_is_gone_has_no_access_points_to_ask_for(look: Look) -> None:
    with Stubber(look.client("fsx")) as stub:
        stub.add_client_error("describe_volumes", "VolumeNotFound", "Volume does not exist")
        assert {"exists": False} == facts(look, "AWS::FSx::Volume", VOLUME)


def test_a_storage_virtual_machine_is_noted_with_its_volumes_but_its_root(look: Look) -> None:
    machine = {"StorageVirtualMachineId": "svm-0123456789abcdef0"}
    root = {"VolumeId": "fsvol-00000000000000000", "OntapConfiguration": {"StorageVirtualMachineRoot": True}}
    with Stubber(look.client("fsx")) as stub:
        stub.add_response("describe_storage_virtual_machines", {"StorageVirtualMachines": [machine]})
        stub.add_response("describe_volumes", {"Volumes": [root, {"VolumeId": VOLUME}]})
        found = facts(look, "AWS::FSx::StorageVirtualMachine", "svm-0123456789abcdef0")
    assert [VOLUME] == found["contents"]


def test_readers_ask_about_physical_ids_only(look: Look) -> None:
    """A resource whose template names another is read under the name that it has."""
    named = LiveResource("uc1-demo", STACK, REGION, ACCOUNT, "One", "AWS::DynamoDB::Table", "gone")
    notes = Notes()
    protected.protected.read(look, replace(named, properties={"TableName": "history"}), notes)
    assert {"exists": False} == notes.facts
