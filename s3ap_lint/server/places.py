"""Between the protocol's positions and URIs and ours: UTF-8, UTF-16 or UTF-32 units, 0-based, half-open."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lsprotocol import types

from s3ap_lint.diagnostic import Place
from s3ap_lint.source import Source

Read = Callable[[str], Source | None]
"""The text of a file of the project, as the editor has it; None when there is none."""


def path_of(uri: str) -> Path | None:
    """The file that a URI names, links not followed; None for what is no file of this machine (untitled:, git:)."""
    try:
        parts = urlsplit(uri)
        path = unquote(parts.path, errors="strict")
    except ValueError:
        return None
    if parts.scheme != "file" or "\0" in path or (parts.netloc not in ("", "localhost") and os.name != "nt"):
        return None
    if len(path) > 2 and path[0] == "/" and path[2] == ":":  # file:///C:/…
        path = path[1:]
    return Path(f"//{parts.netloc}{path}" if parts.netloc not in ("", "localhost") else path)


def uri_of(path: Path) -> str:
    """The URI of an absolute path, percent-encoded."""
    return path.as_uri()


def units(text: str, encoding: str) -> int:
    """The length of a text as the client counts. `encoding` is "utf-8", "utf-16" or "utf-32"."""
    if encoding == "utf-8":
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text) if encoding == "utf-32" else len(text.encode("utf-16-le", "surrogatepass")) // 2


def offset_at(source: Source, position: types.Position, encoding: str) -> int:
    """The byte offset of a position; behind the end of a line, the line's end."""
    line = source.line_text(position.line + 1)
    start = source.line_start(position.line + 1)
    if encoding == "utf-8":
        return start + min(position.character, len(line.encode("utf-8")))
    if encoding == "utf-32":
        return start + len(line[: position.character].encode("utf-8"))
    head = line.encode("utf-16-le")[: 2 * position.character].decode("utf-16-le", "ignore")
    return start + len(head.encode("utf-8"))


def position_at(source: Source, offset: int, encoding: str) -> types.Position:
    """The position of a byte offset."""
    line = source.line_of(min(offset, len(source.data)))
    before = source.data[source.line_start(line) : offset].decode("utf-8", "replace").rstrip("\r\n")
    return types.Position(line - 1, units(before, encoding))


def range_at(source: Source, start: int, end: int, encoding: str) -> types.Range:
    """The range of two byte offsets."""
    return types.Range(position_at(source, start, encoding), position_at(source, end, encoding))


def range_of(place: Place, read: Read, encoding: str) -> types.Range:
    """The range of a finding's place; without the file, as far as the place itself tells."""
    if encoding == "utf-16":
        start = types.Position(place.line - 1, place.utf16_column - 1)
        return types.Range(start, types.Position(place.end_line - 1, place.utf16_end_column - 1))
    source = read(place.path)
    if source is None:
        start = types.Position(place.line - 1, place.column - 1)
        return types.Range(start, types.Position(place.end_line - 1, place.end_column - 1))

    def position(line: int, column: int) -> types.Position:
        return types.Position(line - 1, units(source.line_text(line)[: column - 1], encoding))

    return types.Range(position(place.line, place.column), position(place.end_line, place.end_column))
