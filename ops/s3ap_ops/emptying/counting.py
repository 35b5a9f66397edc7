"""How much there is to delete, for a plan: counted by the same fast listing, up to a limit."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from s3ap_ops.emptying.addresses import ordinary
from s3ap_ops.emptying.documents import START, Position
from s3ap_ops.emptying.outcome import BucketRefused, Counted
from s3ap_ops.emptying.pacing import Pace
from s3ap_ops.emptying.persistence import persist
from s3ap_ops.emptying.signed import open_wire
from s3ap_ops.emptying.wire import NO_BUCKET, Rejected, Unanswered

LIMIT = 100_000


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
    wire, _ = open_wire(session, ordinary(bucket), region, owner, endpoint_url=endpoint_url, connections=1)
    versions = markers = size = 0
    position: Position | None = START
    while position is not None:
        if versions + markers >= limit:
            return Counted(versions, markers, size, complete=False)
        try:
            page = persist(partial(wire.list_versions, position), Pace().attempts, sleep)
        except (Rejected, Unanswered) as failure:
            if failure.code == NO_BUCKET:
                return Counted()
            raise BucketRefused(bucket, failure.code, failure.message) from failure
        gone = sum(entry.marker for entry in page.entries)
        versions, markers = versions + len(page.entries) - gone, markers + gone
        size += sum(entry.size for entry in page.entries)
        if page.after == position:
            return Counted(versions, markers, size, complete=False)
        position = page.after
    return Counted(versions, markers, size)
