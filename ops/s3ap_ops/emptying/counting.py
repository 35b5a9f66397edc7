"""How much there is to delete, for a plan: counted by the same fast listing, up to a limit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

from s3ap_ops.emptying.addresses import ordinary
from s3ap_ops.emptying.documents import START, Entry
from s3ap_ops.emptying.listing import Listing
from s3ap_ops.emptying.outcome import BucketRefused, Counted
from s3ap_ops.emptying.pacing import Pace
from s3ap_ops.emptying.persistence import persist
from s3ap_ops.emptying.signed import open_wire
from s3ap_ops.emptying.wire import NO_BUCKET, Rejected, Unanswered

LIMIT = 100_000
LISTERS = 8


def count(
    bucket: str,
    session: Any,
    *,
    region: str,
    owner: str,
    limit: int = LIMIT,
    endpoint_url: str | None = None,
    sleep: Callable[[float], object] = time.sleep,
) -> Counted:
    """Versions, markers and bytes of the bucket, complete unless there are more than `limit`; none if it is absent.

    Reads only. Raises BucketRefused when S3 refuses the listing.
    """
    wire, _ = open_wire(session, ordinary(bucket), region, owner, endpoint_url=endpoint_url, connections=LISTERS)
    sums = _Sums(limit)
    listing = Listing(
        wire,
        lambda call: persist(call, Pace().attempts, sleep),
        deliver=sums.add,
        hungry=lambda: True,
        halted=lambda: False,
    )
    try:
        first = persist(partial(wire.list_versions, START), Pace().attempts, sleep)
        if listing.begin(first):
            with ThreadPoolExecutor(LISTERS) as pool:
                for work in [pool.submit(listing.work) for _ in range(LISTERS)]:
                    work.result()
    except (Rejected, Unanswered) as failure:
        if failure.code == NO_BUCKET:
            return Counted()
        raise BucketRefused(bucket, failure.code, failure.message) from failure
    return sums.told(listing.complete)


class _Sums:
    """Adds up what listers deliver, up to the limit."""

    def __init__(self, limit: int) -> None:
        self._lock = threading.Lock()
        self._limit = limit
        self._sums = Counted()

    def add(self, entries: tuple[Entry, ...]) -> bool:
        """Whether there is room for more. What is over the limit is left out: chance would decide on it."""
        with self._lock:
            taken = entries[: self._limit - self._sums.entries]
            gone = sum(entry.marker for entry in taken)
            self._sums = replace(
                self._sums,
                versions=self._sums.versions + len(taken) - gone,
                markers=self._sums.markers + gone,
                size=self._sums.size + sum(entry.size for entry in taken),
                complete=self._sums.complete and len(taken) == len(entries),
            )
            return self._sums.complete

    def told(self, complete: bool) -> Counted:
        with self._lock:
            return replace(self._sums, complete=self._sums.complete and complete)
