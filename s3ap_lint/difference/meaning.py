"""What a value of a template says, whichever way it is written, as plain data that can be compared.

`!Ref Name`, `!Sub "${Name}"` and `!Join ["", [!Ref Name]]` are one text, "${Name}", as in `Fn::Sub`; 300 and "300"
are the same, as they are to CloudFormation. What stands under an `!If` is either kept as such, or decided in a world.
A list in which order says nothing is a `Bag`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from s3ap_lint.difference.bags import is_bag
from s3ap_lint.template.node import Node
from s3ap_lint.template.worlds import World

Known = str | list[str]
"""The value of a parameter: a text, or the items of a list."""

ABSENT = object()
"""What `!Ref AWS::NoValue` leaves, and what is not there at all."""

_VARIABLE = re.compile(r"(\$\{[^{}]*\})")


class Bag(list[object]):
    """The items of a list in which order says nothing."""


class Reading:
    """One way to read the values of a template: as they are written, or in a world.

    `known` are parameters whose value is told; it is put in their place. Without a `world` an `!If` stays one, and
    with `by_name` what is looked up in a mapping goes by the names it is looked up by.
    """

    def __init__(
        self, world: World | None = None, known: Mapping[str, Known] | None = None, by_name: bool = False
    ) -> None:
        self.world = world
        self.known = known or {}
        self.by_name = by_name

    def value(self, node: Node) -> object:
        """Text, list or mapping; ABSENT where nothing stands. Raises Undecided when the world must choose first."""
        found = node.function
        if found is not None:
            return self._function(*found)
        if node.is_mapping:
            inner = ((key, self.value(child)) for key, child in node.items())
            kept = {key: value for key, value in inner if value is not ABSENT}
            return kept if kept or not len(node) else ABSENT  # what is left of it is not written there
        if node.is_sequence:
            items = [value for child in node for value in self._items(child)]
            return Bag(items) if len(items) > 1 and is_bag(node) else items
        return escaped(node.text) if node.is_text else ABSENT

    def _items(self, node: Node) -> list[object]:
        """An item of a list; the items of a list that an `!If` puts in its place."""
        value = self.value(node)
        nested = isinstance(value, list) and node.function is not None
        return value if nested and isinstance(value, list) else [] if value is ABSENT else [value]

    def _function(self, name: str, argument: Node) -> object:
        if name == "Ref":
            return self.reference(argument.text) if argument.text != "AWS::NoValue" else ABSENT
        if name == "Fn::GetAtt":
            parts = [argument] if argument.is_scalar else list(argument)
            told = parts and all(part.is_text for part in parts)
            return "${" + ".".join(part.text for part in parts) + "}" if told else {name: self.value(argument)}
        if name == "Fn::If" and len(argument) == 3:
            if self.world is None:
                return {name: [argument[0].text, *(_told(self.value(arm)) for arm in list(argument)[1:])]}
            return self.value(argument[1] if self.world.holds(argument[0].text) else argument[2])
        if name == "Fn::Sub":
            return self._substituted(argument)
        if name == "Fn::Join" and len(argument) == 2:
            return self._joined(argument)
        if name == "Fn::Select" and len(argument) == 2:
            return self._selected(argument)
        if name == "Fn::Split" and len(argument) == 2:
            return self._split(argument)
        if name == "Fn::FindInMap" and self.world is not None and not self.by_name:
            return self._found(self.world, argument)
        return {name: self.value(argument)}

    def reference(self, name: str) -> object:
        """What a parameter is where that is told, else its name as `Fn::Sub` writes it."""
        value = self.known.get(name)
        if value is None:
            return "${" + name + "}"
        return escaped(value) if isinstance(value, str) else [escaped(item) for item in value]

    def _substituted(self, argument: Node) -> object:
        template = argument if argument.is_scalar else argument[0]
        local, out = argument[1], list[object]()
        for piece in _VARIABLE.split(template.text):
            if not piece.startswith("${") or piece.startswith("${!"):
                out.append(piece)
                continue
            name = piece[2:-1].strip()
            value = self.value(local[name]) if name in local else self.reference(name)
            out.append("" if value is ABSENT or name == "AWS::NoValue" else value)
        return _text(out)

    def _joined(self, argument: Node) -> object:
        delimiter, items = self.value(argument[0]), self.value(argument[1])
        chosen = isinstance(items, list) and any(isinstance(item, dict) and "Fn::If" in item for item in items)
        if not isinstance(delimiter, str) or not isinstance(items, list) or (chosen and delimiter):
            return {"Fn::Join": [delimiter, items]}  # how many items there are is not known
        return _text([piece for item in items for piece in (delimiter, item)][1:])

    def _selected(self, argument: Node) -> object:
        index, items = argument[0].text, self.value(argument[1])
        told = isinstance(items, list) and not any(isinstance(item, dict) and "Fn::If" in item for item in items)
        if told and isinstance(items, list) and index.isdecimal() and int(index) < len(items):
            return items[int(index)]
        return {"Fn::Select": [self.value(argument[0]), items]}

    def _split(self, argument: Node) -> object:
        delimiter, text = argument[0].text, self.value(argument[1])
        if delimiter and isinstance(text, str) and "${" not in text:
            return text.split(delimiter)
        return {"Fn::Split": [self.value(argument[0]), text]}

    def _found(self, world: World, argument: Node) -> object:
        """A mapping's value, where its keys are told or parameters; as it is written where it has no such key."""
        where = world.space.mappings
        for part in list(argument)[:3]:
            key = self._key(part, world)
            where = where[key] if isinstance(key, str) else where["\0"]
        found = where or argument[3]["DefaultValue"]
        return self.value(found) if found else {"Fn::FindInMap": self.value(argument)}

    def _key(self, node: Node, world: World) -> object:
        found = node.function
        if found is not None and found[0] == "Ref" and world.space.knows(found[1].text):
            return world.value(found[1].text)
        value = self.value(node)
        return value if isinstance(value, str) and "${" not in value else None


def _text(pieces: list[object]) -> object:
    """Pieces one behind the other: a text, or where one is computed, the pieces as they would be joined."""
    out: list[object] = []
    for piece in pieces:
        for part in _parts(piece):
            last = out[-1] if out else None
            if isinstance(part, str) and isinstance(last, str):
                out[-1] = last + part
            elif part != "":
                out.append(part)
    if len(out) == 1 and isinstance(out[0], (str, dict)):
        return out[0]
    return {"Fn::Join": ["", out]} if out else ""


def _parts(piece: object) -> list[object]:
    """What a piece is joined from in its turn."""
    if isinstance(piece, dict) and "Fn::Join" in piece and piece["Fn::Join"][0] == "":
        items = piece["Fn::Join"][1]
        return items if isinstance(items, list) else [piece]
    return [piece]


def escaped(text: str) -> str:
    """A text that is not looked into, written as `Fn::Sub` would need it."""
    return text.replace("${", "${!") if "${" in text else text


def _told(value: object) -> object:
    return {"Ref": "AWS::NoValue"} if value is ABSENT else value


WRITTEN = Reading()
"""Values as they are written, every `!If` kept."""


def is_chosen(node: Node) -> bool:
    """Whether what a node says depends on the scenario."""
    found = (inner.function for inner in node.walk())
    return any(one is not None and one[0] == "Fn::If" for one in found)


# -- the same in other words ----------------------------------------------------------------------


def same(one: object, other: object) -> bool:
    """Whether two values say the same: a list of one is that one, and one of none is nothing."""
    return one is other or _bare(one) == _bare(other)


def _bare(value: object) -> object:
    if isinstance(value, list):
        keyed = _keyed(value)
        if keyed is not None:
            return keyed
        items = [_bare(item) for item in value]
        return items[0] if len(items) == 1 else tuple(sorted(items, key=repr)) if isinstance(value, Bag) else items
    if isinstance(value, dict):
        if "Statement" in value:
            return _statements(value)
        keyed = _keyed([value])
        return keyed if keyed is not None else {key: _bare(value[key]) for key in sorted(value)}
    return None if value is ABSENT else value


def _keyed(items: list[object]) -> dict[str, object] | None:
    """A list of keys and values as the mapping that SAM would write; None for any other list."""
    out: dict[str, object] = {}
    for item in items:
        if not isinstance(item, dict) or item.keys() != {"Key", "Value"} or not isinstance(item["Key"], str):
            return None
        out[item["Key"]] = _bare(item["Value"])
    return dict(sorted(out.items())) if len(out) == len(items) and out else None


def _statements(document: dict[str, object]) -> object:
    """What a policy document says, whatever its statements are called and however they are grouped and ordered."""
    rest = {key: _bare(value) for key, value in document.items() if key not in ("Statement", "Id")}
    said = {text for one in listed(document["Statement"]) for text in _said(one)}
    return {**dict(sorted(rest.items())), "Statement": tuple(sorted(said))}


def _said(statement: object) -> list[str]:
    if not isinstance(statement, dict) or "Effect" not in statement:
        return [repr(_bare(statement))]
    lists = {"Action", "Resource", "NotAction", "NotResource", "Sid"}
    rest = {key: unordered(value) for key, value in statement.items() if key not in lists}
    apart = repr(sorted(rest.items())) + repr([unordered(statement.get(key)) for key in ("NotAction", "NotResource")])
    actions = [
        one.lower() if isinstance(one, str) else repr(in_order(one)) for one in listed(statement.get("Action", ""))
    ]
    return [
        f"{action} {_bare(resource)!r} {apart}"
        for action in actions
        for resource in listed(statement.get("Resource", ""))
    ]


def unordered(value: object) -> object:
    """A value in which the order of no list says anything, as those of policies; `!If`s keep theirs."""
    if isinstance(value, list):
        items = sorted((unordered(item) for item in value), key=repr)
        return items[0] if len(items) == 1 else items
    if isinstance(value, dict):
        whole = {key: in_order(inner) if key.startswith("Fn::") else unordered(inner) for key, inner in value.items()}
        return dict(sorted(whole.items()))
    return value


def in_order(value: object) -> object:
    """A value with the keys of its mappings in order of their names."""
    if isinstance(value, list):
        return [in_order(item) for item in value]
    return {key: in_order(value[key]) for key in sorted(value)} if isinstance(value, dict) else value


def listed(value: object) -> list[object]:
    """The items of a list, or of what stands for a list of one."""
    return value if isinstance(value, list) else [value]
