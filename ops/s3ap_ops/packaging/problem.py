"""Why something cannot be packaged."""

from __future__ import annotations

from dataclasses import dataclass

from s3ap_lint.model import Location


@dataclass(frozen=True)
class Problem:
    """What stands in the way of packaging a resource, what that leads to, and what to do about it."""

    logical_id: str
    at: Location
    message: str


@dataclass(frozen=True)
class Left:
    """A resource whose code or file is not of the project, as far as can be told; its value stays as it is written."""

    logical_id: str
    at: Location
    reason: str
