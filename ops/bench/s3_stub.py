"""An S3 of one bucket full of versions that are made up as they are listed, with declared latencies, limits and faults.

    python ops/bench/s3_stub.py --versions 30000 --list-ms 60 --delete-ms 250 --keys-per-second 3500

prints its address, serves ListObjectVersions, DeleteObjects, DeleteObject, ListBuckets and DeleteBucket until its input
ends, and is fast enough to be no part of what is measured. Its figures are at /-/figures. Tests start it in a thread
(`serving`), where the same object can be asked, and be told what is to go wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import re
import sys
import threading
import xml.etree.ElementTree as ElementTree
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import cast
from urllib.parse import parse_qs, quote_plus, unquote, urlsplit
from xml.sax.saxutils import escape

from s3_shelf import NAMESPACE, Shelf, Uploads, row

OWNER = "123456789012"
_SYNTHETIC = re.compile(rb"<VersionId>v(\d{9})</VersionId>")
_HEAD_END = b"\r\n\r\n"


@dataclass
class Terms:
    """What the server declares: seconds for a listing and a deletion, keys it bears a second, and how many at once."""

    list_seconds: float = 0.0
    delete_seconds: float = 0.0
    keys_per_second: float = 0.0
    burst: float = 0.0
    page: int = 1000
    owner: str = ""
    region: str = ""
    secret: str = ""


@dataclass
class Fault:
    """What goes wrong with the next `times` requests of an operation: list, delete (a batch) or one (a single key).

    kind: slowdown, internal, denied, absent, malformed, error200, garbled, reset (before the effect), lost (after it),
    short (half a reply), keys (the code for the keys that match; all others are deleted).
    """

    operation: str
    kind: str
    times: int = 1
    code: str = "InternalError"
    keys: str = ""


@dataclass
class Figures:
    """What the server saw."""

    lists: int = 0
    batches: int = 0
    singles: int = 0
    throttled: int = 0
    keys: int = 0
    deleted: int = 0
    most_in_flight: int = 0
    largest_batch: int = 0
    left: int = 0


@dataclass
class Stub:
    """The server: the shelf, its terms, the faults to come, and its figures."""

    shelf: Shelf
    terms: Terms = field(default_factory=Terms)
    faults: list[Fault] = field(default_factory=list)
    uploads: Uploads = field(default_factory=Uploads)
    figures: Figures = field(default_factory=Figures)
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    keep_requests: bool = False
    arrivals: list[tuple[float, int]] = field(default_factory=list)
    url: str = ""
    in_flight: int = 0
    tokens: float = 0.0
    filled: float = -1.0

    def fault(self, operation: str, kinds: Sequence[str]) -> Fault | None:
        for fault in self.faults:
            if fault.operation == operation and fault.kind in kinds and fault.times > 0:
                fault.times -= 1
                return fault
        return None

    def told(self) -> Figures:
        self.figures.left = self.shelf.left
        return self.figures

    def bears(self, keys: int, now: float) -> bool:
        """Whether the limit has room for so many keys now."""
        limit = self.terms.keys_per_second
        if not limit:
            return True
        most = max(self.terms.burst or limit, 1000.0)
        self.tokens = most if self.filled < 0 else min(most, self.tokens + (now - self.filled) * limit)
        self.filled = now
        if self.tokens < keys:
            return False
        self.tokens -= keys
        return True


class _Connection(asyncio.Protocol):
    """One kept-alive connection: reads a request, answers it after its latency, reads the next."""

    def __init__(self, stub: Stub) -> None:
        self.stub = stub
        self.buffer = bytearray()
        self.busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self.next()

    def next(self) -> None:
        head_end = self.buffer.find(_HEAD_END)
        if self.busy or head_end < 0:
            return
        first, *lines = bytes(self.buffer[:head_end]).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", 0))
        if headers.get("expect", "").lower() == "100-continue" and len(self.buffer) == head_end + 4:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        end = head_end + 4 + length
        if len(self.buffer) < end:
            return
        body = bytes(self.buffer[head_end + 4 : end])
        del self.buffer[:end]
        method, target, _ = first.split(" ")
        self.busy = True
        self.handle(method, target, headers, body)

    def handle(self, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        address = urlsplit(target)
        if address.path.startswith("/-/"):
            self.reply(200, json.dumps(asdict(self.stub.told())).encode())
            return
        stub = self.stub
        if stub.keep_requests:
            stub.requests.append((method, target, headers, body))
        stub.in_flight += 1
        stub.figures.most_in_flight = max(stub.figures.most_in_flight, stub.in_flight)
        query = parse_qs(address.query, keep_blank_values=True)
        operation = "list" if "versions" in query else "delete" if "delete" in query else "one"
        if "uploads" in query or "uploadId" in query:
            self.finish(*self._uploads(method, query))
            return
        if not address.path.strip("/").count("/") and not {"versions", "delete"} & query.keys():
            self.finish(*self._whole(method, address.path))
            return
        loop = asyncio.get_running_loop()
        seconds = stub.terms.list_seconds if operation == "list" else stub.terms.delete_seconds
        early = self.stranger(method, target, headers, body) or self.early(operation, body, loop.time())
        if early is None:
            answer = getattr(self, f"_{operation}")
            loop.call_later(seconds, self.answered, operation, answer, address.path, query, body)
        elif early == (0, b""):
            self.drop()
        else:
            loop.call_later(seconds / 10, self.finish, *early)

    def stranger(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes] | None:
        """The refusal of a request whose headers are not as the terms ask."""
        terms = self.stub.terms
        if terms.owner and headers.get("x-amz-expected-bucket-owner") != terms.owner:
            return 403, _error("AccessDenied", "the bucket is not owned by the expected account")
        authorization = headers.get("authorization", "")
        if terms.region and f"/{terms.region}/s3/aws4_request" not in authorization:
            there = f"<Region>{terms.region}</Region>"
            return 400, _error("AuthorizationHeaderMalformed", "the region is wrong", there)
        if terms.secret and not authorization.endswith(_signature(terms.secret, method, target, headers, body)):
            return 403, _error("SignatureDoesNotMatch", "the signature is not the one computed here")
        checked = any(name in headers for name in ("content-md5", "x-amz-checksum-crc32"))
        if method == "POST" and not checked:
            return 400, _error("InvalidRequest", "Missing required header for this request: Content-MD5")
        crc = base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
        if headers.get("x-amz-checksum-crc32", crc) != crc:
            return 400, _error("BadDigest", "the checksum does not match")
        return None

    def early(self, operation: str, body: bytes, now: float) -> tuple[int, bytes] | None:
        """An answer that has no effect: a fault, a limit or a batch that S3 would not accept."""
        stub = self.stub
        fault = stub.fault(
            operation, ("slowdown", "internal", "denied", "error200", "garbled", "reset", "absent", "malformed")
        )
        if fault is not None:
            return {
                "slowdown": (503, _error("SlowDown", "Please reduce your request rate.")),
                "internal": (500, _error("InternalError", "We encountered an internal error. Please try again.")),
                "denied": (403, _error("AccessDenied", "Access Denied")),
                "absent": (404, _error("NoSuchBucket", "The specified bucket does not exist")),
                "malformed": (400, _error("MalformedXML", "The XML you provided was not well-formed")),
                "error200": (200, _error(fault.code, "We encountered an internal error. Please try again.")),
                "garbled": (200, b"<ListVersionsResult><Version>"),
                "reset": (0, b""),
            }[fault.kind]
        if operation == "list":
            return None
        keys = body.count(b"<Object>") if operation == "delete" else 1
        stub.figures.largest_batch = max(stub.figures.largest_batch, keys)
        if keys > 1000:
            return 400, _error("MalformedXML", "more than 1,000 keys")
        stub.figures.keys += keys
        stub.arrivals.append((now, keys))
        if not stub.bears(keys, now):
            return 503, _error("SlowDown", "Please reduce your request rate.")
        return None

    def answered(self, operation: str, answer, path: str, query: dict[str, list[str]], body: bytes) -> None:  # type: ignore[no-untyped-def]
        status, content = answer(path, query, body)
        fault = self.stub.fault(operation, ("lost", "short"))
        if fault is None:
            self.finish(status, content)
        elif fault.kind == "lost":
            self.drop()
        else:
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(content) + 99}\r\n\r\n".encode()
            self.transport.write(head + content)
            self.drop()

    def _list(self, path: str, query: dict[str, list[str]], body: bytes) -> tuple[int, bytes]:
        self.stub.figures.lists += 1
        shelf = self.stub.shelf
        start = shelf.after(query.get("key-marker", [""])[0], query.get("version-id-marker", [""])[0])
        most = min(self.stub.terms.page, int(query.get("max-keys", ["1000"])[0]))
        found, more = shelf.following(start, most)
        after = ""
        if more:
            last = shelf.item(found[-1])
            after = (
                f"<NextKeyMarker>{quote_plus(last.key, safe='/')}</NextKeyMarker>"
                f"<NextVersionIdMarker>{last.version_id}</NextVersionIdMarker>"
            )
        rows = "".join(row(shelf.item(index)) for index in found)
        return 200, (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<ListVersionsResult xmlns="{NAMESPACE}"><Name>bucket</Name>'
            f"<Prefix/><EncodingType>url</EncodingType><MaxKeys>1000</MaxKeys><IsTruncated>{str(more).lower()}</IsTruncated>"
            f"{after}{rows}</ListVersionsResult>"
        ).encode()

    def _delete(self, path: str, query: dict[str, list[str]], body: bytes) -> tuple[int, bytes]:
        stub = self.stub
        stub.figures.batches += 1
        if stub.shelf.synthetic and not any(fault.kind == "keys" for fault in stub.faults):
            stub.figures.deleted += sum(stub.shelf.remove(int(index)) for index in _SYNTHETIC.findall(body))
            return 200, f'<DeleteResult xmlns="{NAMESPACE}"/>'.encode()
        try:
            objects = [
                (row.findtext(f"{{{NAMESPACE}}}Key", ""), row.findtext(f"{{{NAMESPACE}}}VersionId", ""))
                for row in ElementTree.fromstring(body).iter(f"{{{NAMESPACE}}}Object")
            ]
        except ElementTree.ParseError:
            return 400, _error("MalformedXML", "The XML you provided was not well-formed")
        fault = stub.fault("delete", ("keys",))
        errors = []
        for key, version_id in objects:
            if fault is not None and re.search(fault.keys, key):
                errors.append(
                    f"<Error><Key>{escape(key)}</Key><VersionId>{version_id}</VersionId>"
                    f"<Code>{fault.code}</Code><Message>told to fail</Message></Error>"
                )
                continue
            self.remove(key, version_id)
        return 200, f'<DeleteResult xmlns="{NAMESPACE}">{"".join(errors)}</DeleteResult>'.encode()

    def _uploads(self, method: str, query: dict[str, list[str]]) -> tuple[int, bytes]:
        uploads = self.stub.uploads
        if "uploads" in query:
            markers = [query.get(name, [""])[0] for name in ("key-marker", "upload-id-marker")]
            return 200, uploads.page(*markers, self.stub.terms.page).encode()
        parts = uploads.parts(query["uploadId"][0])
        if parts is None:
            return 404, _error("NoSuchUpload", "The specified upload does not exist")
        if method == "GET":
            return 200, parts.encode()
        uploads.abort(query["uploadId"][0])
        return 204, b""

    def _whole(self, method: str, path: str) -> tuple[int, bytes]:
        """What concerns no object: the list of buckets, and the end of the bucket."""
        if method == "GET" and path == "/":
            name = "<Bucket><Name>bucket</Name><CreationDate>2026-01-01T00:00:00.000Z</CreationDate></Bucket>"
            return 200, f"<ListAllMyBucketsResult><Buckets>{name}</Buckets></ListAllMyBucketsResult>".encode()
        if method != "DELETE":
            return 501, _error("NotImplemented", "the stub has no such operation")
        return (409, _error("BucketNotEmpty", "It is not empty.")) if self.stub.shelf.left else (204, b"")

    def _one(self, path: str, query: dict[str, list[str]], body: bytes) -> tuple[int, bytes]:
        self.stub.figures.singles += 1
        key = unquote(path).removeprefix("/").partition("/")[2]
        self.remove(key, query.get("versionId", [""])[0])
        return 204, b""

    def remove(self, key: str, version_id: str) -> None:
        index = self.stub.shelf.place(key, version_id)
        if index is not None:
            self.stub.figures.deleted += self.stub.shelf.remove(index)

    def finish(self, status: int, content: bytes) -> None:
        self.stub.figures.throttled += status == 503
        self.stub.in_flight -= 1
        self.reply(status, content)

    def reply(self, status: int, content: bytes) -> None:
        head = f"HTTP/1.1 {status} Reply\r\nContent-Type: application/xml\r\nContent-Length: {len(content)}\r\n\r\n"
        self.transport.write((head if status != 204 else "HTTP/1.1 204 No Content\r\n\r\n").encode() + content)
        self.busy = False
        if self.buffer:
            self.next()

    def drop(self) -> None:
        self.stub.in_flight -= 1
        self.transport.close()


def _error(code: str, message: str, more: str = "") -> bytes:
    document = f"<Error><Code>{code}</Code><Message>{message}</Message>{more}</Error>"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{document}'.encode()


def _signature(secret: str, method: str, target: str, headers: dict[str, str], body: bytes) -> str:
    """The signature that the server computes for itself, from what arrived and the secret it shares with the caller."""
    authorization = headers["authorization"]
    scope = authorization.split("Credential=")[1].split(",")[0].partition("/")[2]
    signed = authorization.split("SignedHeaders=")[1].split(",")[0]
    path, _, query = target.partition("?")
    pairs = sorted(part.partition("=")[::2] for part in query.split("&") if part)
    lines = "".join(f"{name}:{headers[name]}\n" for name in signed.split(";"))
    content = hashlib.sha256(body).hexdigest()
    request = f"{method}\n{path}\n{'&'.join('='.join(pair) for pair in pairs)}\n{lines}\n{signed}\n{content}"
    digest = hashlib.sha256(request.encode()).hexdigest()
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, f"AWS4-HMAC-SHA256\n{headers['x-amz-date']}\n{scope}\n{digest}".encode(), "sha256").hex()


async def _serve(stub: Stub, port: int, started: threading.Event) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(stub), "127.0.0.1", port)
    stub.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    started.set()
    async with server:
        await server.serve_forever()


@contextlib.contextmanager
def serving(stub: Stub, port: int = 0) -> Iterator[Stub]:
    """The stub at its `url`, in a thread of this process, until the block ends."""
    loop = asyncio.new_event_loop()
    started = threading.Event()
    task = loop.create_task(_serve(stub, port, started))

    def run() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    started.wait()
    try:
        yield stub
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--versions", type=int, default=30_000)
    parser.add_argument("--list-ms", type=float, default=0.0)
    parser.add_argument("--delete-ms", type=float, default=0.0)
    parser.add_argument("--keys-per-second", type=float, default=0.0, help="0: no limit")
    parser.add_argument(
        "--burst", type=float, default=0.0, help="keys the limit lets pass at once; default: a second's"
    )
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    terms = Terms(options.list_ms / 1000, options.delete_ms / 1000, options.keys_per_second, options.burst)
    with serving(Stub(Shelf(options.versions), terms), options.port) as stub:
        print(stub.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
