"""Ctrl-C and SIGTERM: an answer while somebody is asked, a wish to stop while something is under way."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

NUMBERS = (signal.SIGINT, signal.SIGTERM)
ENDED = 130
"""The exit status of a program that was told to stop before it had begun anything, as shells have it."""

Handler = Callable[[int, FrameType | None], object]


@contextmanager
def stopping(tell: Callable[[], None]) -> Iterator[threading.Event]:
    """An event that the first Ctrl-C (or SIGTERM) sets, which `tell` is called for; the second ends the program where
    it stands."""
    stop = threading.Event()

    def stopped(_signal: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(ENDED)
        stop.set()
        tell()

    with _handled(stopped):
        yield stop


@contextmanager
def raised() -> Iterator[None]:
    """Inside, Ctrl-C and SIGTERM are a KeyboardInterrupt."""
    with _handled(signal.default_int_handler):
        yield


@contextmanager
def ignored() -> Iterator[None]:
    """Inside, Ctrl-C and SIGTERM change nothing: it is short, and would leave something behind if it were cut off."""
    with _handled(lambda _signal, _frame: None):
        yield


@contextmanager
def _handled(handler: Handler) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # only it may say what a signal does
        yield
        return
    before = {number: signal.signal(number, handler) for number in NUMBERS}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
