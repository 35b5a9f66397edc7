"""In what two templates differ: the nouns."""

from __future__ import annotations

from dataclasses import dataclass
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
    if isinstance(value, str):
        text = repr(value) if "\n" in value or not value else value
    elif isinstance(value, list) and all(isinstance(item, str) for item in value):
        text = "[" + ", ".join(value) + "]"
    elif isinstance(value, dict) and len(value) == 1:
        (name,) = value
        text = f"!{name.removeprefix('Fn::')} {shown(value[name])}" if name.startswith("Fn::") else f"{{{name}: …}}"
    else:
        text = f"a list of {len(value)}" if isinstance(value, list) else "a mapping" if value else "nothing"
    return text if len(text) <= MOST else text[: MOST - 1] + "…"
