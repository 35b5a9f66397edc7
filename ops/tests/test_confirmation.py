"""What has to be typed before anything is deleted, with a real program at a real terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from s3ap_ops.testing import World

TOPIC = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
COMMAND = (sys.executable, "-m", "s3ap_ops", "clean", "--poll", "0.02", "-q")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World() as world:
        world.deploy("one", TOPIC)
        world.deploy("two", TOPIC)
        yield world


def typed(world: World, tmp_path: Path, *answers: str, stacks: tuple[str, ...] = ("one", "two")) -> tuple[int, str]:
    """The exit status of the program, and all that it showed to somebody who typed lines, each when asked for it."""
    master, slave = pty.openpty()
    environment = {**os.environ, **world.env, "S3AP_OPS_STATE_DIR": str(tmp_path / "runs")}
    child = subprocess.Popen(
        [*COMMAND, *stacks], stdin=slave, stdout=slave, stderr=slave, env=environment, cwd=tmp_path
    )
    os.close(slave)
    shown, left, deadline = "", list(answers), time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([master], [], [], 0.2)[0]:
            try:
                shown += os.read(master, 4096).decode()
            except OSError:
                break
        elif child.poll() is not None:
            break
        if left and shown.endswith("to leave it: "):
            os.write(master, f"{left.pop(0)}\n".encode())
            shown += "\n"
    os.close(master)
    return child.wait(10), shown


def left(world: World) -> list[str]:
    found = world.client("cloudformation").describe_stacks()["Stacks"]
    return sorted(stack["StackName"] for stack in found)


def test_a_stack_whose_name_is_typed_goes_and_the_other_stays(world: World, tmp_path: Path) -> None:
    status, shown = typed(world, tmp_path, "one", "")
    assert ["two"] == left(world), shown
    assert "SKIPPED         two: it was not confirmed" in shown
    assert 1 == status


def test_yes_is_no_name(world: World, tmp_path: Path) -> None:
    status, shown = typed(world, tmp_path, "y", "yes")
    assert (3, []) == (status, [one.operation for one in world.writes])
    assert "refused: no stack was confirmed" in shown


def test_where_nobody_can_be_asked_nothing_is_written(world: World, tmp_path: Path) -> None:
    environment = {**os.environ, **world.env, "S3AP_OPS_STATE_DIR": str(tmp_path / "runs")}
    done = subprocess.run(
        [*COMMAND, "one"], stdin=subprocess.DEVNULL, env=environment, capture_output=True, text=True, check=False
    )
    assert 3 == done.returncode
    assert "s3ap-ops: refused: nobody can be asked here; if the plan is what you want, add --yes\n" == done.stderr
    assert [] == world.writes
    assert not (tmp_path / "runs").exists()


def test_a_stack_that_changes_while_somebody_reads_is_left_alone(world: World, tmp_path: Path) -> None:
    """The plan was about another state."""
    master, slave = pty.openpty()
    environment = {**os.environ, **world.env, "S3AP_OPS_STATE_DIR": str(tmp_path / "runs")}
    child = subprocess.Popen([*COMMAND, "one"], stdin=slave, stdout=slave, stderr=slave, env=environment)
    os.close(slave)
    shown = ""
    while not shown.endswith("to leave it: "):
        shown += os.read(master, 4096).decode()
    world.client("cloudformation").update_stack(
        StackName="one",
        TemplateBody='{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}, "New": {"Type": "AWS::SNS::Topic"}}}',
    )
    world.clock.advance(60)
    os.write(master, b"one\n")
    assert 3 == child.wait(30)
    os.close(master)
    assert [] == world.writes
