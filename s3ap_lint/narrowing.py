"""Settings that look for less than they did, or let more pass: each told as what became silent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from s3ap_lint import settings
from s3ap_lint.config import Selection, with_entry
from s3ap_lint.diagnostic import AddedIgnore, Place
from s3ap_lint.errors import ConfigError
from s3ap_lint.model import Severity
from s3ap_lint.registry import Registry
from s3ap_lint.settings import PerPath

SHOWN = 3
ENGINE = "cfn-lint"


@dataclass(frozen=True)
class SettingsFile:
    """A configuration file: its path below the root, its text, and the settings in it."""

    path: str
    text: str
    table: Mapping[str, Any]


def narrowed(before: SettingsFile, now: SettingsFile, registry: Registry) -> list[AddedIgnore]:
    """What the settings in force silence by what they select, let pass or do not start. What cannot be read is nothing.

    What `ignore`, `exclude` and `no-plugin` silence is not here: that is a list of its own.
    """
    try:
        old, new = (settings.read(one.table, one.path) for one in (before, now))
    except ConfigError:
        return []
    told = [*_selections(old, new, registry), *_severities(old, new), *_engine(old, new)]
    return [AddedIgnore("configuration", "", _place(now, key), what) for key, what in told]


def _place(file: SettingsFile, key: str) -> Place:
    """The line on which a setting stands first."""
    lines = file.text.splitlines()
    line = next((at for at, text in enumerate(lines, 1) if text.lstrip("[\"' ").startswith(key) or key in text), 1)
    return Place(file.path, line, end_line=line)


# -- rules ---------------------------------------------------------------------------------------------


def _selections(old: Mapping[str, Any], new: Mapping[str, Any], registry: Registry) -> Iterator[tuple[str, str]]:
    """Setting and description of what was looked for everywhere, or below a path, and is not any more."""
    codes = sorted({*registry.rules, *registry.catalogue})
    was, entries = _selection(old), {one.pattern: one for one in old.get("per_path", ())}
    now, own = _selection(new), {one.pattern: one for one in new.get("per_path", ())}
    everywhere = _lost(was, now, codes, registry)
    if everywhere:
        key = next(key for key in ("select", "extend-select", "strict", "") if _differs(key, old, new))
        yield key, f"{key or 'select'}, which leaves out {_listed(everywhere)}"
    for pattern in dict.fromkeys((*own, *entries)):
        here = with_entry(now, _bare(own.get(pattern), pattern))
        lost = _lost(with_entry(was, _bare(entries.get(pattern), pattern)), here, codes, registry)
        lost = [code for code in lost if code not in everywhere]
        if lost:
            yield pattern, f"select of {pattern}, which leaves out {_listed(lost)}"


def _selection(table: Mapping[str, Any]) -> Selection:
    return Selection(table.get("select"), table.get("extend_select", ()), (), bool(table.get("strict")))


def _bare(entry: PerPath | None, pattern: str) -> PerPath:
    return replace(entry, ignore=()) if entry else PerPath(pattern)


def _lost(was: Selection, now: Selection, codes: list[str], registry: Registry) -> list[str]:
    if was == now:
        return []
    return [code for code in codes if registry.wants(was, code) and not registry.wants(now, code)]


def _differs(key: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    field = key.replace("-", "_")
    return not key or old.get(field) != new.get(field)


def _listed(codes: list[str]) -> str:
    more = len(codes) - SHOWN
    return ", ".join(codes[:SHOWN]) + (f" and {more:,} more" if more > 0 else "")


# -- what passes, and what is not started ------------------------------------------------------------------


def _severities(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    was, now = (table.get("fail_on", Severity.WARNING) for table in (old, new))
    if now.rank > was.rank:
        yield "fail-on", f"fail-on {now.value}, which was {was.value}"
    known = {one.pattern: one.severity for one in old.get("per_path", ())}
    for entry in new.get("per_path", ()):
        before = known.get(entry.pattern) or Severity.ERROR
        if entry.severity and entry.severity.rank < before.rank:
            yield entry.pattern, f"severity {entry.severity.value} of {entry.pattern}"


def _engine(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    was, now = (table.get("engine", ENGINE) for table in (old, new))
    if now == "none" != was:
        yield "engine", f"engine none, which was {was}"
