"""JUnit XML: each finding a test that failed, in text that every XML parser takes."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

from hypothesis import given, settings
from render_samples import ALIAS, RULES, UNREAD, place, report, reports

from s3ap_lint.diagnostic import Diagnostic, Report
from s3ap_lint.offers import RenderOptions
from s3ap_lint.render import junit


def written(*findings: Diagnostic) -> str:
    return junit.render(report(*findings), RULES, RenderOptions())


def names(*findings: Diagnostic) -> list[str | None]:
    return [case.get("name") for case in ElementTree.fromstring(written(*findings)).iter("testcase")]


def test_a_finding_is_a_test_that_failed() -> None:
    """With what a reporter shows without the repository: the place, the sentence, the other places, the fix."""
    told = "granted by alias only; requests are authorised against the access point ARN"
    told += ", when HasName is false (the default)"
    assert f"""\
<?xml version="1.0" encoding="utf-8"?>
<testsuites>
  <testsuite name="s3ap-lint" tests="1" failures="1" errors="0" skipped="0">
    <testcase classname="solutions/template.yaml" name="S3AP101 {told}" file="solutions/template.yaml" line="4">
      <failure type="error" message="{told}">
solutions/template.yaml:4:9: S3AP101 alias-only-grant
{told}
solutions/template.yaml:2:3: the role that has no other grant
fix: Also grant the access point ARN
      </failure>
    </testcase>
  </testsuite>
</testsuites>
""" == written(ALIAS)


def test_nothing_found_is_a_test_that_passed() -> None:
    """A report without tests counts as broken: Jenkins fails the build, GitLab shows nothing."""
    expected = """\
<?xml version="1.0" encoding="utf-8"?>
<testsuites>
  <testsuite name="s3ap-lint" tests="1" failures="0" errors="0" skipped="0">
    <testcase classname="s3ap-lint" name="no findings"/>
  </testsuite>
</testsuites>
"""
    assert expected == written()


def test_a_repeated_name_is_numbered() -> None:
    """GitLab ignores a test whose class and name were there already."""
    again = replace(UNREAD, place=place("WriterRole"))
    assert ["E3012 'Other' is no string", "E3012 'Other' is no string (2)"] == names(UNREAD, again)


def test_what_xml_cannot_hold_is_replaced() -> None:
    """Markup is escaped; control characters and U+FFFF may not be there even escaped."""
    odd = replace(UNREAD, message='<b> & "c" \x00\x1b\uffff\ud800 出😀')
    assert ['E3012 <b> & "c" \ufffd\ufffd\ufffd\ufffd 出😀'] == names(odd)


@given(reports)
@settings(max_examples=40)
def test_any_report_is_xml_with_a_test_for_each_finding(any_report: Report) -> None:
    text = junit.render(any_report, RULES, RenderOptions())
    suite = ElementTree.fromstring(text.encode("utf-8"))[0]
    cases = {(case.get("classname"), case.get("name")) for case in suite}
    assert (len(cases), len(suite)) == (len(any_report.findings) or 1,) * 2
    assert [suite.get("tests"), suite.get("failures")] == [str(len(suite)), str(len(any_report.findings))]
