"""The linter on one application, in this process: what it finds as the files are, and with some of them changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from posixpath import basename, dirname

from bench.faults.application import Application
from s3ap_lint import report
from s3ap_lint.config import Config
from s3ap_lint.diagnostic import Diagnostic, Tool
from s3ap_lint.engine import Session, UnitResult
from s3ap_lint.files import MISSING
from s3ap_lint.python.module import Module
from s3ap_lint.registry import Registry
from s3ap_lint.source import Source
from s3ap_lint.tasks import ApplicationTask, PythonTask, carry_out, registry_for
from s3ap_lint.workspace import Unreadable, Workspace, normal

Key = tuple[str, str, str, str]


class Changed(Workspace):
    """A project in which some files have other bytes, or are gone."""

    def __init__(self, root: Path, files: Mapping[str, bytes | None]) -> None:
        super().__init__(root, {path: data for path, data in files.items() if data is not None})
        self._gone = {path for path, data in files.items() if data is None}

    def read(self, path: str) -> Source | Unreadable:
        return Unreadable(path, MISSING) if normal(path) in self._gone else super().read(path)

    def data(self, path: str) -> bytes | Unreadable:
        return Unreadable(path, MISSING) if normal(path) in self._gone else super().data(path)

    def exists(self, path: str) -> bool:
        return normal(path) not in self._gone and super().exists(path)

    def is_file(self, path: str) -> bool:
        return normal(path) not in self._gone and super().is_file(path)

    def listdir(self, path: str) -> tuple[str, ...]:
        gone = {basename(name) for name in self._gone if dirname(name) == normal(path)}
        return tuple(name for name in super().listdir(path) if name not in gone)


class Again(Session):
    """A session that takes the facts of unchanged modules from another one."""

    def __init__(self, first: Session, files: Mapping[str, bytes | None]) -> None:
        super().__init__(first.config, first.registry, Changed(first.config.root, files))
        self._first, self._files = first, files

    def module(self, path: str) -> Module | None:
        return super().module(path) if path in self._files else self._first.module(path)


class Linter:
    """The rules of a default run over a project, without a schema engine."""

    def __init__(self, root: Path) -> None:
        self.config = Config(root=root, cwd=root, top=root, engine="none", jobs=1)
        self._of_file: dict[str, UnitResult] = {}

    @cached_property
    def registry(self) -> Registry:
        return registry_for(self.config)

    @cached_property
    def _first(self) -> Session:
        return Session(self.config, self.registry, Workspace(self.config.root))

    def registered(self, code: str) -> bool:
        """Whether a rule, or an engine that reads Python, has a code."""
        engines = (engine for engine in self.registry.engines.values() if engine.kind == "python")
        return code in self.registry.rules or any(code == one.code for engine in engines for one in engine.catalogue())

    def findings(self, app: Application, files: Mapping[str, bytes | None] | None = None) -> tuple[Diagnostic, ...]:
        """What is found in the application, its code and whatever is changed."""
        files = files or {}
        session = Again(self._first, files)
        whole = carry_out(ApplicationTask(app.folder, app.paths, app.paths), session)
        python = {*app.python, *whole.closures, *(path for path in files if path.endswith(".py"))}
        there = sorted(path for path in python if session.workspace.is_file(path))
        results = [whole, *(self._file(path, session if path in files else self._first) for path in there)]
        built = report.build(
            results,
            config=self.config,
            registry=self.registry,
            tool=Tool(""),
            files=len(there) + len(app.paths),
            engines_ran=False,
        )
        return built.findings

    def _file(self, path: str, session: Session) -> UnitResult:
        """What a Python file has to say by itself; remembered while it is as it was."""
        if session is not self._first:
            return carry_out(PythonTask(path), session)
        if path not in self._of_file:
            self._of_file[path] = carry_out(PythonTask(path), session)
        return self._of_file[path]


def added(before: tuple[Diagnostic, ...], after: tuple[Diagnostic, ...]) -> list[Diagnostic]:
    """The findings that were not there before, wherever their lines have moved to."""
    known = Counter(_key(finding) for finding in before)
    out = []
    for finding in after:
        if known[_key(finding)]:
            known[_key(finding)] -= 1
            continue
        out.append(finding)
    return out


def _key(finding: Diagnostic) -> Key:
    return finding.code, finding.place.path, finding.message, finding.place.excerpt.strip()
