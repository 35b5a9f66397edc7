"""A function that runs, joined to the local code that it runs: the subject of the live rules about functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from s3ap_lint.api import Function, Location
from s3ap_ops.stack import LiveResource, LiveStack

FUNCTION = "AWS::Lambda::Function"
HIDDEN = "****"
"""What CloudFormation says instead of the value of a parameter with NoEcho."""


@dataclass(frozen=True)
class Running:
    """A stack with the facts of its functions, and the text of the template that it was made of."""

    stack: LiveStack
    template: str


@dataclass(frozen=True, eq=False)
class LiveFunction:
    """One function of a stack.

    `resource` has its facts, which `s3ap_ops.running` describes. `function` is the local one with what is live in the
    place of what is written: it has the live variables, and its role has the live policies; None where the local
    template has no such function. `at` is its place in the local template.
    """

    live: ClassVar[bool] = True
    command: ClassVar[str] = "check"

    resource: LiveResource
    function: Function | None
    at: Location

    @property
    def id(self) -> str:
        """Its logical id."""
        return self.resource.logical_id

    @property
    def stack(self) -> str:
        """The stack's name."""
        return self.resource.stack

    @property
    def variables(self) -> Mapping[str, str] | None:
        """The variables that are set, with their values, which are never told; None when they could not be read."""
        found: Mapping[str, str] | None = self.resource.fact("variables")
        return found

    @property
    def has_known_role(self) -> bool:
        """Whether every policy of its role could be read."""
        return self.resource.fact("role") is not None
