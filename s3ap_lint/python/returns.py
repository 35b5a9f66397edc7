"""What a function may hand back to its caller, and which except clause it comes from.

A returned value is followed through local names and functions of the project, and decorators of the project are looked
into: what the wrapper returns is what the caller gets.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from s3ap_lint.budget import Budget, GaveUp
from s3ap_lint.model import Location
from s3ap_lint.python.bindings import bindings_of, default_of, own_nodes, parameters_of
from s3ap_lint.python.callers import handed
from s3ap_lint.python.graph import Node
from s3ap_lint.python.names import Names
from s3ap_lint.python.scope import Scope, location_of
from s3ap_lint.python.state import path_of
from s3ap_lint.python.worth import Frame

MOST_STEPS = 1024
"""How many values are looked at for what one handler returns."""


@dataclass(frozen=True, slots=True, eq=False)
class Returned:
    """One value that is handed back: an expression of a scope.

    `caught` is the except clause that it comes from, if any. `chosen`: whether it comes that way is up to an argument
    that is looked into, such as a key of the event.
    """

    value: ast.expr
    node: Node
    scope: Scope
    caught: ast.ExceptHandler | None
    chosen: bool
    frame: Frame | None

    @property
    def at(self) -> Location:
        assert self.node.module is not None
        return location_of(self.node.module.source, self.value)

    def literal(self, expression: ast.expr) -> object:
        """A constant that an expression inside the value is, also one that a caller hands over; else None."""
        return _literal(expression, self.scope, self.frame)


class Returns:
    """Finds what functions return, by the names of one import graph."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self._budget = Budget(MOST_STEPS, GaveUp("would have to follow what is returned through too many values"))
        self._busy: set[object] = set()

    def of(self, node: Node, scope: Scope) -> Iterator[Returned]:
        """What a caller of a function gets, decorators included. Raises GaveUp."""
        decorated = [found for one in decorators(scope) for found in self._wrapper(one, node, scope)]
        for inner_node, inner in (*decorated, (node, scope)):
            yield from self._body(inner_node, inner, None)

    def _wrapper(self, decorator: ast.expr, node: Node, scope: Scope) -> Iterator[tuple[Node, Scope]]:
        """The function that a decorator of the project puts around another."""
        call = isinstance(decorator, ast.Call)
        chain = path_of(decorator.func if isinstance(decorator, ast.Call) else decorator)
        if not chain[0] or scope.parent is None:
            return
        for thing in self.names.follow(node, scope.parent, chain).ends:
            if thing.kind == "function" and thing.node is not None and thing.scope is not None:
                made = list(_returned_functions(thing.scope))
                made = [one for factory in made for one in _returned_functions(factory)] if call else made
                for inner in made:
                    yield thing.node, inner

    def _body(self, node: Node, scope: Scope, frame: Frame | None) -> Iterator[Returned]:
        if scope in self._busy or node.module is None:
            return
        self._busy.add(scope)
        for statement in own_nodes(scope):
            if isinstance(statement, ast.Return) and statement.value is not None:
                caught, chosen = _circumstances(statement, node, scope)
                yield from self._values(statement.value, Returned(statement.value, node, scope, caught, chosen, frame))
        self._busy.discard(scope)

    def _values(self, value: ast.expr, way: Returned) -> Iterator[Returned]:
        self._budget.spend()
        node, scope, caught, chosen, frame = way.node, way.scope, way.caught, way.chosen, way.frame
        if isinstance(value, ast.Name):
            yield from self._assigned(value.id, way)
        elif isinstance(value, ast.IfExp):
            yield from self._values(value.body, way)
            yield from self._values(value.orelse, way)
        elif isinstance(value, ast.BoolOp):
            for one in value.values:
                yield from self._values(one, way)
        elif isinstance(value, ast.Await | ast.NamedExpr):
            yield from self._values(value.value, way)
        elif isinstance(value, ast.Call):
            yield from self._called(value, way)
        else:
            yield Returned(value, node, scope, caught, chosen, frame)

    def _assigned(self, name: str, way: Returned) -> Iterator[Returned]:
        """What a local name is given."""
        key = (way.scope, name)
        if key in self._busy:
            return
        self._busy.add(key)
        for statement in own_nodes(way.scope):
            targets: list[ast.expr] = []
            if isinstance(statement, ast.Assign):
                targets = statement.targets
            elif isinstance(statement, ast.AnnAssign | ast.NamedExpr):
                targets = [statement.target]
            value = getattr(statement, "value", None)
            if isinstance(value, ast.expr) and any(isinstance(one, ast.Name) and one.id == name for one in targets):
                caught, chosen = _circumstances(statement, way.node, way.scope)
                if caught is None or not _leaves(caught):
                    inner = Returned(value, way.node, way.scope, caught or way.caught, chosen or way.chosen, way.frame)
                    yield from self._values(value, inner)
        self._busy.discard(key)

    def _called(self, call: ast.Call, way: Returned) -> Iterator[Returned]:
        """What a function of the project returns."""
        path = path_of(call.func)
        ends = self.names.follow(way.node, way.scope, path).ends if path[0] else []
        found = [end for end in ends if end.kind == "function"]
        if len(ends) != 1 or len(found) != 1 or found[0].node is None or found[0].scope is None:
            return
        callee = found[0].scope
        given: dict[str, tuple[Node, Scope, ast.expr, Frame | None]] = {}
        for name in parameters_of(callee):
            argument = handed(call, callee, name, found[0].bound, 0)
            if isinstance(argument, ast.expr):
                given[name] = (way.node, way.scope, argument, way.frame)
            elif argument is None:
                default = default_of(callee, name)
                if default is not None and callee.parent is not None:
                    given[name] = (found[0].node, callee.parent, default, None)
        for inner in self._body(found[0].node, callee, Frame(callee, given, way.frame)):
            chosen = inner.chosen or way.chosen
            yield Returned(inner.value, inner.node, inner.scope, inner.caught or way.caught, chosen, inner.frame)


def decorators(scope: Scope) -> list[ast.expr]:
    """The decorators of a function, the outermost first."""
    found: list[ast.expr] = getattr(scope.node, "decorator_list", [])
    return found


def _returned_functions(scope: Scope) -> Iterator[Scope]:
    """The functions inside a function that it returns."""
    for value in bindings_of(scope).returned:
        if isinstance(value, ast.Name):
            yield from (one for one in scope.children.get(value.id, ()) if one.kind == "function")


def _circumstances(statement: ast.AST, node: Node, scope: Scope) -> tuple[ast.ExceptHandler | None, bool]:
    """The except clause that a statement lies in, and whether an argument is looked into on the way there."""
    assert node.module is not None
    parents = node.module.parents
    caught: ast.ExceptHandler | None = None
    chosen = False
    child, at = statement, parents.get(statement)
    while at is not None and at is not scope.node:
        if isinstance(at, ast.ExceptHandler) and caught is None:
            caught = at
        elif isinstance(at, ast.If) and child is not at.test:
            chosen = chosen or _looks_into_argument(at.test, scope)
        elif isinstance(at, ast.match_case):
            chosen = True
        child, at = at, parents.get(at)
    return caught, chosen


def _looks_into_argument(test: ast.expr, scope: Scope) -> bool:
    """Whether a test takes something out of a parameter, or uses a name that was taken from one."""
    arguments = set(parameters_of(scope))
    bindings = bindings_of(scope)
    for node in ast.walk(test):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
            inside = node.comparators[0]
            if isinstance(inside, ast.Name) and inside.id in arguments:
                return True
        values = bindings.names.get(node.id, ()) if isinstance(node, ast.Name) else (node,)
        if any(isinstance(value, ast.expr) and _is_taken(value, arguments) for value in values):
            return True
    return False


def _is_taken(value: ast.expr, arguments: set[str]) -> bool:
    """Whether an expression is something out of an argument, such as `event.get("action", "").lower()`."""
    while True:
        if isinstance(value, ast.BoolOp):
            value = value.values[0]
        elif isinstance(value, ast.Subscript):
            value = value.value
        elif isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
            value = value.func.value
        else:
            return False
        if isinstance(value, ast.Name):
            return value.id in arguments


def _leaves(handler: ast.ExceptHandler) -> bool:
    return isinstance(handler.body[-1], ast.Raise)


def _literal(expression: ast.expr, scope: Scope, frame: Frame | None) -> object:
    if isinstance(expression, ast.Constant):
        return expression.value
    if isinstance(expression, ast.Name) and frame is not None:
        given = frame.argument(scope, expression.id)
        if given is not None:
            return _literal(given[2], given[1], given[3])
    return None
