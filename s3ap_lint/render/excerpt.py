"""The source line under a finding, with carets, aligned in a terminal whatever the line is made of."""

from __future__ import annotations

import unicodedata

from s3ap_lint.diagnostic import Place
from s3ap_lint.render.wording import shown

TAB = "    "
CUT = "…"


def excerpt(place: Place, width: int) -> tuple[str, str]:
    """The place's line, at most `width` columns of it, and the carets that go under it.

    A long line is cut around the place, a place of no width gets one caret, and a place of several
    lines is underlined to the end of its first.
    """
    text = place.excerpt.rstrip()
    start = min(place.column - 1, len(text))
    end = min(place.end_column - 1, len(text)) if place.end_line == place.line else len(text)
    low = max(0, start - width)  # a line may be a whole file; what is further away is cut in any case
    cells = [_cell(char) for char in text[low : start + 2 * width]]
    left, right = _window([size for _, size in cells], start - low, max(start, end) - low, width)
    before = CUT if low + left else ""
    after = CUT if low + right < len(text) else ""
    line = before + "".join(char for char, _ in cells[left:right]) + after
    indent = len(before) + sum(size for _, size in cells[left : start - low])
    carets = sum(size for _, size in cells[start - low : min(end - low, right)])
    return line, " " * indent + "^" * max(1, carets)


def _window(sizes: list[int], start: int, end: int, width: int) -> tuple[int, int]:
    """The cells to show: the place from its start, then as much around it as fits."""
    if sum(sizes) <= width:
        return 0, len(sizes)
    left, right, room = start, start, width - 2 * len(CUT)
    while right < min(end, len(sizes)) and sizes[right] <= room:
        room -= sizes[right]
        right += 1
    while True:
        before = left
        after = right
        if left > 0 and sizes[left - 1] <= room:
            left -= 1
            room -= sizes[left]
        if right < len(sizes) and sizes[right] <= room:
            room -= sizes[right]
            right += 1
        if (before, after) == (left, right):
            return left, right


def _cell(char: str) -> tuple[str, int]:
    """What is shown for a character, and how many columns that takes."""
    if char == "\t":
        return TAB, len(TAB)
    if unicodedata.category(char) in ("Mn", "Me"):
        return char, 0
    if unicodedata.east_asian_width(char) in ("W", "F"):
        return char, 2
    return shown(char), 1
