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
        if self.from_ssm:
            return True
        if self.allowed is not None and value not in self.allowed:
            return False
        if not value and self.type.startswith("AWS::"):
            return False
        if self.type == "Number" and not self._is_in_range(value):
            return False
        low, high = self.node["MinLength"].text, self.node["MaxLength"].text
        if (low.isdigit() and len(value) < int(low)) or (high.isdigit() and len(value) > int(high)):
            return False
        pattern = self.node["AllowedPattern"].text
        if not pattern or self.is_list:
            return True
        found = admitted(pattern, value)
        if found is None:
            self.untried.add(value)
        return found is not False

    def _is_in_range(self, value: str) -> bool:
        """Whether a value is a number between MinValue and MaxValue."""
        number, low, high = (_number(text) for text in (value, self.node["MinValue"].text, self.node["MaxValue"].text))
        if number is None:
            return False
        return (low is None or number >= low) and (high is None or number <= high)

    def admits_some(self, text: str) -> bool:
        """Whether the AllowedPattern, looked for anywhere in a text, may match."""
        return admitted(self.node["AllowedPattern"].text, text, anywhere=True) is not False

    @cached_property
    def untried(self) -> set[str]:
        """Values that were asked about and could not be tried on the AllowedPattern."""
        return set()
