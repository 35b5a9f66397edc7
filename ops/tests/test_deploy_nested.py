"""What is lost inside a nested stack is seen before, and what was made to look at it does not stay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from deployments import TABLE, change_sets, deploy, operations, project, tables, write

from s3ap_ops.testing import Fault, World

STAGE = "Parameters:\n  Stage: {Type: String, Default: dev}\n"
INNER = f"{STAGE}Resources:\n{TABLE}"
DATA = """\
  Data:
    Type: AWS::CloudFormation::Stack
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties:
      TemplateURL: inner.yaml
      Parameters: {Stage: !Ref Stage}
"""
OUTER = f"{STAGE}Resources:\n  Topic: {{Type: AWS::SNS::Topic}}\n{DATA}"
BUCKET = ("--bucket", "artifacts")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    with project(tmp_path, monkeypatch, OUTER, **{"inner.yaml": INNER}) as world:
        world.client("s3").create_bucket(
            Bucket="artifacts", CreateBucketConfiguration={"LocationConstraint": world.region}
        )
        yield world


def deployed(world: World) -> None:
    assert 0 == deploy("--yes", *BUCKET)
    world.forget()


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().out.split())


def test_nothing_changes_twice(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """A nested stack that does not change is no change."""
    deployed(world)
    assert ["history-dev"] == tables(world)
    capsys.readouterr()
    assert 0 == deploy("--yes", *BUCKET)
    assert "uc1: nothing to change" in said(capsys)


def test_a_table_that_is_replaced_inside_is_a_finding_on_it(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    deployed(world)
    assert 3 == deploy("--yes", *BUCKET, "--param", "Stage=prod")
    out = said(capsys)
    assert "! replace Data/History (AWS::DynamoDB::Table) history-dev: TableName (by Stage)" in out
    assert "/Properties/TableName: history-dev -> history-prod" in out
    assert "S3AP846 stateful-loss: Data/History the change set replaces history-dev, and what is in it is lost" in out
    child = world.stack(world.stack("uc1").resources["Data"]).name
    assert (["history-dev"], [], []) == (tables(world), change_sets(world), change_sets(world, child))
    assert 0 == deploy("--yes", *BUCKET, "--param", "Stage=prod", "--accept", "S3AP846")
    assert ["history-prod"] == tables(world)


def test_a_table_that_is_removed_inside_is_a_finding_on_it(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    deployed(world)
    write("inner.yaml", f"{STAGE}Resources:\n  Other: {{Type: AWS::SNS::Topic, Condition: No}}\nConditions:\n"
                        "  No: !Not [!Equals [!Ref Stage, none]]\n")  # fmt: skip
    assert 3 == deploy("--yes", *BUCKET)
    out = said(capsys)
    assert "the change set removes history-dev, and what is in it is lost" in out
    assert "Data/History" in out


def test_with_a_nested_stack_goes_what_is_in_it(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """CloudFormation shows one change; the table is in the snapshot."""
    deployed(world)
    write("template.yaml", OUTER.replace(DATA, ""))
    assert 3 == deploy("--yes", *BUCKET, "--param", "Stage=dev")
    assert "S3AP846 stateful-loss: Data/History the change set removes history-dev" in said(capsys)


def test_a_nested_stack_that_cannot_be_looked_into_counts_as_a_loss(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    deployed(world)
    write("inner.yaml", INNER.replace("PAY_PER_REQUEST", "PAY_PER_REQUEST\n      Tags: [{Key: a, Value: b}]"))
    world.fail(Fault("cloudformation", "DescribeChangeSet", kind="access-denied", times=None, key="-Data-"))
    assert 3 == deploy("--yes", *BUCKET)
    assert (
        "S3AP846 stateful-loss: Data what changes in Data could not be read (AccessDenied from DescribeChangeSet: User "
        "is not authorized to perform this action), so data in it may be lost"
    ) in said(capsys)


def test_whoever_does_not_look_into_it_may_lose_something(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """CloudFormation then says nothing of what changes in it, not even whether anything does."""
    deployed(world)
    assert 3 == deploy("--yes", "--shallow", *BUCKET, "--param", "Stage=prod")
    assert "what changes in Data could not be read (CloudFormation does not say what changes in it)" in said(capsys)
    assert 0 == deploy("--yes", "--shallow", *BUCKET, "--param", "Stage=prod", "--accept", "S3AP846")
    assert ["history-prod"] == tables(world)


def test_a_nested_change_set_that_fails_says_why(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    deployed(world)
    world.client("sns").create_topic(Name="taken")
    world.validates = True
    more = "  Taken: {Type: AWS::SNS::Topic, Properties: {TopicName: taken}}\n"
    write("inner.yaml", INNER + more)
    assert 1 == deploy("--yes", *BUCKET)
    out = said(capsys)
    child = world.stack(world.stack("uc1").resources["Data"]).name
    assert f"{child}: The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]" in out
    assert ([], []) == (change_sets(world), change_sets(world, child))


def test_nested_templates_are_there_before_the_change_set(world: World) -> None:
    """CloudFormation reads them for it."""
    assert 0 == deploy("--yes", *BUCKET)
    assert ["PutObject", "CreateChangeSet", "ExecuteChangeSet"] == operations(world)


def test_a_change_set_that_is_only_looked_at_takes_those_inside_along(world: World) -> None:
    deployed(world)
    write("inner.yaml", INNER.replace("PAY_PER_REQUEST", "PAY_PER_REQUEST\n      Tags: [{Key: a, Value: b}]"))
    assert 0 == deploy("--change-set-only", *BUCKET)
    assert ["EXECUTE_COMPLETE"] == [one.execution for one in world.change_sets.all.values()]
