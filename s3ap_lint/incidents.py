"""What can happen to a file before any rule sees what is in it; the subjects of S3AP901."""

from __future__ import annotations

from dataclasses import dataclass

from s3ap_lint.model import Location, Severity


@dataclass(frozen=True)
class Unparsable:
    """A file, or a part of one, that cannot be read as what it must be."""

    at: Location
    reason: str
    consequence: str
    severity: Severity | None = None
