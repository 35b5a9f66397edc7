"""The world as a client meets it: over HTTP, with faults, a record of requests, and tags where AWS shows them."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from world_templates import BUCKET, everything, glue, of, one

from s3ap_ops.testing import Fault, World

ONCE = Config(retries={"total_max_attempts": 1})
HASTY = ONCE.merge(Config(read_timeout=0.2))


@pytest.fixture
def world() -> Iterator[World]:
    """An empty world."""
    with World() as world:
        yield world


def code_of(call: Any, **arguments: Any) -> str:
    """The error code that a call fails with."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return str(caught.value.response["Error"]["Code"])


def bucket(world: World, name: str = "shelf", *, versioned: bool = False) -> Any:
    """A client whose requests count, and a bucket that is there."""
    own = world.client("s3")
    own.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": world.region})
    if versioned:
        own.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return world.outside("s3", config=ONCE)


def test_only_others_requests_are_on_record(world: World) -> None:
    s3 = bucket(world)
    s3.put_object(Bucket="shelf", Key="a b/c+d.txt", Body=b"x")
    s3.list_objects_v2(Bucket="shelf")
    assert ["s3:PutObject", "s3:ListObjectsV2"] == [str(request) for request in world.requests]
    assert ["PutObject"] == [request.operation for request in world.writes]
    assert "a b/c+d.txt" == world.writes[0].params["Key"]


def test_parameters_are_read_in_every_protocol(world: World) -> None:
    s3 = bucket(world)
    s3.delete_objects(
        Bucket="shelf", Delete={"Objects": [{"Key": "a"}, {"Key": "b", "VersionId": "null"}], "Quiet": True}
    )
    group = world.client("ec2").describe_security_groups()["SecurityGroups"][0]["GroupId"]
    world.outside("ec2").describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
    world.outside("athena").list_named_queries(WorkGroup="primary")
    world.outside("cloudformation").delete_stack(StackName="none", RetainResources=["A", "B"])
    with pytest.raises(ClientError):
        world.outside("lambda").get_function(FunctionName="none")
    read = [request.params for request in world.requests]
    assert [{"Key": "a"}, {"Key": "b", "VersionId": "null"}] == read[0]["Delete"]["Objects"]
    assert [{"Name": "group-id", "Values": [group]}] == read[1]["Filters"]
    assert "primary" == read[2]["WorkGroup"]
    assert {"StackName": "none", "RetainResources": ["A", "B"]} == read[3]
    assert "none" == read[4]["FunctionName"]


def test_a_throttled_request_is_answered_as_the_service_does_and_then_succeeds(world: World) -> None:
    s3 = bucket(world)
    fault = world.fail(Fault("s3", "PutObject", "throttle", times=2))
    assert ["SlowDown", "SlowDown"] == [code_of(s3.put_object, Bucket="shelf", Key="k") for _ in range(2)]
    s3.put_object(Bucket="shelf", Key="k")
    assert 2 == fault.hits
    assert [503, 503, 200] == [request.status for request in world.requests]


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "expected"),
    [
        ("ec2", "describe_vpcs", {}, "RequestLimitExceeded"),
        ("cloudformation", "describe_stacks", {}, "Throttling"),
        ("athena", "list_work_groups", {}, "ThrottlingException"),
        ("lambda", "list_functions", {}, "TooManyRequestsException"),
    ],
)
def test_each_service_has_its_own_word_for_throttling(
    world: World, service: str, operation: str, arguments: dict[str, Any], expected: str
) -> None:
    world.fail(Fault(service, kind="throttle"))
    assert expected == code_of(getattr(world.outside(service, config=ONCE), operation), **arguments)


def test_a_reset_connection_has_no_reply_and_no_effect(world: World) -> None:
    s3 = bucket(world)
    world.fail(Fault("s3", "PutObject", "reset"))
    with pytest.raises(ConnectionClosedError):
        s3.put_object(Bucket="shelf", Key="k")
    assert [] == world.state()["buckets"]["shelf"]["versions"]
    assert (None, "reset", False) == (world.requests[0].status, world.requests[0].fault, world.requests[0].effect)


@pytest.mark.parametrize(
    ("kind", "error"), [("reset", ConnectionClosedError), ("timeout", ReadTimeoutError), ("5xx", ClientError)]
)
def test_a_reply_can_be_lost_after_the_effect(world: World, kind: Any, error: type[Exception]) -> None:
    bucket(world)
    s3 = world.outside("s3", config=HASTY)
    world.fail(Fault("s3", "PutObject", kind, after_effect=True))
    with pytest.raises(error):
        s3.put_object(Bucket="shelf", Key="k")
    assert 1 == len(world.state()["buckets"]["shelf"]["versions"])


def test_a_request_whose_sender_goes_away_in_the_middle_has_no_effect(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    host, _, port = world.endpoint.rpartition("/")[2].partition(":")
    with socket.create_connection((host, int(port))) as line:
        line.sendall(b"POST /one?delete HTTP/1.1\r\nHost: s3\r\nContent-Length: 100\r\n\r\n<Delete>")
        line.shutdown(socket.SHUT_WR)
        answer = line.recv(1)

    assert (b"", [], ("", "")) == (answer, world.requests, tuple(capfd.readouterr()))


def test_an_error_inside_a_200_is_one_of_each_key(world: World) -> None:
    s3 = bucket(world)
    world.fail(Fault("s3", "DeleteObjects", "in-200"))
    answer = s3.delete_objects(Bucket="shelf", Delete={"Objects": [{"Key": "a&b"}, {"Key": "c", "VersionId": "v"}]})
    assert [("a&b", "InternalError"), ("c", "InternalError")] == [
        (item["Key"], item["Code"]) for item in answer["Errors"]
    ]


def test_an_error_of_a_locked_version_says_which(world: World) -> None:
    s3 = world.client("s3")
    s3.create_bucket(
        Bucket="locked",
        CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"},
        ObjectLockEnabledForBucket=True,
    )
    lock = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": datetime.now(UTC) + timedelta(days=30)}
    free = s3.put_object(Bucket="locked", Key="a", Body=b"x")["VersionId"]
    held = [s3.put_object(Bucket="locked", Key="a", Body=b"x", **lock)["VersionId"] for _ in range(2)]

    objects = [{"Key": "a", "VersionId": version} for version in (held[0], free, held[1])]
    answer = world.outside("s3").delete_objects(Bucket="locked", Delete={"Objects": objects})

    assert [("a", free)] == [(row["Key"], row["VersionId"]) for row in answer["Deleted"]]
    assert [("a", held[0], "AccessDenied"), ("a", held[1], "AccessDenied")] == [
        (row["Key"], row["VersionId"], row["Code"]) for row in answer["Errors"]
    ]


def test_access_can_be_denied_to_one_key(world: World) -> None:
    s3 = bucket(world)
    world.fail(Fault("s3", kind="access-denied", key="secret", times=None))
    s3.put_object(Bucket="shelf", Key="open")
    assert "AccessDenied" == code_of(s3.put_object, Bucket="shelf", Key="secret/1")


def test_a_probable_fault_strikes_the_same_requests_for_the_same_seed(world: World) -> None:
    def struck() -> list[bool]:
        fault = Fault(probability=0.5, seed=3, times=None)
        return [fault.strikes("s3", "GetObject", {}) for _ in range(20)]

    assert struck() == struck()
    assert {True, False} == set(struck())


def test_more_than_a_thousand_keys_are_malformed(world: World) -> None:
    s3 = bucket(world)
    keys = [{"Key": str(number)} for number in range(1001)]
    assert "MalformedXML" == code_of(s3.delete_objects, Bucket="shelf", Delete={"Objects": keys})


def test_a_bucket_of_another_account_is_out_of_reach(world: World) -> None:
    s3 = bucket(world)
    assert "AccessDenied" == code_of(s3.list_object_versions, Bucket="shelf", ExpectedBucketOwner="111122223333")
    s3.list_object_versions(Bucket="shelf", ExpectedBucketOwner="123456789012")
    world.owners["shelf"] = "111122223333"
    assert "AccessDenied" == code_of(s3.list_object_versions, Bucket="shelf", ExpectedBucketOwner="123456789012")


def test_the_environment_turns_any_client_to_the_world(world: World) -> None:
    """S3 Control asks for a host named after the account."""
    bucket(world)
    code = (
        "import boto3; print(boto3.client('s3control').list_access_points(AccountId='123456789012')['AccessPointList'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **world.env}, capture_output=True, text=True, check=False
    )
    assert ("[]\n", "") == (done.stdout, done.stderr)
    assert ["s3control:ListAccessPoints"] == [str(request) for request in world.requests]


def test_all_versions_are_seen_by_one_who_deletes_them_page_by_page(world: World) -> None:
    s3 = bucket(world, versioned=True)
    for number in range(9):
        s3.put_object(Bucket="shelf", Key=f"key {number // 3}")
    pages = s3.get_paginator("list_object_versions").paginate(Bucket="shelf", PaginationConfig={"PageSize": 2})
    seen = []
    for page in pages:
        found = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in page["Versions"]]
        s3.delete_objects(Bucket="shelf", Delete={"Objects": found})
        seen += [one["Key"] for one in found]
    assert sorted(3 * ["key 0", "key 1", "key 2"]) == seen
    assert [] == world.state()["buckets"]["shelf"]["versions"]


def test_what_stays_on_a_page_is_not_listed_twice(world: World) -> None:
    s3 = bucket(world, versioned=True)
    for _ in range(4):
        s3.put_object(Bucket="shelf", Key="key")
    first = s3.list_object_versions(Bucket="shelf", MaxKeys=2)
    kept, gone = (one["VersionId"] for one in first["Versions"])
    s3.delete_object(Bucket="shelf", Key="key", VersionId=gone)
    second = s3.list_object_versions(Bucket="shelf", KeyMarker="key", VersionIdMarker=gone)
    assert 2 == len(second["Versions"])
    assert kept not in {one["VersionId"] for one in second["Versions"]}


def test_the_first_world_of_a_process_is_as_any_other_of_its_seed() -> None:
    code = (
        "from s3ap_ops.testing import World\n"
        "for _ in range(2):\n"
        "    with World(seed=7) as world:\n"
        "        world.deploy('demo', {'Resources': {'G': {'Type': 'AWS::EC2::SecurityGroup'}}})\n"
        "        print(world.stack('demo').resources['G'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 1 == len(set(done.stdout.splitlines()))


def test_two_worlds_of_one_seed_are_alike() -> None:
    states = []
    for _ in range(2):
        with World(seed=7) as world:
            world.deploy("demo", of(Bucket=BUCKET, Group=one("AWS::EC2::SecurityGroup", GroupDescription="d")))
            states.append(world.state())
    assert states[0] == states[1]


def test_a_second_world_in_a_process_is_refused(world: World) -> None:
    with pytest.raises(RuntimeError, match="another World is open"):
        World().start()


def test_a_process_of_its_own_prints_its_url_and_serves(tmp_path: Path) -> None:
    setup = tmp_path / "setup.py"
    setup.write_text("world.deploy('demo', {'Resources': {'B': {'Type': 'AWS::S3::Bucket'}}})\n")
    command = [sys.executable, "-m", "s3ap_ops.testing", "--setup", str(setup)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        import boto3

        client = boto3.client(
            "cloudformation", "ap-northeast-1", endpoint_url=url, aws_access_key_id="a", aws_secret_access_key="b"
        )
        assert ["demo"] == [stack["StackName"] for stack in client.describe_stacks()["Stacks"]]
        process.terminate()


def test_every_simulated_type_is_made_tagged_and_deleted_without_a_trace(world: World) -> None:
    subnet = world.client("ec2").describe_subnets()["Subnets"][0]
    before = world.state()
    stack_id = world.deploy("all", everything(subnet["SubnetId"], subnet["VpcId"]))
    named = world.stack("all").resources
    logical = {name: tag_of(world, name, named[name]) for name in _TAG_READS}
    world.client("cloudformation").delete_stack(StackName="all")
    world.clock.advance(10_000)
    after = world.state()
    assert "DELETE_COMPLETE" == after["stacks"][stack_id]["status"]
    assert {name: (name, stack_id, "all") for name in _TAG_READS} == logical
    assert ["PendingDeletion"] == list(after.pop("keys").values())
    before.pop("keys")
    assert ["vol"] == after.pop("file-backups")
    before.pop("file-backups")
    assert before == {**after, "stacks": {}}


def test_glues_types_are_made_and_deleted(world: World) -> None:
    pytest.importorskip("pyparsing", reason="moto's Glue needs it; it comes with the extra `testing`")
    before = world.state()["databases"]
    world.deploy("demo", glue())
    assert {"ap-northeast-1/base": ["rows"]} == world.state()["databases"]
    world.client("cloudformation").delete_stack(StackName="demo")
    world.clock.advance(60)
    assert ("DELETE_COMPLETE", before) == (world.stack("demo").status, world.state()["databases"])


def _pairs(tags: Any) -> dict[str, str]:
    if isinstance(tags, dict):
        return tags
    return {
        tag.get("Key", tag.get("key", tag.get("TagKey"))): tag.get("Value", tag.get("value", tag.get("TagValue")))
        for tag in tags
    }


_ATHENA = "arn:aws:athena:ap-northeast-1:123456789012:workgroup/"
_TAG_READS: dict[str, Any] = {
    "Bucket": lambda world, name: world.client("s3").get_bucket_tagging(Bucket=name)["TagSet"],
    "Group": lambda world, name: world.client("ec2").describe_security_groups(GroupIds=[name])["SecurityGroups"][0][
        "Tags"
    ],
    "Function": lambda world, name: world.client("lambda").get_function(FunctionName=name)["Tags"],
    "Table": lambda world, name: world.client("dynamodb").list_tags_of_resource(
        ResourceArn=f"arn:aws:dynamodb:ap-northeast-1:123456789012:table/{name}"
    )["Tags"],
    "Role": lambda world, name: world.client("iam").list_role_tags(RoleName=name)["Tags"],
    "Log": lambda world, name: world.client("logs").list_tags_log_group(logGroupName=name)["tags"],
    "WorkGroup": lambda world, name: world.client("athena").list_tags_for_resource(ResourceARN=_ATHENA + name)["Tags"],
    "Images": lambda world, name: world.client("ecr").list_tags_for_resource(
        resourceArn=f"arn:aws:ecr:ap-northeast-1:123456789012:repository/{name}"
    )["tags"],
    "Topic": lambda world, name: world.client("sns").list_tags_for_resource(ResourceArn=name)["Tags"],
    "Queue": lambda world, name: world.client("sqs").list_queue_tags(QueueUrl=name)["Tags"],
    "Machine": lambda world, name: world.client("stepfunctions").list_tags_for_resource(resourceArn=name)["tags"],
    "Secret": lambda world, name: world.client("secretsmanager").describe_secret(SecretId=name)["Tags"],
    "Key": lambda world, name: world.client("kms").list_resource_tags(KeyId=name)["Tags"],
    "Volume": lambda world, name: world.client("fsx").describe_volumes(VolumeIds=[name])["Volumes"][0]["Tags"],
    "Endpoint": lambda world, name: world.client("ec2").describe_vpc_endpoints(VpcEndpointIds=[name])["VpcEndpoints"][
        0
    ]["Tags"],
}


def tag_of(world: World, logical: str, physical: str) -> tuple[str | None, str | None, str | None]:
    """The three tags that CloudFormation sets, as the service shows them."""
    tags = _pairs(_TAG_READS[logical](world, physical))
    prefix = "aws:cloudformation:"
    return tags.get(f"{prefix}logical-id"), tags.get(f"{prefix}stack-id"), tags.get(f"{prefix}stack-name")
