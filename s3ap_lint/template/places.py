"""Where the parts of a document stand in its text: what PyYAML's marks leave unsaid.

An *entry* is a key with its value, or an item. All offsets are bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from s3ap_lint.source import Source
from s3ap_lint.template.document import content_start
from s3ap_lint.template.node import Node

_TO_DASH = re.compile(rb"[^\n]*\n(?:[ \t]*(?:#[^\n]*)?\r?\n)* *(?=-)")
_COMMENT_OR_COMMA = re.compile(rb"#[^\n]*|,")
_PROPERTY = re.compile(rb"(?:\s|(?<=\s)#[^\n]*+)*+(?:!<[^>\s]*>|![^\s,\[\]{}]*|&[\w-]+)")
_BLANK_LINES = re.compile(rb"(?:[ \t]*\r?\n)*")
_COMMENT_LINES = re.compile(rb"(?:[ \t]*(?:#[^\n]*)?\r?\n)*(?:[ \t]*(?:#[^\n]*)?\Z)?")


# -- lines ---------------------------------------------------------------------------------------


def line_start(source: Source, at: int) -> int:
    """Where the line of an offset begins."""
    return source.line_start(source.line_of(at))


def line_end(source: Source, at: int) -> int:
    """Where the line of an offset ends, before its line ending."""
    end = source.data.find(b"\n", at)
    end = len(source.data) if end == -1 else end
    return end - 1 if end > at and source.data[end - 1 : end] == b"\r" else end


def next_line(source: Source, at: int) -> int:
    """Where the line below that of an offset begins, or the end of the file."""
    end = source.data.find(b"\n", at)
    return len(source.data) if end == -1 else end + 1


def past_blank_lines(source: Source, at: int) -> int:
    """Where the first line that is not blank begins, from the start of a line on."""
    match = _BLANK_LINES.match(source.data, at)
    return match.end() if match else at


def past_comments(source: Source, at: int) -> int:
    """Where the first line that is neither blank nor a comment begins, from the start of a line on."""
    match = _COMMENT_LINES.match(source.data, at)
    return match.end() if match else at


def shifted(lines: Iterable[str], columns: int) -> list[str]:
    """Lines moved to the right, or with less than 0 to the left as far as they are indented; blank ones stay."""
    if columns >= 0:
        return [" " * columns + line if line.strip() else line for line in lines]
    return [line[-columns:] if not line[:-columns].strip(" ") else line for line in lines]


def newline(source: Source, at: int) -> str:
    """The line ending in use at an offset."""
    end = source.data.find(b"\n", at)
    end = source.data.rfind(b"\n") if end == -1 else end
    return "\r\n" if end > 0 and source.data[end - 1 : end] == b"\r" else "\n"


def indentation(source: Source, at: int) -> str:
    """The white space that begins the line of an offset."""
    text = source.line_text(source.line_of(at))
    return text[: len(text) - len(text.lstrip(" \t"))]


def column(source: Source, at: int) -> int:
    """How far an offset is from the start of its line."""
    return at - line_start(source, at)


# -- entries -------------------------------------------------------------------------------------


def entries(collection: Node) -> Iterator[Node]:
    """The children that are written in a collection, in order; not those that `<<` brings along."""
    return (child for child in collection.children() if is_written(child))


def is_written(child: Node) -> bool:
    return not child.shared or child.alias is not None


def start_of(entry: Node) -> int:
    """Where an entry begins: at its key, or an item behind its dash."""
    return (entry.key_span or entry.alias or entry.span).start


def end_of(entry: Node) -> int:
    """Where an entry ends; a comment behind it is not part of it."""
    return max((entry.alias or entry.span).end, entry.key_span.end if entry.key_span else 0)


def last_line_end(source: Source, entry: Node) -> int:
    """Where the last line of an entry ends, before its line ending; a comment behind the entry is in it."""
    end = next_line(source, end_of(entry))
    while end > entry.span.start and source.data[end - 1 : end] in {b"\n", b"\r"}:
        end -= 1
    return end


def owner(node: Node) -> Node:
    """The function around a value with a short tag; else the value itself."""
    while node.parent is not None and node.parent.style == "tag":
        node = node.parent
    return node


def in_flow(node: Node) -> bool:
    """Whether a flow collection is around a node."""
    parent = owner(node).parent
    return parent is not None and parent.style == "flow"


# -- block style ---------------------------------------------------------------------------------


def block_column(source: Source, collection: Node) -> int:
    """The column of a block's keys or dashes."""
    first = next(entries(collection), None)
    return column(source, first.key_span.start if first and first.key_span else content_start(source.data, collection))


def block_start(source: Source, entry: Node) -> int | None:
    """Where an entry of a block begins: at its key, or its dash; None for what is in no block."""
    if entry.parent is None or entry.parent.style != "block":
        return None
    return entry.key_span.start if entry.key_span is not None else dash_of(source, entry)


def dash_of(source: Source, item: Node) -> int | None:
    """The dash of a block sequence's item."""
    if item.parent is None:
        return None
    first = content_start(source.data, item.parent)
    siblings = list(entries(item.parent))
    index = siblings.index(item)
    if index == 0:
        return first if source.data[first : first + 1] == b"-" else None
    match = _TO_DASH.match(source.data, end_of(siblings[index - 1]))
    return match.end() if match and column(source, match.end()) == column(source, first) else None


def behind_what(source: Source, node: Node) -> int | None:
    """The end of what a value in block style stands behind: its key's colon, its dash, or its tag."""
    data, parent = source.data, node.parent
    if parent is not None and parent.style == "tag":
        at = parent.span.start
        while (match := _PROPERTY.match(data, at)) and match.end() <= node.span.start:
            at = match.end()
        return at
    if node.key_span is not None:
        colon = data.find(b":", node.key_span.end)
        return None if data[node.key_span.end : colon].strip() else colon + 1
    dash = dash_of(source, node)
    return None if dash is None else dash + 1


# -- flow style ----------------------------------------------------------------------------------


def brackets(source: Source, collection: Node) -> tuple[int, int] | None:
    """The two brackets of a flow collection; None for the `key: value` of `[key: value]`, which has none."""
    opening = content_start(source.data, collection)
    return (opening, collection.span.end - 1) if source.data[opening : opening + 1] in {b"[", b"{"} else None


def following(collection: Node, entry: Node) -> int:
    """Where the entry behind another in a flow collection begins, or the closing bracket."""
    siblings = list(entries(collection))
    index = siblings.index(entry) + 1
    return start_of(siblings[index]) if index < len(siblings) else collection.span.end - 1


def comma(source: Source, start: int, end: int) -> int | None:
    """The comma between two offsets that lie between entries, comments left aside."""
    for mark in _COMMENT_OR_COMMA.finditer(source.data, start, end):
        if mark.group() == b",":
            return mark.start()
    return None


def is_blank_or_comment(text: bytes) -> bool:
    stripped = text.strip()
    return not stripped or stripped.startswith(b"#")
