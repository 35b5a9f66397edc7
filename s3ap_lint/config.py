"""What a run is told: the configuration file and the command line, in one frozen value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from s3ap_lint import __version__, gitignore, requirement, roots, settings, toml
from s3ap_lint.diagnostic import Paths
from s3ap_lint.errors import ConfigError, UsageError
from s3ap_lint.model import Severity
from s3ap_lint.settings import Pair, PerPath, Require

ADDED = ("extend-select", "ignore", "exclude", "plugin-path", "no-plugin")
"""Options of the command line that add to the configuration file; all others take its place."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rules are wanted at one place, as codes, prefixes and names. `select` None: all that are not strict."""

    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    strict: bool = False
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of a run. Folders are absolute with links resolved; `file` is None without a configuration file.

    `rules`, `code_map`, `pairs` and the selectors are as the user wrote them: whoever knows the
    rules and the files judges them.
    """

    root: Path
    cwd: Path
    top: Path
    file: Path | None = None
    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    strict: bool = False
    exclude: tuple[str, ...] = ()
    per_path: tuple[PerPath, ...] = ()
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    code_map: tuple[tuple[str, str], ...] = ()
    pairs: tuple[Pair, ...] = ()
    require: Require = field(default_factory=Require)
    required_version: str = ""
    plugin_path: tuple[str, ...] = ()
    no_plugin: tuple[str, ...] = ()
    fail_on: Severity = Severity.WARNING
    engine: str = "cfn-lint"
    engine_timeout: float = 60.0
    jobs: int = 0
    access_points: str = "auto"
    package_name: str = ""
    runtime: str = ""

    @property
    def paths(self) -> Paths:
        """The folders that output paths are relative to."""
        return Paths(str(self.root), str(self.cwd), str(self.top))

    @property
    def selection(self) -> Selection:
        """The rules wanted where nothing else is said."""
        return Selection(self.select, self.extend_select, self.ignore, self.strict)

    def at(self, path: str) -> Selection:
        """The rules wanted for findings in a file: every entry of `per-path` that names it, in order."""
        selection = self.selection
        for entry in self.per_path:
            if gitignore.names(entry.pattern, path):
                selection = with_entry(selection, entry)
        return selection

    def selections(self) -> tuple[Selection, ...]:
        """Everything `at` may want: a rule that none of these selects need not run."""
        return tuple(dict.fromkeys([self.selection, *(with_entry(self.selection, entry) for entry in self.per_path)]))

    def as_table(self) -> dict[str, Any]:
        """The settings as a configuration file would write them, defaults included."""
        values = ((key.name, getattr(self, key.field), key.write) for key in settings.KEYS.values())
        return {name: write(value) for name, value, write in values if value is not None and value != ""}

    def as_toml(self) -> str:
        """The settings as text that can stand in a `.s3ap-lint.toml`, with the file and the root in comments."""
        source = roots.shown(self.file, self.cwd) if self.file else "none"
        heading = toml.comment(f"configuration file: {source}") + toml.comment(f"project root: {self.root}")
        return f"{heading}\n{toml.document(self.as_table())}"


def with_entry(selection: Selection, entry: PerPath) -> Selection:
    """The rules wanted where an entry of `per-path` applies to what is wanted elsewhere."""
    base = selection if entry.select is None else replace(selection, select=entry.select, extend_select=())
    return replace(
        base,
        extend_select=base.extend_select + entry.extend_select,
        ignore=base.ignore + entry.ignore,
        severity=entry.severity or base.severity,
    )


def load(
    paths: Sequence[str | Path] = (),
    *,
    explicit: Path | None = None,
    cwd: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Config:
    """The configuration for a run over paths; `overrides` are options of the command line by key, None if not given.

    The file is the nearest at or above the folder that holds all of the paths, or the explicit one.
    Its folder is the project root; an explicit file that does not stand above the paths configures
    the root there would be without it. `--select` takes the place of all the file selects
    (`select`, `extend-select`, also per path); what the file ignores stays ignored.
    """
    here = roots.absolute(cwd or Path(), Path.cwd())
    start = roots.common_folder(paths, here)
    top = roots.git_top(start)
    if explicit is None:
        file = placed = roots.find_config(start, top, here)
    else:
        file = roots.given_config(explicit, here)
        above = start.is_relative_to(file.path.parent) and (top is None or file.path.parent.is_relative_to(top))
        placed = file if above else roots.find_config(start, top, here)
    root = roots.find_root(start, placed, top, here)
    if len(paths) > 1 and root == Path(root.anchor) and root not in (top, here) and placed is None:
        raise UsageError("the paths have no project in common; check them in runs of their own")
    table = {} if file is None else _of_file(file, here, trusted=explicit is not None)
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    options = {name: settings.read_option(name, value) for name, value in given.items()}
    said = _merged(table, options, here)
    return Config(root=root, cwd=here, top=top or root, file=file.path if file else None, **said)


def _of_file(file: roots.ConfigFile, cwd: Path, *, trusted: bool) -> dict[str, Any]:
    name = roots.shown(file.path, cwd)
    wanted = file.table.get("required-version")
    if wanted is not None:
        settings.read({"required-version": wanted}, name)
        if not requirement.satisfied(wanted, __version__):
            raise ConfigError(f"{name}: required-version is {wanted}, but this is s3ap-lint {__version__}")
    table = settings.read(file.table, name)
    if table.get("plugin_path") and not trusted:
        raise ConfigError(
            f"{name}: plugin-path would run code of the project being checked; "
            f"name the file with --config {name} to trust it, or give --plugin-path"
        )
    if "plugin_path" in table:
        table["plugin_path"] = _absolute(table["plugin_path"], file.path.parent)
    return table


def _absolute(paths: Sequence[str], folder: Path) -> tuple[str, ...]:
    return tuple(str(roots.absolute(path, folder)) for path in paths)


def _merged(table: dict[str, Any], options: dict[str, Any], cwd: Path) -> dict[str, Any]:
    """What the file says, and the command line over it, by field."""
    out = dict(table)
    if "select" in options:
        out.pop("extend_select", None)
        out["per_path"] = tuple(replace(e, select=None, extend_select=()) for e in out.get("per_path", ()))
    if "plugin-path" in options:
        options = {**options, "plugin-path": _absolute(options["plugin-path"], cwd)}
    for name, value in options.items():
        key = settings.KEYS[name].field
        out[key] = (*out.get(key, ()), *value) if name in ADDED else value
    return out
