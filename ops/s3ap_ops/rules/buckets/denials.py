"""What a bucket policy denies whoever tears the bucket down; what cannot be told counts as denied."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from s3ap_ops.api import LiveResource

EMPTYING = (
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:ListBucketMultipartUploads",
    "s3:AbortMultipartUpload",
)
DELETING = ("s3:DeleteBucket",)
ON_OBJECTS = frozenset({"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:AbortMultipartUpload"})
UNDOING = "s3:DeleteBucketPolicy"

NEVER_TRUE: Mapping[tuple[str, str], Callable[[list[str], str], bool]] = {
    ("bool", "aws:securetransport"): lambda values, account: values == ["false"],
    ("numericlessthan", "s3:tlsversion"): lambda values, account: set(values) <= {"1.0", "1.1", "1.2"},
    ("stringnotequals", "aws:principalaccount"): lambda values, account: account in values,
    ("stringnotequals", "aws:resourceaccount"): lambda values, account: account in values,
    ("stringnotequals", "s3:resourceaccount"): lambda values, account: account in values,
}
"""Conditions that a request over TLS 1.2 from the bucket's own account to its bucket surely does not meet."""


def denied(bucket: LiveResource, actions: tuple[str, ...]) -> list[str]:
    """Which of some actions the policy denies the caller, or may deny, in their order. Raises ValueError."""
    found = list(_denials(bucket))
    return [action for action in actions if any(_denies(statement, action) for statement in found)]


def _denials(bucket: LiveResource) -> Iterator[Mapping[str, object]]:
    """The statements that deny the caller something, under conditions that may be met."""
    policy = json.loads(bucket.fact("policy") or "{}")
    for statement in _list(policy.get("Statement")):
        if statement.get("Effect") != "Deny" or not _is_about(statement, bucket):
            continue
        if not any(_is_never_true(*one, bucket.account) for one in _conditions(statement)):
            yield statement


def _denies(statement: Mapping[str, object], action: str) -> bool:
    if "NotAction" in statement:
        is_named = not _matches(statement["NotAction"], action)
    else:
        is_named = _matches(statement.get("Action"), action)
    return is_named and _covers(statement, action)


def _matches(patterns: object, action: str) -> bool:
    return any(fnmatchcase(action.lower(), str(one).lower()) for one in _list(patterns))


def _covers(statement: Mapping[str, object], action: str) -> bool:
    """Whether a statement is about the bucket, or about objects in it, as an action is.

    Its resources can only be of this bucket, so there is no need to compare the names. Which keys a pattern leaves out
    is not looked at: one object that stays is enough.
    """
    if "Resource" not in statement:
        return True
    patterns = [str(one) for one in _list(statement["Resource"])]
    if action in ON_OBJECTS:
        return any("/" in one or one.endswith("*") for one in patterns)
    return any("/" not in one for one in patterns)


def _is_about(statement: Mapping[str, object], bucket: LiveResource) -> bool:
    """Whether a statement is about the caller; one that is not known may be anybody.

    The account as a principal of a Deny is everybody in it; as what a Deny leaves out it is the root user alone.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
    """
    caller = str(bucket.fact("caller") or "")
    if "NotPrincipal" in statement:
        return not (caller and any(_is_same(one, caller) for one in _principals(statement["NotPrincipal"])))
    for one in _principals(statement.get("Principal")):
        if one in ("*", bucket.account) or one.endswith(f"::{bucket.account}:root"):
            return True
        if not caller or _is_same(one, caller):
            return True
    return False


def _principals(given: object) -> list[str]:
    """The principals that are accounts, users, roles or everybody; services do not tear stacks down."""
    named = given.get("AWS") if isinstance(given, Mapping) else given
    return [str(one) for one in _list(named)]


def _is_same(principal: str, caller: str) -> bool:
    """Whether a principal is the caller: the same ARN, or the role whose session it is, whatever the role's path."""
    if principal == caller:
        return True
    account, _, rest = caller.partition(":assumed-role/")
    role = rest.split("/")[0]
    return bool(role) and ":role/" in principal and account[-12:] in principal and principal.endswith(f"/{role}")


def _conditions(statement: Mapping[str, object]) -> Iterator[tuple[str, str, list[str]]]:
    """Operator, key and values of each condition, all of which have to be met."""
    condition = statement.get("Condition")
    for operator, keys in condition.items() if isinstance(condition, Mapping) else ():
        for key, values in keys.items() if isinstance(keys, Mapping) else ():
            yield operator.lower().removesuffix("ifexists"), key.lower(), [str(one).lower() for one in _list(values)]


def _is_never_true(operator: str, key: str, values: list[str], account: str) -> bool:
    test = NEVER_TRUE.get((operator, key))
    return test is not None and test(values, account)


def _list(value: object) -> list[Any]:
    """One or several, as policies have them."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]
