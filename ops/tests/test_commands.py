"""The commands that only look: list, status, record, plan from a snapshot, and what all of them refuse."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from s3ap_lint import sdk
from s3ap_ops.cli import main
from s3ap_ops.testing import ACCOUNT, World

TEMPLATE = """\
Resources:
  Output:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: uc1-output
      VersioningConfiguration: {Status: Enabled}
  Group:
    Type: AWS::Athena::WorkGroup
    Properties: {Name: uc1-workgroup}
  Kept:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
    Properties: {BucketName: uc1-kept}
"""


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    with World() as world:
        for name, value in {**world.env, "S3AP_OPS_STATE_DIR": str(tmp_path / "runs")}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        yield world


@pytest.fixture
def filled(world: World) -> World:
    world.deploy("uc1-demo", TEMPLATE)
    for _ in range(3):
        world.client("s3").put_object(Bucket="uc1-output", Key="a", Body=b"x")
    world.client("athena").create_named_query(Name="q", Database="d", QueryString="select 1", WorkGroup="uc1-workgroup")
    return world


def test_a_plan_from_a_snapshot_is_the_plan(filled: World, capsys: pytest.CaptureFixture[str]) -> None:
    """What was recorded is all that a plan looks at; only who asks is another."""
    assert 1 == main(["plan", "uc1-demo", "--format", "json"])
    live = json.loads(capsys.readouterr().out)
    assert 0 == main(["record", "uc1-demo", "-o", "snapshot.json"])
    capsys.readouterr()
    before = len(filled.requests)
    assert 1 == main(["plan", "--from", "snapshot.json", "--format", "json"])
    offline = json.loads(capsys.readouterr().out)
    for key in ("findings", "refusals", "actions", "remains", "stacks"):
        assert live[key] == offline[key]
    assert before == len(filled.requests)
    assert [] == filled.writes


def test_the_values_of_secret_parameters_are_not_recorded(world: World) -> None:
    world.deploy(
        "uc1-demo",
        {
            "Parameters": {"Token": {"Type": "String", "NoEcho": True}},
            "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        },
        parameters={"Token": "correct-horse"},
    )
    assert 0 == main(["record", "uc1-demo", "-o", "snapshot.json"])
    assert "correct-horse" not in Path("snapshot.json").read_text("utf-8")


def test_a_damaged_snapshot_is_one_clear_line(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    for text, said in (
        ("{", "is neither JSON nor YAML"),
        ("[]", "is no snapshot"),
        ("Stack: a\nResources: {B: {}}", "B has no Type"),
        ("Stack: a\nStat: x", "there is no key 'Stat'"),
        ("Version: 9\nStacks: []", "version 9"),
    ):
        Path("broken").write_text(text, "utf-8")
        assert 2 == main(["plan", "--from", "broken"])
        error = capsys.readouterr().err
        assert said in error
        assert 1 == error.count("\n")


def test_the_stacks_of_this_projects_templates_are_listed_and_no_others(
    filled: World, capsys: pytest.CaptureFixture[str]
) -> None:
    filled.deploy("theirs", {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    Path("template.yaml").write_text(TEMPLATE, "utf-8")
    assert 0 == main(["list"])
    assert (
        "uc1-demo  CREATE_COMPLETE  0 days old  paid for what it stores  template.yaml\n"
        f"1 stack of 2 in {ACCOUNT}, ap-northeast-1 made of this project's templates\n"
    ) == capsys.readouterr().out


def test_a_list_without_templates_cannot_be_made(filled: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == main(["list"])
    assert "there is no template below this folder" in capsys.readouterr().err


def test_hazards_in_sarif_stand_in_the_template(filled: World, capsys: pytest.CaptureFixture[str]) -> None:
    Path("template.yaml").write_text(TEMPLATE, "utf-8")
    assert 1 == main(["plan", "uc1-demo", "--format", "sarif"])
    results = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    places = {one["ruleId"]: one["locations"][0]["physicalLocation"] for one in results}
    assert ("template.yaml", 2) == (
        places["S3AP612"]["artifactLocation"]["uri"],
        places["S3AP612"]["region"]["startLine"],
    )


def test_a_policy_names_what_the_plan_does_and_nothing_that_it_does_not(
    filled: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 1 == main(["plan", "uc1-demo", "--iam-policy"])
    statements = json.loads(capsys.readouterr().out)["Statement"]
    granted = {(name, where) for one in statements for name in one["Action"] for where in one["Resource"]}
    bucket = "arn:aws:s3:::uc1-output"
    assert {
        ("s3:DeleteObjectVersion", f"{bucket}/*"),
        ("s3:ListBucketVersions", bucket),
        ("athena:DeleteWorkGroup", f"arn:aws:athena:ap-northeast-1:{ACCOUNT}:workgroup/uc1-workgroup"),
        ("s3:DeleteBucket", "*"),
    } <= granted
    assert not [where for _, where in granted if "uc1-kept" in where]
    reads = {need.action for one in filled.requests for need in needs(one.service, one.operation)}
    assert reads <= {name for name, _ in granted}


def needs(service: str, operation: str) -> tuple[sdk.Need, ...]:
    from botocore import xform_name

    known = sdk.operation(service, xform_name(operation))
    return known.needs if known else ()


def test_a_placeholder_is_no_name(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == main(["plan", "fsxn-<ACCOUNT_ID>"])
    assert "'fsxn-<ACCOUNT_ID>' is a placeholder that nobody filled in" in capsys.readouterr().err
    assert [] == world.requests


def test_another_account_is_refused_before_a_stack_is_looked_at(
    filled: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 3 == main(["plan", "uc1-demo", "--account", "111122223333"])
    assert f"these credentials are for account {ACCOUNT}, not 111122223333" in capsys.readouterr().err
    assert ["GetCallerIdentity"] == [one.operation for one in filled.requests]


def test_an_account_of_production_is_planned_and_not_cleaned(filled: World, capsys: pytest.CaptureFixture[str]) -> None:
    filled.client("iam").create_account_alias(AccountAlias="example-prod")
    assert 1 == main(["plan", "uc1-demo"])
    assert 3 == main(["clean", "uc1-demo", "--yes"])
    assert "the account's alias 'example-prod' contains 'prod'" in capsys.readouterr().err
    assert [] == filled.writes


def test_accounts_and_groups_come_from_the_configuration(filled: World, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Path("s3ap-ops.toml")
    settings.write_text('accounts = ["111122223333"]', "utf-8")
    assert 3 == main(["plan", "uc1-demo"])
    settings.write_text(f'accounts = ["{ACCOUNT}"]\n[groups]\ndemos = ["uc1-*"]', "utf-8")
    assert 1 == main(["plan", "demos"])
    assert "meant are uc1-demo\n" in capsys.readouterr().err
    settings.write_text("acounts = []", "utf-8")
    assert 2 == main(["plan", "demos"])
    assert "there is no setting 'acounts'; did you mean 'accounts'?" in capsys.readouterr().err
    settings.write_text("accounts = [123456789012]", "utf-8")
    assert 2 == main(["plan", "demos"])
    assert "in quotes" in capsys.readouterr().err


def test_tags_narrow_what_was_named(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    topic = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    world.deploy("one", topic, tags={"team": "storage"})
    world.deploy("two", topic, tags={"team": "network"})
    assert 0 == main(["plan", "one", "two", "--tag", "team=storage"])
    said = capsys.readouterr()
    assert "meant are one\n" == said.err
    assert "two" not in said.out
    assert 2 == main(["plan", "one", "--tag", "team"])
    assert "write it like --tag team=storage" in capsys.readouterr().err


def test_no_region_is_nobodys_default(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    assert 2 == main(["plan", "one"])
    assert "no region was given; add --region, or set AWS_REGION" in capsys.readouterr().err


def test_the_state_of_a_deletion_is_told(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.deploy("uc1-demo", TEMPLATE)
    world.client("s3").put_object(Bucket="uc1-output", Key="a", Body=b"x")
    world.client("cloudformation").delete_stack(StackName="uc1-demo")
    world.clock.advance(600)
    assert 1 == main(["status", "uc1-demo", "nobody"])
    said = capsys.readouterr().out
    assert "uc1-demo: DELETE_FAILED since" in said
    assert "\n  Output: The bucket you tried to delete is not empty\n" in said
    assert "nobody: there is no such stack" in said


def test_an_account_that_does_not_answer_is_one_line(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert 2 == main(["plan", "one"])
    error = capsys.readouterr().err
    assert "AWS cannot be asked who you are" in error
    assert 1 == error.count("\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--role-arn", "deployer"], "'deployer' is no role's ARN"),
        (["--poll", "1e300"], "must be above zero, and 100,000 at most"),
        (["--deadline", "nan"], "must be above zero, and 100,000 at most"),
        (["--poll", "soon"], "'soon' is no number"),
    ],
)
def test_what_an_option_cannot_be_is_said_before_anything_is_asked(
    filled: World, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    filled.forget()
    with pytest.raises(SystemExit) as ended:
        main(["clean", "uc1-demo", "--yes", *words])
    assert 2 == ended.value.code
    assert said in capsys.readouterr().err
    assert [] == filled.requests


def test_a_full_disk_is_one_line_and_nothing_is_written_to_the_account(filled: World) -> None:
    filled.forget()
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "s3ap_ops", "clean", "uc1-demo", "--yes"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert (2, "s3ap-ops: No space left on device\n") == (ran.returncode, ran.stderr)
    assert [] == filled.writes
