"""What has to be typed before a change set is carried out, with a real program at a real terminal."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from deployments import operations, project, status

from s3ap_ops.testing import World

QUESTION = "Type uc1 to carry this out: "
INTERRUPT = "\x03"
"""What a terminal sends for Ctrl-C."""


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    with project(tmp_path, monkeypatch) as world:
        yield world


def typed(answer: str) -> tuple[int, str]:
    """The exit status of the program, and all that it showed to somebody who typed something when asked."""
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "s3ap_ops", "deploy", "uc1", "template.yaml", "--poll", "0.02"]
    child = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=dict(os.environ))
    os.close(slave)
    shown, deadline = "", time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([master], [], [], 0.2)[0]:
            try:
                shown += os.read(master, 4096).decode()
            except OSError:
                break
        elif child.poll() is not None:
            break
        if answer and shown.endswith(QUESTION):
            if answer == INTERRUPT:
                child.send_signal(signal.SIGINT)
            else:
                os.write(master, answer.encode())
            answer = ""
    os.close(master)
    return child.wait(30), " ".join(shown.split())


def test_the_stacks_name_carries_it_out(world: World) -> None:
    ended, shown = typed("uc1\n")
    assert (0, "CREATE_COMPLETE") == (ended, status(world))
    assert "2 changes: 2 to make, 0 to change, 0 to replace, 0 to remove" in shown


@pytest.mark.parametrize(
    ("answer", "ended", "said"),
    (
        ("y\n", 3, "refused: it was not confirmed; the change set is taken away again"),
        ("\n", 3, "refused: it was not confirmed"),
        ("\x04", 3, "refused: it was not confirmed"),
        (INTERRUPT, 130, "s3ap-ops: interrupted; nothing was deployed"),
    ),
    ids=("y", "Enter", "end of file", "Ctrl-C"),
)
def test_anything_else_does_not(world: World, answer: str, ended: int, said: str) -> None:
    found, shown = typed(answer)
    assert (ended, True) == (found, said in shown)
    assert ["CreateChangeSet", "DeleteChangeSet", "DeleteStack"] == operations(world)
    world.clock.advance(60)
    assert "" == status(world)
