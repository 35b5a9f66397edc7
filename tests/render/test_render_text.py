"""What a person reads, compared whole."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from render_samples import ALIAS, HAS_NAME, RULES, UNCHECKED, UNREAD, place, report, reports

from s3ap_lint.diagnostic import Paths, PlacedFix, Report, Stats, Tool
from s3ap_lint.model import Safety, Severity, Unchecked
from s3ap_lint.offers import RenderOptions
from s3ap_lint.render.text import render

ELSEWHERE = replace(ALIAS, place=replace(ALIAS.place, path="uc2/template.yaml"), related=())
QUIET = RenderOptions(quiet=True)


def findings_of(*findings: object, **parts: object) -> str:
    return render(report(*findings, **parts), RULES, QUIET)  # type: ignore[arg-type]


def summary_of(*findings: object, verbose: bool = False, **parts: object) -> str:
    text = render(report(*findings, **parts), RULES, RenderOptions(verbose=verbose))  # type: ignore[arg-type]
    return text.split("\n\n")[-1]


def test_a_report_is_one_block_for_each_cause_and_a_summary() -> None:
    given = report(ALIAS, UNREAD, ELSEWHERE, suppressed=(replace(UNREAD, reason="known"),), unchecked=UNCHECKED)
    expected = """\
template.yaml:4:9 error S3AP101 alias-only-grant
  granted by alias only; requests are authorised against the access point ARN
     4 |       - !Sub "arn:aws:s3:::${出力Alias}/*"  # 出力先
       |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  when HasName is false (the default)
  template.yaml:2:3: the role that has no other grant
  fix to review: Also grant the access point ARN
  the same in 1 more place:
    uc2/template.yaml:4:9 Resources/WriterRole

template.yaml:5:9 warning E3012 value-type
  'Other' is no string
     5 |       - !Ref Other
       |         ^^^^^^^^^^

2 errors and 1 warning in 2 files, 1 suppressed
fixable: 2 with --unsafe-fixes (to be reviewed)
checked 2 templates, 1 Python file, 1 application; joined 2 of 3 functions to their code
could not check 3 things (-v lists them):
  2 × a macro may rewrite it
  1 × the service is computed
s3ap-lint 0.1.0 with cfn-lint 1.58.0 and pyflakes 4.1.0
help: s3ap-lint explain S3AP101
"""
    assert expected == render(given, RULES, RenderOptions())


def test_a_verbose_report_shows_the_way_the_suppressed_and_the_unchecked() -> None:
    given = report(ALIAS, suppressed=(replace(UNREAD, reason="known"),), unchecked=UNCHECKED)
    expected = """\
template.yaml:4:9 error S3AP101 alias-only-grant
  granted by alias only; requests are authorised against the access point ARN
     4 |       - !Sub "arn:aws:s3:::${出力Alias}/*"  # 出力先
       |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  when HasName is false (the default)
  template.yaml:2:3: the role that has no other grant
  1. template.yaml:2:3: the role
  2. template.yaml:5:9
  fix to review: Also grant the access point ARN

1 error in 1 file, 1 suppressed
  suppressed: template.yaml:5:9 E3012 value-type: known
fixable: 1 with --unsafe-fixes (to be reviewed)
checked 2 templates, 1 Python file, 1 application; joined 2 of 3 functions to their code
could not check 3 things:
  template.yaml:1: Transform Acme: a macro may rewrite it
  other.yaml: Transform Acme: a macro may rewrite it
  functions/app.py:7: boto3.client(name): the service is computed
s3ap-lint 0.1.0 with cfn-lint 1.58.0 and pyflakes 4.1.0
help: s3ap-lint explain S3AP101
"""
    assert expected == render(given, RULES, RenderOptions(verbose=True))


def test_quiet_prints_findings_only_and_nothing_when_there_are_none() -> None:
    assert "" == findings_of(unchecked=UNCHECKED)
    assert findings_of(UNREAD).endswith("^^^^^^^^^^\n")


def test_nothing_found_is_said() -> None:
    assert "no findings\nchecked 0 templates, 0 Python files, 0 applications\n" == summary_of(
        stats=Stats(), tool=Tool("")
    )


def test_only_findings_with_all_of_the_explanation_in_common_share_it() -> None:
    others = [
        replace(ELSEWHERE, message="another message"),
        replace(ELSEWHERE, severity=Severity.WARNING),
        replace(ELSEWHERE, scenario=None),
        replace(ELSEWHERE, fix=None),
        replace(ELSEWHERE, code="S3AP102"),
    ]
    for other in others:
        assert "the same in" not in findings_of(ALIAS, other)


def test_messages_that_differ_only_in_the_name_of_their_subject_share_an_explanation() -> None:
    first = replace(ALIAS, message="WriterRole (WriterRole2) has no grant")
    second = replace(
        ELSEWHERE, message="ReaderRole (WriterRole2) has no grant", logical_path="Resources/ReaderRole/Properties"
    )
    third = replace(second, message="ReaderRole (ReaderRole2) has no grant")
    assert "the same in 1 more place:\n    uc2/template.yaml:4:9 Resources/ReaderRole\n" in findings_of(first, second)
    assert "the same in" not in findings_of(first, third)


def test_the_order_does_not_depend_on_the_order_of_the_findings() -> None:
    assert findings_of(ALIAS, UNREAD, ELSEWHERE) == findings_of(ELSEWHERE, UNREAD, ALIAS)


@pytest.mark.parametrize(
    ("safety", "label"), [(Safety.SAFE, "fix"), (Safety.REVIEW, "fix to review"), (Safety.MANUAL, "fix by hand")]
)
def test_a_fix_says_how_far_it_may_be_trusted(safety: Safety, label: str) -> None:
    fix = PlacedFix("Quote it", safety, ())
    assert f"\n  {label}: Quote it\n" in findings_of(replace(ALIAS, fix=fix))


def test_fixes_are_counted_by_the_option_that_applies_them() -> None:
    edits = ALIAS.fix.edits if ALIAS.fix else ()
    fixed = [replace(UNREAD, fix=PlacedFix("Quote it", safety, edits)) for safety in Safety]
    without_edits = replace(UNREAD, fix=PlacedFix("Think", Safety.SAFE, ()))
    expected = "\nfixable: 1 with --fix, 1 with --unsafe-fixes (to be reviewed) and 1 by hand\n"
    assert expected in summary_of(*fixed, without_edits)


def test_a_scenario_that_is_not_the_default_names_its_parameters() -> None:
    scenario = replace(HAS_NAME, text="HasName is true", parameters=(("Name", "x"), ("Stage", "dev")), default=False)
    assert "\n  when HasName is true, for example with Name='x' and Stage='dev'\n" in findings_of(
        replace(ALIAS, scenario=scenario)
    )


def test_a_scenario_that_the_message_tells_is_not_told_again() -> None:
    finding = replace(ALIAS, message="no grant when HasName is false (the default)")
    assert 1 == findings_of(finding).count("when HasName")


def test_paths_are_relative_to_the_working_directory() -> None:
    shown = findings_of(UNREAD, paths=Paths("/repo/app", "/repo/docs", "/repo"))
    assert shown.startswith("../app/template.yaml:5:9 ")


def test_a_live_stack_is_named_as_it_is() -> None:
    stack = replace(UNREAD, place=replace(UNREAD.place, path="stack:uc1@ap-northeast-1", excerpt=""))
    expected = "stack:uc1@ap-northeast-1:5:9 warning E3012 value-type\n  'Other' is no string\n"
    assert expected == findings_of(stack, paths=Paths("/repo", "/elsewhere", "/repo"))


def test_a_message_stays_on_its_line_and_leaves_the_terminal_alone() -> None:
    finding = replace(UNREAD, message="one\ntwo \x1b[31mred\u202e", place=replace(UNREAD.place, excerpt=""))
    assert "template.yaml:5:9 warning E3012 value-type\n  one two \ufffd[31mred\ufffd\n" == findings_of(finding)


def test_colors_are_there_only_when_asked_for() -> None:
    given = report(ALIAS, UNREAD, replace(UNREAD, severity=Severity.INFO), unchecked=UNCHECKED)
    colored = render(given, RULES, RenderOptions(color=True))
    assert {"1;31", "1;33", "1;36", "1", "2", "32", "0"} == set(re.findall(r"\x1b\[([0-9;]+)m", colored))
    assert render(given, RULES, RenderOptions()) == re.sub(r"\x1b\[[0-9;]+m", "", colored)


def test_lines_are_cut_to_the_width_of_the_terminal() -> None:
    long = replace(UNREAD, place=place("x" * 30, text="x" * 300))
    cut = f"     1 | {'x' * 49}…\n       | {'^' * 30}\n"
    assert render(report(long), RULES, RenderOptions(width=60, quiet=True)).endswith(cut)


def test_many_reasons_are_cut_short() -> None:
    unchecked = tuple(Unchecked("a.yaml", "x", f"reason {number:02}") for number in range(13))
    shown = summary_of(unchecked=unchecked)
    assert ("  1 × reason 09\n  and 3 other reasons\n" in shown, "reason 10" in shown) == (True, False)


def test_help_is_offered_only_for_codes_that_have_a_page() -> None:
    unknown = replace(UNREAD, code="X1")
    assert ("help:" in summary_of(unknown), "explain E3012" in summary_of(unknown, UNREAD)) == (False, True)


@given(reports)
def test_any_report_can_be_read(report: Report) -> None:
    """No line moves the cursor, every code is shown, and the text ends in one newline."""
    text = render(report, RULES, RenderOptions(verbose=True))
    assert (set("\x1b\r\u202e") & set(text), text[-1], text[-2] == "\n") == (set(), "\n", False)
    assert all(finding.code in text for finding in report.findings)
