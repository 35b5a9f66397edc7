"""A run of `s3ap-lint permissions`: the applications that are asked about, over processes; the same for any number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from posixpath import dirname

from s3ap_lint import parallel
from s3ap_lint.config import Config
from s3ap_lint.discovery import Discovery, discover
from s3ap_lint.engine import Session
from s3ap_lint.errors import S3apLintError, UsageError
from s3ap_lint.function import Function
from s3ap_lint.model import Unchecked
from s3ap_lint.permissions.account import Account
from s3ap_lint.permissions.report import FunctionPermissions, PermissionReport
from s3ap_lint.run import Progress
from s3ap_lint.tasks import Setup, session, tidied_once, whole_project
from s3ap_lint.workspace import Workspace


@dataclass(frozen=True)
class FolderTask:
    """Account for the functions of a folder's templates: of `templates`, and those that run one of `python`.

    `names` are logical ids; without any, all functions count.
    """

    folder: str
    paths: tuple[str, ...]
    named: tuple[str, ...]
    templates: frozenset[str]
    python: frozenset[str]
    names: frozenset[str]

    def asks(self, function: Function) -> bool:
        """Whether a function is asked about."""
        if self.names and function.id not in self.names:
            return False
        if function.template.path in self.templates:
            return True
        return function.closure is not None and not self.python.isdisjoint(function.closure.paths)


@dataclass(frozen=True)
class Folder:
    """What one task has found."""

    functions: tuple[FunctionPermissions, ...]
    unread: tuple[Unchecked, ...]


def permissions(
    paths: Sequence[str], config: Config, *, names: Sequence[str] = (), on_progress: Progress | None = None
) -> PermissionReport:
    """The permissions of the functions that the paths stand for.

    Raises UsageError for paths that name nothing, or no function.
    """
    setup = Setup(config)
    workspace = Workspace(config.root)
    found = discover(paths, workspace, cwd=config.cwd, top=config.top, exclude=config.exclude)
    tasks = _plan(found, whole_project(found, workspace, config), frozenset(names))
    jobs = min(config.jobs or parallel.cores(), max(1, len(tasks)))
    tell = (lambda done, of: on_progress("permissions", done, of)) if on_progress else None
    outcomes = parallel.run(tasks, work, jobs=jobs, setup=setup, on_progress=tell)
    folders = [outcome if isinstance(outcome, Folder) else _failed(outcome) for outcome in outcomes]
    functions = tuple(
        sorted((f for one in folders for f in one.functions), key=lambda f: (f.template, f.line, f.function))
    )
    unread = tuple(sorted({u for one in folders for u in one.unread if found.reported(u.path)}, key=lambda u: u.path))
    if not functions and not unread:
        raise UsageError(_nothing(paths, names))
    return PermissionReport(functions, unread)


def work(task: FolderTask) -> Folder:
    """Carry out one task in this process's session."""
    here = session()
    with tidied_once(here):
        return _carried_out(task, here)


def _carried_out(task: FolderTask, session: Session) -> Folder:
    application, unread = session.application(task.folder, task.paths, task.named)
    account = Account(application, session.source)
    return Folder(tuple(account.functions(task.asks)), tuple(unread))


def _plan(found: Discovery, project: Discovery, names: frozenset[str]) -> list[FolderTask]:
    folders: defaultdict[str, list[str]] = defaultdict(list)
    named = {candidate.path for candidate in project.templates if candidate.looks_like}
    named |= {path for given in found.given if given.kind == "file" for path in given.files}
    for candidate in project.templates:
        folders[dirname(candidate.path)].append(candidate.path)
    asked = frozenset(found.python)
    return [
        FolderTask(
            folder,
            tuple(sorted(paths)),
            tuple(path for path in sorted(paths) if path in named),
            frozenset(path for path in paths if found.reported(path)),
            asked,
            names,
        )
        for folder, paths in sorted(folders.items())
        if asked or any(found.reported(path) for path in paths)
    ]


def _failed(outcome: object) -> Folder:
    if isinstance(outcome, parallel.Failed):
        raise S3apLintError(f"{outcome.task.folder or '.'}: {outcome.last_line}; this is a fault of s3ap-lint")
    if isinstance(outcome, parallel.Died):
        raise S3apLintError(f"{outcome.task.folder or '.'}: the process died (exit status {outcome.exitcode})")
    raise TypeError(f"not an outcome: {outcome!r}")


def _nothing(paths: Sequence[str], names: Sequence[str]) -> str:
    where = ", ".join(paths) or "."
    if names:
        return f"no Python function called {' or '.join(names)} in {where}"
    return f"no function to look at in {where}: no template there deploys one that Python runs"
