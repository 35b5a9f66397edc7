"""What somebody found who tried to make it delete what nobody meant, each as it was done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from s3ap_ops import journal
from s3ap_ops.cli import main
from s3ap_ops.testing import ACCOUNT, Fault, World

TOPIC = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
KEPT = {
    "Resources": {
        "Keep": {
            "Type": "AWS::S3::Bucket",
            "DeletionPolicy": "Retain",
            "Properties": {"BucketName": "fixed-name", "VersioningConfiguration": {"Status": "Enabled"}},
        }
    }
}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    with World() as world:
        for name, value in {**world.env, "S3AP_OPS_STATE_DIR": str(tmp_path / "runs")}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        yield world


def writes(world: World) -> list[str]:
    return [one.operation for one in world.writes]


@pytest.mark.parametrize("name", ["", "   ", "a/b", "ünï", "arn:aws:s3:::x"])
def test_what_no_stack_can_be_called_is_refused(world: World, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """An empty name, as of a variable that is not set, would be answered with the first stack there is."""
    world.deploy("one", TOPIC)
    for command in ("plan", "clean"):
        assert 2 == main([command, name, *(["--yes"] if command == "clean" else [])])
        assert "is no stack's name or id" in capsys.readouterr().err
    Path("s3ap-ops.toml").write_text('[groups]\nall = ["a/b"]', "utf-8")
    assert 2 == main(["plan", "all"])
    assert [] == writes(world)


def test_the_id_of_a_stack_elsewhere_is_refused(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == main(["plan", f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/one/1"])
    assert "is a stack of 123456789012, us-east-1" in capsys.readouterr().err


def test_a_stack_that_is_named_twice_is_deleted_once(world: World) -> None:
    id_ = world.deploy("one", TOPIC)
    assert 0 == main(["clean", "one", id_, "--yes", "--poll", "0.02"])
    assert ["DeleteStack"] == writes(world)


def test_an_empty_account_is_no_account(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.deploy("one", TOPIC)
    assert 2 == main(["clean", "one", "--yes", "--account", ""])
    assert "--account is empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    ['[[tool.s3ap-ops]]\naccounts = ["111122223333"]', 'tool.s3ap-ops = "x"', "[tool.s3ap_ops]\naccounts = []"],
)
def test_settings_that_would_not_apply_are_an_error(world: World, text: str) -> None:
    world.deploy("one", TOPIC)
    Path("pyproject.toml").write_text(text, "utf-8")
    assert 2 == main(["clean", "one", "--yes"])
    assert [] == writes(world)


def test_an_alias_that_may_not_be_read_keeps_the_account_out(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.deploy("one", TOPIC)
    world.fail(Fault(service="iam", operation="ListAccountAliases", kind="access-denied", times=None))
    assert 3 == main(["clean", "one", "--yes"])
    assert "the account's alias cannot be read" in capsys.readouterr().err
    Path("s3ap-ops.toml").write_text("denied-alias-terms = []", "utf-8")
    assert 0 == main(["clean", "one", "--yes", "--poll", "0.02"])


def test_what_belongs_to_another_stack_by_now_is_not_what_a_run_owes(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """The run deleted its stack and was cut off; the bucket's name was taken by another stack since."""
    old = world.deploy("old", KEPT)
    assert 1 == main(["plan", "old", "--include-retained", "Keep", "--format", "json", "-o", "plan.json"])
    actions = json.loads(Path("plan.json").read_text("utf-8"))["actions"]
    book = journal.begin()
    asked = {"account": ACCOUNT, "region": world.region, "caller": "", "stacks": {"old": old}, "retain": []}
    book.write("run", **asked, flags=["--include-retained Keep"], role_arn="", yes=True)
    book.write("plan", actions=[{**one, "does": one["command"]} for one in actions])
    book.close()
    world.client("cloudformation").delete_stack(StackName="old")
    world.clock.advance(600)
    world.client("s3").delete_bucket(Bucket="fixed-name")
    world.deploy("payroll", KEPT)
    world.client("s3").put_object(Bucket="fixed-name", Key="a", Body=b"x")
    assert 0 != main(["resume", book.run, "--yes", "--poll", "0.02"])
    assert "belongs to a stack that was deployed since" in capsys.readouterr().out
    assert [] == writes(world)
    assert 1 == world.client("s3").list_objects_v2(Bucket="fixed-name")["KeyCount"]


def test_a_damaged_journal_does_not_hide_the_others(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    folder = journal.folder()
    folder.mkdir(parents=True)
    for number, text in enumerate(('{"kind":"run"}', '{"kind":"run","stacks":{"a":"b"},"at":1e300}', "{}")):
        (folder / f"20260101-00000{number}-abcdef.jsonl").write_text(text + "\n", "utf-8")
    assert 1 == main(["status"])
    assert 3 == capsys.readouterr().out.count("its journal")
    assert 2 == main(["resume", "20260101-000000-abcdef"])
    assert "a fault of" not in capsys.readouterr().err


def test_a_snapshot_of_any_shape_is_one_line(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    for text in (
        "[" * 100_000,
        "Stack: a\nResources: [1]",
        "Stack: a\nFacts: 3",
        "Stack: a\nExports: [a]",
        "Stack: a\nTemplate: abc",
    ):
        Path("snapshot").write_text(text, "utf-8")
        assert 2 == main(["plan", "--from", "snapshot"])
        error = capsys.readouterr().err
        assert "a fault of" not in error
        assert 1 == error.count("\n")
    Path("snapshot").write_text("Stack: a\nCreated: 2020-01-01\n", "utf-8")
    assert 0 == main(["plan", "--from", "snapshot"])
