"""The quoted line and its carets, as a terminal shows them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from render_samples import places

from s3ap_lint.diagnostic import Place
from s3ap_lint.model import Location, Span
from s3ap_lint.render.excerpt import excerpt
from s3ap_lint.source import Source


def at(marked: str) -> Place:
    """The place between « and »."""
    before, rest = marked.split("«")
    inside, after = rest.split("»")
    start = len(before.encode())
    span = Span(start, start + len(inside.encode()))
    return Source("a", (before + inside + after).encode()).place(Location("a", span))


def quoted(marked: str, width: int = 80) -> str:
    return "\n".join(excerpt(at(marked), width))


def test_carets_stand_under_the_place() -> None:
    assert "key: value\n     ^^^^^" == quoted("key: «value»")


def test_wide_characters_take_two_columns() -> None:
    assert "出力: 先\n      ^^" == quoted("出力: «先»")


def test_a_combining_mark_takes_no_column() -> None:
    assert "e\u0301a\n ^" == quoted("e\u0301«a»")


def test_a_tab_is_shown_as_four_spaces() -> None:
    assert "    x    y\n         ^" == quoted("\tx\t«y»")


def test_a_place_of_no_width_gets_one_caret() -> None:
    assert "ab\n ^" == quoted("a«»b")


def test_a_place_behind_the_line_gets_one_caret_behind_it() -> None:
    assert "ab\n  ^" == quoted("ab«\n»cd")


def test_a_place_of_several_lines_is_underlined_to_the_end_of_its_first() -> None:
    assert "  a: b\n     ^" == quoted("  a: «b  \n  c: d»")


def test_the_end_of_a_place_on_a_later_line_does_not_cut_its_carets() -> None:
    assert "  a: bcdef\n     ^^^^^" == quoted("  a: «bcdef\n c»")


def test_a_place_in_blanks_at_the_end_of_a_line_gets_one_caret_behind_the_text() -> None:
    assert "ab\n  ^" == quoted("ab" + " " * 50 + "« »", 10)


def test_what_would_move_the_cursor_is_replaced() -> None:
    assert "\ufffd[2J\ufffdb\n     ^" == quoted("\x1b[2J\u202e«b»")


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("«ab»" + "c" * 50, "abcccccc…\n^^"),
        ("a" * 50 + "«bc»", "…aaaaaabc\n       ^^"),
        ("a" * 50 + "«b»" + "c" * 50, "…aaaabccc…\n     ^"),
        ("a" * 50 + "«" + "b" * 50 + "»" + "c" * 50, "…bbbbbbbb…\n ^^^^^^^^"),
        ("出" * 50 + "«b»" + "先" * 50, "…出出b先…\n     ^"),
    ],
)
def test_a_long_line_is_cut_around_the_place(marked: str, expected: str) -> None:
    assert expected == quoted(marked, 10)


def test_a_line_of_a_megabyte_is_cut_without_being_measured() -> None:
    assert "…aaaabccc…\n     ^" == quoted("a" * 500_000 + "«b»" + "c" * 500_000, 10)


@given(places())
def test_no_line_is_wider_than_asked_and_carets_are_never_missing(place: Place) -> None:
    line, carets = excerpt(place, 20)
    width = sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)
    assert (width <= 20, len(carets) <= 21, "^" in carets) == (True, True, True)
