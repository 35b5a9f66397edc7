"""An estate is torn down from end to end: two stacks with nearly everything in them that stands in the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from trials import differences
from wire import Json, clean, dry_run, planned, resume, strays, turned_to
from worlds import ESTATE_FLAGS, estate

from s3ap_ops import cli, journal
from s3ap_ops.testing import Fault, World

STACKS = ("uc1", "uc2")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The estate."""
    with World() as world, pytest.MonkeyPatch.context() as patch:
        estate(world)
        with turned_to(world, patch, tmp_path):
            yield world


def foreign(world: World) -> Json:
    """Everything that is not of the two stacks; of a foreign group those rules that do not name a group."""
    state = world.state()
    ours = {row[0] for name in STACKS for row in state["stacks"][world.stack(name).id]["resources"].values()}
    ours |= {world.stack(name).id for name in STACKS}
    found = {}
    for kind in ("stacks", "buckets", "tables", "work-groups", "log-groups", "roles", "endpoints"):
        found[kind] = {name: one for name, one in state[kind].items() if name.partition("/")[2] not in ours | {""}}
        found[kind] |= {name: one for name, one in state[kind].items() if "/" not in name and name not in ours}
        found[kind] = {name: one for name, one in found[kind].items() if name not in ours}
    groups = {name: one for name, one in state["groups"].items() if name.partition("/")[2] not in ours}
    found["groups"] = {name: [rule for rule in one["in"] if "sg-" not in rule] for name, one in groups.items()}
    return found


def test_an_estate_goes_by_its_plan_and_nothing_else_is_touched(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A dry run writes nothing, and says what a run then does; a snapshot says the same; a second run does nothing."""
    before = foreign(world)
    plan = dry_run(capsys, *STACKS, *ESTATE_FLAGS)
    snapshot = tmp_path / "snapshot.json"
    assert 0 == cli.main(["record", *STACKS, "-o", str(snapshot)])
    capsys.readouterr()
    cli.main(["plan", "--from", str(snapshot), "--format", "json", *ESTATE_FLAGS])
    recorded = json.loads(capsys.readouterr().out)
    assert [] == world.writes
    assert (plan["findings"], plan["actions"]) == (recorded["findings"], recorded["actions"])

    assert 0 == clean(*STACKS, *ESTATE_FLAGS)
    assert [] == strays(world, plan["actions"])
    assert [] == differences(before, foreign(world))
    assert ["DELETE_COMPLETE"] * 2 == [world.stack(name).status for name in STACKS]
    deletions = [one.params["StackName"] for one in world.writes if one.operation == "DeleteStack"]
    assert [world.stack("uc2").id, world.stack("uc1").id] == deletions
    tables = [name.partition("/")[2] for name in world.state()["tables"]]
    names = world.stack("uc1").resources
    assert (True, False) == (names["Kept"] in tables, names["Asked"] in tables)

    world.forget()
    capsys.readouterr()
    assert 0 == clean(*STACKS, *ESTATE_FLAGS)
    assert "--include-retained Asked: none of these stacks has it any more" in capsys.readouterr().err
    (run,) = journal.runs()
    assert 0 == resume(run)
    assert [] == world.writes


def test_what_does_not_depend_on_a_failed_step_is_done_all_the_same(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """The bucket of uc2 cannot be emptied: its stack stays, and so does uc1, which it uses; nothing of uc1 is lost."""
    bucket = world.stack("uc2").resources["Copy"]
    world.fail(Fault("s3", "DeleteObjects", "access-denied", times=None, key=bucket))
    before = world.state()["buckets"][world.stack("uc1").resources["Output"]]
    assert 1 == clean(*STACKS, *ESTATE_FLAGS)
    assert ["CREATE_COMPLETE"] * 2 == [world.stack(name).status for name in STACKS]
    assert before == world.state()["buckets"][world.stack("uc1").resources["Output"]]
    assert "s3ap-ops resume" in capsys.readouterr().out
    world.faults.clear()
    (run,) = journal.runs()
    assert 0 == resume(run)
    assert [] == strays(world, planned(run))


def test_a_step_that_fails_leaves_the_others_of_its_stack_done(world: World) -> None:
    world.fail(Fault("ecr", "BatchDeleteImage", "access-denied", times=None))
    assert 1 == clean(*STACKS, *ESTATE_FLAGS)
    assert ["CREATE_COMPLETE", "DELETE_COMPLETE"] == [world.stack(name).status for name in STACKS]
    output = world.state()["buckets"][world.stack("uc1").resources["Output"]]
    assert [] == output["versions"]
    assert "uc1-group" not in str(world.state()["work-groups"])


def test_what_is_to_be_done_after_a_deletion_is_no_reason_to_ask_for_it_again(world: World) -> None:
    """A topic cannot be deleted: nothing that a run could do beforehand changes that."""
    world.refusals["Topic", "delete"] = "it is needed"
    assert 1 == clean(*STACKS, *ESTATE_FLAGS)
    asked = [one.params["StackName"] for one in world.writes if one.operation == "DeleteStack"]
    assert [world.stack("uc2").id, world.stack("uc1").id] == asked
    assert world.stack("uc1").resources["Asked"] in str(world.state()["tables"])
    world.refusals.clear()
    (run,) = journal.runs()
    assert 0 == resume(run)
    assert world.stack("uc1").resources["Asked"] not in str(world.state()["tables"])


def test_an_answer_that_says_inside_that_nothing_was_done_is_a_failure(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """The status of ECR's answer is 200; the image is there."""
    world.fail(Fault("ecr", "BatchDeleteImage", "in-200", times=None))
    assert 1 == clean(*STACKS, *ESTATE_FLAGS)
    assert ["CREATE_COMPLETE", "DELETE_COMPLETE"] == [world.stack(name).status for name in STACKS]
    assert "only in part: KmsError: the key cannot be used" in capsys.readouterr().out
    world.faults.clear()
    (run,) = journal.runs()
    assert 0 == resume(run)


def test_a_stack_that_was_deployed_again_is_left_alone_by_an_old_run(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table that was to go with the old one has its name still; whose it is by now cannot be told."""
    world.fail(Fault("dynamodb", "DeleteTable", "access-denied", times=None))
    assert 1 == clean(*STACKS, *ESTATE_FLAGS)
    said = capsys.readouterr().out
    assert f"by hand: aws dynamodb delete-table --table-name {world.stack('uc1').resources['Asked']}" in said
    assert f"go on with: s3ap-ops resume {journal.runs()[0]}" in said
    world.faults.clear()
    world.deploy("uc1", {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    (run,) = journal.runs()
    world.forget()
    assert 3 == resume(run)
    assert [] == world.writes
    assert "what uc1 left, or its name, belongs to a stack that was deployed since" in capsys.readouterr().out
