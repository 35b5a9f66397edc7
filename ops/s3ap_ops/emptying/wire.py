"""What the pipeline asks of S3, whoever carries it, and what can go wrong on the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from s3ap_ops.emptying.documents import Entry, Page, Position
from s3ap_ops.emptying.outcome import KeyFailure

THROTTLES = frozenset(
    {
        "SlowDown",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingException",
        "RequestLimitExceeded",
        "TooManyRequests",
        "TooManyRequestsException",
        "BandwidthLimitExceeded",
    }
)
PASSING = frozenset({"InternalError", "InternalServerError", "RequestTimeout", "OperationAborted"})
ABSENT = frozenset({"NoSuchVersion", "NoSuchKey", "NoSuchUpload"})
NO_BUCKET = "NoSuchBucket"
PAGE = 1000


class Rejected(Exception):
    """S3 answered, with an error for the request as a whole."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message

    @property
    def throttled(self) -> bool:
        """Whether S3 asks for less."""
        return self.code in THROTTLES or self.status in (429, 503)

    @property
    def passing(self) -> bool:
        """Whether the same request may succeed a moment later; an error inside a 200 is one that came too late."""
        return self.throttled or self.code in PASSING or self.status >= 500 or self.status == 200


class Unanswered(Exception):
    """No whole answer came: a time limit, a broken connection, half a document. The request may have had its effect."""

    code = "NoAnswer"

    @property
    def message(self) -> str:
        return str(self)


class Wire(Protocol):
    """The three calls of the pipeline, each raising Rejected or Unanswered, none trying twice."""

    def list_versions(self, position: Position, most: int = PAGE) -> Page:
        """The next versions and markers, in the order of their keys; never more than S3 gives at once."""
        ...

    def delete_batch(self, entries: Sequence[Entry]) -> tuple[KeyFailure, ...]:
        """The entries that were not deleted; all others were."""
        ...

    def delete_one(self, entry: Entry) -> None: ...
