"""Trying a request again: which answers are worth it, how often, and how long to wait in between."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeVar

from s3ap_ops.emptying.wire import Rejected, Unanswered

Told = TypeVar("Told")
_FIRST = 0.5
_LONGEST = 20.0


def jitter(attempt: int) -> float:
    """Seconds before the next try: anywhere below a bound that doubles, so that many who failed together part."""
    return random.uniform(0.0, min(_LONGEST, _FIRST * 2.0**attempt))


def persist(
    call: Callable[[], Told],
    attempts: int,
    pause: Callable[[float], object],
    throttled: Callable[[], object] = lambda: None,
) -> Told:
    """What the call returns at last; raises its Rejected or Unanswered when that is final or the tries are used up."""
    attempt = 0
    while True:
        try:
            return call()
        except Rejected as failure:
            if failure.throttled:
                throttled()
            if not failure.passing or attempt + 1 >= attempts:
                raise
        except Unanswered:
            if attempt + 1 >= attempts:
                raise
        attempt += 1
        pause(jitter(attempt))
