"""Ranges of keys, and where to cut one in two. Knows no network: whoever divides brings a way to ask for one key.

Keys are in the order of their UTF-8 bytes, which is the order of their code points, and so of Python's strings. A range
holds the keys after `beyond`, up to and with `until`. A cut is a key too, or could be one: all that is not after it,
and so every version of it, stays on the left. Whatever the cut, each key is in one range; a bad one only costs time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from s3ap_ops.emptying.documents import START, Entry, Page, Position

FirstAfter = Callable[[str], str | None]
_LONGEST_KEY = 1024  # bytes; S3 refuses a longer marker
_TRIES = 3  # to find a cut nearer to the middle: each costs a request
_SURROGATES = 0xD800, 0xE000
_CLASSES = (("0", "9"), ("A", "Z"), ("a", "z"))
_WIDTH = 16  # how many characters are thought to follow one that is in no class


@dataclass(slots=True, eq=False)
class Range:
    """What one lister still has to list. `taken` and `cut` may be called by different threads; one cuts at a time."""

    position: Position = START
    beyond: str = ""
    until: str | None = None
    reach: str | None = None
    """Nothing was there after this key when it was last asked: a hint, which decides nothing."""
    key: str = ""
    """The last key seen, or the first one known to come."""
    depth: int = 0
    """How many characters of `key` may be changed to reach something that is worth a lister."""
    cuts: int = 0
    """How often this range, or one that it comes from, was cut: the less often, the more may be left in it."""
    promising: bool = False
    """Whether something is known of it that was not known when a cut was last looked for in vain."""
    busy: bool = False
    """Whether somebody looks for a cut."""
    done: bool = False
    stuck: bool = False
    """Whether it is done because a page led no further."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def taken(self, page: Page) -> tuple[tuple[Entry, ...], bool]:
        """The entries of the next page that are in this range, and whether more pages follow."""
        with self._lock:
            until = self.until
            self.stuck = page.after == self.position
            more = page.after is not None and not self.stuck and (until is None or page.after.key <= until)
            if page.after is not None:
                self.position = page.after
            if page.entries:
                first, last = page.entries[0].key, max(entry.key for entry in page.entries)
                self.key, self.depth, self.promising = last, min(common(first, last) + 1, len(last)), True
            self.done = not more
            return tuple(
                entry for entry in page.entries if entry.key > self.beyond and (until is None or entry.key <= until)
            ), more

    def cut(self, marker: str, following: str) -> Range | None:
        """A range of the keys after the marker, which this one gives up; None when it has come too far for that."""
        with self._lock:
            too_far = self.until is not None and marker >= self.until
            if self.done or too_far or marker <= max(self.position.key, self.beyond):
                return None
            self.cuts += 1
            right = Range(
                Position(marker, ""), marker, self.until, self.reach, following, self.depth, self.cuts, promising=True
            )
            self.until = self.reach = marker
            return right

    def divide(self, first_after: FirstAfter) -> Range | None:
        """A range cut off this one, or None when nothing is found that is worth it. Asks for a few single keys.

        The last key seen is cut short and its last character replaced by the next one: the first key after that lies
        beyond everything that begins alike. The shortest such beginning that has something after it is where the keys
        part for the first time; there a cut between the parts is looked for, as near to the middle as some tries tell.
        """
        asked = _Asked(self, first_after)
        key, shortest, longest = self.key, asked.shared(self.key), self.depth
        found: tuple[str, str] | None = None
        while shortest <= longest:
            middle = (shortest + longest) // 2
            marker = past(key[:middle])
            following = asked(marker) if marker else None
            if marker and following:
                found, longest = (marker, following), middle - 1
            else:
                shortest = middle + 1
        if found is None:
            return None
        marker, following = _nearer_the_middle(asked, *found)
        return self.cut(marker, following)


@dataclass(slots=True)
class _Asked:
    """Asks for single keys of a range, and remembers how far it reaches."""

    range: Range
    first_after: FirstAfter

    def __call__(self, marker: str) -> str | None:
        """The first key of the range after the marker; a marker that S3 could not take has none."""
        reach = self.range.reach
        if (reach is not None and marker >= reach) or len(marker.encode()) > _LONGEST_KEY:
            return None
        following = self.first_after(marker)
        until = self.range.until
        if following is not None and (until is None or following <= until):
            return following
        if self.range.reach is None or marker < self.range.reach:
            self.range.reach = marker
        return None

    def shared(self, key: str) -> int:
        """How long a beginning of the key must at least be, to be left before the range ends."""
        return 1 if self.range.reach is None else common(key, self.range.reach) + 1


def _nearer_the_middle(asked: _Asked, marker: str, following: str) -> tuple[str, str]:
    """A cut behind the marker that still has something after it, with the first key there; else the marker itself."""
    stem, place = marker[:-1], len(marker) - 1
    if not following.startswith(stem) or len(following) <= place:
        return marker, following
    low = ord(following[place])
    high = _class_end(low)
    for _ in range(_TRIES):
        reach = asked.range.reach
        if reach is not None and reach.startswith(stem) and len(reach) > place:
            high = min(high, ord(reach[place]))
        middle = (low + high + 1) // 2
        if middle <= low or _SURROGATES[0] <= middle < _SURROGATES[1]:
            break
        candidate = stem + chr(middle)
        found = asked(candidate)
        if found is not None:
            return candidate, found
        high = middle - 1
    return marker, following


def past(beginning: str) -> str:
    """The least key after all that begin so, empty when there is none: `data/1` for `data/0`."""
    code = ord(beginning[-1]) + 1 if beginning else 0x110000
    if code == _SURROGATES[0]:
        code = _SURROGATES[1]
    return "" if code > 0x10FFFF else beginning[:-1] + chr(code)


def common(one: str, other: str) -> int:
    """How many characters two keys begin with together."""
    for index, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return index
    return min(len(one), len(other))


def _class_end(code: int) -> int:
    """The last character that is likely to stand where this one does: a 9 for a digit, a z for a letter."""
    for first, last in _CLASSES:
        if ord(first) <= code <= ord(last):
            return ord(last)
    return min(code + _WIDTH, 0x10FFFF)
