"""Whether one text with wildcards and holes covers another: yes, perhaps, no.

A grant is a pattern (`*` any characters, `?` one) with holes; what is wanted is a text with holes. A hole is a value
that is only known at deployment, the same wherever its name stands, so `arn:aws:s3:::${Bucket}/*` covers
`arn:aws:s3:::${Bucket}/a` whatever the bucket is called, and perhaps `arn:aws:s3:::logs/a`.

The Ref of a resource stands for a name that CloudFormation makes (the stack's, the logical id, random characters): no
other resource has it, and nobody can write it down beforehand without a wildcard. Who has named a resource puts that
name in the hole's place before asking.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import Enum
from functools import lru_cache

from s3ap_lint.template.values import Filler, Hole, Piece


class Covers(Enum):
    """The three answers."""

    YES = "yes"
    PERHAPS = "perhaps"
    NO = "no"


_WILDCARD = re.compile(r"[*?]")
Pieces = tuple[Piece, ...]
Token = str | Hole
"""One character, or one hole."""


def covers(grant: Iterable[Piece], wanted: Iterable[Piece]) -> Covers:
    """Whether a grant's pattern covers a wanted text, for all values of the holes, for some, or for none."""
    ours, theirs = tuple(grant), tuple(wanted)
    return Covers.NO if _begin_unlike(ours, theirs) else _covers(_tokens(ours), _tokens(theirs))


def _begin_unlike(grant: Pieces, wanted: Pieces) -> bool:
    """Whether two texts differ before the first hole or wildcard, as most do."""
    ours, theirs = grant[0] if grant else "", wanted[0] if wanted else ""
    if isinstance(ours, Hole) or isinstance(theirs, Hole):
        return False
    literal = _WILDCARD.split(ours, 1)[0][: len(theirs)]
    return not theirs.startswith(literal)


@lru_cache(maxsize=8192)
def _covers(grant: tuple[Token, ...], wanted: tuple[Token, ...]) -> Covers:
    if _matches(grant, wanted):
        return Covers.YES
    if not any(isinstance(token, Hole) for token in (*grant, *wanted)):
        return Covers.NO
    loose = _is_loose(grant)
    return Covers.PERHAPS if _may_meet(_opened(grant, True, loose), _opened(wanted, False, loose)) else Covers.NO


def forget() -> None:
    """Let go of answers, and of the functions and arguments whose values the holes in them are."""
    _covers.cache_clear()


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


_ANYTHING, _ANY_ONE, _TEXT = object(), object(), object()
"""What an open place may be: anything, one character, or any text but the name of a resource."""


class _Made:
    """A name that CloudFormation makes, where a pattern can match it by its characters."""

    def __init__(self, hole: Hole) -> None:
        self.hole = hole


def _opened(tokens: Sequence[Token], is_pattern: bool, loose: bool) -> tuple[object, ...]:
    """The tokens with every hole open to what may fill it, and wildcards told from characters that look like them."""
    wild = {"*": _ANYTHING, "?": _ANY_ONE} if is_pattern else {}
    return tuple(
        wild.get(token, token) if isinstance(token, str) else _filling(token, loose and not is_pattern)
        for token in tokens
    )


def _filling(hole: Hole, loose: bool) -> object:
    if hole.filler is Filler.RESOURCE:
        return _Made(hole) if loose else hole
    return _TEXT if hole.filler is Filler.PSEUDO else _ANYTHING


def _is_loose(grant: Iterable[Token]) -> bool:
    """Whether a pattern can match a name without mentioning the resource."""
    closed = (Filler.RESOURCE, Filler.PSEUDO)
    return any(token in ("*", "?") if isinstance(token, str) else token.filler not in closed for token in grant)


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
        if _spans(a):
            todo.append((i + 1, j))
            if b is not None and _takes(a, b):
                todo.append((i, j + 1))
        if _spans(b):
            todo.append((i, j + 1))
            if a is not None and _takes(b, a):
                todo.append((i + 1, j))
        if a is not None and b is not None and (_same(a, b) or _ANY_ONE in (a, b)):
            todo.append((i + 1, j + 1))
    return False


def _spans(token: object) -> bool:
    return token is _ANYTHING or token is _TEXT or isinstance(token, _Made)


def _takes(spanning: object, token: object) -> bool:
    """Whether a part of any length may hold a token: what is only text holds no resource's name."""
    return spanning is _ANYTHING or not isinstance(token, Hole)


def _same(a: object, b: object) -> bool:
    one = a.hole if isinstance(a, _Made) else a
    return one == (b.hole if isinstance(b, _Made) else b)
