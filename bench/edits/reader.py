"""What PyYAML and the standard library find in a template: its values, and its comments."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import yaml

_COMMENT = re.compile(r"(?:^|(?<=\s))#[^\r\n]*")


class _Loader(yaml.CSafeLoader):
    """Short tags in their long form; keys, dates and what has an unknown tag as text."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        self.flatten_mapping(node)
        return {key.value: self.construct_object(value, deep=True) for key, value in node.value}

    def construct_yaml_map(self, node: Any) -> Any:
        return self.construct_mapping(node)

    def construct_yaml_seq(self, node: Any) -> Any:
        return [self.construct_object(child, deep=True) for child in node.value]

    def tagged(self, suffix: str, node: Any) -> Any:
        name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
        if isinstance(node, yaml.MappingNode):
            return {name: self.construct_mapping(node)}
        if isinstance(node, yaml.SequenceNode):
            return {name: self.construct_yaml_seq(node)}
        return {name: node.value}


_Loader.add_constructor("tag:yaml.org,2002:map", _Loader.construct_yaml_map)
_Loader.add_constructor("tag:yaml.org,2002:seq", _Loader.construct_yaml_seq)
_Loader.add_multi_constructor("!", _Loader.tagged)
for _name in ("timestamp", "value", "merge"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_name}", lambda self, node: node.value)

UNREADABLE = (yaml.YAMLError, ValueError, TypeError, RecursionError)
"""What `read` may raise."""


def read(data: bytes) -> Any:
    """The plain value of a JSON or YAML document."""
    text = data.decode("utf-8-sig")
    if text.lstrip()[:1] in {"{", "["}:
        try:
            return json.loads(text)
        except ValueError:
            pass
    return yaml.load(text, Loader=_Loader)


def is_json(data: bytes) -> bool:
    """Whether a document is JSON throughout."""
    try:
        json.loads(data.decode("utf-8-sig"))
    except ValueError:
        return False
    return True


def comments(data: bytes) -> list[tuple[int, str]]:
    """The comments of a YAML document with their offsets, in code points: what starts with # between its tokens."""
    text = data.decode("utf-8-sig")
    found: list[tuple[int, str]] = []
    at = 0
    for token in yaml.scan(text, Loader=yaml.CSafeLoader):
        start, end = token.start_mark.index, token.end_mark.index
        if isinstance(token, yaml.ScalarToken) and token.style in {"|", ">"}:
            head = text.find("\n", start)
            found += _comments_in(text, start, len(text) if head == -1 else head)
        found += _comments_in(text, at, start)
        at = max(at, end)
    return found + _comments_in(text, at, len(text))


def _comments_in(text: str, start: int, end: int) -> list[tuple[int, str]]:
    return [(mark.start(), mark.group().rstrip()) for mark in _COMMENT.finditer(text, start, max(start, end))]


def lost(before: list[tuple[int, str]], after: list[tuple[int, str]], start: int, end: int) -> list[str]:
    """The comments outside of a span of the text before that are not there any more."""
    kept = Counter(text for at, text in before if not start <= at < end)
    return list((kept - Counter(text for _, text in after)).elements())


def same(one: Any, other: Any) -> bool:
    """Equality that tells 1 from true and from 1.0, and knows both ways to name an attribute."""
    one, other = _attribute(one), _attribute(other)
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other or one != one)


def _attribute(value: Any) -> Any:
    if isinstance(value, dict) and len(value) == 1 and isinstance(value.get("Fn::GetAtt"), str):
        return {"Fn::GetAtt": value["Fn::GetAtt"].split(".", 1)}
    return value
