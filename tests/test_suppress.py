"""What silences a finding, what silences nothing, and what is said about either."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3ap_lint import report
from s3ap_lint.config import Config
from s3ap_lint.diagnostic import Diagnostic
from s3ap_lint.directives import Directives, MetadataIgnore, python_directives, template_directives
from s3ap_lint.model import Edit, Location, Severity, Span
from s3ap_lint.source import Source
from s3ap_lint.source import apply as edited
from s3ap_lint.suppress import Applied, apply, names
from s3ap_lint.testing import installed

NAMES = {"S3AP101": "alias-only-grant", "S3AP303": "unread-variable", "F401": "F401"}


def found(source: Source, *places: str) -> list[Diagnostic]:
    """One finding for each `CODE@text`, where that text first stands."""
    out = []
    for item in places:
        code, text = item.split("@", 1)
        start = source.data.index(text.encode())
        place = source.place(Location(source.path, Span(start, start + len(text.encode()))))
        out.append(Diagnostic(code, NAMES.get(code, code), Severity.ERROR, f"{code} at {text}", place))
    return out


def said(diagnostics: Iterable[Diagnostic]) -> list[str]:
    return [f"{d.place.line}:{d.place.column} {d.code} {d.message}" for d in diagnostics]


def silenced(applied: Applied) -> list[str]:
    return [f"{d.message}: {d.reason}" for d in applied.suppressed]


def quoted_and_block(text: bytes) -> list[Span]:
    """The scalars of a YAML text that are written with quotes or as a block, as its parser sees them."""
    import yaml

    source = Source("t", text)
    spans = []
    for token in yaml.scan(source.text):
        if isinstance(token, yaml.ScalarToken) and token.style:
            start, end = token.start_mark.index, token.end_mark.index
            spans.append(Span(source.byte_offset(start), source.byte_offset(end)))
    return spans


def in_template(text: str, *places: str, ran: Iterable[str] = ("S3AP101", "S3AP303")) -> Applied:
    source = Source("template.yaml", text.encode())
    directives = template_directives(source, quoted_and_block(source.data))
    return apply(found(source, *places), [directives], lambda code: code in ran)


def in_python(text: str, *places: str, ran: Iterable[str] = ("S3AP303", "F401")) -> Applied:
    source = Source("handler.py", text.encode())
    return apply(found(source, *places), [python_directives(source)], lambda code: code in ran)


# -- comments in YAML -------------------------------------------------------------------------------


def test_a_comment_behind_the_place_silences_it_and_keeps_the_reason():
    text = "a: 1\nb: 2  # s3ap-lint: ignore[S3AP101] the bucket is ours\n"
    assert ["S3AP101 at b: 2: the bucket is ours"] == silenced(in_template(text, "S3AP101@b: 2"))


def test_a_comment_behind_one_line_says_nothing_of_the_next():
    applied = in_template("a: 1  # s3ap-lint: ignore[S3AP101] why\nb: 2\n", "S3AP101@b: 2")
    assert ["2:1 S3AP101 S3AP101 at b: 2"] == said(applied.kept)


def test_a_comment_of_its_own_covers_the_next_line_that_is_neither_blank_nor_a_comment():
    text = "a: 1\n# s3ap-lint: ignore[S3AP101] why\n# 説明\n\n  # more\nb: 2\nc: 3\n"
    applied = in_template(text, "S3AP101@a: 1", "S3AP101@b: 2", "S3AP101@c: 3")
    assert ["S3AP101 at b: 2: why"] == silenced(applied)
    assert ["S3AP101 at a: 1", "S3AP101 at c: 3"] == [d.message for d in applied.kept]


def test_comments_above_one_another_add_up():
    text = "# s3ap-lint: ignore[S3AP101] one\n# s3ap-lint: ignore[S3AP303] two\nb: 2\n"
    assert ["S3AP101 at b: 2: one", "S3AP303 at 2: two"] == silenced(in_template(text, "S3AP101@b: 2", "S3AP303@2"))


@pytest.mark.parametrize("written", ["S3AP101", "s3ap101", "S3AP1", "S3AP", "alias-only-grant", "Alias-Only-Grant"])
def test_a_code_its_beginning_and_the_rules_name_mean_the_same_finding(written: str):
    assert 1 == len(in_template(f"b: 2 # s3ap-lint: ignore[{written}] why\n", "S3AP101@b: 2").suppressed)


@pytest.mark.parametrize("written", ["S3AP102", "101", "alias-only", "S3AP1011", "grant"])
def test_other_codes_and_parts_of_names_mean_nothing(written: str):
    assert not names(written, "S3AP101", "alias-only-grant")


def test_several_codes_stand_in_one_pair_of_brackets():
    text = "b: 2 # s3ap-lint: ignore[ S3AP101 ,unread-variable ] both\n"
    assert [] == said(in_template(text, "S3AP101@b: 2", "S3AP303@2").kept)


@pytest.mark.parametrize("mark", ["why", ": why", "- why", "-- why", "— why"])
def test_a_reason_may_be_set_off(mark: str):
    assert ["S3AP101 at b: why"] == silenced(in_template(f"b: 2 # s3ap-lint: ignore[S3AP101]{mark}\n", "S3AP101@b"))


def test_a_reason_may_name_an_issue():
    text = "b: 2  # s3ap-lint: ignore[S3AP101] until #42 is done # noqa\n"
    assert ["S3AP101 at b: until #42 is done"] == silenced(in_template(text, "S3AP101@b"))


def test_a_finding_of_several_lines_is_silenced_at_its_first_line_only():
    text = "a:\n  - 1\n  - 2  # s3ap-lint: ignore[S3AP101] why\n"
    assert 1 == len(in_template(text, "S3AP101@a:\n  - 1\n  - 2").kept)
    text = "a:  # s3ap-lint: ignore[S3AP101] why\n  - 1\n  - 2\n"
    assert 1 == len(in_template(text, "S3AP101@a:  # s3ap-lint: ignore[S3AP101] why\n  - 1").suppressed)


def test_a_hash_inside_a_block_scalar_is_text():
    text = "code: |\n  # s3ap-lint: ignore[S3AP101] no\n  x = 1  # s3ap-lint: ignore[S3AP101] no\nb: 2\n"
    applied = in_template(text, "S3AP101@x = 1", "S3AP101@b: 2")
    assert ([], []) == (silenced(applied), said(applied.complaints))


@pytest.mark.parametrize("header", ["|", ">-", "!Sub |", "!Sub |2-"])
def test_a_comment_behind_the_header_of_a_block_scalar_covers_the_block(header: str):
    text = f"code: {header}  # s3ap-lint: ignore[S3AP101] why\n    x = 1\n    y = 2\n\nb: 2\n"
    applied = in_template(text, "S3AP101@y = 2", "S3AP101@b: 2")
    assert ["S3AP101 at y = 2: why"] == silenced(applied)
    assert ["5:1 S3AP101 S3AP101 at b: 2"] == said(applied.kept)


def test_a_comment_above_a_quoted_text_of_several_lines_covers_it():
    text = '# s3ap-lint: ignore[S3AP101] why\na: "one\n  two # s3ap-lint: ignore[S3AP303] three"\nb: 2\n'
    applied = in_template(text, "S3AP101@two", "S3AP101@b: 2")
    assert ["S3AP101 at two: why"] == silenced(applied)
    assert [] == said(applied.complaints)


def test_a_hash_inside_quotes_is_text():
    applied = in_template('a: "x # s3ap-lint: ignore[S3AP101] y"\n', "S3AP101@x")
    assert (1, []) == (len(applied.kept), said(applied.complaints))


def test_a_hash_that_touches_a_word_is_text():
    assert 1 == len(in_template("a: x#s3ap-lint:ignore[S3AP101]\n", "S3AP101@x").kept)


def test_an_example_in_a_comment_is_no_directive():
    assert [] == said(in_template("# write '# s3ap-lint: ignore[S3AP101] why' to silence it\na: 1\n").complaints)


def test_a_byte_order_mark_and_carriage_returns_do_not_matter():
    text = "\ufeff# s3ap-lint: ignore[S3AP101] why\r\na: 1\r\nb: 2  # s3ap-lint: ignore[S3AP101] 理由\r\n"
    assert ["S3AP101 at a: 1: why", "S3AP101 at b: 2: 理由"] == silenced(
        in_template(text, "S3AP101@a: 1", "S3AP101@b: 2")
    )


def test_the_last_line_needs_no_newline():
    source = Source("template.yaml", b"a: 1 # s3ap-lint: ignore[S3AP101] why")
    end = Diagnostic("S3AP101", "", Severity.ERROR, "at the end", source.place(Location("template.yaml", Span(37, 37))))
    assert ["at the end: why"] == silenced(apply([end], [template_directives(source)], lambda code: True))


def test_json_has_no_comments():
    source = Source("template.json", b'{\n  "a": " # s3ap-lint: ignore[S3AP101] why"\n}\n')
    assert Directives("template.json") == template_directives(source)


def test_a_directive_is_about_its_own_file():
    source, other = (Source(name, b"a: 1  # s3ap-lint: ignore[S3AP101] why\n") for name in ("a.yaml", "b.yaml"))
    applied = apply(found(other, "S3AP101@a: 1"), [template_directives(source)], lambda code: False)
    assert ["1:1 S3AP101 S3AP101 at a: 1"] == said(applied.kept)


# -- Metadata -----------------------------------------------------------------------------------------

JSON = b'{"Resources": {"A": {"Type": "T1"}, "B": {"Type": "T2"}}}'


def in_metadata(*entries: MetadataIgnore) -> Applied:
    source = Source("template.json", JSON)
    directives = template_directives(source, (), entries)
    return apply(found(source, "S3AP101@T1", "S3AP101@T2"), [directives], lambda code: True)


def test_metadata_of_a_resource_covers_the_resource():
    scope = Span(JSON.index(b'{"Type": "T1"'), JSON.index(b', "B"'))
    assert ["S3AP101 at T1: ours"] == silenced(in_metadata(MetadataIgnore("S3AP101", " ours ", scope, Span(1, 5))))


def test_metadata_at_the_top_covers_the_file():
    assert 2 == len(in_metadata(MetadataIgnore("alias-only-grant", "ours", None, Span(1, 5))).suppressed)


def test_unused_metadata_is_reported_at_its_entry_and_left_to_people():
    applied = in_metadata(MetadataIgnore("S3AP303", "ours", None, Span(1, 12)))
    message = "S3AP303 is ignored here, but not found; the next real finding would go unseen"
    assert [(f"1:2 S3AP903 {message}", None)] == [(*said([d]), d.fix) for d in applied.complaints]


def test_metadata_without_a_code_is_reported():
    why = "'' is neither a code nor a rule's name; write {code: CODE, reason: …}"
    assert [f"1:2 S3AP903 {why}"] == said(in_metadata(MetadataIgnore("", "ours", None, Span(1, 12))).complaints)


# -- Python -------------------------------------------------------------------------------------------


def test_a_comment_in_python_covers_its_line():
    text = "import os\nimport re  # s3ap-lint: ignore[F401] used by plugins\n"
    applied = in_python(text, "F401@import os", "F401@import re")
    assert ["F401 at import re: used by plugins"] == silenced(applied)


def test_a_comment_of_its_own_in_python_covers_the_next_line_also_inside_brackets():
    text = "x = [\n    # s3ap-lint: ignore[S3AP303] why\n    # 説明\n\n    a,\n    b,\n]\n"
    applied = in_python(text, "S3AP303@a,", "S3AP303@b,")
    assert ["S3AP303 at a,: why"] == silenced(applied)


def test_a_comment_behind_a_string_of_several_lines_covers_all_of_them():
    text = 'x = """\none # s3ap-lint: ignore[F401] no\n"""  # s3ap-lint: ignore[S3AP303] why\ny = 1\n'
    applied = in_python(text, "S3AP303@one", "S3AP303@y = 1", ran=("S3AP303", "F401"))
    assert (["S3AP303 at one: why"], ["4:1 S3AP303 S3AP303 at y = 1"]) == (silenced(applied), said(applied.kept))
    assert [] == said(applied.complaints)


def test_brackets_do_not_join_lines():
    text = "f(\n    a,\n    b,  # s3ap-lint: ignore[S3AP303] why\n)\n"
    assert ["S3AP303 at f("] == [d.message for d in in_python(text, "S3AP303@f(").kept]


def test_a_comment_that_looks_like_two_directives_is_two():
    text = "import re  # noqa: F401  # s3ap-lint: ignore[S3AP303] why\n"
    assert ["F401 at re: ", "S3AP303 at import re: why"] == silenced(in_python(text, "F401@re", "S3AP303@import re"))


def test_behind_a_syntax_error_no_directive_is_found_and_nothing_breaks():
    text = "import re  # noqa\nx = (\n  # s3ap-lint: ignore[F401] why\n'''\n"
    assert ["F401 at re: "] == silenced(in_python(text, "F401@re"))


@pytest.mark.parametrize(
    ("comment", "codes"),
    [
        ("# noqa", "F401 F841"),
        ("#noqa", "F401 F841"),
        ("# NoQA", "F401 F841"),
        ("# noqa: F401", "F401"),
        ("# noqa:F401", "F401"),
        ("# noqa: f401", "F401"),
        ("# noqa: F401,F841", "F401 F841"),
        ("# noqa: F401 F841", "F401 F841"),
        ("# noqa: F4", "F401"),
        ("# noqa: E501, F841 because", "F841"),
        ("# noqa: E501", ""),
        ("# noqa: because", "F401 F841"),
        ("# type: ignore  # noqa: F401", "F401"),
        ("# type: ignore", ""),
        ("# noqanda", ""),
        ("# see noqa", ""),
    ],
)
def test_noqa_means_what_it_means_to_flake8(comment: str, codes: str):
    applied = in_python(f"import re  {comment}\n", "F401@import re", "F841@re", "S3AP303@import")
    assert codes.split() == [d.code for d in applied.suppressed]
    assert [] == said(applied.complaints)


def test_noqa_says_nothing_of_codes_that_are_not_flake8s():
    applied = in_python("import re  # noqa\n", "E3012@import re", "S3AP303@import re", "ABCD1@re")
    assert ["E3012", "S3AP303", "ABCD1"] == [d.code for d in applied.kept]


def test_noqa_speaks_for_its_own_line_only():
    text = "# noqa\nimport re\n"
    assert ["F401"] == [d.code for d in in_python(text, "F401@import re").kept]


@pytest.mark.parametrize(
    ("comment", "codes"),
    [
        ("# flake8: noqa", "F401 F841"),
        ("# flake8: noqa: F841", "F841"),
        ("# Flake8=NoQA", "F401 F841"),
        ("# flake8", ""),
    ],
)
def test_flake8_noqa_is_about_the_whole_file(comment: str, codes: str):
    applied = in_python(f"import re\nx = 1\n{comment}\n", "F401@import re", "F841@x = 1")
    assert codes.split() == [d.code for d in applied.suppressed]


def test_an_unused_noqa_may_speak_to_another_tool():
    assert [] == said(in_python("import re  # noqa: F401\n").complaints)


def test_a_noqa_keeps_its_reason():
    assert ["F401 at re: plugins need it"] == silenced(
        in_python("import re  # noqa: F401 plugins need it\n", "F401@re")
    )


# -- complaints ---------------------------------------------------------------------------------------

UNSEEN = "ignored here, but not found; the next real finding would go unseen"


def test_a_directive_that_silences_nothing_is_reported_with_the_codes_that_did_not():
    text = "b: 2  # s3ap-lint: ignore[S3AP101, S3AP303] why\n"
    assert [f"1:7 S3AP903 S3AP303 is {UNSEEN}"] == said(in_template(text, "S3AP101@b: 2").complaints)
    assert [f"1:7 S3AP903 S3AP101 and S3AP303 are {UNSEEN}"] == said(in_template(text).complaints)


def test_what_was_not_looked_for_is_not_unused():
    text = "b: 2  # s3ap-lint: ignore[S3AP101, E3012] why\n"
    assert [f"1:7 S3AP903 S3AP101 is {UNSEEN}"] == said(in_template(text, ran=["S3AP101"]).complaints)
    assert [] == said(in_template(text, ran=[]).complaints)


def test_what_only_an_account_can_tell_is_never_unused(tmp_path):
    """Whether or not the companion is installed: its ignores stand in templates, and the linter sees no account."""
    config, registry = Config(tmp_path, tmp_path, tmp_path), installed()
    alone = replace(registry, rules={code: one for code, one in registry.rules.items() if not one.is_live_only})
    for there in (registry, alone):
        looked = report.looked_for(config, there, engines_ran=True)
        assert (False, True) == (looked("S3AP851"), report.known(there)("S3AP851"))
        assert looked("S3AP101")


def test_a_directive_with_nothing_below_it_silences_nothing():
    text = "b: 2\n# s3ap-lint: ignore[S3AP101] why\n"
    assert [f"2:1 S3AP903 S3AP101 is {UNSEEN}"] == said(in_template(text, "S3AP101@b: 2").complaints)


def test_a_directive_may_ask_not_to_be_judged():
    assert [] == said(in_template("b: 2  # s3ap-lint: ignore[S3AP101, S3AP903] depends on the region\n").complaints)
    assert [] == said(in_template("b: 2  # s3ap-lint: ignore[S3AP101, unused-ignore] depends\n").complaints)


def test_a_code_that_names_no_rule_is_reported():
    source = Source("template.yaml", b"b: 2  # s3ap-lint: ignore[S3AP1O1, S3AP101] why\n")
    applied = apply(
        found(source, "S3AP101@b"),
        [template_directives(source)],
        lambda code: True,
        known=lambda code: code == "S3AP101",
    )
    assert ["1:7 S3AP903 S3AP1O1 names no rule, so nothing is silenced"] == said(applied.complaints)


def test_a_directive_without_a_reason_is_reported_unless_it_is_unused_anyway():
    text = "b: 2  # s3ap-lint: ignore[S3AP101]\n"
    message = "S3AP101 ignored without a reason; nobody can tell when that may go"
    assert [f"1:7 S3AP904 {message}"] == said(in_template(text, "S3AP101@b: 2").complaints)
    assert [f"1:7 S3AP903 S3AP101 is {UNSEEN}"] == said(in_template(text).complaints)


@pytest.mark.parametrize(
    ("comment", "why"),
    [
        ("# s3ap-lint: ignore", "'# s3ap-lint: ignore' silences nothing"),
        ("# s3ap-lint: ignore S3AP101", "'# s3ap-lint: ignore S3AP101' silences nothing"),
        ("# s3ap-lint: disable=S3AP101", "'# s3ap-lint: disable=S3AP101' silences nothing"),
        ("# s3ap-lint ignore[S3AP101] why", "'# s3ap-lint ignore[S3AP101] why' silences nothing"),
        ("# s3ap_lint: ignore[S3AP101]", "'# s3ap_lint: ignore[S3AP101]' silences nothing"),
        ("# s3ap-lint: ignore[]", "no code stands between the brackets"),
        ("# s3ap-lint: ignore[*]", "'*' is neither a code nor a rule's name"),
        ("# s3ap-lint: ignore[S3AP101 S3AP303]", "'S3AP101 S3AP303' is neither a code nor a rule's name"),
    ],
)
def test_what_was_meant_as_a_directive_is_told_the_right_form(comment: str, why: str):
    applied = in_template(f"b: 2  {comment}\n", "S3AP101@b: 2")
    assert [f"1:7 S3AP903 {why}; write # s3ap-lint: ignore[CODE] reason"] == said(applied.complaints)
    assert 1 == len(applied.kept)


def test_talking_about_the_tool_is_no_directive():
    assert [] == said(in_template("# s3ap-lint finds this too\n# checked with s3ap-lint: yes\nb: 2\n").complaints)


def test_ignoring_either_of_two_codes_that_say_the_same_silences_both():
    source = Source("template.yaml", b"b: 2  # s3ap-lint: ignore[W1001] why\n")
    merged = {"S3AP202": ("W1001",)}
    applied = apply(
        found(source, "S3AP202@b"),
        [template_directives(source)],
        lambda code: True,
        also=lambda code: merged.get(code, ()),
    )
    assert (["S3AP202 at b: why"], []) == (silenced(applied), said(applied.complaints))


def test_one_file_read_twice_is_judged_once():
    source = Source("template.yaml", b"b: 2  # s3ap-lint: ignore[S3AP101] why\n")
    twice = [template_directives(source), template_directives(source)]
    assert 1 == len(apply([], twice, lambda code: True).complaints)


def repaired(text: str, *places: str) -> str:
    applied = in_template(text, *places)
    edits = [
        Edit(edit.place.path, Span(edit.place.start, edit.place.end), edit.text)
        for complaint in applied.complaints
        if complaint.fix
        for edit in complaint.fix.edits
    ]
    return edited(text.encode(), edits).decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("b: 2  # s3ap-lint: ignore[S3AP303] why\nc: 3\n", "b: 2\nc: 3\n"),
        ("a: 1\n  # s3ap-lint: ignore[S3AP303] why\nb: 2\n", "a: 1\nb: 2\n"),
        ("b: 2  # 出力先  # s3ap-lint: ignore[S3AP303] why\n", "b: 2  # 出力先\n"),
        ("b: 2  # s3ap-lint: ignore[S3AP303] why  # nosec\n", "b: 2  # nosec\n"),
        ("b: 2  # s3ap-lint: ignore[S3AP303, S3AP101] why\n", "b: 2  # s3ap-lint: ignore[S3AP101] why\n"),
        ("b: 2  # s3ap-lint: ignore[S3AP303] why\r\n", "b: 2\r\n"),
    ],
)
def test_the_fix_takes_away_what_is_unused_and_nothing_else(before: str, after: str):
    assert after == repaired(before, *(["S3AP101@b: 2"] if "S3AP101" in before else []))


def test_a_complaint_is_a_whole_finding():
    [complaint] = in_template("b: 2  # s3ap-lint: ignore[S3AP303] why\n").complaints
    assert ("unused-ignore", Severity.WARNING, "b: 2  # s3ap-lint: ignore[S3AP303] why") == (
        complaint.name,
        complaint.severity,
        complaint.place.excerpt,
    )
    assert re.fullmatch(r"[0-9a-f]{16}", complaint.fingerprint)


# -- laws ---------------------------------------------------------------------------------------------

LINES = st.sampled_from(
    [
        "a: 1",
        "b: 2  # s3ap-lint: ignore[S3AP101] why",
        "# s3ap-lint: ignore[S3AP303]",
        "# 説明",
        "",
        "c: |  # s3ap-lint: ignore[alias-only-grant] inline\n  # s3ap-lint: ignore[S3AP303]\n\n  x",
        'd: "# s3ap-lint: ignore[S3AP101]\n  more"',
        "e: x  # s3ap-lint: ignore",
    ]
)


@given(
    st.lists(LINES, max_size=12),
    st.lists(st.tuples(st.sampled_from(list(NAMES)), st.integers(0, 400), st.integers(0, 60))),
    st.sampled_from(["\n", "\r\n"]),
)
def test_every_finding_is_kept_or_silenced_and_complaints_lie_in_the_file(
    lines: list[str], spots: list[tuple[str, int, int]], ending: str
):
    source = Source("t.yaml", "\n".join(lines).replace("\n", ending).encode())
    diagnostics = [
        Diagnostic(
            code, NAMES[code], Severity.ERROR, f"{i}", source.place(Location("t.yaml", Span(start, start + size)))
        )
        for i, (code, start, size) in enumerate(spots)
    ]
    directives = template_directives(source, quoted_and_block(source.data) if valid(source) else ())
    applied = apply(diagnostics, [directives], lambda code: True)
    assert sorted(d.message for d in diagnostics) == sorted(d.message for d in (*applied.kept, *applied.suppressed))
    assert [d for d in diagnostics if d in applied.kept] == list(applied.kept)
    for complaint in applied.complaints:
        text = source.data[complaint.place.start : complaint.place.end].decode()
        assert text.startswith("# s3ap-lint") and not text.endswith(("\r", "\n"))


def valid(source: Source) -> bool:
    import yaml

    try:
        list(yaml.scan(source.text))
    except yaml.YAMLError:
        return False
    return True


@given(st.text("# s3ap-lint:ignore[S101],\n\"'|é\t", max_size=60))
def test_no_text_breaks_the_reading(text: str):
    for read in (template_directives, python_directives):
        for one in read(Source("x", text.encode())).found:  # type: ignore[operator]
            assert 0 <= one.place.start <= one.place.end <= len(text.encode())
