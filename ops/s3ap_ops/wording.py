"""Numbers and lists in words."""

from __future__ import annotations

import re
from collections.abc import Sequence


def count(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: "1 version", "3 versions", "1,204 queries"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listed(names: Sequence[str], most: int = 3) -> str:
    """Names in a sentence, the first few of many: "A, B and C", "A, B, C and 4 more"."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def size(number: int) -> str:
    """Bytes as people say them: "412 B", "3.4 GB" (powers of 1,000)."""
    value = float(number)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return ""


_BOILERPLATE = re.compile(r"\s*\((?:Service: [^()]*|RequestToken: [^()]*)\)|Resource handler returned message: ")


def reason(text: str) -> str:
    """What CloudFormation says of a failure, without the tokens and handlers around it."""
    return " ".join(_BOILERPLATE.sub("", text).replace('"', "").split())


_SECRET = re.compile(r"/Environment/Variables/|password|secret|token|credential|privatekey", re.IGNORECASE)
"""Paths of properties whose values are nobody's business: they may hold what opens something."""

LONGEST = 60
"""Characters of a property's value that are shown."""


def value(path: str, text: str) -> str:
    """A property's value for people and logs, by its path, such as "/Timeout": in one line, and not if it may be a
    secret."""
    if _SECRET.search(path):
        return "a value that is not shown"
    text = " ".join(text.split())
    return f"{text[:LONGEST]}…" if len(text) > LONGEST else text or '""'
