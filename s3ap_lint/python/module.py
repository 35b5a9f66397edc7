"""One Python file: its syntax tree, and the facts that rules and other modules ask for."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from s3ap_lint.model import Location
from s3ap_lint.python.environment import merged
from s3ap_lint.python.meanings import Meanings
from s3ap_lint.python.scope import EnvRead, EnvWrite, Import, PathChange, Scope, location_of
from s3ap_lint.python.tree import FIELDS
from s3ap_lint.python.walk import Walk
from s3ap_lint.source import Source


@dataclass(frozen=True, slots=True)
class SyntaxProblem:
    """Why a file is no Python module of this interpreter, and the 1-based line (0 for the whole file)."""

    message: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Definition:
    """One meaning of a module-level name: a function, class, value or import."""

    name: str
    kind: str
    at: Location
    node: ast.AST | None = None


@dataclass(frozen=True, eq=False)
class Module:
    """One parsed file. Without a tree there are no facts, and `error` says why."""

    source: Source
    tree: ast.Module | None
    error: SyntaxProblem | None = None
    memo: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)

    @property
    def path(self) -> str:
        """The path of the file, relative to the project root."""
        return self.source.path

    @cached_property
    def _walk(self) -> Walk:
        tree = self.tree or ast.Module(body=[], type_ignores=[])
        walk = Walk(self.source, tree)
        try:
            walk.complete(tree)
        except RecursionError:
            walk.deep = True
        return walk

    @cached_property
    def meanings(self) -> Meanings:
        """What its names mean by its imports."""
        return Meanings(self.tree or ast.Module(body=[], type_ignores=[]))

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the syntax tree, in no order; ask for bytes of the source before asking for this."""
        return self._family[0]

    @property
    def parents(self) -> Mapping[ast.AST, ast.AST]:
        """The node around each node."""
        return self._family[1]

    @cached_property
    def _family(self) -> tuple[tuple[ast.AST, ...], dict[ast.AST, ast.AST]]:
        """The nodes and their parents, in one pass."""
        nodes: list[ast.AST] = [] if self.tree is None else [self.tree]
        parents: dict[ast.AST, ast.AST] = {}
        for node in nodes:  # which grows
            for name in FIELDS[node.__class__]:
                value = getattr(node, name, None)
                if value.__class__ is list:
                    for child in value:
                        if isinstance(child, ast.AST):
                            parents[child] = node
                            nodes.append(child)
                elif isinstance(value, ast.AST):
                    parents[value] = node
                    nodes.append(value)
        return tuple(nodes), parents

    def at(self, node: ast.AST, note: str = "") -> Location:
        """The place of a node."""
        return location_of(self.source, node, note)

    @property
    def complete(self) -> bool:
        """Whether all of the file was read; expressions nested by the hundred are given up."""
        return self.error is None and not self._walk.deep

    @property
    def scope(self) -> Scope:
        """The module level; its children are what the module defines."""
        return self._walk.module

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """The module level, functions, classes, lambdas and dead code."""
        return tuple(self._walk.scopes)

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """Every imported name, in order of scopes, then of appearance."""
        return tuple(imported for scope in self._walk.scopes for imported in scope.imports)

    @cached_property
    def tops(self) -> frozenset[str]:
        """The first parts of the absolute names that it imports."""
        return frozenset(imported.top for imported in self.imports) - {""}

    @cached_property
    def env_reads(self) -> tuple[EnvRead, ...]:
        """Every environment variable this module reads, in order of appearance."""
        return tuple(merged([read for scope in self._walk.scopes for read in scope.reads]))

    @cached_property
    def env_writes(self) -> tuple[EnvWrite, ...]:
        """Every environment variable this module sets, in order of scopes."""
        return tuple(write for scope in self._walk.scopes for write in scope.writes)

    @property
    def env_escapes(self) -> tuple[Location, ...]:
        """Where os.environ is passed on whole, so that any variable may be read."""
        return tuple(self._walk.facts.escapes)

    @property
    def path_changes(self) -> tuple[PathChange, ...]:
        """The folders this module adds to sys.path."""
        if b"sys" not in self.source.data or b"path" not in self.source.data:
            return ()
        return tuple(self._walk.path_changes)

    @property
    def exports(self) -> tuple[str, ...] | None:
        """`__all__`; None when there is none or it cannot be read."""
        walk = self._walk
        return tuple(walk.exports) if walk.exports is not None and walk.exports_known else None

    @cached_property
    def definitions(self) -> Mapping[str, tuple[Definition, ...]]:
        """What each module-level name means, with every meaning it is given."""
        found: dict[str, list[Definition]] = {}
        for name, scopes in self.scope.children.items():
            for scope in scopes:
                at = location_of(self.source, scope.node)
                found.setdefault(name, []).append(Definition(name, scope.kind, at, scope.node))
        for imported in self.scope.imports:
            if imported.bound and imported.bound != "*":
                found.setdefault(imported.bound, []).append(Definition(imported.bound, "import", imported.at))
        for name in self.scope.bound - found.keys():
            found[name] = [Definition(name, "value", Location(self.path))]
        return {name: tuple(meanings) for name, meanings in found.items()}

    @property
    def star_imports(self) -> tuple[Import, ...]:
        """`from x import *` at module level."""
        return tuple(imported for imported in self.scope.imports if imported.name == "*")

    @cached_property
    def dynamic(self) -> bool:
        """Whether names may be defined in ways that cannot be read: `__getattr__`, globals(), exec, setattr."""
        if "__getattr__" in self.scope.children:
            return True
        called = {chain for scope in self._walk.scopes if not scope.function for chain, _ in scope.uses}
        if called & {("exec",), ("vars",), ("locals",), ("sys", "modules")}:
            return True
        return any(chain == ("globals",) for scope in self._walk.scopes for chain, _ in scope.uses)

    @cached_property
    def strings(self) -> frozenset[str]:
        """Every string literal but bare ones (docstrings): a name that stands here may be used as a key."""
        if self.tree is None:
            return frozenset()
        found, bare = set(), set()
        for node in self.nodes:
            if node.__class__ is ast.Expr:
                bare.add(id(node.value))
            elif node.__class__ is ast.Constant and isinstance(node.value, str) and id(node) not in bare:
                found.add(node.value)
        return frozenset(found)

    @cached_property
    def _asked(self) -> dict[tuple[str, ...], bool]:
        return {}

    def says_any(self, words: Iterable[str]) -> bool:
        """Whether one of some words stands anywhere in the file; remembered, as many functions share a module."""
        key = tuple(words)
        if key not in self._asked:
            self._asked[key] = any(word.encode() in self.source.data for word in key)
        return self._asked[key]

    def mentions(self, name: str) -> bool:
        """Whether a name stands in the module as a string of its own, outside docstrings."""
        return name.encode("utf-8", "replace") in self.source.data and name in self.strings


def parse(source: Source) -> Module:
    """The module that a file is; what cannot be parsed gives an `error`, never an exception."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Module(source, ast.parse(source.data, source.path))
    except SyntaxError as error:
        return Module(source, None, SyntaxProblem(str(error.msg), error.lineno or 0))
    except (ValueError, RecursionError, MemoryError) as error:
        message = str(error) or type(error).__name__
        return Module(source, None, SyntaxProblem(message[:1].lower() + message[1:]))
