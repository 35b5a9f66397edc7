"""What a bucket holds in words, and the one change that empties it, which several rules offer."""

from __future__ import annotations

from dataclasses import replace

from s3ap_ops.api import EmptyBucket, LiveResource, Risk, count, listed, size

BYPASS = "--bypass-governance"


def is_bucket(resource: LiveResource) -> bool:
    """Whether it is a bucket that goes with its stack."""
    return resource.type == "AWS::S3::Bucket" and resource.goes


def is_filled(bucket: LiveResource) -> bool:
    """Whether it is known to hold versions or delete markers, which keep it from being deleted."""
    return bool(bucket.fact("versions", 0) or bucket.fact("markers", 0))


def held(bucket: LiveResource) -> str:
    """What is known to be in a bucket: "14,203 versions and 12 delete markers (3.4 GB)"; empty if nothing."""
    noun = "version" if bucket.fact("versioning") != "" else "object"
    parts = []
    if versions := bucket.fact("versions", 0):
        parts.append(count(versions, noun))
    if markers := bucket.fact("markers", 0):
        parts.append(count(markers, "delete marker"))
    least = "at least " if bucket.fact("capped") and parts else ""
    if uploads := bucket.fact("uploads", 0):
        parts.append(unfinished(bucket) if not least else count(uploads, "incomplete upload"))
    if not parts:
        return ""
    volume = f" ({size(bucket.fact('bytes', 0))})" if versions else ""
    return f"{least}{listed(parts)}{volume}"


def unfinished(bucket: LiveResource) -> str:
    """How many uploads to it were begun and not ended: "3 incomplete uploads"."""
    least = "at least " if bucket.fact("uploads_capped") else ""
    return f"{least}{count(bucket.fact('uploads', 0), 'incomplete upload')}"


def emptying(bucket: LiveResource) -> EmptyBucket:
    """The change that empties a bucket, the same for every rule, so that a plan has it once."""
    return EmptyBucket(bucket.subject, bucket.physical_id, bucket.region, bucket.account, held(bucket))


def emptying_locked(bucket: LiveResource) -> EmptyBucket:
    """The change that empties a bucket with governance locks, which wants its own flag; it includes the other."""
    return replace(emptying(bucket), bypass_governance=True, flag=BYPASS, risk=Risk.PROTECTION)


def unchecked(bucket: LiveResource) -> int:
    """How many versions of a bucket with locks nobody has asked about their lock, at least."""
    locks = bucket.fact("locks")
    if not bucket.fact("object_lock") or locks is None:
        return 0
    return max(0, int(bucket.fact("versions", 0)) - int(locks.get("checked", 0)))
