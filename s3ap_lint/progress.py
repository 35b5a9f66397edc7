"""A line on a terminal that says how far a long run is; nothing on anything else."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TextIO

PATIENCE = 1.0  # seconds before anything is shown
INTERVAL = 0.1  # seconds between two changes of the line

_WORDS = {
    "rules": "checking",
    "engine": "asking the schema engine",
    "permissions": "looking at permissions",
    "pairs": "holding pairs together",
}


class Display:
    """Shows the state of a run on a stream while it lasts, and leaves no trace of it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown = False
        self._started = self._last = time.monotonic()

    def __enter__(self) -> Display:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def update(self, what: str, done: int, of: int) -> None:
        """Take note that so many of the tasks of a kind are done."""
        now = time.monotonic()
        if now - self._started < PATIENCE or now - self._last < INTERVAL or not self._stream.isatty():
            return
        self._shown, self._last = True, now
        self._stream.write(f"\r\x1b[K{_WORDS.get(what, what)} {done}/{of}")
        self._stream.flush()
