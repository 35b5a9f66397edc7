"""Foreign engines asked about one file: what they find in it, and what their answers rest on."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from s3ap_lint.collector import Collector
from s3ap_lint.model import Finding, Unchecked
from s3ap_lint.offers import Engine, EngineUnit, RestsOn
from s3ap_lint.source import Source
from s3ap_lint.workspace import Workspace, normal


def python_findings(source: Source, tree: ast.Module, report: Collector) -> Iterator[Finding]:
    """What the engines that read Python find in a source."""
    workspace = report.session.workspace
    unit = EngineUnit(str(workspace.root), source.path, source.data, tree)
    for engine in report.session.registry.engines.values():
        if engine.kind != "python":
            continue
        _note_basis(engine, unit, workspace)
        try:
            yield from _findings(engine.check(unit), report)
        except RecursionError:
            reason = f"{engine.name} cannot follow code that is nested this deeply"
            report.unchecked.append(Unchecked(source.path, "Python file", reason))


def template_findings(source: Source, engine: Engine, report: Collector) -> Iterator[Finding]:
    """What a schema engine finds in a template."""
    workspace = report.session.workspace
    unit = EngineUnit(str(workspace.root), source.path, source.data)
    _note_basis(engine, unit, workspace)
    if workspace.overlay:
        workspace.note_until(0.0)  # an engine may look at the file on disk besides
    yield from _findings(engine.check(unit), report)


def _note_basis(engine: Engine, unit: EngineUnit, workspace: Workspace) -> None:
    """Record what an engine's answer will rest on, before it is given, for those that would use it again."""
    tell = getattr(engine, "rests_on", None)
    if tell is None:
        workspace.note_until(0.0)
        return
    basis: RestsOn = tell(unit)
    workspace.note_until(basis.until)
    for path in basis.files:
        if normal(path) is None:
            workspace.note_until(0.0)  # outside of the project, where nobody looks
        workspace.data(path)


def _findings(found: Iterable[Finding | Unchecked], report: Collector) -> Iterator[Finding]:
    """What an engine found, once the report knows what it could not look at."""
    for one in found:
        if isinstance(one, Unchecked):
            report.unchecked.append(one)
        else:
            yield one
