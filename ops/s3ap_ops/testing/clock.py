"""Virtual time. Nothing in a world waits for real: what takes time on AWS happens when this clock is moved on."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_STEP = 30.0  # a long time passes in steps of so many seconds, so that what follows from an event still happens in it


class Clock:
    """A clock that stands still until it is moved on; it starts at the real time, to the second."""

    def __init__(self) -> None:
        self._now = datetime.now(UTC).replace(microsecond=0)
        self._start = self._now
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], None]] = []

    def now(self) -> datetime:
        """The virtual time, aware, in UTC."""
        return self._now

    def elapsed(self) -> float:
        """Virtual seconds since the world began."""
        return (self._now - self._start).total_seconds()

    def advance(self, seconds: float) -> None:
        """Moves on by `seconds`, which lets everything that is due by then happen."""
        while seconds > 0:
            step = min(seconds, _STEP)
            with self._lock:
                self._now += timedelta(seconds=step)
            for listener in self._listeners:
                listener()
            seconds -= step

    # for a client that takes its clock as an argument: it then sleeps without waiting
    sleep = advance

    def listen(self, listener: Callable[[], None]) -> None:
        """Calls `listener` after each move."""
        self._listeners.append(listener)
