"""SARIF against the official schema, Microsoft's validator, and what GitHub is known to reject or ignore."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema.protocols import Validator
from render_samples import ALIAS, PATHS, RULES, TEMPLATE, UNCHECKED, UNREAD, place, report, reports

from s3ap_lint.diagnostic import Diagnostic, PlacedEdit, PlacedFix, Report, Tool
from s3ap_lint.fingerprint import line_hashes
from s3ap_lint.model import Rule, Safety, Severity, Unchecked
from s3ap_lint.offers import Catalogued, RenderOptions
from s3ap_lint.render import sarif
from s3ap_lint.render.sarif import render

OPTIONS = RenderOptions()
WITH_SUPPRESSED = RenderOptions(sarif_suppressed=True)


def run_of(
    given: Report, options: RenderOptions = OPTIONS, rules: dict[str, Rule | Catalogued] = RULES
) -> dict[str, Any]:
    """The only run of the file."""
    (run,) = json.loads(render(given, rules, options))["runs"]
    assert isinstance(run, dict)
    return run


def result_of(finding: Diagnostic) -> dict[str, Any]:
    """The only result of a report with one finding."""
    (result,) = run_of(report(finding))["results"]
    assert isinstance(result, dict)
    return result


def physical(finding: Diagnostic) -> dict[str, Any]:
    location: dict[str, Any] = result_of(finding)["locations"][0]["physicalLocation"]
    return location


def rule_of(rule: Rule | Catalogued) -> dict[str, Any]:
    finding = replace(UNREAD, code=rule.code)
    (described,) = run_of(report(finding), rules={rule.code: rule})["tool"]["driver"]["rules"]
    assert isinstance(described, dict)
    return described


def strings(value: object) -> Iterator[str]:
    """Every string of a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def test_a_result_has_everything_that_is_known_of_it() -> None:
    expected = {
        "ruleId": "S3AP101",
        "ruleIndex": 0,
        "level": "error",
        "message": {
            "text": "granted by alias only; requests are authorised against the access point ARN, "
            "when HasName is false (the default) (see [the role that has no other grant](1))"
        },
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "solutions/template.yaml", "uriBaseId": "%SRCROOT%"},
                    "region": {
                        "startLine": 4,
                        "startColumn": 9,
                        "endLine": 4,
                        "endColumn": 41,
                        "snippet": {"text": '!Sub "arn:aws:s3:::${出力Alias}/*"'},
                    },
                    "contextRegion": {
                        "startLine": 4,
                        "snippet": {"text": '      - !Sub "arn:aws:s3:::${出力Alias}/*"  # 出力先'},
                    },
                },
                "logicalLocations": [{"fullyQualifiedName": "Resources/WriterRole/Properties/Policies/0/Resource"}],
            }
        ],
        "relatedLocations": [
            {"id": 1, **role_location("the role that has no other grant")},
        ],
        "codeFlows": [
            {
                "threadFlows": [
                    {
                        "locations": [
                            {"location": role_location("the role")},
                            {
                                "location": {
                                    "physicalLocation": {
                                        "artifactLocation": {
                                            "uri": "solutions/template.yaml",
                                            "uriBaseId": "%SRCROOT%",
                                        },
                                        "region": {
                                            "startLine": 5,
                                            "startColumn": 9,
                                            "endLine": 5,
                                            "endColumn": 19,
                                            "snippet": {"text": "!Ref Other"},
                                        },
                                        "contextRegion": {"startLine": 5, "snippet": {"text": "      - !Ref Other"}},
                                    }
                                }
                            },
                        ]
                    }
                ]
            }
        ],
        "fixes": [
            {
                "description": {"text": "Also grant the access point ARN"},
                "artifactChanges": [
                    {
                        "artifactLocation": {"uri": "solutions/template.yaml", "uriBaseId": "%SRCROOT%"},
                        "replacements": [
                            {
                                "deletedRegion": {"startLine": 5, "startColumn": 9, "endLine": 5, "endColumn": 9},
                                "insertedContent": {"text": "- !Ref Arn\n      "},
                            }
                        ],
                    }
                ],
            }
        ],
        "partialFingerprints": {
            "primaryLocationLineHash": "271789c17abda88f:1",
            "s3apLint/v1": "0123456789abcdef:1",
        },
        "properties": {
            "scenario": {
                "text": "when HasName is false (the default)",
                "conditions": {"HasName": False},
                "parameters": {"Name": ""},
                "default": True,
            }
        },
    }
    assert expected == result_of(ALIAS)


def role_location(note: str) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": "solutions/template.yaml", "uriBaseId": "%SRCROOT%"},
            "region": {
                "startLine": 2,
                "startColumn": 3,
                "endLine": 2,
                "endColumn": 13,
                "snippet": {"text": "WriterRole"},
            },
            "contextRegion": {"startLine": 2, "snippet": {"text": "  WriterRole:"}},
        },
        "message": {"text": note},
    }


def test_a_finding_of_which_little_is_known_leaves_out_the_rest() -> None:
    assert ["ruleId", "ruleIndex", "level", "message", "locations"] == list(result_of(UNREAD))


def test_the_run_names_its_tool_its_category_and_its_columns() -> None:
    given = run_of(report(unchecked=UNCHECKED[1:]))
    del given["tool"]["driver"]["rules"]
    expected = {
        "tool": {
            "driver": {
                "name": "s3ap-lint",
                "version": "0.1.0",
                "semanticVersion": "0.1.0",
                "informationUri": "https://pypi.org/project/s3ap-lint/",
            },
            "extensions": [
                {"name": "cfn-lint", "version": "1.58.0", "semanticVersion": "1.58.0"},
                {"name": "pyflakes", "version": "4.1.0", "semanticVersion": "4.1.0"},
            ],
        },
        "automationDetails": {"id": "s3ap-lint/solutions/"},
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The top level of the git repository."}}},
        "columnKind": "utf16CodeUnits",
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [
                    {
                        "level": "note",
                        "message": {"text": "Transform Acme: a macro may rewrite it"},
                        "locations": [
                            {
                                "physicalLocation": {
                                    "artifactLocation": {"uri": "solutions/other.yaml", "uriBaseId": "%SRCROOT%"}
                                }
                            }
                        ],
                    },
                    {
                        "level": "note",
                        "message": {"text": "boto3.client(name): the service is computed"},
                        "locations": [
                            {
                                "physicalLocation": {
                                    "artifactLocation": {"uri": "solutions/functions/app.py", "uriBaseId": "%SRCROOT%"},
                                    "region": {"startLine": 7},
                                }
                            }
                        ],
                    },
                ],
            }
        ],
        "results": [],
    }
    assert expected == given


def test_a_version_that_is_not_semantic_is_not_called_so() -> None:
    driver = run_of(report(tool=Tool("0.1.0.dev1")))["tool"]["driver"]
    assert ("0.1.0.dev1", False) == (driver["version"], "semanticVersion" in driver)


def test_an_engine_is_named_once() -> None:
    """The schema forbids two equal extensions, and GitHub the file with them."""
    engines = (("cfn-lint", "1.58.0"), ("cfn-lint", "1.58.0"))
    assert ["cfn-lint"] == [each["name"] for each in run_of(report(tool=Tool("0.1.0", engines)))["tool"]["extensions"]]


def test_a_notification_is_never_empty() -> None:
    (notification,) = run_of(report(unchecked=(Unchecked("", "", ""),)))["invocations"][0]["toolExecutionNotifications"]
    assert {"level": "note", "message": {"text": "not checked"}} == notification


def test_all_rules_that_ran_are_described_and_of_the_engines_those_that_found_something() -> None:
    """A rule that is missing would leave its alerts open; the engines have hundreds."""
    found = [replace(UNREAD, code="F401", name="unused-import"), UNREAD]
    run = run_of(report(*found))
    described = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert ["E3012", "F401", "S3AP101", "S3AP303"] == described
    assert ["F401", "E3012"] == [described[result["ruleIndex"]] for result in run["results"]]


def test_a_rule_is_described_in_the_words_of_its_page() -> None:
    page = "An alias is an address, not an authorisation.\n\nGrant the access point ARN as well."
    expected = {
        "id": "S3AP101",
        "name": "alias-only-grant",
        "shortDescription": {"text": "An alias is an address, not an authorisation."},
        "fullDescription": {"text": page},
        "help": {
            "text": page,
            "markdown": f"{page}\n\n`s3ap-lint explain S3AP101` shows an example, its repair, and how to silence it.",
        },
        "defaultConfiguration": {"level": "error"},
        "properties": {
            "precision": "high",
            "problem.severity": "error",
            "tags": ["security"],
            "security-severity": "7.5",
        },
    }
    assert expected == rule_of(RULES["S3AP101"])


def test_only_a_rule_about_permissions_makes_security_alerts() -> None:
    properties = rule_of(RULES["S3AP303"])["properties"]
    assert {"precision": "medium", "problem.severity": "warning", "tags": ["correctness", "strict"]} == properties


def test_an_engine_s_code_links_to_its_own_page() -> None:
    assert "https://example.org/E3012" == rule_of(RULES["E3012"])["helpUri"]


def test_descriptions_are_cut_to_what_github_takes_and_the_help_is_not() -> None:
    described = rule_of(Rule("S3AP1", "n" * 300, Severity.INFO, "0.1", "x" * 5000))
    assert [255, 1024, 1024, 5000, "note"] == [
        len(described["name"]),
        len(described["shortDescription"]["text"]),
        len(described["fullDescription"]["text"]),
        len(described["help"]["text"]),
        described["defaultConfiguration"]["level"],
    ]


def test_columns_count_utf16_units() -> None:
    """😀 is one code point and two units."""
    region = physical(replace(UNREAD, place=place("b", text="😀: b\n")))["region"]
    assert (5, 6) == (region["startColumn"], region["endColumn"])


def test_a_path_is_percent_encoded() -> None:
    uri = physical(replace(UNREAD, place=replace(UNREAD.place, path="出力 a%#/b.yaml")))["artifactLocation"]["uri"]
    assert "solutions/%E5%87%BA%E5%8A%9B%20a%25%23/b.yaml" == uri


def test_a_path_outside_the_repository_is_not_said_to_be_in_it() -> None:
    location = physical(replace(UNREAD, place=replace(UNREAD.place, path="../../other/b.yaml")))["artifactLocation"]
    assert {"uri": "../other/b.yaml"} == location


def test_a_live_stack_is_no_uri_scheme() -> None:
    """GitHub rejects a file with a scheme that is not the checkout's."""
    location = physical(replace(UNREAD, place=replace(UNREAD.place, path="stack:uc1")))["artifactLocation"]
    assert {"uri": "stack%3Auc1"} == location


def test_a_line_as_long_as_a_file_is_not_quoted() -> None:
    long = physical(replace(UNREAD, place=place("b", text="a" * 600 + "b")))
    assert (False, False) == ("snippet" in long["region"], "contextRegion" in long)


def test_brackets_in_a_message_are_no_link() -> None:
    odd = replace(ALIAS, message="see [this](9)", scenario=None, related=(place("WriterRole", "a[0]\\"),))
    assert "see [this\\](9) (see [a\\[0\\]\\\\](1))" == result_of(odd)["message"]["text"]


def test_a_related_place_without_a_note_is_linked_by_its_line() -> None:
    related = replace(ALIAS, message="x", scenario=None, related=(place("WriterRole"),))
    assert "x (see [template.yaml:2](1))" == result_of(related)["message"]["text"]


def test_related_places_and_links_have_a_limit() -> None:
    result = result_of(replace(ALIAS, related=(place("WriterRole", "r"),) * 2000, flow=(place("WriterRole"),) * 10_001))
    steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
    assert (100, 10, 10_000) == (
        len(result["relatedLocations"]),
        result["message"]["text"].count("](1") + 8,
        len(steps),
    )


def test_a_fix_in_two_files_has_a_change_for_each() -> None:
    edits = tuple(
        PlacedEdit(place("!Ref Other", path=path), text) for path, text in [("b", "1"), ("a", ""), ("b", "2")]
    )
    (fix,) = result_of(replace(ALIAS, fix=PlacedFix("Fix", Safety.SAFE, edits)))["fixes"]
    texts = [[edit.get("insertedContent") for edit in change["replacements"]] for change in fix["artifactChanges"]]
    assert [[None], [{"text": "1"}, {"text": "2"}]] == texts


def test_a_fix_without_edits_is_left_out() -> None:
    """GitHub rejects the whole file for a fix that changes nothing."""
    assert "fixes" not in result_of(replace(ALIAS, fix=PlacedFix("Think about it", Safety.MANUAL, ())))


def test_suppressed_findings_are_left_out_unless_asked_for() -> None:
    given = report(UNREAD, suppressed=(replace(ALIAS, reason="known"), replace(ALIAS, reason="")))
    assert 1 == len(run_of(given)["results"])
    suppressions = [result.get("suppressions") for result in run_of(given, WITH_SUPPRESSED)["results"]]
    assert [None, [{"kind": "inSource", "justification": "known"}], [{"kind": "inSource"}]] == suppressions


def test_two_findings_on_one_line_keep_github_s_hash_and_differ_in_ours() -> None:
    hashes = line_hashes(TEMPLATE.encode(), [4])
    twins = [replace(ALIAS, line_hash=hashes[4]), replace(ALIAS, line_hash=hashes[4], message="another")]
    fingerprints = [result["partialFingerprints"] for result in run_of(report(*twins))["results"]]
    assert [
        {"primaryLocationLineHash": hashes[4], "s3apLint/v1": "0123456789abcdef:1"},
        {"primaryLocationLineHash": hashes[4], "s3apLint/v1": "0123456789abcdef:2"},
    ] == fingerprints


@pytest.mark.parametrize("code", ["S3AP902", "S3AP906"])
def test_a_run_that_did_not_do_its_job_says_so(code: str) -> None:
    """GitHub then keeps the alerts of the last run, instead of closing those of a rule that crashed."""
    (invocation,) = run_of(report(replace(UNREAD, code=code)))["invocations"]
    assert (False, "error") == (invocation["executionSuccessful"], invocation["toolExecutionNotifications"][0]["level"])


def test_results_beyond_github_s_limit_are_left_out_least_severe_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MOST_RESULTS", 2)
    warning, error = UNREAD, ALIAS
    run = run_of(report(warning, error, warning, error, suppressed=(error,)), WITH_SUPPRESSED)
    assert ["S3AP101", "S3AP101"] == [result["ruleId"] for result in run["results"]]
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]
    assert "3 findings left out: GitHub takes 2 results" == notification["message"]["text"]


def test_a_full_run_satisfies_the_official_schema(sarif_schema: Validator) -> None:
    sarif_schema.validate(json.loads(full_run()))


def full_run() -> str:
    crashed = replace(UNREAD, code="S3AP902", name="rule-crashed", severity=Severity.ERROR)
    given = report(ALIAS, UNREAD, crashed, suppressed=(replace(UNREAD, reason="known"),), unchecked=UNCHECKED)
    return render(given, RULES, WITH_SUPPRESSED)


@given(report=reports, suppressed=st.booleans())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_report_satisfies_the_official_schema(sarif_schema: Validator, report: Report, suppressed: bool) -> None:
    """And its bytes are the same whatever the encoding of the output."""
    text = render(report, RULES, RenderOptions(sarif_suppressed=suppressed))
    document = json.loads(text)
    sarif_schema.validate(document)
    assert text.isascii()
    run = document["runs"][0]
    assert "" not in strings({key: part for key, part in run.items() if key != "results"})
    for result in run["results"]:
        assert "" not in strings({key: part for key, part in result.items() if key != "properties"})
        assert ":" not in result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]


def test_microsoft_s_validator_has_no_objection(sarif_multitool: Path, tmp_path: Path) -> None:
    """Errors and warnings of its SARIF and GitHub rules; SARIF2005 wants an informationUri, which is not known yet."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        pytest.skip("the validator is a program for Linux on x86_64")
    program = sarif_multitool / "Sarif.Multitool"
    program.chmod(0o755)
    file = tmp_path / "report.sarif"
    file.write_text(full_run(), encoding="ascii")
    command = [program, "validate", file, "--rule-kind", "Sarif;Ghas", "--level", "Error;Warning"]
    environment = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert "Analysis completed successfully" in done.stdout
    assert [] == [
        line
        for line in done.stdout.splitlines()
        if (": error" in line or ": warning" in line) and "SARIF2005" not in line
    ]


def test_the_category_does_without_a_folder_at_the_root() -> None:
    assert "s3ap-lint/" == run_of(report(paths=replace(PATHS, root="/")))["automationDetails"]["id"]
