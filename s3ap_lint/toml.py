"""Plain values as TOML text. (The standard library only reads TOML.)"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")


def document(table: Mapping[str, Any]) -> str:
    """A table as a document: first the plain values, then one section for each table that is not empty."""
    lines = [f"{_name(key)} = {value(one)}\n" for key, one in table.items() if not isinstance(one, Mapping)]
    for key, one in table.items():
        if isinstance(one, Mapping) and one:
            lines += [f"\n[{_name(key)}]\n", *(f"{_name(name)} = {value(inner)}\n" for name, inner in one.items())]
    return "".join(lines)


def comment(text: str) -> str:
    """A comment on a line of its own, whatever the text contains."""
    return f"# {_CONTROL.sub('?', text)}\n"


def value(one: Any) -> str:
    """A string, number, boolean, date, list or table on one line."""
    if isinstance(one, bool):
        return "true" if one else "false"
    if isinstance(one, str):
        return _string(one)
    if isinstance(one, Mapping):
        inner = ", ".join(f"{_name(key)} = {value(each)}" for key, each in one.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(one, (list, tuple)):
        return f"[{', '.join(value(each) for each in one)}]"
    if isinstance(one, (datetime.date, datetime.time)):
        return one.isoformat()
    return repr(one)


def _name(key: str) -> str:
    return key if _BARE.fullmatch(key) else _string(key)


def _string(text: str) -> str:
    printable = text.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(printable, ensure_ascii=False).replace("\x7f", "\\u007f")
