"""What was asked of a project's files, while it was asked: what an answer rests on, not yet by value."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Seen:
    """What answers rest on: contents, mere existence, absence, folder listings, refusals.

    `until`: when an answer may become another one although no file changes, in seconds of Unix time. `asked`: paths,
    not all of them normal, of which somebody was told again whether something is there. `told`: facts about the whole
    project, by name. `sought`: in which of some files a text was found.
    """

    read: set[str] = field(default_factory=set)
    found: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    until: set[float] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    told: dict[str, str] = field(default_factory=dict)
    sought: dict[tuple[str, tuple[str, ...]], frozenset[str]] = field(default_factory=dict)


class Records:
    """The records that are open: one of everything, and those of who wants to know what one answer rests on."""

    def __init__(self) -> None:
        self.whole = Seen()
        self._open = [self.whole]

    def __iter__(self) -> Iterator[Seen]:
        return iter(self._open)

    def note(self, what: str, path: str) -> None:
        """Put a path on every open record, in the set of that name."""
        for seen in self._open:
            getattr(seen, what).add(path)

    @contextmanager
    def another(self, *, alone: bool) -> Iterator[Seen]:
        """One more that is open inside the block; `alone`: the only one."""
        seen, before = Seen(), self._open
        self._open = [seen] if alone else [*before, seen]
        try:
            yield seen
        finally:
            self._open = before

    @contextmanager
    def none(self) -> Iterator[None]:
        """None is open inside the block."""
        before, self._open = self._open, []
        try:
            yield
        finally:
            self._open = before
