"""In what two templates differ: the nouns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeVar

from s3ap_lint.model import Location
from s3ap_lint.template.node import Node
from s3ap_lint.template.scenarios import Verdict


class Kind(Enum):
    """What a difference is about; the order is the order in which they are told."""

    PARAMETER = "parameter"
    DEFAULT = "default"
    CONDITION = "condition"
    MAPPING = "mapping"
    RULE = "rule"
    RESOURCE = "resource"
    CODE = "code"
    VARIABLE = "variable"
    GRANT = "grant"
    STATE = "state"
    PROPERTY = "property"
    OUTPUT = "output"

    @property
    def rank(self) -> int:
        """Its place in the order."""
        return list(Kind).index(self)


T = TypeVar("T")
Both = tuple[T, T]
"""Something of the first template, and the same of the second."""

EVERYWHERE = Verdict(True, True, None)


@dataclass(frozen=True)
class Difference:
    """One thing that two templates do not have in common.

    `name` is unique within its kind. Of every two, the first template's comes first: `nodes` say it, a missing one
    standing where the thing would be; `said` is what they say, in a few words, or "". `verdict` tells in which
    scenarios it is so. `places` are more exact places than those of the nodes, where there are any; `values` is what
    they say as data, where the nodes alone do not tell: the fields of a state, a grant.
    """

    kind: Kind
    name: str
    nodes: Both[Node]
    said: Both[str] = ("", "")
    verdict: Verdict = EVERYWHERE
    places: Both[Location | None] = (None, None)
    values: Both[object] | None = None

    @property
    def one(self) -> Node:
        """What the first template has."""
        return self.nodes[0]

    @property
    def other(self) -> Node:
        """What the second template has."""
        return self.nodes[1]

    def at(self, side: int) -> Location:
        """Where the first (0) or the second (1) template says it, or would: the key, if it has one."""
        return self.places[side] or self.nodes[side].key_at

    @property
    def swapped(self) -> Difference:
        """The same, the second template's half first."""
        nodes, said, places = self.nodes[::-1], self.said[::-1], self.places[::-1]
        values = self.values[::-1] if self.values is not None else None
        return replace(self, nodes=nodes, said=said, places=places, values=values)

    @property
    def only_in_one(self) -> bool:
        """Whether only the first template has it."""
        return bool(self.one) and not self.other

    @property
    def only_in_other(self) -> bool:
        """Whether only the second template has it."""
        return bool(self.other) and not self.one

    @property
    def resource(self) -> str:
        """The logical id of the resource that it is in, or ""."""
        return self.one.resource_id or self.other.resource_id


MOST = 60  # characters of a value in a message


def shown(value: object) -> str:
    """A value in a few words."""
    whole = spelled(value)
    if len(whole) <= MOST or isinstance(value, str):
        return cut(whole)
    if isinstance(value, list):
        return cut(whole) if all(isinstance(item, str) for item in value) else f"a list of {len(value)}"
    if isinstance(value, dict) and len(value) == 1:
        (name,) = value
        return cut(whole) if name.startswith("Fn::") else f"{{{name}: …}}"
    return "a mapping"


def spelled(value: object) -> str:
    """A value in full, on one line."""
    if isinstance(value, str):
        return repr(value) if not value.isprintable() or not value else value
    if isinstance(value, list):
        return "[" + ", ".join(map(spelled, value)) + "]"
    if isinstance(value, dict):
        name = next(iter(value), "")
        if name == "Fn::Join" and value[name][:1] == [""] and isinstance(value[name][1], list):
            return "".join(one if isinstance(one, str) else f"${{{spelled(one)}}}" for one in value[name][1])
        if len(value) == 1 and (name.startswith("Fn::") or name == "Ref"):
            return f"!{name.removeprefix('Fn::')} {spelled(value[name])}"
        return "{" + ", ".join(f"{key}: {spelled(inner)}" for key, inner in value.items()) + "}"
    return "nothing" if value is None else str(value)


def cut(text: str) -> str:
    """A text that is not longer than what a message has room for."""
    return text if len(text) <= MOST else text[: MOST - 1] + "…"
