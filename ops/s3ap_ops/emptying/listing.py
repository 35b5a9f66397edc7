"""Several listers over one bucket: each lists a range of keys, and one that has nothing to do takes half of another's.

A second lister starts only where listing is what the rest waits for. Whether it is, the caller says (`hungry`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from s3ap_ops.emptying.documents import Entry, Page, Position
from s3ap_ops.emptying.ranges import Range
from s3ap_ops.emptying.wire import Rejected, Unanswered, Wire

_POLL = 0.1  # seconds between two looks at a stop, when nothing else happens
Patiently = Callable[[Callable[[], Page]], Page]


class Listing:
    """Every version of a bucket, each told to `deliver` once, by as many threads as call `work`.

    `deliver` returns False to end the listing. `patiently` makes a request again that fails; one for a single key is
    not made again. `throttled` is told of one that S3 would rather not have had; none is asked after that.
    """

    def __init__(
        self,
        wire: Wire,
        patiently: Patiently,
        deliver: Callable[[tuple[Entry, ...]], bool],
        hungry: Callable[[], bool],
        halted: Callable[[], bool],
        throttled: Callable[[], object] = lambda: None,
    ) -> None:
        self._wire = wire
        self._patiently = patiently
        self._deliver = deliver
        self._hungry = hungry
        self._halted = halted
        self._throttled = throttled
        self.complete = True
        """False when a page led no further, so that something may be left out."""
        self._changed = threading.Condition()
        self._waiting = [Range()]
        self._open: list[Range] = []
        self._looking = 0
        self._ended = False
        self._dividing = True

    def begin(self, page: Page) -> bool:
        """Delivers a first page that was asked for already; returns whether there is more."""
        entries, more = self._waiting[0].taken(page)
        if not more:
            self.complete = not self._waiting.pop().stuck
        return self._deliver(entries) and more

    def work(self) -> None:
        """Lists until nothing is left to list, here or in another thread; raises what a page failed with at last."""
        try:
            while (mine := self._next()) is not None:
                self._list(mine)
                with self._changed:
                    self._open.remove(mine)
                    self.complete = self.complete and not mine.stuck
                    self._changed.notify_all()
        except BaseException:
            self._end()
            raise

    def _list(self, mine: Range) -> None:
        more = True
        while more and not self._over():
            page = self._patiently(partial(self._wire.list_versions, mine.position))
            entries, more = mine.taken(page)
            if entries and not self._deliver(entries):
                self._end()
            with self._changed:
                self._changed.notify_all()

    def _next(self) -> Range | None:
        """A range to list: one that waits, or a part of another's. None when all is listed, or the run is halted."""
        while not self._over():
            with self._changed:
                if self._waiting:
                    self._open.append(self._waiting.pop())
                    return self._open[-1]
                if not self._open and not self._looking:
                    return None
                victim = self._divisible()
                if victim is None:
                    self._changed.wait(_POLL)
                    continue
                victim.busy, victim.promising = True, False
                self._looking += 1
            part = self._divided(victim)
            with self._changed:
                victim.busy = False
                self._looking -= 1
                if part is not None:
                    victim.promising = True
                    self._waiting.append(part)
                self._changed.notify_all()
        return None

    def _divisible(self) -> Range | None:
        """The range that is likely to hold most of what is left, if the rest waits for listings."""
        able = [one for one in self._open if one.promising and not one.busy]
        if not able or not self._dividing or not self._hungry():
            return None
        return min(able, key=lambda one: one.cuts)

    def _divided(self, victim: Range) -> Range | None:
        try:
            return victim.divide(self._first_after)
        except Rejected as failure:
            if failure.throttled:
                self._throttled()
                self._dividing = False
        except Unanswered:
            pass  # a lister that has to ask the same will say what is wrong
        return None

    def _first_after(self, marker: str) -> str | None:
        page = self._wire.list_versions(Position(marker, ""), 1)
        return page.entries[0].key if page.entries else None

    def _over(self) -> bool:
        return self._ended or self._halted()

    def _end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()
