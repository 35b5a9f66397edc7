"""Where exactly two values differ, for people: the entries of mappings, the items of lists, the lines of texts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import takewhile

MOST = 120  # characters of a value
NEAR = 20  # characters shown before the first that differs

NAMES = ("Id", "Name", "Key", "Sid", "AttributeName", "IndexName", "PolicyName", "Effect")
"""What items of a list are told apart by, where they have one of these."""


@dataclass(frozen=True)
class Delta:
    """One place inside of two values: where it is ("" for the values themselves), and what they say there.

    `is_item`: one of them has an item more, `before` or `after` is None.
    """

    at: str
    before: object
    after: object
    is_item: bool = False

    def __str__(self) -> str:
        if self.is_item:
            words = f"also {said(self.after)}" if self.before is None else f"no longer {said(self.before)}"
        else:
            words = _told(self.before, self.after)
        return f"{self.at} {words}".strip()


def deltas(before: object, after: object) -> Iterator[Delta]:
    """Each place at which two values differ."""
    yield from _inside("", _opened(before, after), _opened(after, before))


def _opened(value: object, other: object) -> object:
    """A text in JSON as what it says, where both are such."""
    found = [_json(one) for one in (value, other)]
    return value if None in found else found[0]


def _json(value: object) -> object | None:
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return None
    try:
        found: object = json.loads(value)
    except ValueError:
        return None
    return found if isinstance(found, (dict, list)) else None


def _inside(at: str, before: object, after: object) -> Iterator[Delta]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict) and not (_is_function(before) or _is_function(after)):
        for key in dict.fromkeys([*before, *after]):
            yield from _inside(f"{at}.{key}".lstrip("."), before.get(key), after.get(key))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _items(at, before, after)
    elif isinstance(before, dict) and isinstance(after, dict) and before.keys() == after.keys():
        (name,) = before
        yield from _inside(at, before[name], after[name])
    else:
        yield Delta(at, before, after)


def _items(at: str, before: list[object], after: list[object]) -> Iterator[Delta]:
    gone, new = _without(before, after), _without(after, before)
    if not gone and not new:
        yield Delta(at, before, after)  # the order is another
        return
    for item in list(gone):
        twin = next((one for one in new if _named_alike(item, one)), None)
        if twin is None and len(gone) == len(new) == 1 and isinstance(item, dict):
            twin = new[0]
        if twin is not None:
            gone.remove(item)
            new.remove(twin)
            yield from _inside(f"{at}[{_name(item) or after.index(twin)}]", item, twin)
    yield from (Delta(at, item, None, is_item=True) for item in gone)
    yield from (Delta(at, None, item, is_item=True) for item in new)


def _without(items: list[object], others: list[object]) -> list[object]:
    left = list(others)
    out = []
    for item in items:
        if item in left:
            left.remove(item)
        else:
            out.append(item)
    return out


def _named_alike(one: object, other: object) -> bool:
    return bool(_name(one)) and _name(one) == _name(other)


def _name(item: object) -> str:
    if not isinstance(item, dict):
        return ""
    return next((str(item[name]) for name in NAMES if isinstance(item.get(name), str)), "")


def _is_function(value: dict[str, object]) -> bool:
    return len(value) == 1 and next(iter(value)).startswith("Fn::")


def _told(before: object, after: object) -> str:
    """One place in a few words: "1 → 2", "now 2", "no longer 1"."""
    if before is None:
        return said(after)
    if after is None:
        return f"no longer {said(before)}"
    if isinstance(before, str) and isinstance(after, str) and "\n" in before.strip() + after.strip():
        return _lines(before, after)
    one, other = said(before), said(after)
    return f"{one} → {other}" if one != other else _around(str(before), str(after))


def _around(before: str, after: str) -> str:
    """Where two texts part that begin alike, or have blanks at their ends."""
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
    at = max(0, alike - NEAR)
    one, other = (json.dumps(text[at : at + MOST], ensure_ascii=False) for text in (before, after))
    return f"{one} → {other}, from character {at + 1} on" if at else f"{one} → {other}"


def _lines(before: str, after: str) -> str:
    one, other = before.splitlines(), after.splitlines()
    same = sum(block.size for block in SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks())
    gone, new = len(one) - same, len(other) - same
    return f"{new} of {len(other)} lines are new, {gone} gone" if same else f"another text of {len(other)} lines"


def said(value: object, most: int = MOST) -> str:
    """A value in a few words."""
    if isinstance(value, str):
        text = f"a text of {len(value.splitlines())} lines" if "\n" in value.strip() else value.strip() or "''"
    elif isinstance(value, dict) and len(value) == 1:
        (name,) = value
        inner = said(value[name], most)
        text = f"!{name.removeprefix('Fn::')} {inner}" if str(name).startswith("Fn::") else f"{{{name}: {inner}}}"
    elif isinstance(value, dict):
        text = "{" + ", ".join(f"{key}: {said(inner, most)}" for key, inner in value.items()) + "}"
    elif isinstance(value, list):
        text = "[" + ", ".join(said(item, most) for item in value) + "]"
    else:
        text = "nothing" if value is None else str(value)
    return text if len(text) <= most else text[: most - 1] + "…"
