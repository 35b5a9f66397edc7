"""The bench that sets other programs beside s3ap-ops judges what they leave, not what they say."""

import json
import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))
import beside
import beside_table as table
from beside_peers import PEERS, Ask
from beside_scenes import FACTORY, LEGAL, SCENES

ASKS = "import boto3; boto3.client('cloudformation').delete_stack(StackName='fsxn-legal-compliance-demo')"


def _outcome(exit: str = "0", stacks: str = "", left: int = 0, lost: int = 0, writes: int = 1) -> table.Outcome:
    ended = Counter({stacks: 1} if stacks else {})
    kinds = Counter({"buckets": left} if left else {}), Counter({"versions": lost} if lost else {})
    return table.Outcome(exit, ended, *kinds, 5, writes, (1,), 10.0, 1.0)


@pytest.mark.parametrize(
    ("verdict", "is_true", "outcome"),
    [
        ("deleted", True, _outcome()),
        ("deleted", False, _outcome(exit="1")),
        ("orphans", False, _outcome(left=2)),
        ("untouched", True, _outcome(exit="3", stacks="CREATE_COMPLETE", writes=0)),
        ("failed", True, _outcome(exit="1", stacks="DELETE_FAILED")),
        ("stays", False, _outcome(stacks="CREATE_COMPLETE", lost=7)),
    ],
)
def test_an_outcome_is_put_in_a_word(verdict: str, is_true: bool, outcome: table.Outcome) -> None:
    assert (verdict, is_true) == (outcome.verdict, outcome.is_true)


def test_outcomes_become_a_table_and_are_added_up() -> None:
    found = {"one": {"a": _outcome(), "b": _outcome(stacks="CREATE_COMPLETE", lost=7)}, "two": {"a": _outcome(left=2)}}

    assert (
        "| scene | a | b |\n|---|---|---|\n| one | deleted 5 | stays, **lost 7** (!) 5 |\n| two | orphans (!) 5 |  |"
    ) == table.matrix(found)
    assert ["| a | 2 | 1 | 0 | 0 | 0 | 1 | 0 | 1 | 5 |", "| b | 1 | 0 | 0 | 1 | 0 | 0 | 1 | 1 | 5 |"] == (
        table.sums(found).splitlines()[2:]
    )


def test_a_program_that_only_asks_for_the_deletion_leaves_what_is_not_empty() -> None:
    asks = beside.Rival("asks", lambda ask: [[sys.executable, "-c", ASKS]], is_direct=True)

    empty = beside.run(SCENES["empty"], asks, 60, None, alone=True)
    home = beside.run(SCENES["home"], asks, 60, None, alone=True)

    assert ("deleted", Counter(), True) == (empty.verdict, empty.lost, empty.is_true)
    assert ("failed", Counter(), False) == (home.verdict, home.lost, home.is_true)
    assert {"buckets": 2, "queries": 1, "versions": 14, "work-groups": 1} == home.left


def test_what_was_retained_before_the_run_is_lost_even_when_the_run_has_changed_the_template() -> None:
    program = (
        "import boto3, json; cf = boto3.client('cloudformation'); name = {'StackName': 'fsxn-legal-compliance-demo'}; "
        "body = cf.get_template(**name)['TemplateBody']; body = body if isinstance(body, dict) else json.loads(body); "
        "body['Resources']['OutputBucket'].pop('DeletionPolicy'); "
        "cf.update_stack(**name, TemplateBody=json.dumps(body), Capabilities=['CAPABILITY_NAMED_IAM']); "
        "cf.get_waiter('stack_update_complete').wait(**name); bucket = cf.describe_stack_resource("
        "**name, LogicalResourceId='OutputBucket')['StackResourceDetail']['PhysicalResourceId']; "
        "boto3.resource('s3').Bucket(bucket).object_versions.delete(); cf.delete_stack(**name)"
    )
    forces = beside.Rival("forces", lambda ask: [[sys.executable, "-c", program]], is_direct=True)

    assert {"buckets": 1, "versions": 7} == beside.run(SCENES["retained"], forces, 60, None, alone=True).lost


def test_each_program_is_told_of_the_stacks_in_its_own_way(tmp_path: Path) -> None:
    scene = SCENES["ordered"]
    ask = Ask(scene.stacks, scene.script, "eu-west-1", tmp_path, scene.needs)
    for stack in scene.stacks:
        ask.write(f"{stack}.json", {"Resources": {}})

    assert [["rain", "rm", "--yes", "--region", "eu-west-1", stack] for stack in (LEGAL, FACTORY)] == (
        PEERS["rain"].commands(ask)
    )
    assert [["delstack", "-s", LEGAL, "-s", FACTORY, "-r", "eu-west-1", "-y"]] == PEERS["delstack"].commands(ask)
    PEERS["cdk"].commands(ask)
    manifest = json.loads((tmp_path / "cdk.out/manifest.json").read_text("utf-8"))
    assert {LEGAL: [], FACTORY: [LEGAL]} == {name: row["dependencies"] for name, row in manifest["artifacts"].items()}


def test_a_program_that_is_not_there_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rain").write_text("#!/bin/sh\necho banner\necho Rain v0\n", "utf-8")
    (tmp_path / "rain").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")

    assert ["rain"] == beside.present("rain,sam")
    assert "sam is not compared: sam is not on PATH\n" == capsys.readouterr().err
    assert "Rain v0" == PEERS["rain"].said()
    with pytest.raises(SystemExit, match="mountain is unknown"):
        beside.present("mountain")
