"""What plugins offer besides rules: foreign linters and output formats."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from s3ap_lint.diagnostic import Report
from s3ap_lint.model import Finding, Rule, Severity, Unchecked


@dataclass(frozen=True)
class Catalogued:
    """A code of a foreign engine, as far as `rules`, `explain` and SARIF need it."""

    code: str
    name: str
    severity: Severity
    summary: str
    help_uri: str = ""


@dataclass(frozen=True, slots=True)
class EngineUnit:
    """One file for a foreign engine: absolute root, path relative to it (POSIX), bytes, the tree if there is one."""

    root: str
    path: str
    data: bytes
    tree: Any = None


@dataclass(frozen=True, slots=True)
class RestsOn:
    """What an engine's answer rests on besides the unit: files, relative to the root, whether they are there or not.

    `until`: when the answer may become another one although no file changes, in seconds of Unix time.
    """

    files: tuple[str, ...] = ()
    until: float = math.inf


class Engine(Protocol):
    """A foreign linter: a name, the codes it can give, a version, and check(unit) → findings under their own codes.

    `kind` is "template" (one template file a call, in a process that can be killed) or "python"
    (one Python file a call). Besides findings there may be an Unchecked for what could not be looked at. An engine
    that also has a text `missing` takes part only where it is chosen; if not empty, the text says what to install.
    An engine may also have `rests_on(unit) -> RestsOn`, which is asked before `check`; without it, nobody knows when an
    answer has become out of date, and none is kept for the next run.
    """

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def version(self) -> str: ...
    def catalogue(self) -> Iterable[Catalogued]: ...
    def check(self, unit: EngineUnit) -> Iterable[Finding | Unchecked]: ...


@dataclass(frozen=True)
class Renderer:
    """An output format: its name, one line of help, a function to text, and what of a report it shows.

    Edits of fixes and hashes of lines are made only for a format that shows them.
    """

    name: str
    summary: str
    render: Callable[[Report, Mapping[str, Rule | Catalogued], RenderOptions], str]
    shows_edits: bool = False
    shows_line_hashes: bool = False


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """What the command line says about output. Width in terminal columns.

    `statistics` is what `--statistics` adds to the counts of a report.
    """

    color: bool = False
    quiet: bool = False
    verbose: bool = False
    width: int = 100
    sarif_suppressed: bool = False
    statistics: tuple[tuple[str, int], ...] = ()
