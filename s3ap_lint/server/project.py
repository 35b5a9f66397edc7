"""One project as the server knows it: its settings, its files, and the applications that somebody works on."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from posixpath import commonpath, dirname

from s3ap_lint import __version__, report, unimport
from s3ap_lint.application import Application
from s3ap_lint.config import Config
from s3ap_lint.diagnostic import Diagnostic, Report, Tool
from s3ap_lint.discovery import Discovery, Scope, discover
from s3ap_lint.engine import UnitResult
from s3ap_lint.kept import go_on
from s3ap_lint.python.module import Module
from s3ap_lint.registry import Registry
from s3ap_lint.server.desk import Desk
from s3ap_lint.sniff import looks_like_state_machine
from s3ap_lint.source import Source
from s3ap_lint.tasks import ApplicationTask, DeployTask, EngineTask, PythonTask, Task, plan, registry_for
from s3ap_lint.workspace import Workspace

LIVE = 4
"""How many applications are kept with all that is known of them; of the others only what they said."""

PREVIEW = "cfn-validate"
"""The engine that is shown until the configured one has answered, if it is installed."""

HELD = 1_500_000
"""Bytes of modules whose facts are kept; facts take about a hundred times as much."""

FOLDERS = 20_000
"""Folders of a workspace that are looked through for files; one with more is somebody's home, or all of a disk."""

BESIDE, ENDINGS = 500, (".py", ".yaml", ".yml", ".json", ".template", ".toml")
"""How many files beside a document are looked at where there is no project, and how their names end."""

JUDGED_LATER = report.UNUSED_IGNORE
"""An ignore of code can be called unused when every application that may run it was looked at."""

Checkpoint = Callable[[], None]
Tell = Callable[["Stage"], object]
Buffers = Mapping[str, bytes]


@dataclass(frozen=True)
class Stage:
    """What is known of a document after a step. `final`: all of our own rules have spoken."""

    report: Report
    final: bool


@dataclass
class Opinion:
    """What a schema engine said of a template, and of which bytes."""

    engine: str
    data: bytes
    result: UnitResult


@dataclass
class Project:
    """A project's settings and files. Raises ConfigError and PluginError for what cannot be used.

    `loose`: nobody says that the folder is a project, and what lies below it is left alone.
    Used by one thread at a time.
    """

    config: Config
    loose: bool = False
    registry: Registry = field(init=False)
    opinions: dict[str, Opinion] = field(default_factory=dict)
    hrefs: dict[str, str] = field(default_factory=dict)
    modules: dict[str, Module] = field(default_factory=dict)
    _desks: OrderedDict[str, Desk] = field(default_factory=OrderedDict)
    unsure: bool = False
    _found: Discovery | None = None
    _inputs: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.registry = registry_for(self.config)
        self._previewed = self._preview()

    def _preview(self) -> str:
        """The fast engine, where another one is configured and this one is installed; "" else."""
        if self.config.engine != "cfn-lint" or PREVIEW not in self.registry.optional:
            return ""
        if getattr(self.registry.optional[PREVIEW], "missing", "missing"):
            return ""
        self.registry.engines[PREVIEW] = self.registry.optional[PREVIEW]
        return PREVIEW

    @property
    def engine(self) -> str:
        """The schema engine whose verdict counts; "" for none."""
        name = self.config.engine
        return name if name in self.registry.engines else ""

    def files_changed(self) -> None:
        """Files came or went: look for them anew when somebody asks."""
        self._found = None

    def met(self, path: str) -> None:
        """Somebody opened a file, which may have come since the files were looked for."""
        if self._found is not None and path not in self._found.files:
            self._found = None

    def refresh(self, buffers: Buffers) -> None:
        """Look for files anew, while nobody waits, if the editor does not tell which come and go."""
        if self.unsure:
            self.unsure = False
            self._found = None
            self.found(buffers)

    def found(self, buffers: Buffers, checkpoint: Checkpoint | None = None) -> Discovery:
        """All files of the project that can be checked, those that exist only as buffers included."""
        if self._found is None:
            self._found = self._beside(buffers) if self.loose else self._below(buffers, checkpoint)
            whole = plan(replace(self._found, scope=Scope(folders=("",))), self._found)
            self._inputs = {task.folder: task.inputs for task in whole if isinstance(task, ApplicationTask)}
        return self._found

    def _below(self, buffers: Buffers, checkpoint: Checkpoint | None) -> Discovery:
        config, workspace = self.config, _Walked(self.config.root, buffers, checkpoint or go_on)
        try:
            return discover([config.root], workspace, cwd=config.root, top=config.top, exclude=config.exclude)
        except TooWide:
            self.loose = True
            return self._beside(buffers)

    def _beside(self, buffers: Buffers) -> Discovery:
        """The files in the project's folder and the open ones, nothing of what lies below."""
        root = self.config.root
        with suppress(OSError):
            entries = sorted(entry.name for entry in os.scandir(root) if entry.is_file())
            names = [name for name in entries if name.endswith(ENDINGS)][:BESIDE]
            paths = [root / name for name in dict.fromkeys((*names, *buffers))]
            return discover(paths, Workspace(root, buffers), cwd=root, top=root)
        return Discovery()

    def is_ours(self, path: str, buffers: Buffers, checkpoint: Checkpoint) -> bool:
        """Whether a file is checked at all."""
        return path in self.found(buffers, checkpoint).files or _is_definition(path, buffers)

    def is_template(self, path: str) -> bool:
        """Whether the last check found that a file is a template."""
        return any(path in result.templates for desk in self._desks.values() for result in desk.results)

    # -- checking --------------------------------------------------------------------------------

    def check(
        self, path: str, buffers: Buffers, checkpoint: Checkpoint, tell: Tell, *, everywhere: bool = False
    ) -> None:
        """Tell what is known of a document, more with each step; the applications at or above it come first.

        `everywhere`: code that none of these runs is looked for in all other applications. `checkpoint` may raise.
        """
        near, far, own = self._tasks(path, buffers)

        def heard(result: UnitResult) -> None:
            if len(near) == 1 and not own:
                tell(Stage(self._report(path, [result], buffers, complete=True), True))

        results: list[UnitResult] = []
        for task in near:
            results += self._desk(task.folder).check([task], buffers, checkpoint, path, heard)
        if own:
            results += self._desk(near[0].folder if near else dirname(path)).check(own, buffers, checkpoint)
        complete = not far or any(path in result.uses for result in results)
        if not complete and not everywhere:
            results += [result for task in far for result in self._known(task, buffers)]
        tell(Stage(self._report(path, results, buffers, complete=complete), complete or not everywhere))
        if complete or not everywhere:
            return
        for task in far:
            results += self._desk(task.folder, live=False).check([task], buffers, checkpoint)
            self._tidy()
        tell(Stage(self._report(path, results, buffers, complete=True), True))

    def preview(self, path: str, buffers: Buffers, checkpoint: Checkpoint) -> bool:
        """Ask the fast engine about a template until the configured one has answered; whether it had anything to do."""
        data = buffers.get(path)
        if not self._previewed or data is None or not self.is_template(path) or path in self.opinions:
            return False
        (result,) = self._desk(dirname(path)).check([EngineTask(path, self._previewed)], buffers, checkpoint)
        self.opinions[path] = Opinion(self._previewed, data, result)
        return True

    def hear(self, path: str, data: bytes, result: UnitResult, hrefs: Mapping[str, str]) -> None:
        """Take in what the schema engine says of a template with these bytes, and where its codes are documented."""
        self.opinions[path] = Opinion(self.engine, data, result)
        self.hrefs.update(hrefs)

    def nothing(self) -> Report:
        """The report of what is not checked."""
        return Report(paths=self.config.paths)

    def source(self, path: str) -> Source | None:
        """The text of a file as the last check of its application saw it, or as it is on disk."""
        for desk in reversed(self._desks.values()):
            if desk.session is not None and (found := desk.session.source(path)) is not None:
                return found
        return None

    def application(self, path: str, buffers: Buffers) -> Application | None:
        """The application that a document belongs to, as it is now: the nearest that has to do with it."""
        near, far, _ = self._tasks(path, buffers)
        for task in near:
            (result,) = self._desk(task.folder).check([task], buffers, go_on)
            if path in result.templates or path in result.uses:
                return self._desk(task.folder).application
        for task in far:
            if any(path in result.uses for result in self._known(task, buffers)):
                self._desk(task.folder).check([task], buffers, go_on)
                return self._desk(task.folder).application
        return None

    def _tasks(self, path: str, buffers: Buffers) -> tuple[list[ApplicationTask], list[ApplicationTask], list[Task]]:
        """What a document has to do with: applications at or above it, others that may run it, and the file alone."""
        project = self.found(buffers)
        asked = Discovery(
            python=(path,) if path in project.python else (),
            templates=tuple(candidate for candidate in project.templates if candidate.path == path),
            inputs=(path,) if path in project.inputs else (),
            definitions=(path,) if path not in project.files and _is_definition(path, buffers) else (),
            scope=Scope(frozenset({path})),
        )
        near: list[ApplicationTask] = []
        far: list[ApplicationTask] = []
        own: list[Task] = []
        for task in plan(asked, project):
            if not isinstance(task, ApplicationTask):
                own += [task] if isinstance(task, (PythonTask, DeployTask)) else []
            elif not task.only or _is_within(path, task.folder):
                near.append(replace(task, only=frozenset(), inputs=self._inputs.get(task.folder, ())))
            else:
                far.append(task)
        near.sort(key=lambda task: -len(task.folder))
        far.sort(key=lambda task: (-_shared(task.folder, path), task.folder))
        return near, far, own

    def _known(self, task: ApplicationTask, buffers: Buffers) -> list[UnitResult]:
        desk = self._desks.get(task.folder)
        found = desk.known(task, buffers) if desk is not None else None
        return [found] if found is not None else []

    def _desk(self, folder: str, *, live: bool = True) -> Desk:
        if folder not in self._desks:
            self._desks[folder] = Desk(self.config, self.registry, self.modules)
        if live:
            self._desks.move_to_end(folder)
            self._tidy()
        else:
            self._desks.move_to_end(folder, last=False)
        return self._desks[folder]

    def _tidy(self) -> None:
        """Keep only what was used last."""
        for folder in list(self._desks)[:-LIVE]:
            self._desks[folder].rest()
        size = sum(len(module.source.data) for module in self.modules.values())
        for path in list(self.modules):
            if size <= HELD:
                break
            size -= len(self.modules.pop(path).source.data)

    # -- reporting -------------------------------------------------------------------------------

    def _report(self, path: str, results: Sequence[UnitResult], buffers: Buffers, *, complete: bool) -> Report:
        opinion = self.opinions.get(path)
        data = buffers.get(path, b"")
        engine = [moved(opinion, data)] if opinion is not None else []
        built = report.build(
            [*results, *engine],
            config=self.config,
            registry=self.registry,
            tool=Tool(__version__),
            files=1,
            reported=path.__eq__,
            engines_ran=opinion is not None and opinion.data == data,
        )
        if complete:
            return built
        findings = (finding for finding in built.findings if finding.code != JUDGED_LATER)
        return replace(built, findings=tuple(findings))

    def with_edits(self, findings: Sequence[Diagnostic], buffers: Buffers) -> tuple[Diagnostic, ...]:
        """Some findings with the edits of all their fixes, which takes a look at the whole project for some."""
        project = self.found(buffers)
        workspace = Workspace(self.config.root, buffers)
        texts = [candidate.path for candidate in project.templates]
        asked = Report(findings=tuple(findings))
        return unimport.resolved(asked, workspace, lambda: project.python, texts, fixing=True).findings


class TooWide(Exception):
    """A folder has more below it than an editor can wait for."""


class _Walked(Workspace):
    """The files while they are looked for: broken off by a newer text, and given up where there is no end."""

    def __init__(self, root: Path, buffers: Buffers, checkpoint: Checkpoint) -> None:
        super().__init__(root, buffers)
        self._checkpoint = checkpoint
        self._left = FOLDERS

    def note_listed(self, folder: str, *, refused: bool = False) -> None:
        """Called for every folder that was looked into."""
        super().note_listed(folder, refused=refused)
        self._checkpoint()
        self._left -= 1
        if self._left < 0:
            raise TooWide


def _is_definition(path: str, buffers: Buffers) -> bool:
    """Whether a document is a state machine in a file of its own, as templates name them."""
    return not path.endswith(".py") and looks_like_state_machine(buffers.get(path, b""))


def _is_within(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")


def _shared(folder: str, path: str) -> int:
    """How long a way two paths have in common."""
    return len(commonpath([folder, dirname(path)])) if folder and dirname(path) else 0


def _common(before: Sequence[bytes], after: Sequence[bytes]) -> int:
    """How many lines two texts begin with alike."""
    pairs = enumerate(zip(before, after, strict=False))
    return next((at for at, (one, other) in pairs if one != other), min(len(before), len(after)))


def moved(opinion: Opinion, data: bytes) -> UnitResult:
    """An engine's findings where they stand in a text that was edited since; those in the edited lines are gone."""
    if opinion.data == data:
        return opinion.result
    before, after = opinion.data.split(b"\n"), data.split(b"\n")
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    shift, offset = len(after) - len(before), len(data) - len(opinion.data)
    kept = []
    for finding in opinion.result.diagnostics:
        place = finding.place
        if place.end_line <= head:
            kept.append(finding)
        elif place.line > len(before) - tail:
            there = replace(
                place,
                line=place.line + shift,
                end_line=place.end_line + shift,
                start=place.start + offset,
                end=place.end + offset,
            )
            kept.append(replace(finding, place=there))
    return UnitResult(diagnostics=tuple(kept))
