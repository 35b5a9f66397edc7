"""Parameter files in JSON, in the forms that the AWS CLI, CodePipeline and rain take.

A list of `{"ParameterKey": …, "ParameterValue": …}`, or `{"Parameters": {…}}` with either of both inside.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from s3ap_lint.deploy.model import Given, Literal, Terms
from s3ap_lint.model import Location, Span
from s3ap_lint.source import Source
from s3ap_lint.template import edits
from s3ap_lint.template.node import Node

BY = "a parameter file"


def is_parameter_file(top: Node) -> bool:
    """Whether a document has one of the forms."""
    return next(_entries(top, ""), None) is not None


def given(source: Source, top: Node) -> tuple[Given, ...]:
    """The parameters that a file gives, in order."""
    out = []
    for name, key, value, whole in _entries(top, source.path):
        text = value.text if value.is_text else None
        place = Span(key.start, value.span.end if value else key.end)
        out.append(
            Given(
                name,
                text,
                Location(source.path, place, whole.path),
                key,
                _inner(value),
                partial(edits.remove, whole, source),
            )
        )
    return tuple(out)


def terms(source: Source, top: Node) -> Terms:
    """What the file gives to a deployment of its own."""
    return Terms(Location(source.path), BY, given(source, top), beside=True, creates=False)


def literals(source: Source, top: Node) -> tuple[Literal, ...]:
    """Every value that is given."""
    return tuple(
        Literal(value.text, Location(source.path, value.span, value.path))
        for _, _, value, _ in _entries(top, source.path)
        if value.is_text
    )


def _entries(top: Node, path: str) -> Iterator[tuple[str, Span, Node, Node]]:
    """Name, where the name stands, value and entry of each parameter."""
    inner = top["Parameters"] if top.is_mapping else top
    if inner.is_mapping:
        for name, value in inner.items():
            if value.is_scalar and value.key_span is not None:
                yield name, _unquoted(value.key_span, name), value, value
        return
    for entry in inner:
        key = entry["ParameterKey"]
        if key.text:
            previous = entry["UsePreviousValue"].text == "true"
            value = entry["ParameterValue"] if not previous else entry[""]
            yield key.text, _unquoted(key.span, key.text), value, entry


def _unquoted(span: Span, name: str) -> Span:
    return Span(span.start + 1, span.end - 1) if span.end - span.start == len(name.encode()) + 2 else span


def _inner(value: Node) -> Span:
    return Span(value.span.start + 1, value.span.end - 1) if value.style in ('"', "'") else value.span
