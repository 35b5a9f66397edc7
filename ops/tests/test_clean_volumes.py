"""Volumes of FSx with access points, locks and copies, torn down in a world over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from slow_scenes import deployed, files, point, volume
from wire import clean, dry_run, turned_to
from world_templates import ref
from worlds import EVERY_FLAG

from s3ap_ops.examples import live_cases
from s3ap_ops.testing import World

EVERYTHING = (*EVERY_FLAG, "--accept", "S3AP838", "--accept", "S3AP854", "--detach-access-point", "by-hand")
DETACH, DELETE = "fsx:DetachAndDeleteS3AccessPoint", "cloudformation:DeleteStack"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    """A world that this process works in."""
    monkeypatch.chdir(tmp_path)
    with World() as world, turned_to(world, monkeypatch, tmp_path):
        yield world


def writes(world: World) -> list[str]:
    return [str(request) for request in world.writes]


def hazards(plan: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(one["code"], one["severity"], one["logical_id"]) for one in plan["findings"]]


# -- whose an access point is


def test_an_access_point_of_somebody_is_left_alone_and_so_is_its_volume(world: World) -> None:
    names = deployed(world, **files())
    world.fsx.attach(names["Volume"], "by-hand")
    assert 3 == clean("uc1", *EVERY_FLAG)
    assert [] == writes(world)


def test_the_flag_that_names_another_one_is_not_enough(world: World) -> None:
    names = deployed(world, **files())
    world.fsx.attach(names["Volume"], "by-hand")
    assert 3 == clean("uc1", "--detach-access-point", "by-han")
    assert [] == writes(world)


def test_one_that_is_named_is_gone_before_the_stack_is_asked_for(world: World) -> None:
    """FSx answers at once; the stack waits until nothing is left of the access point."""
    names = deployed(world, **files())
    world.fsx.attach(names["Volume"], "by-hand")
    assert 0 == clean("uc1", "--detach-access-point", "by-hand")
    assert [DETACH, DELETE] == writes(world)
    assert ([], {}) == (world.state()["file-systems"], world.state()["attachments"])


def test_the_stacks_own_goes_with_it_without_a_word(world: World) -> None:
    deployed(world, **files(Point=point(ref("Volume"), "uc1-reader")))
    assert 0 == clean("uc1")
    assert [DELETE] == writes(world)
    assert {} == world.state()["attachments"]


def test_one_that_another_stack_has_goes_with_that_stack_first(world: World) -> None:
    names = deployed(world, "files", **files())
    deployed(world, "readers", Point=point(names["Volume"], "reader"))
    assert 3 == clean("files")
    assert 0 == clean("files", "readers")
    assert ["readers", "files"] == [one.params["StackName"].split("/")[1] for one in world.writes]


def test_one_that_its_stack_retains_holds_on_to_the_volume(world: World) -> None:
    deployed(world, **files(Point={**point(ref("Volume"), "kept"), "DeletionPolicy": "Retain"}))
    assert 3 == clean("uc1")
    assert 0 == clean("uc1", "--detach-access-point", "kept")
    assert [DETACH, DELETE] == writes(world)


def test_a_volume_that_stays_keeps_its_access_points(world: World) -> None:
    machine = world.fsx.create_machine(world.region, world.fsx.create_file_system(world.region), "svm")
    names = deployed(world, Volume={**volume(machine), "DeletionPolicy": "Retain"})
    world.fsx.attach(names["Volume"], "by-hand")
    assert 0 == clean("uc1")
    assert {"by-hand": "AVAILABLE"} == world.state()["attachments"]


def test_what_is_on_a_machine_of_another_stack_goes_before_the_machine(world: World) -> None:
    """No export says so, only FSx does."""
    base = files()
    del base["Volume"]
    names = deployed(world, "a-base", **base)
    deployed(world, "b-data", Volume=volume(names["Machine"]))
    assert 0 == clean("a-base", "b-data")
    assert ["b-data", "a-base"] == [one.params["StackName"].split("/")[1] for one in world.writes]


def test_broken_ones_are_told(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    names = deployed(world, **files(Point=point(ref("Volume"), "uc1-reader")))
    world.fsx.attachments["uc1-reader"]["Lifecycle"] = "MISCONFIGURED"
    world.fsx.attach(names["Volume"], "old", "FAILED", "The S3 access point was deleted.")
    plan = dry_run(capsys, "uc1")
    assert [
        ("S3AP837", "error", "Volume"),
        ("S3AP856", "warning", "Files"),
        ("S3AP856", "warning", "Volume"),
        ("S3AP857", "warning", "Point"),
    ] == hazards(plan)
    assert "it is FAILED (The S3 access point was deleted)" in plan["findings"][0]["message"]


# -- time


def test_who_was_detached_by_somebody_else_meanwhile_is_waited_for(world: World) -> None:
    names = deployed(world, **files())
    world.fsx.attach(names["Volume"], "by-hand")
    world.client("fsx").detach_and_delete_s3_access_point(Name="by-hand")
    assert 0 == clean("uc1", "--detach-access-point", "by-hand")
    assert [DELETE] == writes(world)


def test_a_detachment_that_fsx_gives_up_leaves_the_stack_as_it_is(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    names = deployed(world, **files())
    world.fsx.attach(names["Volume"], "by-hand")
    failed = {"Lifecycle": "FAILED", "LifecycleTransitionReason": {"Message": "The SVM is offline"}}
    world.fsx.detach = lambda name: world.fsx.attachments[name].update(failed)  # type: ignore[method-assign]
    assert 1 == clean("uc1", "--detach-access-point", "by-hand")
    assert DELETE not in writes(world)
    assert "the request was taken, but by-hand is FAILED: The SVM is offline" in capsys.readouterr().out


def test_a_bucket_of_ontap_that_outlives_the_access_point_is_waited_out(world: World) -> None:
    names = deployed(world, **files())
    world.fsx.attach(names["Volume"], "by-hand")
    world.pace.nas, world.pace.poll = 100, 60
    assert 0 == clean("uc1", "--detach-access-point", "by-hand")
    assert [DETACH, DELETE, DELETE] == writes(world)
    assert [] == world.state()["file-systems"]


def test_it_is_not_waited_for_ever(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    names = deployed(world, **files())
    world.fsx.buckets[names["Volume"]] = 1e9
    assert 1 == clean("uc1")
    assert [DELETE] * 5 == writes(world)
    assert "object store NAS buckets" in capsys.readouterr().out


# -- what is never deleted


@pytest.mark.parametrize(
    "lock",
    [
        {"SnaplockType": "COMPLIANCE"},
        {"SnaplockType": "ENTERPRISE"},
        {"SnaplockType": "ENTERPRISE", "AuditLogVolume": True},
    ],
    ids=["compliance", "enterprise", "audit log"],
)
def test_no_option_takes_a_lock_for_less_than_it_is(world: World, lock: dict[str, Any]) -> None:
    """Neither an option nor an ignore in the template."""
    locked = volume(ref("Machine"), SnaplockConfiguration=lock)
    locked["Metadata"] = {"s3ap-lint": {"ignore": [{"code": "S3AP838", "reason": "a test"}]}}
    deployed(world, **files(Volume=locked))
    assert 3 == clean("uc1", *EVERYTHING)
    assert [] == writes(world)


IRREVERSIBLE = (
    "fsx delete-volume",
    "fsx delete-backup",
    "fsx update-volume",
    "fsx update-snaplock",
    "fsx create-",
    "s3api put-object-retention",
    "s3api put-object-lock-configuration",
    "backup put-backup-vault-lock-configuration",
    "backup delete-recovery-point",
    "glacier complete-vault-lock",
)
"""What locks something for good, or unlocks it, or is no more than a request to delete what may be locked."""


def test_no_fix_of_any_rule_locks_or_deletes_what_may_be_locked() -> None:
    calls = "\n".join((case.example.fixed or {}).get("calls", "") for case in live_cases())
    assert [] == [one for one in IRREVERSIBLE if f"aws {one}" in calls]


def test_a_locked_volume_that_its_stack_retains_still_keeps_its_machine(world: World) -> None:
    locked = {
        **volume(ref("Machine"), SnaplockConfiguration={"SnaplockType": "COMPLIANCE"}),
        "DeletionPolicy": "Retain",
    }
    deployed(world, **files(Volume=locked))
    assert 3 == clean("uc1", *EVERYTHING)
    assert [] == writes(world)


def test_a_volume_that_comes_back_is_judged_by_what_it_is_afterwards(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing tells of locked snapshots before: FSx takes the request, and the volume is there again. Then it says so,
    and is refused."""
    names = deployed(world, **files())
    world.fsx.locks[names["Volume"]] = "Amazon FSx could not delete the volume because it has locked snapshots."
    assert 1 == clean("uc1")
    assert [DELETE] == writes(world)
    assert {names["Volume"]: "CREATED"} == world.state()["volumes"]
    assert "locked snapshots" in capsys.readouterr().out
    assert 3 == clean("uc1", *EVERYTHING)
    assert [DELETE] == writes(world)


def test_a_volume_with_clones_can_be_tried_again(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    names = deployed(world, **files())
    world.fsx.locks[names["Volume"]] = "Failed to delete volume because it has one or more clones."
    assert 1 == clean("uc1")
    assert "one or more clones" in capsys.readouterr().out
    assert "an earlier deletion" in str(dry_run(capsys, "uc1")["findings"])
    del world.fsx.locks[names["Volume"]]
    assert 0 == clean("uc1")


# -- backups


def test_the_backup_that_is_left_behind_is_announced(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    names = deployed(world, **files())
    told = [one["fix"]["title"] for one in dry_run(capsys, "uc1")["findings"] if one["logical_id"] == "Volume"]
    look = f"aws fsx describe-backups --filters Name=volume-id,Values={names['Volume']}"
    assert [f"Afterwards, look for it ({look}), and delete what nobody needs"] == told
    clean("uc1")
    wanted = [{"Name": "volume-id", "Values": [names["Volume"]]}]
    assert 1 == len(world.client("fsx").describe_backups(Filters=wanted)["Backups"])


def test_a_destination_of_snapmirror_may_fail(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    deployed(world, **files(Volume=volume(ref("Machine"), OntapVolumeType="DP")))
    assert "SkipFinalBackup=true" in str(dry_run(capsys, "uc1")["findings"])
    assert 1 == clean("uc1")
    assert "In order to delete a DP Volume" in capsys.readouterr().out
