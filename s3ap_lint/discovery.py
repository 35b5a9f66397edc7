"""Which files a run is about: paths of the command line become Python files, candidates for templates, deploy inputs.

A folder is walked without following links to folders, so no file is met twice and no walk goes in
circles. Whatever cannot be looked at is told by name.
"""

# os.path answers False where pathlib raises, and is faster on a walk
# ruff: noqa: PTH118

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path

from s3ap_lint import ignorefiles, roots, sniff
from s3ap_lint.deploy import recognition
from s3ap_lint.errors import UsageError
from s3ap_lint.model import Unchecked
from s3ap_lint.walk import Ground, Walked, left_out, unnameable, walk
from s3ap_lint.workspace import Unreadable, Workspace, printable


@dataclass(frozen=True, slots=True, order=True)
class Candidate:
    """A file that may be a template. Unless it looks like one, it is none of ours if it turns out not to be."""

    path: str
    looks_like: bool


@dataclass(frozen=True, slots=True)
class Given:
    """One PATH as it was typed, what it is ("file", "folder" or "glob"), and the files it stands for."""

    text: str
    kind: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Glob:
    """A pattern below a folder, level by level: `**` is any number of folders, the others stay within one."""

    folder: str
    levels: tuple[str, ...]

    def matches(self, path: str) -> bool:
        """Whether the pattern names the path or a folder above it."""
        below = f"{self.folder}/" if self.folder else ""
        return path.startswith(below) and _matches(self.levels, tuple(path[len(below) :].split("/")))


def _matches(levels: tuple[str, ...], path: tuple[str, ...]) -> bool:
    """Whether some of a path's names, from the first on, are what the levels ask for; each pair is asked once."""
    if levels[-1:] == ("**",):  # something inside
        levels = (*levels[:-1], "**", "*")
    reached = {0}
    for name in (*path, None):
        for at in sorted(reached):
            while at < len(levels) and levels[at] == "**":
                at += 1
                reached.add(at)
        if len(levels) in reached or name is None:
            return len(levels) in reached
        reached = {
            at if levels[at] == "**" else at + 1
            for at in reached
            if levels[at] == "**" or fnmatchcase(name, levels[at])
        }
    return False


@dataclass(frozen=True, slots=True)
class Scope:
    """The part of the project that was asked about."""

    files: frozenset[str] = frozenset()
    folders: tuple[str, ...] = ()
    globs: tuple[Glob, ...] = ()

    def covers(self, path: str) -> bool:
        """Whether a path is named, lies in a named folder, or is matched by a glob."""
        if path in self.files or any(not f or path == f or path.startswith(f + "/") for f in self.folders):
            return True
        return any(glob.matches(path) for glob in self.globs)


@dataclass(frozen=True, slots=True)
class Discovery:
    """What is to be checked: sorted paths relative to the root, and what could not be looked at.

    `definitions` are state machines in files of their own that were named; those of templates are found by these.
    """

    python: tuple[str, ...] = ()
    templates: tuple[Candidate, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()
    given: tuple[Given, ...] = ()
    scope: Scope = Scope()
    inputs: tuple[str, ...] = ()
    definitions: tuple[str, ...] = ()

    def reported(self, path: str) -> bool:
        """Whether findings in a file are shown: it lies in one of the paths of the command line."""
        return self.scope.covers(path)

    @property
    def files(self) -> tuple[str, ...]:
        """All that is to be checked."""
        templates = (candidate.path for candidate in self.templates)
        return tuple(sorted({*self.python, *templates, *self.inputs, *self.definitions}))

    @property
    def empty(self) -> tuple[str, ...]:
        """The folders, as they were typed, in which nothing can be checked."""
        return tuple(given.text for given in self.given if given.kind == "folder" and not given.files)

    @property
    def foreign(self) -> tuple[str, ...]:
        """The files and globs, as they were typed, that stand for nothing that can be checked."""
        return tuple(given.text for given in self.given if given.kind != "folder" and not given.files)


def discover(
    paths: Sequence[str | Path],
    workspace: Workspace,
    *,
    cwd: Path,
    top: Path | None = None,
    exclude: Iterable[str] = (),
    force: bool = False,
) -> Discovery:
    """The files that paths stand for; without any, those of the working directory.

    `top` is the git top level, where .gitignore files begin to count; `exclude` are patterns relative
    to the root. A named file is left out with `force` only; of a named folder what lies inside may be.
    Raises UsageError for paths that do not exist or lie outside the root, and globs without a match.
    """
    root = str(workspace.root)
    above = str(top) if top is not None and workspace.root.is_relative_to(top) else root
    prefix = "" if above == root else os.path.relpath(root, above).replace(os.sep, "/")
    ground = Ground(workspace, above, prefix and f"{prefix}/", ignorefiles.at_top(above, exclude, prefix))
    search = _Search(ground, force)
    texts = dict.fromkeys(str(path) for path in paths or (".",))
    nowhere = [text for text in texts if not search.take(text, cwd)]
    if nowhere:
        raise UsageError(_nowhere(nowhere))
    return search.result()


def _nowhere(texts: list[str]) -> str:
    names = ", ".join(text if text.isprintable() else ascii(text) for text in texts)
    if all(roots.fixed_part(text)[1] for text in texts):
        return f"nothing that is not ignored matches {names}"
    return f"there is no such file or folder: {names}"


@dataclass
class _Search:
    """One discovery under way."""

    ground: Ground
    force: bool
    python: set[str] = field(default_factory=set)
    templates: dict[str, bool] = field(default_factory=dict)
    inputs: set[str] = field(default_factory=set)
    definitions: set[str] = field(default_factory=set)
    problems: dict[str, Unchecked] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    given: list[Given] = field(default_factory=list)
    files: set[str] = field(default_factory=set)
    folders: list[str] = field(default_factory=list)
    globs: list[Glob] = field(default_factory=list)

    def take(self, text: str, cwd: Path) -> bool:
        """Take a PATH in; False if there is nothing of that name."""
        path = self._relative(text, text, cwd)
        if self.ground.workspace.is_dir(path):
            walked = self._walk(path, _interesting)
            self.folders.append(path)
            self._give(text, "folder", [*walked.files, *walked.links])
            return True
        if self._is_there(path):
            if self.force and left_out(self.ground, "", path):
                self._give(text, "file", [])
                return True
            self.files.add(path)
            self._give(text, "file", [path])
            return True
        start, rest = roots.fixed_part(text)
        return bool(rest) and self._take_glob(text, self._relative(start, text, cwd), rest)

    def _is_there(self, path: str) -> bool:
        workspace = self.ground.workspace
        return path in workspace.overlay or os.path.lexists(os.path.join(workspace.root, path))

    def _relative(self, path: str, text: str, cwd: Path) -> str:
        where, root = roots.absolute(path, cwd), self.ground.workspace.root
        if not where.is_relative_to(root):
            raise UsageError(f"{text} lies outside the project {root}; check it in a run of its own")
        relative = where.relative_to(root).as_posix()
        return "" if relative == "." else relative

    def _take_glob(self, text: str, folder: str, rest: str) -> bool:
        inside = ("**",) if rest.endswith("/") else ()
        glob = Glob(folder, (*(part for part in rest.split("/") if part), *inside))
        walked = self._walk(folder, lambda name: True)
        matched = [path for path in (*walked.files, *walked.links) if glob.matches(path)]
        if matched:
            self.globs.append(glob)
            self._give(text, "glob", [path for path in matched if _interesting(path.rpartition("/")[2])])
        return bool(matched)

    def _walk(self, folder: str, wanted: Callable[[str], bool]) -> Walked:
        walked = walk(self.ground, folder, wanted)
        self.problems.update(walked.problems)
        self.links.update(walked.links)
        return walked

    def _give(self, text: str, kind: str, paths: Iterable[str]) -> None:
        """Note what a PATH stands for: those of its files that can be checked."""
        self.given.append(Given(text, kind, tuple(sorted(path for path in paths if self._classify(path)))))

    def _classify(self, path: str) -> bool:
        """Whether a file is Python, a deploy input, or may be a template; what cannot be read is a problem."""
        workspace = self.ground.workspace
        if not printable(path):
            self.problems[path] = unnameable(path, "file")
            return False
        if path.endswith(".py") and (path not in self.files or workspace.is_file(path)):
            self.python.add(path)
            return True
        data = workspace.data(path)
        if isinstance(data, Unreadable):
            self.problems[path] = data.unchecked()
            return False
        name = path.rpartition("/")[2]
        sure = None if recognition.is_script_or_guide(name) else sniff.looks_like_template(name, data)
        if sure is not None:
            self.templates[path] = sure
        elif recognition.kind_of(name, data) is not None:
            self.inputs.add(path)
        elif path in self.files and sniff.looks_like_state_machine(data):
            self.definitions.add(path)
        else:
            return False
        return True

    def result(self) -> Discovery:
        """What was found. A file that is met by its own name is not listed by that of a link as well."""
        names = self._one_name_each()
        return Discovery(
            python=tuple(sorted({names.get(path, path) for path in self.python})),
            templates=tuple(sorted({Candidate(names.get(p, p), sure) for p, sure in self.templates.items()})),
            unchecked=tuple(self.problems[path] for path in sorted(self.problems)),
            given=tuple(replace(g, files=tuple(sorted({names.get(p, p) for p in g.files}))) for g in self.given),
            scope=Scope(frozenset(self.files), tuple(self.folders), tuple(self.globs)),
            inputs=tuple(sorted({names.get(path, path) for path in self.inputs})),
            definitions=tuple(sorted(self.definitions)),
        )

    def _one_name_each(self) -> dict[str, str]:
        """For each link to a file that has another name in the result, that name."""
        own = (self.python | self.templates.keys() | self.inputs) - self.links.keys() | self.files
        first: dict[str, str] = {}
        for link, real in sorted(self.links.items(), key=lambda pair: (pair[0] not in self.files, pair[0])):
            first.setdefault(real, real if real in own else link)
        return {link: first[real] for link, real in self.links.items() if link not in self.files}


def _interesting(name: str) -> bool:
    return name.endswith(".py") or sniff.worth_a_look(name) or recognition.worth_a_look(name)
