"""Edits on a template's text, in the file's own style; None where that cannot be kept.

Each function takes a node, the source it was read from, and what to write; new values are plain Python data in
which `sub("…")`, `ref("…")`, `get_att("…")`, `if_(…)` and `Fn(name, argument)` stand for intrinsic functions. Nothing
is offered unchecked: the edited text is parsed, and must say exactly what was intended and nothing else.
"""

from __future__ import annotations

import builtins
import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from s3ap_lint.model import Edit
from s3ap_lint.source import Source
from s3ap_lint.template.document import typed
from s3ap_lint.template.drafts import (
    inserted,
    inserted_first,
    listed,
    removed,
    renamed,
    replaced,
    replaced_by_several,
    retold,
)
from s3ap_lint.template.json_document import ATOM
from s3ap_lint.template.node import Node
from s3ap_lint.template.notation import NO_VALUE, Fn, Value, get_att, if_, ref, sub
from s3ap_lint.template.pieces import Change
from s3ap_lint.template.places import entries
from s3ap_lint.template.proof import Proof
from s3ap_lint.template.style import Style

__all__ = [
    "NO_VALUE", "Fn", "Value", "add", "append", "extend", "get_att", "if_", "insert_after", "insert_before", "ref",
    "remove", "rename", "replace", "replace_text", "set", "sub",
]  # fmt: skip


def append(sequence: Node, source: Source, *values: Value) -> Edit | None:
    """Add items at the end of a sequence."""
    if not sequence.is_sequence or sequence.shared or not values:
        return None
    return _added(sequence, source, [(None, value) for value in values])


def add(node: Node, source: Source, value: Value) -> Edit | None:
    """Add a value to a sequence; to one value where a list may stand, which becomes a list in its own words."""
    if node.is_sequence:
        return append(node, source, value)
    parent = node.parent
    if not node or node.shared or parent is None or parent.style == "tag":
        return None
    style = Style(node, source)
    both = [node.data(), style.data(value)]
    drafts = _in_each_style(style, lambda style: listed(style, node, value))
    return _first_right(style, drafts, Change(parent, _assign(node, both), node.key))


def insert_before(item: Node, source: Source, value: Value) -> Edit | None:
    """Add an item to a sequence before another; comments above that one stay with it, unless it is the first."""
    sequence = item.parent
    if not item or sequence is None or not sequence.is_sequence or sequence.shared:
        return None
    at = int(item.key)
    previous = sequence[at - 1] if at > 0 else None
    style = Style(sequence, source)
    drafts = _in_each_style(
        style,
        lambda style: (
            inserted(style, sequence, previous, [(None, value)]) if previous else inserted_first(style, item, value)
        ),
    )
    return _first_right(style, drafts, Change(sequence, _splice(at, 0, [style.data(value)]), item.key))


def set(mapping: Node, source: Source, key: str, value: Value) -> Edit | None:
    """Give a mapping's key a value: in its place if there is one, else in a new entry at the end."""
    if key in mapping:
        return replace(mapping[key], source, value)
    return extend(mapping, source, {key: value})


def extend(mapping: Node, source: Source, new: Mapping[str, Value]) -> Edit | None:
    """Add entries at the end of a mapping, which has none of their keys."""
    if not mapping.is_mapping or mapping.shared or mapping.style == "tag" or not new:
        return None
    if any(key in mapping for key in new):
        return None
    return _added(mapping, source, list(new.items()))


def insert_after(mapping: Node, source: Source, key: str, new_key: str, value: Value) -> Edit | None:
    """Add an entry to a mapping, behind the entry with a key."""
    if new_key in mapping or key not in mapping or mapping.shared or mapping.style == "tag":
        return None
    style = Style(mapping, source)
    drafts = _in_each_style(style, lambda style: inserted(style, mapping, mapping[key], [(new_key, value)]))
    return _first_right(style, drafts, Change(mapping, lambda there, _: there.update({new_key: style.data(value)})))


def replace(node: Node, source: Source, value: Value, *others: Value) -> Edit | None:
    """Put another value in a node's place, of an item also several; a string for a string keeps its quotes."""
    parent = node.parent
    if not node or node.shared or parent is None or (others and not parent.is_sequence):
        return None
    style = Style(node, source)
    if not others:
        drafts = _in_each_style(style, lambda style: replaced(style, node, value))
        return _first_right(style, drafts, Change(parent, _assign(node, style.data(value)), node.key))
    values = (value, *others)
    drafts = _in_each_style(style, lambda style: replaced_by_several(style, node, values))
    change = _splice(int(node.key), 1, [style.data(one) for one in values])
    return _first_right(style, drafts, Change(parent, change, node.key))


def rename(node: Node, source: Source, key: str) -> Edit | None:
    """Give an entry another key, which its mapping does not have; the key's quotes stay."""
    parent = node.parent
    if not node or parent is None or not parent.is_mapping or node.shared or parent.style == "tag" or key in parent:
        return None

    def change(there: Any, _: int) -> None:
        there[key] = there.pop(node.key)

    style = Style(parent, source)
    return _first_right(style, renamed(style, node, key), Change(parent, change, node.key, drops=True))


def replace_text(node: Node, source: Source, text: str) -> Edit | None:
    """Change the text of a scalar, or of the one that is a function's argument, and nothing about its style."""
    target = node.function[1] if node.function else node
    if not target.is_scalar or target.shared or target.parent is None:
        return None
    style = Style(target, source)
    value: object = text
    if not isinstance(target.scalar, str):
        value = typed(text) if not style.is_json else json.loads(text) if ATOM.fullmatch(text) else text
    return _first_right(style, retold(style, target, text), Change(target.parent, _assign(target, value), target.key))


def remove(node: Node, source: Source) -> Edit | None:
    """Take an item or entry away with its own lines and the comment behind it; comments above it stay."""
    parent = node.parent
    if not node or node.shared or parent is None or parent.style == "tag":
        return None
    style = Style(parent, source)

    def change(there: Any, left_out: int) -> None:
        del there[int(node.key) - left_out if isinstance(there, list) else node.key]

    return _first_right(style, removed(style, parent, node), Change(parent, change, node.key, drops=parent.is_mapping))


# -- the choice ----------------------------------------------------------------------------------


def _added(collection: Node, source: Source, new: list[tuple[str | None, Value]]) -> Edit | None:
    """Entries at the end of a collection."""
    style = Style(collection, source)
    last = next(reversed(list(entries(collection))), None)

    def change(there: Any, _: int) -> None:
        for key, value in new:
            there.append(style.data(value)) if key is None else there.update({key: style.data(value)})

    return _first_right(
        style, _in_each_style(style, lambda style: inserted(style, collection, last, new)), Change(collection, change)
    )


def _in_each_style(style: Style, drafts: Callable[[Style], Iterable[Edit]]) -> Iterator[Edit]:
    """Drafts with block scalars, then without: the last line of a file, or blank lines, may not bear one."""
    yield from drafts(style)
    yield from drafts(dataclasses.replace(style, literals=False))


def _first_right(style: Style, drafts: Iterable[Edit], change: Change) -> Edit | None:
    """The first draft that makes the change and no other."""
    proof = Proof(style.source, style.is_json, change)
    data, wrong = style.source.data, builtins.set[Edit]()
    for draft in drafts:
        if draft in wrong or data[draft.span.start : draft.span.end] == draft.text.encode("utf-8", "replace"):
            continue
        if _encodable(draft.text) and proof.holds(draft):
            return draft
        wrong.add(draft)
    return None


def _encodable(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)


def _assign(node: Node, value: object) -> Callable[[Any, int], None]:
    def change(there: Any, left_out: int) -> None:
        there[int(node.key) - left_out if isinstance(there, list) else node.key] = value

    return change


def _splice(at: int, gone: int, items: list[Any]) -> Callable[[Any, int], None]:
    def change(there: Any, left_out: int) -> None:
        there[at - left_out : at - left_out + gone] = items

    return change
