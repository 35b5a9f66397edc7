"""Fixes are applied whole, in order, without clashes, until nothing changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

import pytest

from s3ap_lint.diagnostic import Diagnostic, Place, PlacedEdit, PlacedFix, Report
from s3ap_lint.errors import NotSettled
from s3ap_lint.model import Safety, Severity
from s3ap_lint.settle import Settled, choose, problems, settle


def finding(
    *edits: tuple[int, int, str], path: str = "notes.txt", safety: Safety = Safety.SAFE, said: str = ""
) -> Diagnostic:
    """A finding whose fix makes these edits: start, end and text."""
    placed = tuple(PlacedEdit(Place(path, start=start, end=end), text) for start, end, text in edits)
    at = Place(path, start=edits[0][0] if edits else 0)
    return Diagnostic("ACME001", "x", Severity.ERROR, said, at, fix=PlacedFix("Mend it", Safety.SAFE, placed))


def settled(text: str, rule: Callable[[str], Iterable[Diagnostic]], path: str = "notes.txt", **rest: object) -> Settled:
    """What settling one file under one rule comes to."""

    def look(changed: Mapping[str, bytes]) -> Report:
        return Report(tuple(rule(changed.get(path, text.encode()).decode())))

    return settle(look, lambda _: text.encode(), **rest)  # type: ignore[arg-type]


def doubled(text: str) -> Iterable[Diagnostic]:
    """Doubled letters, each to be made one; three in a row take two rounds."""
    return [finding((m.start(), m.start() + 2, m[1])) for m in re.finditer(r"(?=(\w)\1)", text)]


def test_fixes_are_applied_until_nothing_is_left():
    result = settled("aab cccc", doubled)
    assert {"notes.txt": b"ab c"} == result.files
    assert () == result.report.findings
    assert 4 == len(result.applied)


def test_nothing_to_do_changes_nothing():
    assert {} == settled("abc", doubled).files


def test_of_two_fixes_that_overlap_the_earlier_goes_first():
    first, second, third = finding((0, 4, "x")), finding((3, 6, "y")), finding((6, 8, "z"))
    assert [first, third] == choose([first, second, third])


def test_two_insertions_at_one_place_clash_and_replacements_side_by_side_do_not():
    one, other = finding((5, 5, "x")), finding((5, 5, "y"))
    assert [one] == choose([one, other])
    assert 2 == len(choose([finding((0, 3, "x")), finding((3, 6, "y"))]))


def test_an_insertion_at_the_edge_of_a_replacement_waits():
    assert 1 == len(choose([finding((0, 3, "x")), finding((3, 3, "y"))]))


def test_a_fix_is_applied_whole_or_not_at_all():
    first, second = finding((0, 2, "x")), finding((1, 2, "y"), (8, 9, "z"))
    assert [first] == choose([first, second])


def test_edits_in_different_files_do_not_clash():
    assert 2 == len(choose([finding((0, 2, "x")), finding((0, 2, "x"), path="other.txt")]))


def test_a_fix_without_edits_is_for_a_person():
    assert [] == choose([finding()])
    assert {} == settled("abc", lambda text: [finding()]).files


def test_only_wanted_fixes_are_applied():
    result = settled("aa", doubled, wanted=lambda finding: finding.message != "")
    assert {} == result.files
    assert 1 == len(result.report.findings)


def test_fixes_that_undo_each_other_end_with_their_names():
    def rule(text: str) -> Iterable[Diagnostic]:
        return [finding((0, 1, "b" if text == "a" else "a"))]

    with pytest.raises(NotSettled, match=r"after 10 rounds fixes still change files \(ACME001 in notes.txt\)"):
        settled("a", rule)


def test_a_fix_that_breaks_python_is_refused_and_the_others_are_applied():
    def rule(text: str) -> Iterable[Diagnostic]:
        broken = [finding((0, 1, "(("), path="a.py", said="breaks")] if text.startswith("x") else []
        return broken + [finding((m.start(), m.end(), "z"), path="a.py") for m in re.finditer("y", text)]

    result = settled("x = y\n", rule, path="a.py")
    assert {"a.py": b"x = z\n"} == result.files
    assert ["breaks"] == [one.message for one in result.refused]


def test_a_fix_that_breaks_a_file_beside_another_waits_for_the_next_round():
    """Both add the key; once one has, the other is not needed."""

    def missing(text: str) -> Iterable[Diagnostic]:
        ends = [] if "b:" in text else [0, len(text)]
        return [finding((end, end, "b: 1\n"), path="a.yaml") for end in ends]

    result = settled("a: 1\n", missing, "a.yaml")
    assert ({"a.yaml": b"b: 1\na: 1\n"}, ()) == (result.files, result.refused)


def test_one_fix_of_many_that_breaks_a_file_is_found_without_trying_each(monkeypatch: pytest.MonkeyPatch):
    tried: list[bytes] = []

    def counted(path: str, data: bytes) -> int | None:
        tried.append(data)
        return problems(path, data)

    monkeypatch.setattr("s3ap_lint.settle.problems", counted)
    text = "x = 1\n" * 500

    def rule(text: str) -> Iterable[Diagnostic]:
        news = [(m.start(), "(" if m.start() == 600 else "y") for m in re.finditer("x", text)]
        return [finding((at, at + 1, new), path="a.py") for at, new in news]

    result = settled(text, rule, "a.py")
    assert (499, 1) == (len(result.applied), len(result.refused))
    assert len(tried) < 40


def test_a_fix_whose_own_edits_overlap_is_refused():
    result = settled("abc", lambda text: [finding((0, 2, "x"), (1, 3, "y"))])
    assert {} == result.files
    assert 1 == len(result.refused)


def test_a_fix_that_writes_a_key_twice_is_refused():
    text = "Resources:\n  A: {Type: x}\n"

    def rule(now: str) -> Iterable[Diagnostic]:
        return [finding((len(now), len(now), "  A: {Type: y}\n"), path="t.yaml")]

    result = settled(text, rule, path="t.yaml")
    assert {} == result.files
    assert 1 == len(result.refused)


def test_a_file_that_never_parsed_may_be_mended():
    def rule(now: str) -> Iterable[Diagnostic]:
        return [finding((0, 1, ""), path="a.py")] if now.startswith("(") else []

    assert {"a.py": b"x = 1\n"} == settled("(x = 1\n", rule, path="a.py").files


def test_syntax_is_judged_by_the_kind_of_file():
    assert (None, 0) == (problems("a.py", b"def f("), problems("a.py", b"def f(): ..."))
    assert (None, 1, 0) == (
        problems("a.yaml", b"[: {"),
        problems("a.yaml", b"a: 1\na: 2\n"),
        problems("a.yaml", b"a: 1\n"),
    )
    assert 0 == problems("Makefile", b"\0")
