"""The project's files: each is read once as far as there is room, buffers lie on top, and nothing leaves the root.

Paths are POSIX and relative to the root; "" is the root itself. `..` is resolved in the text of a path,
links on the disk. What was asked for is remembered, so that a cache can tell what an answer rests on.
"""

from __future__ import annotations

import os
import posixpath
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from s3ap_lint import facts
from s3ap_lint.files import FOLDER, MISSING, OUTSIDE, DiskFiles
from s3ap_lint.model import Unchecked
from s3ap_lint.record import Records, Seen
from s3ap_lint.source import Source

HELD = 8 * 1024 * 1024
"""Bytes of files that are held; a larger project's are read again when somebody asks again."""

LOOKED = 20_000
"""Paths of which is remembered what is there, before all of them are forgotten."""

_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that cannot be read, and why. `missing`: there is nothing of that name."""

    path: str
    reason: str
    line: int = 0

    @property
    def missing(self) -> bool:
        """Whether there is nothing of that name; a cache may rest on that."""
        return self.reason == MISSING

    def unchecked(self, what: str = "file") -> Unchecked:
        """The same as an entry of a report."""
        return Unchecked(self.path, what, self.reason, self.line)


def normal(path: str) -> str | None:
    """A path without `.`, `..` and doubled slashes, or None when it leaves the root."""
    if path.startswith("/"):
        return None
    clean = posixpath.normpath(path)
    if clean == ".." or clean.startswith("../"):
        return None
    return "" if clean == "." else clean


def printable(name: str) -> bool:
    """Whether a name is text; a name that is not UTF-8 cannot stand in a report."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


class Workspace:
    """The files below a root, as they were when first asked for."""

    def __init__(self, root: Path, overlay: Mapping[str, bytes] | None = None) -> None:
        """Files below `root`; `overlay` holds buffers that take the place of files, by path."""
        self.began = time.time_ns()  # nothing was read before
        self.root = Path(os.path.realpath(root))
        self.files = DiskFiles(self.root)
        self._records = Records()
        self.seen = self._records.whole
        self._overlay = {name: data for path, data in (overlay or {}).items() if (name := normal(path))}
        self._virtual = {above for path in self._overlay for above in _folders_above(path)}
        self._data: dict[str, bytes | Unreadable] = {}
        self._sources: dict[str, Source | Unreadable] = {}
        self._kinds: dict[str, str] = {}
        self._listings: dict[str, tuple[str, ...]] = {}
        self._unlisted: set[str] = set()
        self._sought: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
        self._let_go: dict[str, str] = {}
        self._bytes = 0
        self.unsteady = False  # a file was another when it was read a second time

    def recording(self, *, alone: bool = False) -> AbstractContextManager[Seen]:
        """What is asked for inside the block, also when it was known before; `alone`: and on no other record."""
        return self._records.another(alone=alone)

    def forget(self) -> bool:
        """Let go of what is known of paths, if that is much; whether it was."""
        if len(self._kinds) <= LOOKED:
            return False
        for known in (self._kinds, self._listings):
            known.clear()
        self.files.forget()
        return True

    @property
    def overlay(self) -> Mapping[str, bytes]:
        """The buffers that take the place of files, by path."""
        return self._overlay

    def edit(self, overlay: Mapping[str, bytes]) -> None:
        """Take other buffers, in the place of files that are there: contents change, and nothing else does."""
        after = {name: data for path, data in overlay.items() if (name := normal(path))}
        for name in {*after, *self._overlay}:
            if after.get(name) != self._overlay.get(name):
                self._data.pop(name, None)
                self._sources.pop(name, None)
        self._overlay = after
        self._sought.clear()

    def read(self, path: str) -> Source | Unreadable:
        """The source of a text file, or why there is none."""
        data = self.data(path)
        if isinstance(data, Unreadable):
            return data
        name = normal(path) or ""
        if name not in self._sources:
            self._sources[name] = as_source(name, data)
        return self._sources[name]

    def data(self, path: str) -> bytes | Unreadable:
        """The bytes of a file, or why they cannot be had."""
        name = normal(path)
        if name is None:
            return Unreadable(path, OUTSIDE)
        answer = self.bytes_of(name)
        self._records.note("read" if isinstance(answer, bytes) else "missing" if answer.missing else "refused", name)
        return answer

    def bytes_of(self, name: str) -> bytes | Unreadable:
        """The bytes of a file at a normal path, without a record."""
        if name not in self._data:
            data = self._data[name] = self._overlay[name] if name in self._overlay else self._load(name)
            if isinstance(data, bytes) and name not in self._overlay:
                self._hold(name, data)
        return self._data[name]

    def _hold(self, name: str, data: bytes) -> None:
        """Count what is held, and let go of what was read first where that is too much."""
        if self._let_go.get(name, "") not in ("", facts.digest(data)):
            self.unsteady = True
        self._bytes += len(data)
        if self._bytes <= HELD:
            return
        for path, old in list(self._data.items()):
            if self._bytes <= HELD // 2 or path == name:
                break
            if isinstance(old, bytes) and path not in self._overlay:
                self._let_go[path] = facts.digest(old)
                self._bytes -= len(old)
                del self._data[path]
                self._sources.pop(path, None)

    def size(self, path: str) -> int:
        """How many bytes a file has, without reading it or a record; 0 where there is none."""
        known = self._data.get(path, self._overlay.get(path))
        return len(known) if isinstance(known, bytes) else self.files.size(path)

    def having(self, paths: tuple[str, ...], word: str) -> frozenset[str]:
        """Those of some files, at normal paths, whose bytes have a text. What else they hold does not matter."""
        text = word.encode()
        known, hits = self._sought.get(word, (frozenset(), frozenset()))
        left = [path for path in paths if path not in known]
        found = hits.intersection(paths) | self._with(left, [text])[text]
        for seen in self._records:
            seen.sought[word, paths] = found
        return found

    def search(self, paths: Sequence[str], words: Iterable[str]) -> None:
        """Look for many texts in one go: what `having` will be asked, file by file."""
        texts = {word: word.encode() for word in words}
        found = self._with(paths, list(texts.values()))
        self._sought.update({word: (frozenset(paths), found[text]) for word, text in texts.items()})

    def _with(self, paths: Sequence[str], texts: Sequence[bytes]) -> dict[bytes, frozenset[str]]:
        found: dict[bytes, list[str]] = {text: [] for text in texts}
        for path in paths:
            data = self.bytes_of(path)
            if isinstance(data, bytes):
                for text in texts:
                    if text in data:
                        found[text].append(path)
        return {text: frozenset(hits) for text, hits in found.items()}

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder that can be asked for."""
        return self._kind(path) in ("file", "folder")

    def is_file(self, path: str) -> bool:
        """Whether there is a regular file; it may still be too large or forbidden to read."""
        return self._kind(path) == "file"

    def is_dir(self, path: str) -> bool:
        """Whether there is a folder."""
        return self._kind(path) == "folder"

    def listdir(self, path: str) -> tuple[str, ...]:
        """The names in a folder, sorted; nothing if it is no folder or cannot be listed.

        Names that are not UTF-8 are left out.
        """
        if not self.is_dir(path):
            return ()
        folder = normal(path) or ""
        if folder not in self._listings:
            self._listings[folder] = self._list(folder)
        if folder in self._unlisted:
            self._records.note("refused", folder)
        self._records.note("listed", folder)
        return self._listings[folder]

    def _list(self, folder: str) -> tuple[str, ...]:
        prefix = f"{folder}/" if folder else ""
        names = {name[len(prefix) :].split("/", 1)[0] for name in self._overlay if name.startswith(prefix)}
        found = self.files.names(folder)
        if found is None:
            self._unlisted.add(folder)
        return tuple(sorted(names.union(filter(printable, found or ()))))

    def note_listed(self, folder: str, *, refused: bool = False) -> None:
        """Record that somebody looked into a folder by other means, or was not allowed to."""
        self._records.note("refused" if refused else "listed", folder)

    def note_until(self, moment: float) -> None:
        """Record that an answer holds until a moment, in seconds of Unix time."""
        for seen in self._records:
            seen.until.add(moment)

    def unrecorded(self) -> AbstractContextManager[None]:
        """What is asked for inside the block is no part of any record: a fact stands for all of it."""
        return self._records.none()

    def note_told(self, name: str, value: str) -> None:
        """Record a fact about the whole project, which stands for all that it was made from."""
        for seen in self._records:
            seen.told[name] = value

    def asked_again(self, paths: Iterable[str]) -> None:
        """Record that an answer about what is at some paths, which somebody remembered, was given once more."""
        for seen in self._records:
            seen.asked.update(paths)

    def kind(self, path: str) -> str:
        """What is at a normal path, without a record: "file", "folder", "special", "missing" or "refused"."""
        if path not in self._kinds:
            self._kinds[path] = self._look(path)
        return self._kinds[path]

    def inside(self, path: str) -> str | None:
        """Where a path really lies, relative to the root, when its links are followed; None when it leaves the root."""
        return self.files.inside(path)

    def _load(self, name: str) -> bytes | Unreadable:
        if name in self._virtual:
            return Unreadable(name, FOLDER)
        data = self.files.bytes_of(name)
        return Unreadable(name, data) if isinstance(data, str) else data

    def _kind(self, path: str) -> str:
        name = normal(path)
        if name is None:
            return "outside"
        kind = self.kind(name)
        self._records.note({"file": "found", "folder": "found", "missing": "missing"}.get(kind, "refused"), name)
        return kind

    def _look(self, name: str) -> str:
        if name in self._overlay:
            return "file"
        if not name or name in self._virtual:
            return "folder"
        return self.files.kind(name)


def _folders_above(path: str) -> Iterator[str]:
    while path:
        path = posixpath.dirname(path)
        yield path


def as_source(path: str, data: bytes) -> Source | Unreadable:
    """The source that some bytes are, or why they are no text."""
    source = Source(path, data)
    try:
        _ = source.text
    except UnicodeDecodeError as error:
        if data.startswith(_UTF16):
            return Unreadable(path, "is UTF-16, not UTF-8; save it as UTF-8")
        at = source.start + error.start
        line = data[:at].count(b"\n") + 1
        return Unreadable(path, f"is not UTF-8: byte 0x{data[at]:02x} on line {line}", line)
    if "\0" in source.text:
        return Unreadable(path, "holds a NUL: it is binary, not text", data[: data.index(0)].count(b"\n") + 1)
    return source
