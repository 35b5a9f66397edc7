"""Which versions of a bucket are locked against deletion, and for how long.

Every version has to be asked for by itself: HeadObject leaves the headers out for a caller who may not read
the locks, so that a locked version looks like a free one.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from s3ap_ops.reading import Look, Notes, says
from s3ap_ops.stack import Json

CHECKED = 1_000
"""How many versions are asked for their locks, two calls each."""

HOLDS = 100
"""How many versions under a legal hold are named."""

AT_ONCE = 8
NOT_LOCKED = ("NoSuchObjectLockConfiguration", "NoSuchKey", "NoSuchVersion")
"""Answers that mean that a version has no lock of the kind, or is gone by now."""


def noted(look: Look, ours: dict[str, str], note: Notes) -> None:
    """
    Note object_lock; default_lock: the mode that new versions get, or ""; and, where there can be locks, locks:
    checked, how many versions were asked; governance and compliance, how many of these are locked in that mode now;
    until, when the last lock in compliance mode ends; holds, how many are under a legal hold; held, key and version_id
    of the first of these.
    """
    s3 = look.client("s3")
    rule = note("object_lock", lambda: _rule(s3, ours), {"ObjectLockConfigurationNotFoundError": False})
    if not rule:
        return
    note.facts["object_lock"] = True
    note("default_lock", lambda: rule.get("Mode", ""))
    note("locks", lambda: _locks(s3, ours))


def _rule(s3: Any, ours: dict[str, str]) -> Json:
    """The default retention, or something else that is true where there is none."""
    found = s3.get_object_lock_configuration(**ours)["ObjectLockConfiguration"]
    return found.get("Rule", {}).get("DefaultRetention") or {"Mode": ""}


def _locks(s3: Any, ours: dict[str, str]) -> dict[str, Json]:
    page = s3.list_object_versions(MaxKeys=CHECKED, **ours)
    versions = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in page.get("Versions") or []]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        kept = list(pool.map(lambda version: _retention(s3, ours, version), versions))
        held = list(pool.map(lambda version: _is_held(s3, ours, version), versions))
    locked = list(_in_force(kept))
    named = [version for version, is_held in zip(versions, held, strict=True) if is_held]
    ends = [until for mode, until in locked if mode == "COMPLIANCE"]
    return {
        "checked": len(versions),
        "governance": sum(mode == "GOVERNANCE" for mode, _ in locked),
        "compliance": len(ends),
        "until": max(ends).strftime("%Y-%m-%dT%H:%M:%SZ") if ends else "",
        "holds": len(named),
        "held": [{"key": one["Key"], "version_id": one["VersionId"]} for one in named[:HOLDS]],
    }


def _in_force(kept: list[dict[str, Any]]) -> Iterator[tuple[str, datetime]]:
    """Mode and end of each retention that is not over."""
    now = datetime.now(UTC)
    for one in kept:
        if one and one["RetainUntilDate"].astimezone(UTC) > now:
            yield one["Mode"], one["RetainUntilDate"].astimezone(UTC)


def _retention(s3: Any, ours: dict[str, str], version: dict[str, str]) -> dict[str, Any]:
    try:
        found: dict[str, Any] = s3.get_object_retention(**ours, **version).get("Retention") or {}
    except ClientError as error:
        if any(says(error, code) for code in NOT_LOCKED):
            return {}
        raise
    return found


def _is_held(s3: Any, ours: dict[str, str], version: dict[str, str]) -> bool:
    try:
        found = s3.get_object_legal_hold(**ours, **version).get("LegalHold") or {}
    except ClientError as error:
        if any(says(error, code) for code in NOT_LOCKED):
            return False
        raise
    return bool(found.get("Status") == "ON")
