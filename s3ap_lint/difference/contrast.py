"""Where exactly two values part, for a place to look at and for a few words."""

from __future__ import annotations

import json
from collections.abc import Iterator

from s3ap_lint.difference.differences import MOST, Both, cut, shown, spelled
from s3ap_lint.difference.meaning import ABSENT, WRITTEN, Bag, listed, same
from s3ap_lint.model import Location
from s3ap_lint.template.node import Node

Path = tuple[str | int, ...]
Parting = tuple[Path, object, object]

FEW = 3  # partings that are told one by one


def partings(one: object, other: object, path: Path = ()) -> Iterator[Parting]:
    """The deepest places in which two values are not the same, each with what is there; ABSENT where nothing is."""
    if same(one, other):
        return
    if isinstance(one, dict) and isinstance(other, dict) and not (_is_function(one) or _is_function(other)):
        for key in [*one, *(key for key in other if key not in one)]:
            yield from partings(one.get(key, ABSENT), other.get(key, ABSENT), (*path, key))
        return
    if isinstance(one, list) and isinstance(other, list) and _item_by_item(one, other):
        for index, (first, second) in enumerate(zip(one, other, strict=True)):
            yield from partings(first, second, (*path, index))
        return
    yield path, one, other


def _item_by_item(one: list[object], other: list[object]) -> bool:
    """Whether two lists are best told item by item: as many of them, in order, and more than texts."""
    texts = all(isinstance(item, str) for item in (*one, *other))
    return len(one) == len(other) and not isinstance(one, Bag) and not texts


def said(one: object, other: object) -> Both[str]:
    """What two values say that the other does not, each in a few words; "" where nothing stands."""
    found = list(partings(one, other))
    if len(found) > FEW or not found:
        return _value(one), _value(other)
    texts = [(spelled_path(path), *contrasted(first, second)) for path, first, second in found]
    first, second = (", ".join(f"{one[0]} {one[side]}".strip() for one in texts if one[side]) for side in (1, 2))
    return first, second


def said_of(one: Node, other: Node) -> Both[str]:
    """What two nodes say that the other does not, as they are written."""
    return said(*(WRITTEN.value(node) if node else ABSENT for node in (one, other)))


def places(one: Node, other: Node) -> Both[Location | None]:
    """Where two nodes part, if that is in one place deeper in both; else None."""
    if not (one and other):
        return None, None
    found = list(partings(WRITTEN.value(one), WRITTEN.value(other)))
    if len(found) != 1:
        return None, None
    path, first, second = found[0]
    nodes = _lone_item(below(one, path), first, second), _lone_item(below(other, path), second, first)
    if not path and nodes == (one, other):
        return None, None
    return nodes[0].key_at, nodes[1].key_at


def _lone_item(node: Node, own: object, other: object) -> Node:
    """Of a list, the one item that the other does not have; else the list."""
    if not (isinstance(own, list) and isinstance(other, list) and len(own) == len(node)):
        return node
    more = [index for index, item in enumerate(own) if not any(same(item, twin) for twin in other)]
    return node[more[0]] if len(more) == 1 else node


def below(node: Node, path: Path) -> Node:
    """The node at a path, or the place where it would be."""
    for key in path:
        node = node[key]
    return node


def contrasted(one: object, other: object) -> Both[str]:
    """Two values that part, in a few words in which they do."""
    if (isinstance(one, list) or isinstance(other, list)) and ABSENT not in (one, other):
        items = listed(one), listed(other)
        first = [item for item in items[0] if not any(same(item, twin) for twin in items[1])]
        second = [item for item in items[1] if not any(same(item, twin) for twin in items[0])]
        if len(first) != len(items[0]) and (first or second):
            return cut(spelled(first)) if first else "", cut(spelled(second)) if second else ""
    texts = _value(one), _value(other)
    if texts[0] != texts[1]:
        return texts
    whole = spelled(one), spelled(other)
    if whole[0] == whole[1]:  # a number, and the same as a text
        return _quoted(one), _quoted(other)
    at = next((i for i, (a, b) in enumerate(zip(*whole, strict=False)) if a != b), min(map(len, whole)))
    start = max(0, at - MOST // 3)
    return cut("…" + whole[0][start:]), cut("…" + whole[1][start:])


def _quoted(value: object) -> str:
    return cut(json.dumps(value, ensure_ascii=False)) if isinstance(value, str) else shown(value)


def spelled_path(path: Path) -> str:
    """A path as it would be written: Rules[0].Status."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).lstrip(".")


def _value(value: object) -> str:
    return "" if value is ABSENT else shown(value)


def _is_function(value: dict[str, object]) -> bool:
    return len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref"))
