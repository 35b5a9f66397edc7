"""A run that is killed, wherever it stands: what is resumed ends where a run ends that nobody killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from trials import Stage, alike, differences, staged
from wire import planned, resume, strays, turned_to
from worlds import HOUSE

from s3ap_ops import journal


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A stack with a change of every phase."""
    with staged(HOUSE) as stage:
        yield stage


RECORDS = range(1, 16)
"""The records of its journal: what was asked for, the plan, a beginning and an end for each of six steps, the end."""


def test_the_run_has_as_many_records_as_are_tried(stage: Stage) -> None:
    assert len(RECORDS) == stage.undisturbed[2]


@pytest.mark.parametrize("record", RECORDS)
def test_a_run_that_dies_after_a_record_is_resumed_to_the_same_end(stage: Stage, record: int) -> None:
    assert [] == stage.killed(record)


@pytest.mark.parametrize("record", (9,))
def test_half_a_record_is_as_good_as_none(stage: Stage, record: int) -> None:
    assert [] == stage.killed(record, torn=True)


def test_a_process_that_gets_sigkill_is_resumed_by_another(stage: Stage, tmp_path: Path) -> None:
    """The real program, killed while a request of its is on the way."""
    status, end, _ = stage.undisturbed
    stage.world.latency["DeleteStack"] = 0.5
    with pytest.MonkeyPatch.context() as patch, turned_to(stage.world, patch, tmp_path):
        command = [sys.executable, "-m", "s3ap_ops", "clean", "uc1", "--yes", "--quiet", "--poll", "0.01", *HOUSE.flags]
        with subprocess.Popen(command, env=dict(os.environ), stdout=subprocess.DEVNULL) as process:
            _wait_for("delete-stack", tmp_path)
            process.send_signal(signal.SIGKILL)
        (run,) = journal.runs()
        assert -signal.SIGKILL == process.returncode
        assert status == resume(run)
        assert [] == strays(stage.world, planned(run))
        assert [] == differences(end, alike(stage.world.state()))


def _wait_for(text: str, folder: Path) -> None:
    """Return when a journal says that something was begun. Raises TimeoutError after 30 s."""
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        for path in folder.glob("*.jsonl"):
            if any('"begun"' in line and text in line for line in path.read_text("utf-8").splitlines()):
                return
        time.sleep(0.01)
    raise TimeoutError(f"no journal in {folder} says {text}")
