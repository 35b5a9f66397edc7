"""CloudFormation's semantics in a world."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from world_templates import BUCKET, GROUP, TRUST, arn, of, one, ref

from s3ap_ops.testing import World

EXPORTER = {"Resources": {"Bucket": BUCKET}, "Outputs": {"B": {"Value": ref("Bucket"), "Export": {"Name": "shelf"}}}}
IMPORTER = of(Topic=one("AWS::SNS::Topic", DisplayName={"Fn::ImportValue": "shelf"}))


@pytest.fixture
def world() -> Iterator[World]:
    """An empty world."""
    with World() as world:
        yield world


@pytest.fixture
def cfn(world: World) -> Any:
    """A CloudFormation client whose requests count."""
    return world.outside("cloudformation")


def refusal(call: Any, **arguments: Any) -> str:
    """The message of the ValidationError that a call fails with."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    assert "ValidationError" == caught.value.response["Error"]["Code"]
    return str(caught.value.response["Error"]["Message"])


def ended(world: World, cfn: Any, name: str, polls: int = 1000) -> tuple[str, str]:
    """The status and reason that a deletion ends in."""
    stack_id = world.stack(name).id
    for _ in range(polls):
        found = cfn.describe_stacks(StackName=stack_id)["Stacks"][0]
        if not found["StackStatus"].endswith("IN_PROGRESS"):
            return found["StackStatus"], found.get("StackStatusReason", "")
    return "DELETE_IN_PROGRESS", ""


def deleted(world: World, cfn: Any, name: str, **arguments: Any) -> tuple[str, str]:
    """Deletes, and tells how it ends."""
    cfn.delete_stack(StackName=name, **arguments)
    return ended(world, cfn, name)


def reasons(cfn: Any, stack_id: str) -> dict[str, str]:
    """The reasons of the resources that could not be deleted."""
    events = cfn.describe_stack_events(StackName=stack_id)["StackEvents"]
    return {
        event["LogicalResourceId"]: event["ResourceStatusReason"]
        for event in events
        if event["ResourceStatus"] == "DELETE_FAILED" and event["PhysicalResourceId"] != stack_id
    }


def fill(world: World, name: str, key: str = "k") -> None:
    """Puts an object into a bucket."""
    world.client("s3").put_object(Bucket=name, Key=key, Body=b"x")


def test_a_deletion_takes_some_polls(world: World, cfn: Any) -> None:
    stack_id = world.deploy("demo", of(Bucket=BUCKET))
    cfn.delete_stack(StackName="demo")
    seen = [cfn.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"] for _ in range(3)]
    assert ["DELETE_IN_PROGRESS", "DELETE_IN_PROGRESS", "DELETE_COMPLETE"] == seen


def test_the_clock_alone_ends_a_deletion(world: World, cfn: Any) -> None:
    world.deploy("demo", of(Bucket=BUCKET))
    cfn.delete_stack(StackName="demo")
    world.clock.advance(9)
    assert "DELETE_IN_PROGRESS" == world.stack("demo").status
    world.clock.advance(1)
    assert "DELETE_COMPLETE" == world.stack("demo").status


def test_a_deleted_stack_is_found_by_id_only(world: World, cfn: Any) -> None:
    stack_id = world.deploy("demo", of(Bucket=BUCKET))
    deleted(world, cfn, "demo")
    assert "Stack with id demo does not exist" == refusal(cfn.describe_stacks, StackName="demo")
    assert "Stack with id demo does not exist" == refusal(cfn.list_stack_resources, StackName="demo")
    assert "DELETE_COMPLETE" == cfn.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"]
    rows = cfn.list_stack_resources(StackName=stack_id)["StackResourceSummaries"]
    assert [("Bucket", "DELETE_COMPLETE")] == [(row["LogicalResourceId"], row["ResourceStatus"]) for row in rows]


def test_a_name_can_be_used_again_after_the_end(world: World, cfn: Any) -> None:
    first = world.deploy("demo", of(Bucket=BUCKET))
    deleted(world, cfn, "demo")
    second = world.deploy("demo", of(Bucket=BUCKET))
    assert first != second
    assert second == cfn.describe_stacks(StackName="demo")["Stacks"][0]["StackId"]


def test_deleting_a_stack_that_is_not_there_is_no_error(cfn: Any) -> None:
    cfn.delete_stack(StackName="none")


def test_a_protected_stack_is_refused_until_its_protection_is_lifted(world: World, cfn: Any) -> None:
    world.deploy("demo", of(Bucket=BUCKET), protected=True)
    message = "Stack [demo] cannot be deleted while TerminationProtection is enabled"
    assert message == refusal(cfn.delete_stack, StackName="demo")
    cfn.update_termination_protection(StackName="demo", EnableTerminationProtection=False)
    assert "DELETE_COMPLETE" == deleted(world, cfn, "demo")[0]


def test_an_exporter_in_use_goes_back_to_the_status_it_had(world: World, cfn: Any) -> None:
    world.deploy("giver", EXPORTER)
    world.deploy("taker", IMPORTER)
    expected = "Delete canceled. Cannot delete export shelf as it is in use by taker."
    assert ("CREATE_COMPLETE", expected) == deleted(world, cfn, "giver")
    assert ["taker"] == cfn.list_imports(ExportName="shelf")["Imports"]
    deleted(world, cfn, "taker")
    assert "Export 'shelf' is not imported by any stack." == refusal(cfn.list_imports, ExportName="shelf")
    assert "DELETE_COMPLETE" == deleted(world, cfn, "giver")[0]
    assert [] == cfn.list_exports()["Exports"]


def test_a_full_bucket_fails_with_the_reason_and_independent_resources_go(world: World, cfn: Any) -> None:
    stack_id = world.deploy("demo", of(Bucket=BUCKET, Topic=one("AWS::SNS::Topic"), Queue=one("AWS::SQS::Queue")))
    fill(world, world.stack("demo").resources["Bucket"])
    assert ("DELETE_FAILED", "The following resource(s) failed to delete: [Bucket]. ") == deleted(world, cfn, "demo")
    [(logical, reason)] = reasons(cfn, stack_id).items()
    assert "Bucket" == logical
    assert "The bucket you tried to delete is not empty (Service: S3, Status Code: 409" in reason
    assert {} == world.state()["topics"]


def test_what_a_failed_resource_needs_is_not_tried(world: World, cfn: Any) -> None:
    bucket = one("AWS::S3::Bucket", Tags=[{"Key": "by", "Value": ref("Topic")}])
    stack_id = world.deploy("demo", of(Topic=one("AWS::SNS::Topic"), Bucket=bucket))
    fill(world, world.stack("demo").resources["Bucket"])
    assert "DELETE_FAILED" == deleted(world, cfn, "demo")[0]
    assert ["Bucket"] == list(reasons(cfn, stack_id))
    assert "CREATE_COMPLETE" == world.stack("demo").resources.of("Topic").status


def test_a_failed_deletion_can_be_tried_again(world: World, cfn: Any) -> None:
    world.deploy("demo", of(Bucket=BUCKET))
    name = world.stack("demo").resources["Bucket"]
    fill(world, name)
    deleted(world, cfn, "demo", ClientRequestToken="first")
    world.client("s3").delete_object(Bucket=name, Key="k")
    assert "DELETE_COMPLETE" == deleted(world, cfn, "demo", ClientRequestToken="second")[0]
    events = cfn.describe_stack_events(StackName=world.stack("demo").id)["StackEvents"]
    assert "second" == events[0]["ClientRequestToken"]


def test_a_bucket_that_is_gone_is_no_failure(world: World, cfn: Any) -> None:
    world.deploy("demo", of(Bucket=BUCKET))
    world.client("s3").delete_bucket(Bucket=world.stack("demo").resources["Bucket"])
    assert "DELETE_COMPLETE" == deleted(world, cfn, "demo")[0]


def test_resources_are_retained_in_delete_failed_only(world: World, cfn: Any) -> None:
    world.deploy("demo", of(Bucket=BUCKET))
    name = world.stack("demo").resources["Bucket"]
    assert "only when the stack is in the DELETE_FAILED" in refusal(
        cfn.delete_stack, StackName="demo", RetainResources=["Bucket"]
    )
    fill(world, name)
    deleted(world, cfn, "demo")
    assert "DELETE_COMPLETE" == deleted(world, cfn, "demo", RetainResources=["Bucket"])[0]
    assert name in world.state()["buckets"]


def test_a_forced_deletion_leaves_behind_what_refuses(world: World, cfn: Any) -> None:
    world.deploy("demo", of(Bucket=BUCKET, Topic=one("AWS::SNS::Topic")))
    fill(world, world.stack("demo").resources["Bucket"])
    deleted(world, cfn, "demo")
    assert "DELETE_COMPLETE" == deleted(world, cfn, "demo", DeletionMode="FORCE_DELETE_STACK")[0]
    assert 1 == len(world.state()["buckets"])


@pytest.mark.parametrize("policy", ["Retain", "RetainExceptOnCreate"])
def test_a_retained_resource_stays(world: World, cfn: Any, policy: str) -> None:
    stack_id = world.deploy("demo", of(Bucket={**BUCKET, "DeletionPolicy": policy}))
    assert "DELETE_COMPLETE" == deleted(world, cfn, "demo")[0]
    rows = cfn.list_stack_resources(StackName=stack_id)["StackResourceSummaries"]
    assert ["DELETE_SKIPPED"] == [row["ResourceStatus"] for row in rows]
    assert 1 == len(world.state()["buckets"])


def test_a_role_that_cannot_be_assumed_is_refused(world: World, cfn: Any) -> None:
    role = "arn:aws:iam::123456789012:role/deployer"
    world.deploy("demo", of(Bucket=BUCKET), role_arn=role)
    assert f"Role {role} is invalid or cannot be assumed" == refusal(cfn.delete_stack, StackName="demo")
    trust = {"Version": "2012-10-17", "Statement": []}
    world.client("iam").create_role(RoleName="deployer", AssumeRolePolicyDocument=json.dumps(trust))
    assert "DELETE_COMPLETE" == deleted(world, cfn, "demo")[0]


def test_a_nested_stack_goes_with_its_root_and_fails_with_it(world: World, cfn: Any) -> None:
    world.templates["https://example.com/child.yaml"] = json.dumps(
        {**of(Bucket=BUCKET), "Outputs": {"Name": {"Value": ref("Bucket")}}}
    )
    child = one("AWS::CloudFormation::Stack", TemplateURL="https://example.com/child.yaml")
    root_id = world.deploy(
        "root", of(Child=child, Topic=one("AWS::SNS::Topic", DisplayName=arn("Child", "Outputs.Name")))
    )
    child_id = world.stack("root").resources["Child"]
    found = cfn.describe_stacks(StackName=child_id)["Stacks"][0]
    assert (root_id, root_id) == (found["ParentId"], found["RootId"])
    name = world.stack(child_id).resources["Bucket"]
    fill(world, name)
    assert "DELETE_FAILED" == deleted(world, cfn, "root")[0]
    assert "Embedded stack" in reasons(cfn, root_id)["Child"]
    world.client("s3").delete_object(Bucket=name, Key="k")
    assert "DELETE_COMPLETE" == deleted(world, cfn, "root")[0]
    assert "DELETE_COMPLETE" == world.stack(child_id).status


def test_a_custom_resource_without_its_provider_fails_after_an_hour(world: World, cfn: Any) -> None:
    function = one(
        "AWS::Lambda::Function", Role=arn("Role"), Handler="i.h", Runtime="python3.12", Code={"ZipFile": "x"}
    )
    role = one("AWS::IAM::Role", AssumeRolePolicyDocument=TRUST)
    world.deploy(
        "provider", {**of(F=function, Role=role), "Outputs": {"A": {"Value": arn("F"), "Export": {"Name": "token"}}}}
    )
    token = world.stack("provider").outputs["A"]["OutputValue"]
    stack_id = world.deploy("demo", of(Thing=one("Custom::Thing", ServiceToken=token)))
    world.client("lambda").delete_function(FunctionName=world.stack("provider").resources["F"])
    cfn.delete_stack(StackName="demo")
    world.clock.advance(3500)
    assert "DELETE_IN_PROGRESS" == world.stack("demo").status
    world.clock.advance(200)
    assert "DELETE_FAILED" == world.stack("demo").status
    assert reasons(cfn, stack_id)["Thing"].startswith(
        "CloudFormation did not receive a response from your Custom Resource"
    )


def test_a_stack_that_cannot_be_created_is_rolled_back(world: World, cfn: Any) -> None:
    world.client("s3").create_bucket(Bucket="taken", CreateBucketConfiguration={"LocationConstraint": world.region})
    with pytest.raises(RuntimeError, match="could not be created: Bucket"):
        world.deploy("demo", of(Topic=one("AWS::SNS::Topic"), Bucket=one("AWS::S3::Bucket", BucketName="taken")))
    assert "ROLLBACK_COMPLETE" == cfn.describe_stacks(StackName="demo")["Stacks"][0]["StackStatus"]
    assert {} == world.state()["topics"]
    assert ["taken"] == list(world.state()["buckets"])
    assert "DELETE_COMPLETE" == deleted(world, cfn, "demo")[0]


def test_a_stack_made_through_the_api_is_in_progress_first(world: World, cfn: Any) -> None:
    cfn.create_stack(StackName="demo", TemplateBody=json.dumps(of(Bucket=BUCKET)))
    assert "CREATE_IN_PROGRESS" == cfn.describe_stacks(StackName="demo")["Stacks"][0]["StackStatus"]
    cfn.describe_stacks(StackName="demo")
    assert "CREATE_COMPLETE" == world.stack("demo").status


def test_an_update_changes_resources_tags_and_policies(world: World, cfn: Any) -> None:
    world.deploy("demo", of(Bucket=BUCKET, Topic=one("AWS::SNS::Topic")), tags={"team": "a"})
    new = of(Bucket={**BUCKET, "DeletionPolicy": "Retain"}, Queue=one("AWS::SQS::Queue"))
    cfn.update_stack(StackName="demo", TemplateBody=json.dumps(new), Tags=[{"Key": "team", "Value": "b"}])
    world.clock.advance(5)
    assert "UPDATE_COMPLETE" == world.stack("demo").status
    assert {"Bucket", "Queue"} == set(world.stack("demo").resources)
    assert {} == world.state()["topics"]
    assert "No updates are to be performed." == refusal(
        cfn.update_stack, StackName="demo", UsePreviousTemplate=True, Tags=[{"Key": "team", "Value": "b"}]
    )


def test_a_stack_being_updated_is_not_deleted(world: World, cfn: Any) -> None:
    world.deploy("demo", of(Bucket=BUCKET))
    world.stack("demo").status = "UPDATE_IN_PROGRESS"
    assert "cannot be deleted while in status UPDATE_IN_PROGRESS" in refusal(cfn.delete_stack, StackName="demo")


def test_lists_come_in_pages(world: World, cfn: Any) -> None:
    world.page = 2
    world.deploy("demo", of(**{f"Topic{number}": one("AWS::SNS::Topic") for number in range(5)}))
    pages = list(cfn.get_paginator("list_stack_resources").paginate(StackName="demo"))
    assert [2, 2, 1] == [len(page["StackResourceSummaries"]) for page in pages]
    for number in range(3):
        world.deploy(f"other{number}", of(Topic=one("AWS::SNS::Topic")))
    assert 4 == len([stack for page in cfn.get_paginator("describe_stacks").paginate() for stack in page["Stacks"]])


def test_regions_do_not_see_each_other(world: World, cfn: Any) -> None:
    world.deploy("demo", of(Group=GROUP), region="us-west-2")
    assert "Stack with id demo does not exist" == refusal(cfn.describe_stacks, StackName="demo")
    assert 1 == len(world.outside("cloudformation", "us-west-2").describe_stacks()["Stacks"])


def test_functions_and_conditions_are_worked_out(world: World, cfn: Any) -> None:
    text = """
Parameters:
  Auto: {Type: String, Default: ''}
  Ports: {Type: CommaDelimitedList, Default: '1,2'}
Mappings: {M: {ap-northeast-1: {Zone: tokyo}}}
Conditions:
  IsAuto: !Equals [!Ref Auto, '']
  Never: !And [!Condition IsAuto, !Not [!Condition IsAuto]]
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !If [IsAuto, !Sub '${AWS::StackName}-out-${AWS::AccountId}', !Ref Auto]
      Tags: !If [Never, [], !Ref AWS::NoValue]
  Gone: {Type: AWS::SNS::Topic, Condition: Never}
Outputs:
  Arn: {Value: !Sub 'x-${Bucket.Arn}-${!y}'}
  Zone: {Value: !FindInMap [M, !Ref AWS::Region, Zone]}
  Port: {Value: !Select [1, !Ref Ports]}
  Joined: {Value: !Join ['-', !Split ['.', a.b]]}
  No: {Condition: Never, Value: x}
"""
    world.deploy("demo", text)
    outputs = {
        item["OutputKey"]: item["OutputValue"] for item in cfn.describe_stacks(StackName="demo")["Stacks"][0]["Outputs"]
    }
    expected = {"Arn": "x-arn:aws:s3:::demo-out-123456789012-${y}", "Zone": "tokyo", "Port": "2", "Joined": "a-b"}
    assert expected == outputs
    assert {"Bucket"} == set(world.stack("demo").resources)


def test_sam_types_become_cloudformations(world: World, cfn: Any) -> None:
    text = """
Transform: AWS::Serverless-2016-10-31
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties: {Handler: a.b, Runtime: python3.12, CodeUri: src/}
"""
    world.deploy("demo", text)
    rows = cfn.describe_stack_resources(StackName="demo")["StackResources"]
    assert {"AWS::Lambda::Function", "AWS::IAM::Role"} == {row["ResourceType"] for row in rows}
    assert text == cfn.get_template(StackName="demo")["TemplateBody"]
    processed = cfn.get_template(StackName="demo", TemplateStage="Processed")["TemplateBody"]
    assert "AWS::Lambda::Function" == processed["Resources"]["F"]["Type"]


def test_a_resource_leads_back_to_its_stack(world: World, cfn: Any) -> None:
    stack_id = world.deploy("demo", of(Bucket=BUCKET))
    name = world.stack("demo").resources["Bucket"]
    rows = cfn.describe_stack_resources(PhysicalResourceId=name)["StackResources"]
    assert [(stack_id, "Bucket")] == [(row["StackId"], row["LogicalResourceId"]) for row in rows]


def test_unknown_and_missing_parameters_are_refused(cfn: Any) -> None:
    body = json.dumps({**of(Bucket=BUCKET), "Parameters": {"A": {"Type": "String"}}})
    assert "Parameters: [A] must have values" == refusal(cfn.create_stack, StackName="demo", TemplateBody=body)
    given = [{"ParameterKey": "B", "ParameterValue": "x"}]
    assert "do not exist in the template" in refusal(
        cfn.create_stack, StackName="demo", TemplateBody=body, Parameters=given
    )
