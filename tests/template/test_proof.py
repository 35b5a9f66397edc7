"""What is proven on a piece of a text is true of the whole; where a piece cannot tell, the whole is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from s3ap_lint.model import Edit, Span
from s3ap_lint.source import Source
from s3ap_lint.template.document import parse
from s3ap_lint.template.pieces import Change, in_blocks, in_json
from s3ap_lint.template.proof import Proof


@dataclass(frozen=True)
class Made:
    """What becomes of one entry."""

    key: str
    apply: Callable[[Any, int], None]
    drops: bool = False


def assign(key: str, value: object) -> Made:
    return Made(key, lambda there, _: there.update({key: value}))


def drop(key: str) -> Made:
    return Made(key, lambda there, _: there.pop(key), drops=True)


def proof(text: str, path: str, made: Made) -> Proof:
    source = Source("template.yaml", text.encode())
    node = parse(source).top
    assert node is not None
    for step in filter(None, path.split("/")):
        node = node[int(step)] if node.is_sequence else node[step]
    return Proof(source, text.startswith(("{", "[")), Change(node, made.apply, made.key, made.drops))


def draft(text: str, old: str, new: str) -> Edit:
    """The edit that writes one text over another, which stands once in the text."""
    assert text.count(old) == 1
    start = len(text[: text.index(old)].encode())
    return Edit("template.yaml", Span(start, start + len(old.encode())), new)


def pieces(asked: Proof, edit: Edit) -> list[str]:
    """The texts that may be read in place of the whole, smallest first."""
    found = (in_json if asked.is_json else in_blocks)(asked.source, asked.change, edit.span)
    return [asked.source.data[piece.span.start : piece.span.end].decode() for piece in found]


TEMPLATE = """\
Parameters:
  Alias: {Type: String}
Resources:
  # the role
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
      - PolicyName: x
        Size: 1  # one

      - PolicyName: y
  Other:
    Type: T
"""


def test_a_change_is_read_with_the_entry_around_it_only() -> None:
    asked = proof(TEMPLATE, "Resources/Role/Properties/Policies/0", assign("Size", 2))
    edit = draft(TEMPLATE, "1  #", "2  #")
    assert ["        Size: 1  # one\n\n", "      - PolicyName: x\n        Size: 1  # one\n\n"] == pieces(asked, edit)[
        :2
    ]
    assert asked.holds(edit) and asked.holds_in_whole(edit)


def test_in_json_brackets_stand_in_for_the_rest() -> None:
    text = '{"A": {"b": 1, "c": [2, 3], "d": 4}, "E": 5}'
    asked = proof(text, "A", assign("c", 0))
    edit = draft(text, "[2, 3]", "0")
    assert ['"c": [2, 3], '] == pieces(asked, edit)
    assert asked.holds(edit)
    assert not asked.holds(draft(text, "[2, 3]", "1"))


def test_where_the_first_entry_goes_the_second_is_read_too() -> None:
    text = "A: 1\n# about B\nB: 2\nC: 3\n"
    asked = proof(text, "", drop("A"))
    assert ["A: 1\n# about B\nB: 2\n"] == pieces(asked, draft(text, "A: 1\n# about B\n", ""))
    assert asked.holds(draft(text, "A: 1\n", ""))


@pytest.mark.parametrize(
    ("text", "path", "made", "old", "new"),
    [
        pytest.param("A: 1\nB: 2\n", "", assign("A", 9), "1\n", "9", id="the end of the line is gone"),
        pytest.param("A: 1\nB: 2\n", "", assign("A", 9), "1\n", "9\n...\n", id="the document ends"),
        pytest.param("A: 1\nB: 2\n", "", assign("A", 9), "1\n", "9\n---\n", id="another document begins"),
        pytest.param("A: &a\n  b: 1\nB: *a\n", "A", assign("b", 2), "1", "2", id="an alias repeats it"),
        pytest.param("A:\n  b: &a 1\nB: *a\n", "A", assign("b", 2), "&a 1", "2", id="an alias needs it"),
        pytest.param("A: &a 1\nB: x\nC: *a\n", "", assign("B", 2), "x", "&a 2", id="an alias means something else"),
        pytest.param("A: |\n  a\nB: 1\n  # b\nC: 1\n", "", drop("B"), "B: 1\n", "", id="a comment becomes text"),
        pytest.param("A:\n  b: 1\n  c: 2\n  d: 3\n", "A", drop("b"), "  b: 1\n", "  ", id="an entry moves"),
        pytest.param("A:\n  b: 1\n  c: 2\n  d: 3\n", "A", drop("b"), "  b: 1\n  ", "", id="an entry moves out"),
        pytest.param("A: 1\nB: 2\nA: 3\n", "", drop("A"), "A: 3\n", "", id="an earlier entry comes to light"),
        pytest.param('{"Z": 0, "A": 1, "B": 2, "A": 3}', "", drop("A"), ', "A": 3', "", id="the same in JSON"),
        pytest.param("A: &a {b: 1}\nC:\n  <<: *a\n  b: 2\n  d: 3\n", "C", drop("b"), "  b: 2\n", "", id="a merged one"),
        pytest.param("%TAG ! tag:x,2000:\n---\nA: 1\n", "", assign("A", {"Ref": "X"}), "1", "!Ref X", id="other tags"),
        pytest.param("A: 1\nB: 2\n", "", drop("A"), "2", "3", id="another entry changes"),
        pytest.param('{"A": 1, "B": 2}', "", drop("A"), "2", "3", id="another entry changes in JSON"),
        pytest.param('{"A": 1, "B": 2}', "", drop("B"), '"B": 2', "", id="a comma stands before nothing"),
        pytest.param('{"A": {"B": 1}, "C": 2}', "A", assign("B", 2), '1}', '2', id="a bracket is gone"),
        pytest.param('A: 1\nB: 2\n', "", assign("A", True), "1", "1", id="one is not true"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_whole_is_wrong_on_a_piece(text: str, path: str, made: Made, old: str, new: str) -> None:
    asked = proof(text, path, made)
    assert not asked.holds_in_whole(draft(text, old, new))
    assert not asked.holds(draft(text, old, new))


@pytest.mark.parametrize(
    ("text", "path", "made", "old", "new"),
    [
        pytest.param("A: &a 1\nB:\n  c: *a\n  d: 1\n", "B", assign("d", 2), "d: 1", "d: 2", id="an alias"),
        pytest.param("A: &a {x: 1}\nB:\n  <<: *a\n  d: 1\n", "B", assign("d", 2), "d: 1", "d: 2", id="a merge"),
        pytest.param("%YAML 1.1\n---\nA: 1\n...\n", "", assign("A", 2), "A: 1", "A: 2", id="a directive"),
        pytest.param("--- {A: 1}\n", "", assign("A", 2), "A: 1", "A: 2", id="brackets behind a marker"),
        pytest.param("? A\n: 1\n", "", assign("A", 2), ": 1", ": 2", id="a question mark"),
        pytest.param("A: &a\n  b: 1\n", "A", assign("b", 2), "b: 1", "b: 2", id="an anchor without an alias"),
    ],
)
def test_the_whole_is_asked_where_a_piece_cannot_tell(text: str, path: str, made: Made, old: str, new: str) -> None:
    assert proof(text, path, made).holds(draft(text, old, new))
