"""Change sets, and what becomes of a stack when it is made or changed."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from world_templates import BUCKET, TRUST, arn, of, one, ref

from s3ap_ops.testing import World

TOPIC = one("AWS::SNS::Topic")
ROLE = one("AWS::IAM::Role", AssumeRolePolicyDocument=TRUST)
QUEUE = one("AWS::SQS::Queue")
BROKEN = one("AWS::S3::Bucket", BucketName="taken")
CHILD = one("AWS::CloudFormation::Stack", TemplateURL="https://example.com/child.yaml")


@pytest.fixture
def world() -> Iterator[World]:
    """A world with a bucket in it that is called taken."""
    with World() as world:
        place = {"LocationConstraint": world.region}
        world.client("s3").create_bucket(Bucket="taken", CreateBucketConfiguration=place)
        yield world


@pytest.fixture
def cfn(world: World) -> Any:
    """A CloudFormation client whose requests count."""
    return world.outside("cloudformation")


def error(call: Any, **arguments: Any) -> tuple[str, str]:
    """The code and message that a call fails with."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    told = caught.value.response["Error"]
    return str(told["Code"]), str(told["Message"])


def planned(cfn: Any, template: Any, kind: str = "UPDATE", name: str = "plan", **more: Any) -> dict[str, Any]:
    """A change set for the stack demo, when it is made."""
    body = {} if template is None else {"TemplateBody": template if isinstance(template, str) else json.dumps(template)}
    cfn.create_change_set(StackName="demo", ChangeSetName=name, ChangeSetType=kind, **body, **more)
    cfn.describe_change_set(StackName="demo", ChangeSetName=name)
    found: dict[str, Any] = cfn.describe_change_set(StackName="demo", ChangeSetName=name)
    return found


def carried_out(world: World, cfn: Any, template: Any, kind: str = "UPDATE", **more: Any) -> str:
    """The status that a change set leads to."""
    planned(cfn, template, kind, Capabilities=["CAPABILITY_NAMED_IAM"])
    cfn.execute_change_set(StackName="demo", ChangeSetName="plan", **more)
    stack = world.stack("demo")
    for _ in range(20):
        world.clock.advance(5)
    return stack.status


def history(world: World, name: str = "demo") -> list[tuple[str, str]]:
    """The logical ids and statuses of a stack's events."""
    return [(event.logical, event.status) for event in world.stack(name).events]


def why(world: World, logical: str, status: str, name: str = "demo") -> str:
    """The reason that an event gives."""
    return next(
        event.reason
        for event in world.stack(name).events
        if (event.logical, event.status) == (logical, status) and event.reason
    )


def the_change(found: dict[str, Any], logical: str) -> dict[str, Any]:
    """What a change set says of a resource."""
    rows = [row["ResourceChange"] for row in found["Changes"]]
    return next(row for row in rows if row["LogicalResourceId"] == logical)


# -- change sets


def test_a_change_set_of_a_new_stack_leaves_it_in_review_until_it_is_carried_out(world: World, cfn: Any) -> None:
    made = cfn.create_change_set(
        StackName="demo", ChangeSetName="plan", ChangeSetType="CREATE", TemplateBody=json.dumps(of(Bucket=BUCKET))
    )
    statuses = [cfn.describe_change_set(ChangeSetName=made["Id"])["Status"] for _ in range(2)]
    assert ["CREATE_PENDING", "CREATE_COMPLETE"] == statuses
    assert "REVIEW_IN_PROGRESS" == cfn.describe_stacks(StackName="demo")["Stacks"][0]["StackStatus"]
    cfn.execute_change_set(ChangeSetName=made["Id"], ClientRequestToken="token")
    seen = [cfn.describe_stacks(StackName="demo")["Stacks"][0]["StackStatus"] for _ in range(2)]
    assert ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"] == seen
    assert "token" == cfn.describe_stack_events(StackName="demo")["StackEvents"][0]["ClientRequestToken"]
    assert "EXECUTE_COMPLETE" == cfn.describe_change_set(ChangeSetName=made["Id"])["ExecutionStatus"]


def test_a_stack_in_review_can_be_deleted(world: World, cfn: Any) -> None:
    planned(cfn, of(Bucket=BUCKET), "CREATE")
    cfn.delete_stack(StackName="demo")
    world.clock.advance(10)
    assert "DELETE_COMPLETE" == world.stack("demo").status


def test_changes_are_additions_modifications_and_removals(world: World, cfn: Any) -> None:
    world.deploy("demo", of(Bucket=BUCKET, Topic=TOPIC))
    found = planned(cfn, of(Bucket=one("AWS::S3::Bucket", VersioningConfiguration={"Status": "Enabled"}), Queue=QUEUE))
    actions = {row["ResourceChange"]["LogicalResourceId"]: row["ResourceChange"]["Action"] for row in found["Changes"]}
    assert {"Bucket": "Modify", "Queue": "Add", "Topic": "Remove"} == actions
    change = the_change(found, "Bucket")
    assert ("False", ["Properties"]) == (change["Replacement"], change["Scope"])
    [detail] = change["Details"]
    target = {"Attribute": "Properties", "Name": "VersioningConfiguration", "RequiresRecreation": "Never"}
    assert target.items() <= detail["Target"].items()
    assert ("Static", "DirectModification") == (detail["Evaluation"], detail["ChangeSource"])


@pytest.mark.parametrize("policy", ["Delete", "Retain", "Snapshot"])
def test_a_removal_says_what_becomes_of_the_resource(world: World, cfn: Any, policy: str) -> None:
    world.deploy("demo", of(Topic=TOPIC, Bucket={**BUCKET, "DeletionPolicy": policy}))
    assert policy == the_change(planned(cfn, of(Topic=TOPIC)), "Bucket")["PolicyAction"]


def test_a_create_only_property_means_replacement_and_follows_references(world: World, cfn: Any) -> None:
    reader = one("AWS::SNS::Topic", TopicName=ref("Bucket"))
    world.deploy("demo", of(Bucket=one("AWS::S3::Bucket", BucketName="one-name"), Reader=reader))
    new = {**one("AWS::S3::Bucket", BucketName="other-name"), "UpdateReplacePolicy": "Retain"}
    found = planned(cfn, of(Bucket=new, Reader=reader))
    bucket, topic = the_change(found, "Bucket"), the_change(found, "Reader")
    assert ("True", "ReplaceAndRetain") == (bucket["Replacement"], bucket["PolicyAction"])
    assert ("True", "ReplaceAndDelete") == (topic["Replacement"], topic["PolicyAction"])
    cause = {(row["ChangeSource"], row.get("CausingEntity")) for row in topic["Details"]}
    assert {("ResourceReference", "Bucket")} == cause


def test_what_reads_an_attribute_of_a_changed_resource_may_change(world: World, cfn: Any) -> None:
    reader = one("AWS::SNS::Topic", TopicName=arn("Queue", "QueueName"))
    world.deploy("demo", of(Queue=QUEUE, Reader=reader))
    slower = one("AWS::SQS::Queue", VisibilityTimeout=60)
    change = the_change(planned(cfn, of(Queue=slower, Reader=reader)), "Reader")
    assert "Conditional" == change["Replacement"]
    assert ("Dynamic", "ResourceAttribute", "Queue.QueueName") == tuple(
        change["Details"][0][name] for name in ("Evaluation", "ChangeSource", "CausingEntity")
    )


def test_values_before_and_after_are_shown_on_request(world: World, cfn: Any) -> None:
    world.deploy("demo", of(Topic=one("AWS::SNS::Topic", DisplayName="old")))
    planned(cfn, of(Topic=one("AWS::SNS::Topic", DisplayName="new")))
    found = cfn.describe_change_set(StackName="demo", ChangeSetName="plan", IncludePropertyValues=True)
    target = the_change(found, "Topic")["Details"][0]["Target"]
    assert ("old", "new") == (target["BeforeValue"], target["AfterValue"])


def test_a_changed_parameter_is_named_as_the_cause(world: World, cfn: Any) -> None:
    template = {
        **of(Topic=one("AWS::SNS::Topic", DisplayName=ref("Title"))),
        "Parameters": {"Title": {"Type": "String"}},
    }
    world.deploy("demo", template, parameters={"Title": "a"})
    given = [{"ParameterKey": "Title", "ParameterValue": "b"}]
    found = planned(cfn, None, UsePreviousTemplate=True, Parameters=given)
    assert given == found["Parameters"]
    detail = the_change(found, "Topic")["Details"][0]
    assert ("ParameterReference", "Title") == (detail["ChangeSource"], detail["CausingEntity"])


def test_previous_values_are_kept(world: World, cfn: Any) -> None:
    declared = {"Title": {"Type": "String"}}
    template = {**of(Topic=one("AWS::SNS::Topic", DisplayName=ref("Title"))), "Parameters": declared}
    world.deploy("demo", template, parameters={"Title": "a"})
    template["Resources"]["Queue"] = QUEUE
    planned(cfn, template, Parameters=[{"ParameterKey": "Title", "UsePreviousValue": True}])
    cfn.execute_change_set(StackName="demo", ChangeSetName="plan")
    world.clock.advance(5)
    assert {"Title": "a"} == world.stack("demo").parameters
    assert (
        "Parameters: [Title] must have values"
        == error(cfn.create_change_set, StackName="demo", ChangeSetName="more", TemplateBody=json.dumps(template))[1]
    )


def test_a_change_set_without_changes_fails(world: World, cfn: Any) -> None:
    world.deploy("demo", of(Bucket=BUCKET))
    found = planned(cfn, of(Bucket=BUCKET))
    assert ("FAILED", "UNAVAILABLE") == (found["Status"], found["ExecutionStatus"])
    expected = "The submitted information didn't contain changes. Submit different information to create a change set."
    assert expected == found["StatusReason"]
    code, message = error(cfn.execute_change_set, StackName="demo", ChangeSetName="plan")
    assert "InvalidChangeSetStatus" == code
    assert message.endswith("cannot be executed in its current status of [FAILED]")


def test_a_macros_template_without_changes_says_it_otherwise(world: World, cfn: Any) -> None:
    template = {**of(Bucket=BUCKET), "Transform": "AWS::Serverless-2016-10-31"}
    world.deploy("demo", template)
    assert "No updates are to be performed." == planned(cfn, template)["StatusReason"]


def test_a_changed_output_is_a_change(world: World, cfn: Any) -> None:
    world.deploy("demo", of(Bucket=BUCKET))
    found = planned(cfn, {**of(Bucket=BUCKET), "Outputs": {"Name": {"Value": ref("Bucket")}}})
    assert ("CREATE_COMPLETE", []) == (found["Status"], found["Changes"])


def test_changes_come_in_pages(world: World, cfn: Any) -> None:
    world.page = 2
    planned(cfn, of(**{f"Topic{number}": TOPIC for number in range(5)}), "CREATE")
    pages = cfn.get_paginator("describe_change_set").paginate(StackName="demo", ChangeSetName="plan")
    assert [2, 2, 1] == [len(page["Changes"]) for page in pages]


def test_change_sets_are_listed_and_deleted(world: World, cfn: Any) -> None:
    world.deploy("demo", of(Bucket=BUCKET))
    planned(cfn, of(Bucket=BUCKET, Topic=TOPIC), name="one")
    planned(cfn, of(Bucket=BUCKET, Queue=QUEUE), name="two")
    names = lambda: [row["ChangeSetName"] for row in cfn.list_change_sets(StackName="demo")["Summaries"]]  # noqa: E731
    assert ["one", "two"] == names()
    cfn.delete_change_set(StackName="demo", ChangeSetName="one")
    cfn.delete_change_set(StackName="demo", ChangeSetName="one")
    assert ["two"] == names()
    code, _ = error(cfn.describe_change_set, StackName="demo", ChangeSetName="one")
    assert "ChangeSetNotFound" == code


def test_the_others_go_when_one_is_carried_out(world: World, cfn: Any) -> None:
    world.deploy("demo", of(Bucket=BUCKET))
    planned(cfn, of(Bucket=BUCKET, Topic=TOPIC), name="one")
    planned(cfn, of(Bucket=BUCKET, Queue=QUEUE), name="two")
    cfn.execute_change_set(StackName="demo", ChangeSetName="two")
    assert ["two"] == [row["ChangeSetName"] for row in cfn.list_change_sets(StackName="demo")["Summaries"]]


def test_an_update_makes_a_change_set_obsolete(world: World, cfn: Any) -> None:
    world.deploy("demo", of(Bucket=BUCKET))
    planned(cfn, of(Bucket=BUCKET, Topic=TOPIC))
    cfn.update_stack(StackName="demo", TemplateBody=json.dumps(of(Bucket=BUCKET, Queue=QUEUE)))
    found = cfn.describe_change_set(StackName="demo", ChangeSetName="plan")
    assert "OBSOLETE" == found["ExecutionStatus"]


def test_a_token_makes_the_same_request_harmless_and_another_one_an_error(world: World, cfn: Any) -> None:
    wanted = {"StackName": "demo", "ChangeSetName": "plan", "ChangeSetType": "CREATE", "ClientToken": "t"}
    first = cfn.create_change_set(**wanted, TemplateBody=json.dumps(of(Bucket=BUCKET)))
    assert first["Id"] == cfn.create_change_set(**wanted, TemplateBody=json.dumps(of(Bucket=BUCKET)))["Id"]
    code, _ = error(cfn.create_change_set, **wanted, TemplateBody=json.dumps(of(Topic=TOPIC)))
    assert "AlreadyExistsException" == code


# -- what is refused at once


@pytest.mark.parametrize(
    ("capability", "properties"), [("CAPABILITY_IAM", {}), ("CAPABILITY_NAMED_IAM", {"RoleName": "mine"})]
)
def test_a_role_needs_a_capability(cfn: Any, capability: str, properties: dict[str, str]) -> None:
    body = of(Role=one("AWS::IAM::Role", AssumeRolePolicyDocument=TRUST, **properties))
    expected = ("InsufficientCapabilitiesException", f"Requires capabilities : [{capability}]")
    wanted = {"StackName": "demo", "ChangeSetName": "plan", "ChangeSetType": "CREATE"}
    assert expected == error(cfn.create_change_set, **wanted, TemplateBody=json.dumps(body))
    assert "CREATE_COMPLETE" == planned(cfn, body, "CREATE", Capabilities=[capability])["Status"]


def test_macros_need_a_capability_when_nothing_shows_what_they_make(cfn: Any) -> None:
    body = json.dumps({**of(Bucket=BUCKET), "Transform": "AWS::Serverless-2016-10-31"})
    code, message = error(cfn.create_stack, StackName="demo", TemplateBody=body)
    assert ("InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_AUTO_EXPAND]") == (code, message)
    assert "CREATE_COMPLETE" == planned(cfn, body, "CREATE")["Status"]


def test_parameters_are_checked(cfn: Any) -> None:
    body = json.dumps({**of(Bucket=BUCKET), "Parameters": {"A": {"Type": "String", "AllowedValues": ["x"]}}})
    wanted = {"StackName": "demo", "ChangeSetName": "plan", "ChangeSetType": "CREATE", "TemplateBody": body}
    for given, message in (
        ({}, "Parameters: [A] must have values"),
        ({"B": "x"}, "Parameters: [B] do not exist in the template"),
        ({"A": "y"}, "Parameter 'A' must be one of AllowedValues"),
    ):
        rows = [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()]
        assert ("ValidationError", message) == error(cfn.create_change_set, **wanted, Parameters=rows)


def test_a_long_template_has_to_be_in_s3(world: World, cfn: Any) -> None:
    body = json.dumps({**of(Bucket=BUCKET), "Metadata": {"long": "x" * 51_200}})
    code, message = error(cfn.create_stack, StackName="demo", TemplateBody=body)
    assert "ValidationError" == code
    assert message.endswith("Member must have length less than or equal to 51200")
    world.client("s3").put_object(Bucket="taken", Key="a/demo.json", Body=body)
    for url in (
        f"https://s3.{world.region}.amazonaws.com/taken/a/demo.json",
        f"https://taken.s3.{world.region}.amazonaws.com/a/demo.json",
        f"{world.endpoint}/taken/a/demo.json",
    ):
        assert ["AWS::S3::Bucket"] == cfn.get_template_summary(TemplateURL=url)["ResourceTypes"]
    missing = f"https://taken.s3.{world.region}.amazonaws.com/none"
    assert (
        "S3 error: The specified key does not exist."
        == error(cfn.create_stack, StackName="demo", TemplateURL=missing)[1]
    )


def test_a_template_that_speaks_of_what_it_has_not_is_no_template(cfn: Any) -> None:
    body = json.dumps(of(Topic=one("AWS::SNS::Topic", DisplayName=ref("Nobody"))))
    expected = "Template format error: Unresolved resource dependencies [Nobody] in the Resources block of the template"
    assert ("ValidationError", expected) == error(cfn.validate_template, TemplateBody=body)


def test_what_a_text_brings_along_is_no_resource(cfn: Any) -> None:
    text = {"Fn::Sub": ["${Stage.Name} in ${Place}", {"Stage.Name": "dev", "Place": ref("AWS::Region")}]}
    cfn.validate_template(TemplateBody=json.dumps(of(Topic=one("AWS::SNS::Topic", DisplayName=text))))


def test_a_validated_template_tells_what_it_needs(cfn: Any) -> None:
    body = {**of(Role=one("AWS::IAM::Role", AssumeRolePolicyDocument=TRUST)), "Parameters": {"A": {"Type": "String"}}}
    found = cfn.validate_template(TemplateBody=json.dumps(body))
    assert (["CAPABILITY_IAM"], ["A"]) == (
        found["Capabilities"],
        [row["ParameterKey"] for row in found["Parameters"]],
    )


# -- creation


def test_a_resource_that_cannot_be_made_takes_the_stack_back(world: World, cfn: Any) -> None:
    waits = one("AWS::SQS::Queue", QueueName=ref("First"))
    template = of(First=TOPIC, Kept={**BUCKET, "DeletionPolicy": "Retain"}, Second=BROKEN, Other=QUEUE, Waits=waits)
    assert "ROLLBACK_COMPLETE" == carried_out(world, cfn, template, "CREATE")
    assert "taken already exists" == why(world, "Second", "CREATE_FAILED")
    assert "Resource creation cancelled" == why(world, "Other", "CREATE_FAILED")
    expected = "The following resource(s) failed to create: [Second, Other]. . Rollback requested by user."
    assert expected == why(world, "demo", "ROLLBACK_IN_PROGRESS")
    assert ("Kept", "DELETE_SKIPPED") in history(world)
    assert "Waits" not in dict(history(world))
    state = world.state()
    assert ({}, {}, 2) == (state["topics"], state["queues"], len(state["buckets"]))
    assert (
        "can not be updated"
        in error(
            cfn.create_change_set, StackName="demo", ChangeSetName="new", TemplateBody=json.dumps(of(Topic=TOPIC))
        )[1]
    )


def test_the_failed_change_set_says_so(world: World, cfn: Any) -> None:
    carried_out(world, cfn, of(Bucket=BROKEN), "CREATE")
    found = cfn.describe_change_set(StackName="demo", ChangeSetName="plan")
    assert "EXECUTE_FAILED" == found["ExecutionStatus"]


def test_the_rollback_takes_its_time(world: World, cfn: Any) -> None:
    cfn.create_stack(StackName="demo", TemplateBody=json.dumps(of(Topic=TOPIC, Bucket=BROKEN)))
    seen = [cfn.describe_stacks(StackName="demo")["Stacks"][0]["StackStatus"] for _ in range(5)]
    assert ["CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"] == [*seen[:4]]


def test_resources_come_one_after_another(world: World, cfn: Any) -> None:
    world.pace.create = 60
    second = one("AWS::SQS::Queue", QueueName={"Fn::GetAtt": ["Topic", "TopicName"]})
    cfn.create_stack(StackName="demo", TemplateBody=json.dumps(of(Topic=TOPIC, Queue=second)))
    rows = lambda: {row.logical: row.status for row in world.stack("demo").resources.values()}  # noqa: E731
    assert {"Topic": "CREATE_IN_PROGRESS"} == rows()
    world.clock.advance(30)
    assert {"Topic": "CREATE_COMPLETE", "Queue": "CREATE_IN_PROGRESS"} == rows()
    world.clock.advance(30)
    assert "CREATE_COMPLETE" == world.stack("demo").status


def test_failure_may_leave_everything_where_it_is(world: World, cfn: Any) -> None:
    assert "CREATE_FAILED" == carried_out(world, cfn, of(Topic=TOPIC, Zone=BROKEN), "CREATE", DisableRollback=True)
    assert 1 == len(world.state()["topics"])


def test_failure_may_delete_the_stack(world: World, cfn: Any) -> None:
    planned(cfn, of(Topic=TOPIC, Zone=BROKEN), "CREATE", OnStackFailure="DELETE")
    stack_id = world.stack("demo").id
    cfn.execute_change_set(StackName="demo", ChangeSetName="plan")
    world.clock.advance(60)
    assert "DELETE_COMPLETE" == cfn.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"]
    events = cfn.describe_stack_events(StackName=stack_id)["StackEvents"]
    assert "taken already exists" in [row.get("ResourceStatusReason") for row in events]


def test_a_name_of_another_stack_says_whose(world: World, cfn: Any) -> None:
    owner = world.deploy("owner", of(Topic=one("AWS::SNS::Topic", TopicName="news")))
    carried_out(world, cfn, of(Topic=one("AWS::SNS::Topic", TopicName="news")), "CREATE")
    assert f"news already exists in stack {owner}" == why(world, "Topic", "CREATE_FAILED")


def test_a_function_needs_its_archive(world: World, cfn: Any) -> None:
    function = one("AWS::Lambda::Function", Role=arn("Role"), Handler="i.h",
                   Runtime="python3.12", Code={"S3Bucket": "taken", "S3Key": "code.zip"})  # fmt: skip
    assert "ROLLBACK_COMPLETE" == carried_out(world, cfn, of(Role=ROLE, Function=function), "CREATE")
    assert "S3 Error Code: NoSuchKey" in why(world, "Function", "CREATE_FAILED")


def test_a_second_endpoint_with_the_same_private_name_is_refused(world: World, cfn: Any) -> None:
    vpc = world.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    service = f"com.amazonaws.{world.region}.athena"
    point = one("AWS::EC2::VPCEndpoint", VpcId=vpc, ServiceName=service, VpcEndpointType="Interface",
                PrivateDnsEnabled=True)  # fmt: skip
    world.deploy("owner", of(Point=point))
    assert "ROLLBACK_COMPLETE" == carried_out(world, cfn, of(Point=point), "CREATE")
    assert "there is already a conflicting DNS domain" in why(world, "Point", "CREATE_FAILED")


def test_a_nested_stack_that_fails_is_named_and_goes(world: World, cfn: Any) -> None:
    world.templates["https://example.com/child.yaml"] = json.dumps(of(Bucket=BROKEN))
    assert "ROLLBACK_COMPLETE" == carried_out(world, cfn, of(Child=CHILD), "CREATE")
    child = world.stack("demo").resources["Child"]
    reason = why(world, "Child", "CREATE_FAILED")
    assert reason.startswith(f"Embedded stack {child} was not successfully created: The following resource(s) failed")
    assert ("Bucket", "CREATE_FAILED") in history(world, child)
    assert "DELETE_COMPLETE" == world.stack(child).status


def test_express_mode_is_over_soon(world: World, cfn: Any) -> None:
    planned(cfn, of(Topic=TOPIC), "CREATE", DeploymentConfig={"Mode": "EXPRESS"})
    cfn.execute_change_set(StackName="demo", ChangeSetName="plan")
    world.clock.advance(1)
    assert "CREATE_COMPLETE" == world.stack("demo").status
    assert "CONFIGURATION_COMPLETE" == cfn.describe_events(StackName="demo")["OperationEvents"][0]["DetailedStatus"]


# -- updates


def test_a_replacement_is_made_before_the_old_one_goes(world: World, cfn: Any) -> None:
    world.deploy("demo", of(Bucket=one("AWS::S3::Bucket", BucketName="old-name")))
    assert "UPDATE_COMPLETE" == carried_out(world, cfn, of(Bucket=one("AWS::S3::Bucket", BucketName="new-name")))
    assert ["new-name", "taken"] == sorted(world.state()["buckets"])
    deleted = [event.physical for event in world.stack("demo").events if event.status == "DELETE_COMPLETE"]
    assert ["old-name"] == deleted
    assert "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS" in dict.fromkeys(status for _, status in history(world))


def test_a_name_that_stays_cannot_be_replaced(world: World, cfn: Any) -> None:
    world.deploy("demo", of(Group=one("AWS::EC2::SecurityGroup", GroupName="gate", GroupDescription="a")))
    new = of(Group=one("AWS::EC2::SecurityGroup", GroupName="gate", GroupDescription="b"))
    assert "UPDATE_ROLLBACK_COMPLETE" == carried_out(world, cfn, new)
    assert "Rename gate and update the stack again." in why(world, "Group", "UPDATE_FAILED")


@pytest.mark.parametrize(("policy", "left"), [("Delete", 1), ("Retain", 2)])
def test_what_is_removed_or_replaced_goes_by_its_policy(world: World, cfn: Any, policy: str, left: int) -> None:
    world.deploy("demo", of(Topic=TOPIC, Bucket={**BUCKET, "DeletionPolicy": policy}))
    assert "UPDATE_COMPLETE" == carried_out(world, cfn, of(Topic=TOPIC))
    assert left == len(world.state()["buckets"])
    new = {**one("AWS::SNS::Topic", TopicName="named"), "UpdateReplacePolicy": policy}
    cfn.delete_change_set(StackName="demo", ChangeSetName="plan")
    carried_out(world, cfn, of(Topic=new))
    assert left == len(world.state()["topics"])


def test_a_failed_update_undoes_what_it_did(world: World, cfn: Any) -> None:
    world.deploy("demo", of(Bucket=BUCKET, Gone=TOPIC))
    versioned = one("AWS::S3::Bucket", VersioningConfiguration={"Status": "Enabled"})
    before = world.stack("demo").text
    late = {**BROKEN, "DependsOn": ["Bucket", "Queue"]}
    assert "UPDATE_ROLLBACK_COMPLETE" == carried_out(world, cfn, of(Bucket=versioned, Queue=QUEUE, Late=late))
    assert {} == world.state()["queues"]
    assert 1 == len(world.state()["topics"])
    name = world.stack("demo").resources["Bucket"]
    assert "Enabled" != world.client("s3").get_bucket_versioning(Bucket=name).get("Status")
    assert before == world.stack("demo").text
    assert {"Bucket", "Gone"} == set(world.stack("demo").resources)


def test_a_rollback_that_is_stuck_goes_on_when_told_what_to_leave_out(world: World, cfn: Any) -> None:
    world.deploy("demo", of(Bucket=BUCKET))
    world.refusals["Bucket", "rollback"] = "the handler is out of order"
    versioned = one("AWS::S3::Bucket", VersioningConfiguration={"Status": "Enabled"})
    late = {**BROKEN, "DependsOn": "Bucket"}
    assert "UPDATE_ROLLBACK_FAILED" == carried_out(world, cfn, of(Bucket=versioned, Late=late))
    assert "The following resource(s) failed to update: [Bucket]. " == world.stack("demo").reason
    assert "can not be updated" in error(cfn.update_stack, StackName="demo", UsePreviousTemplate=True)[1]
    cfn.continue_update_rollback(StackName="demo")
    world.clock.advance(10)
    assert "UPDATE_ROLLBACK_FAILED" == world.stack("demo").status
    cfn.continue_update_rollback(StackName="demo", ResourcesToSkip=["Bucket"])
    assert "UPDATE_ROLLBACK_IN_PROGRESS" == world.stack("demo").status
    world.clock.advance(10)
    assert "UPDATE_ROLLBACK_COMPLETE" == world.stack("demo").status


def test_a_function_deleted_by_hand_makes_the_rollback_stick(world: World, cfn: Any) -> None:
    function = one("AWS::Lambda::Function", Role=arn("Role"), Handler="i.h",
                   Runtime="python3.12", Code={"ZipFile": "x"})  # fmt: skip
    world.deploy("demo", of(Role=ROLE, Function=function))
    world.client("lambda").delete_function(FunctionName=world.stack("demo").resources["Function"])
    longer = {**function, "Properties": {**function["Properties"], "Timeout": 9}}
    assert "UPDATE_ROLLBACK_FAILED" == carried_out(world, cfn, of(Role=ROLE, Function=longer))


def test_a_failed_update_may_stay_where_it_is_and_be_mended(world: World, cfn: Any) -> None:
    world.deploy("demo", of(Topic=TOPIC))
    assert "UPDATE_FAILED" == carried_out(world, cfn, of(Topic=TOPIC, Zone=BROKEN), DisableRollback=True)
    cfn.delete_change_set(StackName="demo", ChangeSetName="plan")
    assert "UPDATE_COMPLETE" == carried_out(world, cfn, of(Topic=TOPIC, Zone=BUCKET))


def test_a_nested_update_goes_back_with_its_parent(world: World, cfn: Any) -> None:
    url = "https://example.com/child.yaml"
    world.templates[url] = json.dumps(of(Topic=TOPIC))
    world.deploy("demo", of(Child=CHILD))
    child = world.stack("demo").resources["Child"]
    world.templates[url] = json.dumps(of(Topic=TOPIC, Queue=QUEUE))
    late = {**BROKEN, "DependsOn": "Child"}
    assert "UPDATE_ROLLBACK_COMPLETE" == carried_out(world, cfn, of(Child=CHILD, Late=late))
    assert "UPDATE_ROLLBACK_COMPLETE" == world.stack(child).status
    assert {} == world.state()["queues"]


def test_a_nested_update_that_fails_is_named(world: World, cfn: Any) -> None:
    url = "https://example.com/child.yaml"
    world.templates[url] = json.dumps(of(Topic=TOPIC))
    world.deploy("demo", of(Child=CHILD))
    child = world.stack("demo").resources["Child"]
    world.templates[url] = json.dumps(of(Topic=TOPIC, Bucket=BROKEN))
    assert "UPDATE_ROLLBACK_COMPLETE" == carried_out(world, cfn, of(Child=CHILD, Queue=QUEUE))
    assert f"Embedded stack {child} was not successfully updated." in why(world, "Child", "UPDATE_FAILED")
    assert ("Bucket", "CREATE_FAILED") in history(world, child)


def test_an_export_in_use_cannot_be_taken_away(world: World, cfn: Any) -> None:
    export = {"B": {"Value": ref("Bucket"), "Export": {"Name": "shelf"}}}
    world.deploy("demo", {**of(Bucket=BUCKET), "Outputs": export})
    world.deploy("taker", of(Topic=one("AWS::SNS::Topic", DisplayName={"Fn::ImportValue": "shelf"})))
    assert "UPDATE_ROLLBACK_COMPLETE" == carried_out(world, cfn, of(Bucket=BUCKET))
    expected = "Cannot delete export shelf as it is in use by taker"
    assert expected == why(world, "demo", "UPDATE_ROLLBACK_IN_PROGRESS")


# -- events


def test_events_are_found_by_operation_and_failures_alone(world: World, cfn: Any) -> None:
    world.deploy("demo", of(Topic=TOPIC))
    carried_out(world, cfn, of(Topic=TOPIC, Bucket=BROKEN))
    last = cfn.describe_stacks(StackName="demo")["Stacks"][0]["LastOperations"]
    assert ["ROLLBACK", "UPDATE_STACK"] == [row["OperationType"] for row in last]
    events = cfn.describe_events(OperationId=last[1]["OperationId"], Filters={"FailedEvents": True})["OperationEvents"]
    assert [("Bucket", "PROVISIONING_ERROR")] == [(row["LogicalResourceId"], row["EventType"]) for row in events]


def test_a_taken_name_is_found_before_anything_is_changed(world: World, cfn: Any) -> None:
    world.validates = True
    found = planned(cfn, of(Bucket=BROKEN), "CREATE")
    assert "FAILED" == found["Status"]
    assert "AWS::EarlyValidation::ResourceExistenceCheck" in found["StatusReason"]
    [event] = cfn.describe_events(ChangeSetName=found["ChangeSetId"])["OperationEvents"]
    assert ("FAIL", "taken already exists") == (event["ValidationFailureMode"], event["ValidationStatusReason"])
    assert "CREATE_COMPLETE" == planned(cfn, of(Bucket=BROKEN), "CREATE", name="b", DisableValidation=True)["Status"]


def test_a_full_bucket_that_is_to_go_is_a_warning(world: World, cfn: Any) -> None:
    world.validates = True
    world.deploy("demo", of(Topic=TOPIC, Bucket=BUCKET))
    world.client("s3").put_object(Bucket=world.stack("demo").resources["Bucket"], Key="k", Body=b"x")
    found = planned(cfn, of(Topic=TOPIC))
    assert "CREATE_COMPLETE" == found["Status"]
    [event] = cfn.describe_events(ChangeSetName=found["ChangeSetId"])["OperationEvents"]
    assert "WARN" == event["ValidationFailureMode"]


# -- drift


def drifts(cfn: Any) -> dict[str, dict[str, Any]]:
    """What a detection finds, by logical id."""
    number = cfn.detect_stack_drift(StackName="demo")["StackDriftDetectionId"]
    seen = [cfn.describe_stack_drift_detection_status(StackDriftDetectionId=number) for _ in range(2)]
    assert ["DETECTION_IN_PROGRESS", "DETECTION_COMPLETE"] == [row["DetectionStatus"] for row in seen]
    rows = cfn.describe_stack_resource_drifts(StackName="demo")["StackResourceDrifts"]
    return {row["LogicalResourceId"]: row for row in rows}


def drifting() -> dict[str, Any]:
    """A template of what can be compared."""
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/8", "Description": "d"}
    return of(
        Role=ROLE,
        Bucket=one("AWS::S3::Bucket", VersioningConfiguration={"Status": "Enabled"}),
        Group=one("AWS::EC2::SecurityGroup", GroupDescription="d", SecurityGroupIngress=[rule]),
        Function=one("AWS::Lambda::Function", Role=arn("Role"), Handler="i.h",
                     Runtime="python3.12", Code={"ZipFile": "x"}, Environment={"Variables": {"A": 1}}),
        Gone=BUCKET,
    )  # fmt: skip


def test_nothing_drifts_by_itself(world: World, cfn: Any) -> None:
    world.deploy("demo", drifting())
    assert {"IN_SYNC"} == {row["StackResourceDriftStatus"] for row in drifts(cfn).values()}
    told = cfn.describe_stacks(StackName="demo")["Stacks"][0]["DriftInformation"]
    assert "IN_SYNC" == told["StackDriftStatus"]


def test_what_is_changed_by_hand_drifts(world: World, cfn: Any) -> None:
    world.deploy("demo", drifting())
    names = world.stack("demo").resources
    world.client("s3").put_bucket_versioning(Bucket=names["Bucket"], VersioningConfiguration={"Status": "Suspended"})
    world.client("s3").delete_bucket(Bucket=names["Gone"])
    world.client("lambda").update_function_configuration(
        FunctionName=names["Function"], Environment={"Variables": {"A": "2"}}
    )
    world.client("ec2").authorize_security_group_ingress(
        GroupId=names["Group"], IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0"
    )
    found = drifts(cfn)
    assert {"Bucket": "MODIFIED", "Group": "MODIFIED", "Function": "MODIFIED", "Gone": "DELETED"} == {
        logical: row["StackResourceDriftStatus"] for logical, row in found.items()
    }
    [difference] = found["Function"]["PropertyDifferences"]
    assert ("/Environment/Variables/A", "1", "2", "NOT_EQUAL") == tuple(
        difference[name] for name in ("PropertyPath", "ExpectedValue", "ActualValue", "DifferenceType")
    )
    assert "ADD" == found["Group"]["PropertyDifferences"][0]["DifferenceType"]
    assert "DRIFTED" == cfn.describe_stacks(StackName="demo")["Stacks"][0]["DriftInformation"]["StackDriftStatus"]
