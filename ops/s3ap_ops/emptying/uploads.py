"""Incomplete multipart uploads: they cost like objects, no listing of versions shows them, each has its own abort."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import unquote_plus

from s3ap_ops.emptying.outcome import FAILURES_KEPT, KeyFailure
from s3ap_ops.emptying.plain import answer
from s3ap_ops.emptying.wire import NO_BUCKET, Rejected, Unanswered

_ROUNDS = 3
_GONE = frozenset({"NoSuchUpload", NO_BUCKET})
Patiently = Callable[[Callable[[], Any]], Any]


def abort(
    client: Any, bucket: str, owner: str, patiently: Patiently, halted: Callable[[], bool]
) -> tuple[int, tuple[KeyFailure, ...]]:
    """How many uploads were aborted, and which were not. They do not keep a bucket alive, so no failure raises."""
    place = {"Bucket": bucket, "ExpectedBucketOwner": owner}
    aborted = 0
    stuck: list[KeyFailure] = []
    try:
        for key, upload_id in _uploads(client, place, patiently):
            if halted():
                break
            failure = _aborted(client, {**place, "Key": key, "UploadId": upload_id}, patiently)
            if failure is None:
                aborted += 1
            elif len(stuck) < FAILURES_KEPT:
                stuck.append(failure)
    except (Rejected, Unanswered) as failure:
        if failure.code != NO_BUCKET:
            stuck.append(KeyFailure("", "", failure.code, f"uploads cannot be listed: {failure.message}"))
    return aborted, tuple(stuck)


def _uploads(client: Any, place: dict[str, str], patiently: Patiently) -> Iterator[tuple[str, str]]:
    markers: dict[str, str] = {}
    while True:
        page = patiently(partial(answer, client.list_multipart_uploads, **place, EncodingType="url", **markers))
        plain = unquote_plus if page.get("EncodingType") == "url" else str
        for upload in page.get("Uploads", ()):
            yield plain(upload["Key"]), upload["UploadId"]
        following = {
            "KeyMarker": plain(page.get("NextKeyMarker", "")),
            "UploadIdMarker": page.get("NextUploadIdMarker", ""),
        }
        if not page.get("IsTruncated") or following == markers:
            return
        markers = following


def _aborted(client: Any, upload: dict[str, str], patiently: Patiently) -> KeyFailure | None:
    """None when the upload is gone. A part that arrives during the abort keeps it alive, so it is looked at again."""
    try:
        for _ in range(_ROUNDS):
            patiently(partial(answer, client.abort_multipart_upload, **upload))
            if not patiently(partial(answer, client.list_parts, **upload, MaxParts=1)).get("Parts"):
                return None
    except (Rejected, Unanswered) as failure:
        if failure.code in _GONE:
            return None
        return KeyFailure(upload["Key"], "", failure.code, f"upload {upload['UploadId']}: {failure.message}")
    return KeyFailure(
        upload["Key"], "", "PartsRemain", f"upload {upload['UploadId']} still receives parts; stop its writer"
    )
