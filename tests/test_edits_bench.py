"""The bench of edits finds nothing wrong on the fixtures, and would."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))  # the bench is no part of the package

from bench.edits.dresses import dresses  # noqa: E402
from bench.edits.judge import Subject  # noqa: E402
from bench.edits.operations import OPERATIONS, Attempt  # noqa: E402
from bench.edits.reader import comments  # noqa: E402
from bench.edits.try_all import templates, trials  # noqa: E402
from s3ap_lint.model import Edit, Span  # noqa: E402
from s3ap_lint.source import Source  # noqa: E402

TEXT = b"""\
A:  # first
  - a  # one
  - |  # two
    text # no comment
B: "x"
"""


@pytest.mark.parametrize("folder", ["payments", "library"])
def test_every_edit_of_a_fixture_is_right(folder: str) -> None:
    found = [
        trial
        for path, data in templates(REPOSITORY / "fixtures" / folder, 3)
        for trial in trials(path, data, list(OPERATIONS), places=1, plain=False)
    ]
    assert len(found) > 100
    assert [] == [
        (trial.operation, trial.dress, trial.at, trial.verdict.wrong) for trial in found if trial.verdict.wrong
    ]


def test_a_dress_changes_how_a_template_looks_and_not_what_it_says() -> None:
    text = b"A:\n  - a: 1\n    b: |\n      x\n       y\nC: 1\n"
    dressed = dict(dresses(text))
    assert b"A:\n- a: 1\n  b: |\n    x\n     y\nC: 1\n" == dressed["flush lists"]
    assert b"A:\n    -   a: 1\n        b: |\n            x\n             y\nC: 1\n" == dressed["four spaces"]
    assert {"CRLF", "no final newline", "JSON with tabs"} <= dressed.keys()


def test_comments_are_what_stands_between_the_tokens() -> None:
    assert ["# first", "# one", "# two"] == [text for _, text in comments(TEXT)]


@pytest.mark.parametrize(
    ("start", "end", "text", "wrong"),
    [
        (b"a ", b" #", "b", "says something else"),
        (b"  # first", b"\n", "", "a comment is lost: # first"),
        (b"B", b'"x"\n', 'B: "x"', "the final newline differs"),
        (b"B", b'"x"\n', 'B: "x"\r\n', "line endings differ"),
        (b"B", b'"x"', "B: [", "cannot be read"),
        (b"a ", b"- |", "'a'  # one\n  - |+", "more than one line changed, though something is only added"),
    ],
)
def test_a_wrong_edit_is_seen(start: bytes, end: bytes, text: str, wrong: str) -> None:
    at = TEXT.index(start)
    edit = Edit("x.yaml", Span(at, TEXT.index(end, at) + len(end) * (end not in {b" #", b"\n"})), text)
    subject = Subject("x.yaml", TEXT)
    assert subject.top is not None
    nothing = Attempt(lambda source: edit, lambda data: None, adds=True)
    assert any(said.startswith(wrong) for said in subject.try_(subject.top, nothing).wrong)


def test_what_is_not_undone_to_the_byte_is_seen() -> None:
    subject = Subject("x.yaml", TEXT)
    assert subject.top is not None
    insertion = Edit("x.yaml", Span(len(TEXT), len(TEXT)), "C: 1\n")
    attempt = Attempt(lambda source: insertion, lambda data: data.update(C=1), adds=True)

    def back(removed: Span) -> bool | None:
        undo = replace(attempt, undo=lambda top, source: Edit(source.path, removed, ""))
        assert subject.top is not None
        return subject.try_(subject.top, undo).undone

    assert back(Span(len(TEXT), len(TEXT) + 5)) is True
    assert back(Span(len(TEXT) - 1, len(TEXT) + 5)) is False
    assert subject.try_(subject.top, attempt).undone is None


def test_a_refusal_has_its_reason() -> None:
    text = b"A: &a [1]\nB: *a\nC: !Ref x\n"
    subject = Subject("x.yaml", text)
    assert subject.top is not None

    def why(*path: str) -> str:
        node = subject.top
        assert node is not None
        for key in path:
            node = node[key]
        return subject.try_(node, Attempt(lambda source: None, lambda data: data.update(D=1))).refused

    assert "within an anchor" == why("A")
    assert "reached by an alias or merge" == why("B")
    assert "argument of a short tag" == why("C", "Ref")
    assert "holds an alias or merge" == why()
    unchanged = Attempt(lambda source: None, lambda data: None)
    assert "nothing would change" == subject.try_(subject.top, unchanged).refused
    assert isinstance(subject.source, Source)
