"""Functions that read the variable whose name they are given, and what their calls read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from s3ap_lint.model import Location
from s3ap_lint.python.environment import merged
from s3ap_lint.python.graph import Node
from s3ap_lint.python.names import Names, Thing
from s3ap_lint.python.scope import Call, EnvRead, Scope, location_of
from s3ap_lint.python.value import OPAQUE, UNKNOWN, Choice, Const, Foreign, Given, Items, Parameter, Value, worth


@dataclass(frozen=True, slots=True)
class WrappedRead:
    """A read of the variable that a parameter names, and the calls that lead from the function to it."""

    read: EnvRead
    parameter: str
    inner: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """One call of a wrapper: its arguments are the parameters of what follows."""

    call: Call
    thing: Thing
    node: Node
    scope: Scope


class Wrappers:
    """Finds the wrappers among the functions of an import graph."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self._summaries: dict[int, tuple[WrappedRead, ...]] = {}
        self.any = any(
            read.parameter for module in names.graph.modules for scope in module.scopes for read in scope.reads
        )

    def summary(self, node: Node, scope: Scope) -> tuple[WrappedRead, ...]:
        """The reads that depend on a parameter of a function."""
        known = self._summaries.get(id(scope))
        if known is not None:
            return known
        self._summaries[id(scope)] = ()
        found = [WrappedRead(read, read.parameter) for read in merged(scope.reads) if read.parameter]
        for call in scope.calls:
            if not any(isinstance(value, Parameter) for value in _arguments(call)):
                continue
            for link, wrapped in self.called(node, scope, call):
                value = bound(link)[0].get(wrapped.parameter, OPAQUE)
                if isinstance(value, Parameter):
                    found.append(WrappedRead(wrapped.read, value.name, (link, *wrapped.inner)))
        self._summaries[id(scope)] = tuple(found)
        return self._summaries[id(scope)]

    def called(self, node: Node, scope: Scope, call: Call) -> Iterator[tuple[Link, WrappedRead]]:
        """The wrappers that a call means, with what they read."""
        for thing in self.names.follow(node, scope, call.chain).ends:
            function = _function_of(thing)
            if function is None or thing.node is None:
                continue
            for wrapped in self.summary(thing.node, function):
                yield Link(call, replace(thing, scope=function), node, scope), wrapped

    def names_read(self, link: Link, wrapped: WrappedRead) -> list[str]:
        """The names that a call hands to a wrapper; "" for one that cannot be told."""
        arguments, complete = bound(link)
        value = arguments.get(wrapped.parameter)
        if value is None:
            return [] if complete else [""]
        if isinstance(value, Parameter):
            return []  # the caller's caller says
        told: Any = UNKNOWN
        if isinstance(value, Const | Items):
            told = value.value
        elif isinstance(value, Choice):
            told = value.options
        elif isinstance(value, Foreign):
            told = self.names.literal(link.node, link.scope, value.chain)
        if isinstance(told, str):
            return [told]
        if isinstance(told, tuple | dict):
            return [name for name in told if isinstance(name, str)]
        return [""] if told is UNKNOWN else []

    def given(self, links: tuple[Link, ...], base: Given) -> Given:
        """What is known inside the last of several calls."""
        parameters: Mapping[str, object] = {}
        for link in links:
            arguments, _ = bound(link)
            outer = replace(base, parameters=parameters)
            parameters = {name: worth(value, outer) for name, value in arguments.items()}
        return replace(base, parameters=parameters)


def _arguments(call: Call) -> list[Value]:
    return [*call.positional, *(value for _, value in call.keywords)]


def _function_of(thing: Thing) -> Scope | None:
    if thing.scope is None:
        return None
    if thing.kind in ("function", "lambda"):
        return thing.scope
    name = {"class": "__init__", "instance": "__call__"}.get(thing.kind, "")
    found = thing.scope.children.get(name)
    return found[-1] if found else None


def bound(link: Link) -> tuple[dict[str, Value], bool]:
    """The value of each parameter in a call, and whether all of them are known to be there."""
    function, call = link.thing.scope, link.call
    assert function is not None
    names = list(function.parameters)
    implicit = link.thing.bound or (function.owner is not None and link.thing.kind in ("class", "instance"))
    if implicit and not function.static:
        names = names[1:]
    values = dict(function.defaults)
    values.update(zip(names, call.positional, strict=False))
    rest = call.positional[len(names) :]
    if function.star and all(isinstance(value, Const) for value in rest):
        values[function.star] = Const(tuple(value.value for value in rest if isinstance(value, Const)))
    values.update(call.keywords)
    return values, call.complete


def trail(links: tuple[Link, ...], wrapped: WrappedRead) -> tuple[Location, ...]:
    """The inner calls and the read itself, for explanation."""
    places = [
        location_of(link.node.module.source, link.call.node, f"passes the name on to {'.'.join(link.call.chain)}")
        for link in links[1:]
        if link.node.module is not None
    ]
    return (*places, wrapped.read.at.noted("reads the variable that it is given the name of"))
