"""A comparison for people, in any format: what is said under which heading, dangerous things first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from s3ap_lint.compare.change import Change, Compared, Comparisons, Effect, Fate, Held, State, When
from s3ap_lint.compare.deltas import deltas, said
from s3ap_lint.render.compare_grants import sentences
from s3ap_lint.render.wording import count, listed, one_line

DEFAULT = "in the default deployment"
PARAMETERS = "parameters"
NAMES_SHOWN = 8
PLACES_SHOWN = 6


class Mark(Enum):
    """What stands before an entry."""

    DANGER = "!"
    ADDED = "+"
    REMOVED = "-"
    CHANGED = "~"


@dataclass(frozen=True)
class Entry:
    """One line, and what stands below it."""

    mark: Mark
    text: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """Entries that belong together."""

    heading: str
    entries: tuple[Entry, ...]


MARKS = {Effect.ADDED: Mark.ADDED, Effect.REMOVED: Mark.REMOVED, Effect.CHANGED: Mark.CHANGED}
_KINDS = ("resource", "grant", "code", "variable", "state", "property", "output")
_HELD = {
    Held.NONE: "",
    Held.LOST: "its data is lost",
    Held.KEPT: "it is kept, outside of the stack",
    Held.SNAPSHOT: "a snapshot is kept",
    Held.UNKNOWN: "whether its data is kept cannot be told",
}


def sections(compared: Compared, *, only_default: bool = False) -> list[Section]:
    """What is said of one template, the default deployment before all others."""
    named = [change for change in compared.changes if change.kind in ("parameter", "rule")]
    others = [change for change in compared.changes if change not in named]
    out = [Section(PARAMETERS, tuple(_of_parameters(named)))] if named else []
    default = [change for change in others if change.when.default]
    if not default and compared.changes and not any(change.when.default for change in named) and not only_default:
        out.append(Section(f"{DEFAULT}: unchanged", ()))
    groups: dict[tuple[bool, str], list[Change]] = {}
    for change in others:
        groups.setdefault((not change.when.default, _heading(change.when)), []).append(change)
    return [*out, *(Section(key[1], tuple(_entries(groups[key]))) for key in sorted(groups))]


def _heading(when: When) -> str:
    if when.default:
        such = "" if when.exact else "such as "
        return f"{DEFAULT}, {such}{when.text}" if when.text else DEFAULT
    if not when.text:
        return "in all other deployments"
    return f"only {when.text}" if when.exact else f"elsewhere, such as {when.text}"


def headline(compared: Compared) -> str:
    """What became of a template's file; "" where it only changed."""
    resources = count(compared.resources, "resource")
    if compared.state is State.ADDED:
        return f"new template, {resources}"
    if compared.state is State.REMOVED:
        return f"deleted template, {resources}"
    return f"renamed from {compared.was}" if compared.state is State.RENAMED else ""


def is_code_only(compared: Compared) -> bool:
    """Whether there is nothing to say of a template but that functions have other code."""
    return compared.state is State.CHANGED and not (compared.changes or compared.unjudged)


def remarks(compared: Compared) -> Iterator[str]:
    """What of a template was not looked into."""
    if compared.code:
        names = _names(compared.code)
        yield f"code of {count(len(compared.code), 'function')} changed ({names}); compare does not look into code"
    for entry in compared.unjudged:
        yield one_line(f"could not compare {entry.what}, line {entry.line}: {entry.reason}")


def summary(report: Comparisons) -> str:
    """How much changed: "3 of 28 templates changed, the default deployment of 1"."""
    templates = count(report.looked, "template")
    if not report.templates:
        return f"nothing changed from {report.one} to {report.other}: {templates} looked at"
    told = {state: sum(one.state is state for one in report.templates) for state in State}
    words = {State.ADDED: "new", State.REMOVED: "deleted", State.RENAMED: "renamed"}
    some = [f"{told[state]} {word}" for state, word in words.items() if told[state]]
    meant = [one for one in report.templates if one.changes]
    only_code = sum(map(is_code_only, report.templates))
    parts = [f"from {report.one} to {report.other}: {len(meant)} of {templates} changed in meaning", *some]
    parts += [f"{only_code} with other code only"] if only_code else []
    defaults = len(report.changed_defaults)
    meaning = f"the default deployment changed in {defaults:,}" if defaults else "no default deployment changed"
    return f"{', '.join(parts)}; {meaning}"


# -- entries -------------------------------------------------------------------------------------


def _of_parameters(changes: Iterable[Change]) -> Iterator[Entry]:
    for change in sorted(changes, key=lambda one: not one.when.default):
        mark = Mark.DANGER if change.when.default else MARKS[change.effect]
        note = f" ({change.note})" if change.note else ""
        what = "" if change.kind == "parameter" else "rule "
        yield Entry(mark, f"{what}{change.name}{_parameter(change)}{note}")


def _parameter(change: Change) -> str:
    if "." in change.name:
        return f": {_deltas(change)}"
    value = change.after if isinstance(change.after, dict) else change.before
    if change.effect is Effect.REMOVED:
        return " removed"
    if not isinstance(value, dict) or "Type" not in value:
        return ""
    allowed = value.get("AllowedValues")
    default = f", default {value['Default'] or repr('')}" if "Default" in value else ", required"
    one_of = f", one of {', '.join(map(str, allowed))}" if isinstance(allowed, list) else ""
    return f": {value['Type']}{default}{one_of}"


def _entries(changes: list[Change]) -> Iterator[Entry]:
    dangers = [change for change in changes if _is_grave(change)]
    for change in sorted(dangers, key=_gravity):
        yield Entry(Mark.DANGER, _grave(change))
    gone = {one.name for one in changes if one.kind == "resource" and one.effect is Effect.REMOVED}
    left = [one for one in changes if one not in dangers and not _goes_with(one, gone)]
    for kind in _KINDS:
        some = [change for change in left if change.kind == kind]
        if kind == "resource":
            yield from _resources(some)
        elif kind == "grant":
            yield from (Entry(MARKS[effect], text) for effect, text in sentences(some, NAMES_SHOWN))
        else:
            yield from _values(some)


def _goes_with(change: Change, gone: Collection[str]) -> bool:
    """Whether a grant is gone because who had it, or what gave it, is: that is said already."""
    holder = change.resource
    return change.kind == "grant" and change.effect is Effect.REMOVED and (holder in gone or f"{holder}Role" in gone)


def _is_grave(change: Change) -> bool:
    return change.fate is not Fate.NOTHING or (change.kind == "resource" and change.held is not Held.NONE)


def _gravity(change: Change) -> tuple[int, bool, str]:
    """What loses data first, then what is refused or replaced, then what is only perhaps."""
    rank = -1 if change.held is Held.LOST else list(Fate).index(change.fate)
    return rank, change.effect is Effect.ADDED, change.name


def _grave(change: Change) -> str:
    held = f" ({_HELD[change.held]})" if change.held is not Held.NONE else ""
    if change.kind == "resource":
        return f"{change.name} {change.type} is removed{held}"
    if change.fate is Fate.REFUSED:
        return f"{change.resource} changes its type, which CloudFormation refuses: {_deltas(change)}"
    inner = change.name.partition(".")[2]
    fate = "is replaced" if change.fate is Fate.REPLACED else "may be replaced"
    return f"{change.resource} {change.type} {fate}{held}: {inner} {_deltas(change)}"


def _resources(changes: list[Change]) -> Iterator[Entry]:
    groups: dict[tuple[Effect, str], list[str]] = {}
    for change in changes:
        groups.setdefault((change.effect, change.type), []).append(change.name)
    for (effect, type_), names in sorted(groups.items(), key=lambda item: (item[0][0] is Effect.ADDED, item[0][1])):
        yield Entry(MARKS[effect], f"{type_}: {_names(names)}")


def _values(changes: list[Change]) -> Iterator[Entry]:
    """What is the same for several resources is said once."""
    groups: dict[tuple[str, ...], list[Change]] = {}
    for change in changes:
        inner = change.name.partition(".")[2] if change.kind != "output" else change.name
        key = (change.kind, inner, change.effect.value, repr(change.before), repr(change.after), change.note)
        groups.setdefault(key if inner else (*key, change.name), []).append(change)
    for found in groups.values():
        yield _value(found)


def _value(changes: list[Change]) -> Entry:
    first = changes[0]
    _, _, inner = first.name.partition(".")
    note = f" ({first.note})" if first.note else ""
    who = _names([change.resource for change in changes])
    what = {"variable": "variable ", "output": "output ", "state": "state "}.get(first.kind, "")
    if first.kind == "output":
        name = f"output {first.name}"
    elif first.kind == "state" and not inner:
        name = f"{who} as a whole"
    else:
        name = f"{who} {what}{inner}".rstrip() if len(changes) > 1 or what else first.name
    return Entry(MARKS[first.effect], f"{name}{_said(first)}{note}")


def _said(change: Change) -> str:
    if change.kind == "state" and change.effect is not Effect.CHANGED:
        return ""
    if change.effect is Effect.REMOVED:
        return f", which was {one_line(said(change.before))}"
    return f": {_deltas(change)}"


def _deltas(change: Change) -> str:
    found = list(map(str, deltas(change.before, change.after)))
    shown = found[:PLACES_SHOWN]
    more = f", and {count(len(found) - len(shown), 'more place')}" if len(found) > len(shown) else ""
    return one_line("; ".join(shown) + more)


def _names(names: Iterable[str]) -> str:
    found = list(dict.fromkeys(names))
    if len(found) <= NAMES_SHOWN:
        return listed(found)
    return f"{', '.join(found[:NAMES_SHOWN])} and {len(found) - NAMES_SHOWN} more"
