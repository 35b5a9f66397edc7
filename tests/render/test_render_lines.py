"""The formats that have one line for each finding."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from render_samples import ALIAS, RULES, UNREAD, place, report, reports

from s3ap_lint.diagnostic import Diagnostic, Report
from s3ap_lint.model import Severity
from s3ap_lint.offers import RenderOptions
from s3ap_lint.render import RENDERERS, concise, github

OPTIONS = RenderOptions()


def command(finding: Diagnostic) -> str:
    return github.render(report(finding), RULES, OPTIONS)


def test_concise_is_path_line_column_code_and_message() -> None:
    expected = """\
template.yaml:4:9: S3AP101 granted by alias only; requests are authorised against the access point ARN, \
when HasName is false (the default)
template.yaml:5:9: E3012 'Other' is no string
"""
    assert expected == concise.render(report(ALIAS, UNREAD), RULES, OPTIONS)


def test_concise_is_empty_when_nothing_was_found() -> None:
    assert "" == concise.render(report(), RULES, OPTIONS)


def test_a_workflow_command_has_the_path_from_the_git_top_level() -> None:
    expected = """\
::error file=solutions/template.yaml,line=4,endLine=4,col=9,endColumn=41,title=S3AP101 alias-only-grant::\
granted by alias only; requests are authorised against the access point ARN, when HasName is false (the default)
"""
    assert expected == command(ALIAS)


def test_a_workflow_command_counts_utf16_units() -> None:
    """😀 is one code point and two units."""
    text = "😀: b\n"
    assert ",col=5,endColumn=6," in command(replace(UNREAD, place=place("b", text=text)))


def test_a_place_of_several_lines_has_no_columns() -> None:
    finding = replace(UNREAD, place=place("WriterRole:\n    Resource"))
    assert "file=solutions/template.yaml,line=2,endLine=3,title=" in command(finding)


def test_a_workflow_command_escapes_what_would_end_it() -> None:
    odd = replace(UNREAD, name="a,b:c%", message="50% ::error::", place=replace(UNREAD.place, path="a,b:c.yaml"))
    expected = (
        "file=solutions/a%2Cb%3Ac.yaml,line=5,endLine=5,col=9,endColumn=19,title=E3012 a%2Cb%3Ac%25::50%25 ::error::\n"
    )
    assert f"::warning {expected}" == command(odd)


@pytest.mark.parametrize(("severity", "name"), [(Severity.ERROR, "error"), (Severity.INFO, "notice")])
def test_each_severity_has_its_command(severity: Severity, name: str) -> None:
    assert command(replace(UNREAD, severity=severity)).startswith(f"::{name} file=")


@given(reports)
def test_every_finding_is_one_line(report: Report) -> None:
    for renderer in (concise, github):
        assert len(report.findings) == len(renderer.render(report, RULES, OPTIONS).split("\n")) - 1


def test_every_format_has_a_name_and_a_line_of_help() -> None:
    assert ["text", "concise", "json", "sarif", "github", "gitlab", "junit"] == [
        renderer.name for renderer in RENDERERS
    ]
    assert all(renderer.summary for renderer in RENDERERS)
