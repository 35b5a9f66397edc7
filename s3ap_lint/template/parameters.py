"""Parameters, and the values that make a difference to them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from s3ap_lint.template.allowed import admitted
from s3ap_lint.template.node import Node

PSEUDO_PARAMETERS = frozenset(
    (
        "AWS::AccountId",
        "AWS::NotificationARNs",
        "AWS::NoValue",
        "AWS::Partition",
        "AWS::Region",
        "AWS::StackId",
        "AWS::StackName",
        "AWS::URLSuffix",
    )
)


@dataclass(frozen=True, slots=True)
class Fresh:
    """A value that is not empty and unlike every literal it is compared with. Equal only to itself."""

    number: int


Value = str | Fresh


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


@dataclass(frozen=True)
class Parameter:
    """A parameter of a template, and what its declaration says about its values."""

    name: str
    node: Node

    @cached_property
    def type(self) -> str:
        return self.node["Type"].text or "String"

    @property
    def from_ssm(self) -> bool:
        """Whether the value is looked up in Parameter Store, so that Default is only a key."""
        return self.type.startswith("AWS::SSM::Parameter::")

    @property
    def is_list(self) -> bool:
        return "List" in self.type

    @cached_property
    def default(self) -> str | None:
        """The default as text; None when a value must be given or comes from Parameter Store."""
        node = self.node["Default"]
        if self.from_ssm or not node.is_text:
            return None
        return node.text

    @cached_property
    def allowed(self) -> tuple[str, ...] | None:
        """AllowedValues, or the alternatives of a pattern that is nothing but alternatives; None when open."""
        node = self.node["AllowedValues"]
        if self.from_ssm:
            return None
        if node.is_sequence and len(node):
            return tuple(item.text for item in node)
        match = re.fullmatch(r"\^?\(?([\w-]*(?:\|[\w-]*)+)\)?\$?", self.node["AllowedPattern"].text)
        if (
            match
            and (pattern := self.node["AllowedPattern"].text).startswith(("^(", "("))
            and pattern.endswith((")$", ")"))
        ):
            return tuple(match.group(1).split("|"))
        return None

    def admits(self, value: str) -> bool:
        """Whether the declaration lets a stack be created with this value."""
        return not self.objection(value)

    def objection(self, value: str) -> str:
        """Why the declaration does not let a stack be created with this value, in words; "" if it does, or if that
        cannot be told."""
        if self.from_ssm:
            return ""
        if self.allowed is not None and value not in self.allowed:
            return "it is none of the AllowedValues"
        if (not value and self.type.startswith("AWS::")) or (self.type == "Number" and _number(value) is None):
            return f"its type is {self.type}"
        return self._out_of_bounds(value) or self._unlike_pattern(value)

    def _out_of_bounds(self, value: str) -> str:
        bounds: tuple[tuple[str, float], ...] = ("MinLength", len(value)), ("MaxLength", len(value))
        if self.type == "Number":
            bounds = ("MinValue", float(value)), ("MaxValue", float(value))
        for name, size in bounds:
            bound = _number(self.node[name].text)
            if bound is not None and (size < bound if name.startswith("Min") else size > bound):
                return f"its {name} is {self.node[name].text}"
        return ""

    def _unlike_pattern(self, value: str) -> str:
        pattern = self.node["AllowedPattern"].text
        if not pattern or self.is_list:
            return ""
        found = admitted(pattern, value)
        if found is None:
            self.untried.add(value)
        return f"its AllowedPattern {pattern} does not match it" if found is False else ""

    def admits_some(self, text: str) -> bool:
        """Whether the AllowedPattern, looked for anywhere in a text, may match."""
        return admitted(self.node["AllowedPattern"].text, text, anywhere=True) is not False

    @cached_property
    def untried(self) -> set[str]:
        """Values that were asked about and could not be tried on the AllowedPattern."""
        return set()
