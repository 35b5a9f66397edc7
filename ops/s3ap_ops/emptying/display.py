"""The progress of an emptying: a line that is redrawn on a terminal, a line a minute elsewhere."""

from __future__ import annotations

import shutil
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from s3ap_ops.emptying.outcome import Progress

_REDRAW = 0.1
_MINUTE = 60.0
_WINDOW = 15.0  # seconds over which the rate is taken: long enough to bridge a quiet period, short enough to be news
_ERASE = "\r\x1b[K"


def told(deleted: int, total: int | None, rate: float, throttled: int = 0) -> str:
    """`12,000 of 30,000 objects · 3,391/s · 5 s left`; without a total, or when nothing moves, no time is claimed."""
    of = f" of {total:,}" if total is not None and total >= deleted else ""
    parts = [f"{deleted:,}{of} objects", f"{rate:,.0f}/s"]
    if of and total is not None and rate > 0:
        parts.append(f"{_duration((total - deleted) / rate)} left")
    if throttled:
        parts.append(f"throttled {throttled:,}×")
    return " · ".join(parts)


class Display:
    """Give it as `on_progress`; a `with` statement clears its line at the end."""

    def __init__(
        self,
        label: str,
        total: int | None = None,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._label = label
        self._total = total
        self._stream = stream or sys.stderr
        self._clock = clock
        self._live = self._stream.isatty()
        self._shown = clock() - _REDRAW if self._live else clock()
        self._drawn = False
        self._samples: deque[tuple[float, int]] = deque([(clock(), 0)])

    def __call__(self, progress: Progress) -> None:
        now = self._clock()
        if now - self._shown < (_REDRAW if self._live else _MINUTE):
            return
        self._shown = now
        rate = self._rate(now, progress.deleted)
        text = f"{self._label}: {told(progress.deleted, self._total, rate, progress.throttled)}"
        with suppress(OSError, ValueError):  # who looks away does not stop what is going on
            self._show(text)

    def _show(self, text: str) -> None:
        if not self._live:
            print(text, file=self._stream, flush=True)
            return
        width = shutil.get_terminal_size().columns - 1  # a line that wraps cannot be redrawn
        print(f"{_ERASE}{text[:width]}", end="", file=self._stream, flush=True)
        self._drawn = True

    def close(self) -> None:
        """Clears the line, so that what is written next begins on an empty one."""
        if self._drawn:
            print(_ERASE, end="", file=self._stream, flush=True)
        self._drawn = False

    def __enter__(self) -> Display:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _rate(self, now: float, deleted: int) -> float:
        self._samples.append((now, deleted))
        while len(self._samples) > 2 and now - self._samples[0][0] > _WINDOW:
            self._samples.popleft()
        then, before = self._samples[0]
        return (deleted - before) / (now - then) if now > then else 0.0


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02} h"
