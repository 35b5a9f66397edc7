"""The same template in other dress: line endings, indentation, a missing final newline, JSON in several forms."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import yaml

from bench.edits.reader import UNREADABLE, is_json, read, same

_DASHES = re.compile(r"^ *(?:- )+")
_COLON = re.compile(r" *:")


def dresses(data: bytes) -> Iterator[tuple[str, bytes]]:
    """A template as it is, and in each dress in which it still says the same."""
    yield "as it is", data
    try:
        value = read(data)
    except UNREADABLE:
        return
    for name, change in (_FOR_JSON if is_json(data) else _FOR_YAML).items():
        changed = change(data)
        if changed is None or changed == data:
            continue
        try:
            if same(read(changed), value):
                yield name, changed
        except UNREADABLE:
            continue


def _crlf(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _no_final_newline(data: bytes) -> bytes:
    return data.rstrip(b"\r\n")


def _as_json(data: bytes, indent: str | None, separators: tuple[str, str] | None) -> bytes | None:
    try:
        return json.dumps(read(data), ensure_ascii=False, indent=indent, separators=separators).encode()
    except (ValueError, TypeError):
        return None


def _with_tabs(data: bytes) -> bytes | None:
    return _as_json(data, "\t", None)


def _on_one_line(data: bytes) -> bytes | None:
    return _as_json(data, None, (",", ":"))


def _four_spaces(data: bytes) -> bytes:
    """Every indentation twice as deep; the text of a block scalar is moved as a whole."""
    lines = _lines(data)
    deeper = [_indent(line) for line in lines]
    texts: set[int] = set()
    for event in _events(lines):
        if isinstance(event, yaml.ScalarEvent) and event.style in {"|", ">"}:
            body = range(_start(event)[0] + 1, min(_end(event)[0], len(lines)))
            shift = min((_indent(lines[at]) for at in body if lines[at].strip()), default=0)
            for at in body:
                deeper[at] = shift if lines[at].strip() else 0
            texts.update(body)
    lines = [line if at in texts else _DASHES.sub(_wider, line) for at, line in enumerate(lines)]
    return "".join(" " * more + line for more, line in zip(deeper, lines, strict=True)).encode()


def _wider(dashes: re.Match[str]) -> str:
    return dashes.group().replace("- ", "-   ")


def _flush_lists(data: bytes) -> bytes:
    """Every list below a key with its dashes in the column of the key."""
    lines = _lines(data)
    shifts = [0] * len(lines)
    opened: list[tuple[int, int]] = []  # line and shift of each sequence
    column_of_key = 0
    for event in _events(lines):
        if isinstance(event, yaml.ScalarEvent):
            at, column = _end(event)
            if at < len(lines) and _COLON.match(lines[at], column):
                column_of_key = _start(event)[1]
        elif isinstance(event, yaml.SequenceStartEvent):
            at, column = _start(event)
            movable = not event.flow_style and not event.anchor and not event.tag and column == _indent(lines[at])
            opened.append((at, max(0, column - column_of_key) if movable else 0))
        elif isinstance(event, yaml.SequenceEndEvent):
            first, shift = opened.pop()
            for at in range(first, _start(event)[0] if shift else first):
                shifts[at] += shift
    return "".join(line[min(shift, _indent(line)) :] for line, shift in zip(lines, shifts, strict=True)).encode()


def _lines(data: bytes) -> list[str]:
    return data.decode("utf-8-sig").splitlines(keepends=True)


def _events(lines: list[str]) -> Iterator[yaml.Event]:
    events: Iterator[yaml.Event] = yaml.parse("".join(lines), Loader=yaml.CSafeLoader)
    return events


def _start(event: Any) -> tuple[int, int]:
    return event.start_mark.line, event.start_mark.column


def _end(event: Any) -> tuple[int, int]:
    return event.end_mark.line, event.end_mark.column


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


_FOR_YAML: dict[str, Callable[[bytes], bytes | None]] = {
    "CRLF": _crlf,
    "no final newline": _no_final_newline,
    "four spaces": _four_spaces,
    "flush lists": _flush_lists,
    "JSON with tabs": _with_tabs,
}
_FOR_JSON: dict[str, Callable[[bytes], bytes | None]] = {
    "CRLF": _crlf,
    "JSON with tabs": _with_tabs,
    "JSON on one line": _on_one_line,
}
