"""What stands at an offset of a document: a node of a template, or a place in code that functions run."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.application import Application
from s3ap_lint.function import Function
from s3ap_lint.model import Location, Span
from s3ap_lint.python.reach import ReachedRead
from s3ap_lint.python.sdk_call import SdkCall
from s3ap_lint.template.node import Node
from s3ap_lint.template.template import Template


def template_of(application: Application, path: str) -> Template | None:
    """The template that a document is."""
    return next((template for template in application.templates if template.path == path), None)


def node_at(top: Node, offset: int) -> Node:
    """The innermost node whose key or value stands at a byte offset; the top where there is none."""
    found = top
    while True:
        inner = next((child for child in found.children() if not child.shared and _stands_at(child, offset)), None)
        if inner is None:
            return found
        found = inner


def _stands_at(node: Node, offset: int) -> bool:
    key = node.key_span
    return holds(node.span, offset) or (key is not None and key.start <= offset <= max(key.end, node.span.end))


def holds(span: Span | None, offset: int) -> bool:
    """Whether an offset lies in a span, or right behind it."""
    return span is not None and span.start <= offset <= span.end


def is_at(location: Location, path: str, offset: int) -> bool:
    """Whether a place of a document holds an offset."""
    return location.subject == path and holds(location.span, offset)


def above(node: Node) -> Iterator[Node]:
    """The node and all that it lies in."""
    found: Node | None = node
    while found is not None:
        yield found
        found = found.parent


def is_condition(node: Node) -> bool:
    """Whether a node names a condition: that of a resource, or the one that an `!If` asks."""
    around = node.parent.parent if node.parent is not None and node.key == "0" else None
    asked = around is not None and around.function is not None and around.function[0] == "Fn::If"
    return node.is_text and (node.key == "Condition" or asked)


def function_of(application: Application, node: Node) -> Function | None:
    """The function whose resource a node belongs to."""
    return next(
        (f for f in application.functions if f.id == node.resource_id and f.template.path == node.subject), None
    )


def variable_at(node: Node) -> Node | None:
    """The environment variable that a node sets, or is a part of the value of."""
    for one in above(node):
        parent = one.parent
        if parent is not None and parent.key == "Variables" and parent.parent is not None:
            return one if parent.parent.key == "Environment" else None
    return None


def reads_at(application: Application, path: str, offset: int) -> list[tuple[Function, ReachedRead]]:
    """The reads of environment variables at an offset of code, each with the functions that make it."""
    return [
        (function, read)
        for function in _running(application, path)
        for read in function.environment_reads()
        if read.name and is_at(read.at, path, offset)
    ]


def calls_at(application: Application, path: str, offset: int) -> list[tuple[Function, SdkCall]]:
    """The calls of the AWS SDK at an offset of code, each with the functions that make it."""
    return [
        (function, call)
        for function in _running(application, path)
        for call in function.sdk_calls()
        if is_at(call.at, path, offset)
    ]


def handlers_at(application: Application, path: str, offset: int) -> list[Function]:
    """The functions whose handler's definition begins on the line of an offset."""
    return [f for f in _running(application, path) if any(_begins(at, path, offset) for at in handler_places(f))]


def _begins(at: Location, path: str, offset: int) -> bool:
    return at.subject == path and at.span is not None and at.span.start <= offset <= at.span.end


def handler_places(function: Function) -> list[Location]:
    """Where a function's handler is defined: the first line of each definition it may mean."""
    closure = function.closure
    places = []
    for node, scope in closure.handlers if closure is not None else ():
        module = node.module
        if module is None:
            continue
        source, definition = module.source, scope.node
        line = getattr(definition, "lineno", 1)
        start = source.offset_at(line, getattr(definition, "col_offset", 0))
        end = start + len(source.line_text(line).strip().encode("utf-8"))
        places.append(function.placed(Location(module.path, Span(start, end))))
    return places


def _running(application: Application, path: str) -> Iterator[Function]:
    """The functions that have a file in their import closure, or their code in it."""
    for function in application.functions:
        closure = function.closure
        if closure is not None and (path in closure.paths or path == function.template.path):
            yield function
