"""`Name=value`, as the command lines of SAM and the AWS CLI take parameters, in words or many in one text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_KEY = re.compile(
    r"(?:^|(?<=[\s\"']))(?:ParameterKey=(?P<key>[^,\s=]+),(?:ParameterValue|(?P<previous>UsePreviousValue))"
    r"|(?P<name>[A-Za-z][A-Za-z0-9]*))="
)
_QUOTES = ('\\"', '"', "'")


@dataclass(frozen=True)
class Pair:
    """One parameter in a text: offsets of the whole, of its name and of its value without quotes."""

    name: str
    value: str
    start: int
    end: int
    name_start: int
    value_start: int
    value_end: int
    keeps: bool = False


def pairs(text: str) -> Iterator[Pair]:
    """The parameters in a text. A value with blanks goes on to the next name; one in quotes to their end."""
    found = _KEY.search(text)
    while found is not None:
        name = found["key"] or found["name"]
        begin = found.start("key") if found["key"] else found.start("name")
        quote = next((one for one in _QUOTES if text.startswith(one, found.end())), "")
        closing = text.find(quote, found.end() + len(quote)) if quote else -1
        if closing != -1:
            start, stop = found.end() + len(quote), closing
            end = closing + len(quote)
            after = _KEY.search(text, end)
        else:
            after = _KEY.search(text, found.end())
            start = found.end()
            stop = end = start + len(text[start : after.start() if after else len(text)].rstrip())
        value = text[start:stop].replace('\\"', '"')
        yield Pair(name, value, found.start(), end, begin, start, stop, bool(found["previous"]))
        found = after
