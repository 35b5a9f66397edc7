"""The comments of YAML and Python text, and the lines that each is about."""

from __future__ import annotations

import io
import re
import tokenize
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from s3ap_lint.model import Span
from s3ap_lint.source import Source


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment from its `#` on, where it begins, and what it is about.

    Behind something it is about that line; alone on its line, about the next line that is neither blank nor
    a comment, if there is one. A text of several lines that begins on that line belongs to it.
    """

    text: str
    start: int
    scope: Span
    alone: bool

    def span(self, start: int = 0, end: int | None = None) -> Span:
        """The bytes of a part of the text."""
        first = self.start + len(self.text[:start].encode("utf-8"))
        return Span(first, first + len(self.text[start:end].encode("utf-8")))


def lines(source: Source, first: int, last: int) -> Span:
    """The bytes of some lines with their endings; of the last line of a file, also the place behind it."""
    end = source.line_start(last + 1)
    return Span(source.line_start(first), end + 1 if end == len(source.data) else end)


@dataclass
class _Placed:
    """Comments in the order they are met; those above something wait until it comes."""

    done: list[Comment] = field(default_factory=list)
    waiting: list[tuple[str, int]] = field(default_factory=list)

    def alone(self, text: str, start: int) -> None:
        self.waiting.append((text, start))

    def behind(self, found: Iterable[tuple[str, int]], scope: Span) -> None:
        """Something that is no comment, and the comments behind it."""
        self.done += [Comment(text, start, scope, alone=True) for text, start in self.waiting]
        self.waiting = []
        self.done += [Comment(text, start, scope, alone=False) for text, start in found]

    def end(self) -> list[Comment]:
        """All comments; the last ones may have nothing below them."""
        return self.done + [Comment(text, start, Span(start, start), alone=True) for text, start in self.waiting]


def yaml_comments(source: Source, scalars: Iterable[Span]) -> list[Comment]:
    """The comments of a YAML file, given the spans of its quoted and block scalars."""
    texts, placed = _Texts(source, scalars), _Placed()
    for line in range(1, source.lines + 1):
        start = source.line_start(line)
        raw = source.data[start : source.line_start(line + 1)].rstrip(b"\r\n")
        at = next((i for i in _hashes(raw) if not texts.hold(start + i)), len(raw))
        comments = [(raw[at:].decode("utf-8", "replace"), start + at)] if at < len(raw) else []
        if raw[:at].strip():
            placed.behind(comments, texts.grown(lines(source, line, line)))
        elif comments:
            placed.alone(*comments[0])
    return placed.end()


def _hashes(raw: bytes) -> Iterator[int]:
    """Where in a line a comment may begin: at each `#` at its start or behind white space."""
    at = raw.find(b"#")
    while at != -1:
        if at == 0 or raw[at - 1] in b" \t":
            yield at
        at = raw.find(b"#", at + 1)


_BLOCK_HEADER = re.compile(rb"(?:[!&]\S*[ \t]+)*[|>][^\n]*")


class _Texts:
    """The parts of a YAML file in which a `#` is text."""

    def __init__(self, source: Source, scalars: Iterable[Span]) -> None:
        self.scalars = sorted(set(scalars))
        self.starts = [span.start for span in self.scalars]
        self.source = source

    def hold(self, offset: int) -> bool:
        """Whether a place lies in a text; what stands behind `|` on its line does not."""
        i = bisect_right(self.starts, offset) - 1
        if i < 0 or offset >= self.scalars[i].end:
            return False
        header = _BLOCK_HEADER.match(self.source.data, self.scalars[i].start)
        return header is None or offset >= header.end()

    def grown(self, line: Span) -> Span:
        """A line, and the rest of a text that begins on it."""
        first = bisect_right(self.starts, line.start - 1)
        last = bisect_right(self.starts, line.end - 1)
        return Span(line.start, max([line.end, *(span.end for span in self.scalars[first:last])]))


_NO_CODE = frozenset(
    {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
)


def python_comments(source: Source) -> list[Comment]:
    """The comments of a Python file, as far as it is Python.

    As in flake8, lines that a string or a backslash joins count as one, lines that brackets join do not. An import
    is the exception: what stands behind its first line is about all of it, because its names are reported each
    on its own line here.
    """
    placed = _Placed()
    comments: list[tuple[str, int]] = []
    imported: list[tuple[list[tuple[str, int]], int, int]] = []  # the lines so far of an import that is still open
    first = last = 0
    statement = ""
    for token in _tokens(source):
        if token.type == tokenize.COMMENT:
            line, column = token.start
            comments.append((token.string, source.offset_at_code_point(line, column + 1)))
        elif token.type not in _NO_CODE:
            first, last = first or token.start[0], token.end[0]
            statement = statement or token.string
        elif token.type in (tokenize.NL, tokenize.NEWLINE):
            if statement in ("from", "import") and (token.type == tokenize.NL or imported):
                imported.append((comments, first or token.start[0], last or token.start[0]))
                if token.type == tokenize.NEWLINE:
                    for index, (found, begin, end) in enumerate(imported):
                        placed.behind(found, lines(source, begin, end if index else imported[-1][2]))
                    imported = []
            elif first:
                placed.behind(comments, lines(source, first, last))
            elif comments:
                placed.alone(*comments[0])
            comments, first, last = [], 0, 0
            statement = "" if token.type == tokenize.NEWLINE else statement
    return placed.end()


def _tokens(source: Source) -> Iterator[tokenize.TokenInfo]:
    try:
        yield from tokenize.generate_tokens(io.StringIO(source.text).readline)
    except (tokenize.TokenError, SyntaxError):
        return
