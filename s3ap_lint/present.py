"""The files of a project as they are now: what an answer rests on is taken from them, and held against them.

What was known of a file by its signature, and had settled, is not read again.
"""

from __future__ import annotations

import math
import os
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from posixpath import dirname

from s3ap_lint import facts
from s3ap_lint.basis import Basis, Folders
from s3ap_lint.record import Seen
from s3ap_lint.runtimes import FACT, Runtimes
from s3ap_lint.workspace import Workspace, normal, printable

_MARKS = {"file": facts.FILE, "folder": facts.FOLDER, "missing": facts.MISSING, "special": facts.OTHER}


@dataclass(frozen=True, slots=True)
class Known:
    """Digests of files by path and signature, and entries of folders; of those only that had settled."""

    files: dict[str, tuple[str, str]] = field(default_factory=dict)
    folders: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)


class Present:
    """The files of a workspace as they are now. What is known of them by signature is not read again."""

    def __init__(self, workspace: Workspace, known: Known | None = None) -> None:
        self.workspace = workspace
        self.known = known or Known()
        self._root = str(workspace.root)
        self._began = workspace.began
        self._digests: dict[str, str] = {}
        self._entries: dict[str, tuple[dict[str, str], str] | None] = {}
        self._folders: dict[str, str | None] = {}
        self._told: dict[str, str] = {}

    # -- what is there -----------------------------------------------------------------------------

    def digest(self, path: str) -> str:
        """Which bytes a file has; empty when it cannot be read."""
        if path not in self._digests:
            self._digests[path] = self._known_digest(path) or self._digest(path)
        return self._digests[path]

    def _known_digest(self, path: str) -> str:
        before = self.known.files.get(path) if path not in self.workspace.overlay else None
        return before[1] if before is not None and before[0] == self._signature(path) else ""

    def _digest(self, path: str) -> str:
        data = self.workspace.bytes_of(path)
        return facts.digest(data) if isinstance(data, bytes) else ""

    def _signature(self, path: str) -> str:
        try:
            return facts.signature(os.stat(os.path.join(self._root, path)))
        except (OSError, ValueError):
            return ""

    def entries(self, folder: str) -> tuple[dict[str, str], str] | None:
        """What lies in a folder, buffers included, and which entries these are; None when that cannot be told."""
        if folder not in self._entries:
            found = self._listing(folder)
            self._entries[folder] = None if found is None else (found, facts.entries_digest(found))
        return self._entries[folder]

    def _listing(self, folder: str) -> dict[str, str] | None:
        where = os.path.join(self._root, folder) if folder else self._root
        before = self.known.folders.get(folder)
        if before is not None and before[0] == self._signature(folder):
            found = before[1]
        else:
            try:
                found = facts.entries(where)
            except FileNotFoundError:
                found = {}
            except (OSError, ValueError):
                return None
        prefix = f"{folder}/" if folder else ""
        buffers = {}
        for path in self.workspace.overlay:
            if path.startswith(prefix):
                name, _, below = path[len(prefix) :].partition("/")
                buffers[name] = facts.FOLDER if below else facts.FILE
        return {**found, **buffers}

    # -- taking and asking ---------------------------------------------------------------------------

    def basis(self, seen: Seen) -> Basis | None:
        """What an answer rests on that saw this; None when that is not to be had."""
        if self.workspace.unsteady:
            return None
        looks: defaultdict[str, dict[str, str]] = defaultdict(dict)
        links: dict[str, str] = {}
        asked = {name for path in seen.asked if (name := normal(path))}
        for path in {*seen.found, *seen.missing, *asked}:
            if path and not self._look(path, looks, links):
                return None
        for folder in seen.listed:
            _ = looks[folder]
        folders: dict[str, tuple[str, Mapping[str, str]]] = {}
        for folder, names in looks.items():
            found = self.entries(folder)
            if found is None or any(found[0].get(name, facts.MISSING) != kind for name, kind in names.items()):
                return None  # it changed meanwhile
            folders[folder] = (found[1], names)
            if (real := self._real(folder)) != folder:
                if real is None:
                    return None
                links[folder] = real
        contents = {path: self._digest_read(path) for path in seen.read}
        if "" in contents.values():
            return None
        listed = {folder: facts.names_digest(self.workspace.listdir(folder)) for folder in seen.listed}
        refused = {path: self._signature(path) for path in seen.refused}
        searched = {path: self.digest(path) for _, paths in seen.sought for path in paths}
        until = min(seen.until, default=math.inf)
        return Basis(contents, folders, listed, links, refused, until, seen.told, searched, dict(seen.sought))

    def _real(self, folder: str) -> str | None:
        """Where a folder really lies; None when that is outside. Most lie in folders that do, and are no links."""
        if folder not in self._folders:
            above = dirname(folder)
            found = self.entries(above) if folder else None
            plain = found is not None and found[0].get(folder.removeprefix(f"{above}/")) == facts.FOLDER
            real = self._real(above) == above if folder else True
            self._folders[folder] = folder if real and (plain or not folder) else self.workspace.inside(folder)
        return self._folders[folder]

    def _digest_read(self, path: str) -> str:
        """Which bytes were read, whatever the file is by now."""
        if path not in self._digests:
            self._digests[path] = self._digest(path)
        return self._digests[path]

    def _look(self, path: str, looks: dict[str, dict[str, str]], links: dict[str, str]) -> bool:
        """Note what somebody saw at a path: at the nearest folder that there is. False where that cannot be said."""
        kind = self.workspace.kind(path)
        folder = dirname(path)
        while kind == "missing" and folder and self.workspace.kind(folder) != "folder":
            path, folder = folder, dirname(folder)
            kind = self.workspace.kind(path)
        name = path[len(folder) + 1 :] if folder else path
        found = self.entries(folder)
        if found is None or kind not in _MARKS:
            return False
        entry = found[0].get(name, facts.MISSING)
        if entry.startswith("l"):
            real = self.workspace.inside(path)
            if real is None or not self._look(real, looks, links):
                return False
            links[path] = real
        elif entry != _MARKS[kind]:
            return False
        looks[folder][name] = entry
        return True

    def holds(self, basis: Basis) -> bool:
        """Whether everything is as it was."""
        return (
            all(self.digest(path) == was for path, was in basis.contents.items())
            and all(self._folder_holds(folder, *was) for folder, was in basis.folders.items())
            and all(self._names_hold(folder, was, basis) for folder, was in basis.listed.items())
            and all(self.workspace.inside(path) == was for path, was in basis.links.items())
            and all(self._signature(path) == was for path, was in basis.refused.items())
            and all(self.told(name) == was for name, was in basis.told.items())
            and self._found_again(basis)
            and time.time() < basis.until
        )

    def told(self, name: str) -> str:
        """A fact about the whole project, worked out when it is first asked for; the workspace records what from."""
        if name not in self._told:
            runtimes = Runtimes(self.workspace) if name == FACT else None
            self._told[name] = runtimes.counted() if runtimes is not None else ""
        return self._told[name]

    def _found_again(self, basis: Basis) -> bool:
        """Whether every text that was sought is where it was found, and nowhere else."""
        changed = {path for path, was in basis.searched.items() if self.digest(path) != was}
        texts = {path: data for path in changed if isinstance(data := self.workspace.bytes_of(path), bytes)}
        return not changed or all(
            (word.encode() in texts.get(path, b"")) == (path in found)
            for (word, paths), found in basis.sought.items()
            for path in changed.intersection(paths)
        )

    def _folder_holds(self, folder: str, whole: str, names: Mapping[str, str]) -> bool:
        found = self.entries(folder)
        if found is None or found[1] == whole:
            return found is not None
        return all(found[0].get(name, facts.MISSING) == kind for name, kind in names.items())

    def _names_hold(self, folder: str, was: str, basis: Basis) -> bool:
        found = self.entries(folder)
        if found is None or found[1] == basis.folders[folder][0]:
            return found is not None
        return facts.names_digest(sorted(name for name in found[0] if printable(name))) == was

    def union(self, bases: Iterable[Basis]) -> Basis | None:
        """What answers rest on together whose bases hold: contents and folders as they are now, whole."""
        bases = list(bases)
        contents = {path: self.digest(path) for basis in bases for path in (*basis.contents, *basis.searched)}
        listings = {folder: self.entries(folder) for basis in bases for folder in basis.folders}
        folders: Folders = {folder: (listing[1], {}) for folder, listing in listings.items() if listing is not None}
        links = {path: real for basis in bases for path, real in basis.links.items()}
        refused = {path: signature for basis in bases for path, signature in basis.refused.items()}
        if len(folders) < len(listings):
            return None
        return Basis(contents, folders, {}, links, refused, min((basis.until for basis in bases), default=math.inf))

    def settled(self) -> Known:
        """What is known by now of files and folders that have not changed since this was made, or shortly before."""
        files: dict[str, tuple[str, str]] = {}
        folders: dict[str, tuple[str, dict[str, str]]] = {}
        for path, digest in self._digests.items():
            if digest and path not in self.workspace.overlay and (found := self._settled(path)):
                files[path] = (found, digest)
        for folder, listing in self._entries.items():
            if listing is not None and not self.workspace.overlay and (found := self._settled(folder)):
                folders[folder] = (found, listing[0])
        return Known(files, folders)

    def _settled(self, path: str) -> str:
        try:
            status = os.stat(os.path.join(self._root, path))
        except (OSError, ValueError):
            return ""
        return facts.signature(status) if facts.settled(status, self._began) else ""
