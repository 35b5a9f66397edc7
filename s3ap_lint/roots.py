"""Where a project begins: the folder of its paths, its git top level and its configuration file."""

# os.path answers False or a path where pathlib raises (permissions, loops of links)
# ruff: noqa: PTH110, PTH112, PTH113, PTH118

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s3ap_lint import facts
from s3ap_lint.errors import ConfigError, UsageError

OWN_FILE = ".s3ap-lint.toml"
SHARED_FILE = "pyproject.toml"
SECTION = "s3ap-lint"

_MAGIC = re.compile(r"[*?\[]")
_POSITION = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A configuration file and its table of settings, not yet validated."""

    path: Path
    table: dict[str, Any]


def absolute(path: str | Path, cwd: Path) -> Path:
    """The path with its folders' links resolved; a link to a file keeps the name it was called by."""
    given = os.path.join(cwd, path)
    facts.watch(given, content=False)
    if os.path.isdir(given):
        return Path(os.path.realpath(given))
    folder, name = os.path.split(given)
    return Path(os.path.realpath(folder), name)


def fixed_part(pattern: str) -> tuple[str, str]:
    """What stands before the first wildcard's folder level, and the rest: `a/b`, `*/c.yaml`."""
    parts = pattern.replace(os.sep, "/").split("/")
    first = next((i for i, part in enumerate(parts) if _MAGIC.search(part)), len(parts))
    return "/".join(parts[:first]) or ("/" if parts[0] == "" and first else "."), "/".join(parts[first:])


def common_folder(paths: Iterable[str | Path], cwd: Path) -> Path:
    """The deepest existing folder that holds all of the paths."""
    folders = [_folder(path, cwd) for path in paths] or [cwd]
    try:
        return Path(os.path.commonpath(folders))
    except ValueError:  # two drives
        raise UsageError(_no_project(folders)) from None


def _folder(path: str | Path, cwd: Path) -> Path:
    where = absolute(path, cwd)
    if not os.path.lexists(where):
        where = absolute(fixed_part(str(path))[0], cwd)
    while not os.path.isdir(where):
        where = where.parent
    return Path(os.path.realpath(where))


def _no_project(folders: Sequence[Path]) -> str:
    return f"{folders[0]} and {folders[-1]} have no project in common; check them in runs of their own"


def git_top(folder: Path) -> Path | None:
    """The nearest folder at or above that holds `.git`, as a folder or as a worktree's file."""
    for above in (folder, *folder.parents):
        facts.watch(str(above / ".git"), content=False)
        if os.path.exists(above / ".git"):
            return above
    return None


def find_config(folder: Path, top: Path | None, cwd: Path) -> ConfigFile | None:
    """The nearest configuration at or above a folder, not looking beyond the git top level."""
    for above in _up_to(folder, top):
        found = [file for name in (OWN_FILE, SHARED_FILE) if (file := _configuration(above / name, cwd))]
        if len(found) > 1:
            raise ConfigError(
                f"{shown(above / OWN_FILE, cwd)} and [tool.{SECTION}] in {SHARED_FILE} beside it "
                "both configure this project; keep one of them"
            )
        if found:
            return found[0]
    return None


def _up_to(folder: Path, top: Path | None) -> Iterator[Path]:
    for above in (folder, *folder.parents):
        yield above
        if above == top:
            return


def _configuration(path: Path, cwd: Path) -> ConfigFile | None:
    facts.watch(str(path))
    if not os.path.isfile(path):
        return None
    if path.name == OWN_FILE:
        return ConfigFile(path, read_toml(path, cwd))
    if SECTION.encode() not in _bytes(path, cwd):
        return None  # somebody else's pyproject.toml, perhaps broken: not our business
    table = _section(read_toml(path, cwd))
    return None if table is None else ConfigFile(path, _as_table(table, path, cwd))


def given_config(path: Path, cwd: Path) -> ConfigFile:
    """The configuration file named on the command line, whatever it is called."""
    file = absolute(path, cwd)
    facts.watch(str(file))
    if not os.path.isfile(file):
        raise ConfigError(f"--config {path}: there is no such file")
    document = read_toml(file, cwd)
    table = _section(document)
    if table is None and file.name == SHARED_FILE:
        raise ConfigError(f"--config {path}: it has no [tool.{SECTION}] table")
    return ConfigFile(file, document if table is None else _as_table(table, file, cwd))


def _section(document: dict[str, Any]) -> Any:
    tools = document.get("tool")
    return tools.get(SECTION) if isinstance(tools, dict) else None


def table_of(name: str, document: dict[str, Any]) -> dict[str, Any]:
    """The settings in a document, by the name of its file. Raises ConfigError."""
    table = _section(document)
    return document if table is None and name == OWN_FILE else _as_table(table or {}, Path(name), Path())


def _as_table(value: Any, path: Path, cwd: Path) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(f"{shown(path, cwd)}: tool.{SECTION} must be a table")
    return value


def _bytes(path: Path, cwd: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{shown(path, cwd)} cannot be read: {error.strerror}") from None


def read_toml(path: Path, cwd: Path) -> dict[str, Any]:
    """The document in a TOML file. What is wrong with it is said with its line."""
    data = _bytes(path, cwd)
    name = shown(path, cwd)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        bad_line = data[: error.start].count(b"\n") + 1
        raise ConfigError(f"{name}:{bad_line}: not UTF-8") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        at = _POSITION.search(message)
        position = f"{at[1]}:{at[2]}" if at and at[1] else str(len(text.splitlines()))
        said = message[: at.start()] if at else message
        raise ConfigError(f"{name}:{position}: not TOML: {said[:1].lower()}{said[1:]}") from None


def find_root(start: Path, config: ConfigFile | None, top: Path | None, cwd: Path) -> Path:
    """The project root: the configuration's folder, else the git top level, else the working directory.

    A path outside the working directory that belongs to no project is a project of its own.
    """
    if config is not None:
        return config.path.parent
    if top is not None:
        return top
    return cwd if start.is_relative_to(cwd) else start


def shown(path: Path, cwd: Path) -> str:
    """A path as messages name it: relative where it lies below the working directory."""
    return path.relative_to(cwd).as_posix() if path.is_relative_to(cwd) else str(path)
