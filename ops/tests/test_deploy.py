"""Deploying, end to end in a world: what is judged is what is sent, and what fails is said first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from deployments import TEMPLATE, change_sets, deploy, operations, project, tables

from s3ap_ops.cli import main
from s3ap_ops.deploying.body import Body
from s3ap_ops.errors import Forbidden
from s3ap_ops.testing import World


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    with project(tmp_path, monkeypatch) as world:
        yield world


def test_a_new_stack_is_made_and_a_second_deployment_changes_nothing(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == deploy("--yes")
    assert ["CreateChangeSet", "ExecuteChangeSet"] == operations(world)
    assert "uc1: CREATE_COMPLETE" in capsys.readouterr().out
    assert 0 == deploy("--yes")
    assert "uc1: nothing to change\n" == capsys.readouterr().out
    assert ["CreateChangeSet", "DeleteChangeSet"] == operations(world)[2:]


def test_what_is_sent_is_what_was_judged(world: World) -> None:
    """To the byte; a body that became another one is not sent."""
    assert 0 == deploy("--yes")
    sent = next(one for one in world.requests if one.operation == "CreateChangeSet")
    assert TEMPLATE == sent.params["TemplateBody"]
    changed = Body(TEMPLATE.replace("SNS", "SQS"), Body.judged(TEMPLATE.encode()).sha256)
    with pytest.raises(Forbidden, match="not the one that the rules have seen"):
        changed.sent()


def test_a_finding_stops_it_before_anything_is_sent(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    broken = TEMPLATE.replace("Topic: {Type: AWS::SNS::Topic}", "Topic: {Type: AWS::SNS::Topic, Condition: Gone}")
    Path("template.yaml").write_text(broken + "Outputs: {Arn: {Value: !Ref Nothing}}\n", "utf-8")
    Path(".s3ap-lint.toml").unlink()
    assert 3 == deploy("--yes")
    said = capsys.readouterr()
    assert "template.yaml:" in said.out
    assert "docs/runbooks/deploy.md#failing-findings" in said.err
    assert [] == operations(world)


def test_what_is_given_is_judged_too(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert 3 == deploy("--yes", "--param", "Stge=prod")
    assert "S3AP705 unknown-deploy-parameter" in capsys.readouterr().out
    assert 2 == deploy("--yes", "--param", "Stage=<STAGE>")
    assert "'<STAGE>' is a placeholder that nobody filled in" in capsys.readouterr().err
    assert [] == operations(world)


def test_a_parameter_file_is_read_and_the_command_line_wins(world: World) -> None:
    Path("params.json").write_text(json.dumps([{"ParameterKey": "Stage", "ParameterValue": "test"}]), "utf-8")
    assert 0 == deploy("--yes", "--params", "params.json", "--param", "Stage=prod")
    assert ["history-prod"] == tables(world)


def test_a_file_that_is_no_parameter_file_is_one_line(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("- 1\n", "a: {b: c}\n", "{"):
        Path("params.json").write_text(text, "utf-8")
        assert 2 == deploy("--yes", "--params", "params.json")
        assert "--params params.json is no parameter file" in capsys.readouterr().err


def test_a_loss_is_refused_until_it_is_accepted_and_the_change_set_does_not_stay(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == deploy("--yes")
    assert 3 == deploy("--yes", "--param", "Stage=prod")
    assert "the change set replaces history-dev, and what is in it is lost" in capsys.readouterr().out
    assert (["history-dev"], []) == (tables(world), change_sets(world))
    assert 0 == deploy("--yes", "--param", "Stage=prod", "--accept", "S3AP846")
    assert ["history-prod"] == tables(world)


def test_a_change_set_is_only_looked_at(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == deploy("--change-set-only")
    assert "2 changes: 2 to make" in capsys.readouterr().out
    assert ["CreateChangeSet", "DeleteChangeSet", "DeleteStack"] == operations(world)
    world.clock.advance(120)
    assert [] == world.client("cloudformation").describe_stacks()["Stacks"]


def test_where_nobody_can_be_asked_nothing_is_carried_out(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 3 == deploy()
    assert "nobody can be asked here" in capsys.readouterr().err
    assert "ExecuteChangeSet" not in operations(world)
    assert [] == tables(world)


def test_what_failed_first_is_said_and_the_status_is_not_zero(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """A queue's name that is held is not looked ahead at; CloudFormation finds it."""
    world.client("sqs").create_queue(QueueName="uc1-letters")
    queue = """\
  Letters:
    Type: AWS::SQS::Queue
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties: {QueueName: uc1-letters}
"""
    Path("template.yaml").write_text(TEMPLATE + queue, "utf-8")
    status = deploy("--yes")
    said = capsys.readouterr().out
    if status == 0:
        pytest.skip("this world makes a second queue of the same name")
    assert 1 == status
    assert "what failed first: Letters of uc1 (AWS::SQS::Queue)" in said
    assert "docs/runbooks/deploy.md#failed-creation" in said


def test_a_name_that_something_else_holds_is_found_before(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == deploy("--yes")
    before = len(world.writes)
    assert 3 == main(["deploy", "uc2", "template.yaml", "--poll", "0.02", "--yes"])
    assert "a table of the stack uc1 has that name" in capsys.readouterr().out
    assert before == len(world.writes)


def test_a_stack_that_something_is_done_to_is_left_alone(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == deploy("--yes")
    world.pace.poll = 0
    world.client("cloudformation").delete_stack(StackName="uc1")
    before = len(world.writes)
    assert 3 == deploy("--yes")
    assert "uc1 is in DELETE_IN_PROGRESS" in capsys.readouterr().err
    assert before == len(world.writes)


def test_what_is_wrong_with_the_twin_does_not_keep_a_template_from_being_deployed(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """The other half is not sent; that this one is behind it is said at this one."""
    twin = TEMPLATE.replace(
        "Topic: {Type: AWS::SNS::Topic}", "Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: t}}"
    )
    Path("template-deploy.yaml").write_text(twin, "utf-8")
    pair = 'engine = "none"\npairs = [{source = "template.yaml", generated = "template-deploy.yaml"}]\n'
    Path(".s3ap-lint.toml").write_text(pair, "utf-8")
    assert 0 == deploy("--yes", "--fail-on", "warning")
    assert "S3AP701" not in capsys.readouterr().out
    assert 3 == main(["deploy", "uc2", "template-deploy.yaml", "--poll", "0.02", "--yes", "--fail-on", "warning"])
    assert "S3AP701" in capsys.readouterr().out
