"""Edits on TOML that leave every other byte as it is.

tomlkit does the change, because it keeps comments and spacing; what it makes is compared with what was there, and
only the difference is the edit. If more than the item itself differs, or the document then says anything else, there
is none.
"""

from __future__ import annotations

import tomllib
from typing import Any

from s3ap_lint.model import Edit, Span
from s3ap_lint.source import Source, apply


def without_item(source: Source, path: tuple[str, ...], index: int) -> Edit | None:
    """Take an item out of an array."""
    if not source.may_prove():
        return None
    import tomlkit  # slow to load, and needed for fixes only
    from tomlkit.exceptions import TOMLKitError

    before = source.text
    try:
        document: Any = tomlkit.parse(before)
        holder = document
        for key in path[:-1]:
            holder = holder[key]
        gone = str(holder[path[-1]][index])
        del holder[path[-1]][index]
        after = tomlkit.dumps(document)
    except (TOMLKitError, KeyError, IndexError, TypeError):
        return None
    edit = _difference(source, before, after)
    if edit is None or edit.text.strip(", \t\r\n"):
        return None
    cut = source.data[edit.span.start : edit.span.end].decode("utf-8")
    if gone not in cut.replace('\\"', '"') or cut.count("#") > gone.count("#") + 1 or cut.strip().startswith("#"):
        return None
    return edit if _says(source, edit, path, index) else None


def without_text(source: Source, start: int, end: int) -> Edit | None:
    """Take a parameter out of a string of many, with the blank behind it, or else the one before it."""
    if not source.may_prove():
        return None
    text = source.text
    stop = end
    while stop < len(text) and text[stop] in " \t":
        stop += 1
    if stop == end:
        while start > 0 and text[start - 1] in " \t":
            start -= 1
    edit = Edit(source.path, Span(source.byte_offset(start), source.byte_offset(stop)), "")
    try:
        tomllib.loads(apply(source.data, [edit]).decode("utf-8-sig").replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, ValueError):
        return None
    return edit


def _difference(source: Source, before: str, after: str) -> Edit | None:
    """The smallest edit between two texts, which begins and ends where lines do if it can."""
    if before == after:
        return None
    shorter = min(len(before), len(after))
    start = next((i for i in range(shorter) if before[i] != after[i]), shorter)
    tail = 0
    while tail < shorter - start and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    end = len(before) - tail
    cut = end - start
    line = before.rfind("\n", 0, start) + 1
    text = after[start : len(after) - tail]
    whole_lines = not text and line and before[line : line + cut].endswith("\n")
    if whole_lines and before[:line] + before[line + cut :] == after:  # the same, from the first one's beginning
        start, end = line, line + cut
    return Edit(source.path, Span(source.byte_offset(start), source.byte_offset(end)), text)


def _says(source: Source, edit: Edit, path: tuple[str, ...], index: int) -> bool:
    """Whether the edited document says what it said before but for the item."""
    try:
        there = tomllib.loads(source.text.replace("\r\n", "\n"))
        edited = tomllib.loads(apply(source.data, [edit]).decode("utf-8-sig").replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, ValueError):
        return False
    holder: Any = there
    for key in path:
        holder = holder[key]
    del holder[index]
    return there == edited
