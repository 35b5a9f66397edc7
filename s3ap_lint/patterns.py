"""Whether one text with wildcards and holes covers another: yes, perhaps, no.

A grant is a pattern (`*` any characters, `?` one) with holes; what is wanted is a text with holes. A hole is a value
that is only known at deployment, the same wherever its name stands, so `arn:aws:s3:::${Bucket}/*` covers
`arn:aws:s3:::${Bucket}/a` whatever the bucket is called, and perhaps `arn:aws:s3:::logs/a`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from functools import lru_cache

from s3ap_lint.template.values import Hole, Piece


class Covers(Enum):
    """The three answers."""

    YES = "yes"
    PERHAPS = "perhaps"
    NO = "no"


Token = str | Hole
"""One character, or one hole."""


def covers(grant: Iterable[Piece], wanted: Iterable[Piece]) -> Covers:
    """Whether a grant's pattern covers a wanted text, for all values of the holes, for some, or for none."""
    return _covers(_tokens(grant), _tokens(wanted))


@lru_cache(maxsize=8192)
def _covers(grant: tuple[Token, ...], wanted: tuple[Token, ...]) -> Covers:
    if _matches(grant, wanted):
        return Covers.YES
    if not any(isinstance(token, Hole) for token in (*grant, *wanted)):
        return Covers.NO
    return Covers.PERHAPS if _may_meet(_opened(grant, True), _opened(wanted, False)) else Covers.NO


def _tokens(pieces: Iterable[Piece]) -> tuple[Token, ...]:
    return tuple(token for piece in pieces for token in ((piece,) if isinstance(piece, Hole) else piece))


def _matches(pattern: Sequence[Token], text: Sequence[Token]) -> bool:
    """A glob over tokens: a hole stands for itself, `*` for anything, `?` for a character but not for a hole."""
    states = {0}
    for token in (*text, None):
        states = _spread(states, pattern)
        if token is None:
            return len(pattern) in states
        states = {
            at if pattern[at] == "*" else at + 1
            for at in states
            if at < len(pattern) and (pattern[at] == "*" or pattern[at] == token or _one(pattern[at], token))
        }
    return False


def _one(pattern: Token, token: Token) -> bool:
    return pattern == "?" and isinstance(token, str)


def _spread(states: set[int], pattern: Sequence[Token]) -> set[int]:
    """The states that are reached without consuming anything: behind every `*`."""
    out = set(states)
    for at in states:
        while at < len(pattern) and pattern[at] == "*":
            at += 1
            out.add(at)
    return out


_ANYTHING, _ANY_ONE = object(), object()


def _opened(tokens: Iterable[Token], is_pattern: bool) -> tuple[object, ...]:
    """The tokens with every hole open to any text, and wildcards told from characters that look like them."""
    wild = {"*": _ANYTHING, "?": _ANY_ONE} if is_pattern else {}
    return tuple(_ANYTHING if isinstance(token, Hole) else wild.get(token, token) for token in tokens)


def _may_meet(left: tuple[object, ...], right: tuple[object, ...]) -> bool:
    """Whether some text matches both sides, each of them with parts that match anything."""
    seen: set[tuple[int, int]] = set()
    todo = [(0, 0)]
    while todo:
        i, j = state = todo.pop()
        if state in seen:
            continue
        seen.add(state)
        if i == len(left) and j == len(right):
            return True
        a = left[i] if i < len(left) else None
        b = right[j] if j < len(right) else None
        if a is _ANYTHING:
            todo.append((i + 1, j))
            if b is not None:
                todo.append((i, j + 1))
        if b is _ANYTHING:
            todo.append((i, j + 1))
            if a is not None:
                todo.append((i + 1, j))
        if a is not None and b is not None and (a == b or _ANY_ONE in (a, b)):
            todo.append((i + 1, j + 1))
    return False
