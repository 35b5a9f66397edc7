"""Findings as GitLab's Code Quality report: an artifact that the merge request is compared by.

GitLab shows the description, the severity and the line, and tells new findings from old ones by their fingerprints;
of two findings with one fingerprint it shows the first. Hence a fingerprint holds no line, and every one is used once.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping

from s3ap_lint.diagnostic import Diagnostic, Report
from s3ap_lint.fingerprint import structural
from s3ap_lint.model import Rule, Severity
from s3ap_lint.offers import Catalogued, RenderOptions
from s3ap_lint.render.wording import one_line, relative_to, sentence

SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.INFO: "info"}


def render(report: Report, rules: Mapping[str, Rule | Catalogued], options: RenderOptions) -> str:
    """A JSON list with an object for each finding; paths are relative to the git top level."""
    seen = relative_to(report.paths.top, report.paths.root)
    times: Counter[str] = Counter()
    written = []
    for finding in report.findings:
        path = one_line(seen(finding.place.path))
        name = _name(finding, path)
        times[name] += 1
        written.append(_object(finding, path, structural(finding.code, path, name, str(times[name]))))
    return json.dumps(written, indent=2) + "\n"


def _name(finding: Diagnostic, path: str) -> str:
    """What two findings have in common that only a number can tell apart."""
    return "\0".join((finding.code, path, finding.fingerprint or finding.message))


def _object(finding: Diagnostic, path: str, fingerprint: str) -> dict[str, object]:
    place = finding.place
    return {
        "description": f"{finding.code}: {sentence(finding)}",
        "check_name": finding.code,
        "fingerprint": fingerprint,
        "severity": SEVERITIES[finding.severity],
        "location": {"path": path, "lines": {"begin": place.line, "end": place.end_line}},
    }
