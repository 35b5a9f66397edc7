"""What buckets hold, and what protects it."""

from __future__ import annotations

from s3ap_ops.reading import Reader

READERS: tuple[Reader, ...] = ()
