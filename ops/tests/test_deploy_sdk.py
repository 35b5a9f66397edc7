"""What only newer SDKs know is used where it is known, and said where it is not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.loaders import create_loader
from deployments import deploy, operations, project, write

from s3ap_ops.testing import Fault, World

QUEUE = """\
Resources:
  Letters:
    Type: AWS::SNS::Topic
    Properties: {TopicName: uc1-letters}
"""
OUTPUT = """\
  Output:
    Type: AWS::S3::Bucket
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
"""


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    with project(tmp_path, monkeypatch, QUEUE) as world:
        yield world


@pytest.fixture
def aged(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Takes from boto3's model of CloudFormation what an older one did not have."""

    def age(*operations: str, members: tuple[str, ...] = ()) -> None:
        model = json.loads(json.dumps(create_loader().load_service_model("cloudformation", "service-2")))
        for name in operations:
            del model["operations"][name]
        for name in members:
            del model["shapes"]["CreateChangeSetInput"]["members"][name]
        folder = tmp_path / "models/cloudformation/2010-05-15"
        folder.mkdir(parents=True)
        (folder / "service-2.json").write_text(json.dumps(model), "utf-8")
        old = create_loader(str(tmp_path / "models"))
        monkeypatch.setattr(botocore.session, "create_loader", lambda *_: old)

    return age


def said(capsys: pytest.CaptureFixture[str]) -> str:
    found = capsys.readouterr()
    return " ".join(f"{found.out} {found.err}".split())


def sent(world: World, operation: str) -> dict[str, Any]:
    return next(one.params for one in world.requests if one.operation == operation)


def test_express_mode_goes_along(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == deploy("--yes", "--express")
    assert {"Mode": "EXPRESS"} == sent(world, "CreateChangeSet")["DeploymentConfig"]
    assert "express mode: what was made may need some minutes until it works" in said(capsys)


def test_without_it_nothing_of_it_is_sent(world: World) -> None:
    assert 0 == deploy("--yes")
    assert "DeploymentConfig" not in sent(world, "CreateChangeSet")


def test_an_sdk_that_does_not_know_express_mode_is_one_line(
    world: World, aged: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything else is judged or made."""
    aged(members=("DeploymentConfig",))
    assert 2 == deploy("--yes", "--express")
    assert (
        "s3ap-ops: the installed boto3 does not know express mode; upgrade it, or leave out --express\n"
        == capsys.readouterr().err
    )
    assert [] == operations(world)
    assert 0 == deploy("--yes")


def test_what_a_validation_found_is_a_finding_where_it_stands(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.validates = True
    world.client("sns").create_topic(Name="uc1-letters")
    assert 1 == deploy("--yes")
    out = said(capsys)
    assert "error S3AP849 failed-validation: Letters NAME_CONFLICT_VALIDATION at /Resources/Letters/Properties: " in out
    assert "so CloudFormation does not make the change set" in out
    assert "uc1: the change set failed: The following hook(s)/validation failed" in out
    world.clock.advance(60)
    assert [] == world.client("cloudformation").describe_stacks()["Stacks"]


def test_a_warning_of_it_is_in_nobodys_way_unless_somebody_says_so(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    write("template.yaml", QUEUE + OUTPUT)
    assert 0 == deploy("--yes")
    world.validates = True
    world.client("s3").put_object(Bucket=world.stack("uc1").resources["Output"], Key="k", Body=b"")
    write("template.yaml", QUEUE)
    wanted = ("--yes", "--accept", "S3AP846")
    assert 3 == deploy(*wanted, "--fail-on", "warning")
    assert "add: --accept S3AP849; docs/runbooks/deploy.md#failed-validation" in said(capsys)
    assert 3 == deploy(*wanted)
    assert "add: --accept S3AP612; docs/runbooks/cleanup.md#undeletable-bucket" in said(capsys)
    assert 1 == deploy(*wanted, "--accept", "S3AP612")
    out = said(capsys)
    assert "warning S3AP849 failed-validation: Output BUCKET_EMPTINESS_VALIDATION at /Resources/Output: " in out
    assert "deployed, but not all of the old could be deleted" in out


def test_an_sdk_that_cannot_ask_for_it_shows_the_reason_alone(
    world: World, aged: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    aged("DescribeEvents")
    world.validates = True
    world.client("sns").create_topic(Name="uc1-letters")
    assert 1 == deploy("--yes")
    out = said(capsys)
    assert "S3AP849" not in out
    assert "uc1: the change set failed: The following hook(s)/validation failed" in out


def test_who_may_not_ask_for_it_is_told_so(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.fail(Fault("cloudformation", "DescribeEvents", kind="access-denied", times=None))
    assert 0 == deploy("--yes")
    assert "what CloudFormation's own validation says could not be read (AccessDenied from DescribeEvents" in said(
        capsys
    )
