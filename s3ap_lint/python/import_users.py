"""Which files of a project import, patch or read a name through a module that does not define it itself.

The spelling decides, generously: who prunes an import must know of whoever may need it. A module is told from
others of its name by the folders that the other file can import from.
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from s3ap_lint.python.import_effects import parsed
from s3ap_lint.python.imports import above
from s3ap_lint.python.scope import Chain
from s3ap_lint.python.state import chain_of

_LOADERS = re.compile(
    rb"import_module|spec_from_file_location|__import__|SourceFileLoader|run_path|sys\.modules|reload"
)
_TAKERS = frozenset({"object", "setattr", "getattr", "hasattr", "delattr"})
_LONG = 200
"""No dotted name is longer."""

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
    ) -> None:
        """`paths` are all Python files; `texts` the other files that may name an entry point of a module."""
        self._paths = tuple(sorted(paths))
        self._read = read
        self._exists = exists
        self._folders = folders
        self._texts = texts
        self._mentions: dict[str, _Mentions | None] = {}

    def first(self, path: str, name: str, *, entry: bool) -> User | None:
        """Someone who needs a name through the module of a path; `entry` names may stand in configuration, too."""
        for module in (_Target(path, name, certain=True), _Target(path, name)):
            user = self._first(path, module)
            if user is not None:
                return user
        return self._configured(module) if entry else None

    def _first(self, path: str, module: _Target) -> User | None:
        name = module.name
        stem, wanted = module.stem.encode(), name.encode()
        for other in self._paths:
            data = self._read(other)
            if data is None or not (wanted in data or b"import *" in data):
                continue
            if stem not in data and not (module.near(other) and self._is_handed_on(other, module)):
                continue
            mentions = self._of(other)
            uses = self._patched_here if other == path else self._uses
            user = next(uses(other, data, mentions, module), None) if mentions is not None else None
            if user is not None:
                return user
        return None

    def _of(self, path: str) -> _Mentions | None:
        if path not in self._mentions:
            tree = parsed(self._read(path))
            self._mentions[path] = None if tree is None else _Mentions.of(tree, path)
        return self._mentions[path]

    # -- one file

    def _patched_here(self, path: str, data: bytes, found: _Mentions, module: _Target) -> Iterator[User]:
        """A test may replace a name of its own module by a text."""
        for text, line in found.strings:
            if b"patch" in data and not text.startswith(".") and self._is_target(path, text, found, module):
                yield User(path, line, "patches")

    def _uses(self, path: str, data: bytes, found: _Mentions, module: _Target) -> Iterator[User]:
        name = module.name
        names = [chain for chain, inside, _ in found.modules if self._is(path, inside, module)]
        for owner, member, line in found.members:
            if member == name and self._is(path, owner, module):
                yield User(path, line, "imports")
            elif member == "*" and self._is(path, owner, module):
                yield User(path, line, "imports, by its star,")
        patching = b"patch" in data
        for text, line in found.strings:
            if (patching or name not in _SUFFIXES) and self._is_target(path, text, found, module):
                yield User(path, line, "patches" if patching else "names")
        for chain, line in found.attributes:
            if any(chain[: len(one) + 1] == (*one, name) for one in names):
                yield User(path, line, "reads")
        loose = self._is_loose(path, data, found, module, names)
        for chain, text, line in found.pairs:
            if text == name and (chain in names or (loose and chain[:1] not in found.bound)):
                yield User(path, line, "patches")
        if loose:
            for chain, line in found.attributes:
                if name in chain[1:] and chain[:1] not in found.bound:
                    yield User(path, line, "may read")

    def _is_loose(self, path: str, data: bytes, found: _Mentions, module: _Target, names: list[Chain]) -> bool:
        """Whether a file may have the module under a name that cannot be followed."""
        if any(chain in names for chain in found.passed):
            return True
        if _LOADERS.search(data) and (names or self._is_told_of(path, found, module)):
            return True
        return module.near(path) and self._is_handed_on(path, module)

    def _is_told_of(self, path: str, found: _Mentions, module: _Target) -> bool:
        """Whether a text is the name of the module, or the path to it."""
        for text, _ in found.strings:
            if module.fits(text) and module.near(path):
                return True
            if "." in text and text.endswith(f".{module.stem}") and self._is(path, text.replace(".", "/"), module):
                return True
        return False

    def _is_handed_on(self, path: str, module: _Target) -> bool:
        """Whether a conftest.py above may hand the module to the tests."""
        for folder in above(posixpath.dirname(path)):
            conftest = posixpath.join(folder, "conftest.py")
            data = self._read(conftest) if conftest != path and self._exists(conftest) else None
            if data is None or module.stem.encode() not in data:
                continue
            found = self._of(conftest)
            if found is None:
                return True
            names = [chain for chain, inside, _ in found.modules if self._is(conftest, inside, module)]
            loads = _LOADERS.search(data) and self._is_told_of(conftest, found, module)
            if loads or any(chain in names for chain in found.passed):
                return True
        return False

    def _is_target(self, path: str, text: str, found: _Mentions, module: _Target) -> bool:
        """Whether a text is the dotted name of the name in the module, or the end of it behind what is put in."""
        parts = text.replace(":", ".").split(".")
        if module.name not in parts[1:] or not all(one.isidentifier() for one in parts[1:]):
            return False
        at = parts.index(module.name, 1)
        owner = "/".join(one for one in parts[:at] if one)
        if parts[0]:
            return parts[at - 1] == module.stem and self._is(path, owner, module)
        return module.fits(owner) if owner else self._is_told_of(path, found, module) or self._has(path, found, module)

    def _has(self, path: str, found: _Mentions, module: _Target) -> bool:
        named = (inside for _, inside, _ in found.modules)
        return any(self._is(path, one, module) for one in (*named, *(owner for owner, _, _ in found.members)))

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
        for path in self._texts(module.path):
            data = self._read(path) if _ENTRY.search(path) else None
            found = data and (pattern.search(data) or deep.search(data))
            if data and found:
                return User(path, data.count(b"\n", 0, found.start()) + 1, "names")
        return None


@dataclass(frozen=True)
class _Target:
    """A name, and the module that it is reached through; `certain`: its file is found as Python finds it."""

    path: str
    name: str
    certain: bool = False

    @cached_property
    def inside(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__")

    @cached_property
    def stem(self) -> str:
        return posixpath.basename(self.inside)

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


@dataclass(frozen=True)
class _Mentions:
    """What one file says that may be about a name of another module; modules as paths, without `.py`.

    A relative import gives a path that begins with a slash. `passed` are names that are used whole: given to somebody.
    """

    modules: list[tuple[Chain, str, int]] = field(default_factory=list)
    members: list[tuple[str, str, int]] = field(default_factory=list)
    attributes: list[tuple[Chain, int]] = field(default_factory=list)
    pairs: list[tuple[Chain, str, int]] = field(default_factory=list)
    strings: list[tuple[str, int]] = field(default_factory=list)
    passed: set[Chain] = field(default_factory=set)
    bound: set[Chain] = field(default_factory=set)

    @classmethod
    def of(cls, tree: ast.Module, path: str) -> _Mentions:
        """Everything in a file."""
        found = cls()
        inner: set[int] = set()
        for node in ast.walk(tree):  # from the outside to the inside
            match node:
                case ast.Import():
                    found._take_import(node)
                case ast.ImportFrom():
                    found._take_from(node, path)
                case ast.Call():
                    found._take_call(node, inner)
                case ast.Attribute() if id(node) not in inner:
                    chain = _chain(node, inner)
                    found.attributes.append((chain, node.end_lineno or node.lineno))
                    found.passed.add(chain)
                case ast.Name(id=name, ctx=ast.Load()) if id(node) not in inner:
                    found.passed.add((name,))
                case ast.Constant(value=str() as text) if len(text) < _LONG:
                    found.strings.append((text, node.lineno))
        return found

    def _take_import(self, node: ast.Import) -> None:
        for one in node.names:
            chain = (one.asname,) if one.asname else tuple(one.name.split("."))
            self.modules.append((chain, one.name.replace(".", "/"), node.lineno))
            self.bound.add(chain[:1])

    def _take_from(self, node: ast.ImportFrom, path: str) -> None:
        base = (node.module or "").replace(".", "/")
        if node.level:
            folder = posixpath.dirname(path)
            for _ in range(node.level - 1):
                folder = posixpath.dirname(folder)
            base = "/" + posixpath.join(folder, base).rstrip("/")
        for one in node.names:
            self.members.append((base, one.name, one.lineno))
            if one.name != "*":
                self.modules.append(((one.asname or one.name,), f"{base.rstrip('/')}/{one.name}", one.lineno))
                self.bound.add((one.asname or one.name,))

    def _take_call(self, node: ast.Call, inner: set[int]) -> None:
        taker = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if taker == "multiple" and node.args:
            for one in node.keywords:
                self._take_pair(node.args[0], one.arg or "", one.value.lineno, inner)
        elif taker in _TAKERS and len(node.args) > 1:
            second = node.args[1]
            if isinstance(second, ast.Constant) and isinstance(second.value, str):
                self._take_pair(node.args[0], second.value, second.lineno, inner)

    def _take_pair(self, of: ast.expr, name: str, line: int, inner: set[int]) -> None:
        """A name and what it is taken from: something that has a dotted name, or a text that is one."""
        if isinstance(of, ast.Constant) and isinstance(of.value, str):
            self.strings.append((f"{of.value}.{name}", line))
            return
        chain = chain_of(of)
        self.pairs.append((chain, name, line))
        if chain:
            self.attributes.append((chain, line))
            inner.update(id(one) for one in ast.walk(of))


def _chain(node: ast.expr, inner: set[int]) -> Chain:
    """The dotted name that an expression ends with; "" stands for what is no name. Notes what is inside of it."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
        inner.add(id(node))
    if isinstance(node, ast.Name):
        parts.append(node.id)
    else:
        parts.append("")
        inner.discard(id(node))
    return tuple(reversed(parts))
