"""The readers of resource types, one module for each service, and the types about which there is nothing to read."""

from __future__ import annotations

from s3ap_ops.reading import Reader
from s3ap_ops.reads import athena, ec2, functions, s3, schedules, services

READERS: tuple[Reader, ...] = (
    *athena.READERS,
    *ec2.READERS,
    *functions.READERS,
    *s3.READERS,
    *schedules.READERS,
    *services.READERS,
)
