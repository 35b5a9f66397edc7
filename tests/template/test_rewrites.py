"""What edits take along: several items at once, items that move, items that get a condition or lose one."""

import pytest

from s3ap_lint.model import Edit
from s3ap_lint.source import Source, apply
from s3ap_lint.template import edits, rewrites
from s3ap_lint.template.document import parse
from s3ap_lint.template.node import Node

STATEMENTS = """\
Trust:
  - Effect: Allow  # 信頼
  - Sid: Trace
    # 追跡
    Action: ['xray:Put*']

    Text: |
      one

        two
Own:
    Policy:
        - Effect: Allow
"""


def read(text: str) -> tuple[Source, Node]:
    source = Source("template.yaml", text.encode())
    top = parse(source).top
    assert top is not None
    return source, top


def after(source: Source, *changes: Edit | None) -> str:
    made = [change for change in changes if change is not None]
    assert len(made) == len(changes)
    return apply(source.data, made).decode()


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("A:\n- x  # 出力\n", "A:\n- x  # 出力\n- two\n- three\n"),
        ("A:\n  - x", "A:\n  - x\n  - two\n  - three"),
        ("A: [x]\n", "A: [x, two, three]\n"),
        ("A: [\n  x  # 出力\n]\n", "A: [\n  x,  # 出力\n  two,\n  three\n]\n"),
        ("A: []\n", "A: [two, three]\n"),
    ],
)
def test_several_items_are_added_in_one_edit(before: str, expected: str) -> None:
    """Each stands where one alone would, in every style."""
    source, top = read(before)
    assert expected == after(source, edits.append(top["A"], source, "two", "three"))


def test_an_item_moves_with_its_quotes_comments_and_blank_lines() -> None:
    """Only the indentation is another one."""
    source, top = read(STATEMENTS)
    moved = rewrites.move(top["Trust"][1], top["Own"]["Policy"], source)
    assert moved is not None
    expected = """\
Trust:
  - Effect: Allow  # 信頼
Own:
    Policy:
        - Effect: Allow
        - Sid: Trace
          # 追跡
          Action: ['xray:Put*']

          Text: |
            one

              two
"""
    assert expected == after(source, *moved)


def test_an_item_moves_out_of_brackets() -> None:
    """What has no lines of its own is written anew."""
    source, top = read("A: [{a: 1}, {b: 2}]\nB:\n  - {c: 3}\n")
    moved = rewrites.move(top["A"][1], top["B"], source)
    assert moved is not None
    _, top = read(after(source, *moved))
    assert {"A": [{"a": 1}], "B": [{"c": 3}, {"b": 2}]} == top.data()


@pytest.mark.parametrize("truth", [True, False])
def test_wrapping_and_unwrapping_give_back_the_same_text(truth: bool) -> None:
    """A condition around an item, and the arm in the place of the whole, are each other's inverse."""
    source, top = read(STATEMENTS)
    wrapped = after(source, rewrites.wrap(top["Trust"][1], source, "Traced", truth))
    assert "  - !If\n    - Traced\n" in wrapped
    assert "      # 追跡\n" in wrapped
    again, top = read(wrapped)
    item = top["Trust"][1]
    assert STATEMENTS == after(again, rewrites.unwrap(item, again, item["Fn::If"][1 if truth else 2]))


def test_windows_line_endings_stay() -> None:
    """No line ends in another way than its neighbours."""
    source, top = read(STATEMENTS.replace("\n", "\r\n"))
    wrapped = after(source, rewrites.wrap(top["Trust"][1], source, "Traced"))
    assert wrapped.count("\n") == wrapped.count("\r\n")


def test_a_policy_is_wrapped_with_what_changes_inside() -> None:
    """One edit for both, as two would overlap."""
    source, top = read("P:\n  - S:\n      - a\n      - b\n  - c\n")
    inner = edits.append(top["P"][0]["S"], source, "x")
    assert inner is not None
    edit = rewrites.wrap_edited(top["P"][0], source, [inner], "C", True)
    expected = """\
P:
  - !If
    - C
    - S:
        - a
        - b
        - x
    - !Ref AWS::NoValue
  - c
"""
    assert expected == after(source, edit)
