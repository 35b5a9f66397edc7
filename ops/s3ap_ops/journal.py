"""The record of a run: one JSON object a line, on disk before the next step begins.

A run that was interrupted is resumed from what its journal says was asked for, and from what the account looks like
now; the journal is never believed about what exists. What a change took away stands here, with the call that brings it
back.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from s3ap_ops.errors import OpsError
from s3ap_ops.stack import Json

VARIABLE = "S3AP_OPS_STATE_DIR"
NAME = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{6}")


def folder() -> Path:
    """Where journals are: S3AP_OPS_STATE_DIR, else s3ap-ops below XDG_STATE_HOME or ~/.local/state."""
    given = os.environ.get(VARIABLE)
    if given:
        return Path(given)
    state = os.environ.get("XDG_STATE_HOME")
    try:
        return (Path(state) if state else Path.home() / ".local" / "state") / "s3ap-ops" / "runs"
    except RuntimeError:
        raise OpsError(f"there is no home folder to keep journals in; set {VARIABLE} to a folder") from None


class Journal:
    """An open journal, which nobody else can have open. Each record is on disk, synchronised, when `write` returns.

    Raises OpsError when another process is writing it.
    """

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        self.path = path
        self._now = now
        self._lock = threading.Lock()
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise OpsError(f"run {path.stem} is going on in another process; wait for it, or stop it first") from None
        self._mend()

    def _mend(self) -> None:
        """Cut off what a run that was killed left of its last line, lest the next record becomes a part of it."""
        text = self.path.read_bytes()
        if not text.endswith(b"\n"):
            os.truncate(self._file, text.rfind(b"\n") + 1)

    @property
    def run(self) -> str:
        """The run's name."""
        return self.path.stem

    def write(self, kind: str, **record: Json) -> None:
        """Append a record, with the time in seconds of Unix time."""
        line = json.dumps({"kind": kind, "at": round(self._now(), 3), **record}, ensure_ascii=False, default=str)
        left = memoryview(line.encode("utf-8") + b"\n")
        with self._lock:
            while left:
                left = left[os.write(self._file, left) :]
            os.fsync(self._file)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)


def begin(now: Callable[[], float] = time.time) -> Journal:
    """A new journal with a name of its own. Raises OpsError when it cannot be written, before anything else is done."""
    where = folder()
    name = f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime(now()))}-{secrets.token_hex(3)}"
    try:
        where.mkdir(parents=True, exist_ok=True)
        return Journal(where / f"{name}.jsonl", now)
    except OSError as error:
        raise OpsError(
            f"no journal can be kept in {where}: {error.strerror}; set {VARIABLE} to another folder"
        ) from None


def again(run: str) -> Journal:
    """The journal of an earlier run, to be written on. Raises OpsError when there is none of that name, or it cannot be
    written."""
    path = path_of(run)
    try:
        return Journal(path)
    except OSError as error:
        raise OpsError(
            f"{path} cannot be written: {error.strerror}; make it writable, or plan and clean anew"
        ) from None


def path_of(run: str) -> Path:
    """Where a run's journal is. Raises OpsError, naming the latest ones, when there is none."""
    path = folder() / f"{run}.jsonl"
    if NAME.fullmatch(run) and path.is_file():
        return path
    known = ", ".join(runs()[-3:]) or "none at all"
    raise OpsError(f"there is no run {run!r} in {folder()}; the latest are: {known}")


def runs() -> list[str]:
    """The names of all runs, the oldest first."""
    where = folder()
    if where.exists() and not where.is_dir():
        raise OpsError(f"{where} is no folder, so no journal can be in it; set {VARIABLE} to one")
    return sorted(one.stem for one in where.glob("*.jsonl") if NAME.fullmatch(one.stem)) if where.is_dir() else []


def records(run: str) -> Iterator[Mapping[str, Json]]:
    """The records of a run; a last line that was not finished is left out, a damaged one before it is an error."""
    *lines, _unfinished = path_of(run).read_bytes().split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            record = json.loads(line)
        except ValueError:
            raise OpsError(f"line {number} of {path_of(run)} is damaged; plan and clean the stacks anew") from None
        if isinstance(record, dict):
            yield record
