"""What resources of other services hold, and what protects them."""

from __future__ import annotations

from s3ap_ops.reading import Reader

READERS: tuple[Reader, ...] = ()
