"""The wire without boto3's parser: addresses and signatures by botocore, transport by urllib3, replies by expat.

The address is not computed here. botocore is asked to list the bucket and stopped as it sends, so that its request
shows what it made of the region, FIPS and dual-stack settings, a given endpoint, and the bucket's name.
"""

from __future__ import annotations

import base64
import re
import threading
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import urllib3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import get_cert_path
from botocore.utils import get_environ_proxies

from s3ap_ops.emptying import documents
from s3ap_ops.emptying.documents import Entry, Page, Position
from s3ap_ops.emptying.outcome import KeyFailure
from s3ap_ops.emptying.plain import CONNECT_SECONDS, READ_SECONDS, PlainWire, client_for
from s3ap_ops.emptying.wire import PAGE, Rejected, Unanswered, Wire

_SCOPE = re.compile(r"AWS4-HMAC-SHA256 Credential=[^/]+/\d{8}/([^/]+)/s3/aws4_request,")
Told = TypeVar("Told")
_ELSEWHERE = frozenset({"PermanentRedirect", "TemporaryRedirect", "Redirect", "AuthorizationHeaderMalformed"})


@dataclass(frozen=True, slots=True)
class Route:
    """Where the requests for one bucket go, and the region they are signed for."""

    scheme: str
    host: str
    path: str
    region: str


class _Shown(Exception):
    """Ends a call of botocore at the moment when its request is complete."""

    def __init__(self, request: Any) -> None:
        super().__init__("shown, not sent")
        self.request = request


def open_wire(
    session: Any,
    bucket: str,
    region: str,
    owner: str,
    *,
    bypass_governance: bool = False,
    endpoint_url: str | None = None,
    connections: int = 16,
) -> tuple[Wire, Any]:
    """The fastest wire that is sure to do what boto3 would do here, and a client for calls that are rare."""
    client = client_for(session, region, endpoint_url, connections)
    plain = PlainWire(client, bucket, owner, bypass_governance)
    route = _route(client, bucket, owner)
    authorities = _authorities(session)
    if route is None or authorities is None or _proxied(client, route):
        return plain, client

    def moved(elsewhere: str) -> Route | None:
        return _route(client_for(session, elsewhere, endpoint_url, 1), bucket, owner)

    return SignedWire(route, session, owner, plain, moved, bypass_governance, connections, authorities), client


class SignedWire:
    """Listings and batches as signed requests of our own; single keys by boto3, which are rare."""

    def __init__(
        self,
        route: Route,
        session: Any,
        owner: str,
        plain: Wire,
        moved: Callable[[str], Route | None],
        bypass_governance: bool,
        connections: int,
        authorities: str,
    ) -> None:
        self._plain = plain
        self._session = session
        self._moved = moved
        self._headers = {"x-amz-expected-bucket-owner": owner, "User-Agent": "s3ap-ops"}
        self._bypass = {"x-amz-bypass-governance-retention": "true"} if bypass_governance else {}
        self._connections = connections
        self.authorities = authorities
        self._moving = threading.Lock()
        self._has_moved = False
        self.route = route
        self._pool = self._open(route)

    def list_versions(self, position: Position, most: int = PAGE) -> Page:
        query = "encoding-type=url"
        if position.key:
            query += f"&key-marker={quote(position.key, safe='-_.~')}"
        query += f"&max-keys={most}"
        if position.version_id:
            query += f"&version-id-marker={quote(position.version_id, safe='-_.~')}"
        return self._understood(documents.page, self._exchange("GET", f"{query}&versions=", b"", {}))

    def delete_batch(self, entries: Sequence[Entry]) -> tuple[KeyFailure, ...]:
        body = documents.batch(entries)
        checksum = base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
        headers = {
            "Content-Type": "application/xml",
            "x-amz-checksum-crc32": checksum,
            "x-amz-sdk-checksum-algorithm": "CRC32",
            **self._bypass,
        }
        return self._understood(documents.refusals, self._exchange("POST", "delete=", body, headers))

    def delete_one(self, entry: Entry) -> None:
        self._plain.delete_one(entry)

    def _understood(self, reader: Callable[[bytes], Told], body: bytes) -> Told:
        try:
            return reader(body)
        except documents.Unreadable as failure:
            raise Unanswered(str(failure)) from failure

    def _exchange(self, method: str, query: str, body: bytes, headers: dict[str, str]) -> bytes:
        route, pool = self.route, self._pool
        reply = self._send(route, pool, method, query, body, headers)
        problem = documents.error(reply.data)
        region = _elsewhere(reply, problem)
        if region and region != route.region and self._follow(route, region):
            reply = self._send(self.route, self._pool, method, query, body, headers)
            problem = documents.error(reply.data)
        if problem is None and reply.status == 200:
            return reply.data
        if problem is None:
            raise Rejected(reply.status, str(reply.status), reply.reason or "no reason given")
        raise Rejected(reply.status, problem.code, problem.message)

    def _send(
        self,
        route: Route,
        pool: urllib3.HTTPConnectionPool,
        method: str,
        query: str,
        body: bytes,
        headers: dict[str, str],
    ) -> urllib3.BaseHTTPResponse:
        target = f"{route.path}?{query}"
        request = AWSRequest(
            method=method, url=f"{route.scheme}://{route.host}{target}", data=body, headers={**self._headers, **headers}
        )
        # Frozen for each request: keys of a role change during a long run, and all three must be of one set.
        credentials = self._session.get_credentials().get_frozen_credentials()
        S3SigV4Auth(credentials, "s3", route.region).add_auth(request)
        try:
            return pool.urlopen(
                method, target, body=body or None, headers=dict(request.headers.items()), redirect=False
            )
        except urllib3.exceptions.HTTPError as failure:
            raise Unanswered(str(failure)) from failure

    def _follow(self, route: Route, region: str) -> bool:
        """Whether the wire now goes to that region; it moves once, so that two that disagree cannot go on for ever."""
        with self._moving:
            if self.route is not route:
                return True
            if self._has_moved:
                return False
            self._has_moved = True
            there = self._moved(region)
            if there is None:
                return False
            self._pool = self._open(there)
            self.route = there
            return True

    def _open(self, route: Route) -> urllib3.HTTPConnectionPool:
        address = urlsplit(f"{route.scheme}://{route.host}")
        options: dict[str, Any] = {
            "maxsize": self._connections,
            "retries": False,
            "timeout": urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
        }
        if route.scheme == "http":
            return urllib3.HTTPConnectionPool(address.hostname or "", address.port, **options)
        return urllib3.HTTPSConnectionPool(
            address.hostname or "", address.port, cert_reqs="CERT_REQUIRED", ca_certs=self.authorities, **options
        )


def _elsewhere(reply: urllib3.BaseHTTPResponse, problem: documents.ErrorDocument | None) -> str:
    """The region that S3 sends us to, empty when it does not."""
    if problem is None or reply.status not in (301, 307, 400) or problem.code not in _ELSEWHERE:
        return ""
    return problem.region or reply.headers.get("x-amz-bucket-region", "")


def _route(client: Any, bucket: str, owner: str) -> Route | None:
    """Where botocore would send requests for the bucket; None when it would sign them in a way of its own."""

    def show(request: Any, **_: Any) -> None:
        raise _Shown(request)

    client.meta.events.register("before-send.s3.ListObjectVersions", show)
    try:
        client.list_object_versions(Bucket=bucket, ExpectedBucketOwner=owner, MaxKeys=1)
    except _Shown as shown:
        request = shown.request
    else:
        return None
    finally:
        client.meta.events.unregister("before-send.s3.ListObjectVersions", show)
    signature = request.headers.get("Authorization", "")
    scope = _SCOPE.match(signature.decode() if isinstance(signature, bytes) else signature)
    address = urlsplit(request.url)
    if scope is None or address.scheme not in ("http", "https"):
        return None
    return Route(address.scheme, address.netloc, address.path or "/", scope.group(1))


def _proxied(client: Any, route: Route) -> bool:
    config = client.meta.config
    environment = get_environ_proxies(f"{route.scheme}://{route.host}/")
    return bool(config.proxies or environment or config.client_cert)


def _authorities(session: Any) -> str | None:
    """The file of certificate authorities that botocore trusts here; None when that cannot be told."""
    inner = getattr(session, "_session", None)
    if inner is None:
        return None
    chosen = inner.get_config_variable("ca_bundle")
    return str(get_cert_path(chosen or True))
