"""Which applications a change touches: what of a run is looked at when only that is asked about.

An application has changed when a file in its folder that would be checked has, and when anything else has that its
result rests on: a module that its handlers import, a state machine's definition, a requirements file. What is gone and
what is new counts like what is different, for a result also rests on what is not there. What is only counted over the
whole project (which runtime most functions have) is left out: else everything would always have changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from posixpath import basename, dirname

from s3ap_lint import gitignore, ignorefiles, sniff
from s3ap_lint.basis import Basis
from s3ap_lint.config import Config
from s3ap_lint.deploy import recognition
from s3ap_lint.diagnostic import Compared, Stats
from s3ap_lint.discovery import Discovery, Scope
from s3ap_lint.engine import UnitResult
from s3ap_lint.history import Change, Repository, Since
from s3ap_lint.run import Run
from s3ap_lint.tasks import ApplicationTask, Task, files_of

EVERYTHING = Scope(folders=("",))


@dataclass(frozen=True, slots=True)
class Touched(Scope):
    """What changed of what was asked about: some files, and all that belongs to some of the applications.

    A file belongs to the nearest application above it. `homes` are the folders of all applications.
    """

    asked: Scope = EVERYTHING
    homes: frozenset[str] = frozenset()
    applications: frozenset[str] = frozenset()

    def covers(self, path: str) -> bool:
        """Whether a path was asked about and has changed, or belongs to an application that has."""
        if not self.asked.covers(path):
            return False
        return path in self.files or _home(path, self.homes) in self.applications


def _home(path: str, homes: Collection[str]) -> str | None:
    """The folder of the nearest application above a file."""
    folder = dirname(path)
    while folder not in homes:
        if not folder:
            return None
        folder = dirname(folder)
    return folder


def narrow(run: Run, repository: Repository, since: Since, *, settings_changed: bool) -> Compared:
    """Keep of a run what changes touch, all if the settings did; how much that is.

    Raises UsageError when git does not have what a file was.
    """
    news = _news(run, repository, since)
    told: list[Compared] = []

    def choose(results: Mapping[Task, UnitResult]) -> tuple[Discovery, list[Task]]:
        found, tasks, compared = _narrowed(run, results, news, everything=settings_changed)
        told.append(replace(compared, ref=since.ref, commit=since.commit, files=len(since.changes)))
        return found, tasks

    run.narrow(choose)
    return told[0]


@dataclass(frozen=True)
class _News:
    """What is not what it was: all of it, what is new or gone with its folders, and what can or could be checked."""

    changed: frozenset[str]
    moved: frozenset[str]
    checkable: frozenset[str]

    def touch(self, task: Task, result: UnitResult) -> bool:
        """Whether a result may not be what it was; in doubt it may."""
        basis = result.basis
        if basis is None or not self.changed.isdisjoint((*files_of(task), *basis.contents, *basis.refused)):
            return True
        return any(_asked(path, basis) for path in self.moved)


def _asked(path: str, basis: Basis) -> bool:
    """Whether somebody asked if something is at a path.

    What lies in a folder does not count: every folder above a module is looked into for marks of installed packages.
    """
    return basename(path) in basis.folders.get(dirname(path), ("", {}))[1]


def _news(run: Run, repository: Repository, since: Since) -> _News:
    gone = [change for change in since.changes if not change.there]
    new = [change.path for change in since.changes if change.there and not change.before]
    above = {folder for path in new for folder in _above(path)}
    appeared = above - repository.had(since.commit, above)
    vanished = {folder for change in gone for folder in _above(change.path) if not run.has_folder(folder)}
    changed = frozenset(change.path for change in since.changes)
    files = run.project_files
    were = [c for c in since.changes if c.before and c.path not in files and _by_name(c.path, run.config)]
    old = repository.bytes_of(were)
    checkable = (change.path for change in were if _checkable(change, old[change.before]))
    return _News(
        changed,
        frozenset({*new, *(change.path for change in gone), *appeared, *vanished}),
        changed.intersection(files).union(checkable),
    )


def _above(path: str) -> Iterable[str]:
    while path := dirname(path):
        yield path


def _by_name(path: str, config: Config) -> bool:
    """Whether a file would have been met on a walk, by its name and the folders above it."""
    if any(ignorefiles.default_folder(basename(folder)) for folder in _above(path)):
        return False
    if any(gitignore.names(pattern, path) for pattern in config.exclude if not pattern.startswith("!")):
        return False
    name = basename(path)
    return name.endswith(".py") or sniff.worth_a_look(name) or recognition.worth_a_look(name)


def _checkable(change: Change, data: bytes) -> bool:
    """Whether a file was Python, a template or a deploy input."""
    name = basename(change.path)
    if name.endswith(".py") or recognition.kind_of(name, data) is not None:
        return True
    return not recognition.is_script_or_guide(name) and sniff.looks_like_template(name, data) is not None


def _narrowed(
    run: Run, results: Mapping[Task, UnitResult], news: _News, *, everything: bool
) -> tuple[Discovery, list[Task], Compared]:
    found, homes = run.found, frozenset(dirname(path) for path in run.templates)
    own = {_home(path, homes) for path in news.checkable}
    applications, files = set[str](), set(news.checkable)
    for task, result in results.items():
        touched = everything or news.touch(task, result)
        if isinstance(task, ApplicationTask):
            if touched or task.folder in own:
                applications.add(task.folder)
        elif touched:
            files.update(files_of(task))
    counted = {
        task.folder for task, result in results.items() if isinstance(task, ApplicationTask) and result.templates
    }
    bases = [result.basis for result in results.values() if result.basis]
    rests_on = {path for basis in bases for path in basis.contents}
    rests_on |= {path for path in news.changed & news.moved if any(_asked(path, basis) for basis in bases)}
    scope = Touched(frozenset(files), asked=found.scope, homes=homes, applications=frozenset(applications))
    tasks = [task for task in results if _wanted(task, scope)]
    compared = Compared(
        ours=len(news.checkable | (news.changed & rests_on)),
        applications=len(applications & counted),
        of=len(counted),
        settings=everything,
        whole=_counted(results, found),
    )
    return _within(found, scope), tasks, compared


def _wanted(task: Task, scope: Touched) -> bool:
    if isinstance(task, ApplicationTask):
        return task.folder in scope.applications
    return any(scope.covers(path) for path in files_of(task))


def _within(found: Discovery, scope: Touched) -> Discovery:
    return replace(
        found,
        python=tuple(path for path in found.python if scope.covers(path)),
        templates=tuple(candidate for candidate in found.templates if scope.covers(candidate.path)),
        inputs=tuple(path for path in found.inputs if scope.covers(path)),
        unchecked=tuple(gap for gap in found.unchecked if scope.covers(gap.path)),
        scope=scope,
    )


def _counted(results: Mapping[Task, UnitResult], found: Discovery) -> Stats:
    """What the whole run looked at, before most of it was left out."""
    return Stats(
        files=len(found.files),
        templates=sum(found.reported(path) for result in results.values() for path in result.templates),
        modules=sum(len(result.modules) for result in results.values()),
        applications=sum(any(map(found.reported, result.templates)) for result in results.values()),
        functions=sum(result.functions for result in results.values()),
        functions_joined=sum(result.functions_joined for result in results.values()),
    )
