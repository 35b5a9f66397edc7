"""Emptying real buckets of moto over HTTP: versions, markers, locks, uploads and keys that no document can carry."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest
from moto.core.botocore_stubber import BotocoreStubber

from s3ap_ops.emptying import BucketRefused, Counted, Emptied, Pace, Progress, count, empty
from s3ap_ops.emptying.plain import PlainWire
from s3ap_ops.emptying.signed import SignedWire, open_wire

PLACE: dict[str, Any] = {"region": "us-east-1", "owner": "123456789012"}
QUICK = Pace(most_in_flight=4)


class Relay(BaseHTTPRequestHandler):
    """Hands what arrives over HTTP to moto's S3, as if it had been sent to AWS."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def handle_expect_100(self) -> bool:
        """As the standard library's, but sent at once: a client waits a second for it."""
        goes_on = super().handle_expect_100()
        self.wfile.flush()
        return goes_on

    def relay(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        request = AWSPreparedRequest(self.command, f"https://s3.amazonaws.com{self.path}", headers, body, False)
        answer = BotocoreStubber().process_request(request)
        assert answer is not None
        status, told, content = answer
        data = content.encode() if isinstance(content, str) else content
        self.send_response(status)
        for name, value in told.items():
            if name.lower() not in ("content-length", "connection", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data if self.command != "HEAD" else b"")

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = relay  # noqa: N815 - the names are the standard library's

    def log_message(self, *_: object) -> None:
        """Silence: a test that fails says why."""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Relay)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def session() -> boto3.Session:
    return boto3.Session(aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="secret", aws_session_token="token")


@pytest.fixture(params=["signed", "plain"])
def wire(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to S3: with the signature of another service's kind, requests are left to boto3."""
    if request.param == "plain":
        monkeypatch.setattr("s3ap_ops.emptying.signed._SCOPE", re.compile("none is like this"))
    return str(request.param)


@pytest.fixture
def s3(session: boto3.Session, endpoint: str) -> Any:
    return session.client("s3", region_name="us-east-1", endpoint_url=endpoint)


@pytest.fixture
def bucket(s3: Any, request: pytest.FixtureRequest) -> str:
    name = f"b-{abs(hash(request.node.name)):x}"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def left(s3: Any, bucket: str) -> int:
    reply = s3.list_object_versions(Bucket=bucket)
    return len(reply.get("Versions", [])) + len(reply.get("DeleteMarkers", []))


def test_versions_and_markers_go_together(s3: Any, bucket: str, session: Any, endpoint: str, wire: str) -> None:
    for key in ("a", "b/c", "d e+f%20g&<>\"'", "日本語/出力.json"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
        s3.put_object(Bucket=bucket, Key=key, Body=b"22")
        s3.delete_object(Bucket=bucket, Key=key)
    outcome = empty(bucket, session, endpoint_url=endpoint, pace=QUICK, **PLACE)
    assert Emptied(versions=8, markers=4, passes=2) == outcome
    assert outcome.clean
    assert 0 == left(s3, bucket)
    s3.head_bucket(Bucket=bucket)


def test_a_second_run_finds_nothing(s3: Any, bucket: str, session: Any, endpoint: str, wire: str) -> None:
    assert Emptied(passes=1) == empty(bucket, session, endpoint_url=endpoint, pace=QUICK, **PLACE)


def test_objects_from_before_versioning_have_the_version_null(s3: Any, session: Any, endpoint: str, wire: str) -> None:
    name = f"null-{wire}"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="old", Body=b"1")
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=name, Key="old", Body=b"2")
    outcome = empty(name, session, endpoint_url=endpoint, pace=QUICK, **PLACE)
    assert Emptied(versions=2, passes=2) == outcome
    assert 0 == left(s3, name)


def test_keys_with_blanks_that_xml_would_change_are_deleted(s3: Any, bucket: str, session: Any, endpoint: str) -> None:
    for key in ("line\nfeed", "tab\tstop", "back\\slash"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    assert 3 == empty(bucket, session, endpoint_url=endpoint, pace=QUICK, **PLACE).versions
    assert 0 == left(s3, bucket)


def test_an_absent_bucket_is_an_empty_one(session: Any, endpoint: str, wire: str) -> None:
    outcome = empty("there-is-none", session, endpoint_url=endpoint, pace=QUICK, **PLACE)
    assert (0, True) == (outcome.left, outcome.clean)
    assert Counted() == count("there-is-none", session, endpoint_url=endpoint, **PLACE)


def test_uploads_are_aborted(s3: Any, bucket: str, session: Any, endpoint: str) -> None:
    for key in ("big", "big", "a b%+"):
        upload = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
        s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=1, Body=io.BytesIO(b"1"))
    assert 3 == empty(bucket, session, endpoint_url=endpoint, pace=QUICK, **PLACE).uploads_aborted
    assert [] == s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])


@pytest.fixture
def locked(s3: Any, request: pytest.FixtureRequest) -> str:
    """A bucket with one version under governance and one that is free."""
    name = f"l-{abs(hash(request.node.name)):x}"
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    s3.put_object(
        Bucket=name,
        Key="kept",
        Body=b"1",
        ObjectLockMode="GOVERNANCE",
        ObjectLockRetainUntilDate="2099-01-01T00:00:00Z",
    )
    s3.put_object(Bucket=name, Key="free", Body=b"1")
    return name


def test_a_locked_version_is_a_failure_and_stays(s3: Any, locked: str, session: Any, endpoint: str, wire: str) -> None:
    outcome = empty(locked, session, endpoint_url=endpoint, pace=QUICK, **PLACE)
    assert (1, 1, 1) == (outcome.versions, outcome.failed, outcome.left)
    assert (True, False) == (outcome.finished, outcome.clean)
    assert [("kept", "AccessDenied")] == [(failure.key, failure.code) for failure in outcome.failures]
    assert 1 == left(s3, locked)


def test_governance_is_bypassed_when_asked(s3: Any, locked: str, session: Any, endpoint: str, wire: str) -> None:
    outcome = empty(locked, session, endpoint_url=endpoint, bypass_governance=True, pace=QUICK, **PLACE)
    assert (2, True) == (outcome.versions, outcome.clean)
    assert 0 == left(s3, locked)


def test_counting_tells_what_there_is(s3: Any, bucket: str, session: Any, endpoint: str, wire: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"12345")
    s3.put_object(Bucket=bucket, Key="b", Body=b"123")
    s3.delete_object(Bucket=bucket, Key="b")
    assert Counted(versions=2, markers=1, size=8) == count(bucket, session, endpoint_url=endpoint, **PLACE)
    assert 3 == left(s3, bucket)


def test_progress_is_told_in_the_callers_thread_and_at_the_end(
    s3: Any, bucket: str, session: Any, endpoint: str
) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    told: list[Progress] = []
    empty(bucket, session, endpoint_url=endpoint, pace=QUICK, on_progress=told.append, **PLACE)
    assert 1 == told[-1].deleted


@pytest.mark.parametrize(
    "name",
    ["arn:aws:s3:us-east-1:123456789012:accesspoint/x", "volume-abc-ext-s3alias", "x-s3alias", "y--use1-az1--x-s3"],
)
def test_what_is_no_ordinary_bucket_is_refused_before_any_call(name: str, session: Any) -> None:
    with pytest.raises(ValueError, match=r"nothing is deleted|name the bucket|keeps no versions"):
        empty(name, session, endpoint_url="http://127.0.0.1:9", pace=QUICK, **PLACE)


def test_a_server_that_is_not_there_is_told_as_such(session: Any) -> None:
    slept: list[float] = []
    with pytest.raises(BucketRefused, match="NoAnswer"):
        empty("b", session, endpoint_url="http://127.0.0.1:9", pace=QUICK, sleep=slept.append, **PLACE)
    assert slept


def routed(session: Any, bucket: str, region: str = "eu-west-1", endpoint: str | None = None) -> str:
    """Where the signed wire would send a listing."""
    wire, _ = open_wire(session, bucket, region, "123456789012", endpoint_url=endpoint)
    assert isinstance(wire, SignedWire)
    return f"{wire.route.scheme}://{wire.route.host}{wire.route.path} {wire.route.region}"


def test_requests_go_where_botocore_would_send_them(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "https://plain.s3.eu-west-1.amazonaws.com/ eu-west-1" == routed(session, "plain")
    assert "https://s3.eu-west-1.amazonaws.com/with.dots eu-west-1" == routed(session, "with.dots")
    assert "http://127.0.0.1:5000/plain eu-west-1" == routed(session, "plain", endpoint="http://127.0.0.1:5000")
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")
    monkeypatch.setenv("AWS_USE_DUALSTACK_ENDPOINT", "true")
    there = "https://plain.s3-fips.dualstack.us-west-2.amazonaws.com/ us-west-2"
    assert there == routed(session, "plain", "us-west-2")


def test_behind_a_proxy_requests_are_left_to_boto3(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert isinstance(open_wire(session, "b", "eu-west-1", "123456789012")[0], PlainWire)
    monkeypatch.setenv("NO_PROXY", ".amazonaws.com")
    assert isinstance(open_wire(session, "b", "eu-west-1", "123456789012")[0], SignedWire)


def test_a_named_authority_is_the_one_that_is_trusted(
    session: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    wire, _ = open_wire(
        boto3.Session(aws_access_key_id="A", aws_secret_access_key="s"), "b", "eu-west-1", "123456789012"
    )
    assert isinstance(wire, SignedWire)
    assert str(tmp_path / "ca.pem") == wire.authorities
