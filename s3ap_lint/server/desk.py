"""One application as an editor works on it: what was worked out for one edit is there for the next."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from s3ap_lint import facts
from s3ap_lint.application import Application
from s3ap_lint.config import Config
from s3ap_lint.engine import Session, UnitResult
from s3ap_lint.kept import Kept
from s3ap_lint.python.module import Module
from s3ap_lint.record import Seen
from s3ap_lint.registry import Registry
from s3ap_lint.runtimes import Runtimes
from s3ap_lint.tasks import EngineTask, Task, checked
from s3ap_lint.workspace import Workspace


class Desk:
    """The session of one application between edits.

    Everything is as it was as long as the system says so of each file, folder and missing file that was asked for, and
    no buffer has changed. A template's buffer that changes costs that template; anything else a new session, which
    takes over the facts of the modules whose bytes are the same.
    """

    def __init__(self, config: Config, registry: Registry, modules: dict[str, Module]) -> None:
        self._config = config
        self._registry = registry
        self._kept = Kept(modules)
        self._session: Session | None = None
        self._overlay: dict[str, bytes] = {}
        self._signatures: dict[tuple[str, str], str] = {}
        self._results: dict[Task, UnitResult] = {}

    def check(
        self,
        tasks: Iterable[Task],
        buffers: Mapping[str, bytes],
        checkpoint: Callable[[], None],
        first: str = "",
        heard: Callable[[UnitResult], object] = lambda result: None,
    ) -> list[UnitResult]:
        """The results of some tasks with the buffers in the place of files; `checkpoint` may raise to break off.

        `heard` is told of an application when the template at the path `first` was looked at, before its twin is.
        """
        session = self._freshened(buffers)
        self._kept.renew()
        self._kept.checkpoint, self._kept.first, self._kept.heard = checkpoint, first, heard
        results = []
        for task in tasks:
            checkpoint()
            if task not in self._results:
                with session.workspace.recording() as seen:
                    result = checked(task, session)
                self._results[task] = replace(result, rests_on=frozenset(seen.read))
            results.append(self._results[task])
        self._sign(session.workspace)
        return results

    @property
    def results(self) -> list[UnitResult]:
        """What was found out at the last check."""
        return list(self._results.values())

    @property
    def session(self) -> Session | None:
        """The session of the last check, while it is kept."""
        return self._session

    @property
    def application(self) -> Application | None:
        """The application as it was last checked, while it is kept."""
        return self._kept.application

    def known(self, task: Task, buffers: Mapping[str, bytes]) -> UnitResult | None:
        """The result of a task if it is known and still holds."""
        return self._results.get(task) if self._overlay == buffers and self._holds() else None

    def rest(self) -> None:
        """Keep what was said, and nothing of what it was worked out with."""
        self._session = self._kept.application = None
        self._kept.closures.clear()
        self._kept.templates.clear()

    def _freshened(self, buffers: Mapping[str, bytes]) -> Session:
        """The session, with what no longer holds forgotten."""
        before, self._overlay = self._overlay, dict(buffers)
        changed = {path for path in {*before, *buffers} if before.get(path) != buffers.get(path)}
        session = self._session
        if self._holds(besides=changed) and not any(self._appears(path) for path in changed):
            seen = {path for path, _ in self._signatures}
            concerned = {path for path in changed if path in seen}
            if session is None:
                self._forget(concerned)
                return self._begun(buffers)
            if all(_is_text(path) and path in session.workspace.seen.read for path in concerned):
                session.workspace.edit(buffers)
                session.runtimes = Runtimes(session.workspace)
                self._forget(concerned)
                return session
        self._results.clear()
        self._signatures.clear()
        return self._begun(buffers)

    def _appears(self, path: str) -> bool:
        """Whether a buffer is there, or was, without a file."""
        try:
            return not (self._config.root / path).is_file()
        except OSError:  # a name that is too long
            return True

    def _forget(self, changed: set[str]) -> None:
        self._results = {t: r for t, r in self._results.items() if not changed & _rests_on(t, r)}

    def _begun(self, buffers: Mapping[str, bytes]) -> Session:
        self.rest()
        self._session = Session(self._config, self._registry, Workspace(self._config.root, buffers), self._kept)
        return self._session

    def _holds(self, besides: Iterable[str] = ()) -> bool:
        """Whether every file, folder and gap that was seen is what it was."""
        buffers = {*self._overlay, *besides}
        root = os.fspath(self._config.root)
        return all(
            signature == _signature(root, path, what)
            for (path, what), signature in self._signatures.items()
            if path not in buffers
        )

    def _sign(self, workspace: Workspace) -> None:
        """Remember what the system says of everything that was asked for."""
        for path, what, signature in _signed(workspace.seen, workspace.root, workspace.began):
            self._signatures.setdefault((path, what), signature)


def _rests_on(task: Task, result: UnitResult) -> frozenset[str]:
    return result.rests_on | {task.path} if isinstance(task, EngineTask) else result.rests_on


def _is_text(path: str) -> bool:
    """Whether a buffer is no code: what is known of all code is worked out across files."""
    return not path.endswith(".py")


UNSETTLED = "?"
"""Of what may have changed within the clock's tick in which it was read."""


def _signed(seen: Seen, root: Path, before: int) -> Iterator[tuple[str, str, str]]:
    """Each path that was asked for, as what, and what the system says of it; nothing that is newer than a moment."""
    top = os.fspath(root)
    for path in seen.read | seen.refused:
        yield path, "content", _signature(top, path, "content", before)
    for path in seen.found | seen.missing:
        yield path, "kind", _signature(top, path, "kind")
    for path in seen.listed:
        yield path, "names", _signature(top, path, "names")


def _signature(root: str, path: str, what: str, before: int = 0) -> str:
    """What the system says of a file's content, of what kind of thing is there, or of the names in a folder.

    `before`: unless it may have changed after that moment, in ns.
    """
    where = os.path.join(root, path)
    try:
        if what == "names":
            return facts.names_digest(sorted(os.listdir(where)))
        status = os.stat(where)
    except (OSError, ValueError):
        return facts.MISSING
    if what == "kind":
        return facts.kind_of(status.st_mode)
    return UNSETTLED if before and not facts.settled(status, before) else facts.signature(status)
