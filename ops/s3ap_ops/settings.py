"""The project's settings: `[tool.s3ap-ops]` in pyproject.toml, or s3ap-ops.toml, at or above the working directory."""

from __future__ import annotations

import difflib
import fnmatch
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from s3ap_ops.errors import OpsError

OWN = "s3ap-ops.toml"


@dataclass(frozen=True)
class Settings:
    """What is set.

    `accounts` are those that may be acted on (empty: any); an account whose alias contains one of `denied_alias_terms`
    is not. `groups` maps a name to names of stacks, which may have wildcards.
    """

    accounts: tuple[str, ...] = ()
    denied_alias_terms: tuple[str, ...] = ("prod",)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    where: str = ""


def load(start: Path) -> Settings:
    """The settings of the nearest folder that has some. Raises OpsError, naming the file and key, for what cannot be
    meant."""
    for folder in (start, *start.parents):
        for name in (OWN, "pyproject.toml"):
            path = folder / name
            if path.exists() and not path.is_file() and name == OWN:
                raise OpsError(f"{path} is no file, and nothing else is read in its place")
            if path.is_file():
                table = _table(path)
                if table is not None:
                    return _settings(table, str(path))
    return Settings()


def _table(path: Path) -> Mapping[str, Any] | None:
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise OpsError(f"{path} cannot be read: {error}") from None
    if path.name == OWN:
        return data
    tools = data.get("tool", {})
    tools = tools if isinstance(tools, dict) else {}
    if "s3ap_ops" in tools:
        raise OpsError(f"{path}: [tool.s3ap_ops] is nobody's table; write [tool.s3ap-ops]")
    found = tools.get("s3ap-ops")
    if found is not None and not isinstance(found, dict):
        raise OpsError(f"{path}: tool.s3ap-ops must be a table: [tool.s3ap-ops]")
    return found


def _settings(table: Mapping[str, Any], where: str) -> Settings:
    names = {one.name.replace("_", "-"): one.name for one in fields(Settings) if one.name != "where"}
    given: dict[str, Any] = {"where": where}
    for key, value in table.items():
        if key not in names:
            near = difflib.get_close_matches(key, names, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}"
            raise OpsError(f"{where}: there is no setting {key!r}; {hint}")
        if key == "groups":
            if not isinstance(value, dict):
                raise OpsError(f"{where}: groups must be a table of lists of stacks")
            given["groups"] = {name: _texts(entry, f"groups.{name}", where) for name, entry in value.items()}
        else:
            given[names[key]] = _texts(value, key, where)
    return Settings(**given)


def _texts(value: Any, key: str, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise OpsError(f"{where}: {key} must be a list of texts, in quotes: an account id loses its zeros as a number")
    if not all(one.strip() for one in value):
        raise OpsError(f"{where}: {key} has an empty text in it")
    return tuple(value)


def expanded(asked: Iterable[str], settings: Settings, existing: Iterable[str]) -> tuple[tuple[str, ...], bool]:
    """The stacks that names, groups and wildcards stand for, and whether any of them stood for something else than
    itself.

    `existing` are the names of all stacks there are, asked for only when a wildcard wants them. Raises OpsError for a
    wildcard that fits none.
    """
    found: list[str] = []
    was_short = False
    names: list[str] | None = None
    for one in asked:
        members = settings.groups.get(one, (one,))
        was_short = was_short or one in settings.groups
        for name in members:
            if not any(sign in name for sign in "*?["):
                found.append(name)
                continue
            was_short = True
            names = sorted(existing) if names is None else names
            fitting = fnmatch.filter(names, name)
            if not fitting:
                raise OpsError(f"no stack is called like {name!r}; `s3ap-ops list` shows the stacks of this project")
            found += fitting
    return tuple(dict.fromkeys(found)), was_short
