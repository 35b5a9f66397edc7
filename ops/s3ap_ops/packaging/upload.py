"""How the objects of a packaged template get into their bucket: as changes of a plan, and how these are made."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from s3ap_ops.appliers import Applier, Means, Result
from s3ap_ops.calls import UploadObject
from s3ap_ops.errors import OpsError
from s3ap_ops.identity import Pin
from s3ap_ops.packaging.package import Packaged
from s3ap_ops.reading import says, told
from s3ap_ops.stack import Json

MARK = "s3ap-contents-sha256"
"""Metadata of every object that is uploaded: the whole hash of what is in it."""

_ABSENT = ("404", "NoSuchKey", "NotFound")
_UNSEEN = ("403", "AccessDenied", "Forbidden")
_THERE = ("412", "PreconditionFailed")
_MEANWHILE = ("409", "ConditionalRequestConflict")
_TRIES = 3


def uploads(packaged: Packaged, bucket: str, pin: Pin, subject: str) -> tuple[UploadObject, ...]:
    """The changes that bring all objects of a packaged template into the bucket, in the order of the template."""
    return tuple(
        UploadObject(
            subject, bucket, one.key, pin.region, pin.account, one.payload.size, one.payload.sha256, one.payload
        )
        for one in packaged.uploads
    )


def upload_object(change: UploadObject, means: Means) -> Result:
    """Upload one object, unless it is there. The facts of a good result hold its "version", "" without versioning."""
    try:
        for _ in range(_TRIES):
            found = _there(change, means)
            if found is not None:
                return found
            made = _put(change, means)
            if made is not None:
                return made
    except ClientError as error:
        return Result("failed", told(error))
    except BotoCoreError as error:
        return Result("failed", f"no answer: {error}")
    except OpsError as error:
        return Result("failed", str(error))
    return Result("failed", f"others write {change.target} at the same time; try again")


def _there(change: UploadObject, means: Means) -> Result | None:
    """What is to be said of the object that is there; None where there is none, or where nobody may look."""
    try:
        head = means.look.client("s3", change.region).head_object(
            Bucket=change.bucket, Key=change.key, ExpectedBucketOwner=change.account
        )
    except ClientError as error:
        if any(says(error, code) for code in (*_ABSENT, *_UNSEEN)):
            return None  # who may not list a bucket is forbidden what is not there
        raise
    if head.get("Metadata", {}).get(MARK) != change.sha256:
        return Result("failed", f"{change.target} is there and is something else; delete it, or take another prefix")
    return Result("already", "it was there", _facts(head))


def _put(change: UploadObject, means: Means) -> Result | None:
    """What came of uploading; None where somebody else did it meanwhile, so that it has to be looked at again."""
    data = change.source.data()
    params: dict[str, Any] = {
        "Bucket": change.bucket,
        "Key": change.key,
        "Body": io.BytesIO(data),  # of bytes botocore makes a file first, and that is not what was allowed
        "ChecksumAlgorithm": "SHA256",
        "ChecksumSHA256": base64.b64encode(hashlib.sha256(data).digest()).decode(),
        "IfNoneMatch": "*",
        "ExpectedBucketOwner": change.account,
        "Metadata": {MARK: change.sha256},
    }
    try:
        with means.hands.allowing("s3", "put_object", params):
            answer = means.hands.client("s3").put_object(**params)
    except ClientError as error:
        if any(says(error, code) for code in (*_THERE, *_MEANWHILE)):
            return None
        raise
    return Result("done", f"{len(data):,} bytes", _facts(answer))


def _facts(answer: Mapping[str, Any]) -> dict[str, Json]:
    version = answer.get("VersionId") or ""
    return {"version": "" if version == "null" else version}


UPLOADING = Applier(UploadObject, upload_object)
