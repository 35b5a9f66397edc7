"""What a template value may become in one world: the arm of an `!If`, the items of a list, the text of a `!Sub`.

Three answers, always: what is known, what is a *hole* whose owner is known (`${OutputAlias}`), and
what cannot be told at all (an opaque hole: an import, a transform, a computed selection).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import partial

from s3ap_lint.model import Location
from s3ap_lint.template.node import Node
from s3ap_lint.template.parameters import PSEUDO_PARAMETERS
from s3ap_lint.template.worlds import World

_VARIABLE = re.compile(r"(\$\{[^{}]*\})")


class Filler(Enum):
    """What fills a hole."""

    PARAMETER = "parameter"
    PSEUDO = "pseudo parameter"
    RESOURCE = "Ref of a resource"
    ATTRIBUTE = "attribute of a resource"
    OPAQUE = "cannot be told"

    __hash__ = object.__hash__  # that of Enum is written in Python, and holes are looked up all the time


@dataclass(frozen=True, slots=True)
class Hole:
    """A part of a text that is only known at deployment. `name` reads as in `Fn::Sub`: "Alias", "Bucket.Arn"."""

    name: str
    filler: Filler

    def __str__(self) -> str:
        return "${" + self.name + "}"


Piece = str | Hole

OPAQUE = Hole("…", Filler.OPAQUE)


@dataclass(frozen=True)
class Leaf:
    """One text that a value becomes, as literal pieces and holes, and the node that says so."""

    pieces: tuple[Piece, ...]
    node: Node

    @property
    def text(self) -> str:
        """The text with its holes written as in `Fn::Sub`."""
        return "".join(str(piece) for piece in self.pieces)

    @property
    def at(self) -> Location:
        return self.node.at

    @property
    def holes(self) -> tuple[Hole, ...]:
        return tuple(piece for piece in self.pieces if isinstance(piece, Hole))

    @property
    def is_opaque(self) -> bool:
        """Whether a part of the text cannot be told at all."""
        return any(hole.filler is Filler.OPAQUE for hole in self.holes)


@dataclass(frozen=True)
class Values:
    """Every text a value becomes in one world, in order; `complete` unless something could not be told."""

    leaves: tuple[Leaf, ...] = ()

    @property
    def complete(self) -> bool:
        return not any(leaf.is_opaque for leaf in self.leaves)

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(leaf.text for leaf in self.leaves)

    def __iter__(self) -> Iterator[Leaf]:
        return iter(self.leaves)

    def __len__(self) -> int:
        return len(self.leaves)


_CHOOSING = frozenset({"Fn::If", "Fn::FindInMap"})  # of the functions, these look at parameters' values


def is_no_value(node: Node) -> bool:
    """Whether a node is `!Ref AWS::NoValue`, which removes what it stands for."""
    function = node.function
    return function is not None and function[0] == "Ref" and function[1].text == "AWS::NoValue"


def choose(node: Node, world: World) -> Node | None:
    """The node that stands here after every outer `!If` is decided; None where nothing stands."""
    while True:
        function = node.function
        if function is None:
            return node or None
        name, argument = function
        if name == "Ref" and argument.text == "AWS::NoValue":
            return None
        if name != "Fn::If" or len(argument) != 3:
            return node
        node = argument[1] if world.holds(argument[0].text) else argument[2]


def listed(node: Node, world: World) -> list[Node]:
    """The items of a list (or the one thing that stands for a list), with every `!If` decided.

    A list inside a list, which an `!If` in a list makes easily, counts as its items.
    """
    chosen = choose(node, world)
    if chosen is None:
        return []
    if not chosen.is_sequence:
        return [chosen]
    return [item for child in chosen for item in listed(child, world)]


def is_fixed(node: Node, world: World) -> bool:
    """Whether a value is the same in every world, because nothing in it depends on a choice."""
    key = ("fixed", node)
    known = world.space.memo.get(key)
    if not isinstance(known, bool):
        functions = (inner.function for inner in node.walk())
        known = not any(found is not None and found[0] in _CHOOSING for found in functions)
        world.space.memo[key] = known
    return known


def texts(node: Node, world: World) -> Values:
    """Every text that a value (a string or a list of strings) becomes in a world."""
    if not node:
        return Values()
    return world.answer((texts, node), partial(_texts, node))


def _texts(node: Node, world: World) -> Values:
    return Values(tuple(leaf for item in listed(node, world) for leaf in _leaves(item, world)))


def text(node: Node, world: World) -> Leaf | None:
    """The one text that a value becomes in a world; None where it is absent or a list of several."""
    values = texts(node, world)
    return values.leaves[0] if len(values) == 1 else None


def _leaves(node: Node, world: World) -> list[Leaf]:
    function = node.function
    if function is None:
        return [Leaf((node.text,), node)] if node.is_text else [] if node.is_scalar else [_opaque(node)]
    name, argument = function
    if name == "Fn::Split":
        return _split(argument, node, world)
    return [Leaf(fused(pieces), node) for pieces in [_pieces(node, world)]]


def _pieces(node: Node, world: World) -> list[Piece]:
    """The pieces of the one text that a value becomes."""
    chosen = choose(node, world)
    if chosen is None:
        return []
    function = chosen.function
    if function is None:
        return [chosen.text] if chosen.is_text else [OPAQUE]
    name, argument = function
    if name == "Ref":
        return [_reference(argument.text, world)]
    if name == "Fn::GetAtt":
        return [attribute(argument)]
    if name == "Fn::Sub":
        return _substituted(argument, world)
    if name == "Fn::Join":
        return _joined(argument, world)
    if name == "Fn::Select":
        return _selected(argument, world)
    if name == "Fn::FindInMap":
        return _found(argument, world)
    return [OPAQUE]


def _opaque(node: Node) -> Leaf:
    return Leaf((OPAQUE,), node)


def _reference(name: str, world: World) -> Hole:
    if name in PSEUDO_PARAMETERS:
        return Hole(name, Filler.PSEUDO)
    if name in world.space.parameters:
        return Hole(name, Filler.PARAMETER)
    return Hole(name, Filler.RESOURCE) if name else OPAQUE


def attribute(argument: Node) -> Hole:
    """The hole of an `Fn::GetAtt` argument: "Bucket.Arn", from the text or the list form."""
    if argument.is_text:
        return Hole(argument.text, Filler.ATTRIBUTE)
    parts = [item.text for item in argument]
    return Hole(".".join(parts), Filler.ATTRIBUTE) if len(parts) == 2 and all(parts) else OPAQUE


def _substituted(argument: Node, world: World) -> list[Piece]:
    template = argument if argument.is_scalar else argument[0]
    local = argument[1]
    out: list[Piece] = []
    for piece in _VARIABLE.split(template.text):
        if not piece.startswith("${"):
            out.append(piece)
        elif piece.startswith("${!"):
            out.append("${" + piece[3:])
        else:
            name = piece[2:-1].strip()
            if name in local:
                out += _pieces(local[name], world)
            elif "." in name:
                out.append(Hole(name, Filler.ATTRIBUTE))
            else:
                out.append(_reference(name, world))
    return out


def _joined(argument: Node, world: World) -> list[Piece]:
    items, delimiter = argument[1], argument[0].text
    chosen = choose(items, world)
    if chosen is None or not chosen.is_sequence:
        return [OPAQUE]
    out: list[Piece] = []
    for index, item in enumerate(listed(chosen, world)):
        if index and delimiter:
            out.append(delimiter)
        out += _pieces(item, world)
    return out


def _split(argument: Node, node: Node, world: World) -> list[Leaf]:
    delimiter, pieces = argument[0].text, fused(_pieces(argument[1], world))
    if delimiter and len(pieces) == 1 and isinstance(pieces[0], str):
        return [Leaf((part,), node) for part in pieces[0].split(delimiter)]
    return [_opaque(node)]


def _selected(argument: Node, world: World) -> list[Piece]:
    index, items = argument[0].text, argument[1]
    function = items.function
    if not index.isdigit():
        return [OPAQUE]
    if function is not None and function[0] == "Fn::Split":
        parts = _split(function[1], items, world)
        return list(parts[int(index)].pieces) if int(index) < len(parts) and not parts[0].is_opaque else [OPAQUE]
    if items.is_sequence and all(item.function is None or item.function[0] != "Fn::If" for item in items):
        return _pieces(items[int(index)], world) if items[int(index)] else [OPAQUE]
    return [OPAQUE]


def _found(argument: Node, world: World) -> list[Piece]:
    """A mapping's value where its keys are literal or parameters of few values; else opaque."""
    where = world.space.mappings
    for part in (argument[0], argument[1], argument[2]):
        function = part.function
        if part.is_text:
            key: object = part.text
        elif function is not None and function[0] == "Ref" and function[1].text in world.space.parameters:
            key = world.value(function[1].text)
        else:
            return [OPAQUE]
        where = where[key] if isinstance(key, str) else where["…"]
    return [where.text] if where.is_text else [OPAQUE]


def fused(pieces: list[Piece]) -> tuple[Piece, ...]:
    """The pieces with neighbouring literals joined and empty ones dropped."""
    out: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and out and isinstance(out[-1], str):
            out[-1] += piece
        elif piece != "":
            out.append(piece)
    return tuple(out)
