"""The calls of AWS SDK clients in the code that a handler reaches, and what they are given."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable
from functools import cached_property

from s3ap_lint.model import Location
from s3ap_lint.python.bindings import method_calls
from s3ap_lint.python.candidates import spellings
from s3ap_lint.python.finder import MAKING, Finder
from s3ap_lint.python.graph import Node
from s3ap_lint.python.memo import remembered
from s3ap_lint.python.module import Module
from s3ap_lint.python.reach import Reach
from s3ap_lint.python.scope import Scope
from s3ap_lint.python.sdk_call import SdkCall
from s3ap_lint.python.traces import Traces

__all__ = ["Calls", "SdkCall"]


@remembered
def _mentions_any(module: Module, names: frozenset[str]) -> bool:
    """Whether any of the names stands in a module at all: many functions share it, and most modules have none."""
    return any(name.encode() in module.source.data for name in names)


def _by_place(calls: Iterable[SdkCall]) -> tuple[SdkCall, ...]:
    return tuple(sorted(calls, key=lambda call: (call.at.subject, call.at.span.start if call.at.span else 0)))


class Calls:
    """Finds the calls that run in one reach. `placed` says where a place in the code is for the reader."""

    def __init__(self, reach: Reach, placed: Callable[[Location], Location] = lambda at: at) -> None:
        self.reach = reach
        self._traces = Traces(reach, placed)

    def renew(self) -> None:
        """Let as many steps be taken again as were taken."""
        self._traces.renew()

    def of(self, operations: Collection[str]) -> tuple[SdkCall, ...]:
        """The calls of some operations that clients, paginators and waiters make, by place in each module."""
        names = frozenset(operations)
        if not any(_mentions_any(module, names) for module in self._modules):
            return ()
        return tuple(call for call in self.all() if call.method in names)

    @cached_property
    def _modules(self) -> tuple[Module, ...]:
        """The modules of which something runs."""
        return tuple(dict.fromkeys(node.module for node, _ in self.reach.scopes if node.module is not None))

    def all(self) -> tuple[SdkCall, ...]:
        """The calls of every operation, by place in each module."""
        return self._found[0]

    @property
    def untold(self) -> tuple[Location, ...]:
        """Where something of the AWS SDK is called of which cannot be told what."""
        return self._found[1]

    @cached_property
    def _found(self) -> tuple[tuple[SdkCall, ...], tuple[Location, ...]]:
        finder = Finder(self.reach, self._traces)
        found: list[SdkCall] = []
        for node, scope in self.reach.scopes:
            if node.module is not None:
                found += finder.calls(node, scope)
        return _by_place(found), tuple(dict.fromkeys(finder.untold))

    @cached_property
    def unknown_methods(self) -> bool:
        """Whether a client is asked for a method that no service has."""
        known = spellings() | MAKING
        return any(
            "_" in func.attr[1:] and func.attr not in known and not call.args and self._is_client(func, node, scope)
            for node, scope in self.reach.scopes
            if node.module is not None
            for call, func in method_calls(scope)
        )

    def _is_client(self, func: ast.Attribute, node: Node, scope: Scope) -> bool:
        return any(one.kind == "client" for one in self._traces.clients(func.value, node, scope))
