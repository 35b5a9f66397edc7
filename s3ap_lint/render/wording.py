"""How every format names things: paths, scenarios, counts, and text that is safe to print on one line."""

from __future__ import annotations

import os
import posixpath
import re
import textwrap
import unicodedata
from collections.abc import Callable

from s3ap_lint.diagnostic import AddedIgnore, Diagnostic
from s3ap_lint.model import Scenario

Seen = Callable[[str], str]
"""From a path below the project root to the path that a format shows."""

_NAMED_SUBJECT = re.compile(r"[a-z][a-z0-9+.-]+:(?!/)")  # "stack:uc1@ap-northeast-1" is no file
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # control and format characters rewrite a terminal, or hide code


def is_file(path: str) -> bool:
    """Whether a subject is a path rather than a name such as "stack:uc1@ap-northeast-1"."""
    return _NAMED_SUBJECT.match(path) is None


def relative_to(base: str, root: str) -> Seen:
    """A function from a path below `root` to the same path as seen from `base`, with forward slashes."""
    start, top = (text.replace(os.sep, "/") for text in (base, root))

    def seen(path: str) -> str:
        if not is_file(path):
            return path
        whole = posixpath.join(top, path)
        if whole[:1] != "/" and whole[:2] != start[:2]:  # on Windows, another drive
            return whole
        return posixpath.relpath(whole, start)

    return seen


def when(scenario: Scenario | None) -> str:
    """The scenario as a clause, "when HasName is false (the default)", or nothing."""
    text = one_line(scenario.text) if scenario else ""
    return text if not text or text.startswith("when ") else f"when {text}"


def sentence(diagnostic: Diagnostic) -> str:
    """Message and scenario on one line, for formats that have no place of their own for a scenario."""
    message = one_line(diagnostic.message) or one_line(diagnostic.name) or diagnostic.code
    clause = when(diagnostic.scenario)
    return message if clause in message else f"{message}, {clause}"


def silenced(ignore: AddedIgnore) -> str:
    """What an ignore silences, where and why: "comment S3AP302 in handler: it is set by hand"."""
    what = f" in {ignore.what}" if ignore.what else ""
    code = "" if ignore.form == "configuration" and not ignore.code else f" {ignore.code or 'of all codes'}"
    return one_line(f"{ignore.form}{code}{what}: {ignore.reason or 'no reason given'}")


def one_line(text: str) -> str:
    """The text on one line, with nothing in it that moves a cursor."""
    return "".join(map(shown, " ".join(text.split())))


def wrapped(text: str, width: int, first: str, rest: str) -> list[str]:
    """The text in lines of at most `width` characters, if its words allow; `first` and `rest` begin the lines."""
    return textwrap.wrap(
        one_line(text), width, initial_indent=first, subsequent_indent=rest, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def shown(char: str) -> str:
    """The character, or a replacement when a terminal would obey it instead of showing it."""
    return "\N{REPLACEMENT CHARACTER}" if unicodedata.category(char) in _UNPRINTABLE else char


def count(number: int, noun: str) -> str:
    """ "1 error", "2 errors", "1,200 errors"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def listed(items: list[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))
