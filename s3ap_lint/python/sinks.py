"""The calls that run a text, and which argument that is."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from s3ap_lint.python.bindings import calls_in
from s3ap_lint.python.graph import ImportGraph, Node
from s3ap_lint.python.module import Module
from s3ap_lint.python.origins import holder_of, sources_of
from s3ap_lint.python.scope import Scope


@dataclass(frozen=True, slots=True)
class Sink:
    """A method that runs a text: the keywords that may hold it, and whether the first argument does.

    `drivers` are the top-level modules of which one must be imported for the method to be that one, `maker` the method
    that makes its object: what it makes counts wherever it is used.
    """

    keywords: Collection[str]
    first: bool = False
    drivers: frozenset[str] = frozenset()
    maker: str = ""


Sinks = Mapping[str, Sink]
"""Sinks by the name of the method."""


def calls_of(sinks: Sinks, node: Node, scope: Scope, graph: ImportGraph) -> Iterator[tuple[ast.Call, ast.expr]]:
    """The calls of sinks that a scope makes, each with the text that is run."""
    module = node.module
    if module is None or not module.says_any(sinks):
        return
    for call in calls_in(scope):
        sink = sinks.get(call.func.attr) if isinstance(call.func, ast.Attribute) else None
        if sink is not None and _is_meant(sink, call, module, scope, graph):
            for text in _texts(call, sink, scope):
                yield call, text


def _is_meant(sink: Sink, call: ast.Call, module: Module, scope: Scope, graph: ImportGraph) -> bool:
    if not sink.drivers or _imports(module, sink.drivers):
        return True
    assert isinstance(call.func, ast.Attribute)
    made = _is_made(call.func.value, sink.maker, scope)
    return made and any(_imports(one, sink.drivers) for one in graph.modules)


def _imports(module: Module, drivers: Collection[str]) -> bool:
    return any(not one.level and one.module.partition(".")[0] in drivers for one in module.imports)


def _is_made(value: ast.expr, maker: str, scope: Scope) -> bool:
    """Whether a value is what a method of a certain name hands back."""
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Attribute) and value.func.attr == maker
    holder = holder_of(value.id, scope) if isinstance(value, ast.Name) else None
    if not isinstance(value, ast.Name) or holder is None:
        return False
    return any(
        isinstance(source.value, ast.Call) and _is_made(source.value, maker, holder)
        for source in sources_of(holder).get(value.id, ())
    )


def _texts(call: ast.Call, sink: Sink, scope: Scope) -> Iterator[ast.expr]:
    if sink.first and call.args and not isinstance(call.args[0], ast.Starred):
        yield call.args[0]
    for keyword in call.keywords:
        if keyword.arg in sink.keywords:
            yield keyword.value
        elif keyword.arg is None and isinstance(keyword.value, ast.Name):
            holder = holder_of(keyword.value.id, scope)
            for source in sources_of(holder).get(keyword.value.id, ()) if holder is not None else ():
                if isinstance(source.value, ast.Dict):
                    pairs = zip(source.value.keys, source.value.values, strict=True)
                    yield from (value for key, value in pairs if getattr(key, "value", None) in sink.keywords)
