"""Names taken out of an import statement, in its own style and with the comments of the names that stay."""

from __future__ import annotations

import ast
import difflib
import re
import warnings
from collections.abc import Collection, Iterator
from typing import Any

from s3ap_lint.model import Edit, Span
from s3ap_lint.python.blocks import removal
from s3ap_lint.source import Source, apply

_BLANK_BEFORE = re.compile(rb"(?:(?<=\n)|\A)(?:[ \t\f]*\r?\n)*\Z")
_BLANK_AFTER = re.compile(rb"(?:[ \t\f]*\r?\n)*")

Gap = Any
"""White space of LibCST, which is imported when somebody looks at a fix."""


def without(source: Source, statement: Span, aliases: Collection[int], *, stand_in: bool) -> tuple[Edit, ...]:
    """The edits that take some names out of an import statement; nothing where that cannot be done."""
    text = source.data[statement.start : statement.end].decode("utf-8")
    parsed = ast.parse(text).body[0]
    if not isinstance(parsed, ast.Import | ast.ImportFrom):
        return ()
    if len(aliases) == len(parsed.names):
        edit = removal(source, statement, stand_in=stand_in)
        made: tuple[Edit, ...] = () if edit is None else (_with_spare_lines(source, edit),)
    else:
        made = tuple(_changes(source.path, statement.start, text, _text_without(text, aliases)))
    return made if made and _parses(apply(source.data, made)) else ()


def _with_spare_lines(source: Source, edit: Edit) -> Edit:
    """A removal that takes blank lines along where there would be more of them together than there were."""
    data, span = source.data, edit.span
    whole = data[span.end - 1 : span.end] == b"\n" and data[max(0, span.start - 1) : span.start] in (b"", b"\n")
    if edit.text or not whole:
        return edit
    before = _BLANK_BEFORE.search(data, source.start, span.start)
    after = _BLANK_AFTER.match(data, span.end)
    lines = after[0].splitlines(keepends=True) if after is not None else []
    if before is not None and before.start() > source.start:
        lines = lines[: before[0].count(b"\n")]
    return Edit(edit.subject, Span(span.start, span.end + sum(map(len, lines))), "")


def _parses(data: bytes) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _text_without(text: str, aliases: Collection[int]) -> str:
    """The statement without some of its names."""
    import libcst as cst

    module = cst.parse_module(text)
    line = module.body[0]
    assert isinstance(line, cst.SimpleStatementLine)
    node = line.body[0]
    if isinstance(node, cst.Import):
        changed: cst.Import | cst.ImportFrom = node.with_changes(names=_names(node.names, aliases)[0])
    else:
        assert isinstance(node, cst.ImportFrom) and not isinstance(node.names, cst.ImportStar)
        names, first, last = _names(node.names, aliases, node)
        changed = node.with_changes(names=names)
        if node.lpar is not None and node.rpar is not None and first is not None and last is not None:
            left = node.lpar.with_changes(whitespace_after=first)
            changed = changed.with_changes(lpar=left, rpar=node.rpar.with_changes(whitespace_before=last))
    return module.with_changes(body=[line.with_changes(body=[changed, *line.body[1:]])]).code


def _names(
    given: Collection[Any], aliases: Collection[int], node: Any | None = None
) -> tuple[list[Any], Gap | None, Gap | None]:
    """The names that stay, and what stands in front of the first and behind the last inside of parentheses."""
    import libcst as cst

    names = list(given)
    paren = node is not None and node.lpar is not None and node.rpar is not None
    none: Gap = cst.SimpleWhitespace("")
    first = node.lpar.whitespace_after if paren and node is not None and node.lpar else none
    last = node.rpar.whitespace_before if paren and node is not None and node.rpar else none
    trailing = isinstance(names[-1].comma, cst.Comma)
    gaps: list[Gap] = [first]
    kept: list[Any] = []
    for index, name in enumerate(names):
        after = name.comma.whitespace_after if isinstance(name.comma, cst.Comma) else last
        if index in aliases:
            gaps[-1] = _joined(gaps[-1], after, at_end=index == len(names) - 1)
        else:
            kept.append(name)
            gaps.append(after)
    for index, name in enumerate(kept):
        if index < len(kept) - 1 or trailing:
            comma = name.comma if isinstance(name.comma, cst.Comma) else cst.Comma()
            kept[index] = name.with_changes(comma=comma.with_changes(whitespace_after=gaps[index + 1]))
        else:
            kept[index] = name.with_changes(comma=cst.MaybeSentinel.DEFAULT)
    return kept, gaps[0] if paren else None, (last if trailing else gaps[-1]) if paren else None


def _joined(before: Gap, after: Gap, *, at_end: bool) -> Gap:
    """What stands between two names when the one between them is gone.

    A comment behind a name that has its line to itself goes with it; any other stays.
    """
    import libcst as cst

    if not isinstance(after, cst.ParenthesizedWhitespace):
        return after if at_end and not _says(before) else before
    if not isinstance(before, cst.ParenthesizedWhitespace):
        return after
    return after.with_changes(first_line=before.first_line, empty_lines=[*before.empty_lines, *after.empty_lines])


def _says(gap: Gap) -> bool:
    """Whether there is a comment."""
    import libcst as cst

    if not isinstance(gap, cst.ParenthesizedWhitespace):
        return False
    return gap.first_line.comment is not None or any(line.comment is not None for line in gap.empty_lines)


def _changes(path: str, start: int, before: str, after: str) -> Iterator[Edit]:
    """The edits that make one text of another, no longer than they must be."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    offsets = [start]
    for line in old:
        offsets.append(offsets[-1] + len(line.encode()))
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            yield _trimmed(path, offsets[a], "".join(old[a:b]), "".join(new[c:d]))


def _trimmed(path: str, start: int, old: str, new: str) -> Edit:
    """One edit without what is the same at its ends."""
    lead = 0
    while lead < min(len(old), len(new)) and old[lead] == new[lead]:
        lead += 1
    tail = 0
    while tail < min(len(old), len(new)) - lead and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    at = start + len(old[:lead].encode())
    return Edit(path, Span(at, at + len(old[lead : len(old) - tail].encode())), new[lead : len(new) - tail])
