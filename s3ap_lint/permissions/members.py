"""A member of a call's input, by its path: `Bucket`, `CopySource.Bucket`, `RequestItems[keys]`, `Entries[].Bus`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from s3ap_lint.python.sdk_call import SdkCall
from s3ap_lint.python.worth import ABSENT, UNTOLD, Either, Record, Traced, Worth

_STEP = re.compile(r"\[(?:keys)?\]|[^.\[\]]+")


@dataclass(frozen=True, slots=True)
class Member:
    """What a call gives a member. `given`: True, False, or None where that cannot be told; `texts` that are told."""

    given: bool | None
    texts: tuple[Traced, ...] = ()


def member(call: SdkCall, path: str) -> Member:
    """What a call gives the member of a path."""
    known = call.memo.get(path)
    if not isinstance(known, Member):
        known = call.memo[path] = _member(call, path)
    return known


def is_given(call: SdkCall, path: str) -> bool | None:
    """Whether a call gives the member of a path; None where that cannot be told."""
    found, keys = _values(call, path)
    if keys:
        return True
    return False if not found else True if any(map(_is_given, found)) else None


def _member(call: SdkCall, path: str) -> Member:
    found, keys = _values(call, path)
    if keys:
        return Member(True, tuple(Traced((key,), call.at) for key in sorted(keys)))
    if not found:
        return Member(False)
    texts = tuple(text for one in found for text in call.expand(one))
    return Member(True if any(map(_is_given, found)) else None, texts)


def _values(call: SdkCall, path: str) -> tuple[list[Worth], set[str]]:
    """What stands at the end of a path, or the keys of what stands there."""
    if path in call.keywords:  # a method of a resource fills in the keys of a dictionary
        return [call.keywords[path]], set()
    found: list[Worth] = [Record(call.keywords, call.complete)]
    for step in _steps(path):
        if step == "[keys]":
            return found, {key for one in found if isinstance(one, Record) for key in one.items}
        found = [inner for one in found for inner in _inside(one, step)]
    return found, set()


@lru_cache(maxsize=1024)
def _steps(path: str) -> tuple[str, ...]:
    return tuple(_STEP.findall(path))


def _is_given(value: Worth) -> bool:
    """Whether a value is something for sure; what is added to a dictionary under a test may not be there."""
    return value is not UNTOLD and not (isinstance(value, Either) and ABSENT in value.options)


def _inside(value: Worth, step: str) -> Iterable[Worth]:
    """What a step leads to in a value; nothing where that is not given, UNTOLD where it cannot be told."""
    if isinstance(value, Either):
        found = [inner for one in value.options if one is not ABSENT for inner in _inside(one, step)]
        return [UNTOLD, *found] if ABSENT in value.options else found
    if not isinstance(value, Record):
        return [UNTOLD]
    if step == "[]":
        return value.items.values() if value.complete and value.items else [UNTOLD]
    if step in value.items:
        return [] if value.items[step] is ABSENT else [value.items[step]]
    return [] if value.complete else [UNTOLD]
