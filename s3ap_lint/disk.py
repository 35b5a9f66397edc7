"""Writing files: what is replaced is what it was or what it shall be, at any moment, whatever interrupts.

The new content goes into a file beside the old one, which then takes its name in one step (POSIX rename(2)). Mode,
owner and extended attributes are kept. A file that is no longer what it was when it was read is left alone.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import stat
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

CHANGED = "it changed on disk meanwhile"


@dataclass(frozen=True)
class Replacement:
    """A file by its path below the root, with its bytes as they were read and as they shall be."""

    path: str
    before: bytes
    after: bytes


def replace_files(root: Path, groups: Iterable[Iterable[Replacement]]) -> dict[str, str]:
    """Replace files below a root, those of one group all or none.

    Those that could not be replaced are returned, each with the reason as the end of a sentence.
    """
    refused: dict[str, str] = {}
    with _leaving_tidily():
        for group in map(tuple, groups):
            try:
                _replace_all(root, group)
            except _Refused as error:
                refused |= {one.path: f"it goes together with {error.path}" for one in group}
                refused[error.path] = error.reason
    return refused


def make_file(file: Path, data: bytes) -> None:
    """Write a file that is not there yet, and the folders that it lies in. Raises OSError, also where one is by now."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("xb") as new:
        new.write(data)


class _Refused(Exception):
    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason


def _replace_all(root: Path, group: tuple[Replacement, ...]) -> None:
    beside: list[tuple[Replacement, Path, Path]] = []
    done: list[Replacement] = []
    try:
        for one in group:
            with _refusing(one.path):
                real = (root / one.path).resolve(strict=True)
                if real.read_bytes() == one.after:
                    continue  # by another name of the file it has been done
                new = real.with_name(f".{real.name[:60]}.{secrets.token_hex(6)}.tmp")
                beside.append((one, new, real))  # known before it is made, so that it goes whatever comes
                _put_beside(real, new, one)
        with _uninterrupted():
            for one, new, real in beside:
                with _refusing(one.path):
                    _must_be(real, one)
                    new.replace(real)
                done.append(one)
    except _Refused:
        for one in done:
            _replace_all(root, (Replacement(one.path, one.after, one.before),))
        raise
    finally:
        for _, new, _ in beside:
            new.unlink(missing_ok=True)


def _put_beside(real: Path, new: Path, one: Replacement) -> None:
    """Write the new content beside a file, with all that belongs to that."""
    _must_be(real, one)
    status = real.stat()
    if not os.access(real, os.W_OK):
        raise _Refused(one.path, "it is read-only")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(one.after)
        file.flush()
        _dress(file.fileno(), real, status)
        os.fsync(file.fileno())


def _dress(handle: int, real: Path, status: os.stat_result) -> None:
    """Give a new file the owner, the extended attributes and the mode of another."""
    if hasattr(os, "fchown"):
        made = os.fstat(handle)
        if (made.st_uid, made.st_gid) != (status.st_uid, status.st_gid):
            os.fchown(handle, status.st_uid, status.st_gid)
    if hasattr(os, "listxattr"):
        for name in os.listxattr(real):
            os.setxattr(handle, name, os.getxattr(real, name))
    if hasattr(os, "fchmod"):
        os.fchmod(handle, stat.S_IMODE(status.st_mode))  # last: changing the owner takes bits away


def _must_be(real: Path, one: Replacement) -> None:
    if real.read_bytes() != one.before:
        raise _Refused(one.path, CHANGED)


@contextlib.contextmanager
def _refusing(path: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise _Refused(path, CHANGED) from None
    except OSError as error:
        raise _Refused(path, (error.strerror or type(error).__name__).lower()) from None


@contextlib.contextmanager
def _leaving_tidily() -> Iterator[None]:
    """A terminal that closes, or a request to end, takes away what is not finished before the process ends."""
    ending = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    ours = [one for one in ending if signal.getsignal(one) is signal.SIG_DFL]
    if threading.current_thread() is not threading.main_thread():
        ours = []  # only the main thread may say what a signal does
    for one in ours:
        signal.signal(one, _leave)
    try:
        yield
    finally:
        for one in ours:
            signal.signal(one, signal.SIG_DFL)


def _leave(number: int, frame: object) -> NoReturn:
    raise SystemExit(128 + number)


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C and termination wait until the end of the block."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
