"""What a session leaves for the next one, in a process that is asked again and again about files that hardly change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from s3ap_lint.application import Application
from s3ap_lint.python.closure import Closure
from s3ap_lint.python.module import Module
from s3ap_lint.template.template import Template


def go_on() -> None:
    """Nobody wants it to stop."""


def _nobody(result: object) -> None:
    """Nobody waits for a part of it."""


@dataclass
class Kept:
    """Facts by path, used where the bytes are the same: modules and templates, with all that is worked out of them.

    `closures` hold as long as no Python file changes, appears or goes; whoever looks after the files empties them.
    `first` is a template that somebody waits for, and `heard` is told what there is to say when all of it was looked
    at, before its twin is. `application` is the last one that was checked. `checkpoint` is called before every rule,
    and may raise to break off.
    """

    modules: dict[str, Module] = field(default_factory=dict)
    templates: dict[str, Template] = field(default_factory=dict)
    closures: dict[tuple[str, str], list[Closure]] = field(default_factory=dict)
    first: str = ""
    heard: Callable[[Any], object] = _nobody
    application: Application | None = None
    checkpoint: Callable[[], None] = go_on

    def renew(self) -> None:
        """Budgets are for one run; what is kept begins each one with all of its own."""
        for template in self.templates.values():
            template.space.renew()
        for closures in self.closures.values():
            for closure in closures:
                closure.renew()
