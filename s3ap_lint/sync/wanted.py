"""What one half of a pair should say: pieces of the other half, as they are written there or translated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from s3ap_lint.difference.meaning import WRITTEN, same
from s3ap_lint.template.node import Node
from s3ap_lint.template.notation import Fn, Value, value_of


@dataclass(frozen=True)
class Made:
    """A value that the source does not have in these words."""

    value: Value


@dataclass(frozen=True)
class Group:
    """A mapping of pieces, in order."""

    entries: Mapping[str, Wanted]


Wanted = Node | Made | Group
"""A piece of the source that is taken over in its own words, or something that is put together."""


def wanted(node: Node) -> Wanted:
    """A value of the source as a piece; what Globals adds to is put together."""
    if node.shared and node.is_mapping and node.function is None and node.parent is not None:
        return Group({key: wanted(child) for key, child in node.items()})
    return Made(value_of(node)) if node.shared else node


def plain_value(piece: Wanted) -> Value:
    """A piece as a new value."""
    if isinstance(piece, Made):
        return piece.value
    if isinstance(piece, Group):
        return {key: plain_value(inner) for key, inner in piece.entries.items()}
    return value_of(piece)


def says(node: Node, piece: Wanted) -> bool:
    """Whether a node says what a piece says, and as a mapping or a list where that is one."""
    return bool(node) and _is_mapping(node) is _is_mapping(piece) and same(WRITTEN.value(node), meaning(piece))


def _is_mapping(piece: Wanted) -> bool:
    if isinstance(piece, Node):
        return piece.is_mapping and piece.function is None
    return isinstance(piece, Group) or isinstance(piece.value, Mapping)


def meaning(piece: Wanted) -> object:
    """What a piece says, as `Reading.value` tells it."""
    if isinstance(piece, Node):
        return WRITTEN.value(piece)
    if isinstance(piece, Group):
        return {key: meaning(inner) for key, inner in piece.entries.items()}
    return _told(piece.value)


def _told(value: Value) -> object:
    if isinstance(value, Fn):
        if value.name == "Ref":
            return f"${{{value.argument}}}"
        if value.name == "GetAtt":
            return f"${{{value.argument}}}"
        if value.name == "Sub" and isinstance(value.argument, str):
            return value.argument
        return {value.long: _told(value.argument)}
    if isinstance(value, Mapping):
        return {key: _told(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_told(inner) for inner in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if value is None else str(value)
