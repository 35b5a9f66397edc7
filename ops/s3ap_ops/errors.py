"""What ends a command with one line for the person who gave it."""

from __future__ import annotations

from s3ap_lint.errors import S3apLintError


class OpsError(S3apLintError):
    """The command cannot be done as it was given; the message says what to do. Exit status 2."""


class Refused(OpsError):
    """A safety gate says no, and nothing was written; the message says what would change that. Exit status 3."""


class Forbidden(OpsError):
    """A request that was not allowed was stopped before it was sent: a fault of ours, never of the account's."""
