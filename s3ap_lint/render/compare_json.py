"""A comparison as JSON; docs/compare.md says what is in it. Fields are added, never renamed."""

from __future__ import annotations

import json
from typing import Any

from s3ap_lint.compare.change import Change, Compared, Comparisons
from s3ap_lint.diagnostic import Place
from s3ap_lint.model import Unchecked
from s3ap_lint.render.wording import Seen

VERSION = 1


def render(report: Comparisons, seen: Seen, _color: bool) -> str:
    """One object; paths are relative to the working directory."""
    data = {
        "version": VERSION,
        "before": report.one,
        "after": report.other,
        "scenario": "default" if report.only_default else "all",
        "default_unchanged": not report.changed_defaults,
        "looked": report.looked,
        "templates": [_template(one, seen) for one in report.templates],
        "unread": [_unchecked(entry, seen) for entry in report.unread],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _template(one: Compared, seen: Seen) -> dict[str, Any]:
    return {
        "path": seen(one.path),
        "was": seen(one.was),
        "state": one.state.value,
        "default_unchanged": not one.changes_default,
        "resources": one.resources,
        "code": list(one.code),
        "files": [seen(path) for path in one.files],
        "changes": [_change(change, seen) for change in sorted(one.changes, key=_order)],
        "unjudged": [_unchecked(entry, seen) for entry in one.unjudged],
    }


def _order(change: Change) -> tuple[bool, str, str, str, str]:
    """The default deployment first, then by scenario, kind and name; places say the rest."""
    places = repr([place and (place.line, place.column) for place in change.places])
    return not change.when.default, change.when.text, change.kind, change.name, places


def _change(change: Change, seen: Seen) -> dict[str, Any]:
    when = change.when
    return {
        "kind": change.kind,
        "name": change.name,
        "effect": change.effect.value,
        "type": change.type,
        "before": change.before,
        "after": change.after,
        "default": when.default,
        "scenario": {
            "text": when.text,
            "exact": when.exact,
            "conditions": dict(when.conditions),
            "parameters": dict(when.parameters),
        }
        if when.text
        else None,
        "fate": change.fate.value,
        "data": change.held.value,
        "note": change.note,
        "places": [_place(place, seen) for place in change.places],
    }


def _place(place: Place | None, seen: Seen) -> dict[str, Any] | None:
    return None if place is None else {"path": seen(place.path), "line": place.line, "column": place.column}


def _unchecked(entry: Unchecked, seen: Seen) -> dict[str, Any]:
    return {"path": seen(entry.path), "line": entry.line, "what": entry.what, "reason": entry.reason}
