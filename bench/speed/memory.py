"""The most memory that each process of a command held.

Looked up in /proc while it runs: what `wait4` tells of a child also counts its parent's memory at the time of the fork,
and is handed on by exec. VmHWM is a high-water mark, so that only growth in the last moments of a process can be
missed. Pages that a forked worker shares with its parent count for both.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.speed.pairs import Broken, Command

INTERVAL = 0.02  # seconds


def peaks(command: Command, environment: Mapping[str, str]) -> tuple[float, ...]:
    """Megabytes (2²⁰ bytes) for each process of the command, the most first. Raises Broken when it failed."""
    process = subprocess.Popen(
        command.words,
        cwd=command.folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # its processes are known by their session
    )
    most: dict[int, float] = {}
    while process.poll() is None:
        for pid, held in _held(process.pid):
            most[pid] = max(held, most.get(pid, 0.0))
        time.sleep(INTERVAL)
    if process.returncode not in command.done:
        raise Broken(f"{command} in {command.folder}: exit status {process.returncode}")
    return tuple(sorted(most.values(), reverse=True))


def _held(session: int) -> Iterator[tuple[int, float]]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) != session:
                continue
            status = (folder / "status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended
        marks = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
        if marks:  # a process that is just ending has none
            yield int(folder.name), int(marks[0]) / 1024
