"""The calls of AWS SDK clients in the code that a handler reaches, and what they are given."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from s3ap_lint.model import Location
from s3ap_lint.python.bindings import method_calls
from s3ap_lint.python.graph import Node
from s3ap_lint.python.module import Module
from s3ap_lint.python.reach import Reach
from s3ap_lint.python.scope import Scope
from s3ap_lint.python.state import path_of
from s3ap_lint.python.traces import Traces
from s3ap_lint.python.worth import ABSENT, Made, Record, Traced, Worth


@dataclass(frozen=True, slots=True, eq=False)
class SdkCall:
    """One call of an operation: `operation` as Python spells it, of a client of `service`.

    `scope` is the qualified name of the function that makes it. A paginator or waiter counts as its operation. Not
    `complete` when it has arguments that cannot be told.
    """

    service: str
    operation: str
    at: Location
    scope: str
    complete: bool
    clients: tuple[Made, ...]
    keywords: Mapping[str, Worth]
    places: Mapping[str, Location]
    expand: Callable[[Worth], list[Traced]]

    def has(self, name: str) -> bool:
        """Whether an argument is given, as surely as can be told."""
        value = self.keywords.get(name)
        return value is not None and value is not ABSENT

    def texts(self, *path: str) -> tuple[Traced, ...]:
        """Every text that an argument, or an item inside it, may be; nothing when it cannot be told."""
        value: Worth | None = Record(self.keywords)
        for name in path:
            value = value.items.get(name) if isinstance(value, Record) else None
        return tuple(self.expand(value)) if value is not None else ()

    def made_with(self, *path: str) -> tuple[str, ...] | None:
        """The texts that a keyword of the client has; () when it is not given, None when that cannot be told."""
        found: list[str] = []
        for client in self.clients:
            value: Worth | None = client.keywords
            for name in path:
                if isinstance(value, Made):
                    value = value.keywords
                if not isinstance(value, Record) or (name not in value.items and not value.complete):
                    return None
                value = value.items.get(name)
                if value is None or value is ABSENT:
                    break
            if value is None or value is ABSENT:
                continue
            traced = self.expand(value)
            if not traced:
                return None
            found += ["".join(map(str, one.pieces)) for one in traced]
        return tuple(found)


@lru_cache(maxsize=4096)
def _mentions_any(module: Module, names: frozenset[str]) -> bool:
    """Whether any of the names stands in a module at all: many functions share it, and most modules have none."""
    return any(name.encode() in module.source.data for name in names)


class Calls:
    """Finds the calls that run in one reach. `placed` says where a place in the code is for the reader."""

    def __init__(self, reach: Reach, placed: Callable[[Location], Location] = lambda at: at) -> None:
        self.reach = reach
        self._traces = Traces(reach, placed)

    def of(self, operations: Collection[str]) -> tuple[SdkCall, ...]:
        """The calls of some operations, by place in each module."""
        wanted = frozenset(operations)
        found: list[SdkCall] = []
        for node, scope in self.reach.scopes:
            if node.module is None or not _mentions_any(node.module, wanted):
                continue
            for call, func in method_calls(scope):
                if func.attr in wanted or func.attr in ("paginate", "wait"):
                    found += self._sdk_call(node, scope, call, func, wanted)
        return tuple(sorted(found, key=lambda call: (call.at.subject, call.at.span.start if call.at.span else 0)))

    def _sdk_call(
        self, node: Node, scope: Scope, call: ast.Call, func: ast.Attribute, operations: Collection[str]
    ) -> Iterator[SdkCall]:
        if not self._runs(node, scope, call):
            return
        made = self._traces.clients(func.value, node, scope)
        kinds = {(one.kind, one.service, one.operation) for one in made}
        if len(kinds) != 1:
            return
        kind, service, operation = kinds.pop()
        operation = operation if kind in ("paginator", "waiter") else func.attr
        if operation not in operations or (kind == "client") is (func.attr in ("paginate", "wait")):
            return
        given = self._traces.keywords(call, node, scope, None)
        places = {keyword.arg: self._traces.at(node, keyword.value) for keyword in call.keywords if keyword.arg}
        items = dict(given.items)
        for position, value in enumerate(call.args):
            items[str(position)] = self._traces.worth(value, node, scope, None)
            places[str(position)] = self._traces.at(node, value)
        at = self._traces.at(node, call)
        clients = tuple(made)
        yield SdkCall(
            service, operation, at, scope.function, given.complete, clients, items, places, self._traces.texts
        )

    def _runs(self, node: Node, scope: Scope, call: ast.Call) -> bool:
        """Whether the circumstances of a call are not ruled out, as far as the walk kept them."""
        path = path_of(call.func)
        uses = [(branch, place) for (chain, branch), place in scope.uses.items() if chain == path]
        exact = [branch for branch, place in uses if place is call.func]
        branches = exact or [branch for branch, _ in uses]
        given = self.reach.given(node, scope)
        return not branches or any(not branch.rules_out(given) for branch in branches)
