"""Whose credentials a client uses."""

from __future__ import annotations

from s3ap_lint.python.worth import ABSENT, FromEnvironment, Made, Text, Worth

_KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "profile_name")
_OF_THE_ROLE = frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"})
"""What Lambda sets to the credentials of the function's own role."""


def own_credentials(made: Made) -> bool | None:
    """Whether a client was made with credentials that are not those of the function's role; None: cannot be told."""
    told = {_given(one) for one in (made, made.session) if one is not None}
    return True if True in told else None if None in told else False


def _given(made: Made) -> bool | None:
    given = {_own(made.keywords.items[key]) for key in _KEYS if key in made.keywords.items}
    if True in given:
        return True
    unknown = not made.keywords.complete or "botocore_session" in made.keywords.items
    return None if None in given or unknown else False


def _own(value: Worth) -> bool | None:
    if value is ABSENT:
        return False
    if isinstance(value, Text) and isinstance(value.piece, FromEnvironment):
        return not set(value.piece.names) <= _OF_THE_ROLE
    return None if value.__class__.__name__ in ("Either", "FirstOf", "Argument") else True
