"""A run: find the files, check them in units over processes, and build the report; again when files change.

The bytes of the report are the same for any number of processes, and for any way in which the files came to be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from s3ap_lint import __version__, parallel, report, unimport
from s3ap_lint.config import Config
from s3ap_lint.diagnostic import Report, Tool
from s3ap_lint.discovery import Discovery, discover
from s3ap_lint.engine import UnitResult
from s3ap_lint.registry import Registry
from s3ap_lint.tasks import (
    EngineTask,
    Setup,
    Task,
    failed,
    files_of,
    in_chunks,
    plan,
    registry_for,
    template_engines,
    units,
    whole_project,
    work,
)
from s3ap_lint.workspace import Workspace

CHUNK = 12  # Python files in one task: enough to hide the pipe, few enough to share the work

Progress = Callable[[str, int, int], object]


@dataclass
class Run:
    """What some paths stand for. The first look checks all of it, a later one what rests on a file that changed.

    `overlay` holds buffers that take the place of files; `fixing` says that somebody looks at the edits of fixes.
    Raises UsageError for paths that name nothing, ConfigError and PluginError for what cannot be used.
    """

    paths: Sequence[str]
    config: Config
    overlay: Mapping[str, bytes] = field(default_factory=dict)
    fixing: bool = False
    on_progress: Progress | None = None
    registry: Registry = field(init=False)
    found: Discovery = field(init=False)
    _workspace: Workspace = field(init=False)
    _project: Discovery = field(init=False)
    _tasks: list[Task] = field(init=False)
    _results: dict[Task, UnitResult] = field(init=False, default_factory=dict)
    _held: Mapping[str, bytes] = field(init=False)
    _last: Mapping[str, bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.registry = registry_for(self.config)
        self._workspace = Workspace(self.config.root, self.overlay)
        config = self.config
        self.found = discover(self.paths, self._workspace, cwd=config.cwd, top=config.top, exclude=config.exclude)
        self._project = whole_project(self.found, self._workspace, config)
        self._tasks = plan(self.found, self._project)
        self._held = self._last = self.overlay

    @property
    def has_engines(self) -> bool:
        """Whether a schema engine takes part."""
        return bool(template_engines(self.config, self.registry))

    def hold(self) -> None:
        """From now on every file that was asked about is what it is at this moment, whatever happens on disk."""
        held = {path: data for path in self.found.files if isinstance(data := self._workspace.data(path), bytes)}
        self._held = {**held, **self.overlay}

    def read(self, path: str) -> bytes:
        """The bytes of a file that is held, as it was; nothing if it cannot be read."""
        return self._held.get(path, b"")

    def real(self, path: str) -> str:
        """The path of a file that was asked about, without links."""
        return self._workspace.inside(path) or path

    def look(self, changed: Mapping[str, bytes] | None = None, *, engines: bool = True) -> Report:
        """The report with some files changed, whatever was changed before; without schema engines if so wished."""
        setup = self._begin({**self._held, **(changed or {})})
        self._check(self._tasks, setup, "rules")
        names = template_engines(self.config, self.registry) if engines else []
        results = [self._results[task] for task in self._tasks]
        checked = sorted({path for result in results for path in result.templates if self.found.reported(path)})
        foreign: list[Task] = [EngineTask(path, engine) for engine in names for path in checked]
        preload = [module for engine in names for module in getattr(self.registry.engines[engine], "preload", ())]
        self._check(foreign, setup, "engine", timeout=self.config.engine_timeout, preload=preload)
        built = report.build(
            [*results, *(self._results[task] for task in foreign)],
            config=self.config,
            registry=self.registry,
            tool=self._tool(names),
            files=len(self.found.files),
            unchecked=self.found.unchecked,
            reported=self.found.reported,
            engines_ran=bool(names),
        )
        texts = [candidate.path for candidate in self._project.templates]
        return unimport.resolved(built, self._workspace, self._every_module, texts, fixing=self.fixing)

    def _every_module(self) -> tuple[str, ...]:
        """All Python files of the project and those that were given: any of them may use a module."""
        found, config = self.found, self.config
        if "" in found.scope.folders:
            return found.python
        everything = discover([config.root], self._workspace, cwd=config.cwd, top=config.top, exclude=config.exclude)
        return tuple(sorted({*everything.python, *found.python}))

    def _begin(self, overlay: Mapping[str, bytes]) -> Setup:
        """Forget what rests on files that are not what they were at the last look."""
        stale = {path for path in {*overlay, *self._last} if overlay.get(path) != self._last.get(path)}
        self._results = {task: result for task, result in self._results.items() if not stale & result.rests_on}
        workspace = Workspace(self.config.root, overlay) if stale else self._workspace
        self._last, self._workspace = overlay, workspace
        setup = Setup(self.config, overlay)
        setup.begin(self.registry, workspace)
        return setup

    def _check(
        self,
        tasks: Sequence[Task],
        setup: Setup,
        what: str,
        timeout: float | None = None,
        preload: Sequence[str] = (),
    ) -> None:
        """Carry out the tasks without a result."""
        todo = [task for task in tasks if task not in self._results]
        if not todo:
            return
        chunks = list(in_chunks(todo, CHUNK))
        jobs = min(self.config.jobs or parallel.cores(), len(chunks))
        on_progress = self.on_progress
        tell = (lambda done, of: on_progress(what, done, of)) if on_progress else None
        outcomes = parallel.run(
            chunks, work, jobs=jobs, setup=setup, timeout=timeout, preload=preload, on_progress=tell
        )
        for chunk, outcome in zip(chunks, outcomes, strict=True):
            self._results.update(zip(units(chunk), _results(chunk, outcome), strict=True))

    def _tool(self, names: Sequence[str]) -> Tool:
        ran = [(n, e) for n, e in self.registry.engines.items() if e.kind != "template" or n in names]
        return Tool(__version__, tuple(sorted((name, engine.version) for name, engine in ran)))


def _results(task: Task, outcome: object) -> tuple[UnitResult, ...]:
    """The results of a task's units; a failure counts for the first."""
    if isinstance(outcome, tuple):
        return outcome
    first = replace(failed(outcome), rests_on=frozenset(files_of(task)))
    return (first, *[UnitResult(rests_on=first.rests_on)] * (len(units(task)) - 1))


def check(
    paths: Sequence[str],
    config: Config,
    *,
    overlay: Mapping[str, bytes] | None = None,
    on_progress: Progress | None = None,
    fixing: bool = False,
) -> tuple[Report, Discovery, Registry]:
    """Check what the paths stand for, once; the arguments are those of a Run."""
    run = Run(paths, config, overlay or {}, fixing, on_progress)
    return run.look(), run.found, run.registry
