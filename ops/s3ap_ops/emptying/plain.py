"""The wire as boto3 carries it: slower, but through proxies, signatures and transports of every kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection
from botocore.parsers import ResponseParserError

from s3ap_ops.emptying.documents import Entry, Page, Position
from s3ap_ops.emptying.outcome import KeyFailure
from s3ap_ops.emptying.wire import PAGE, Rejected, Unanswered

CONNECT_SECONDS = 10
READ_SECONDS = 60


def client_for(session: Any, region: str, endpoint_url: str | None, connections: int) -> Any:
    """An S3 client that tries once: the pipeline counts the tries and paces them."""
    config = Config(
        retries={"total_max_attempts": 1, "mode": "standard"},
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        max_pool_connections=connections,
    )
    return session.client("s3", region_name=region, endpoint_url=endpoint_url, config=config)


def answer(call: Callable[..., Any], **parameters: Any) -> dict[str, Any]:
    """What one call of a client returns; raises Rejected or Unanswered."""
    try:
        reply: dict[str, Any] = call(**parameters)
    except ClientError as failure:
        problem = failure.response.get("Error", {})
        status = failure.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        raise Rejected(status, problem.get("Code", "Unknown"), problem.get("Message", "")) from failure
    except (NoConnection, HTTPClientError, ResponseParserError) as failure:
        raise Unanswered(str(failure)) from failure
    return reply


class PlainWire:
    """Every request by boto3."""

    def __init__(self, client: Any, bucket: str, owner: str, bypass_governance: bool) -> None:
        self._client = client
        self._bucket = {"Bucket": bucket, "ExpectedBucketOwner": owner}
        self._bypass = {"BypassGovernanceRetention": True} if bypass_governance else {}

    def list_versions(self, position: Position, most: int = PAGE) -> Page:
        markers = {"KeyMarker": position.key, "VersionIdMarker": position.version_id}
        reply = answer(
            self._client.list_object_versions,
            **self._bucket,
            **{name: at for name, at in markers.items() if at},
            MaxKeys=most,
        )
        versions = [Entry(row["Key"], row["VersionId"], row.get("Size", 0), False) for row in reply.get("Versions", ())]
        gone = [Entry(row["Key"], row["VersionId"], 0, True) for row in reply.get("DeleteMarkers", ())]
        if not reply.get("IsTruncated"):
            return Page((*versions, *gone), None)
        after = Position(reply.get("NextKeyMarker", ""), reply.get("NextVersionIdMarker", ""))
        return Page((*versions, *gone), after)

    def delete_batch(self, entries: Sequence[Entry]) -> tuple[KeyFailure, ...]:
        objects = [{"Key": entry.key, "VersionId": entry.version_id} for entry in entries]
        reply = answer(
            self._client.delete_objects, **self._bucket, **self._bypass, Delete={"Objects": objects, "Quiet": True}
        )
        return tuple(
            KeyFailure(row.get("Key", ""), row.get("VersionId", ""), row.get("Code", ""), row.get("Message", ""))
            for row in reply.get("Errors", ())
        )

    def delete_one(self, entry: Entry) -> None:
        answer(self._client.delete_object, **self._bucket, **self._bypass, Key=entry.key, VersionId=entry.version_id)
