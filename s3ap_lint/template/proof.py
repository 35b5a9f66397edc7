"""Whether an edited text says what it said before but for one change: proven, on as little of it as that takes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from s3ap_lint.model import Edit
from s3ap_lint.source import Source, apply
from s3ap_lint.template.document import Document, parse
from s3ap_lint.template.json_document import read_json
from s3ap_lint.template.pieces import Change, Piece, in_blocks, in_json
from s3ap_lint.template.problem import Stop

_REACHES_OUT = re.compile(rb"(?:^|[\s\[{,:?])&[\w-]|^(?:---|\.\.\.)(?:\s|$)|\xef\xbb\xbf", re.MULTILINE)
"""What may be an anchor, the border of a document, or a byte order mark."""
_BEGINS_ENTRY = re.compile(rb"[^\s#%&!?]")


@dataclass(frozen=True)
class Proof:
    """A change that a text is to undergo, to be asked about each way to write it."""

    source: Source
    is_json: bool
    change: Change

    def holds(self, draft: Edit) -> bool:
        """Whether the text with an edit says what it said before but for the change."""
        pieces = in_json if self.is_json else in_blocks
        for piece in pieces(self.source, self.change, draft.span):
            text = self._edited(piece, draft)
            if not self.is_json and not self._stands_alone(piece, text):
                continue
            read = self._read(piece.before + text + piece.after)
            if read.top is not None and not read.problems:  # else it may hold an alias
                return _same(read.top.data(), piece.intended)
        return self.holds_in_whole(draft)

    def holds_in_whole(self, draft: Edit) -> bool:
        """The same, found out by reading the whole text; nothing more may be wrong with it than before."""
        if not self.source.may_prove():
            return False
        read = self._read(apply(self.source.data, [draft]))
        if read.top is None or not _same(read.top.data(), self._intended):
            return False
        return not read.problems or len(read.problems) <= len(self._read(self.source.data).problems)

    @cached_property
    def _intended(self) -> Any:
        top = self.change.collection
        while top.parent is not None:
            top = top.parent
        return self.change.within(top)

    def _edited(self, piece: Piece, draft: Edit) -> bytes:
        data, span = self.source.data, piece.span
        return data[span.start : draft.span.start] + draft.text.encode() + data[draft.span.end : span.end]

    def _stands_alone(self, piece: Piece, text: bytes) -> bool:
        """Whether the lines of a block still begin with an entry at their column, and end, and name no anchors.

        A comment or blank line at their start might fall to a text above, what is left of a line to the entry below.
        """
        data, span = self.source.data, piece.span
        return (
            text[: piece.column] == b" " * piece.column
            and _BEGINS_ENTRY.match(text, piece.column) is not None
            and (text.endswith(b"\n") or span.end == len(data))
            and not _REACHES_OUT.search(text)
            and not _REACHES_OUT.search(data, span.start, span.end)
        )

    def _read(self, data: bytes) -> Document:
        source = Source(self.source.path, data)
        if not self.is_json:
            return parse(source)
        try:
            top, problems = read_json(source)
        except Stop as stop:
            return Document(None, (stop.problem,))
        return Document(top, tuple(problems))


def _same(one: Any, other: Any) -> bool:
    """Equality that tells 1 from true and from 1.0."""
    todo = [(one, other)]
    while todo:
        a, b = todo.pop()
        if type(a) is not type(b):
            return False
        if isinstance(a, dict):
            if a.keys() != b.keys():
                return False
            todo += [(a[key], b[key]) for key in a]
        elif isinstance(a, list):
            if len(a) != len(b):
                return False
            todo += zip(a, b, strict=True)
        elif a != b and a == a:  # not a number is unlike itself
            return False
    return True
