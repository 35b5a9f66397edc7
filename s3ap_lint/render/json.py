"""The report as one JSON object, for programs. Fields are added, never renamed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from s3ap_lint.diagnostic import AddedIgnore, Diagnostic, Place, PlacedFix, Report
from s3ap_lint.model import Rule, Scenario
from s3ap_lint.offers import Catalogued, RenderOptions
from s3ap_lint.render.wording import Seen, relative_to

VERSION = 1


def render(report: Report, rules: Mapping[str, Rule | Catalogued], options: RenderOptions) -> str:
    """The object as text. ASCII only, so that the bytes are the same whatever the encoding of the output."""
    return json.dumps(document(report, dict(options.statistics)), indent=2) + "\n"


def document(report: Report, statistics: Mapping[str, int]) -> dict[str, Any]:
    """The object itself, with every key present; paths are relative to the working directory."""
    seen = relative_to(report.paths.cwd, report.paths.root)
    return {
        "version": VERSION,
        "findings": [_finding(finding, seen) for finding in report.findings],
        "suppressed": [_finding(finding, seen) | {"reason": finding.reason} for finding in report.suppressed],
        "unchecked": [
            {"path": seen(entry.path), "line": entry.line, "what": entry.what, "reason": entry.reason}
            for entry in report.unchecked
        ],
        "fixed": [_finding(finding, seen) for finding in report.fixed],
        "changed": report.compared and asdict(report.compared),
        "added_ignores": [_added(one, seen) for one in report.added],
        "stats": asdict(report.stats) | dict(statistics),
        "tool": {"name": "s3ap-lint", "version": report.tool.version, "engines": dict(report.tool.engines)},
    }


def _finding(finding: Diagnostic, seen: Seen) -> dict[str, Any]:
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity.value,
        "message": finding.message,
        **_span(finding.place, seen),
        "logical_path": finding.logical_path,
        "scenario": finding.scenario and _scenario(finding.scenario),
        "related": [_place(place, seen) for place in finding.related],
        "flow": [_place(place, seen) for place in finding.flow],
        "fix": finding.fix and _fix(finding.fix, seen),
        "fingerprint": finding.fingerprint,
    }


def _added(one: AddedIgnore, seen: Seen) -> dict[str, Any]:
    return {
        "form": one.form,
        "code": one.code,
        "path": seen(one.place.path),
        "line": one.place.line,
        "column": one.place.column,
        "what": one.what,
        "reason": one.reason,
    }


def _scenario(scenario: Scenario) -> dict[str, Any]:
    return {
        "text": scenario.text,
        "conditions": dict(scenario.conditions),
        "parameters": dict(scenario.parameters),
        "default": scenario.default,
    }


def _fix(fix: PlacedFix, seen: Seen) -> dict[str, Any]:
    edits = [_span(edit.place, seen) | {"text": edit.text} for edit in fix.edits]
    return {"title": fix.title, "safety": fix.safety.value, "edits": edits}


def _place(place: Place, seen: Seen) -> dict[str, Any]:
    return {"path": seen(place.path), "line": place.line, "column": place.column, "message": place.message}


def _span(place: Place, seen: Seen) -> dict[str, Any]:
    return {
        "path": seen(place.path),
        "line": place.line,
        "column": place.column,
        "end_line": place.end_line,
        "end_column": place.end_column,
    }
