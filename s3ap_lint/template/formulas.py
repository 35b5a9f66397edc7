"""What conditions and their operands are worth, where it is known what parameters are."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping
from typing import Protocol

from s3ap_lint.template.answers import Ways
from s3ap_lint.template.node import Node
from s3ap_lint.template.parameters import Fresh, Parameter, Value


class Impossible(Exception):
    """No stack can be deployed in this world, because CloudFormation would refuse it."""


class Choices(Protocol):
    """What a world asks of the template it belongs to."""

    @property
    def parameters(self) -> Mapping[str, Parameter]: ...
    @property
    def conditions(self) -> Mapping[str, Node]: ...
    @property
    def mappings(self) -> Node: ...
    @property
    def memo(self) -> dict[object, object]: ...
    @property
    def answers(self) -> dict[Hashable, Ways]: ...
    def knows(self, name: str) -> bool: ...
    def domain(self, variable: str) -> tuple[Value, ...]: ...
    def default(self, variable: str) -> str | None: ...
    def may_be_empty(self, name: str) -> bool: ...


class Formulas(ABC):
    """The formulas of a template's conditions, for who knows what its parameters are and which conditions hold."""

    space: Choices

    @abstractmethod
    def value(self, variable: str) -> Value:
        """The value of a parameter or pseudo parameter."""

    @abstractmethod
    def holds(self, condition: str) -> bool:
        """Whether a condition is true."""

    def free(self, key: str) -> bool:
        return self.value(f"? {key}") == "true"

    def truth(self, node: Node) -> bool:
        function = node.function
        if function is None:
            return node.text == "true" if node.is_text else self.free(canonical(node))
        name, argument = function
        if name == "Condition":
            return self.holds(argument.text)
        if name == "Fn::Not":
            return not self.truth(argument[0])
        if name == "Fn::And":
            return all(self.truth(item) for item in argument)
        if name == "Fn::Or":
            return any(self.truth(item) for item in argument)
        if name == "Fn::Equals" and len(argument) == 2:
            return self._equal(argument[0], argument[1])
        if name == "Fn::Contains" and len(argument) == 2:
            return any(self._equal(item, argument[1]) for item in argument[0])
        return self.free(canonical(node))

    def _equal(self, left: Node, right: Node) -> bool:
        a, b = self._operand(left), self._operand(right)
        if isinstance(a, (str, Fresh)) and isinstance(b, (str, Fresh)):
            return a == b
        if isinstance(a, tuple) and isinstance(b, tuple):
            return a == b or self.free(" == ".join(sorted([canonical(left), canonical(right)])))
        composite, node, other = (a, left, b) if isinstance(a, tuple) else (b, right, a)
        if isinstance(other, str) and isinstance(composite, tuple) and not _may_read(composite, other):
            return False
        if isinstance(other, Fresh):
            return self.free(" == ".join(sorted([canonical(left), canonical(right)])))
        return self.value(f"= {canonical(node)}") == other

    def _operand(self, node: Node) -> Value | tuple[Value, ...]:
        """What a side of Equals is here: text, something unlike all literals, or pieces of both."""
        function = node.function
        if function is None:
            return node.text if node.is_text else (Fresh(-1),)
        name, argument = function
        if name == "Ref" and argument.text == "AWS::NoValue":
            return Fresh(-3)  # nothing at all, which no text is equal to
        if name == "Ref":
            return self.value(argument.text) if self.space.knows(argument.text) else (Fresh(-1),)
        if name == "Fn::If" and len(argument) == 3:
            return self._operand(argument[1] if self.holds(argument[0].text) else argument[2])
        if name == "Fn::FindInMap":
            return self._found_in_map(argument)
        if name == "Fn::Join" and len(argument) == 2:
            return self._joined(argument[0].text, argument[1])
        if name == "Fn::Sub":
            return self._substituted(argument)
        if name == "Fn::Select" and len(argument) == 2:
            return self._selected(argument)
        return (Fresh(-1),)

    def _found_in_map(self, argument: Node) -> Value | tuple[Value, ...]:
        keys = [self._operand(argument[i]) for i in range(3)]
        where = self.space.mappings
        default = argument[3]["DefaultValue"]
        for key in keys:
            if isinstance(key, tuple):
                return (Fresh(-1),)
            where = where[key] if isinstance(key, str) else where[""]
            if not where:
                if default:
                    return self._operand(default)
                raise Impossible  # CloudFormation refuses a key that the mapping does not have
        return where.text if where.is_text else (Fresh(-1),)

    def _joined(self, delimiter: str, items: Node) -> Value | tuple[Value, ...]:
        if not items.is_sequence:
            value = self._operand(items)
            return value if value == "" else (Fresh(-1) if not isinstance(value, Fresh) else value, Fresh(-2))
        pieces: list[Value] = []
        for index, item in enumerate(items):
            value = self._operand(item)
            pieces += [delimiter] if index else []
            pieces += value if isinstance(value, tuple) else [value]
        return _fused(pieces)

    def _substituted(self, argument: Node) -> Value | tuple[Value, ...]:
        template = argument if argument.is_scalar else argument[0]
        local = argument[1]
        pieces: list[Value] = []
        for piece in re.split(r"(\$\{[^{}]*\})", template.text):
            if not piece.startswith("${") or piece.startswith("${!"):
                pieces.append(piece.replace("${!", "${", 1))
                continue
            name = piece[2:-1].strip()
            value = self._operand(local[name]) if name in local else self._variable(name)
            pieces += value if isinstance(value, tuple) else [value]
        return _fused(pieces)

    def _variable(self, name: str) -> Value | tuple[Value, ...]:
        return self.value(name) if self.space.knows(name) else (Fresh(-1),)

    def _selected(self, argument: Node) -> Value | tuple[Value, ...]:
        index, items = argument[0].text, argument[1]
        if not index.isdigit():
            return (Fresh(-1),)
        split = items.function
        if split and split[0] == "Fn::Split":
            text = self._operand(split[1][1])
            parts = text.split(split[1][0].text) if isinstance(text, str) and split[1][0].text else []
            return parts[int(index)] if int(index) < len(parts) else (Fresh(-1),)
        item = items[int(index)]
        return self._operand(item) if item else (Fresh(-1),)


def _fused(pieces: list[Value]) -> Value | tuple[Value, ...]:
    """Pieces as one text where all are texts; a lone value as itself."""
    kept = [piece for piece in pieces if piece != ""]
    if all(isinstance(piece, str) for piece in kept):
        return "".join(str(piece) for piece in kept)
    return kept[0] if len(kept) == 1 else tuple(kept)


def _may_read(pieces: tuple[Value, ...], text: str) -> bool:
    """Whether pieces can read as the text. A parameter's fresh value is never empty; an unknown (negative) may be."""
    ends = {0}
    for piece in pieces:
        if isinstance(piece, str):
            ends = {end + len(piece) for end in ends if text.startswith(piece, end)}
        elif ends:
            ends = set(range(min(ends) + (piece.number >= 0), len(text) + 1))
    return len(text) in ends


def canonical(node: Node) -> str:
    return json.dumps(node.data(), ensure_ascii=False, sort_keys=True, default=str)
