"""Wrong shapes: a template with one of its values deleted, or replaced by something else.

A template is written by people and may hold anything anywhere. A rule has an opinion about it or
none, but never crashes.
"""

from __future__ import annotations

import copy
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from s3ap_lint.examples import is_json
from s3ap_lint.source import Source
from s3ap_lint.template import document
from s3ap_lint.template.node import Node

REPLACEMENTS = {
    "null": ("null", "null"),
    "a text": ("x", '"x"'),
    "a number": ("7", "7"),
    "an empty list": ("[]", "[]"),
    "an empty mapping": ("{}", "{}"),
    "a list with null": ("[null]", "[null]"),
    "!Ref X": ("!Ref X", '{"Ref": "X"}'),
    "!If [C, a, b]": ("!If [C, a, b]", '{"Fn::If": ["C", "a", "b"]}'),
    "a long Fn::Sub": ("{Fn::Sub: 'a-${X}-${AWS::Region}'}", '{"Fn::Sub": "a-${X}-${AWS::Region}"}'),
}
"""What takes a value's place: what to call it, in YAML, in JSON."""

DELETED = "deleted"


@dataclass(frozen=True)
class Shape:
    """A template with one value changed: its bytes, and what was done to it."""

    data: bytes
    what: str


def shapes(data: bytes, limit: int, seed: str = "") -> Iterator[Shape]:
    """At most so many wrong shapes of a template, of every kind and from everywhere.

    The same ones every time; other ones for another seed, so that templates with much in common try more together.
    A replaced value stands in the template's own style; for a deleted one the template is written as JSON.
    """
    top = document.parse(Source("template", data)).top
    if top is None:
        return
    style = 1 if is_json(data) else 0
    recipes = [(node, kind) for node in top.walk() if not node.shared for kind in (DELETED, *REPLACEMENTS)]
    recipes.sort(key=lambda recipe: zlib.crc32(f"{seed} {recipe[1]} {'/'.join(recipe[0].path)}".encode()))
    whole = top.data()
    for node, kind in recipes[:limit]:
        place = "/".join(node.path) or "the whole template"
        if kind == DELETED:
            yield Shape(_without(whole, node), f"{place} deleted")
            continue
        text = REPLACEMENTS[kind][style].encode()
        yield Shape(data[: node.span.start] + text + data[node.span.end :], f"{place} replaced by {kind}")


def _without(whole: Any, node: Node) -> bytes:
    if node.parent is None:
        return b"{}\n"
    left = copy.deepcopy(whole)
    holder = left
    for key in node.parent.path:
        holder = holder[int(key)] if isinstance(holder, list) else holder[key]
    del holder[int(node.key) if isinstance(holder, list) else node.key]
    return json.dumps(left, indent=2, ensure_ascii=False).encode()
