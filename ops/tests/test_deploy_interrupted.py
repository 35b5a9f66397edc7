"""A deployment that is interrupted, killed, or badly answered: nothing is carried out twice, and nothing is left behind
without a word."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from deployments import TEMPLATE, change_sets, deploy, operations, project, status, tables, write

from s3ap_ops.testing import Fault, World

QUEUE = "  Letters: {Type: AWS::SQS::Queue, Properties: {QueueName: letters}}\n"
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    with project(tmp_path, monkeypatch) as world:
        yield world


def interrupted(world: World, number: int, when: Callable[[World], bool], *more: str) -> tuple[int, str]:
    """The exit status of the real program, and what it said, which gets a signal as soon as something has happened."""
    command = [sys.executable, "-m", "s3ap_ops", "deploy", "uc1", "template.yaml", "--yes", "--poll", "0.05", *more]
    with subprocess.Popen(
        command, env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            _wait_for(lambda: when(world) or process.poll() is not None)
            process.send_signal(number)
            said, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    return process.returncode, " ".join(said.split())


def _wait_for(happened: Callable[[], bool]) -> None:
    """Return when something has happened. Raises TimeoutError after a minute."""
    ends = time.monotonic() + 60
    while not happened():
        if time.monotonic() > ends:
            raise TimeoutError("it has not happened")
        time.sleep(0.02)


def asked(operation: str, times: int = 1) -> Callable[[World], bool]:
    """Whether an operation was asked for so often."""
    return lambda world: times <= [one.operation for one in world.requests].count(operation)


# -- before it is carried out


@pytest.mark.parametrize("number", SIGNALS, ids=("Ctrl-C", "SIGTERM"))
def test_while_the_change_set_is_made_it_is_taken_away(world: World, number: int) -> None:
    world.pace.change_set = 10**9
    ended, said = interrupted(world, number, asked("DescribeChangeSet", 2))
    assert 130 == ended
    assert said.endswith("s3ap-ops: interrupted; nothing was deployed")
    assert ["CreateChangeSet", "DeleteChangeSet", "DeleteStack"] == operations(world)
    world.clock.advance(60)
    assert "" == status(world)


def test_while_the_request_for_it_is_on_its_way_what_it_made_is_found_by_its_name(world: World) -> None:
    """Its answer never came."""
    world.fail(Fault("cloudformation", "CreateChangeSet", kind="timeout", after_effect=True))
    ended, said = interrupted(world, signal.SIGINT, asked("CreateChangeSet"))
    assert (130, True) == (ended, said.endswith("interrupted; nothing was deployed"))
    assert ["CreateChangeSet", "DeleteChangeSet", "DeleteStack"] == operations(world)
    world.clock.advance(60)
    assert "" == status(world)


def test_what_cannot_be_taken_away_is_said_with_the_command(world: World) -> None:
    world.pace.change_set = 10**9
    world.fail(Fault("cloudformation", "DeleteChangeSet", kind="access-denied", times=None))
    ended, said = interrupted(world, signal.SIGINT, asked("DescribeChangeSet", 2))
    (left,) = [one.id for one in world.change_sets.all.values()]
    assert 130 == ended
    assert f"interrupted; nothing was deployed; the change set {left} may still be there (AccessDenied from" in said
    assert f"aws cloudformation delete-change-set --change-set-name {left}" in said


# -- while it is carried out


@pytest.mark.parametrize("number", SIGNALS, ids=("Ctrl-C", "SIGTERM"))
def test_while_it_is_carried_out_cloudformation_goes_on(world: World, number: int) -> None:
    world.pace.create = 10**9
    ended, said = interrupted(world, number, asked("DescribeStackEvents", 2))
    assert 4 == ended
    assert "stopping to watch; CloudFormation goes on" in said
    assert "uc1: CloudFormation goes on; `s3ap-ops status uc1` says how it ends" in said
    assert (["CreateChangeSet", "ExecuteChangeSet"], "CREATE_IN_PROGRESS") == (operations(world), status(world))


def test_killed_between_change_set_and_execution_leaves_one_which_the_next_run_takes_away(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.pace.change_set = 10**9
    ended, _ = interrupted(world, signal.SIGKILL, asked("DescribeChangeSet", 2))
    (stale,) = change_sets(world)
    assert (-signal.SIGKILL, "REVIEW_IN_PROGRESS") == (ended, status(world))
    world.pace.change_set = 5
    assert 0 == deploy("--yes")
    assert f"changeSet/{stale}/" in capsys.readouterr().err
    assert ("CREATE_COMPLETE", []) == (status(world), change_sets(world))


def test_killed_while_it_is_carried_out_it_is_seen_by_the_next_run(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.pace.create = 10**9
    interrupted(world, signal.SIGKILL, asked("DescribeStackEvents", 2))
    world.forget()
    assert 3 == deploy("--yes")
    assert "uc1 is in CREATE_IN_PROGRESS; wait until `s3ap-ops status uc1` says that it is done" in (
        capsys.readouterr().err
    )
    assert [] == operations(world)


# -- bad answers

BAD: dict[str, dict[str, Any]] = {
    "throttle": {"kind": "throttle"},
    "5xx": {"kind": "5xx"},
    "5xx after the effect": {"kind": "5xx", "after_effect": True},
    "reset": {"kind": "reset"},
    "reset after the effect": {"kind": "reset", "after_effect": True},
    "timeout": {"kind": "timeout"},
    "timeout after the effect": {"kind": "timeout", "after_effect": True},
}
ASKED = ("CreateChangeSet", "ExecuteChangeSet", "DescribeStackEvents")


def updated(world: World) -> None:
    """A stack, and a template with one more queue."""
    world.deploy("uc1", TEMPLATE)
    write("template.yaml", TEMPLATE + QUEUE)


@pytest.mark.parametrize("operation", ASKED)
def test_bad_answers_that_pass_change_nothing(world: World, operation: str) -> None:
    """Each kind in turn, on a stack of its own; every update is carried out once."""
    updated(world)
    for number, (kind, more) in enumerate(BAD.items()):
        text = f"{TEMPLATE}  Letters: {{Type: AWS::SQS::Queue, Properties: {{QueueName: letters{number}}}}}\n"
        write("template.yaml", text)
        fault = world.fail(Fault("cloudformation", operation, times=2, **more))
        assert (kind, 0) == (kind, deploy("--yes", "--accept", "S3AP846"))
        assert 2 == fault.hits
        made = [one for one, _ in world.stack("uc1").operations if one == "UPDATE_STACK"]
        assert (kind, number + 1, []) == (kind, len(made), change_sets(world))


@pytest.mark.parametrize("kind", BAD)
def test_a_change_set_whose_answer_never_comes_is_not_left_behind(world: World, kind: str) -> None:
    """Made or not, it is taken away by its name; of a new stack the empty one, too."""
    world.fail(Fault("cloudformation", "CreateChangeSet", times=None, **BAD[kind]))
    assert 2 == deploy("--yes")
    world.clock.advance(60)
    assert ("", {}) == (status(world), {id_: one for id_, one in world.change_sets.all.items() if not one.run})
    assert [] == tables(world)


@pytest.mark.parametrize("kind", BAD)
def test_an_execution_whose_answer_never_comes_is_looked_for(
    world: World, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    """If it has begun it is watched to its end; if not, nothing is deployed, and the change set goes."""
    updated(world)
    world.fail(Fault("cloudformation", "ExecuteChangeSet", times=None, **BAD[kind]))
    begins = "after" in kind
    assert (0 if begins else 1) == deploy("--yes")
    assert ("UPDATE_COMPLETE" if begins else "CREATE_COMPLETE") == status(world)
    assert [] == change_sets(world)
    assert ("uc1: the change set is not carried out" in capsys.readouterr().out) != begins


def test_an_execution_of_which_nobody_knows_is_no_success(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """The change set stays: perhaps it is being carried out."""
    updated(world)
    world.fail(Fault("cloudformation", "ExecuteChangeSet", kind="timeout", times=None, after_effect=True))
    world.fail(Fault("cloudformation", "DescribeStackEvents", kind="access-denied", times=None))
    assert 4 == deploy("--yes")
    assert "it cannot be told whether CloudFormation has begun; `s3ap-ops status uc1`" in capsys.readouterr().out
    assert "DeleteChangeSet" not in operations(world)


def test_somebody_else_was_faster(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """An update between the look and the execution makes our change set obsolete."""
    updated(world)
    world.clock.listen(lambda: world.change_sets.outdate(world.stack("uc1")))
    assert 1 == deploy("--yes")
    out = capsys.readouterr().out
    assert "cannot be executed in its current status of [OBSOLETE]" in out
    assert ["CreateChangeSet", "ExecuteChangeSet", "DeleteChangeSet"] == operations(world)


@pytest.mark.parametrize("there", (False, True), ids=("creation", "update"))
def test_an_operation_that_does_not_show_at_once_is_waited_for(world: World, there: bool) -> None:
    """The state of before, which was a good one, is not taken for the end, which is not."""
    if there:
        updated(world)
    world.lag = 3
    world.refusals["Letters" if there else "Topic", "create"] = "no"
    assert 1 == deploy("--yes")
    assert ("UPDATE_ROLLBACK_COMPLETE" if there else "ROLLBACK_COMPLETE") == status(world)


def test_who_may_not_read_events_sees_the_end_all_the_same(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    updated(world)
    world.fail(Fault("cloudformation", "DescribeStackEvents", kind="access-denied", times=None))
    assert 0 == deploy("--yes")
    assert "uc1: UPDATE_COMPLETE" in capsys.readouterr().out
