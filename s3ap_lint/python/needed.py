"""The imports that a handler really makes, and what becomes of the program when one fails."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from s3ap_lint.python.graph import ImportGraph, Node, Target
from s3ap_lint.python.imports import absolute
from s3ap_lint.python.memo import remembered
from s3ap_lint.python.module import Module
from s3ap_lint.python.reach import Reach
from s3ap_lint.python.scope import Import, Scope
from s3ap_lint.python.state import chain_of
from s3ap_lint.python.tree import walk
from s3ap_lint.python.walk import gives_up

_ABSENT = frozenset({"ImportError", "ModuleNotFoundError"})
_BROAD = frozenset({"Exception", "BaseException"})
_VERSIONS = frozenset({"PY2", "PY3", "find_spec", "hexversion", "implementation", "platform", "version_info"})
_PLAIN = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.Pass, ast.Expr)


@dataclass(frozen=True, slots=True)
class Needed:
    """One import that runs. `name` is the absolute name of the module, "" when it has none here."""

    node: Node
    imported: Import
    target: Target
    name: str
    on_import: bool

    @property
    def top(self) -> str:
        """The first part of the name."""
        return self.name.partition(".")[0]


@remembered
def needed(reach: Reach) -> tuple[Needed, ...]:
    """The imports of the code that runs, in the order in which it is reached."""
    return tuple(_needed(reach))


def _needed(reach: Reach) -> Iterator[Needed]:
    graph = reach.graph
    for node, scope in reach.scopes:
        for imported in scope.imports:
            if graph.is_live(node, imported):
                name = absolute(imported.module, imported.level, node.found.package) or ""
                on_import = reach.on_import(scope) and not _inside_function(scope)
                yield Needed(node, imported, graph.target(node, imported), name, on_import)


def _inside_function(scope: Scope) -> bool:
    return scope.kind in ("function", "lambda")


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Where an import stands: whether the program is ready to do without it, and what it is asked for under."""

    expected: bool = False
    answered: bool = False
    optional: bool = False
    tested: bool = False
    versions: bool = False


def circumstances(module: Module, imported: Import) -> Circumstances:
    """Under which circumstances a module makes an import.

    `expected`: somebody wrote what to do without it (`except ImportError`), or what takes its place. `answered`: or
    what to say of it. `optional`: the attempt is about nothing but the import, and whatever goes wrong is kept
    back. `tested`: it stands in an if statement, `versions`: one about the version of Python or the platform.
    """
    return _circumstances(module).get(id(imported.node), Circumstances())


@remembered
def _circumstances(module: Module) -> dict[int, Circumstances]:
    return dict(_found(module.tree.body, Circumstances())) if module.tree is not None else {}


@remembered
def relied_on(graph: ImportGraph) -> frozenset[Node]:
    """The modules that are imported by code that could not do without them."""
    return frozenset(_relied_on(graph))


def _relied_on(graph: ImportGraph) -> set[Node]:
    found, todo = {graph.root}, [graph.root]
    while todo:
        node = todo.pop()
        for imported in graph.imports(node):
            fresh = [run for run in graph.target(node, imported).runs if run not in found]
            met = circumstances(node.module, imported) if fresh and node.module is not None else Circumstances()
            if fresh and not (met.answered or met.optional or met.versions):
                found.update(fresh)
                todo += fresh
    return found


def _found(statements: list[ast.stmt], now: Circumstances) -> Iterator[tuple[int, Circumstances]]:
    for statement in statements:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            yield from ((id(alias), now) for alias in statement.names)
        elif isinstance(statement, ast.Try | ast.TryStar):
            yield from _found(statement.body, _tried(statement, now))
            failed = _tried(statement, now)
            for handler in statement.handlers:
                yield from _found(handler.body, failed)
            yield from _found([*statement.orelse, *statement.finalbody], now)
        elif isinstance(statement, ast.If):
            inside = replace(now, tested=True, versions=now.versions or _about_versions(statement.test))
            yield from _found([*statement.body, *statement.orelse], inside)
        elif isinstance(statement, ast.With | ast.AsyncWith):
            yield from _found(statement.body, _suppressed(statement, now))
        elif isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign | ast.Return):
            if statement.value is not None:
                yield from ((id(node), now) for node in walk(statement.value) if isinstance(node, ast.Call))
        elif isinstance(statement, ast.Match):
            for case in statement.cases:
                yield from _found(case.body, now)
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from _found(statement.body, Circumstances())
        elif isinstance(statement, ast.For | ast.AsyncFor | ast.While):
            yield from _found([*statement.body, *statement.orelse], now)


def _tried(statement: ast.Try | ast.TryStar, now: Circumstances) -> Circumstances:
    """What the handlers of a try statement make of an import that fails in it."""
    kept = [handler for handler in statement.handlers if not gives_up(handler.body)]
    names = {name for handler in kept for name in _names(handler.type)}
    alone = all(isinstance(inner, _PLAIN) for inner in statement.body)
    answered = {name for handler in statement.handlers for name in _names(handler.type)}
    return replace(
        now,
        expected=now.expected or bool(names & _ABSENT),
        answered=now.answered or bool(answered & _ABSENT),
        optional=now.optional or (alone and bool(names & (_BROAD | {""}))),
    )


def _suppressed(statement: ast.With | ast.AsyncWith, now: Circumstances) -> Circumstances:
    names = {
        name
        for item in statement.items
        if isinstance(item.context_expr, ast.Call) and chain_of(item.context_expr.func)[-1:] == ("suppress",)
        for argument in item.context_expr.args
        for name in _names(argument)
    }
    expected = now.expected or bool(names & (_ABSENT | _BROAD))
    return replace(now, expected=expected, answered=expected or now.answered)


def _names(kind: ast.expr | None) -> set[str]:
    """The exceptions that a handler catches, by their last names; "" for all."""
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return {"" if one is None else (chain_of(one)[-1:] or ("?",))[0] for one in kinds}


def _about_versions(test: ast.expr) -> bool:
    """Whether a test asks for the version of Python, the platform or the installed packages."""
    names = {
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in walk(test)
        if isinstance(node, ast.Attribute | ast.Name)
    }
    return bool(names & _VERSIONS)
