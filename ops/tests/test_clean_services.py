"""A stack to which others have added things is torn down with exactly these, in a world over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from s3ap_ops.cli import main
from s3ap_ops.testing import ACCOUNT, World
from s3ap_ops.watching import Patience

ALLOWED = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}],
}


def table(name: str, protected: bool) -> dict[str, object]:
    return {
        "TableName": name,
        "DeletionProtectionEnabled": protected,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    }


TEMPLATE = json.dumps(
    {
        "Resources": {
            "Group": {"Type": "AWS::Athena::WorkGroup", "Properties": {"Name": "uc1-workgroup"}},
            "History": {"Type": "AWS::DynamoDB::Table", "Properties": table("uc1-history", True)},
            "Kept": {
                "Type": "AWS::DynamoDB::Table",
                "DeletionPolicy": "Retain",
                "Properties": table("uc1-retention", False),
            },
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "RoleName": "uc1-role",
                    "AssumeRolePolicyDocument": TRUST,
                    "Policies": [{"PolicyName": "own", "PolicyDocument": ALLOWED}],
                },
            },
            "Rule": {
                "Type": "AWS::Events::Rule",
                "Properties": {"Name": "uc1-rule", "EventPattern": {"source": ["uc1"]}},
            },
        }
    }
)
FLAGS = ("--disable-deletion-protection", "--detach-policies", "--remove-targets")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> Iterator[World]:
    """A stack, and what others did to it."""
    with World() as world:
        for name, value in world.env.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(str(tmp_path))
        monkeypatch.setenv("S3AP_OPS_STATE_DIR", str(tmp_path))
        monkeypatch.setattr(Patience, "pause", lambda _, seconds: world.clock.advance(seconds))
        world.deploy("uc1-demo", TEMPLATE)
        athena, target = world.client("athena"), f"arn:aws:sqs:{world.region}:{ACCOUNT}:debug"
        athena.create_named_query(Name="q", Database="d", QueryString="SELECT 1", WorkGroup="uc1-workgroup")
        world.client("iam").put_role_policy(RoleName="uc1-role", PolicyName="debug", PolicyDocument=json.dumps(ALLOWED))
        world.client("events").put_targets(Rule="uc1-rule", Targets=[{"Id": "debug", "Arn": target}])
        world.forget()
        yield world


def clean(world: World, *more: str) -> int:
    return main(["clean", "uc1-demo", "--region", world.region, "--account", ACCOUNT, "--yes", *more])


def writes(world: World) -> list[str]:
    return [request.operation for request in world.writes]


@pytest.mark.parametrize("missing", FLAGS)
def test_without_one_of_the_flags_nothing_at_all_is_written(world: World, missing: str) -> None:
    assert 3 == clean(world, *(flag for flag in FLAGS if flag != missing))
    assert [] == writes(world)


def test_with_the_flags_what_was_added_goes_and_the_retained_table_stays(world: World) -> None:
    clean(world, *FLAGS)
    first, *meanwhile, last = writes(world)
    assert ("UpdateTable", "DeleteStack") == (first, last)
    assert ["DeleteRolePolicy", "DeleteWorkGroup", "RemoveTargets"] == sorted(meanwhile)  # they are made at once
    assert ["uc1-retention"] == world.client("dynamodb").list_tables()["TableNames"]


def test_a_retained_table_that_is_named_goes_last(world: World) -> None:
    clean(world, *FLAGS, "--include-retained", "Kept")
    assert ["DeleteStack", "DeleteTable"] == writes(world)[-2:]
    assert [] == world.client("dynamodb").list_tables()["TableNames"]
