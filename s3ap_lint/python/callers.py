"""The calls that may mean a function, and what they hand to its parameters."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property

from s3ap_lint.python.bindings import calls_in, fields_of
from s3ap_lint.python.graph import Node
from s3ap_lint.python.names import Thing
from s3ap_lint.python.reach import Reach
from s3ap_lint.python.scope import Scope
from s3ap_lint.python.state import path_of


class Callers:
    """Finds the calls of a function in the code that one reach runs."""

    def __init__(self, reach: Reach) -> None:
        self.reach = reach
        self.names = reach.names

    def of(self, callee: Scope) -> Iterator[tuple[Node, Scope, ast.Call, Thing, int]]:
        """The calls that may mean a function, in the code that runs; `skipped` arguments come before its own."""
        owner = callee.owner
        makes = owner is not None and callee.name == "__init__"
        classes = self._made_by(owner) if makes and owner is not None else ()
        names = ("cls", *(one.name for one in classes)) if makes else (callee.name,)
        others = sorted(other for name in names for other in self._other_names.get(name, ()))
        for spelling in dict.fromkeys((*names, *others)):
            for node, scope, call, function, skipped in self._calls_by_name.get(spelling, ()):
                for thing in self.names.follow(node, scope, path_of(function)).ends:
                    if thing.scope is callee or (thing.kind == "class" and thing.scope in classes):
                        yield node, scope, call, thing, skipped

    def _made_by(self, owner: Scope) -> tuple[Scope, ...]:
        """The classes whose instances are made by the `__init__` of one: itself, and those that inherit it."""
        return (owner, *self._heirs.get(owner, ()))

    @cached_property
    def _heirs(self) -> dict[Scope, list[Scope]]:
        found: dict[Scope, list[Scope]] = {}
        for node, scope in self.reach.scopes:
            if scope.kind == "class" and "__init__" not in scope.children:
                for _, base in self.names.bases(node, scope)[0]:
                    found.setdefault(base, []).append(scope)
        return found

    @cached_property
    def _calls_by_name(self) -> dict[str, list[tuple[Node, Scope, ast.Call, ast.expr, int]]]:
        found: dict[str, list[tuple[Node, Scope, ast.Call, ast.expr, int]]] = {}
        for node, scope in self.reach.scopes:
            for call in calls_in(scope):
                last = path_of(call.func)[-1]
                found.setdefault(last, []).append((node, scope, call, call.func, 0))
                if last in ("submit", "partial") and call.args:
                    handed = call.args[0]
                    found.setdefault(path_of(handed)[-1], []).append((node, scope, call, handed, 1))
        return found

    @cached_property
    def _other_names(self) -> dict[str, set[str]]:
        """The names that imports give to something of another name."""
        found: dict[str, set[str]] = {}
        for _, scope in self.reach.scopes:
            for imported in scope.imports:
                if imported.name and imported.bound != imported.name:
                    found.setdefault(imported.name, set()).add(imported.bound)
        return found


def handed(call: ast.Call, callee: Scope, name: str, bound: bool, skipped: int) -> ast.expr | bool | None:
    """The expression that a call hands to a parameter; None when it hands none, False when that cannot be told."""
    keyword = next((one.value for one in call.keywords if one.arg == name), None)
    if keyword is not None:
        return keyword
    args = getattr(callee.node, "args", None)
    if isinstance(args, ast.arguments):
        plain = [one.arg for one in (*args.posonlyargs, *args.args)]
    else:
        plain = [*fields_of(callee)]  # of a dataclass
    if bound and callee.owner is not None and not callee.static:
        plain = plain[1:]
    given = call.args[skipped:]
    place = plain.index(name) if name in plain else len(given)
    if any(isinstance(one, ast.Starred) for one in given[: place + 1]):
        return False
    if place < len(given):
        return given[place]
    return False if any(one.arg is None for one in call.keywords) else None
