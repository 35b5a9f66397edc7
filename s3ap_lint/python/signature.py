"""How the function that a template names as its handler takes what Lambda hands it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from s3ap_lint.model import Edit, Location, Span
from s3ap_lint.python.names import EXTERNAL
from s3ap_lint.python.reach import Reach
from s3ap_lint.python.scope import location_of
from s3ap_lint.python.state import chain_of
from s3ap_lint.source import Source

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

GIVEN = 2
"""An event and a context, by position."""

_PASSING_ON = frozenset(
    {"capture_lambda_handler", "inject_lambda_context", "log_metrics", "idempotent", "metric_scope", "notrace"}
)
"""Decorators that hand on both arguments and the result."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A handler's definition. `least` and `most` are how many arguments it takes by position (None: any number).

    `keywords` are those it cannot be called without. Lambda does not await `asynchronous` handlers. `completed` gives
    it the parameters that it lacks, where nothing else is missing.
    """

    name: str
    at: Location
    least: int
    most: int | None
    keywords: tuple[str, ...]
    asynchronous: bool
    completed: Edit | None = None

    @property
    def callable(self) -> bool:
        """Whether it can be called with an event and a context."""
        enough = self.most is None or self.most >= GIVEN
        return enough and self.least <= GIVEN and not self.keywords


def handler_signature(reach: Reach) -> Signature | None:
    """The signature of the handler; None when there are several, or something may stand between Lambda and it."""
    meanings = reach.names.member(reach.graph.root, reach.handler)
    things = [thing for thing in meanings if thing.kind not in ("value", "unknown")]  # a lambda is a value, too
    if len(things) != 1 or things[0] is EXTERNAL or things[0].kind != "function":
        return None
    node, scope = things[0].node, things[0].scope
    if node is None or node.module is None or scope is None or scope.parent is not node.module.scope:
        return None
    definition = scope.node
    if not isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return None
    others = [child for child in node.module.scope.children.get(scope.name, ()) if child.kind != "value"]
    if scope.name in node.module.scope.bindings or len(others) != 1:
        return None  # it is replaced by something else
    decorators = [] if isinstance(definition, ast.Lambda) else definition.decorator_list
    if any((chain_of(_called(one))[-1:] or ("?",))[0] not in _PASSING_ON for one in decorators):
        return None
    arguments = definition.args
    plain = [*arguments.posonlyargs, *arguments.args]
    at = location_of(node.module.source, definition)
    return Signature(
        scope.name,
        at if isinstance(definition, ast.Lambda) else _head(at, definition, node.module.source.data),
        len(plain) - len(arguments.defaults),
        None if arguments.vararg else len(plain),
        tuple(arg.arg for arg, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if not default),
        isinstance(definition, ast.AsyncFunctionDef),
        _completed(definition, node.module.source),
    )


def _completed(definition: Definition, source: Source) -> Edit | None:
    """The edit that adds `context`, or `event` and `context`, behind what a handler takes by position."""
    arguments = definition.args
    plain = [*arguments.posonlyargs, *arguments.args]
    others = [*arguments.kwonlyargs, *(one for one in (arguments.vararg, arguments.kwarg) if one is not None)]
    names = [name for name in ("event", "context")[len(plain) :] if name]
    if not names or arguments.vararg or not source.path.endswith(".py"):
        return None
    inside = {node.id for node in ast.walk(definition) if isinstance(node, ast.Name)} | {one.arg for one in others}
    if inside & {*names} - {one.arg for one in plain} or "context" in {one.arg for one in plain}:
        return None  # it means something else there
    if plain:
        last = plain[-1]
        end = source.offset_at(last.end_lineno or last.lineno, last.end_col_offset or 0)
        if arguments.defaults:
            default = arguments.defaults[-1]
            end = source.offset_at(default.end_lineno or default.lineno, default.end_col_offset or 0)
            closed = source.data[end : end + 1] in (b",", b")", b":") and _is_simple(default)
            return Edit(source.path, Span(end, end), ", context=None") if closed else None
        return Edit(source.path, Span(end, end), ", context")
    if others or isinstance(definition, ast.Lambda):
        return None
    start = source.offset_at(definition.lineno, definition.col_offset)
    empty = re.compile(rb"(?:async\s+)?def\s+[^\s(]+\s*\((?P<room>)\)").match(source.data, start)
    return Edit(source.path, Span(empty.start("room"), empty.start("room")), "event, context") if empty else None


def _is_simple(default: ast.expr) -> bool:
    return isinstance(default, ast.Constant | ast.Name | ast.Dict | ast.List)


def _called(node: ast.expr) -> ast.expr:
    return node.func if isinstance(node, ast.Call) else node


def _head(at: Location, definition: ast.FunctionDef | ast.AsyncFunctionDef, data: bytes) -> Location:
    """The name of a function in its definition."""
    if at.span is None:
        return at
    name = definition.name.encode()
    start = data.find(name, at.span.start, at.span.end)
    return Location(at.subject, Span(start, start + len(name))) if start >= 0 else at
