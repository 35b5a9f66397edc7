"""Why something cannot be packaged; and the subject of the rule that says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from s3ap_lint.model import Location


@dataclass(frozen=True)
class Problem:
    """What stands in the way of packaging a resource, what that leads to, and what to do about it."""

    logical_id: str
    at: Location
    message: str


@dataclass(frozen=True)
class Left:
    """A resource whose code or file is not of the project, as far as can be told; its value stays as it is written."""

    logical_id: str
    at: Location
    reason: str


@dataclass(frozen=True)
class Packing:
    """A template whose local code was to be packaged, and what stands in the way. `path` is the template's."""

    live: ClassVar[bool] = True
    command: ClassVar[str] = "deploy"
    shown_as: ClassVar[str] = "a template whose code lies beside it, before anything is sent. Of these files"

    path: str
    problems: tuple[Problem, ...] = ()

    @property
    def at(self) -> Location:
        """The template as a whole."""
        return Location(self.path)
