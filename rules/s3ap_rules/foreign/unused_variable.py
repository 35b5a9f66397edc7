"""The fix of F841: a name that nobody reads goes, and the statement with it where it does nothing else."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from s3ap_lint.model import Edit, Fix, Safety, Span
from s3ap_lint.python.blocks import Blocks, removal

Bound = ast.Assign | ast.AnnAssign

_READS_NAMES = frozenset(
    {"locals", "vars", "eval", "exec", "dir", "query", "sql", "execute", "currentframe", "_getframe"}
)
"""Calls that may read variables by name."""

_BEFORE_VALUE = re.compile(rb"(?:\s|\\\r?\n)*=(?:[ \t]|\\\r?\n[ \t]*)*")
_NAMED = re.compile(rb"\s*:=\s*")
_AS = re.compile(rb"(?P<close>[\s)]*?)(?<![ \t])[ \t]++as[ \t]+\Z")


@dataclass(frozen=True, slots=True)
class _Inside:
    """Of a function: where names are bound, what it deletes or shares, and calls that may read names."""

    stores: Mapping[str, list[ast.Name]]
    shared: frozenset[str]
    readers: frozenset[str]


def _listed(function: ast.AST) -> _Inside:
    stores: dict[str, list[ast.Name]] = {}
    shared: set[str] = set()
    readers: set[str] = set()
    for one in ast.walk(function):
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
            stores.setdefault(one.id, []).append(one)
        elif isinstance(one, ast.Name) and isinstance(one.ctx, ast.Del):
            shared.add(one.id)
        elif isinstance(one, ast.Global | ast.Nonlocal):
            shared.update(one.names)
        elif isinstance(one, ast.Call):
            readers.add(one.func.attr if isinstance(one.func, ast.Attribute) else getattr(one.func, "id", ""))
    return _Inside(stores, frozenset(shared), frozenset(readers & _READS_NAMES))


class UnusedVariables:
    """The variables of one file that nobody reads, by the nodes that bind them."""

    def __init__(self, blocks: Blocks, nodes: list[ast.AST]) -> None:
        self._blocks = blocks
        self._groups = {node: [node, *self._others(node)] for node in nodes}
        self._nodes = {one for group in self._groups.values() for one in group}
        self.leaving = {one for node in self._nodes if (one := self._statement(node)) is not None}

    def _others(self, node: ast.AST) -> list[ast.AST]:
        """The other places of the function that bind the name; pyflakes tells of the last one only."""
        function = self._blocks.function(node)
        if function is None or not isinstance(node, ast.Name):
            return []
        return [
            one
            for one in self._inside(function).stores.get(node.id, ())
            if one is not node
            and isinstance(self._blocks.parents[one], Bound | ast.withitem | ast.NamedExpr)
            and self._blocks.function(one) is function
        ]

    def _statement(self, node: ast.AST) -> ast.stmt | None:
        """The statement that may go as a whole."""
        statement = self._blocks.parents.get(node)
        if not isinstance(statement, Bound) or not self._all_unused(statement) or statement.value is None:
            return None
        return statement if _is_idle(statement.value) or _may_only_raise(statement.value) else None

    def fix(self, node: ast.AST, stand_ins: set[ast.stmt]) -> Fix | None:
        """How the name goes from everywhere it is bound; None where something may read it in a way that is not seen."""
        if not self._blocks.exact or self._is_read_by_name(node):
            return None
        own = self._one(node, stand_ins)
        if own is None:
            return None
        more = [one for other in self._groups[node][1:] if (one := self._one(other, stand_ins)) is not None]
        return _together(own, [one for one in more if own.safety is not Safety.SAFE or one.safety is Safety.SAFE])

    def _one(self, node: ast.AST, stand_ins: set[ast.stmt]) -> Fix | None:
        if isinstance(node, ast.ExceptHandler):
            return self._drop_as(self._end(node.type), node, node.name or "") if node.type is not None else None
        around = self._blocks.parents.get(node)
        if isinstance(around, ast.withitem):
            return self._drop_as(self._end(around.context_expr), node, "")
        if isinstance(around, ast.NamedExpr):
            return self._drop_walrus(around)
        if isinstance(around, Bound) and around.value is not None and isinstance(node, ast.Name):
            return self._unbind(around, node, stand_ins)
        return None

    # -- assignments

    def _unbind(self, statement: Bound, node: ast.Name, stand_ins: set[ast.stmt]) -> Fix | None:
        targets = [*statement.targets] if isinstance(statement, ast.Assign) else [statement.target]
        if not self._all_unused(statement):
            return self._drop_target(targets, node, statement)
        value = statement.value
        assert value is not None
        if statement in self.leaving:
            whole = removal(self._blocks.source, self._blocks.span(statement), stand_in=statement in stand_ins)
            safe = _is_idle(value) and not self._may_fail(statement) and not self._is_last_use(statement)
            title = "Remove the assignment"
            return Fix(title, (whole,), Safety.SAFE if safe else Safety.REVIEW) if whole else None
        if not isinstance(value, ast.Call | ast.Await | ast.Yield | ast.YieldFrom):
            return None
        start, last = (
            self._blocks.span(statement).start,
            statement.annotation if isinstance(statement, ast.AnnAssign) else targets[-1],
        )
        equals = _BEFORE_VALUE.match(self._data, self._end(last))
        if equals is None:
            return None
        what = "call" if isinstance(value, ast.Call) else "expression"
        return Fix(f"Keep the {what} without the name", (self._edit(start, equals.end()),), Safety.REVIEW)

    def _all_unused(self, statement: ast.stmt) -> bool:
        if isinstance(statement, ast.AnnAssign):
            return statement.target in self._nodes
        return isinstance(statement, ast.Assign) and all(target in self._nodes for target in statement.targets)

    def _drop_target(self, targets: Sequence[ast.expr], node: ast.Name, statement: ast.stmt) -> Fix | None:
        """`a = b = value` without a name that is not read."""
        if not isinstance(statement, ast.Assign):
            return None
        equals = _BEFORE_VALUE.match(self._data, self._end(node))
        if equals is None or node not in targets:
            return None
        return Fix("Remove the name", (self._edit(self._blocks.span(node).start, equals.end()),), Safety.SAFE)

    # -- names behind `as` and before `:=`

    def _drop_as(self, after: int, node: ast.AST, name: str) -> Fix | None:
        span = self._blocks.span(node)
        if name:
            found = re.compile(rb"[\s)]*?[ \t]+as[ \t]+(?P<name>[\w\x80-\xff]+)").match(self._data, after, span.end)
            start, end = (found.start("name"), found.end("name")) if found else (0, 0)
        else:
            start, end = span.start, span.end
        word = _AS.fullmatch(self._data, after, start)
        if word is None or (self._data[end : end + 1] == b")" and self._data[start - 1 : start] == b"("):
            return None
        return Fix("Remove the name", (self._edit(word.end("close"), end),), Safety.SAFE)

    def _drop_walrus(self, node: ast.NamedExpr) -> Fix | None:
        named = _NAMED.match(self._data, self._end(node.target))
        if named is None:
            return None
        return Fix("Remove the name", (self._edit(self._blocks.span(node.target).start, named.end()),), Safety.SAFE)

    # -- whether it can be told

    def _is_read_by_name(self, node: ast.AST) -> bool:
        """Whether the function may read its variables by name, or deletes or shares this one."""
        function = self._blocks.function(node)
        name = node.name if isinstance(node, ast.ExceptHandler) else getattr(node, "id", "")
        if function is None:
            return not isinstance(node, ast.ExceptHandler)
        inside = self._inside(function)
        return name in inside.shared or any(_mentions(function, called, str(name)) for called in inside.readers)

    def _inside(self, function: ast.AST) -> _Inside:
        """What there is in a function, listed once for all of its variables."""
        if function not in self._functions:
            self._functions[function] = _listed(function)
        return self._functions[function]

    @cached_property
    def _functions(self) -> dict[ast.AST, _Inside]:
        return {}

    def _may_fail(self, statement: ast.stmt) -> bool:
        """Whether reading a name is tried out: a handler waits for what happens."""
        if isinstance(statement, Bound) and statement.value is not None and not list(_loaded(statement.value)):
            return False
        for one in self._blocks.around(statement):
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
                return False
            if isinstance(one, ast.Try | ast.TryStar) and one.handlers:
                return True
        return False

    def _is_last_use(self, statement: ast.stmt) -> bool:
        """Whether an import or a variable would not be used any more without the statement."""
        inside = Counter(_loaded(statement))
        return any(self._uses[name] == count and name in self._bound for name, count in inside.items())

    @cached_property
    def _uses(self) -> Counter[str]:
        return Counter(_loaded(self._blocks.tree))

    @cached_property
    def _bound(self) -> frozenset[str]:
        """Names that imports and assignments bind: pyflakes asks for a use of these."""
        found: set[str] = set()
        for node in self._blocks.nodes:
            if isinstance(node, ast.Import | ast.ImportFrom):
                found |= {(one.asname or one.name).partition(".")[0] for one in node.names}
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
        return frozenset(found)

    # -- text

    @property
    def _data(self) -> bytes:
        return self._blocks.source.data

    def _end(self, node: ast.AST) -> int:
        return self._blocks.span(node).end

    def _edit(self, start: int, end: int) -> Edit:
        return Edit(self._blocks.source.path, Span(start, end), "")


def _together(own: Fix, others: list[Fix]) -> Fix:
    """A fix with the edits of others, where they do not touch each other."""
    edits = dict.fromkeys(edit for fix in (own, *others) if isinstance(fix.changes, tuple) for edit in fix.changes)
    ordered = sorted(edit.span for edit in edits if isinstance(edit, Edit))
    touching = any(one.end > other.start for one, other in pairwise(ordered))
    return own if touching else Fix(own.title, tuple(edits), own.safety)


def _mentions(function: ast.AST, called: str, name: str) -> bool:
    """Whether a call that reads names is given none, or a text that has this one."""
    if called in ("query", "sql", "execute", "eval", "exec"):
        texts = [
            one.value for one in ast.walk(function) if isinstance(one, ast.Constant) and isinstance(one.value, str)
        ]
        return called in ("eval", "exec") or any(re.search(rf"\b{re.escape(name)}\b", text) for text in texts)
    return True


def _loaded(node: ast.AST) -> Iterator[str]:
    for one in ast.walk(node):
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load):
            yield one.id


def _is_idle(value: ast.expr) -> bool:
    """Whether an expression does nothing at all: constants, names and what is written with them."""
    match value:
        case ast.Constant() | ast.Name() | ast.Lambda():
            return True
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return all(_is_idle(one) for one in elements)
        case ast.Set(elts=elements):
            return all(isinstance(one, ast.Constant) for one in elements)
        case ast.Dict(keys=keys, values=values):
            return all(isinstance(one, ast.Constant) for one in keys) and all(_is_idle(one) for one in values)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=ast.Constant(value=int() | float())):
            return True
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult(), right=right):
            return all(_is_number(one) for one in (left, right))
    return False


def _is_number(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add | ast.Sub | ast.Mult) and all(map(_is_number, (node.left, node.right)))
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


def _may_only_raise(value: ast.expr) -> bool:
    """Whether an expression reads and computes, but calls nothing; reading an attribute may (a property does)."""
    doing = (ast.Attribute, ast.Call, ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr, ast.comprehension)
    return not any(isinstance(node, doing) and not isinstance(node, ast.Lambda) for node in ast.walk(value))
