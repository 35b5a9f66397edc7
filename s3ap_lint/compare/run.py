"""A run of `s3ap-lint compare`: two states of a project, or two files, template by template."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from posixpath import dirname

from s3ap_lint.application import STATE_MACHINE_TYPES
from s3ap_lint.compare.account import Account
from s3ap_lint.compare.change import Compared, Comparisons, State
from s3ap_lint.compare.files import Asked, Loaded, asked, load, looks_like_template
from s3ap_lint.compare.moments import Commit, Moment, Now
from s3ap_lint.compare.packages import Packages
from s3ap_lint.compare.revisions import Changed, FileChange, changed, repository_at, states
from s3ap_lint.config import Config
from s3ap_lint.difference.comparison import Views
from s3ap_lint.errors import UsageError
from s3ap_lint.model import Unchecked
from s3ap_lint.resolution import within
from s3ap_lint.source import Source
from s3ap_lint.statemachine import Definition, definitions
from s3ap_lint.template.template import Resource, Template
from s3ap_lint.workspace import Workspace

HIDDEN = "its name is none by which templates are found, so that what changes in it later goes unseen"

Progress = Callable[[str, int, int], None]


def revisions(
    text: str, paths: Sequence[str], config: Config, *, only_default: bool = False, on_progress: Progress | None = None
) -> Comparisons:
    """What changed from one revision to another, or to the work tree, in the templates that paths stand for.

    Raises UsageError where git cannot tell, and when there is no template to look at.
    """
    repository = repository_at(config.top, config.root)
    one, other = states(text, repository, Workspace(config.root))
    found = _Run(one, other, changed(repository, one, other), asked(paths, config, (one, other)), config, only_default)
    return found.comparisons(on_progress)


def two_files(one: Path, other: Path, config: Config, *, only_default: bool = False) -> tuple[Comparisons, Path]:
    """What changed from one file to another, and the folder that paths are relative to. Raises UsageError."""
    root = config.root
    if not (one.is_relative_to(root) and other.is_relative_to(root)):
        root = Path(os.path.commonpath([one.parent, other.parent]))
    moment = _Files(Workspace(root))
    names = [path.relative_to(root).as_posix() for path in (one, other)]
    loaded = [_template(moment, name) for name in names]
    labels = [os.path.relpath(path, config.cwd).replace(os.sep, "/") for path in (one, other)]
    pair = _Pair(FileChange(*names), loaded[0], loaded[1])
    compared = replace(_Templates(moment, moment, frozenset(), only_default).compared(pair), state=State.CHANGED)
    told = () if compared.is_silent else (compared,)
    return Comparisons(labels[0], labels[1], told, 1, (), only_default), root


def _template(moment: Moment, name: str) -> Template:
    found = load(moment, name)
    if isinstance(found, Template):
        return found
    reason = f"cannot be read: {found.reason} (line {found.line})" if found is not None else "is no template"
    raise UsageError(f"compare: {name} {reason}")


class _Files(Now):
    """Files that no repository need know of."""

    label = "the files"

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.read, self.data = workspace.read, workspace.data
        self.is_file, self.is_dir, self.listdir = workspace.is_file, workspace.is_dir, workspace.listdir
        self.asked_again = workspace.asked_again


@dataclass(frozen=True)
class _Pair:
    """A file in both states, and the templates that it is."""

    change: FileChange
    one: Loaded
    other: Loaded

    @property
    def state(self) -> State | None:
        """What became of the template; None where there never was one, or where one side cannot be read."""
        known = isinstance(self.one, Template), isinstance(self.other, Template)
        if Unchecked in (type(self.one), type(self.other)) or known == (False, False):
            return None
        if known == (True, True):
            return State.CHANGED if self.change.was == self.change.now else State.RENAMED
        return State.ADDED if known[1] else State.REMOVED


@dataclass(frozen=True)
class _Templates:
    """Compares the templates of two moments, of which some files are not the same."""

    one: Moment
    other: Moment
    changed: frozenset[str]
    only_default: bool

    def compared(self, pair: _Pair) -> Compared:
        """What became of a template, and what that means."""
        state = pair.state
        assert state is not None
        path, was = pair.change.now or pair.change.was, pair.change.was or pair.change.now
        if not (isinstance(pair.one, Template) and isinstance(pair.other, Template)):
            template = pair.other if isinstance(pair.other, Template) else pair.one
            return Compared(
                path, was, state, resources=len(template.resources) if isinstance(template, Template) else 0
            )
        views = Views(partial(self._definitions, pair.one))
        account = Account(pair.one, pair.other, views, self._source, self.only_default)
        changes = account.changes()
        unread = tuple(self._unread_definitions(pair.one, pair.other))
        return Compared(path, was, state, changes, unjudged=(*account.unjudged, *unread))

    def _definitions(self, one: Template, machine: Resource) -> tuple[Definition, ...] | None:
        side = 0 if machine.template is one else 1
        return definitions(machine, definition_path(machine), partial(self._source, side))

    def _source(self, side: int, path: str) -> Source | None:
        moment = (self.one, self.other)[side]
        found = moment.read(path) if moment.is_file(path) else None
        return found if isinstance(found, Source) else None

    def _unread_definitions(self, one: Template, other: Template) -> Iterator[Unchecked]:
        """Definitions in files that changed and cannot be read."""
        for machine in other.of_type(*STATE_MACHINE_TYPES):
            before = one.resources.get(machine.id)
            if before is None:
                continue
            paths = definition_path(before), definition_path(machine)
            if self.changed.isdisjoint(path for path in paths if path):
                continue
            for resource, path, moment in zip((before, machine), paths, (self.one, self.other), strict=True):
                if path and self._definitions(one, resource) is None:
                    reason = f"{path} cannot be read as a definition at {moment.label}"
                    yield Unchecked(other.path, f"definition of {machine.id}", reason, _line(machine))


@dataclass(frozen=True)
class _Run:
    one: Commit
    other: Moment
    changes: Changed
    asked: Asked
    config: Config
    only_default: bool

    def comparisons(self, on_progress: Progress | None) -> Comparisons:
        """All templates that are not what they were."""
        pairs = self._pairs()
        unread = [*self._unread(pairs), *self._hidden(pairs), *self._inner()]
        known = [pair for pair in pairs if pair.state is not None]
        todo = [*known, *self._touched()]
        templates = _Templates(self.one, self.other, self._changed, self.only_default)
        found = []
        for done, pair in enumerate(todo):
            if on_progress is not None:
                on_progress("templates", done, len(todo))
            found.append(templates.compared(pair))
        looked = len(self._untouched) + sum(isinstance(pair.other, Template) for pair in known)
        looked_at = looked + sum(pair.state is State.REMOVED for pair in known)
        if not looked_at and not unread:
            raise UsageError(f"compare: there is no template to compare at {self.one.label} and {self.other.label}")
        told = [one for one in self._with_packages(found, todo) if not one.is_silent]
        told.sort(key=lambda one: one.path)
        return Comparisons(self.one.label, self.other.label, tuple(told), looked, tuple(unread), self.only_default)

    # -- which templates -------------------------------------------------------------------------

    def _pairs(self) -> list[_Pair]:
        """Each file that is not the same and may be a template."""
        wanted = [
            change for change in self.changes.files if self.asked.may_be(change.was) or self.asked.may_be(change.now)
        ]
        wanted += self._links
        self.one.fetch(change.was for change in wanted)
        self.other.fetch(change.now for change in wanted)
        found = (
            _Pair(
                change,
                load(self.one, change.was) if change.was else None,
                load(self.other, change.now) if change.now else None,
            )
            for change in wanted
        )
        return [pair for pair in found if pair.one is not None or pair.other is not None]

    def _unread(self, pairs: Iterable[_Pair]) -> Iterator[Unchecked]:
        for pair in pairs:
            for side, moment in ((pair.one, self.one), (pair.other, self.other)):
                if isinstance(side, Unchecked):
                    yield replace(side, what=f"template at {moment.label}")

    def _hidden(self, pairs: Iterable[_Pair]) -> Iterator[Unchecked]:
        """Templates that get a name by which they are not met any more."""
        for pair in pairs:
            if isinstance(pair.other, Template) and not self.asked.is_found(pair.change.now):
                yield Unchecked(pair.change.now, "template", HIDDEN)

    def _inner(self) -> Iterator[Unchecked]:
        for path in self.changes.inner:
            if self.asked.scope.covers(path):
                yield Unchecked(path, "repository", "a repository inside of this one; compare its templates there")

    @cached_property
    def _links(self) -> tuple[FileChange, ...]:
        """Symbolic links that are the same and lead to files that are not."""
        touched = {change.now for change in self.changes.files}
        names = (path for path in self.asked.templates(self.other) if path not in touched)
        return tuple(FileChange(path, path) for path in names if self._is_elsewhere(path))

    def _is_elsewhere(self, path: str) -> bool:
        real = self.other.leads_to(path)
        return real != path and real in self._changed

    @cached_property
    def _untouched(self) -> tuple[str, ...]:
        """The templates that are the same in both states."""
        touched = {change.now for change in (*self.changes.files, *self._links)}
        same = [path for path in self.asked.templates(self.other) if path not in touched]
        self.other.fetch(same)
        return tuple(path for path in same if looks_like_template(self.other, path))

    @cached_property
    def _changed(self) -> frozenset[str]:
        """Every file that is not the same, by its names in both states."""
        return frozenset(name for change in self.changes.files for name in (change.was, change.now) if name)

    def _touched(self) -> Iterator[_Pair]:
        """Templates that are the same and whose state machines are defined in files that are not."""
        if not any(not path.endswith(".py") for path in self._changed):
            return
        for path in self._untouched:
            data = self.other.data(path)
            if not isinstance(data, bytes) or b"DefinitionUri" not in data:
                continue
            other = self._template(path)
            paths = (
                {definition_path(one) for one in other.of_type(*STATE_MACHINE_TYPES)} if other is not None else set()
            )
            if other is not None and not paths.isdisjoint(self._changed):
                yield _Pair(FileChange(path, path), load(self.one, path), other)

    def _template(self, path: str) -> Template | None:
        if path not in self._parsed:
            found = load(self.other, path)
            self._parsed[path] = found if isinstance(found, Template) else None
        return self._parsed[path]

    @cached_property
    def _parsed(self) -> dict[str, Template | None]:
        return {}

    # -- what is deployed with them ------------------------------------------------------------------

    def _with_packages(self, found: Sequence[Compared], pairs: Sequence[_Pair]) -> Iterator[Compared]:
        """The same, and templates of which only other files changed."""
        pairs_of = {pair.change.now: pair for pair in pairs if isinstance(pair.other, Template)}
        others = frozenset(self._changed - {pair.change.was for pair in pairs} - pairs_of.keys())
        templates = {path: pair.other for path, pair in pairs_of.items() if isinstance(pair.other, Template)}
        packages = Packages(self.other, dict(self.config.code_map), others)
        for path in packages.concerned(self._untouched) if others else ():
            template = self._template(path)
            if path not in templates and template is not None:
                templates[path] = template
        code = packages.functions(templates.values()) if others else {}
        known = {one.path: one for one in found}
        for one in found:
            if one.path not in templates:
                yield one
        for path, template in templates.items():
            one = known.get(path) or Compared(path, path, State.CHANGED)
            if one.state in (State.ADDED, State.REMOVED):
                yield one
                continue
            before = pairs_of[path].one if path in pairs_of else template
            names = code.get(path, ())
            names = tuple(name for name in names if isinstance(before, Template) and name in before.resources)
            files = tuple(packages.files(template)) if others else ()
            unjudged = tuple(
                Unchecked(path, name, f"{file} changed, which is not looked into", _line(template.resources[name]))
                for name, file in files
            )
            yield replace(one, code=names, files=tuple(file for _, file in files), unjudged=(*one.unjudged, *unjudged))


def definition_path(machine: Resource) -> str | None:
    """The file of a state machine's definition, relative to the root; None when there is none."""
    uri = machine.property("DefinitionUri").text
    return within(dirname(machine.template.path), uri) if uri and not uri.startswith("s3://") else None


def _line(resource: Resource) -> int:
    return resource.template.source.place(resource.at).line
