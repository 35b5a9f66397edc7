"""What one file says that may be about a name of another module: imports, attributes, texts that are dotted names."""

from __future__ import annotations

import ast
import posixpath
import re
from dataclasses import dataclass, field

from s3ap_lint.python.scope import Chain
from s3ap_lint.python.state import chain_of

_LOADERS = re.compile(
    rb"import_module|spec_from_file_location|__import__|SourceFileLoader|run_path|sys\.modules|reload"
)
_TAKERS = frozenset({"object", "setattr", "getattr", "hasattr", "delattr"})
_LONG = 200
"""No dotted name is longer."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A place that has a name.

    `how`: "member" of the module `text`, "attribute" of what `chain` begins with, "taken" from `chain` by a text, part
    of a "text", or of a "tail": a text behind something that is put in.
    """

    how: str
    line: int
    chain: Chain = ()
    text: str = ""


@dataclass(frozen=True)
class Mentions:
    """What a file says, by the names that it is about; modules are paths without `.py`.

    A relative import gives a path that begins with a slash. `modules` and `texts` go by their last parts. `passed` are
    names that are used whole, as when they are given to somebody; `bound` those that imports bind. The file `loads`
    modules by name or path, and `patches` things, for all that its words tell.
    """

    loads: bool
    patches: bool

    about: dict[str, list[Mention]] = field(default_factory=dict)
    modules: dict[str, list[tuple[Chain, str]]] = field(default_factory=dict)
    owners: dict[str, list[str]] = field(default_factory=dict)
    stars: list[tuple[str, int]] = field(default_factory=list)
    texts: dict[str, list[str]] = field(default_factory=dict)
    passed: set[Chain] = field(default_factory=set)
    bound: set[Chain] = field(default_factory=set)


def mentions(tree: ast.Module, path: str, data: bytes) -> Mentions:
    """Everything that a file says about names of other modules."""
    reader = _Reader(path, data)
    for node in ast.walk(tree):  # from the outside to the inside
        reader.read(node)
    return reader.found


class _Reader:
    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.found = Mentions(loads=_LOADERS.search(data) is not None, patches=b"patch" in data)
        self._inner: set[int] = set()
        self._tails: set[int] = set()

    def read(self, node: ast.AST) -> None:
        """Take in one node; those around it come before it."""
        match node:
            case ast.Import():
                self._import(node)
            case ast.ImportFrom():
                self._import_from(node)
            case ast.Call():
                self._call(node)
            case ast.Attribute() if id(node) not in self._inner:
                chain = self._chain(node)
                self._attribute(chain, node.end_lineno or node.lineno)
                self.found.passed.add(chain)
            case ast.Name(id=name, ctx=ast.Load()) if id(node) not in self._inner:
                self.found.passed.add((name,))
            case ast.JoinedStr(values=values):
                self._tails.update(id(one) for one in values[1:])
            case ast.BinOp(op=ast.Add(), right=right):
                self._tails.add(id(right))
            case ast.Constant(value=str() as text) if len(text) < _LONG:
                self._text(text, node.lineno, tail=id(node) in self._tails)

    def _import(self, node: ast.Import) -> None:
        for one in node.names:
            chain = (one.asname,) if one.asname else tuple(one.name.split("."))
            self._module(chain, one.name.replace(".", "/"))

    def _import_from(self, node: ast.ImportFrom) -> None:
        base = (node.module or "").replace(".", "/")
        if node.level:
            folder = posixpath.dirname(self.path)
            for _ in range(node.level - 1):
                folder = posixpath.dirname(folder)
            base = "/" + posixpath.join(folder, base).rstrip("/")
        self.found.owners.setdefault(posixpath.basename(base), []).append(base)
        for one in node.names:
            if one.name == "*":
                self.found.stars.append((base, node.lineno))
                continue
            self._add(one.name, Mention("member", one.lineno, text=base))
            self._module((one.asname or one.name,), f"{base.rstrip('/')}/{one.name}")

    def _module(self, chain: Chain, inside: str) -> None:
        self.found.modules.setdefault(posixpath.basename(inside), []).append((chain, inside))
        self.found.bound.add(chain[:1])

    def _attribute(self, chain: Chain, line: int) -> None:
        for name in dict.fromkeys(chain[1:]):
            self._add(name, Mention("attribute", line, chain))

    def _call(self, node: ast.Call) -> None:
        taker = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if taker == "multiple" and node.args:
            for one in node.keywords:
                self._taken(node.args[0], one.arg or "", one.value.lineno)
        elif taker in _TAKERS and len(node.args) > 1:
            second = node.args[1]
            if isinstance(second, ast.Constant) and isinstance(second.value, str):
                self._taken(node.args[0], second.value, second.lineno)

    def _taken(self, of: ast.expr, name: str, line: int) -> None:
        """A name and what it is taken from: something that has a dotted name, or a text that is one."""
        if isinstance(of, ast.Constant) and isinstance(of.value, str):
            self._text(f"{of.value}.{name}", line, tail=False)
            return
        chain = chain_of(of)
        self._add(name, Mention("taken", line, chain))
        if chain:
            self._attribute(chain, line)
            self._inner.update(id(one) for one in ast.walk(of))

    def _text(self, text: str, line: int, *, tail: bool) -> None:
        stem = posixpath.basename(text.removesuffix(".py")).rpartition(".")[2]
        self.found.texts.setdefault(stem, []).append(text)
        parts = text.replace(":", ".").split(".")
        if len(parts) > 1 and all(one.isidentifier() for one in parts[1:]) and (parts[0] or tail):
            for name in dict.fromkeys(parts[1:]):
                self._add(name, Mention("tail" if tail and not parts[0] else "text", line, text=text.replace(":", ".")))

    def _add(self, name: str, mention: Mention) -> None:
        self.found.about.setdefault(name, []).append(mention)

    def _chain(self, node: ast.expr) -> Chain:
        """The dotted name that an expression ends with, "" first for what is no name; notes what is inside of it."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
            self._inner.add(id(node))
        if not isinstance(node, ast.Name):
            self._inner.discard(id(node))
        parts.append(node.id if isinstance(node, ast.Name) else "")
        return tuple(reversed(parts))
