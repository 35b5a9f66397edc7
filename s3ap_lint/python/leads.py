"""Whether the way to a scope can be trusted where only the name of a method led on."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cached_property

from s3ap_lint.python.bindings import assigned
from s3ap_lint.python.graph import Node
from s3ap_lint.python.reach import Reach
from s3ap_lint.python.scope import Scope
from s3ap_lint.python.state import path_of
from s3ap_lint.python.traces import Traces

_OTHERS = frozenset(
    {name for kind in (dict, list, str, bytes, set, int, Exception) for name in dir(kind)}
    | {"acquire", "add_event", "cancel", "close", "commit", "cursor", "debug", "delete", "error", "execute", "fetchall"}
    | {"fetchone", "flush", "group", "head", "info", "load", "log", "open", "patch", "post", "publish", "put", "query"}
    | {"read", "readline", "release", "request", "result", "rollback", "run", "save", "seek", "send", "set", "shutdown"}
    | {"start", "stop", "submit", "wait", "warning", "write"}
)
"""Methods that things of everybody's have: strings, files, loggers, connections, clients."""


def _returns(function: Scope, owner: Scope) -> bool:
    """Whether a function is annotated to return a class."""
    annotation = getattr(function.node, "returns", None)
    name = annotation.value if isinstance(annotation, ast.Constant) else getattr(annotation, "id", "")
    return name == owner.name or (name == "Self" and function.owner is owner)


class Leads:
    """Judges ways of one reach."""

    def __init__(self, reach: Reach, traces: Traces) -> None:
        self.reach = reach
        self._traces = traces
        self._known: dict[Scope, bool] = {}

    def to(self, scope: Scope) -> bool:
        """Whether a scope is reached for sure, apart from what depends on events."""
        known = self._known.get(scope)
        if known is None:
            chain = self.reach.chain(scope)
            known = all(self._leads_on(node, at, place, method) for node, at, place, method in chain if method)
            self._known[scope] = known
        return known

    def _leads_on(self, node: Node, scope: Scope, place: ast.AST, method: Scope) -> bool:
        """Whether it is the method that is called: of what makes its class, or the only one of its name."""
        func = place.func if isinstance(place, ast.Call) else place
        if not isinstance(func, ast.Attribute):
            return False
        if self._is_made_by(func.value, node, scope, method):
            return True
        if func.attr in _OTHERS or self._methods[func.attr] != 1:
            return False
        return not self._traces.clients(func.value, node, scope)

    def _is_made_by(self, value: ast.expr, node: Node, scope: Scope, method: Scope) -> bool:
        """Whether a value is what a function returns that says it returns the method's class."""
        owner = method.owner
        made = self._calls_behind(value, node, scope)
        if owner is None or not made:
            return False
        ends = [end for call in made for end in self.reach.names.follow(node, scope, path_of(call.func)).ends]
        return bool(ends) and all(end.scope is not None and _returns(end.scope, owner) for end in ends)

    @staticmethod
    def _calls_behind(value: ast.expr, node: Node, scope: Scope) -> list[ast.Call]:
        """The call that a value is, or all that a name is given; nothing when it may be something else."""
        if isinstance(value, ast.Call):
            return [value]
        at: Scope | None = scope if isinstance(value, ast.Name) else None
        while at is not None and isinstance(value, ast.Name):
            given = [expression for expression, _ in assigned(value.id, node, at)]
            if given:
                calls = [one for one in given if isinstance(one, ast.Call)]
                return calls if len(calls) == len(given) else []
            at = at.parent
        return []

    @cached_property
    def _methods(self) -> Counter[str]:
        """How many classes have a method, by its name."""
        modules = {node.module for node, _ in self.reach.scopes if node.module is not None}
        return Counter(scope.name for module in modules for scope in module.scopes if scope.owner is not None)
