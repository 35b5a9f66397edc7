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
    most: dict[int, tuple[bytes, float]] = {}
    while process.poll() is None:
        for pid, words, held in _held(process.pid):
            before = most.get(pid, (b"", 0.0))
            # until it runs a program of its own, a process has the memory, and the command line, of its parent
            most[pid] = words, max(held, before[1]) if before[0] == words else held
        time.sleep(INTERVAL)
    if process.returncode not in command.done:
        raise Broken(f"{command} in {command.folder}: exit status {process.returncode}")
    return tuple(sorted((held for _, held in most.values()), reverse=True))


def _held(session: int) -> Iterator[tuple[int, bytes, float]]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) != session:
                continue
            words = (folder / "cmdline").read_bytes()
            status = (folder / "status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended
        marks = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
        if marks:  # a process that is just ending has none
            yield int(folder.name), words, int(marks[0]) / 1024
