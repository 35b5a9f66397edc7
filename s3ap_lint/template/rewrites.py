"""Edits that take along what is already written: items that move, items under a condition, entries with what is around.

Lines that move keep their wording, quotes and comments; only their indentation changes.
"""

from __future__ import annotations

from collections.abc import Sequence

from s3ap_lint.model import Edit, Span
from s3ap_lint.source import Source, apply
from s3ap_lint.template import edits
from s3ap_lint.template.document import parse
from s3ap_lint.template.node import Node
from s3ap_lint.template.notation import NO_VALUE, if_, value_of
from s3ap_lint.template.places import column, dash_of, last_line_end, line_start, newline, shifted


def take_out(node: Node, source: Source) -> Edit | None:
    """Remove an entry or item, with what is around it and would be empty without it."""
    last = node
    while last.parent is not None and len(last.parent) == 1 and len(last.path) > 1 and last.parent.key != "Properties":
        last = last.parent
    return edits.remove(last, source)


def move(item: Node, to: Node, source: Source) -> tuple[Edit, Edit] | None:
    """Take an item out of its sequence, and add it at the end of another."""
    removal, addition = edits.remove(item, source), edits.append(to, source, value_of(item))
    if removal is None or addition is None:
        return None
    lines = _lines(item, source) if source.may_prove() else None
    if lines is None or to.style == "flow" or addition.span.start != addition.span.end:
        return removal, addition
    bare = addition.text.lstrip("\r\n")
    target = len(bare) - len(bare.lstrip(" "))
    moved = shifted(lines, target - _dash_column(item, source))
    text = newline(source, addition.span.start).join(moved)
    text = addition.text[: len(addition.text) - len(bare)] + text + ("\n" if bare.endswith("\n") else "")
    if bare.endswith("\r\n"):
        text = text[:-1] + "\r\n"
    verbatim = Edit(addition.subject, addition.span, text)
    same = _says(source, [removal, addition]) == _says(source, [removal, verbatim])
    return removal, verbatim if same else addition


def wrap(item: Node, source: Source, condition: str, truth: bool = True) -> Edit | None:
    """Put an item of a sequence under a condition: `!If [Condition, item, !Ref AWS::NoValue]`."""
    if not source.may_prove():
        return None
    told = value_of(item)
    plain = edits.replace(item, source, if_(condition, told, NO_VALUE) if truth else if_(condition, NO_VALUE, told))
    lines = _lines(item, source)
    if plain is None or lines is None or len(lines) < 2:
        return plain
    start = _dash_column(item, source)
    step = _content_column(item, source) - start
    pad = " " * (start + step)
    inner, nothing = shifted(lines, step), [f"{pad}- !Ref AWS::NoValue"]
    head = [f"{' ' * start}-{' ' * (step - 1)}!If", f"{pad}- {condition}"]
    text = newline(source, item.span.start).join([*head, *(inner + nothing if truth else nothing + inner)])
    verbatim = Edit(item.subject, _line_span(item, source), text)
    return verbatim if _says(source, [verbatim]) == _says(source, [plain]) else plain


def unwrap(item: Node, source: Source, arm: Node) -> Edit | None:
    """Put one arm of an `!If` in the place of the whole, which is an item of a sequence."""
    plain = edits.replace(item, source, value_of(arm)) if source.may_prove() else None
    if plain is None or arm.shared:
        return plain
    written = source.data[arm.span.start : arm.span.end].decode("utf-8")
    verbatim = Edit(item.subject, item.span, written)
    lines = _lines(arm, source)
    if lines is not None and _lines(item, source) is not None:
        moved = shifted(lines, _dash_column(item, source) - _dash_column(arm, source))
        verbatim = Edit(item.subject, _line_span(item, source), newline(source, item.span.start).join(moved))
    return verbatim if _says(source, [verbatim]) == _says(source, [plain]) else plain


def wrap_edited(item: Node, source: Source, inner: Sequence[Edit], condition: str, truth: bool) -> Edit | None:
    """Put an item under a condition, after some edits inside of it."""
    if not source.may_prove():
        return None
    after = Source(source.path, apply(source.data, inner))
    node = parse(after).top
    for key in item.path:
        node = node[int(key) if node.is_sequence else key] if node is not None else None
    edit = wrap(node, after, condition, truth) if node else None
    if edit is None:
        return None
    longer = len(after.data) - len(source.data)
    return Edit(edit.subject, Span(edit.span.start, edit.span.end - longer), edit.text)


def _content_column(item: Node, source: Source) -> int:
    """The column of what stands behind an item's dash."""
    dash = dash_of(source, item)
    first = next(iter(item.children()), None)
    start = first.key_span.start if first is not None and first.key_span is not None else item.span.start
    return column(source, start) if dash is not None else 0


def _lines(item: Node, source: Source) -> list[str] | None:
    """The lines of an item of a block, if they are its own."""
    parent = item.parent
    if parent is None or parent.style == "flow" or item.shared or not parent.is_sequence:
        return None
    dash = dash_of(source, item)
    if dash is None:
        return None
    start = line_start(source, dash)
    if source.data[start:dash].strip(b" "):
        return None
    return source.data[start : last_line_end(source, item)].decode("utf-8").replace("\r\n", "\n").split("\n")


def _line_span(item: Node, source: Source) -> Span:
    """The lines of an item that has its own."""
    return Span(line_start(source, dash_of(source, item) or 0), last_line_end(source, item))


def _dash_column(item: Node, source: Source) -> int:
    dash = dash_of(source, item)
    return 0 if dash is None else column(source, dash)


def _says(source: Source, changes: list[Edit]) -> object:
    try:
        top = parse(Source(source.path, apply(source.data, changes))).top
    except ValueError:  # they overlap
        return None
    return None if top is None else top.data()
