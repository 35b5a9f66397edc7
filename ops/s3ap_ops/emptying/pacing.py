"""How fast a bucket is emptied: requests under way, and keys a second, grow while S3 bears them and shrink when not.

S3 bears at least 3,500 deletions a second in one partition of keys; a batch of 1,000 counts as 1,000. One rate holds
for all that is under way, because nobody outside S3 can tell where its partitions end. A run begins just below that
figure, which is safe everywhere, with the keys of its first second at once, and doubles with every request that is
served. How far it overshoots matters little: after that requests are spaced evenly, and the first throttled one sends
it back. It does not try again for a minute, then two, then four, and then gently. Why so: docs/decisions/emptying.md.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass

BATCH = 1000
_SLICE = 0.25  # the longest time in seconds before a stop is noticed
_AT_ONCE = 4  # requests under way at first: enough for the sure rate when a batch takes a second
_SLACK = 0.5  # keys: what a clock's rounding may take from a full bucket
_SLOWDOWN = 0.7
_RECOVERY = 0.01  # of the sure rate, per clean window: slow, because every try too many is a throttled request
_SLOWEST = 0.03  # of the sure rate
_BOLD = 2.0  # with every request served, until the first throttled one: what too much costs does not grow with it
_STEADY = 4  # requests served at one rate before a higher one is tried again
_GENTLE = 1.1
_HOLD = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Pace:
    """The limits of a run: keys a second, deletions at once, listers, seconds of quiet when throttled, tries, patience.

    `keys_per_second` is the rate to begin with and to fall back to, `most_keys_per_second` the one that is never
    exceeded; give both the same value for a run that tries nothing. Patience is how many seconds a run may be
    throttled without deleting anything before it gives up.
    """

    keys_per_second: float = 3400.0
    most_keys_per_second: float = 28_000.0
    most_in_flight: int = 12
    listers: int = 3
    quiet: float = 1.0
    longest_quiet: float = 32.0
    attempts: int = 8
    patience: float = 900.0


class Pacer:
    """Says when the next request may start. Knows no threads and no clock: every call brings the time in seconds."""

    def __init__(self, pace: Pace, now: float) -> None:
        self.limit = min(_AT_ONCE, pace.most_in_flight)
        self.rate = min(pace.keys_per_second, pace.most_keys_per_second)
        self.in_flight = 0
        self._pace = pace
        tries_more = self.rate < pace.most_keys_per_second
        self._tokens = max(float(BATCH), self.rate) if tries_more else float(BATCH)  # the first second's at once
        self._filled = now
        self._quiet = pace.quiet
        self._quiet_until = now
        self._sure = self.rate
        self._clean = 0
        self._steady = 0
        self._hold = _HOLD
        self._hold_until = now
        self._throttles = 0
        self._succeeded = now

    def wait(self, keys: int, now: float) -> float | None:
        """Seconds until a request of so many keys may start; None: not before one under way has ended."""
        if self.in_flight >= self.limit:
            return None
        if now < self._quiet_until:
            return self._quiet_until - now
        self._fill(now)
        missing = min(keys, BATCH) - self._tokens
        if missing <= _SLACK:
            return 0.0
        return missing / self.rate

    def start(self, keys: int) -> int:
        """Begins a request that `wait` allowed; returns the ticket with which its end is told."""
        self.in_flight += 1
        self._tokens -= min(keys, BATCH)
        return self._throttles

    def ended(self) -> None:
        """A request ended in a way that says nothing about the pace."""
        self.in_flight -= 1

    def succeeded(self, ticket: int, now: float) -> None:
        """A request was served. As many as may be under way at once, without a throttled one, double that number."""
        self.in_flight -= 1
        self._succeeded = now
        if ticket != self._throttles:
            return  # it started before the last throttled one: no sign that the new pace is borne
        self._steady += 1
        steady = _STEADY if self._throttles else 1
        if self._steady >= steady and self.rate >= self._sure and now >= self._hold_until:
            self._steady = 0
            self.rate = min(self._pace.most_keys_per_second, self.rate * (_GENTLE if self._throttles else _BOLD))
        self._clean += 1
        if self._clean < self.limit:
            return
        self._clean = 0
        self._quiet = self._pace.quiet
        self.limit = min(self._pace.most_in_flight, self.limit * 2)
        if self.rate < self._sure:
            self.rate = min(self._sure, self.rate + _RECOVERY * self._sure)

    def throttled(self, ticket: int, now: float) -> None:
        """S3 asked for less. Requests that were under way together and are throttled together count as one sign."""
        self.in_flight -= 1
        if ticket != self._throttles:
            return
        self._throttles += 1
        self._clean = 0
        self.limit = max(1, self.limit // 2)
        self._fill(now)
        if self.rate > self._sure:
            self.rate = self._sure
            self._hold_until = now + self._hold
            self._hold *= 2
        elif math.isfinite(self.rate):
            self.rate = max(_SLOWEST * self._sure, _SLOWDOWN * self.rate)
        self._steady = 0
        self._quiet_until = now + self._quiet
        self._quiet = min(self._pace.longest_quiet, self._quiet * 2)

    def hopeless(self, now: float) -> bool:
        """Whether nothing was served for longer than the pace's patience."""
        return now - self._succeeded > self._pace.patience

    def _fill(self, now: float) -> None:
        passed = max(0.0, now - self._filled)
        self._filled = max(now, self._filled)
        filled = BATCH if math.isinf(self.rate) else min(float(BATCH), self._tokens + passed * self.rate)
        self._tokens = max(self._tokens, filled)


class Gate:
    """The pacer for threads: `enter` blocks until a request may start, and gives up when the run is halted."""

    def __init__(
        self, pace: Pace, clock: Callable[[], float], sleep: Callable[[float], object], halted: Callable[[], bool]
    ) -> None:
        self._pacer = Pacer(pace, clock())
        self._clock = clock
        self._sleep = sleep
        self._halted = halted
        self._changed = threading.Condition()
        self._waiting = 0

    def idle(self) -> bool:
        """Whether nobody waits to start a request."""
        return self._waiting == 0

    def enter(self, keys: int) -> int | None:
        """A ticket for one request of so many keys; None when the run is halted."""
        with self._changed:
            self._waiting += 1
        try:
            return self._entered(keys)
        finally:
            with self._changed:
                self._waiting -= 1

    def _entered(self, keys: int) -> int | None:
        while not self._halted():
            with self._changed:
                seconds = self._pacer.wait(keys, self._clock())
                if seconds == 0.0:
                    return self._pacer.start(keys)
                if seconds is None:
                    self._changed.wait(_SLICE)
            if seconds is not None:
                self._sleep(min(seconds, _SLICE))
        return None

    def ended(self) -> None:
        with self._changed:
            self._pacer.ended()
            self._changed.notify_all()

    def succeeded(self, ticket: int) -> None:
        with self._changed:
            self._pacer.succeeded(ticket, self._clock())
            self._changed.notify_all()

    def throttled(self, ticket: int) -> bool:
        """Tells of a throttled request; returns whether to go on trying."""
        with self._changed:
            now = self._clock()
            self._pacer.throttled(ticket, now)
            self._changed.notify_all()
            return not self._pacer.hopeless(now)

    def pause(self, seconds: float) -> None:
        """Sleeps, but not beyond the end of the run."""
        while seconds > 0 and not self._halted():
            self._sleep(min(seconds, _SLICE))
            seconds -= _SLICE
