"""Deletes every version, delete marker and incomplete upload of a bucket, by one paced pipeline; never the bucket.

    outcome = empty("results-123456789012", session, region="eu-west-1", owner="123456789012")
    outcome.left == 0

Some threads list, each its range of keys, others delete, and a queue of a few pages is all that stands between them,
so memory does not grow with the bucket. How many requests are under way, and how many keys a second they carry, follows
what S3 bears.
"""

from __future__ import annotations

from s3ap_ops.emptying.counting import count
from s3ap_ops.emptying.display import Display
from s3ap_ops.emptying.outcome import BucketRefused, Counted, Emptied, KeyFailure, Progress
from s3ap_ops.emptying.pacing import Pace
from s3ap_ops.emptying.pipeline import empty

__all__ = ["BucketRefused", "Counted", "Display", "Emptied", "KeyFailure", "Pace", "Progress", "count", "empty"]
