"""GitLab's Code Quality report: what its widget shows, and what it tells findings apart by."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from render_samples import ALIAS, PATHS, RULES, UNREAD, place, report, reports

from s3ap_lint.diagnostic import Diagnostic, Paths, Report
from s3ap_lint.model import Severity
from s3ap_lint.offers import RenderOptions
from s3ap_lint.render import gitlab


def written(*findings: Diagnostic, paths: Paths = PATHS) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads(gitlab.render(report(*findings, paths=paths), RULES, RenderOptions()))
    return entries


def fingerprints(*findings: Diagnostic, paths: Paths = PATHS) -> list[str]:
    return [entry["fingerprint"] for entry in written(*findings, paths=paths)]


def test_a_finding_is_an_object_with_what_gitlab_shows() -> None:
    """The code stands in the description too, for GitLab shows no `check_name`; the path is the repository's."""
    expected = {
        "description": "S3AP101: granted by alias only; requests are authorised against the access point ARN, "
        "when HasName is false (the default)",
        "check_name": "S3AP101",
        "fingerprint": "13201740991f8d63",
        "severity": "major",
        "location": {"path": "solutions/template.yaml", "lines": {"begin": 4, "end": 4}},
    }
    assert [expected] == written(ALIAS)


def test_nothing_found_is_an_empty_list() -> None:
    assert "[]\n" == gitlab.render(report(), RULES, RenderOptions())


def test_each_severity_has_its_word() -> None:
    found = [replace(UNREAD, severity=severity) for severity in (Severity.ERROR, Severity.WARNING, Severity.INFO)]
    assert ["major", "minor", "info"] == [entry["severity"] for entry in written(*found)]


def test_a_fingerprint_stays_when_the_line_moves() -> None:
    """Otherwise every line that is put above a finding makes it a new one."""
    moved = replace(ALIAS, place=replace(ALIAS.place, line=40, end_line=40, start=900, end=930))
    assert fingerprints(ALIAS) == fingerprints(moved)


def test_findings_that_differ_in_their_place_alone_have_fingerprints_of_their_own() -> None:
    """Of one fingerprint GitLab shows the first finding only."""
    assert 3 == len(set(fingerprints(UNREAD, replace(UNREAD, place=place("WriterRole")), UNREAD)))


def test_one_file_name_in_two_projects_of_a_repository_is_two_files() -> None:
    """Their reports are uploaded together."""
    other = replace(PATHS, root="/srv/repo/other")
    assert fingerprints(ALIAS) != fingerprints(ALIAS, paths=other)


@given(reports)
@settings(max_examples=40)
def test_fingerprints_are_unique_in_any_report(any_report: Report) -> None:
    entries = json.loads(gitlab.render(any_report, RULES, RenderOptions()))
    assert len(any_report.findings) == len({entry["fingerprint"] for entry in entries})
