"""Code that stands in a template (`ZipFile`, `InlineCode`): a Python source of its own, and the way back.

Only a literal block scalar (`|`) is placed exactly; what is found in any other spelling is reported at the value.
"""

from __future__ import annotations

import re
from dataclasses import replace

from s3ap_lint.model import Finding, Location, Span
from s3ap_lint.source import Source
from s3ap_lint.template.node import Node


def _text(node: Node) -> Node | None:
    """The scalar that is the code; `!Sub` counts when it substitutes nothing."""
    if node.is_text:
        return node
    function = node.function
    if function is not None and function[0] == "Fn::Sub":
        scalar = function[1]
        if scalar.is_text and not re.search(r"\$\{[^!]", scalar.text):
            return scalar
    return None


def inline_module(source: Source, node: Node) -> Source | None:
    """The code as a source under the template's path; None when it is computed."""
    scalar = _text(node)
    return Source(source.path, scalar.text.encode("utf-8")) if scalar is not None else None


def remapped(finding: Finding, source: Source, node: Node) -> Finding:
    """A finding in the inline code, with all of its places in the template."""
    return replace(
        finding,
        at=in_template(finding.at, source, node),
        related=tuple(in_template(at, source, node) for at in finding.related),
    )


def in_template(at: Location, source: Source, node: Node) -> Location:
    """A place in the inline code as a place in the template that holds it."""
    scalar = _text(node)
    if scalar is None or scalar.style != "|" or at.span is None:
        return Location(source.path, node.at.span, node.path, at.note)
    code = Source(source.path, scalar.text.encode("utf-8"))
    first = source.line_of(scalar.span.start) + 1
    indent = _indent(source, first, code)

    def moved(offset: int) -> int:
        line = code.line_of(offset)
        return source.line_start(first + line - 1) + indent + offset - code.line_start(line)

    return Location(source.path, Span(moved(at.span.start), moved(at.span.end)), node.path, at.note)


def _indent(source: Source, first: int, code: Source) -> int:
    """How many columns YAML strips from each line of the block."""
    for line in range(1, code.lines + 1):
        text = code.line_text(line)
        if text.strip():
            written = source.line_text(first + line - 1)
            return len(written.encode()) - len(text.encode())
    return 0
