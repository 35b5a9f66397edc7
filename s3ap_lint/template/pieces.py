"""The smallest parts of a text that read the same alone as in their place, and what they should say after a change.

Entries of a block that begin and end on lines of their own are such a part, and a run of entries of a JSON
collection between brackets of its own. Where something may reach into a part or out of it there is none: anchors,
merges, directives, a key that stands twice.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from s3ap_lint.model import Span
from s3ap_lint.source import Source
from s3ap_lint.template.document import content_start
from s3ap_lint.template.node import Node
from s3ap_lint.template.places import dash_of, end_of, entries, line_start, next_line, past_comments, start_of
from s3ap_lint.template.problem import MAX_DEPTH

_ONLY_COMMENTS = re.compile(rb"(?:\s|(?<=\s)#[^\n]*+)*+")
_ONLY_COMMA = re.compile(rb"\s*,?\s*")
_BEHIND = "\ue000 what stands behind"
"""The key of an entry that stands for the entries behind a run in JSON."""


@dataclass(frozen=True)
class Change:
    """What an edit is to make of one collection.

    `apply` changes the plain value of some of its entries, of which so many before them are left out; the one with
    the `key` must be among them. With `drops` that goes, and an earlier entry with the same key, or a merged one,
    would come to light.
    """

    collection: Node
    apply: Callable[[Any, int], None]
    key: str | None = None
    drops: bool = False

    def within(self, outer: Node) -> Any:
        """The plain value of a node around the collection, or of itself, after the change."""
        value = outer.data()
        there = value
        for key in self.collection.path[len(outer.path) :]:
            there = there[int(key) if isinstance(there, list) else key]
        self.apply(there, 0)
        return value

    def among(self, some: Sequence[Node], left_out: int) -> Any:
        """The plain value of some entries of the collection after the change; None where it concerns another."""
        if self.key is not None and all(entry.key != self.key for entry in some):
            return None
        value: Any = [entry.data() for entry in some]
        if self.collection.is_mapping:
            value = {entry.key: inner for entry, inner in zip(some, value, strict=True)}
        self.apply(value, left_out)
        return value


@dataclass(frozen=True)
class Piece:
    """A span of a text that can be read alone, and what it says then after a change.

    `before` and `after` are the brackets to put around it in JSON; in a block it begins at a `column`.
    """

    span: Span
    intended: Any
    column: int = 0
    before: bytes = b""
    after: bytes = b""


# -- JSON ----------------------------------------------------------------------------------------


def in_json(source: Source, change: Change, span: Span) -> Iterator[Piece]:
    """The entries of the changed collection that a span touches."""
    collection, data = change.collection, source.data
    opening, closing = collection.span.start, collection.span.end - 1
    if collection.is_scalar or not opening < span.start <= span.end <= closing:
        return
    every = collection.children()
    if change.drops and not _all_are_written(source, collection, every, _ONLY_COMMA):
        return
    first, behind = _touched(span, [start_of(entry) for entry in every])
    intended = change.among(every[first:behind], first)
    if intended is None:
        return
    start, end, after = start_of(every[first]) if first > 0 else opening + 1, closing, data[closing : closing + 1]
    if behind < len(every):
        end, after = start_of(every[behind]), _stand_in(intended) + after
    if len(collection.path) + _depth(intended) < MAX_DEPTH and span.end <= end:
        yield Piece(Span(start, end), intended, before=data[opening : opening + 1], after=after)


def _stand_in(intended: Any) -> bytes:
    """An entry for those behind the run, so that a comma may stand before it; the intended value gets it too."""
    if isinstance(intended, list):
        intended.append(0)
        return b"0"
    intended[_BEHIND] = 0
    return f'"{_BEHIND}":0'.encode()


# -- blocks --------------------------------------------------------------------------------------


def in_blocks(source: Source, change: Change, span: Span) -> Iterator[Piece]:
    """The entries of the changed block that a span touches; then the entry around it, and so on to the top."""
    data, node = source.data, change.collection
    if data.startswith(b"%", source.start) or b"\n%" in data or _is_anchored(source, node):
        return
    if node.style == "block":
        yield from _among(source, change, span)
    while node.parent is not None:
        if node.parent.style == "block":
            value = change.within(node)
            intended = {node.key: value} if node.parent.is_mapping else [value]
            yield from _on_lines(source, span, [node], intended)
        node = node.parent


def _among(source: Source, change: Change, span: Span) -> Iterator[Piece]:
    block = change.collection
    written = list(entries(block))
    if not written:
        return
    if change.drops and not _all_are_written(source, block, written, _ONLY_COMMENTS):
        return
    first, behind = _touched(span, [line_start(source, start_of(entry)) for entry in written])
    intended = change.among(written[first:behind], first)
    if intended:
        yield from _on_lines(source, span, written[first:behind], intended)


def _on_lines(source: Source, span: Span, run: Sequence[Node], intended: Any) -> Iterator[Piece]:
    """The lines of entries of a block down to whatever comes next, if they are alone on them."""
    first = run[0]
    head = dash_of(source, first) if first.key_span is None else first.key_span.start
    if head is None:
        return
    start = line_start(source, head)
    end = past_comments(source, next_line(source, end_of(run[-1])))
    if start <= span.start and span.end <= end and len(first.path) + _depth(intended) < MAX_DEPTH:
        yield Piece(Span(start, end), intended, head - start)


def _is_anchored(source: Source, node: Node) -> bool:
    """Whether an anchor stands before a node or one around it, so that aliases may repeat what is in it."""
    above: Node | None = node
    while above is not None:
        if b"&" in source.data[above.span.start : content_start(source.data, above)]:
            return True
        above = above.parent
    return False


# -- both ----------------------------------------------------------------------------------------


def _touched(span: Span, starts: Sequence[int]) -> tuple[int, int]:
    """The first entry that a span touches, and the first one behind those.

    Where it begins with an entry, the one before counts too, so that a run begins with what does not change; or the
    one behind, so that something of it is left.
    """
    first, behind = max(0, bisect_left(starts, span.start) - 1), bisect_left(starts, span.end)
    only_first = first == 0 and behind <= 1 and starts[:1] and span.start <= starts[0]
    return first, min(len(starts), max(first + 1, behind) + bool(only_first))


def _all_are_written(source: Source, collection: Node, written: Sequence[Node], between: re.Pattern[bytes]) -> bool:
    """Whether nothing but commas, blanks and comments stands between entries: no key that a later one replaces."""
    end = content_start(source.data, collection) + (collection.style == "flow")
    for entry in written:
        if not between.fullmatch(source.data, end, start_of(entry)):
            return False
        end = end_of(entry)
    return True


def _depth(value: Any) -> int:
    """How deep collections are nested in a plain value."""
    depth, level = 0, [value]
    while level := [inner for outer in level for inner in _inside(outer)]:
        depth += 1
    return depth


def _inside(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
