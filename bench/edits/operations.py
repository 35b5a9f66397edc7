"""What is tried: an edit of a node, and what it should make of the plain value."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from s3ap_lint.model import Edit
from s3ap_lint.source import Source
from s3ap_lint.template import edits
from s3ap_lint.template.edits import NO_VALUE, Fn, Value, get_att, if_, ref, sub
from s3ap_lint.template.node import Node

TEXT = "arn:aws:s3:ap-northeast-1:123456789012:accesspoint/x"
VALUES: tuple[Value, ...] = (
    TEXT,
    "3.12",
    "*",
    True,
    30,
    sub("arn:${AWS::Partition}:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/${Name}/object/*"),
    ref("AWS::Region"),
    get_att("Role.Arn"),
    if_("HasAlias", sub("arn:aws:s3:::${Alias}"), NO_VALUE),
    ["s3:GetObject", sub("${Alias}/*"), "s3:PutObject"],
    {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": sub("arn:aws:s3:::${Alias}/*")},
    {"Variables": {"S3_ACCESS_POINT": ref("Alias"), "出力先": "a: b"}},
    "first line\nsecond: line\n",
    [],
    {},
)


def lot(*parts: object) -> int:
    """A number that looks like chance and is the same in every run."""
    return int.from_bytes(sha256("\0".join(map(str, parts)).encode()).digest()[:6], "big")


def meaning(value: Value) -> Any:
    """What a value is once it is written, worked out without the code that writes it."""
    if isinstance(value, Fn):
        return {value.name if value.name == "Ref" else f"Fn::{value.name}": meaning(value.argument)}
    if isinstance(value, dict):
        return {key: meaning(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [meaning(inner) for inner in value]
    return value


@dataclass(frozen=True)
class Attempt:
    """An edit that was asked for: the call, what it should change in a plain value, and what a comment may be lost for.

    `adds`: no line that was there may change but for a comma or bracket. `undo` should give the file as it was before.
    """

    call: Callable[[Source], Edit | None]
    change: Callable[[Any], None]
    adds: bool = False
    loses: Node | None = None
    undo: Callable[[Node, Source], Edit | None] | None = None


@dataclass(frozen=True)
class Operation:
    """A kind of edit, the nodes that it is tried on, and the attempt on one of them with a number drawn."""

    name: str
    fits: Callable[[Node], bool]
    attempt: Callable[[Node, int], Attempt]


def within(data: Any, path: tuple[str, ...]) -> Any:
    """The value at a path."""
    for key in path:
        data = data[int(key) if isinstance(data, list) else key]
    return data


def follow(top: Node, path: tuple[str, ...]) -> Node:
    """The node at a path."""
    for key in path:
        top = top[int(key)] if top.is_sequence else top[key]
    return top


def _slot(data: Any, node: Node) -> tuple[Any, Any]:
    holder = within(data, node.path[:-1])
    return holder, int(node.key) if isinstance(holder, list) else node.key


def _put(node: Node, value: Any) -> Callable[[Any], None]:
    def change(data: Any) -> None:
        holder, key = _slot(data, node)
        holder[key] = value

    return change


def _drop(node: Node) -> Callable[[Any], None]:
    def change(data: Any) -> None:
        holder, key = _slot(data, node)
        del holder[key]

    return change


def _append(node: Node, draw: int) -> Attempt:
    values = [VALUES[draw % len(VALUES)], VALUES[draw // 7 % len(VALUES)]][: 1 + draw // 3 % 2]
    size = len(node)
    undo = size > 0 and len(values) == 1
    return Attempt(
        lambda source: edits.append(node, source, *values),
        lambda data: within(data, node.path).extend(map(meaning, values)),
        adds=True,
        undo=(lambda top, source: edits.remove(follow(top, (*node.path, str(size))), source)) if undo else None,
    )


def _insert_before(node: Node, draw: int) -> Attempt:
    value = VALUES[draw % len(VALUES)]
    return Attempt(
        lambda source: edits.insert_before(node, source, value),
        lambda data: within(data, node.path[:-1]).insert(int(node.key), meaning(value)),
        adds=True,
        undo=lambda top, source: edits.remove(follow(top, node.path), source),
    )


def _several(node: Node, draw: int) -> Attempt:
    values = [VALUES[draw % len(VALUES)], VALUES[draw // 7 % len(VALUES)], "s3:ListBucket"][: 2 + draw // 3 % 2]

    def change(data: Any) -> None:
        holder, key = _slot(data, node)
        holder[key : key + 1] = map(meaning, values)

    return Attempt(lambda source: edits.replace(node, source, *values), change, loses=node)


def _extend(node: Node, draw: int) -> Attempt:
    new = {"NewKey": VALUES[draw % len(VALUES)], "新しい Key": VALUES[draw // 7 % len(VALUES)]}
    return Attempt(
        lambda source: edits.extend(node, source, new),
        lambda data: within(data, node.path).update({key: meaning(value) for key, value in new.items()}),
        adds=True,
    )


def _rename(node: Node, draw: int) -> Attempt:
    key = ("NewKey", "a: b", "on")[draw % 3]

    def change(data: Any) -> None:
        holder, old = _slot(data, node)
        holder[key] = holder.pop(old)

    return Attempt(
        lambda source: edits.rename(node, source, key),
        change,
        undo=(lambda top, source: edits.rename(follow(top, (*node.path[:-1], key)), source, node.key))
        if draw % 3 == 0
        else None,
    )


def _add(node: Node, _draw: int) -> Attempt:
    """`Resource: x` becomes a list of it and another."""
    value = sub("arn:aws:s3:::${Alias}/*")
    return Attempt(
        lambda source: edits.add(node, source, value), _put(node, [copy.deepcopy(node.data()), meaning(value)])
    )


def _set_new(node: Node, draw: int) -> Attempt:
    value = VALUES[draw % len(VALUES)]
    return Attempt(
        lambda source: edits.set(node, source, "NewKey", value),
        lambda data: within(data, node.path).update(NewKey=meaning(value)),
        adds=True,
        undo=(lambda top, source: edits.remove(follow(top, (*node.path, "NewKey")), source)) if len(node) else None,
    )


def _set_existing(node: Node, draw: int) -> Attempt:
    key = node.keys()[draw % len(node)]
    value = VALUES[draw // 7 % len(VALUES)]
    return Attempt(
        lambda source: edits.set(node, source, key, value),
        lambda data: within(data, node.path).update({key: meaning(value)}),
        loses=node[key],
    )


def _insert_after(node: Node, draw: int) -> Attempt:
    key = node.keys()[draw % len(node)]
    value = VALUES[draw // 7 % len(VALUES)]
    return Attempt(
        lambda source: edits.insert_after(node, source, key, "NewKey", value),
        lambda data: within(data, node.path).update(NewKey=meaning(value)),
        adds=True,
        undo=lambda top, source: edits.remove(follow(top, (*node.path, "NewKey")), source),
    )


def _replace(value_of: Callable[[Node, int], Value]) -> Callable[[Node, int], Attempt]:
    def attempt(node: Node, draw: int) -> Attempt:
        value = value_of(node, draw)
        return Attempt(lambda source: edits.replace(node, source, value), _put(node, meaning(value)), loses=node)

    return attempt


def _replace_text(node: Node, draw: int) -> Attempt:
    target = node.function[1] if node.function else node
    was = target.text
    text = (f"{was}-new", "new", f"{was}, or: not", "3.12", "a\nb\n")[draw % 5]
    keeps_quotes = draw % 5 < 2 and "\n" not in was  # those that a text needs stay when it goes
    return Attempt(
        lambda source: edits.replace_text(node, source, text),
        _put(target, text),
        loses=target,
        undo=(lambda top, source: edits.replace_text(follow(top, target.path), source, was)) if keeps_quotes else None,
    )


def _remove(node: Node, _draw: int) -> Attempt:
    return Attempt(lambda source: edits.remove(node, source), _drop(node), loses=node)


def _is_collection(node: Node) -> bool:
    return node.style != "tag" and not node.is_scalar


def _has_place(node: Node) -> bool:
    return node.parent is not None and node.parent.style != "tag"


def _is_value(node: Node) -> bool:
    return node.is_scalar or node.function is not None


OPERATIONS = (
    Operation("append to a list", lambda node: node.is_sequence, _append),
    Operation("set a new key", lambda node: node.is_mapping and node.function is None, _set_new),
    Operation(
        "set a key that is there",
        lambda node: node.is_mapping and len(node) > 0 and node.function is None,
        _set_existing,
    ),
    Operation(
        "insert after a key", lambda node: node.is_mapping and len(node) > 0 and node.function is None, _insert_after
    ),
    Operation("set new keys", lambda node: node.is_mapping and node.function is None, _extend),
    Operation("insert before an item", lambda node: _has_place(node) and node.key_span is None, _insert_before),
    Operation("rename a key", lambda node: _has_place(node) and node.key_span is not None, _rename),
    Operation("remove an entry", lambda node: _has_place(node) and node.key_span is not None, _remove),
    Operation("remove an item", lambda node: _has_place(node) and node.key_span is None, _remove),
    Operation(
        "replace a value",
        lambda node: node.parent is not None and _is_value(node),
        _replace(lambda node, draw: VALUES[draw % len(VALUES)]),
    ),
    Operation(
        "replace an item by several",
        lambda node: _has_place(node) and node.key_span is None,
        _several,
    ),
    Operation(
        "replace a collection",
        lambda node: _has_place(node) and _is_collection(node),
        _replace(lambda node, draw: VALUES[draw % len(VALUES)]),
    ),
    Operation(
        "make a value a list",
        lambda node: _has_place(node) and (node.function is not None or node.is_text),
        _add,
    ),
    Operation(
        "replace the text",
        lambda node: isinstance((node.function[1] if node.function else node).scalar, str) and node.parent is not None,
        _replace_text,
    ),
)
