"""Where the values of a TOML document stand.

The standard library reads TOML without places, and tomlkit does not tell them either. What is read here is known to be
TOML (tomllib has read it before), so nothing is checked; what is not understood is passed over.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass

_HEADER = re.compile(r"\[\[?[^\n]*?\]\]?[ \t]*(?=#|\r?\n|$)")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_PART = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_KEY = re.compile(rf"((?:{_PART.pattern})(?:[ \t]*\.[ \t]*(?:{_PART.pattern}))*)[ \t]*=[ \t]*")
_REST = re.compile(r"[^#\n]*")
_STRING = re.compile(
    r'''"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*\'''', re.DOTALL
)


@dataclass(frozen=True)
class Text:
    """A string: where it stands with its quotes, what it says, and how that is written between them."""

    start: int
    end: int
    text: str
    raw: str
    raw_start: int


@dataclass(frozen=True)
class Entry:
    """A key with its table's name; its value is a string, the strings of an array (in order), or something else."""

    path: tuple[str, ...]
    start: int
    value: Text | tuple[Text, ...] | None


@dataclass(frozen=True)
class Header:
    """A table's header."""

    path: tuple[str, ...]
    start: int
    end: int


def scan(text: str) -> Iterator[Entry | Header]:
    """The headers and entries of a document, in order; offsets are code points."""
    at, table = 0, tuple[str, ...]()
    while True:
        at = _skip(text, at)
        header = _HEADER.match(text, at)
        if header is not None:
            table = _names(header[0].strip().strip("[]"))
            yield Header(table, at, at + len(header[0].rstrip()))
            at = header.end()
            continue
        key = _KEY.match(text, at)
        if key is None:
            return
        value, end = _value(text, key.end())
        yield Entry((*table, *_names(key[1])), at, value)
        at = end


def strings(text: str) -> Iterator[Text]:
    """Every string in the values of a document."""
    for one in scan(text):
        if isinstance(one, Entry) and isinstance(one.value, Text):
            yield one.value
        elif isinstance(one, Entry) and one.value is not None and not isinstance(one.value, Text):
            yield from one.value


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _names(written: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(written))


def _value(text: str, at: int) -> tuple[Text | tuple[Text, ...] | None, int]:
    """A value and the offset behind it."""
    string = _string(text, at)
    if string is not None:
        return string, string.end
    if text[at : at + 1] not in ("[", "{"):
        end = _REST.match(text, at)
        return None, end.end() if end else at
    found: list[Text] = []
    depth, plain = 0, text[at] == "["
    while at < len(text):
        char = text[at]
        string = _string(text, at)
        if string is not None:
            found.append(string)
            plain = plain and depth == 1
            at = string.end
            continue
        if char == "#":
            at = text.find("\n", at) % (len(text) + 1)  # the end of the text when there is no other line
            continue
        depth += (char in "[{") - (char in "]}")
        plain = plain and char != "{"
        at += 1
        if depth == 0:
            break
    return (tuple(found) if plain else None), at


def _string(text: str, at: int) -> Text | None:
    found = _STRING.match(text, at) if text[at : at + 1] in ('"', "'") else None
    if found is None:
        return None
    written = found[0]
    quotes = 3 if written.startswith(('"""', "'''")) else 1
    raw = written[quotes:-quotes]
    said: str = tomllib.loads(f"x = {written}")["x"]
    return Text(at, found.end(), said, raw, at + quotes)
