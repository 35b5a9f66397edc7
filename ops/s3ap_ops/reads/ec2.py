"""What groups, interfaces and endpoints are tied to."""

from __future__ import annotations

from s3ap_ops.reading import Reader

READERS: tuple[Reader, ...] = ()
