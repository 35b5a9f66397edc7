"""One finding as a SARIF result: where it is, what leads there, and what would repair it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any

from s3ap_lint.diagnostic import Diagnostic, Place, PlacedEdit, PlacedFix
from s3ap_lint.model import Scenario
from s3ap_lint.render.wording import one_line, sentence, when

LEVELS = {"error": "error", "warning": "warning", "info": "note"}
MOST_RELATED = 100  # GitHub takes 1,000 and shows 100
MOST_LINKS = 10
MOST_STEPS = 10_000
LONGEST_SNIPPET = 500  # a template in one line would be repeated for each of its findings

Locate = Callable[[str], dict[str, Any]]


def result(finding: Diagnostic, rule_index: int, occurrence: int, suppressed: bool, locate: Locate) -> dict[str, Any]:
    """The result; `occurrence` counts the findings with this fingerprint up to this one."""
    related = finding.related[:MOST_RELATED]
    written: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": rule_index,
        "level": LEVELS[finding.severity.value],
        "message": {"text": _message(finding, related)},
        "locations": [_location(finding.place, locate, _logical(finding.logical_path))],
    }
    optional = {
        "relatedLocations": [
            {"id": number, **_location(place, locate, _noted(place))} for number, place in enumerate(related, 1)
        ],
        "codeFlows": _code_flows(finding.flow, locate),
        "fixes": _fixes(finding.fix, locate),
        "partialFingerprints": _fingerprints(finding, occurrence),
        "suppressions": [_suppression(finding.reason)] if suppressed else [],
        "properties": {"scenario": _scenario(finding.scenario)} if finding.scenario else {},
    }
    return written | {key: value for key, value in optional.items() if value}


def notified(path: str, line: int, locate: Locate) -> dict[str, Any]:
    """Where a notification belongs: a line of a file, the whole file for 0, nothing without a path."""
    if not path:
        return {}
    region = {"region": {"startLine": line}} if line > 0 else {}
    return {"locations": [{"physicalLocation": {"artifactLocation": locate(path), **region}}]}


def _message(finding: Diagnostic, related: tuple[Place, ...]) -> str:
    """The sentence with a link to each related place: GitHub shows only those that a message links to."""
    text = sentence(finding).replace("](", "\\](")  # "Fn::If[0](…)" is no link
    links = [f"[{_link_text(place)}]({number})" for number, place in enumerate(related[:MOST_LINKS], 1)]
    return f"{text} (see {', '.join(links)})" if links else text


def _link_text(place: Place) -> str:
    text = one_line(place.message) or f"{place.path}:{place.line}"
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")


def _location(place: Place, locate: Locate, extra: dict[str, Any]) -> dict[str, Any]:
    region: dict[str, Any] = _region(place)
    physical = {"artifactLocation": locate(place.path), "region": region}
    if place.line == place.end_line and place.excerpt and len(place.excerpt) <= LONGEST_SNIPPET:
        part = place.excerpt[place.column - 1 : place.end_column - 1]
        region |= {"snippet": {"text": part}} if part else {}
        physical["contextRegion"] = {"startLine": place.line, "snippet": {"text": place.excerpt}}
    return {"physicalLocation": physical, **extra}


def _region(place: Place) -> dict[str, int]:
    return {
        "startLine": place.line,
        "startColumn": place.utf16_column,
        "endLine": place.end_line,
        "endColumn": place.utf16_end_column,
    }


def _logical(path: str) -> dict[str, Any]:
    return {"logicalLocations": [{"fullyQualifiedName": path}]} if path else {}


def _noted(place: Place) -> dict[str, Any]:
    note = one_line(place.message)
    return {"message": {"text": note}} if note else {}


def _code_flows(flow: tuple[Place, ...], locate: Locate) -> list[dict[str, Any]]:
    steps = [{"location": _location(place, locate, _noted(place))} for place in flow[:MOST_STEPS]]
    return [{"threadFlows": [{"locations": steps}]}] if steps else []


def _fixes(fix: PlacedFix | None, locate: Locate) -> list[dict[str, Any]]:
    """The fix, or nothing when it has no edits: GitHub rejects a file with an empty list of changes."""
    if not fix or not fix.edits:
        return []
    edits = sorted(fix.edits, key=lambda edit: edit.place.path)
    changes = [_change(path, of_path, locate) for path, of_path in groupby(edits, key=lambda edit: edit.place.path)]
    title = one_line(fix.title)
    return [{**({"description": {"text": title}} if title else {}), "artifactChanges": changes}]


def _change(path: str, edits: Iterable[PlacedEdit], locate: Locate) -> dict[str, Any]:
    replacements = [
        {"deletedRegion": _region(edit.place), **({"insertedContent": {"text": edit.text}} if edit.text else {})}
        for edit in edits
    ]
    return {"artifactLocation": locate(path), "replacements": replacements}


def _fingerprints(finding: Diagnostic, occurrence: int) -> dict[str, str]:
    """What tells this alert from others in the next upload.

    GitHub reads `primaryLocationLineHash` alone and computes it itself when it is missing, so it is
    never altered here. Two findings of one rule on one line therefore share it, and GitHub may show
    them as one alert; their columns and messages still differ. Who reads our own key can tell them
    apart always: it names the finding's place in the structure and counts those that share it.
    """
    hashes = {"primaryLocationLineHash": finding.line_hash} if finding.line_hash else {}
    return hashes | ({"s3apLint/v1": f"{finding.fingerprint}:{occurrence}"} if finding.fingerprint else {})


def _suppression(reason: str) -> dict[str, str]:
    return {"kind": "inSource"} | ({"justification": reason} if reason else {})


def _scenario(scenario: Scenario) -> dict[str, Any]:
    return {
        "text": when(scenario),
        "conditions": dict(scenario.conditions),
        "parameters": dict(scenario.parameters),
        "default": scenario.default,
    }
