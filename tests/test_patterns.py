"""Covering, against every way to fill the holes."""

from __future__ import annotations

import fnmatch
import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3ap_lint.patterns import Covers, covers
from s3ap_lint.template.values import Filler, Hole, Piece

FILLS = ["", "a", "b", "ab", "ba", "aa"]
HOLES = [Hole(name, Filler.PARAMETER) for name in "PQ"]

text = st.text("ab", max_size=3)
wild = st.text("ab*?", max_size=4)


def pieces(literal: st.SearchStrategy[str]) -> st.SearchStrategy[list[Piece]]:
    return st.lists(st.one_of(literal, st.sampled_from(HOLES)), max_size=4)


def filled(parts: list[Piece], values: dict[str, str]) -> str:
    return "".join(values[part.name] if isinstance(part, Hole) else part for part in parts)


def pattern_of(parts: list[Piece], values: dict[str, str]) -> str:
    """A regular expression; what fills a hole is text, also where it looks like a wildcard."""
    return "".join(
        re.escape(values[part.name]) if isinstance(part, Hole) else fnmatch.translate(part)[4:-3] for part in parts
    )


@settings(max_examples=5000, deadline=None)
@given(pieces(wild), pieces(text))
def test_yes_means_always_and_no_means_never(grant: list[Piece], wanted: list[Piece]) -> None:
    """Against all fillings of two holes with six texts each."""
    answer = covers(grant, wanted)
    truths = set()
    for fills in itertools.product(FILLS, repeat=2):
        values = dict(zip("PQ", fills, strict=True))
        truths.add(re.fullmatch(pattern_of(grant, values), filled(wanted, values), re.DOTALL) is not None)
    if answer is Covers.YES:
        assert truths == {True}
    elif answer is Covers.NO:
        assert truths == {False}


@settings(max_examples=2000, deadline=None)
@given(wild, text)
def test_without_holes_it_is_a_glob(grant: str, wanted: str) -> None:
    """And never perhaps."""
    expected = Covers.YES if fnmatch.fnmatchcase(wanted, grant) else Covers.NO
    assert expected is covers([grant], [wanted])


BUCKET, OTHER = HOLES


@pytest.mark.parametrize(
    ("expected", "grant", "wanted"),
    [
        (Covers.YES, ["arn:aws:s3:::", BUCKET, "/*"], ["arn:aws:s3:::", BUCKET, "/key"]),
        (Covers.PERHAPS, ["arn:aws:s3:::", BUCKET, "/*"], ["arn:aws:s3:::", OTHER, "/key"]),
        (Covers.PERHAPS, ["arn:aws:s3:::", BUCKET], ["arn:aws:s3:::logs"]),
        (Covers.NO, ["arn:aws:s3:::", BUCKET], ["arn:aws:sqs:::logs"]),
        (Covers.YES, ["*"], ["arn:aws:s3:::", BUCKET]),
        (Covers.YES, ["arn:*:s3:*:*:accesspoint/*"], ["arn:aws:s3:eu-west-1:1:accesspoint/", BUCKET, "/object/k"]),
    ],
)
def test_grants_are_told_apart_by_their_holes(expected: Covers, grant: list[Piece], wanted: list[Piece]) -> None:
    """The same hole is the same value on both sides."""
    assert expected is covers(grant, wanted)
