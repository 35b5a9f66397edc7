"""What emptying or counting a bucket came to."""

from __future__ import annotations

from dataclasses import dataclass

FAILURES_KEPT = 100


@dataclass(frozen=True, slots=True)
class KeyFailure:
    """One version (or upload: then the version id is empty and the message names it) that S3 did not delete."""

    key: str
    version_id: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come: versions and markers deleted, entries given up, throttled replies, seconds."""

    deleted: int
    failed: int
    throttled: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Emptied:
    """What was deleted, what was not and why.

    `failures` holds the first hundred of `failed`. `left` is how many versions and markers the last look found and
    did not delete: exact when `finished`, at least that many when the run was stopped or the bucket was still filling.
    """

    versions: int = 0
    markers: int = 0
    uploads_aborted: int = 0
    passes: int = 0
    throttled: int = 0
    failures: tuple[KeyFailure, ...] = ()
    failed: int = 0
    left: int = 0
    finished: bool = True

    @property
    def clean(self) -> bool:
        """Whether the last look from the start found nothing, and every upload is gone."""
        return self.finished and self.left == 0 and self.failed == 0


@dataclass(frozen=True, slots=True)
class Counted:
    """How much a bucket holds: exact when `complete`, else at least that much."""

    versions: int = 0
    markers: int = 0
    size: int = 0
    complete: bool = True

    @property
    def entries(self) -> int:
        """Versions and markers together: what emptying has to delete."""
        return self.versions + self.markers

    def __str__(self) -> str:
        at_least = "" if self.complete else "≥ "
        return f"{at_least}{self.entries:,}"


class BucketRefused(Exception):
    """S3 refused the work on the bucket as a whole; `so_far` is what was done before."""

    def __init__(self, bucket: str, code: str, message: str, so_far: Emptied | None = None) -> None:
        super().__init__(f"{bucket}: {code}: {message}")
        self.bucket = bucket
        self.code = code
        self.message = message
        self.so_far = so_far or Emptied(finished=False)
