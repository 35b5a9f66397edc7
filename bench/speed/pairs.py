"""Two commands in turn, timed by hyperfine.

hyperfine finishes with one command before it begins the next, so that whatever else the machine does falls on one of
them. Here it is asked for one run at a time, and which of the two goes first changes from pair to pair.
"""

from __future__ import annotations

import json
import shlex
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path


class Broken(Exception):
    """A command that did not do its job: its time means nothing."""


@dataclass(frozen=True)
class Command:
    """What is run, and where.

    `shown` stands for the words where they are too many; `done` are the exit statuses of a job done.
    """

    words: tuple[str, ...]
    folder: Path
    shown: str = ""
    done: frozenset[int] = frozenset({0, 1})

    def __str__(self) -> str:
        return self.shown or shlex.join(self.words)


@dataclass(frozen=True)
class Pair:
    """The seconds of two commands, pair by pair."""

    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    @property
    def ratios(self) -> tuple[float, ...]:
        """Of each pair."""
        return tuple(a / b for a, b in zip(self.ours, self.theirs, strict=True))

    @property
    def ratio(self) -> float:
        """The median of the ratios, which is not the ratio of the medians."""
        return statistics.median(self.ratios)


def seconds(command: Command, environment: Mapping[str, str]) -> float:
    """The wall time of one run. Raises Broken when the job was not done."""
    with tempfile.NamedTemporaryFile(suffix=".json") as exported:
        hyperfine = ["hyperfine", "--shell=none", "--ignore-failure", "--runs=1", "--style=none"]
        subprocess.run(
            [*hyperfine, "--export-json", exported.name, shlex.join(command.words)],
            cwd=command.folder,
            env=environment,
            stderr=subprocess.DEVNULL,  # it warns of every outlier and exit status
            check=True,
        )
        result = json.loads(Path(exported.name).read_bytes())["results"][0]
    if result["exit_codes"][0] not in command.done:
        raise Broken(f"{command} in {command.folder}: exit status {result['exit_codes'][0]}")
    return float(result["times"][0])


def alternate(
    ours: Command,
    theirs: Command,
    runs: int,
    environment: Mapping[str, str],
    before: Callable[[], object] = lambda: None,
) -> Pair:
    """Both commands `runs` times in turn; `before` is called ahead of every run of ours."""
    times: dict[bool, list[float]] = {True: [], False: []}
    for number in range(runs):
        for mine in (True, False) if number % 2 == 0 else (False, True):
            if mine:
                before()
            times[mine].append(seconds(ours if mine else theirs, environment))
    return Pair(tuple(times[True]), tuple(times[False]))
