"""What buckets hold, and what protects it."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from s3ap_ops.emptying import BucketRefused, count
from s3ap_ops.names import is_access_point
from s3ap_ops.reading import Look, Notes, Reader, reads
from s3ap_ops.reads import object_locks
from s3ap_ops.stack import Json, LiveResource

LIMIT = 100_000
"""How many versions and delete markers are counted; more are "at least" so many."""

UPLOADS = 10_000
"""How many incomplete uploads are counted."""

REACH = {
    "404": "absent",
    "NoSuchBucket": "absent",
    "301": "elsewhere",
    "PermanentRedirect": "elsewhere",
    "403": "refused",
    "AccessDenied": "refused",
}
"""What S3's answers to HeadBucket mean. Any other, such as 503, says nothing about the bucket, and so is no answer."""


@reads("AWS::S3::Bucket")
def bucket(look: Look, bucket: LiveResource, note: Notes) -> None:
    """
    reach: "found", "absent", "elsewhere" (another region), "refused" (another owner, or no permission), or
    "access point" (no bucket at all; nothing is asked); region; exists.

    stack_id: whose it says it is; auto_delete: whether a function of CDK empties it; versioning ("", "Enabled",
    "Suspended"); mfa_delete; versions, markers, bytes, capped; uploads, uploads_capped; object_lock, default_lock (its
    mode), locks (see `object_locks`); policy: its text; caller: who asks, if a statement of the policy denies
    something; access_points: name, arn and alias of each; logging: where its access logs go, as S3 tells it.
    """
    name = bucket.physical_id
    if is_access_point(name):
        note("reach", lambda: "access point")
        return
    s3, ours = look.client("s3"), {"Bucket": name, **look.owner}
    reach = note("reach", lambda: _reach(look, ours, note), REACH)
    if reach in ("found", "absent"):
        note("exists", lambda: reach == "found")
    if reach != "found":
        return
    _whose(look, ours, note)
    note("versioning", lambda: _versioning(look, ours).get("Status", ""))
    note("mfa_delete", lambda: _versioning(look, ours).get("MFADelete") == "Enabled")
    for fact in ("versions", "markers", "bytes", "capped"):
        note(fact, lambda fact=fact: _held(look, ours)[fact])  # type: ignore[misc]
    for fact in ("uploads", "uploads_capped"):
        note(fact, lambda fact=fact: _uploads(look, ours)[fact])  # type: ignore[misc]
    object_locks.noted(look, ours, note)
    policy = note("policy", lambda: s3.get_bucket_policy(**ours)["Policy"], {"NoSuchBucketPolicy": ""})
    if policy and '"Deny"' in policy:
        note("caller", lambda: look.once("caller", lambda: look.client("sts").get_caller_identity()["Arn"]))
    note("access_points", lambda: _access_points(look, name))
    note("logging", lambda: s3.get_bucket_logging(**ours).get("LoggingEnabled") or {})


def _reach(look: Look, ours: dict[str, str], note: Notes) -> str:
    """Whether the bucket is there. botocore follows a 301 by itself, so the region is compared as well."""
    reply = look.client("s3").head_bucket(**ours)
    headers = reply.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    region = reply.get("BucketRegion") or headers.get("x-amz-bucket-region") or look.region
    note("region", lambda: region)
    return "found" if region == look.region else "elsewhere"


def _whose(look: Look, ours: dict[str, str], note: Notes) -> None:
    s3 = look.client("s3")

    def tags() -> dict[str, str]:
        pairs = s3.get_bucket_tagging(**ours)["TagSet"]
        return {pair["Key"]: pair["Value"] for pair in pairs}

    def tag(key: str) -> str:
        return look.once(("bucket tags", ours["Bucket"]), tags).get(key, "")

    note("stack_id", lambda: tag("aws:cloudformation:stack-id"), {"NoSuchTagSet": ""})
    note("auto_delete", lambda: tag("aws-cdk:auto-delete-objects") == "true", {"NoSuchTagSet": False})


def _versioning(look: Look, ours: dict[str, str]) -> dict[str, str]:
    ask = look.client("s3").get_bucket_versioning
    return look.once(("bucket versioning", ours["Bucket"]), lambda: ask(**ours))


def _held(look: Look, ours: dict[str, str]) -> dict[str, Json]:
    """How many versions and delete markers there are, and how many bytes; `capped` when the count was given up."""

    def ask() -> dict[str, Json]:
        look.asked.add(("s3", "list_object_versions"))  # by a client of its own
        try:
            found = count(ours["Bucket"], look.session, region=look.region, owner=look.account, limit=LIMIT)
        except BucketRefused as refused:
            said = {"Error": {"Code": refused.code, "Message": refused.message}}
            raise ClientError(said, "ListObjectVersions") from None
        return {
            "versions": found.versions,
            "markers": found.markers,
            "bytes": found.size,
            "capped": not found.complete,
        }

    return look.once(("bucket contents", ours["Bucket"]), ask)


def _uploads(look: Look, ours: dict[str, str]) -> dict[str, Json]:
    """How many uploads were begun and neither completed nor aborted."""

    def ask() -> dict[str, Json]:
        number = 0
        for page in look.client("s3").get_paginator("list_multipart_uploads").paginate(**ours):
            number += len(page.get("Uploads") or [])
            if number >= UPLOADS and page.get("IsTruncated"):
                return {"uploads": number, "uploads_capped": True}
        return {"uploads": number, "uploads_capped": False}

    return look.once(("bucket uploads", ours["Bucket"]), ask)


def _access_points(look: Look, name: str) -> list[dict[str, str]]:
    found: list[dict[str, Any]] = look.pages(
        "s3control", "list_access_points", "AccessPointList", AccountId=look.account, Bucket=name
    )
    return [{"name": one["Name"], "arn": one.get("AccessPointArn", ""), "alias": one.get("Alias", "")} for one in found]


READERS: tuple[Reader, ...] = (bucket,)
