"""The files of a folder of the project, as entries of an archive."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from posixpath import basename, join

from s3ap_lint.workspace import Workspace
from s3ap_ops.packaging.archive import Entry

LEFT_OUT = ("__pycache__", "*.pyc", ".git")
"""What Python and git put beside code. It differs from machine to machine, and nothing that runs needs it."""


@dataclass
class Gathered:
    """The entries found so far by their names, and why others could not be had."""

    workspace: Workspace
    entries: dict[str, Entry] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def folder(self, path: str, into: str = "") -> None:
        """Add all files below a folder of the project, each under its path from there."""
        self._below(path, into, ())

    def files(self, folder: str, into: str, names: Iterable[str]) -> None:
        """Add some files of a folder."""
        for name in names:
            if not is_left_out(name):
                self.file(join(folder, name), join(into, name))

    def file(self, path: str, name: str) -> None:
        """Add one file under a name, unless there is one of that name."""
        if name in self.entries:
            return
        real = self.workspace.inside(path)
        if real is None:
            self.problems.append(f"{path} is a link out of the project")
            return
        place = os.path.join(self.workspace.root, real)  # noqa: PTH118  # the name of a file may be no path of this system
        try:
            self.entries[name] = _entry(name, place)
        except OSError as error:
            self.problems.append(f"{path} cannot be read: {(error.strerror or 'it is no file').lower()}")

    def _below(self, path: str, into: str, above: tuple[str, ...]) -> None:
        real = self.workspace.inside(path)
        if real is None or real in above:
            self.problems.append(f"{path} is a link {'to a folder around it' if real else 'out of the project'}")
            return
        for name in self.workspace.listdir(path):
            if is_left_out(name):
                continue
            if self.workspace.is_dir(join(path, name)):
                self._below(join(path, name), join(into, name), (*above, real))
            else:
                self.file(join(path, name), join(into, name))


def is_left_out(name: str) -> bool:
    """Whether a file or folder of a name is never packaged."""
    return any(fnmatchcase(basename(name), pattern) for pattern in LEFT_OUT)


def _entry(name: str, place: str) -> Entry:
    """The entry of a file. Raises OSError where it is none, or cannot be read."""
    handle = os.open(place, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(None, None)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
    return Entry(name, 0o755 if status.st_mode & stat.S_IXUSR else 0o644, size, digest, place)
