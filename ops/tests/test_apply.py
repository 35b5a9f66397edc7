"""A plan in a file is carried out as it stands there, or not at all."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name

from s3ap_lint import sdk
from s3ap_ops.cli import main
from s3ap_ops.testing import World

TEMPLATE = {
    "Resources": {
        "Output": {
            "Type": "AWS::S3::Bucket",
            "Properties": {"BucketName": "uc1-output", "VersioningConfiguration": {"Status": "Enabled"}},
        },
        "Topic": {"Type": "AWS::SNS::Topic"},
    }
}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    with World() as world:
        for name, value in {**world.env, "S3AP_OPS_STATE_DIR": str(tmp_path / "runs")}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        world.deploy("uc1", TEMPLATE)
        world.client("s3").put_object(Bucket="uc1-output", Key="a", Body=b"x")
        assert 1 == main(["plan", "uc1", "--format", "json", "-o", "plan.json"])
        world.forget()
        yield world


def apply(*more: str) -> int:
    return main(["apply", "plan.json", "--yes", "--poll", "0.02", *more])


def test_the_plan_is_carried_out(world: World) -> None:
    assert 0 == apply()
    assert ["DeleteObjects", "DeleteStack"] == [one.operation for one in world.writes]
    assert [] == world.client("cloudformation").describe_stacks()["Stacks"]


def edited(change: Callable[[dict[str, Any]], object]) -> None:
    plan = json.loads(Path("plan.json").read_text("utf-8"))
    change(plan)
    Path("plan.json").write_text(json.dumps(plan), "utf-8")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda plan: plan.update(made=time.time() - 5 * 3600), "the plan is 5.0 hours old, and may be 4"),
        (lambda plan: plan.update(account="111122223333"), "not 111122223333"),
        (lambda plan: plan.update(caller="arn:aws:iam::123456789012:role/other"), "the plan was made by"),
        (lambda plan: plan["stacks"][0].update(updated="2026-01-01T00:00:00Z"), "uc1 is not what it was"),
        (lambda plan: plan["stacks"][0].update(inventory="0"), "uc1 is not what it was"),
        (lambda plan: plan["actions"].pop(0), "is not what the plan says"),
        (lambda plan: plan["actions"][0].update(command="aws s3 rb"), "is not what the plan says"),
        (lambda plan: plan.update(refusals=[{"stack": "uc1"}]), "refuses uc1"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused(
    world: World, capsys: pytest.CaptureFixture[str], change: Callable[[dict[str, Any]], object], said: str
) -> None:
    edited(change)
    assert 3 == apply()
    assert said in capsys.readouterr().err
    assert [] == world.writes


def test_what_has_come_up_since_is_refused(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.client("cloudformation").update_termination_protection(StackName="uc1", EnableTerminationProtection=True)
    assert 3 == apply()
    assert "termination protection" in capsys.readouterr().err
    assert [] == world.writes


def test_a_stack_of_the_same_name_that_was_made_anew_is_another_one(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.client("s3").delete_object(
        Bucket="uc1-output",
        Key="a",
        VersionId=world.client("s3").list_object_versions(Bucket="uc1-output")["Versions"][0]["VersionId"],
    )
    world.client("cloudformation").delete_stack(StackName="uc1")
    world.clock.advance(600)
    world.deploy("uc1", TEMPLATE)
    assert 3 == apply()
    assert "uc1 is not what it was" in capsys.readouterr().err
    assert [] == world.writes


def test_what_is_no_plan_is_one_line(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    plan = json.loads(Path("plan.json").read_text("utf-8"))
    bent = [{**plan, **change} for change in ({"made": "x"}, {"stacks": "x"}, {"stacks": [{}]}, {"flags": "x"})]
    for text in ("", "[]", "{}", '{"version": 1}', "[" * 100_000, *map(json.dumps, bent)):
        Path("plan.json").write_text(text, "utf-8")
        assert 2 == apply()
        error = capsys.readouterr().err
        assert "plan.json is no plan" in error
        assert 1 == error.count("\n")


def test_a_role_with_only_the_policy_of_a_plan_completes_the_run(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the record at the wire: every request needs nothing but what the policy grants."""
    capsys.readouterr()
    assert 1 == main(["plan", "uc1", "--iam-policy"])
    statements = json.loads(capsys.readouterr().out)["Statement"]
    granted = {name for one in statements for name in one["Action"]}
    world.forget()
    assert 0 == main(["clean", "uc1", "--yes", "--poll", "0.02"])
    needed = {
        need.action
        for one in world.requests
        if (known := sdk.operation(one.service, xform_name(one.operation))) is not None
        for need in known.needs
        if need.certain and not need.when
    }
    assert set() == needed - granted
