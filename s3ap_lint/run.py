"""A run: find the files, check them in units over processes, and build the report; again when files change.

The bytes of the report are the same for any number of processes, and for any way in which the files came to be.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from s3ap_lint import __version__, cache, facts, parallel, program, report, tasks, unimport
from s3ap_lint.basis import Basis
from s3ap_lint.batches import batches
from s3ap_lint.cache import Cache
from s3ap_lint.config import Config
from s3ap_lint.diagnostic import Report, Tool
from s3ap_lint.discovery import Discovery, discover
from s3ap_lint.engine import UnitResult
from s3ap_lint.model import Unchecked
from s3ap_lint.present import Present
from s3ap_lint.registry import Registry
from s3ap_lint.tasks import (
    Batch,
    EngineTask,
    Setup,
    Task,
    Uses,
    failed,
    files_of,
    kept_as,
    plan,
    recalled,
    registry_for,
    template_engines,
    whole_project,
)
from s3ap_lint.unseen import idle
from s3ap_lint.workspace import Workspace

Progress = Callable[[str, int, int], object]


@dataclass
class Run:
    """What some paths stand for. The first look checks all of it, a later one what rests on a file that changed.

    `overlay` holds buffers that take the place of files; `fixing` says that somebody looks at the edits of fixes,
    `hashing` at the hashes of lines.
    `caching`: results of earlier runs are used where all that they rest on is as it was, and `keep` keeps new ones.
    `tracing`: somebody asks what each result rests on.
    `force_exclude`: files that are named may be left out like others.
    Raises UsageError for paths that name nothing, ConfigError and PluginError for what cannot be used.
    """

    paths: Sequence[str]
    config: Config
    overlay: Mapping[str, bytes] = field(default_factory=dict)
    fixing: bool = False
    on_progress: Progress | None = None
    caching: bool = False
    hashing: bool = False
    tracing: bool = False
    force_exclude: bool = False
    registry: Registry = field(init=False)
    found: Discovery = field(init=False)
    _workspace: Workspace = field(init=False)
    _project: Discovery = field(init=False)
    _tasks: list[Task] = field(init=False)
    _results: dict[Task, UnitResult] = field(init=False, default_factory=dict)
    cache: Cache | None = field(init=False, default=None)
    _present: Present = field(init=False)
    _resolution: UnitResult = field(init=False, default=UnitResult())
    _held: Mapping[str, bytes] = field(init=False)
    _last: Mapping[str, bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.registry = registry_for(self.config)
        self._workspace = Workspace(self.config.root, self.overlay)
        config = self.config
        self.found = discover(
            self.paths,
            self._workspace,
            cwd=config.cwd,
            top=config.top,
            exclude=config.exclude,
            force=self.force_exclude,
        )
        self._project = whole_project(self.found, self._workspace, config)
        self._tasks = plan(self.found, self._project)
        self._held = self._last = self.overlay
        if self.caching:
            self.cache = cache.opened(config, program.identity(program.loose(self.registry.modules)))
        self._present = Present(self._workspace, self.cache.known if self.cache else None)

    @property
    def has_engines(self) -> bool:
        """Whether a schema engine takes part."""
        return bool(template_engines(self.config, self.registry))

    @property
    def templates(self) -> tuple[str, ...]:
        """The candidates for templates of the whole project."""
        return tuple(candidate.path for candidate in self._project.templates)

    @property
    def project_files(self) -> frozenset[str]:
        """All files of the project that can be checked, and those that were given."""
        return frozenset((*self._every_module(), *self.templates, *self._project.inputs))

    def has_folder(self, path: str) -> bool:
        """Whether there is a folder below the root."""
        return self._workspace.kind(path) == "folder"

    def narrow(self, choose: Callable[[Mapping[Task, UnitResult]], tuple[Discovery, list[Task]]]) -> None:
        """Check by our own rules all that was asked about; of that only what is chosen by the results is reported."""
        self._check(self._tasks, self._begin(self._held), "rules")
        self.found, self._tasks = choose({task: self._results[task] for task in self._tasks})

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
            unchecked=(*self.found.unchecked, *self._idle_pairs()),
            reported=self.found.reported,
            engines_ran=bool(names),
        )
        resolved = self._resolved(built)
        return report.line_hashed(resolved, self._workspace.data) if self.hashing else resolved

    def _idle_pairs(self) -> Iterator[Unchecked]:
        """The pairs of the configuration file that no template of the project is in."""
        file = self.config.file
        if file is not None:
            yield from idle(self.config.pairs, self.templates, Path(os.path.relpath(file, self.config.root)).as_posix())

    def _resolved(self, built: Report) -> Report:
        """The report with what becomes of fixes that take names out of imports, which only the whole project tells."""
        asking = unimport.wanting(built)
        if not asking:
            return built
        texts = [candidate.path for candidate in self._project.templates]
        modules = self._every_module()
        lacking = [finding.place for finding in built.findings if finding.code == unimport.LACKING]
        key = repr((asking, lacking, modules, texts, self.fixing)).encode("utf-8", "surrogateescape")
        name = f"unimport {facts.digest(key)}"
        kept = self._kept(name)
        if kept is None:
            with self._workspace.recording() as seen:
                resolved = unimport.resolved(built, self._workspace, lambda: modules, texts, fixing=self.fixing)
            changed = zip(built.findings, resolved.findings, strict=True)
            kept = UnitResult(tuple(after for before, after in changed if before in asking))
            if self.cache is not None:
                kept = replace(kept, basis=self._present.basis(seen))
                self.cache.put(name, kept)
        self._resolution = kept
        answers = dict(zip(asking, kept.diagnostics, strict=True))
        return replace(built, findings=tuple(answers.get(finding, finding) for finding in built.findings))

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
        if stale:
            self._workspace = Workspace(self.config.root, overlay)
            self._present = Present(self._workspace, self.cache.known if self.cache else None)
        self._last = overlay
        setup = Setup(self.config, overlay, keeping=self.tracing or self.cache is not None)
        setup.begin(self.registry, self._workspace)
        return setup

    def _check(
        self,
        wanted: Sequence[Task],
        setup: Setup,
        what: str,
        timeout: float | None = None,
        preload: Sequence[str] = (),
    ) -> None:
        """Carry out the tasks without a result, here or in the cache."""
        todo = [task for task in wanted if task not in self._results and not self._is_kept(task)]
        if not todo:
            return
        work = batches(todo, self._workspace.size)
        jobs = min(self.config.jobs or parallel.cores(), len(work))
        on_progress = self.on_progress
        tell = (lambda done, of: on_progress(what, done, of)) if on_progress else None
        grown = 0 if preload else tasks.GROWN
        start = partial(
            parallel.run, function=tasks.work, jobs=jobs, setup=setup, timeout=timeout, preload=preload, grown=grown
        )
        self._take(work, start(work, on_progress=tell))
        again = [Batch((unit,)) for batch in work for unit in batch.units if unit not in self._results]
        if again:  # one unit of theirs failed: the others have nothing to do with it
            self._take(again, start(again, isolate=True))

    def _take(self, work: Sequence[Batch], outcomes: Sequence[object]) -> None:
        """Take in results; a batch that failed has none, unless it was a single unit, which is blamed."""
        for batch, outcome in zip(work, outcomes, strict=True):
            if isinstance(outcome, tuple):
                results = outcome
            elif len(batch.units) == 1:
                results = (replace(failed(outcome), rests_on=frozenset(files_of(batch))),)
            else:
                continue
            for unit, result in zip(batch.units, results, strict=True):
                self._results[unit] = result
                if self.cache is not None:
                    self.cache.put(kept_as(unit, result), result)

    def _is_kept(self, task: Task) -> bool:
        kept = recalled(task, self._kept)
        if kept is not None:
            self._results[task] = kept
        return kept is not None

    def _kept(self, unit: Task | Uses | str) -> UnitResult | None:
        """The result of an earlier run, if there is one that still holds."""
        if self.cache is not None:
            with suppress(Exception):  # whatever a damaged entry may do: it is none
                return self.cache.get(unit, self._present)
        return None

    def keep(self) -> None:
        """Keep the results of this run for later ones."""
        if self.cache is not None:
            self.cache.save(self._present.settled())

    def basis(self) -> Basis | None:
        """What all that the last look said rests on; None when that cannot be told."""
        results = [*self._results.values(), *([self._resolution] if self._resolution.diagnostics else [])]
        bases = [result.basis for result in results]
        for name in {name for basis in bases if basis is not None for name in basis.told}:
            self._present.told(name)  # on the record of this run, as what it rests on
        bases.append(self._present.basis(self._workspace.seen))
        return self._present.union([basis for basis in bases if basis is not None]) if None not in bases else None

    def _tool(self, names: Sequence[str]) -> Tool:
        ran = [(n, e) for n, e in self.registry.engines.items() if e.kind != "template" or n in names]
        return Tool(__version__, tuple(sorted((name, engine.version) for name, engine in ran)))


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
