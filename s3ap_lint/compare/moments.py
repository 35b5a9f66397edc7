"""A project's files at a commit, or as they are now: what both are asked."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from posixpath import dirname
from typing import Protocol

from s3ap_lint.files import LARGE, LIMIT, MISSING, OUTSIDE
from s3ap_lint.history import GITLINK, Repository
from s3ap_lint.source import Source
from s3ap_lint.workspace import Unreadable, Workspace, as_source, normal, printable

LINK = "120000"
"""The mode of an entry that is a symbolic link (git-update-index(1))."""

UNHAD = "git does not have its content; is this clone complete?"


class Moment(Protocol):
    """The files below the project's root at one time. Paths are relative to the root."""

    @property
    def label(self) -> str: ...
    @property
    def names(self) -> tuple[str, ...]: ...
    def read(self, path: str) -> Source | Unreadable: ...
    def data(self, path: str) -> bytes | Unreadable: ...
    def is_file(self, path: str) -> bool: ...
    def is_dir(self, path: str) -> bool: ...
    def leads_to(self, path: str) -> str: ...
    def listdir(self, path: str) -> tuple[str, ...]: ...
    def asked_again(self, paths: Iterable[str]) -> None: ...
    def fetch(self, paths: Iterable[str]) -> None: ...


class Commit:
    """The files of a commit. What git has of them is read when it is asked for, or in one go by `fetch`."""

    def __init__(self, repository: Repository, commit: str, label: str) -> None:
        self.repository = repository
        self.commit = commit
        self.label = label
        self._data: dict[str, bytes | None] = {}

    @cached_property
    def _entries(self) -> dict[str, tuple[str, str]]:
        """Mode and object of each file below the root."""
        out = self.repository.ask("ls-tree", "-r", "-z", "--full-tree", self.commit)
        found: dict[str, tuple[str, str]] = {}
        for entry in filter(None, out.split(b"\0")):
            head, _, name = entry.partition(b"\t")
            mode, _, oid = head.decode("ascii").split()
            path = self.repository.below_root(name.decode("utf-8", "surrogateescape"))
            if path is not None and mode != GITLINK and printable(path):
                found[path] = (mode, oid)
        return found

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every file, in order."""
        return tuple(sorted(self._entries))

    @cached_property
    def _folders(self) -> dict[str, tuple[str, ...]]:
        found: defaultdict[str, set[str]] = defaultdict(set)
        for path in self._entries:
            for folder, name in _steps(path):
                found[folder].add(name)
        return {folder: tuple(sorted(names)) for folder, names in found.items()}

    def is_file(self, path: str) -> bool:
        """Whether there is a file."""
        return self._real(path) is not None

    def leads_to(self, path: str) -> str:
        """The file that a symbolic link leads to in the end; any other file itself."""
        return self._real(path) or path

    def is_dir(self, path: str) -> bool:
        """Whether there is a folder with something in it."""
        name = normal(path)
        return name is not None and (not name or name in self._folders)

    def listdir(self, path: str) -> tuple[str, ...]:
        """The names in a folder, sorted."""
        return self._folders.get(normal(path) or "", ())

    def asked_again(self, paths: Iterable[str]) -> None:
        """Nothing: what is at a commit stays as it is."""

    def data(self, path: str) -> bytes | Unreadable:
        """The bytes of a file, or why they cannot be had."""
        if normal(path) is None:
            return Unreadable(path, OUTSIDE)
        real = self._real(path)
        if real is None:
            return Unreadable(path, MISSING)
        self.fetch([real])
        found = self._data[self._entries[real][1]]
        if found is None:
            return Unreadable(path, UNHAD)
        return found if len(found) <= LIMIT else Unreadable(path, LARGE)

    def read(self, path: str) -> Source | Unreadable:
        """The source of a text file, or why there is none."""
        data = self.data(path)
        return data if isinstance(data, Unreadable) else as_source(normal(path) or "", data)

    def fetch(self, paths: Iterable[str]) -> None:
        """Read the files among some paths in one go; links are read when they are followed."""
        wanted = {self._entries[path][1] for path in paths if path in self._entries} - self._data.keys()
        if wanted:
            self._data |= self.repository.objects(sorted(wanted))

    def _real(self, path: str, depth: int = 0) -> str | None:
        """The file that a path is or leads to."""
        name = normal(path)
        if name is None or name not in self._entries or depth > 8:
            return None
        mode, oid = self._entries[name]
        if mode != LINK:
            return name
        self.fetch([name])
        target = (self._data[oid] or b"").decode("utf-8", "surrogateescape")
        return self._real(f"{dirname(name)}/{target}" if dirname(name) else target, depth + 1)


class Now:
    """The files of the work tree: those that git follows, and new ones that it does not ignore."""

    label = "the work tree"

    def __init__(self, repository: Repository, workspace: Workspace) -> None:
        self.repository = repository
        self.workspace = workspace
        self.read = workspace.read
        self.data = workspace.data
        self.is_file = workspace.is_file
        self.is_dir = workspace.is_dir
        self.listdir = workspace.listdir
        self.asked_again = workspace.asked_again

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every file, in order."""
        out = self.repository.ask("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--full-name")
        named = (name.decode("utf-8", "surrogateescape") for name in out.split(b"\0") if name)
        found = (self.repository.below_root(name) for name in named if not name.endswith("/"))
        return tuple(sorted({path for path in found if path and printable(path) and self.workspace.is_file(path)}))

    def leads_to(self, path: str) -> str:
        """The file that a symbolic link leads to in the end; any other file itself."""
        where = self.workspace.root / path
        if not where.is_symlink():
            return path
        found = Path(os.path.realpath(where))
        return found.relative_to(self.workspace.root).as_posix() if found.is_relative_to(self.workspace.root) else path

    def fetch(self, paths: Iterable[str]) -> None:
        """Nothing: a file is read when it is asked for."""


def _steps(path: str) -> Iterator[tuple[str, str]]:
    """Each folder on the way to a file, with the name in it that leads there."""
    while path:
        folder, _, name = path.rpartition("/")
        yield folder, name
        path = folder
