"""The files below a root as the system has them: where a path leads, what is there, its bytes, or why not.

Nothing is kept here but where folders really lie, and nothing is recorded: that is what a workspace is for.
"""

# os.path answers False or a path where pathlib raises, and is faster in the inner loop
# ruff: noqa: PTH116, PTH118, PTH208

from __future__ import annotations

import os
import stat
from pathlib import Path

LIMIT = 5 * 1024 * 1024
"""Larger files are not read."""

MISSING = "does not exist"
OUTSIDE = "lies outside the project"
FOLDER = "is a folder"
SPECIAL = "is a device, a pipe or a socket, and is never opened"
LARGE = f"is larger than {LIMIT // 1024 // 1024} MB"

_OPEN = os.O_RDONLY
for _flag in ("O_NONBLOCK", "O_NOFOLLOW", "O_CLOEXEC", "O_BINARY"):  # what is opened has no links left to follow
    _OPEN |= getattr(os, _flag, 0)
_NO_FILE = (FileNotFoundError, NotADirectoryError)


class DiskFiles:
    """The files below a root. Paths are normal, POSIX and relative to it; an answer that is none is a reason."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._folders: dict[str, str | None] = {}

    def forget(self) -> None:
        """Let go of where folders lie."""
        self._folders.clear()

    def bytes_of(self, path: str) -> bytes | str:
        """The bytes of a regular file that is not too large, or why they cannot be had."""
        found = self._locate(path)
        if isinstance(found, str):
            return found
        where, status = found
        refusal = _refusal(status)
        if refusal:
            return refusal
        try:
            handle = os.open(where, _OPEN)
            with os.fdopen(handle, "rb", buffering=0) as file:
                refusal = _refusal(os.fstat(handle))
                data = b"" if refusal else _all(file.fileno(), status.st_size)
        except OSError as error:
            return MISSING if isinstance(error, _NO_FILE) else said(error)
        if refusal or len(data) > LIMIT:
            return refusal or LARGE
        return data

    def size(self, path: str) -> int:
        """How many bytes a file has; 0 where there is none."""
        found = self._locate(path)
        return 0 if isinstance(found, str) else found[1].st_size

    def kind(self, path: str) -> str:
        """What is there: "file", "folder", "special", "missing" or "refused"."""
        found = self._locate(path)
        if isinstance(found, str):
            return "missing" if found == MISSING else "refused"
        mode = found[1].st_mode
        return "folder" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else "special"

    def names(self, folder: str) -> list[str] | None:
        """The names in a folder, in any order; none if there is no such folder, None if it cannot be listed."""
        try:
            return os.listdir(os.path.join(self.root, folder))
        except _NO_FILE:
            return []
        except OSError:
            return None

    def inside(self, path: str) -> str | None:
        """Where a path really lies, relative to the root, when its links are followed; None when it leaves the root."""
        return self._relative(os.path.realpath(os.path.join(self.root, path)))

    def _relative(self, real: str) -> str | None:
        root = str(self.root)
        if real == root:
            return ""
        prefix = root if root.endswith(os.sep) else root + os.sep
        return real[len(prefix) :].replace(os.sep, "/") if real.startswith(prefix) else None

    def _locate(self, path: str) -> tuple[str, os.stat_result] | str:
        """The OS path and status of what a path leads to, or why there is none."""
        folder, _, last = path.rpartition("/")
        try:
            if folder not in self._folders:
                inside = self.inside(folder)
                self._folders[folder] = None if inside is None else os.path.join(self.root, inside)
            real = self._folders[folder]
            if real is None:
                return OUTSIDE
            where = os.path.join(real, last)
            status = os.lstat(where)
            if stat.S_ISLNK(status.st_mode):
                where = os.path.realpath(where)
                if self._relative(where) is None:
                    return OUTSIDE
                status = os.stat(where)
        except _NO_FILE:
            return MISSING
        except OSError as error:
            return said(error)
        except ValueError:  # a NUL, or what no file name can hold
            return MISSING
        return where, status


def said(error: OSError) -> str:
    """What the system answered when a file was asked for, as the end of a sentence."""
    return f"cannot be read: {(error.strerror or type(error).__name__).lower()}"


def _refusal(status: os.stat_result) -> str:
    """Why a file of this status is not read; empty if it is."""
    if stat.S_ISDIR(status.st_mode):
        return FOLDER
    if not stat.S_ISREG(status.st_mode):
        return SPECIAL
    return LARGE if status.st_size > LIMIT else ""


def _all(handle: int, size: int) -> bytes:
    """The file's bytes; at most one more than the limit if it grows meanwhile."""
    data = os.read(handle, size + 1)
    while 0 < len(data) <= LIMIT and len(data) != size:
        more = os.read(handle, LIMIT + 1 - len(data))
        if not more:
            break
        data += more
    return data
