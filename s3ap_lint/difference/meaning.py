"""What a value of a template says, whichever way it is written, as plain data that can be compared.

`!Ref Name`, `!Sub "${Name}"` and `!Join ["", [!Ref Name]]` are one text, "${Name}", as in `Fn::Sub`; 300 and "300"
are the same, as they are to CloudFormation. What stands under an `!If` is either kept as such, or decided in a world.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from s3ap_lint.template.node import Node
from s3ap_lint.template.worlds import World

ABSENT = object()
"""What `!Ref AWS::NoValue` leaves, and what is not there at all."""

_VARIABLE = re.compile(r"(\$\{[^{}]*\})")


class Reading:
    """One way to read the values of a template: as they are written, or in a world.

    `known` are parameters whose value is told; it is put in their place, as a list for those of `lists`. Without a
    `world` an `!If` stays one.
    """

    def __init__(
        self,
        world: World | None = None,
        known: Mapping[str, str] | None = None,
        lists: frozenset[str] = frozenset(),
    ) -> None:
        self.world = world
        self.known = known or {}
        self.lists = lists

    def value(self, node: Node) -> object:
        """Text, list or mapping; ABSENT where nothing stands. Raises Undecided when the world must choose first."""
        found = node.function
        if found is not None:
            return self._function(*found)
        if node.is_mapping:
            inner = ((key, self.value(child)) for key, child in node.items())
            return {key: value for key, value in inner if value is not ABSENT}
        if node.is_sequence:
            return [value for child in node for value in self._items(child)]
        return escaped(node.text) if node.is_text else ABSENT

    def _items(self, node: Node) -> list[object]:
        """An item of a list; the items of a list that an `!If` puts in its place."""
        value = self.value(node)
        nested = isinstance(value, list) and node.function is not None
        return value if nested and isinstance(value, list) else [] if value is ABSENT else [value]

    def _function(self, name: str, argument: Node) -> object:
        if name == "Ref":
            return self._named(argument.text) if argument.text != "AWS::NoValue" else ABSENT
        if name == "Fn::GetAtt":
            return "${" + (argument.text or ".".join(item.text for item in argument)) + "}"
        if name == "Fn::If" and len(argument) == 3:
            if self.world is None:
                return {name: [argument[0].text, *(_told(self.value(arm)) for arm in list(argument)[1:])]}
            return self.value(argument[1] if self.world.holds(argument[0].text) else argument[2])
        if name == "Fn::Sub":
            return self._substituted(argument)
        if name == "Fn::Join" and len(argument) == 2:
            return self._joined(argument)
        if name == "Fn::FindInMap" and self.world is not None:
            return self._found(argument)
        return {name: self.value(argument)}

    def _named(self, name: str) -> str | list[str]:
        """What a Ref stands for."""
        if name in self.known and name in self.lists:
            return [escaped(item.strip()) for item in self.known[name].split(",")]
        return self._reference(name)

    def _reference(self, name: str) -> str:
        return escaped(self.known[name]) if name in self.known else "${" + name + "}"

    def _substituted(self, argument: Node) -> object:
        template = argument if argument.is_scalar else argument[0]
        local, out = argument[1], []
        for piece in _VARIABLE.split(template.text):
            if not piece.startswith("${") or piece.startswith("${!"):
                out.append(piece)
                continue
            name = piece[2:-1].strip()
            value = self.value(local[name]) if name in local else self._reference(name)
            if not isinstance(value, str):
                return {"Fn::Sub": [template.text, self.value(local)]}
            out.append(value)
        return "".join(out)

    def _joined(self, argument: Node) -> object:
        delimiter, items = self.value(argument[0]), self.value(argument[1])
        if isinstance(delimiter, str) and isinstance(items, list) and all(isinstance(item, str) for item in items):
            return delimiter.join(items)
        return {"Fn::Join": [delimiter, items]}

    def _found(self, argument: Node) -> object:
        """A mapping's value where its keys are told."""
        keys = self.value(argument)
        where = self.world.space.mappings if self.world is not None else argument
        for key in keys[:3] if isinstance(keys, list) else ():
            where = where[key] if isinstance(key, str) else where[""]
        return self.value(where) if where else {"Fn::FindInMap": keys}


def escaped(text: str) -> str:
    """A text that is not looked into, written as `Fn::Sub` would need it."""
    return re.sub(r"\$\{(?!!)", "${!", text) if "${" in text else text


def _told(value: object) -> object:
    return {"Ref": "AWS::NoValue"} if value is ABSENT else value


WRITTEN = Reading()
"""Values as they are written, every `!If` kept."""


def conditions_in(node: Node) -> set[str]:
    """The names of the conditions that `!If`s below a node ask for."""
    found = (inner.function for inner in node.walk())
    return {one[1][0].text for one in found if one is not None and one[0] == "Fn::If"}


def is_chosen(node: Node) -> bool:
    """Whether what a node says depends on the scenario."""
    found = (inner.function for inner in node.walk())
    return any(one is not None and one[0] == "Fn::If" for one in found)
