"""Which files of a project import, patch or read a name through a module that does not define it itself.

The spelling decides, generously: who prunes an import must know of whoever may need it. A module is told from
others of its name by the folders that the other file can import from.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from s3ap_lint.python.import_effects import parsed
from s3ap_lint.python.mentions import Mention, Mentions, mentions
from s3ap_lint.python.scope import Chain

_SUFFIXES = frozenset({"json", "csv", "html", "xml", "zip", "gzip", "email", "py"})
"""Names of modules that file names end in: `report.json` is one."""

_ENTRY = re.compile(r"\.(ya?ml|json|toml|cfg|ini|tf|sh|template|ts|js)$|(^|/)(Dockerfile|Procfile|Makefile)[^/]*$")

Folders = Callable[[str], tuple[tuple[str, ...], bool]]
"""The folders that a file can import from, and whether these are all."""


@dataclass(frozen=True, slots=True)
class User:
    """A place that needs a name of another module, and what it does: "imports", "patches", "reads"."""

    path: str
    line: int
    does: str


class ImportUsers:
    """Looks for those who reach a name through a module; files are parsed when their text has both."""

    def __init__(
        self,
        paths: Iterable[str],
        read: Callable[[str], bytes | None],
        exists: Callable[[str], bool],
        folders: Folders,
        texts: Callable[[str], Iterable[str]],
        having: Callable[[tuple[str, ...], str], frozenset[str]],
    ) -> None:
        """`paths` are all Python files; `texts` the other files that may name an entry point of a module.

        `having` tells which of some files have a text.
        """
        self._paths = tuple(sorted(paths))
        self._read = read
        self._exists = exists
        self._folders = folders
        self._texts = texts
        self._search = having
        self._known: dict[str, Mentions | None] = {}
        self._files: dict[str, frozenset[str]] = {}
        self._entries: dict[str, tuple[str, ...]] = {}

    def first(self, path: str, name: str, *, entry: bool) -> User | None:
        """Someone who needs a name through the module of a path; `entry` names may stand in configuration, too."""
        target = _Target(path, name)
        handed = self._handed_on(target)
        for module in (_Target(path, name, certain=True), target):
            for other, found in self._candidates(module, handed):
                user = next(self._uses(other, found, module, other.startswith(handed)), None)
                if user is not None:
                    return user
        return self._configured(target) if entry else None

    def _candidates(self, module: _Target, handed: tuple[str, ...]) -> Iterator[tuple[str, Mentions]]:
        """The files that have the name, and that of the module or what a conftest.py hands them."""
        stems, stars = self._having(module.stem), self._having("import *")
        named = self._having(module.name)
        for path in sorted((stems & (named | stars)) | {path for path in named if path.startswith(handed)}):
            found = self._mentions(path)
            if found is not None and (found.stars or module.name in found.about or self._quoted(path, module.name)):
                yield path, found

    def _quoted(self, path: str, name: str) -> int:
        """The first line of a file on which a name stands as a text of its own; 0 if none does."""
        data = self._read(path) or b""
        word = re.search(rb"""["']%b["']""" % re.escape(name.encode()), data)
        return data.count(b"\n", 0, word.start()) + 1 if word is not None else 0

    def _having(self, word: str) -> frozenset[str]:
        """The files whose text has a word."""
        if word not in self._files:
            self._files[word] = self._search(self._paths, word)
        return self._files[word]

    def _mentions(self, path: str) -> Mentions | None:
        if path not in self._known:
            data = self._read(path)
            tree = parsed(data)
            self._known[path] = None if tree is None or data is None else mentions(tree, path, data)
        return self._known[path]

    # -- one file

    def _uses(self, path: str, found: Mentions, module: _Target, handed: bool) -> Iterator[User]:
        said = found.about.get(module.name, [])
        for one in said:
            if one.how in ("text", "tail") and self._is_target(path, one, found, module):
                yield User(path, one.line, "patches" if found.patches else "names")
        if path == module.path:
            return
        for owner, line in found.stars:
            if self._is(path, owner, module):
                yield User(path, line, "imports, by its star,")
        for one in said:
            if one.how == "member" and self._is(path, one.text, module):
                yield User(path, one.line, "imports")
        names = self._names(path, found, module)
        for one in said:
            if one.how == "taken" and one.chain in names:
                yield User(path, one.line, "patches")
            elif one.how == "attribute" and any(one.chain[: len(of) + 1] == (*of, module.name) for of in names):
                yield User(path, one.line, "reads")
        line = self._quoted(path, module.name) if any(chain in names for chain in found.passed) else 0
        if line:  # given to somebody together with the module, by way of a list or a parameter
            yield User(path, line, "may patch")
        if not module.certain and (handed or self._is_loose(path, found, module, names)):
            for one in said:
                if one.how in ("attribute", "taken") and one.chain[:1] not in found.bound:
                    yield User(path, one.line, "may patch" if one.how == "taken" else "may read")

    def _names(self, path: str, found: Mentions, module: _Target) -> list[Chain]:
        """The names under which a file has the module."""
        return [chain for chain, inside in found.modules.get(module.stem, ()) if self._is(path, inside, module)]

    def _is_loose(self, path: str, found: Mentions, module: _Target, names: list[Chain]) -> bool:
        """Whether a file may have the module under a name that cannot be followed."""
        if any(chain in names for chain in found.passed):
            return True
        return found.loads and (bool(names) or self._is_told_of(path, found, module))

    def _is_told_of(self, path: str, found: Mentions, module: _Target) -> bool:
        """Whether a text is the name of the module, or the path to it."""
        for text in found.texts.get(module.stem, ()):
            if module.near(path) and module.fits(text):
                return True
            if "." in text and self._is(path, text.replace(".", "/"), module):
                return True
        return False

    def _handed_on(self, module: _Target) -> tuple[str, ...]:
        """The beginnings of the paths of tests that some conftest.py may hand the module."""
        folders = []
        for path in self._having(module.stem):
            if posixpath.basename(path) != "conftest.py" or path == module.path:
                continue
            found = self._mentions(path)
            if found is not None and self._is_loose(path, found, module, self._names(path, found, module)):
                folders.append(path.removesuffix("conftest.py"))
        return tuple(sorted(folders))

    def _is_target(self, path: str, one: Mention, found: Mentions, module: _Target) -> bool:
        """Whether a text is the dotted name of the name in the module, or the end of it behind what is put in."""
        parts = one.text.split(".")
        if parts[-1] == module.name and module.name in _SUFFIXES and not (found.patches and one.how == "text"):
            return False  # a file
        at = parts.index(module.name, 1)
        owner = "/".join(part for part in parts[:at] if part)
        if one.how == "text":
            return parts[at - 1] == module.stem and self._is(path, owner, module)
        if owner:
            return not module.certain and module.fits(owner)
        owners = found.owners.get(module.stem, ())
        named = bool(self._names(path, found, module)) or any(self._is(path, base, module) for base in owners)
        return named or (not module.certain and self._is_told_of(path, found, module))

    def _is(self, path: str, inside: str, module: _Target) -> bool:
        """Whether a module's path, from the root if it begins with a slash, may be the module."""
        if inside.startswith("/"):
            return inside[1:] == module.inside
        if not module.fits(inside):
            return False
        folders, known = self._folders(path)
        places = [posixpath.normpath(posixpath.join(folder, inside)) for folder in folders]
        if module.inside in places or module.certain:
            return module.inside in places
        found = any(self._exists(f"{one}.py") or self._exists(f"{one}/__init__.py") for one in places)
        return not found or (not known and module.near(path))

    # -- configuration

    def _configured(self, module: _Target) -> User | None:
        pattern = re.compile(rf"(?<![\w.-]){re.escape(module.stem)}[.:]{re.escape(module.name)}(?![\w.-])".encode())
        deep = re.compile(rf"[\w-][./]{re.escape(module.stem)}[.:]{re.escape(module.name)}(?![\w.-])".encode())
        if module.path not in self._entries:
            texts = dict.fromkeys(path for path in self._texts(module.path) if _ENTRY.search(path))
            self._entries[module.path] = tuple(texts)
        entries = self._entries[module.path]
        having = frozenset().union(*(self._search(entries, f"{module.stem}{mark}{module.name}") for mark in ".:"))
        for path in (path for path in entries if path in having):  # much faster than the patterns, and they need it
            data = self._read(path) or b""
            found = pattern.search(data) or deep.search(data)
            if found:
                return User(path, data.count(b"\n", 0, found.start()) + 1, "names")
        return None


def _inside(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__")


def stem(path: str) -> str:
    """The last part of a module's name."""
    return posixpath.basename(_inside(path))


@dataclass(frozen=True)
class _Target:
    """A name, and the module that it is reached through; `certain`: its file is found as Python finds it."""

    path: str
    name: str
    certain: bool = False

    @cached_property
    def inside(self) -> str:
        return _inside(self.path)

    @cached_property
    def stem(self) -> str:
        return stem(self.path)

    def fits(self, inside: str) -> bool:
        """Whether a module's path, or the end of it, is that of this module."""
        parts = inside.removesuffix(".py").strip("/").split("/")
        return self.inside.split("/")[-len(parts) :] == parts

    def near(self, path: str) -> bool:
        """Whether another file lies where one looks for the module's tests and helpers."""
        folder = posixpath.dirname(path)
        while posixpath.basename(folder) in ("tests", "test", "unit", "integration", "property"):
            folder = posixpath.dirname(folder)
        return not folder or self.path.startswith(f"{folder}/") or posixpath.dirname(self.path) == folder
