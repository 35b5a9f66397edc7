"""A file's bytes, and the only place that converts between offsets, lines, columns and encodings."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, compress, count

from s3ap_lint.accounts import masked
from s3ap_lint.diagnostic import Place
from s3ap_lint.model import Edit, Location, Span

BOM = b"\xef\xbb\xbf"

MOST_PROVEN = 4 * 1024 * 1024
"""Bytes that may be read again to prove the fixes of one file, which is as large as it is for each of them."""
_BEGINS = bytes(byte & 0xC0 != 0x80 for byte in range(256))
"""1 for the bytes with which a code point begins in UTF-8."""


@dataclass(frozen=True)
class Source:
    """One text file: its path relative to the project root (POSIX) and its bytes as they are on disk."""

    path: str
    data: bytes

    @cached_property
    def text(self) -> str:
        """The decoded text without a byte order mark.

        Raises UnicodeDecodeError when the bytes are not UTF-8.
        """
        return self.data[self.start :].decode("utf-8")

    @cached_property
    def start(self) -> int:
        """The byte offset at which the text begins: 3 behind a byte order mark, else 0."""
        return len(BOM) if self.data.startswith(BOM) else 0

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [self.start]
        at = self.data.find(b"\n")
        while at != -1:
            starts.append(at + 1)
            at = self.data.find(b"\n", at + 1)
        return starts

    @cached_property
    def _code_point_offsets(self) -> array[int] | None:
        """Byte offset of every code point of `text` and of its end, or None when they are equal but for the start."""
        if self.data.isascii():
            return None
        begins = self.data[self.start :].translate(_BEGINS)
        return array("L", chain(compress(count(self.start), begins), [len(self.data)]))

    @cached_property
    def byte_offsets(self) -> Sequence[int]:
        """The byte offset of each index into `text`, and of its end (PyYAML's marks count code points)."""
        offsets = self._code_point_offsets
        return range(self.start, len(self.data) + 1) if offsets is None else offsets

    def byte_offset(self, code_point: int) -> int:
        """The byte offset of an index into `text`."""
        offsets = self.byte_offsets
        return offsets[min(code_point, len(offsets) - 1)]

    def line_start(self, line: int) -> int:
        """The byte offset at which a 1-based line begins; past the last line, the end of the file."""
        starts = self._line_starts
        return starts[line - 1] if 0 < line <= len(starts) else len(self.data)

    def line_of(self, offset: int) -> int:
        """The 1-based line that holds a byte offset."""
        return max(1, bisect_right(self._line_starts, offset))

    def line_text(self, line: int) -> str:
        """The text of a 1-based line without its ending."""
        raw = self.data[self.line_start(line) : self.line_start(line + 1)]
        return raw.decode("utf-8", "replace").rstrip("\r\n")

    @property
    def lines(self) -> int:
        """How many lines the file has; a final newline does not begin another."""
        starts = self._line_starts
        return len(starts) - (1 if starts[-1] == len(self.data) and len(starts) > 1 else 0)

    def offset_at(self, line: int, byte_column: int) -> int:
        """The byte offset of a 1-based line and a 0-based byte column, as `ast` gives them."""
        return min(self.line_start(line) + byte_column, len(self.data))

    def offset_at_code_point(self, line: int, column: int) -> int:
        """The byte offset of a 1-based line and a 1-based column in code points."""
        start = self.line_start(line)
        return start + len(self.line_text(line)[: column - 1].encode("utf-8"))

    def place(self, location: Location, *, exact: bool = False) -> Place:
        """The lines, columns and excerpt of a location in this source; account ids are unreadable in it.

        A place for people ends on the line that its last character is on; an `exact` one, for an edit, where
        the span ends, which behind a line ending is the start of the next line.
        """
        size = len(self.data)
        span = location.span or Span(self.start, self.start)
        start, end = min(span.start, size), min(max(span.end, span.start), size)
        line, end_line = self.line_of(start), self.line_of(end if exact else max(start, end - 1))
        column, utf16 = self._column(line, start)
        end_column, utf16_end = self._column(end_line, end)
        return Place(
            path=location.subject,
            line=line,
            column=column,
            end_line=end_line,
            end_column=end_column,
            utf16_column=utf16,
            utf16_end_column=utf16_end,
            start=start,
            end=end,
            message=location.note,
            excerpt=self._excerpt(line),
        )

    def may_prove(self) -> bool:
        """Whether the whole file may be read once more to prove an edit; once it may not, no fix is offered."""
        self._proven[0] += len(self.data)
        return not self.proven_enough

    @property
    def proven_enough(self) -> bool:
        """Whether fixes of the file were left out, because proving so many takes too long."""
        return self._proven[0] > MOST_PROVEN

    @cached_property
    def _proven(self) -> list[int]:
        return [0]

    def _excerpt(self, line: int) -> str:
        """A line as it is shown; worked out once, because all findings of a file may stand on one."""
        if line not in self._excerpts:
            self._excerpts[line] = masked(self.line_text(line))
        return self._excerpts[line]

    @cached_property
    def _excerpts(self) -> dict[int, str]:
        return {}

    def _column(self, line: int, offset: int) -> tuple[int, int]:
        """1-based columns of a byte offset on a line: in code points, in UTF-16 units."""
        before = self.data[self.line_start(line) : offset].decode("utf-8", "replace").rstrip("\r\n")
        return len(before) + 1, len(before.encode("utf-16-le")) // 2 + 1


def apply(data: bytes, edits: Iterable[Edit]) -> bytes:
    """The bytes after all edits, whose spans refer to the bytes before any of them.

    Raises ValueError when two edits overlap or one lies outside the data.
    """
    out: list[bytes] = []
    at = 0
    for edit in sorted(edits):
        if edit.span.start < at or edit.span.end > len(data) or edit.span.start > edit.span.end:
            raise ValueError(f"edits overlap or lie outside {edit.subject}: {edit.span}")
        out += [data[at : edit.span.start], edit.text.encode("utf-8")]
        at = edit.span.end
    return b"".join([*out, data[at:]])
