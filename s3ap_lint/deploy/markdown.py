"""The fenced commands of a guide, and the comments in it that silence findings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from s3ap_lint.comments import Comment
from s3ap_lint.model import Span
from s3ap_lint.source import Source

_FENCE = re.compile(r"^(?P<indent>[ \t>]*)(?P<mark>`{3,}|~{3,})[ \t]*(?P<language>[\w+-]*)[^\n`]*$", re.MULTILINE)
_SHELLS = frozenset(("", "bash", "sh", "shell", "console", "zsh", "shell-session", "shellscript", "terminal"))
_COMMENT = re.compile(r"<!--(?P<said>[ \t]*s3ap-lint\b[^\n]*?)[ \t]*-->", re.IGNORECASE)


@dataclass(frozen=True)
class Fence:
    """A fenced block: where its content begins and ends (code points), and what it is written in."""

    start: int
    end: int
    language: str

    @property
    def is_shell(self) -> bool:
        return self.language.lower() in _SHELLS


def fences(text: str) -> Iterator[Fence]:
    """The fenced blocks of a guide, in order; one that is never closed goes to the end."""
    at = 0
    while opening := _FENCE.search(text, at):
        start = min(opening.end() + 1, len(text))
        closing = re.compile(rf"^[ \t>]*{opening['mark'][0]}{{{len(opening['mark'])},}}[ \t]*\r?$", re.MULTILINE)
        found = closing.search(text, start)
        end = found.start() if found else len(text)
        yield Fence(start, end, opening["language"])
        at = found.end() if found else len(text)


def comments(source: Source) -> list[Comment]:
    """The HTML comments that name this program, each about the fenced block below it."""
    text, out = source.text, []
    blocks = list(fences(text))
    for found in _COMMENT.finditer(text):
        below = next((block for block in blocks if block.start > found.start()), None)
        if below is None or any(block.start <= found.start() < block.end for block in blocks):
            continue
        scope = Span(source.byte_offset(found.end()), source.byte_offset(below.end))
        said = f"   #{found['said']}"  # as long as what it stands for, so that places in it are right
        out.append(Comment(said, source.byte_offset(found.start()), scope, alone=True))
    return out
