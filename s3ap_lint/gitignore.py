"""The pattern language of .gitignore files, as git reads it.

A pattern is asked about one entry at a time and never matches for the sake of a folder above it: what
lies in an ignored folder is left out because nobody goes there. That keeps the rule "the last
pattern that matches decides" exact where files at several levels have a say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

_MAGIC = re.compile(r"[*?\[\\]")
_CLASSES = {
    "alnum": "a-zA-Z0-9", "alpha": "a-zA-Z", "blank": r" \t", "cntrl": r"\x00-\x1f\x7f", "digit": "0-9",
    "graph": r"\x21-\x7e", "lower": "a-z", "print": r"\x20-\x7e", "punct": r"!-/:-@\[-`{-~", "space": r"\s",
    "upper": "A-Z", "xdigit": "0-9a-fA-F",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line: whether it takes back, asks for a folder, looks at the name only, and what it matches."""

    takes_back: bool
    folders_only: bool
    name_only: bool
    matches: Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Patterns:
    """The patterns of one file, the last first."""

    patterns: tuple[Pattern, ...]

    def verdict(self, path: str, name: str, *, is_folder: bool) -> bool | None:
        """True to leave an entry out, False to keep it, None if no pattern matches; `path` is relative to the file."""
        for pattern in self.patterns:
            if (is_folder or not pattern.folders_only) and pattern.matches(name if pattern.name_only else path):
                return not pattern.takes_back
        return None


def parsed(lines: Iterable[str]) -> Patterns:
    """The patterns in the lines of a file; lines that mean nothing are left out."""
    found = [pattern for line in lines if (pattern := pattern_of(line)) is not None]
    return Patterns(tuple(reversed(found)))


def pattern_of(line: str) -> Pattern | None:
    """The pattern in a line; None for a comment, a blank line, and what can match nothing."""
    text = _trimmed(line)
    if not text or text.startswith("#"):
        return None
    takes_back = text.startswith("!")
    text = text.removeprefix("!")
    folders_only = text.endswith("/")
    text = text.removesuffix("/")
    name_only = "/" not in text
    text = text.removeprefix("/")
    matches = _matcher(text, name_only=name_only)
    return None if matches is None else Pattern(takes_back, folders_only, name_only, matches)


def names(pattern: str, path: str) -> bool:
    """Whether a single pattern means a file or a folder above it."""
    one = _one(pattern)
    if one is None:
        return False
    above = ""
    for name in path.split("/"):
        above = f"{above}/{name}" if above else name
        if Patterns((one,)).verdict(above, name, is_folder=above != path) is not None:
            return True
    return False


_one = lru_cache(maxsize=256)(pattern_of)


def _trimmed(line: str) -> str:
    """A line without its ending and the spaces at its end that are not escaped."""
    line = line.rstrip("\r\n")
    bare = line.rstrip(" ")
    escapes = len(bare) - len(bare.rstrip("\\"))
    return bare + " " if escapes % 2 and bare != line else bare


def _matcher(text: str, *, name_only: bool) -> Callable[[str], object] | None:
    if not text:
        return None
    if not _MAGIC.search(text):
        return text.__eq__
    if name_only and text[0] == "*" and not _MAGIC.search(text, 1):
        ending = text[1:]
        return lambda name: name.endswith(ending)
    expression = _translated(text, name_only=name_only)
    return None if expression is None else re.compile(expression, re.DOTALL).fullmatch


_STAR, _FOLDERS, _REST = "[^/]*", "(?:.*/)?", ".*"


def _translated(text: str, *, name_only: bool) -> str | None:
    """A pattern as a regular expression, or None if it can match nothing."""
    out: list[str] = []
    at, end = 0, len(text)
    while at < end:
        char = text[at]
        if char == "*":
            stars = at
            while at < end and text[at] == "*":
                at += 1
            between = (stars == 0 or text[stars - 1] == "/") and (at == end or text[at] == "/")
            if name_only or at - stars == 1 or not between:
                out.append(_STAR)
            elif at == end:
                out.append(_REST)
            else:
                out.append(_FOLDERS)
                at += 1
        elif char == "?":
            out.append("[^/]")
            at += 1
        elif char == "[":
            one, at = _one_of(text, at)
            if one is None:
                return None
            out.append(one)
        elif char == "\\":
            if at + 1 == end:
                return None
            out.append(re.escape(text[at + 1]))
            at += 2
        else:
            out.append(re.escape(char))
            at += 1
    return _joined(out)


def _joined(tokens: list[str]) -> str:
    """The tokens as one expression that never tries a wildcard again once what follows it has matched.

    What stands between two wildcards of a kind may as well match where it first can, so only the last
    wildcard of each kind is tried further; otherwise a hostile pattern would take for ever.
    """
    first, *others = _split(tokens, _FOLDERS)
    others = [part for part in others[:-1] if part] + others[-1:]
    out = _levels(first)
    for part in others[:-1]:
        out += f"(?>(?:.*?/)??{_levels(part)})"
    return out + "".join(_FOLDERS + _levels(part) for part in others[-1:])


def _levels(tokens: list[str]) -> str:
    """The tokens of some whole levels of a path, between two `**`."""
    return "/".join(_level(level) for level in _split(tokens, "/"))


def _level(tokens: list[str]) -> str:
    first, *others = ("".join(part) for part in _split(tokens, _STAR))
    middle = "".join(f"(?>{_STAR}?{part})" for part in others[:-1])
    return first + middle + "".join(_STAR + part for part in others[-1:])


def _split(tokens: list[str], separator: str) -> list[list[str]]:
    out: list[list[str]] = [[]]
    for token in tokens:
        if token == separator:
            out.append([])
        else:
            out[-1].append(token)
    return out


def _one_of(text: str, start: int) -> tuple[str | None, int]:
    """What stands in brackets as a regular expression, and where it ends; None if they are not closed."""
    at = start + 1
    negated = text[at : at + 1] in ("!", "^")
    at += negated
    parts: list[str] = []
    first = at
    while at < len(text) and (text[at] != "]" or at == first):
        known = re.compile(r"\[:(\w*):\]").match(text, at)
        if known:
            if known[1] not in _CLASSES:
                return None, len(text)
            parts.append(_CLASSES[known[1]])
            at = known.end()
            continue
        low, at = _unescaped(text, at)
        if text[at : at + 1] == "-" and text[at + 1 : at + 2] not in ("", "]"):
            high, at = _unescaped(text, at + 1)
            if low <= high:
                parts.append(f"{re.escape(low)}-{re.escape(high)}")
        else:
            parts.append(re.escape(low))
    if at >= len(text):
        return None, at
    chosen = "".join(parts)
    if negated:
        return f"[^/{chosen}]", at + 1
    return (f"(?!/)[{chosen}]" if chosen else "(?!)"), at + 1


def _unescaped(text: str, at: int) -> tuple[str, int]:
    if text[at] == "\\" and at + 1 < len(text):
        return text[at + 1], at + 2
    return text[at], at + 1
