"""The steps that bring a node of one template to say what is wanted: entries added, taken out, put in place of others.

Only what says something else is touched; where a mapping or a list says nearly the same, the step is inside of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from s3ap_lint.difference.meaning import WRITTEN
from s3ap_lint.sync.wanted import Group, Wanted, meaning, says, wanted
from s3ap_lint.template.node import Node

IDENTITIES = ("Sid", "PolicyName", "Key", "Id", "Name", "IndexName", "AttributeName")
"""Keys by which items of lists are told apart, the first that all items have."""


@dataclass(frozen=True)
class Insert:
    """New entries (or items, without keys) behind another one, or first where that is None."""

    parent: Node
    after: Node | None
    new: tuple[tuple[str | None, Wanted], ...]


@dataclass(frozen=True)
class Remove:
    """An entry or item that goes."""

    node: Node


@dataclass(frozen=True)
class Replace:
    """An entry or item that says something else."""

    node: Node
    piece: Wanted


Operation = Insert | Remove | Replace


def operations(node: Node, piece: Wanted) -> Iterator[Operation]:
    """The steps from what a node says to what is wanted."""
    if says(node, piece):
        return
    entries = entries_of(piece)
    if entries is not None and node.is_mapping and node.function is None and len(node) and entries:
        yield from in_mapping(node, entries)
    elif isinstance(piece, Node) and piece.is_sequence and node.is_sequence and node.style == "block" and len(piece):
        yield from _in_list(node, [wanted(item) for item in piece])
    else:
        yield Replace(node, piece)


def entries_of(piece: Wanted) -> dict[str, Wanted] | None:
    """The entries of a piece that is a mapping."""
    if isinstance(piece, Group):
        return dict(piece.entries)
    if isinstance(piece, Node) and piece.is_mapping and piece.function is None:
        return {key: wanted(child) for key, child in piece.items()}
    return None


def in_mapping(node: Node, entries: dict[str, Wanted], only: frozenset[str] | None = None) -> Iterator[Operation]:
    """The steps for the entries of a mapping, or for some of them; new ones come behind what they stand behind."""
    touched = frozenset((*node.keys(), *entries)) if only is None else only
    gone = {key for key in node.keys() if key not in entries and key in touched}
    if gone and len(gone) == len(node):  # nothing to stand beside would be left
        yield Replace(node, Group(entries))
        return
    anchor: Node | None = None
    fresh: list[tuple[str | None, Wanted]] = []
    pending: list[Operation] = []
    for key, piece in entries.items():
        if key in node:
            if fresh:
                pending.append(Insert(node, anchor, tuple(fresh)))
                fresh = []
            anchor = node[key]
            if key in touched:
                pending += operations(node[key], piece)
        elif key in touched:
            fresh.append((key, piece))
    if fresh:
        pending.append(Insert(node, anchor, tuple(fresh)))
    yield from pending
    yield from (Remove(node[key]) for key in sorted(gone, key=list(node.keys()).index))


def _in_list(node: Node, pieces: Sequence[Wanted]) -> Iterator[Operation]:
    """The steps for the items of a list, those of one name held against each other."""
    items = list(node)
    name = next((one for one in IDENTITIES if _tells_apart(one, items, pieces)), "")
    before = [_mark(WRITTEN.value(item), name) for item in items]
    after = [_mark(meaning(piece), name) for piece in pieces]
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for _, start, end, first, last in matcher.get_opcodes():
        old, new = items[start:end], pieces[first:last]
        common = min(len(old), len(new))
        for item, piece in zip(old[:common], new[:common], strict=True):
            yield from operations(item, piece)
        if len(new) > common:
            anchor = items[start + common - 1] if start + common else None
            yield Insert(node, anchor, tuple((None, piece) for piece in new[common:]))
        for item in old[common:]:
            yield Remove(item)


def _tells_apart(name: str, items: Sequence[Node], pieces: Sequence[Wanted]) -> bool:
    known = [item[name].text for item in items]
    asked = [entries.get(name) if (entries := entries_of(piece)) else None for piece in pieces]
    texts = [one.text if isinstance(one, Node) else "" for one in asked]
    return all((*known, *texts)) and len(set(known)) == len(known) and len(set(texts)) == len(texts)


def _mark(value: object, name: str) -> str:
    if name and isinstance(value, dict):
        return str(value[name])
    return json.dumps(value, sort_keys=True, default=str)
