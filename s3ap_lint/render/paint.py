"""Colors of a terminal, by the numbers that its escape sequence takes: "1;31" is bold and red."""

from __future__ import annotations

from collections.abc import Callable

BOLD, FAINT, UNDERLINED = "1", "2", "4"

Paint = Callable[[str, str], str]
"""From a color and a text to the text as it is printed."""


def painter(color: bool) -> Paint:
    """What puts text into colors, or leaves it as it is."""
    return colored if color else _plain


def colored(color: str, text: str) -> str:
    """The text in a color, and what follows in none."""
    return f"\x1b[{color}m{text}\x1b[0m"


def _plain(_color: str, text: str) -> str:
    return text
