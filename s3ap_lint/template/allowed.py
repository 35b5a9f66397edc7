"""Whether a parameter's AllowedPattern admits a value, tried only where that cannot take for ever.

Such a pattern is Java's, somebody else's, and may be one on which trying takes twice as long for each letter more.
"""

from __future__ import annotations

import re
from functools import lru_cache
from math import comb

MOST_TRIES = 5_000_000
"""Ways to match that are tried at most: a few tenths of a second."""

_TOKEN = re.compile(r"\\.|\(\?(?:[:=!>]|<[=!])|\[\^?\]?(?:\\.|[^\\\]])*\]|\{\d*,?\d*\}|.", re.DOTALL)
_OPEN = re.compile(r"[*+]|\{\d*,\d*\}")


def admitted(pattern: str, value: str, *, anywhere: bool = False) -> bool | None:
    """Whether a value, or with `anywhere` a part of it, may match a pattern; None where that is not tried."""
    if _ways(pattern, len(value)) > MOST_TRIES:
        return None
    try:
        return (re.search if anywhere else re.fullmatch)(pattern, value) is not None
    except (re.error, OverflowError, RecursionError):  # a Java pattern that Python does not know
        return True


def is_known(pattern: str, value: str) -> bool:
    """Whether it can be told if a pattern admits a value: it is short enough to try, and Python knows it too."""
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return False
    return _ways(pattern, len(value)) <= MOST_TRIES


def _ways(pattern: str, letters: int) -> int:
    """How many ways to match so many letters there may be, at the worst."""
    repeats, nested = _repeats(pattern)
    return 2**letters if nested else comb(letters + repeats, repeats)


@lru_cache(maxsize=1024)
def _repeats(pattern: str) -> tuple[int, bool]:
    """How many parts of a pattern may repeat, and whether one that does holds a choice: another such part, or a `|`."""
    count, nested = 0, False
    choices = [False]
    closed = False  # whether the last token ended a group with a choice
    for token in _TOKEN.findall(pattern):
        if token == ")" and len(choices) > 1:
            closed = choices.pop()
            choices[-1] |= closed
            continue
        if token.startswith("("):
            choices.append(False)
        elif _OPEN.fullmatch(token):
            count += 1
            nested |= closed
            choices[-1] = True
        elif token in ("|", "?"):
            choices[-1] = True
        elif closed and token.startswith("{"):
            count += int(token[1:-1])
        closed = False
    return count, nested
