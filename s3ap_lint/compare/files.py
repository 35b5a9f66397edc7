"""Which files of two states belong together, and which of them are templates that were asked about."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from posixpath import basename

from s3ap_lint import gitignore, roots, sniff
from s3ap_lint.compare.moments import UNHAD, Moment
from s3ap_lint.config import Config
from s3ap_lint.discovery import Glob, Scope
from s3ap_lint.errors import S3apLintError, UsageError
from s3ap_lint.ignorefiles import Rules
from s3ap_lint.model import Unchecked
from s3ap_lint.template import document
from s3ap_lint.template.recognition import is_template
from s3ap_lint.template.template import Template
from s3ap_lint.workspace import Unreadable

Loaded = Template | Unchecked | None
"""A template, or why a file that may be one cannot be read; None for a file that is none."""


@dataclass(frozen=True)
class Asked:
    """The files that a comparison is about: those in `scope` that the settings of either state do not leave out.

    So nobody hides a change by a setting that comes with it.
    """

    scope: Scope
    rules: tuple[Rules, ...]

    def templates(self, moment: Moment) -> tuple[str, ...]:
        """The files of a moment that may be templates, by their names."""
        return tuple(path for path in moment.names if self.may_be(path))

    def may_be(self, path: str) -> bool:
        """Whether a file was asked about, and may be a template by its name."""
        if path in self.scope.files:
            return True
        return self.scope.covers(path) and self.is_found(path)

    def is_found(self, path: str) -> bool:
        """Whether a template of this name is met, wherever it lies."""
        if path in self.scope.files:
            return True
        return (
            bool(path) and sniff.worth_a_look(basename(path)) and not all(map(partial(self._leaves, path), self.rules))
        )

    def _leaves(self, path: str, rules: Rules) -> bool:
        parts = path.split("/")
        above = ("/".join(parts[: count + 1]) for count in range(len(parts)))
        return any(
            rules.drop(one, parts[at], is_folder=at < len(parts) - 1)
            for at, one in enumerate(above)
            if one not in self.scope.folders
        )


def asked(paths: Sequence[str], config: Config, moments: Sequence[Moment]) -> Asked:
    """The files that paths stand for in either state, as typed. Raises UsageError for those that name none."""
    files: list[str] = []
    folders: list[str] = []
    globs: list[Glob] = []
    for text in paths or (".",):
        path = _relative(text, config)
        if any(moment.is_file(path) for moment in moments):
            files.append(path)
        elif any(moment.is_dir(path) for moment in moments):
            folders.append(path)
        elif roots.fixed_part(text)[1]:
            globs.append(_glob(text, config))
        else:
            labels = " nor at ".join(moment.label for moment in moments)
            raise UsageError(f"compare: there is no {text}, neither at {labels}")
    scope = Scope(frozenset(files), tuple(folders), tuple(globs))
    excludes = dict.fromkeys([config.exclude, _excluded_before(config, moments[0])])
    return Asked(scope, tuple(Rules(excludes=((0, gitignore.parsed(lines)),)) for lines in excludes))


def _excluded_before(config: Config, before: Moment) -> tuple[str, ...]:
    """What the configuration left out before, with what the command line leaves out."""
    if config.file is None or not config.file.is_relative_to(config.root):
        return config.exclude
    now = _excluded_by(config.file.name, config.file.read_bytes())
    data = before.data(config.file.relative_to(config.root).as_posix())
    return (*(_excluded_by(config.file.name, data) if isinstance(data, bytes) else ()), *config.exclude[len(now) :])


def _excluded_by(name: str, data: bytes) -> tuple[str, ...]:
    """What a configuration leaves out; nothing where it cannot be read."""
    try:
        table = roots.table_of(name, tomllib.loads(data.decode("utf-8-sig")))
    except (ValueError, S3apLintError):
        return ()
    lines = table.get("exclude", ())
    return tuple(line for line in lines if isinstance(line, str)) if isinstance(lines, list) else ()


def _relative(text: str, config: Config) -> str:
    where = roots.absolute(text, config.cwd)
    if not where.is_relative_to(config.root):
        raise UsageError(f"compare: {text} lies outside the project {config.root}")
    relative = where.relative_to(config.root).as_posix()
    return "" if relative == "." else relative


def _glob(text: str, config: Config) -> Glob:
    start, rest = roots.fixed_part(text)
    inside = ("**",) if rest.endswith("/") else ()
    return Glob(_relative(start, config), (*(part for part in rest.split("/") if part), *inside))


def looks_like_template(moment: Moment, path: str) -> bool:
    """Whether a file says that it is a template, as far as a look at its bytes tells."""
    data = moment.data(path)
    return isinstance(data, bytes) and bool(sniff.looks_like_template(basename(path), data))


def load(moment: Moment, path: str) -> Loaded:
    """The template that a file is."""
    source = moment.read(path)
    if isinstance(source, Unreadable):
        sure = sniff.says_template(basename(path)) or source.reason != UNHAD
        return source.unchecked("template") if sure and not source.missing else None
    looks = sniff.looks_like_template(basename(path), source.data)
    if looks is None:
        return None
    parsed = document.parse(source)
    if parsed.top is None and not looks and b"AWS::" not in source.data:
        return None
    if parsed.top is None:
        problem = next((one for one in parsed.problems if one.fatal), parsed.problems[0])
        return Unchecked(path, "template", problem.message, source.line_of(problem.span.start))
    return Template(source, parsed.top) if is_template(parsed.top) else None
