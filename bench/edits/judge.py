"""Whether an edit that was offered is right, to a reader that knows nothing of how it was made."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from bench.edits.operations import Attempt
from bench.edits.reader import UNREADABLE, comments, is_json, lost, read, same
from s3ap_lint.model import Edit
from s3ap_lint.source import Source, apply
from s3ap_lint.template.document import parse
from s3ap_lint.template.node import Node


@dataclass(frozen=True)
class Verdict:
    """What came of an attempt: an edit or why there is none, what is wrong with it, and the seconds it took."""

    edit: Edit | None
    refused: str
    wrong: tuple[str, ...]
    seconds: float
    undone: bool | None = None


@dataclass
class Subject:
    """A template in one dress, read by both readers."""

    path: str
    data: bytes
    source: Source = field(init=False)
    top: Node | None = field(init=False)

    def __post_init__(self) -> None:
        self.source = Source(self.path, self.data)
        self.top = parse(self.source).top

    @cached_property
    def value(self) -> Any:
        return read(self.data)

    @cached_property
    def json(self) -> bool:
        return is_json(self.data)

    @cached_property
    def comments(self) -> list[tuple[int, str]]:
        return [] if self.json else comments(self.data)

    def code_point(self, offset: int) -> int:
        """The index into the text of a byte offset."""
        return len(self.data[self.source.start : offset].decode("utf-8"))

    def try_(self, node: Node, attempt: Attempt) -> Verdict:
        """Ask for an edit and judge it."""
        started = time.thread_time()
        edit = attempt.call(self.source)
        seconds = time.thread_time() - started
        if edit is None:
            return Verdict(None, self._why_not(node, attempt), (), seconds)
        after = apply(self.data, [edit])
        wrong = tuple(self._wrong(edit, after, attempt))
        return Verdict(edit, "", wrong, seconds, None if wrong else self._undone(after, attempt))

    # -- what is wrong ---------------------------------------------------------------------------

    def _wrong(self, edit: Edit, after: bytes, attempt: Attempt) -> Iterator[str]:
        start, end = edit.span.start, edit.span.end
        if after[:start] != self.data[:start] or not after.endswith(self.data[end:]):
            yield "bytes outside of the edit differ"
        intended = copy.deepcopy(self.value)
        attempt.change(intended)
        try:
            found = read(after)
        except UNREADABLE as error:
            yield f"cannot be read: {error}"
            return
        if not same(found, intended):
            yield "says something else"
        if self.json != is_json(after):
            yield "JSON became something else"
        if b"\n" in self.data and not _line_endings(after) <= _line_endings(self.data):
            yield "line endings differ"
        if self.data.endswith(b"\n") != after.endswith(b"\n"):
            yield "the final newline differs"
        yield from (f"a comment is lost: {text}" for text in self._lost(after, attempt.loses))
        if attempt.adds and self._lines_gone(after) > 1:
            yield "more than one line changed, though something is only added"

    def _lost(self, after: bytes, loses: Node | None) -> list[str]:
        """The comments that are gone; those within and behind what is replaced or removed may be."""
        if self.json:
            return []
        start = end = 0
        if loses is not None:
            start, last = (loses.key_span or loses.alias or loses.span).start, (loses.alias or loses.span).end
            newline = self.data.find(b"\n", last)
            start, end = self.code_point(start), self.code_point(len(self.data) if newline == -1 else newline)
        return lost(self.comments, comments(after), start, end)

    def _lines_gone(self, after: bytes) -> int:
        """How many lines between the first and the last one that changed were there before."""
        before, now = self.data.splitlines(keepends=True), after.splitlines(keepends=True)
        top = 0
        while top < min(len(before), len(now)) and before[top] == now[top]:
            top += 1
        bottom = 0
        while bottom < min(len(before), len(now)) - top and before[-1 - bottom] == now[-1 - bottom]:
            bottom += 1
        return len(before) - top - bottom

    # -- what else is known ----------------------------------------------------------------------

    def _undone(self, after: bytes, attempt: Attempt) -> bool | None:
        """Whether taking back what was done gives the file as it was; None where that is not offered."""
        if attempt.undo is None:
            return None
        source = Source(self.path, after)
        top = parse(source).top
        back = attempt.undo(top, source) if top is not None else None
        return None if back is None else apply(after, [back]) == self.data

    def _why_not(self, node: Node, attempt: Attempt) -> str:
        """What is cheaply known about a refusal."""
        intended = copy.deepcopy(self.value)
        attempt.change(intended)
        if same(intended, self.value):
            return "nothing would change"
        if node.shared:
            return "reached by an alias or merge"
        above: Node | None = node
        while above is not None:
            if self.data[above.span.start : above.span.start + 1] == b"&":
                return "within an anchor"
            above = above.parent
        if node.parent is not None and node.parent.style == "tag":
            return "argument of a short tag"
        if any(child.shared for child in node.children()):
            return "holds an alias or merge"
        if not self.data.endswith(b"\n") and node.span.end >= len(self.data.rstrip()):
            return "at the end of a file without a final newline"
        return "other"


def _line_endings(data: bytes) -> set[bytes]:
    return {
        line[-2:] if line.endswith(b"\r\n") else b"\n" for line in data.splitlines(keepends=True) if line[-1:] == b"\n"
    }
