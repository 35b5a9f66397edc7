"""The XML that S3 and the pipeline exchange: pages of versions read, batches to delete written.

Read with expat alone, element by element: a page costs a few milliseconds, where botocore's parser takes a hundred.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote_plus
from xml.parsers import expat

from s3ap_ops.emptying.outcome import KeyFailure

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_UNSPEAKABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# A parser makes one blank of a bare carriage return, so blanks that matter are written as numbers.
_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#x9;", "\n": "&#xA;", "\r": "&#xD;"}
)


class Entry(NamedTuple):
    """One version of an object, or one delete marker; a version id may be the word `null`."""

    key: str
    version_id: str
    size: int
    marker: bool


class Position(NamedTuple):
    """Where a listing goes on: after this version of this key."""

    key: str
    version_id: str


START = Position("", "")


@dataclass(frozen=True, slots=True)
class Page:
    """One reply of ListObjectVersions; `after` is None on the last one."""

    entries: tuple[Entry, ...]
    after: Position | None


class Unreadable(ValueError):
    """A reply that is no XML document of S3."""


class ErrorDocument(NamedTuple):
    """What S3 says when it refuses; `region` is where the bucket is, if it says so."""

    code: str
    message: str
    region: str


def carries(key: str) -> bool:
    """Whether an XML 1.0 document can hold this key; one that it cannot must be deleted by its address."""
    return _UNSPEAKABLE.search(key) is None


def page(body: bytes) -> Page:
    """The versions and markers of a listing, in its order, and where it goes on."""
    raw: list[Entry] = []

    def record(name: str, fields: dict[str, str]) -> None:
        version_id, size = fields.get("VersionId") or "null", int(fields.get("Size") or 0)
        raw.append(Entry(fields.get("Key", ""), version_id, size, name == "DeleteMarker"))

    document = _read(body, _LIST_RECORDS, _LIST_FIELDS, record)
    if document.root != "ListVersionsResult":
        raise Unreadable(f"a listing of versions was expected, not {document.root}")
    plain = unquote_plus if document.fields.get("EncodingType") == "url" else str
    entries = tuple(Entry(plain(entry.key), entry.version_id, entry.size, entry.marker) for entry in raw)
    if document.fields.get("IsTruncated") != "true":
        return Page(entries, None)
    after = Position(plain(document.fields.get("NextKeyMarker", "")), document.fields.get("NextVersionIdMarker", ""))
    return Page(entries, after)


def batch(entries: Iterable[Entry]) -> bytes:
    """The body of a DeleteObjects request that answers with its errors alone."""
    objects = (
        f"<Object><Key>{entry.key.translate(_ESCAPES)}</Key>"
        f"<VersionId>{entry.version_id.translate(_ESCAPES)}</VersionId></Object>".encode()
        for entry in entries
    )
    # Joined once: every thread that deletes keeps the memory of what it built.
    return b"".join([f'<Delete xmlns="{NAMESPACE}">'.encode(), *objects, b"<Quiet>true</Quiet></Delete>"])


def refusals(body: bytes) -> tuple[KeyFailure, ...]:
    """What a DeleteObjects reply says was not deleted; without a version id, it speaks of every version of its key."""
    failures: list[KeyFailure] = []

    def record(name: str, fields: dict[str, str]) -> None:
        failures.append(KeyFailure(*(fields.get(field, "") for field in ("Key", "VersionId", "Code", "Message"))))

    document = _read(body, _DELETE_RECORDS, _DELETE_FIELDS, record)
    if document.root != "DeleteResult":
        raise Unreadable(f"the result of a deletion was expected, not {document.root}")
    return tuple(failures)


def error(body: bytes) -> ErrorDocument | None:
    """What an error document says; None when the reply is something else."""
    if b"<Error" not in body[:1024]:
        return None
    try:
        document = _read(body, frozenset(), _ERROR_FIELDS, lambda name, fields: None)
    except Unreadable:
        return None
    if document.root != "Error":
        return None
    fields = document.fields
    return ErrorDocument(fields.get("Code", ""), fields.get("Message", ""), fields.get("Region", ""))


_LIST_RECORDS = frozenset({"Version", "DeleteMarker"})
_LIST_FIELDS = frozenset(
    {"Key", "VersionId", "Size", "IsTruncated", "NextKeyMarker", "NextVersionIdMarker", "EncodingType"}
)
_DELETE_RECORDS = frozenset({"Error"})
_DELETE_FIELDS = frozenset({"Key", "VersionId", "Code", "Message"})
_ERROR_FIELDS = frozenset({"Code", "Message", "Region"})


class _Document(NamedTuple):
    root: str
    fields: dict[str, str]


def _read(
    body: bytes,
    record_names: frozenset[str],
    field_names: frozenset[str],
    record: Callable[[str, dict[str, str]], None],
) -> _Document:
    """The root and its fields; each record is told as it ends, in one dictionary that is used again for the next."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    root = ""
    fields: dict[str, str] = {}
    of_record: dict[str, str] = {}
    current = fields
    text: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal root, current
        if not root:
            root = name
        elif name in field_names:
            text.clear()
            parser.CharacterDataHandler = text.append
        elif name in record_names:
            current = of_record

    def end(name: str) -> None:
        nonlocal current
        if name in field_names:
            current[name] = "".join(text)
            parser.CharacterDataHandler = None
        elif name in record_names and current is not fields:
            record(name, of_record)
            of_record.clear()
            current = fields

    def doctype(*declaration: object) -> None:
        raise Unreadable("a reply of S3 declares no document type; this one does, and could expand without end")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(body.lstrip(), True)  # S3 sends blanks while it is still at work
    except expat.ExpatError as failure:
        raise Unreadable(f"the reply is no XML: {failure}") from failure
    return _Document(root, fields)
