"""What can be wrong with a document, and the limits beyond which it is not read."""

from __future__ import annotations

from dataclasses import dataclass

from s3ap_lint.model import Span

MAX_DEPTH = 200  # CloudFormation itself gives up far earlier
MAX_NODES = 400_000  # a 1 MB template, CloudFormation's limit in S3, has about 60,000


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a document, at a byte span. `fatal`: there are no nodes."""

    message: str
    span: Span
    fatal: bool = True


class Stop(Exception):
    """The document cannot be used; carries the problem."""

    def __init__(self, message: str, span: Span) -> None:
        super().__init__(message)
        self.problem = Problem(message, span)


def too_deep(span: Span) -> Stop:
    return Stop(f"nested more than {MAX_DEPTH} deep", span)


def too_many(span: Span, what: str = "") -> Stop:
    return Stop(f"{what}more than {MAX_NODES} values", span)


def twice(key: str, span: Span) -> Problem:
    """A key that stands twice in one mapping."""
    return Problem(f"the key {key!r} stands twice; only the last counts", span, fatal=False)
