"""The JSON object is a promise: keys are added, never renamed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from render_samples import ALIAS, RULES, UNCHECKED, UNREAD, report, reports

from s3ap_lint.diagnostic import Paths, Report
from s3ap_lint.offers import RenderOptions
from s3ap_lint.render.json import render

OPTIONS = RenderOptions()

FINDING = {
    "code",
    "name",
    "severity",
    "message",
    "path",
    "line",
    "column",
    "end_line",
    "end_column",
    "logical_path",
    "scenario",
    "related",
    "flow",
    "fix",
    "fingerprint",
}
STATS = {"files", "templates", "modules", "applications", "functions", "functions_joined"}


def loaded(report: Report) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(render(report, RULES, OPTIONS))
    return document


def test_a_finding_has_everything_that_is_known_of_it() -> None:
    expected = """\
{
  "version": 1,
  "findings": [
    {
      "code": "S3AP101",
      "name": "alias-only-grant",
      "severity": "error",
      "message": "granted by alias only; requests are authorised against the access point ARN",
      "path": "template.yaml",
      "line": 4,
      "column": 9,
      "end_line": 4,
      "end_column": 41,
      "logical_path": "Resources/WriterRole/Properties/Policies/0/Resource",
      "scenario": {
        "text": "when HasName is false (the default)",
        "conditions": {
          "HasName": false
        },
        "parameters": {
          "Name": ""
        },
        "default": true
      },
      "related": [
        {
          "path": "template.yaml",
          "line": 2,
          "column": 3,
          "message": "the role that has no other grant"
        }
      ],
      "flow": [
        {
          "path": "template.yaml",
          "line": 2,
          "column": 3,
          "message": "the role"
        },
        {
          "path": "template.yaml",
          "line": 5,
          "column": 9,
          "message": ""
        }
      ],
      "fix": {
        "title": "Also grant the access point ARN",
        "safety": "review",
        "edits": [
          {
            "path": "template.yaml",
            "line": 5,
            "column": 9,
            "end_line": 5,
            "end_column": 9,
            "text": "- !Ref Arn\\n      "
          }
        ]
      },
      "fingerprint": "0123456789abcdef"
    }
  ],
  "suppressed": [],
  "unchecked": [],
  "fixed": [],
  "changed": null,
  "added_ignores": [],
  "stats": {
    "files": 4,
    "templates": 2,
    "modules": 1,
    "applications": 1,
    "functions": 3,
    "functions_joined": 2
  },
  "tool": {
    "name": "s3ap-lint",
    "version": "0.1.0",
    "engines": {
      "cfn-lint": "1.58.0",
      "pyflakes": "4.1.0"
    }
  }
}
"""
    assert expected == render(report(ALIAS), RULES, OPTIONS)


def test_a_suppressed_finding_says_why_it_is() -> None:
    (entry,) = loaded(report(suppressed=(replace(UNREAD, reason="known"),)))["suppressed"]
    assert ("E3012", "known") == (entry["code"], entry["reason"])


def test_what_could_not_be_checked_is_listed() -> None:
    expected = {
        "path": "functions/app.py",
        "line": 7,
        "what": "boto3.client(name)",
        "reason": "the service is computed",
    }
    assert expected == loaded(report(unchecked=UNCHECKED))["unchecked"][2]


def test_paths_are_relative_to_the_working_directory() -> None:
    (finding,) = loaded(report(ALIAS, paths=Paths("/repo/app", "/repo/docs", "/repo")))["findings"]
    paths = [
        finding["path"],
        finding["related"][0]["path"],
        finding["flow"][0]["path"],
        finding["fix"]["edits"][0]["path"],
    ]
    assert ["../app/template.yaml"] * 4 == paths


def test_statistics_are_added_to_stats_when_there_are_any() -> None:
    text = render(report(), RULES, RenderOptions(statistics=(("cache_hits", 3), ("elapsed_ms", 12))))
    assert {*STATS, "cache_hits", "elapsed_ms"} == set(json.loads(text)["stats"])


@given(reports)
def test_any_report_is_an_object_with_every_key(report: Report) -> None:
    """And its bytes are the same whatever the encoding of the output."""
    document = loaded(report)
    keys = ["version", "findings", "suppressed", "unchecked", "fixed", "changed", "added_ignores", "stats", "tool"]
    assert keys == list(document)
    assert all(set(finding) == FINDING for finding in document["findings"])
    assert all(set(finding) == {*FINDING, "reason"} for finding in document["suppressed"])
    assert set(document["stats"]) == STATS
    assert render(report, RULES, OPTIONS).isascii()
