"""What people read when a stack is not deleted: a way on in every refusal, and in a summary what to do by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from s3ap_ops.cli import main
from s3ap_ops.testing import Fault, World
from s3ap_ops.watching import Patience

REPOSITORY = Path(__file__).resolve().parents[2]
TOPIC = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
TABLE = {
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    """An empty account on its own clock."""
    with World() as world:
        for name, value in world.env.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("S3AP_OPS_STATE_DIR", str(tmp_path / "runs"))
        monkeypatch.setattr(Patience, "pause", lambda _, seconds: world.clock.advance(seconds))
        yield world


def bucket(world: World, stack: str, name: str) -> None:
    """A stack with a bucket that holds three objects, and a table that is protected."""
    resources = {
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}},
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {"TableName": f"{stack}-history", "DeletionProtectionEnabled": True, **TABLE},
        },
    }
    world.deploy(stack, {"Resources": resources})
    for number in range(3):
        world.client("s3").put_object(Bucket=name, Key=f"k{number}", Body=b"x")


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines of the summary, which stands behind all else."""
    return [line.strip() for line in capsys.readouterr().out.rpartition("\n\n")[2].splitlines()]


def test_the_others_are_spoken_of_only_where_there_are_some(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.deploy("kept", TOPIC, protected=True)
    world.deploy("fine", TOPIC)
    assert 3 == main(["clean", "kept", "--yes"])
    assert "--keep-going" not in capsys.readouterr().err
    assert 3 == main(["clean", "kept", "fine", "--yes"])
    assert "--keep-going deletes the others" in capsys.readouterr().err


def test_the_summary_of_a_failed_run_says_all_that_is_left_to_do(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """What failed, why, by which command it is done, what the caller lacks, how to undo, and how to go on."""
    bucket(world, "store", "store-shelf")
    world.deploy("kept", TOPIC, protected=True)
    world.fail(Fault("s3", "DeleteObjects", "access-denied", times=None))
    world.fail(Fault("s3", "DeleteObject", "access-denied", times=None))
    assert 1 == main(["clean", "store", "kept", "--yes", "--keep-going", "--disable-deletion-protection"])
    told = lines(capsys)
    run = next((Path.cwd() / "runs").glob("*.jsonl")).stem
    emptying = "Delete everything in store-shelf"
    expected = [
        f"FAILED          store: its deletion was not begun, because this failed: {emptying}",
        f"failed: {emptying}: AccessDenied: Access Denied",
        "by hand: delete all versions, delete markers and incomplete uploads in s3://store-shelf",
        "docs/runbooks/cleanup.md#undeletable-bucket",
        "skipped: Delete store",
        f"by hand: aws cloudformation delete-stack --stack-name {world.stack('store').id}",
        "SKIPPED         kept: kept has termination protection, so CloudFormation refuses to delete it",
        "to go on, add: --disable-termination-protection   (Take away the termination protection of kept)",
        "docs/runbooks/cleanup.md#termination-protection",
        'to undo "Take the deletion protection from store-history": '
        "aws dynamodb update-table --table-name store-history --deletion-protection-enabled",
        "the commands above are for account 123456789012; add --region ap-northeast-1 to them",
        "access was denied; what the caller needs: s3ap-ops plan store --iam-policy",
        f"go on with: s3ap-ops resume {run}",
        "2 stacks: 1 failed, 1 skipped",
    ]
    assert expected == told


def test_what_cloudformation_failed_on_is_told_by_its_name_in_aws(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """The bucket's versions could not be counted, somebody accepted that, and it is full."""
    world.deploy("store", {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "shelf"}}}})

    world.fail(Fault("s3", "ListObjectVersions", "access-denied", times=None))
    world.client("s3").put_object(Bucket="shelf", Key="k", Body=b"x")
    assert 1 == main(["clean", "store", "--yes", "--accept", "S3AP854"])
    told = lines(capsys)
    assert "in the way: AWS::S3::Bucket shelf (Bucket)" in told
    assert any(line.endswith("s3ap-ops clean store --retain Bucket") for line in told)
    assert "docs/runbooks/cleanup.md#failed-deletion" in told


def test_the_plan_of_the_readme_is_what_the_program_says(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Except for ids that are made up, and the day."""
    ec2, name = world.client("ec2"), "uc1-demo"
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    versioned = {"BucketName": f"{name}-output", "VersioningConfiguration": {"Status": "Enabled"}}
    table = {"TableName": f"{name}-history", **TABLE}
    group = {"GroupDescription": "functions", "VpcId": vpc}
    resources = {
        "OutputBucket": {"Type": "AWS::S3::Bucket", "Properties": versioned},
        "Workgroup": {"Type": "AWS::Athena::WorkGroup", "Properties": {"Name": f"{name}-workgroup"}},
        "LambdaSecurityGroup": {"Type": "AWS::EC2::SecurityGroup", "Properties": group},
        "History": {"Type": "AWS::DynamoDB::Table", "DeletionPolicy": "Retain", "Properties": table},
        "Topic": {"Type": "AWS::SNS::Topic"},
    }
    world.deploy(name, {"Resources": resources})
    for number in range(3):
        world.client("s3").put_object(Bucket=f"{name}-output", Key=f"k{number}", Body=b"x")
    world.client("s3").delete_object(Bucket=f"{name}-output", Key="k0")
    world.client("athena").create_named_query(
        Name="q", Database="d", QueryString="SELECT 1", WorkGroup=f"{name}-workgroup"
    )
    rows = world.client("cloudformation").list_stack_resources(StackName=name)["StackResourceSummaries"]
    own = next(row["PhysicalResourceId"] for row in rows if row["LogicalResourceId"] == "LambdaSecurityGroup")
    other = ec2.create_security_group(GroupName="endpoints", Description="e", VpcId=vpc)["GroupId"]
    pair = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": own}]}
    ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=[pair])
    capsys.readouterr()
    assert 1 == main(["plan", name, "--region", "ap-northeast-1"])
    readme = (REPOSITORY / "README.md").read_text("utf-8")
    shown = readme.partition("$ s3ap-ops plan uc1-demo --region ap-northeast-1\n")[2].partition("```")[0]
    assert _without_chance(shown) == _without_chance(capsys.readouterr().out)


def _without_chance(text: str) -> str:
    text = re.sub(r"\d{4}-\d\d-\d\d", "DAY", text)
    return re.sub(r"\b(sgr?-)[0-9a-f]+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", r"\1ID", text)
