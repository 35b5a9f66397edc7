"""A whole run: find the files, check them in units over processes, and build the report.

The bytes of the report are the same for any number of processes.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from posixpath import dirname

from s3ap_lint import __version__, parallel, report, unimport
from s3ap_lint.config import Config
from s3ap_lint.diagnostic import Diagnostic, Place, Report, Tool
from s3ap_lint.discovery import Discovery, discover
from s3ap_lint.engine import Session, UnitResult
from s3ap_lint.model import Severity, Unchecked
from s3ap_lint.plugins import Manager, make_manager
from s3ap_lint.registry import Registry, load
from s3ap_lint.render import RENDERERS
from s3ap_lint.workspace import Workspace

CHUNK = 12  # Python files in one task: enough to hide the pipe, few enough to share the work

Progress = Callable[[str, int, int], object]


@dataclass(frozen=True)
class ApplicationTask:
    """Check the templates among a folder's candidates, and what they deploy.

    `named` must be templates. `only`: the files asked about, if none of the templates is among them;
    without one of them in an import closure there is nothing to report.
    """

    folder: str
    paths: tuple[str, ...]
    named: tuple[str, ...] = ()
    only: frozenset[str] = frozenset()


@dataclass(frozen=True)
class PythonTask:
    """Check some Python files, each by itself."""

    paths: tuple[str, ...]


@dataclass(frozen=True)
class EngineTask:
    """Check one template with a foreign engine."""

    path: str
    engine: str


Task = ApplicationTask | PythonTask | EngineTask


@dataclass(frozen=True)
class Setup:
    """What a process needs to build its session, small enough to send to one that starts empty."""

    config: Config
    overlay: Mapping[str, bytes] = field(default_factory=dict)
    fixing: bool = False

    def __call__(self) -> None:
        if _state.get("setup") is not self:
            workspace = Workspace(self.config.root, self.overlay)
            session = Session(self.config, registry_for(self.config), workspace, fixing=self.fixing)
            _state.update(setup=self, session=session)


_state: dict[str, object] = {}  # one session a process; a forked worker finds its parent's here


def registry_for(config: Config, manager: Manager | None = None) -> Registry:
    """The rules and engines that the configuration leaves enabled, its selectors checked."""
    manager = manager or make_manager(disabled=config.no_plugin, trusted=[Path(path) for path in config.plugin_path])
    registry = load(manager, RENDERERS)
    registry.check_selectors(config)
    return registry


def work(task: Task) -> UnitResult:
    """Carry out one task in this process's session."""
    with tidied_once():
        return carry_out(task, session())


def session() -> Session:
    """The session of this process."""
    found = _state["session"]
    assert isinstance(found, Session)
    return found


@contextmanager
def tidied_once() -> Iterator[None]:
    """Without the cyclic garbage collector, which is run once at the end, on what is new.

    Syntax trees are millions of objects that stay; looking through all of them again and again took 40 % of a run.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.collect(0)
        if enabled:
            gc.enable()


def carry_out(task: Task, session: Session) -> UnitResult:
    """Carry out one task."""
    if isinstance(task, ApplicationTask):
        return session.check_application(task.folder, task.paths, task.named, task.only)
    if isinstance(task, EngineTask):
        return session.check_with_engine(task.path, task.engine)
    return _together([session.check_python(path) for path in task.paths])


def _together(results: Sequence[UnitResult]) -> UnitResult:
    return UnitResult(
        diagnostics=tuple(d for result in results for d in result.diagnostics),
        unchecked=tuple(u for result in results for u in result.unchecked),
        modules=tuple(m for result in results for m in result.modules),
        directives=tuple(d for result in results for d in result.directives),
        unread=tuple(u for result in results for u in result.unread),
    )


def check(
    paths: Sequence[str],
    config: Config,
    *,
    overlay: Mapping[str, bytes] | None = None,
    on_progress: Progress | None = None,
    fixing: bool = False,
) -> tuple[Report, Discovery, Registry]:
    """Check what the paths stand for; `fixing` if somebody looks at the edits of fixes.

    Raises UsageError for paths that name nothing, ConfigError and PluginError for what cannot be used.
    """
    setup = Setup(config, overlay or {}, fixing)
    registry = registry_for(config)
    workspace = Workspace(config.root, overlay)
    session = Session(config, registry, workspace, fixing=fixing)
    _state.update(setup=setup, session=session)
    found = discover(paths, workspace, cwd=config.cwd, top=config.top, exclude=config.exclude)
    project = whole_project(found, workspace, config)
    tasks = plan(found, project)
    results = _run(tasks, setup, config, "rules", on_progress)
    engines = template_engines(config, registry)
    checked = sorted({path for result in results for path in result.templates if found.reported(path)})
    foreign: list[Task] = [EngineTask(path, engine) for engine in engines for path in checked]
    preload = [module for engine in engines for module in getattr(registry.engines[engine], "preload", ())]
    results += _run(foreign, setup, config, "engine", on_progress, timeout=config.engine_timeout, preload=preload)
    kinds = {engine.kind for name, engine in registry.engines.items() if engine.kind != "template" or name in engines}
    tool = Tool(__version__, tuple(sorted((n, e.version) for n, e in registry.engines.items() if e.kind in kinds)))
    built = report.build(
        results,
        config=config,
        registry=registry,
        tool=tool,
        files=len({*found.python, *(candidate.path for candidate in found.templates)}),
        unchecked=found.unchecked,
        reported=found.reported,
        engines_ran=bool(engines),
    )
    texts = [candidate.path for candidate in project.templates]
    built = unimport.resolved(built, workspace, lambda: every_module(found, workspace, config), texts, fixing=fixing)
    return built, found, registry


def every_module(found: Discovery, workspace: Workspace, config: Config) -> tuple[str, ...]:
    """All Python files of the project and those that were given: any of them may use a module."""
    if "" in found.scope.folders:
        return found.python
    everything = discover([config.root], workspace, cwd=config.cwd, top=config.top, exclude=config.exclude)
    return tuple(sorted({*everything.python, *found.python}))


def template_engines(config: Config, registry: Registry) -> list[str]:
    """The schema engines to run: the configured one, where its plugin is enabled."""
    known = [name for name, engine in registry.engines.items() if engine.kind == "template"]
    return [name for name in known if name == config.engine]


def whole_project(found: Discovery, workspace: Workspace, config: Config) -> Discovery:
    """Everything below the root: what a path is joined with may lie anywhere."""
    if "" in found.scope.folders:
        return found
    everything = discover([config.root], workspace, cwd=config.cwd, top=config.top, exclude=config.exclude)
    known = {candidate.path for candidate in everything.templates}
    more = tuple(candidate for candidate in found.templates if candidate.path not in known)
    templates = tuple(sorted((*everything.templates, *more)))
    return Discovery(found.python, templates, found.unchecked, found.given, found.scope)


def plan(found: Discovery, project: Discovery) -> list[Task]:
    """The units of a run: applications that are asked about or may run a file that is, and Python files."""
    folders: defaultdict[str, list[str]] = defaultdict(list)
    named = {candidate.path for candidate in project.templates if candidate.looks_like}
    named |= {path for given in found.given if given.kind == "file" for path in given.files}
    for candidate in project.templates:
        folders[dirname(candidate.path)].append(candidate.path)
    asked = frozenset(found.python)
    tasks: list[Task] = []
    for folder, paths in sorted(folders.items()):
        inside = any(found.reported(path) for path in paths)
        if inside or asked:
            must = tuple(path for path in paths if path in named)
            tasks.append(ApplicationTask(folder, tuple(sorted(paths)), must, frozenset() if inside else asked))
    python = sorted(found.python)
    tasks += [PythonTask(tuple(python[at : at + CHUNK])) for at in range(0, len(python), CHUNK)]
    return tasks


def _run(
    tasks: Sequence[Task],
    setup: Setup,
    config: Config,
    what: str,
    on_progress: Progress | None,
    timeout: float | None = None,
    preload: Sequence[str] = (),
) -> list[UnitResult]:
    if not tasks:
        return []
    jobs = min(config.jobs or parallel.cores(), len(tasks))
    tell = (lambda done, of: on_progress(what, done, of)) if on_progress else None
    outcomes = parallel.run(tasks, work, jobs=jobs, setup=setup, timeout=timeout, preload=preload, on_progress=tell)
    return [outcome if isinstance(outcome, UnitResult) else _failed(outcome) for outcome in outcomes]


def _failed(outcome: object) -> UnitResult:
    """A task that did not return: a time-out is something unchecked, anything else a crash."""
    if isinstance(outcome, parallel.TimedOut):
        reason = f"{_engine(outcome.task)} took longer than {outcome.seconds:g} seconds (--engine-timeout)"
        return UnitResult(unchecked=tuple(Unchecked(path, "template", reason) for path in _files(outcome.task)))
    if isinstance(outcome, parallel.Died):
        message = f"the process that checked it died (exit status {outcome.exitcode})"
        files = _files(outcome.task)
    elif isinstance(outcome, parallel.Failed):
        message = f"checking it failed: {outcome.last_line}"
        files = _files(outcome.task)
    else:
        raise TypeError(f"not an outcome: {outcome!r}")
    return UnitResult(
        tuple(
            Diagnostic("S3AP902", "rule-crashed", Severity.ERROR, f"{_engine(outcome.task)}: {message}", Place(path))
            for path in files
        )
    )


def _engine(task: object) -> str:
    return task.engine if isinstance(task, EngineTask) else "s3ap-lint"


def _files(task: object) -> Iterable[str]:
    if isinstance(task, EngineTask):
        return (task.path,)
    return task.paths if isinstance(task, (ApplicationTask, PythonTask)) else ()
