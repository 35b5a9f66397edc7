"""The report as SARIF 2.1.0, as GitHub code scanning reads it and other viewers expect it.

GitHub rejects a whole file for one value it cannot use, so whatever has nothing to say is left out:
no empty strings, no fix without edits, no code flow without steps.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from s3ap_lint.diagnostic import Diagnostic, Report, Tool
from s3ap_lint.model import Rule, Unchecked
from s3ap_lint.offers import Catalogued, RenderOptions
from s3ap_lint.render.sarif_results import LEVELS, Locate, notified, result
from s3ap_lint.render.sarif_rules import descriptors
from s3ap_lint.render.wording import count, is_file, one_line, relative_to, sentence

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
HOME = "https://pypi.org/project/s3ap-lint/"  # where `pip install` has it from; the validator asks for an address
SOURCE_ROOT = "%SRCROOT%"  # GitHub's name for the git top level
MOST_RESULTS = 25_000
MOST_EXTENSIONS = 100
NOT_DONE = {"S3AP902", "S3AP906"}  # a rule crashed, nothing was checked: exit status 2

_SEMANTIC_VERSION = re.compile(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")


def render(report: Report, rules: Mapping[str, Rule | Catalogued], options: RenderOptions) -> str:
    """One run. ASCII only, so that the bytes are the same whatever the encoding of the output.

    Suppressed findings are in it only when asked for: GitHub would open an alert for each.
    """
    entries = [(finding, False) for finding in report.findings]
    if options.sarif_suppressed:
        entries += [(finding, True) for finding in report.suppressed]
    kept = _most_severe(entries)
    described = descriptors(rules, [finding for finding, _ in kept])
    indices = {descriptor["id"]: index for index, descriptor in enumerate(described)}
    locate = _locator(report)
    seen: Counter[str] = Counter()
    results = []
    for finding, suppressed in kept:
        seen[finding.fingerprint] += 1
        results.append(result(finding, indices[finding.code], seen[finding.fingerprint], suppressed, locate))
    run = {
        "tool": _tool(report.tool, described),
        "automationDetails": {"id": _category(report)},
        "originalUriBaseIds": {SOURCE_ROOT: {"description": {"text": "The top level of the git repository."}}},
        "columnKind": "utf16CodeUnits",
        "invocations": [_invocation(report, len(entries) - len(kept), locate)],
        "results": results,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _most_severe(entries: list[tuple[Diagnostic, bool]]) -> list[tuple[Diagnostic, bool]]:
    """As many entries as GitHub takes, the most severe where some must go, in their order."""
    if len(entries) <= MOST_RESULTS:
        return entries
    ranked = sorted(range(len(entries)), key=lambda at: (entries[at][1], -entries[at][0].severity.rank))
    return [entries[at] for at in sorted(ranked[:MOST_RESULTS])]


def _locator(report: Report) -> Locate:
    """A function from a path below the project root to an artifactLocation.

    A subject that is no file has its colon escaped, because GitHub takes "stack:" for a URI scheme
    and rejects the file; a path outside the repository is not said to be relative to its top level.
    """
    seen = relative_to(report.paths.top, report.paths.root)

    def locate(path: str) -> dict[str, Any]:
        place = seen(path)
        location = {"uri": quote(place, safe="/~", errors="surrogateescape")}
        inside = is_file(path) and not place.startswith(("/", "../")) and place != ".."
        return location | ({"uriBaseId": SOURCE_ROOT} if inside else {})

    return locate


def _tool(tool: Tool, described: list[dict[str, Any]]) -> dict[str, Any]:
    driver: dict[str, Any] = {
        "name": "s3ap-lint",
        **_versions(tool.version),
        "informationUri": HOME,
        "rules": described,
    }
    engines = list(dict.fromkeys(tool.engines))
    if not engines:
        return {"driver": driver}
    return {
        "driver": driver,
        "extensions": [{"name": name, **_versions(version)} for name, version in engines[:MOST_EXTENSIONS]],
    }


def _versions(version: str) -> dict[str, str]:
    if not version:
        return {}
    return {"version": version} | ({"semanticVersion": version} if _SEMANTIC_VERSION.fullmatch(version) else {})


def _category(report: Report) -> str:
    """What tells this project's upload from another's in one repository; it ends in a slash, having no run id."""
    folder = PurePath(report.paths.root).name
    return f"s3ap-lint/{folder}/" if folder else "s3ap-lint/"


def _invocation(report: Report, left_out: int, locate: Locate) -> dict[str, Any]:
    """Whether the job was done, and what was not.

    When it was not, GitHub refuses the upload, and that is meant: otherwise the alerts of a rule that
    crashed would all be closed as fixed.
    """
    failures = [finding for finding in report.findings if finding.code in NOT_DONE]
    notifications = [
        {"level": "error", "message": {"text": sentence(finding)}, **notified(finding.place.path, 0, locate)}
        for finding in failures
    ]
    if left_out:
        text = f"{count(left_out, 'finding')} left out: GitHub takes {MOST_RESULTS:,} results"
        notifications.append({"level": "warning", "message": {"text": text}})
    notifications += _unchecked(report.unchecked, locate)
    invocation: dict[str, Any] = {"executionSuccessful": not failures}
    return invocation | ({"toolExecutionNotifications": notifications} if notifications else {})


def _unchecked(entries: Iterable[Unchecked], locate: Locate) -> list[dict[str, Any]]:
    return [
        {
            "level": LEVELS["info"],
            "message": {"text": ": ".join(filter(None, map(one_line, (entry.what, entry.reason)))) or "not checked"},
            **notified(entry.path, entry.line, locate),
        }
        for entry in entries
    ]
