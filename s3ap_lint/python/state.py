"""The state of a walk over one module: where it is and what it has gathered."""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from s3ap_lint.python.environment import EnvironmentFacts
from s3ap_lint.python.scope import CALLED, EVERYWHERE, Binding, Branch, Chain, PathChange, Scope, Test
from s3ap_lint.python.valuation import value_of
from s3ap_lint.python.value import OPAQUE, Value
from s3ap_lint.source import Source

Visitors = dict[type[Any], Callable[[Any, Any], None]]


def chain_of(node: ast.expr) -> Chain:
    """The dotted name that an expression is, or nothing."""
    parts: list[str] = []
    while node.__class__ is ast.Attribute:
        parts.append(node.attr)
        node = node.value
    if node.__class__ is not ast.Name:
        return ()
    parts.append(node.id)
    parts.reverse()
    return tuple(parts)


def path_of(node: ast.expr) -> Chain:
    """The dotted name of an expression, with "()" for each call on the way; "" first when there is no name."""
    parts: list[str] = []
    while True:
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Call):
            parts.append(CALLED)
            node = node.func
        else:
            break
    parts.append(node.id if isinstance(node, ast.Name) else "")
    parts.reverse()
    return tuple(parts)


class State:
    """What a walk knows and has gathered.

    `local` binds names, `run` is the scope whose execution runs the code at hand, `keep` the one whose use
    makes a mention count: a function named in a module-level table is reached through the table.
    """

    visitors: Visitors

    def __init__(self, source: Source, tree: ast.Module) -> None:
        self.source = source
        self.facts = EnvironmentFacts(source)
        self.module = Scope("module", "", "", tree)
        self.scopes = [self.module]
        self.local = self.run = self.keep = self.module
        self.branch = EVERYWHERE
        self.loops = 0
        self.roots: set[str] = set()
        self.callables: set[str] = {"self", "cls"}
        self.path_changes: list[PathChange] = []
        self.queue: deque[tuple[Scope, list[ast.stmt] | ast.expr]] = deque()
        self.looks = b"environ" in source.data or b"getenv" in source.data or b"dotenv" in source.data
        self.deep = False
        self.dimmed: dict[Branch, Branch] = {}

    def expression(self, node: ast.AST | None) -> None:
        """One expression, if there is one."""
        visit = self.visitors.get(node.__class__)
        if visit is not None:
            visit(self, node)

    def expressions(self, nodes: Iterable[ast.AST | None]) -> None:
        """Several expressions."""
        visitors = self.visitors
        for node in nodes:
            visit = visitors.get(node.__class__)
            if visit is not None:
                visit(self, node)

    def under(self, branch: Branch, node: ast.expr) -> None:
        """An expression under other circumstances."""
        before, self.branch = self.branch, branch
        self.expression(node)
        self.branch = before

    def narrowed(self, value: Value, truth: bool, *, exit: str = "") -> Branch:
        """The present circumstances and one more test."""
        branch = self.branch
        if value is OPAQUE:
            if exit or (branch.opaque and branch.since == len(branch.tests)):
                return branch
            if branch not in self.dimmed:
                self.dimmed[branch] = replace(branch, opaque=True, since=len(branch.tests))
            return self.dimmed[branch]
        return replace(branch, tests=(*branch.tests, Test(value, truth, exit)))

    def test(self, node: ast.expr) -> Value:
        """What a test is worth, after looking at what it mentions."""
        self.expression(node)
        return value_of(node, self.local, in_loop=self.loops > 0) if self.looks else OPAQUE

    def bind(self, name: str, binding: Binding | None = None, value: Value = OPAQUE) -> None:
        """A name gets a meaning here."""
        scope = self.local
        branch = self.branch
        if name in scope.values and (self.loops or branch.conditional or branch.shielded or branch.guard):
            value = OPAQUE  # which of the two it has cannot be told
        scope.values[name] = value
        scope.bound.add(name)
        scope.bindings.setdefault(name, []).append(binding)

    def new_scope(self, kind: str, name: str, node: ast.AST, parent: Scope, *, anonymous: bool = False) -> Scope:
        """A scope inside another."""
        inside = parent.qualname if parent.kind != "module" else ""
        scope = Scope(kind, name, f"{inside}.{name}" if inside else name, node, parent)
        self.scopes.append(scope)
        if not anonymous:
            parent.children.setdefault(name, []).append(scope)
        return scope
