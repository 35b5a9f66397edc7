"""The readers of resource types, one module for each service."""

from __future__ import annotations

from s3ap_ops.reading import Reader
from s3ap_ops.reads import athena, ec2, events, functions, knowledge, protected, roles, s3, schedules, services, volumes

READERS: tuple[Reader, ...] = (
    *athena.READERS,
    *ec2.READERS,
    *events.READERS,
    *functions.READERS,
    *knowledge.READERS,
    *protected.READERS,
    *roles.READERS,
    *s3.READERS,
    *schedules.READERS,
    *services.READERS,
    *volumes.READERS,
)
