"""A project that is nowhere but in memory, checked the way any project is, without foreign linters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from s3ap_lint import report, settings, sniff, tasks, unimport
from s3ap_lint.config import Config
from s3ap_lint.deploy import recognition
from s3ap_lint.diagnostic import Report, Tool
from s3ap_lint.discovery import Candidate, Discovery, Scope
from s3ap_lint.engine import Session
from s3ap_lint.files import MISSING, DiskFiles
from s3ap_lint.model import Rule
from s3ap_lint.registry import Registry
from s3ap_lint.workspace import Workspace, normal

ROOT = Path("/example")


class _NoFiles(DiskFiles):
    """A disk with nothing on it."""

    def _locate(self, path: str) -> str:
        return MISSING

    def names(self, folder: str) -> list[str]:
        """None."""
        return []

    def inside(self, path: str) -> str | None:
        """Where a path lies; there are no links."""
        return normal(path)


class Memory(Workspace):
    """Files that lie on no disk: nothing but the overlay is ever looked at."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__(ROOT, files)
        self.files = _NoFiles(ROOT)


def configuration(rule: Rule, given: Mapping[str, object], base: Config | None = None) -> Config:
    """The settings of an example. `given` are options of the rule, or settings of a project such as `code-map`.

    Raises ConfigError for what is neither.
    """
    config = base or Config(ROOT, ROOT, ROOT, engine="none", jobs=1)
    options = {name: value for name, value in given.items() if name in rule.options or name not in settings.KEYS}
    project = {name: value for name, value in given.items() if name not in options}
    fields: dict[str, Any] = settings.read(project, f"the example's options ({rule.code})")
    if options:
        fields["rules"] = {**config.rules, rule.code: {**options, **_said(config, rule)}}
    return replace(config, **fields)


def _said(config: Config, rule: Rule) -> dict[str, Any]:
    """What a configuration itself says about a rule, under either of its names."""
    return {**config.rules.get(rule.code, {}), **config.rules.get(rule.name, {})}


def discovered(files: Mapping[str, bytes]) -> Discovery:
    """What a walk over the files would find."""
    names = {path: path.rpartition("/")[2] for path in sorted(files) if not path.endswith(".py")}
    found = [
        Candidate(path, sure)
        for path, name in names.items()
        if not recognition.is_script_or_guide(name)
        if (sure := sniff.looks_like_template(name, files[path])) is not None
    ]
    others = names.keys() - {candidate.path for candidate in found}
    inputs = tuple(sorted(path for path in others if recognition.kind_of(names[path], files[path]) is not None))
    python = tuple(sorted(path for path in files if path.endswith(".py")))
    return Discovery(python, tuple(found), scope=Scope(folders=("",)), inputs=inputs)


def check(files: Mapping[str, bytes], config: Config, registry: Registry) -> Report:
    """The report on some files."""
    found = discovered(files)
    workspace = Memory(files)
    session = Session(config, registry, workspace)
    results = [tasks.carry_out(task, session) for task in tasks.plan(found, found)]
    built = report.build(
        results,
        config=config,
        registry=registry,
        tool=Tool("example"),
        files=len(files),
        reported=found.reported,
        engines_ran=False,
    )
    texts = [candidate.path for candidate in found.templates]
    return unimport.resolved(built, workspace, lambda: found.python, texts, fixing=True)


def without_engines(registry: Registry) -> Registry:
    """The same rules and formats, without foreign linters."""
    return replace(registry, engines={})
