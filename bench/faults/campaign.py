"""Every operator on every application that is clean before, the same choice in each run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from posixpath import dirname

from bench.faults.application import Application
from bench.faults.damage import Break
from bench.faults.linter import Linter
from bench.faults.operators import OPERATORS, Operator
from bench.faults.trial import Trial, attempt
from s3ap_lint.diagnostic import Diagnostic
from s3ap_lint.discovery import discover
from s3ap_lint.workspace import Workspace

LARGE = 60
"""Python files; larger applications are left out."""
FROM_ONE = 2
"""Breaks of one operator in one application, when there is a limit."""


def applications(root: Path) -> Iterator[Application]:
    """The folders below a root that hold templates, in an order of chance that is always the same."""
    found = discover([root], Workspace(root), cwd=root)
    folders: dict[str, list[str]] = {}
    for candidate in found.templates:
        if candidate.looks_like:
            folders.setdefault(dirname(candidate.path), []).append(candidate.path)
    for folder in sorted(folders, key=_lot):
        yield Application(root, folder, tuple(sorted(folders[folder])))


def _lot(text: str) -> str:
    return sha256(text.encode()).hexdigest()


class Campaign:
    """The trials over the applications of a root."""

    def __init__(
        self, root: Path, most: int = 0, *, unclean: bool = False, folders: Collection[str] | None = None
    ) -> None:
        self.linter = Linter(root)
        self.most = most
        self.unclean = unclean
        self.apps = tuple(app for app in applications(root) if folders is None or app.folder in folders)
        self._before: dict[str, tuple[Diagnostic, ...]] = {}

    def trials(self, operators: Iterable[Operator] = OPERATORS) -> Iterator[Trial]:
        """The trials of each operator whose rule is there, at most so many of each if there is a limit."""
        for operator in operators:
            if self.linter.registered(operator.codes[0]):
                yield from self._of(operator)

    def _of(self, operator: Operator) -> Iterator[Trial]:
        left = self.most or float("inf")
        for app in self.apps:
            if left <= 0:
                return
            breaks = self._chosen(operator, app)
            if not breaks or self.spoiled(operator, app):
                continue
            for damage in breaks[: int(left)] if self.most else breaks:
                left -= 1
                yield attempt(self.linter, app, operator, damage, self._before[app.folder])

    def _chosen(self, operator: Operator, app: Application) -> list[Break]:
        if not app.functions and not operator.codes[0].startswith(("S3AP1", "S3AP2")):
            return []
        if self.most and len(app.python) > LARGE:
            return []
        breaks = list({(b.path, b.line, b.what): b for b in operator.find(app)}.values())
        if not self.most:
            return breaks
        return sorted(breaks, key=lambda one: _lot(f"{one.path} {one.what}"))[:FROM_ONE]

    def spoiled(self, operator: Operator, app: Application) -> bool:
        """Whether a rule of our own says something about an application as it is; of `unclean` ones, the rule meant."""
        if app.folder not in self._before:
            self._before[app.folder] = self.linter.findings(app)
        found = _own(self._before[app.folder])
        return bool({*operator.codes, "S3AP901", "S3AP902"}.intersection(found) if self.unclean else found)

    @property
    def left_out(self) -> list[str]:
        """The applications with findings as they are, each with their codes; none when such are broken too."""
        if self.unclean:
            return []
        found = sorted((folder, _own(findings)) for folder, findings in self._before.items())
        return [f"{self.linter.config.root.name}/{folder} {' '.join(codes)}" for folder, codes in found if codes]


def _own(findings: Iterable[Diagnostic]) -> list[str]:
    return sorted({finding.code for finding in findings if finding.code.startswith("S3AP")})
