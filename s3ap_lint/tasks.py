"""The pieces of a run, each small enough to send to another process, and what a process needs to carry them out."""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from posixpath import dirname

from s3ap_lint import parallel
from s3ap_lint.config import Config
from s3ap_lint.diagnostic import Diagnostic, Place
from s3ap_lint.discovery import Discovery, discover
from s3ap_lint.engine import Session, UnitResult
from s3ap_lint.model import Severity, Unchecked
from s3ap_lint.plugins import Manager, make_manager
from s3ap_lint.present import Present
from s3ap_lint.registry import Registry, load
from s3ap_lint.render import RENDERERS
from s3ap_lint.workspace import Workspace


@dataclass(frozen=True)
class ApplicationTask:
    """Check the templates among a folder's candidates, and what they deploy.

    `named` must be templates. `only`: the files asked about, if none of the templates is among them;
    an application that uses none of them has nothing to report. `inputs`: what its stacks are deployed with.
    """

    folder: str
    paths: tuple[str, ...]
    named: tuple[str, ...] = ()
    only: frozenset[str] = frozenset()
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Uses:
    """Which files an application uses besides its templates: what is kept of one that uses none that is asked about."""

    folder: str
    paths: tuple[str, ...]
    named: tuple[str, ...]


@dataclass(frozen=True)
class DeployTask:
    """Check a deploy input whose template is not asked about."""

    paths: tuple[str, ...]


@dataclass(frozen=True)
class PythonTask:
    """Check one Python file by itself."""

    path: str


@dataclass(frozen=True)
class EngineTask:
    """Check one template with a foreign engine."""

    path: str
    engine: str


Task = ApplicationTask | DeployTask | PythonTask | EngineTask


@dataclass(frozen=True)
class Batch:
    """Some tasks that one process does in a row."""

    units: tuple[Task, ...]


@dataclass(frozen=True)
class Setup:
    """What a process needs to build its session, small enough to send to one that starts empty."""

    config: Config
    overlay: Mapping[str, bytes] = field(default_factory=dict)
    keeping: bool = False  # somebody will keep the results, and has to know what they rest on

    def __call__(self) -> None:
        if _state.get("setup") is not self:
            self.begin(registry_for(self.config), Workspace(self.config.root, self.overlay))

    def begin(self, registry: Registry, workspace: Workspace) -> None:
        """Make the session of this process, with rules and files that are there already."""
        gc.unfreeze()  # the session before, if there was one, can go
        session = Session(self.config, registry, workspace)
        _state.update(setup=self, session=session, present=Present(workspace) if self.keeping else None)


_state: dict[str, object] = {}  # one session a process; a forked worker finds its parent's here


def registry_for(config: Config, manager: Manager | None = None) -> Registry:
    """The rules and engines that the configuration leaves enabled, its selectors checked."""
    manager = manager or make_manager(disabled=config.no_plugin, trusted=[Path(path) for path in config.plugin_path])
    registry = load(manager, RENDERERS)
    registry.choose(config.engine)
    registry.check_selectors(config)
    return registry


GROWN = 80 * 1024 * 1024
"""Bytes by which a process may grow over its tasks: what is let go of leaves gaps that the system does not get back."""

FORGOTTEN = 1_000_000
"""Bytes of modules let go of, after which what was set aside from the collector is looked through again."""


def work(batch: Batch) -> tuple[UnitResult, ...]:
    """Carry out the tasks of a batch in this process's session; a result each."""
    here, present = session(), _state["present"]
    assert present is None or isinstance(present, Present)
    with tidied_once(here):
        results = tuple(carry_out(unit, here, present) for unit in batch.units)
        here.forget(unit.path for unit in batch.units if isinstance(unit, PythonTask))
    return results


def session() -> Session:
    """The session of this process."""
    found = _state["session"]
    assert isinstance(found, Session)
    return found


@contextmanager
def tidied_once(here: Session) -> Iterator[None]:
    """Without the cyclic garbage collector, which is run once at the end, on what is new; the rest is set aside.

    Syntax trees are millions of objects that stay; looking through all of them again and again took 40 % of a run,
    and looking at them once more whenever a dozen tasks were done still took 10 %.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if here.forgotten > FORGOTTEN:
            here.forgotten = 0
            gc.unfreeze()
        gc.collect()
        gc.freeze()
        if enabled:
            gc.enable()


def carry_out(unit: Task, session: Session, present: Present | None = None) -> UnitResult:
    """Carry out one task; the result says which files it rests on, and with `present` everything else, too."""
    with session.workspace.recording(alone=True) as seen:
        result = checked(unit, session)
    return replace(result, rests_on=frozenset(seen.read), basis=present.basis(seen) if present else None)


def checked(unit: Task, session: Session) -> UnitResult:
    """The result of one task, as the session has it."""
    if isinstance(unit, ApplicationTask):
        return session.check_application(unit.folder, unit.paths, unit.named, unit.only, unit.inputs)
    if isinstance(unit, EngineTask):
        return session.check_with_engine(unit.path, unit.engine)
    if isinstance(unit, DeployTask):
        return session.check_inputs(unit.paths)
    return session.check_python(unit.path)


def kept_as(task: Task, result: UnitResult) -> Task | Uses:
    """As what a result is kept, so that it also answers for other files that somebody asks about."""
    if not isinstance(task, ApplicationTask) or not task.only:
        return task
    if task.only.isdisjoint(result.uses):
        return Uses(task.folder, task.paths, task.named)
    return replace(task, only=frozenset())


def recalled(task: Task, kept: Callable[[Task | Uses], UnitResult | None]) -> UnitResult | None:
    """The result of a task, if something is kept that says it; `kept` is asked as what results are kept."""
    if not isinstance(task, ApplicationTask) or not task.only:
        return kept(task)
    whole = kept(replace(task, only=frozenset()))
    if whole is None:
        uses = kept(Uses(task.folder, task.paths, task.named))
        return uses if uses is not None and task.only.isdisjoint(uses.uses) else None
    if not task.only.isdisjoint(whole.uses):
        return whole
    return UnitResult(templates=whole.templates, uses=whole.uses, rests_on=whole.rests_on, basis=whole.basis)


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
    inputs = tuple(sorted({*everything.inputs, *found.inputs}))
    return replace(found, templates=templates, inputs=inputs)


def plan(found: Discovery, project: Discovery) -> list[Task]:
    """The applications that are asked about or may use a file that is, and the Python files, one by one."""
    folders: defaultdict[str, list[str]] = defaultdict(list)
    named = {candidate.path for candidate in project.templates if candidate.looks_like}
    named |= {path for given in found.given if given.kind == "file" for path in given.files}
    for candidate in project.templates:
        folders[dirname(candidate.path)].append(candidate.path)
    asked = frozenset((*found.python, *found.definitions))
    inputs = _nearest(project.inputs, folders)
    tasks: list[Task] = []
    for folder, paths in sorted(folders.items()):
        inside = any(found.reported(path) for path in paths)
        if inside or asked:
            must = tuple(path for path in paths if path in named)
            own = tuple(inputs.get(folder, ()))
            if inside:
                inputs.pop(folder, ())
            elif any(map(found.reported, own)):
                own = ()  # a task of its own tells what is wrong with them
            tasks.append(ApplicationTask(folder, tuple(sorted(paths)), must, frozenset() if inside else asked, own))
    left = sorted(path for paths in inputs.values() for path in paths if found.reported(path))
    tasks += [DeployTask((path,)) for path in left]
    return [*tasks, *(PythonTask(path) for path in sorted(found.python))]


def _nearest(paths: Iterable[str], folders: Container[str]) -> dict[str, list[str]]:
    """The files by the folder of templates that they lie in or below; "?" for those that lie in none."""
    out: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        folder = dirname(path)
        while folder and folder not in folders:
            folder = dirname(folder)
        out[folder if folder in folders else "?"].append(path)
    return out


def failed(outcome: object) -> UnitResult:
    """A task that did not return: a time-out is something unchecked, anything else a crash."""
    if isinstance(outcome, parallel.TimedOut):
        reason = f"{_engine(outcome.task)} took longer than {outcome.seconds:g} seconds (--engine-timeout)"
        return UnitResult(unchecked=tuple(Unchecked(path, "template", reason) for path in files_of(outcome.task)))
    if isinstance(outcome, parallel.Died):
        message = f"the process that checked it died (exit status {outcome.exitcode})"
        files = files_of(outcome.task)
    elif isinstance(outcome, parallel.Failed):
        message = f"checking it failed: {outcome.last_line}"
        files = files_of(outcome.task)
    else:
        raise TypeError(f"not an outcome: {outcome!r}")
    return UnitResult(
        tuple(
            Diagnostic("S3AP902", "rule-crashed", Severity.ERROR, f"{_engine(outcome.task)}: {message}", Place(path))
            for path in files
        )
    )


def _engine(task: object) -> str:
    unit = task.units[0] if isinstance(task, Batch) else task
    return unit.engine if isinstance(unit, EngineTask) else "s3ap-lint"


def files_of(task: object) -> tuple[str, ...]:
    """The files that a task is about."""
    if isinstance(task, Batch):
        return tuple(path for unit in task.units for path in files_of(unit))
    if isinstance(task, (EngineTask, PythonTask)):
        return (task.path,)
    return task.paths if isinstance(task, (ApplicationTask, DeployTask)) else ()
