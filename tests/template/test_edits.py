"""Edits on a template's text: each in the style of the file, and nothing else touched."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from s3ap_lint.model import Edit
from s3ap_lint.source import Source, apply
from s3ap_lint.template import edits
from s3ap_lint.template.document import parse
from s3ap_lint.template.edits import NO_VALUE, Fn, Value, get_att, if_, ref, sub
from s3ap_lint.template.node import Node

ARN = sub("arn:aws:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/*/object/*")


def top_of(source: Source) -> Node:
    top = parse(source).top
    assert top is not None
    return top


def offered(text: str, path: str, edit: Callable[[Node, Source], Edit | None]) -> Edit | None:
    source = Source("template.yaml", text.encode())
    node = top_of(source)
    for key in filter(None, path.split("/")):
        node = node[int(key)] if node.is_sequence else node[key]
    return edit(node, source)


def edited(text: str, path: str, edit: Callable[[Node, Source], Edit | None]) -> str:
    """The text after an edit of the node at a path."""
    made = offered(text, path, edit)
    assert made is not None
    return apply(text.encode(), [made]).decode()


def appended(text: str, path: str, *values: Value) -> str:
    return edited(text, path, lambda node, source: edits.append(node, source, *values))


def added(text: str, path: str, value: Value) -> str:
    return edited(text, path, lambda node, source: edits.add(node, source, value))


def preceded(text: str, path: str, value: Value) -> str:
    return edited(text, path, lambda node, source: edits.insert_before(node, source, value))


def extended(text: str, path: str, new: dict[str, Value]) -> str:
    return edited(text, path, lambda node, source: edits.extend(node, source, new))


def renamed(text: str, path: str, key: str) -> str:
    return edited(text, path, lambda node, source: edits.rename(node, source, key))


def put(text: str, path: str, key: str, value: Value) -> str:
    return edited(text, path, lambda node, source: edits.set(node, source, key, value))


def inserted(text: str, path: str, key: str, new_key: str, value: Value) -> str:
    return edited(text, path, lambda node, source: edits.insert_after(node, source, key, new_key, value))


def replaced(text: str, path: str, *values: Value) -> str:
    return edited(text, path, lambda node, source: edits.replace(node, source, *values))


def retold(text: str, path: str, new: str) -> str:
    return edited(text, path, lambda node, source: edits.replace_text(node, source, new))


def removed(text: str, path: str) -> str:
    return edited(text, path, edits.remove)


# -- append --------------------------------------------------------------------------------------


def test_an_item_is_appended_on_a_line_of_its_own() -> None:
    assert "A:\n  - a\n  - b\nB: 1\n" == appended("A:\n  - a\nB: 1\n", "A", "b")


def test_an_appended_item_goes_after_a_trailing_comment() -> None:
    """The comment stays on its own line."""
    assert "- a  # 出力先\n- b\n" == appended("- a  # 出力先\n", "", "b")


def test_comments_and_blank_lines_below_a_list_stay_below_it() -> None:
    assert "A:\n  - a\n  - b\n\n# B\nB: 1\n" == appended("A:\n  - a\n\n# B\nB: 1\n", "A", "b")


def test_dashes_stand_where_the_other_dashes_stand() -> None:
    assert "A:\n- a\n- b\nB: 1\n" == appended("A:\n- a\nB: 1\n", "A", "b")
    assert "A:\n    -   a\n    -   b\n" == appended("A:\n    -   a\n", "A", "b")


def test_a_list_right_behind_a_dash_grows_at_its_own_dash() -> None:
    assert "- - x\n  - b\n- z\n" == appended("- - x\n- z\n", "0", "b")
    assert "- - x\n- z\n- b\n" == appended("- - x\n- z\n", "", "b")


def test_an_item_follows_the_whole_of_the_item_before() -> None:
    text = "A:\n  - k: v\n    l:\n      - 1\n      # last\nB: 1\n"
    assert "A:\n  - k: v\n    l:\n      - 1\n  - x\n      # last\nB: 1\n" == appended(text, "A", "x")
    assert "A:\n  - |\n    text\n  - x\n\nB: 1\n" == appended("A:\n  - |\n    text\n\nB: 1\n", "A", "x")


def test_blank_lines_that_belong_to_a_text_stay_with_it() -> None:
    assert "- |+\n  text\n\n- x\n" == appended("- |+\n  text\n\n", "", "x")


def test_line_endings_are_those_of_the_file() -> None:
    assert "A:\r\n  - a\r\n  - b\r\n" == appended("A:\r\n  - a\r\n", "A", "b")
    assert "[\r\n  1,\r\n  2\r\n]" == appended("[\r\n  1\r\n]", "", 2)


def test_a_file_without_a_final_newline_stays_without_one() -> None:
    assert "A:\r\n- a\r\n- b" == appended("A:\r\n- a", "A", "b")


def test_a_text_that_would_gain_a_final_newline_is_left_alone() -> None:
    assert offered("- |\n  text", "", lambda node, source: edits.append(node, source, "x")) is None


def test_a_byte_order_mark_is_no_indentation() -> None:
    assert "\ufeff- a\n- b\n" == appended("\ufeff- a\n", "", "b")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("A: [a]", "A: [a, b]"),
        ("A: [a,c]", "A: [a,c,b]"),
        ("A: [ a ]", "A: [ a, b ]"),
        ("A: [a, c,]", "A: [a, c, b,]"),
        ("A: []", "A: [b]"),
        ("A: [ ]", "A: [b]"),
        ("A: [a]  # why\n", "A: [a, b]  # why\n"),
        ("A: [a,\n    c]", "A: [a,\n    c,\n    b]"),
        ("A: [\n  a, c\n]", "A: [\n  a, c, b\n]"),
        ("A: [\n  a,  # one\n  c   # two\n]", "A: [\n  a,  # one\n  c,   # two\n  b\n]"),
        ("A: [\n  a,\n  c,  # two\n]", "A: [\n  a,\n  c,  # two\n  b,\n]"),
        ("A: [\n  a\n  # more to come\n]", "A: [\n  a,\n  b\n  # more to come\n]"),
        ("A: {x: [{y: z}]}", "A: {x: [{y: z}, b]}"),
    ],
)
def test_a_flow_list_keeps_its_layout(before: str, after: str) -> None:
    path = "A/x" if "{x" in before else "A"
    assert after == appended(before, path, "b")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('["a"]', '["a", "b"]'),
        ('["a","c"]', '["a","c","b"]'),
        ("[]\n", '["b"]\n'),
        ('[\n  "a"\n]', '[\n  "a",\n  "b"\n]'),
        ('[\n\t"a",\n\t"c"\n]\n', '[\n\t"a",\n\t"c",\n\t"b"\n]\n'),
        ('[ "a",\n  "c" ]', '[ "a",\n  "c",\n  "b" ]'),
    ],
)
def test_in_json_the_comma_goes_before_the_item(before: str, after: str) -> None:
    assert after == appended(before, "", "b")


def test_an_empty_list_in_pretty_json_opens_up() -> None:
    text = '{\n    "A": {\n        "B": []\n    }\n}'
    assert '{\n    "A": {\n        "B": [\n            "b"\n        ]\n    }\n}' == appended(text, "A/B", "b")


def test_an_empty_list_stays_on_one_line_where_other_lists_do() -> None:
    assert '{\n  "A": ["a"],\n  "B": ["b"]\n}' == appended('{\n  "A": ["a"],\n  "B": []\n}', "B", "b")


# -- quotes and functions ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("- a\n", "- b\n"),
        ("- 'a'\n", "- 'b'\n"),
        ('- "a"\n', '- "b"\n'),
        ('- "*"\n- a\n', "- b\n"),
        ("- 'a'\n- \"*\"\n- 'c'\n", "- 'b'\n"),
    ],
)
def test_a_string_is_quoted_as_its_siblings_are(before: str, after: str) -> None:
    assert before + after == appended(before, "", "b")


@pytest.mark.parametrize(
    "text",
    ["30", "yes", "y", "on", "null", "~", "", "3.12", "0x1F", "012", "1:30", "2012-10-17", "1e3", "1_000",
     "=", "<<", "*", "a: b", "a #b", "# a", "!a", "&a", "%a", "@a", "a:", " a", "a ", "[a", "{a", "? a", "- a", "---"],
)  # fmt: skip
def test_a_string_that_yaml_would_read_otherwise_is_quoted(text: str) -> None:
    assert f'- a\n- "{text}"\n' == appended("- a\n", "", text)


@pytest.mark.parametrize("text", ["a:b", "s3:GetObject", "arn:aws:s3:::b/*", "a#b", "-a", "a, b", "出力 先", "it's"])
def test_a_string_that_yaml_reads_as_it_stands_needs_no_quotes(text: str) -> None:
    assert f"- a\n- {text}\n" == appended("- a\n", "", text)


@pytest.mark.parametrize("text", ["a, b", "${X}", "a]", "a:"])
def test_within_brackets_more_needs_quotes(text: str) -> None:
    assert f'[a, "{text}"]' == appended("[a]", "", text)


def test_what_cannot_be_seen_is_escaped() -> None:
    assert '- a\n- "\\x07\\ufeff\\x85\\u2028"\n' == appended("- a\n", "", "\x07\ufeff\x85\u2028")
    assert '- a\n- "tab\\t\\"\\\\"\n' == appended("- a\n", "", 'tab\t"\\')
    assert "- a\n- wide\u3000blank\n" == appended("- a\n", "", "wide\u3000blank")


def test_text_of_several_lines_stands_in_a_block() -> None:
    assert "A: a\nB: |\n  one\n  two\n" == put("A: a\n", "", "B", "one\ntwo\n")
    assert "A: a\nB: |-\n  one\n\n  two\nC: 1\n" == inserted("A: a\nC: 1\n", "", "A", "B", "one\n\ntwo")


def test_numbers_and_truth_are_plain() -> None:
    assert "A: a\nB: 30\n" == put("A: a\n", "", "B", 30)
    assert "A: a\nB: true\n" == put("A: a\n", "", "B", True)
    assert "A: a\nB: 1.0e-05\n" == put("A: a\n", "", "B", 1e-05)
    assert '{"A": 1, "B": null}' == put('{"A": 1}', "", "B", None)


def test_a_function_is_short_in_yaml_and_long_in_json() -> None:
    assert f'- a\n- !Sub "{ARN.argument}"\n' == appended("- a\n", "", ARN)
    assert f'["a", {{"Fn::Sub": "{ARN.argument}"}}]' == appended('["a"]', "", ARN)
    assert "- a\n- !Ref X\n" == appended("- a\n", "", ref("X"))
    assert '["a", {"Ref": "X"}]' == appended('["a"]', "", ref("X"))


def test_get_att_names_its_parts_in_json() -> None:
    assert "- !GetAtt A.B.C\n- !GetAtt R.Arn\n" == appended("- !GetAtt A.B.C\n", "", get_att("R.Arn"))
    assert '[1, {"Fn::GetAtt": ["R", "Out.Arn"]}]' == appended("[1]", "", get_att("R.Out.Arn"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("- !Sub ${A}/*\n", "- !Sub ${B}/*\n"),
        ("- !Sub '${A}/*'\n", "- !Sub '${B}/*'\n"),
        ('- !Sub "${A}/*"\n', '- !Sub "${B}/*"\n'),
        ("- 'a'\n", "- !Sub '${B}/*'\n"),
        ("- a\n", '- !Sub "${B}/*"\n'),
    ],
)
def test_a_function_is_quoted_as_the_same_function_elsewhere(before: str, after: str) -> None:
    assert before + after == appended(before, "", sub("${B}/*"))


def test_arguments_stand_in_brackets_while_they_fit() -> None:
    assert '- a\n- !If [C, !Sub "${X}", !Ref AWS::NoValue]\n' == appended("- a\n", "", if_("C", sub("${X}"), NO_VALUE))
    long = sub("${X}" * 30)
    assert f'- a\n- !If\n  - C\n  - !Sub "{long.argument}"\n  - b\n' == appended("- a\n", "", if_("C", long, "b"))
    text = '- a\n- !Sub ["${X}", {X: !Ref B}]\n'
    assert text == appended("- a\n", "", sub("${X}", {"X": ref("B")}))


def test_a_number_stays_a_number_as_an_argument() -> None:
    """Behind a tag it would be text."""
    assert "A: b\nB:\n  Fn::Length: 3\n" == put("A: b\n", "", "B", Fn("Length", 3))
    assert offered("A: !Ref X\n", "A/Ref", lambda node, source: edits.replace(node, source, 3)) is None


def test_two_tags_never_stand_in_a_row() -> None:
    assert 'A: b\nB:\n  Fn::Base64: !Sub "${X}"\n' == put("A: b\n", "", "B", Fn("Base64", sub("${X}")))
    assert 'A: [{Fn::Base64: !Sub "${X}"}]' == appended("A: []", "A", Fn("Base64", sub("${X}")))
    assert "A: !Base64\n  Ref: X\n" == replaced("A: !Base64 x\n", "A/Fn::Base64", ref("X"))


# -- set and insert_after ------------------------------------------------------------------------


def test_a_new_key_goes_to_the_end_of_its_mapping() -> None:
    text = "R:\n  Type: T  # t\n\n  # the rest\nS: 1\n"
    assert "R:\n  Type: T  # t\n  New: x\n\n  # the rest\nS: 1\n" == put(text, "R", "New", "x")
    assert "- a: 1\n  New: x\n- b\n" == put("- a: 1\n- b\n", "0", "New", "x")
    assert "A: {a: 1, New: x}" == put("A: {a: 1}", "A", "New", "x")
    assert "A: {New: x}" == put("A: {}", "A", "New", "x")


def test_a_key_that_is_there_gets_the_value() -> None:
    assert "A:\n  Timeout: 30  # s\n" == put("A:\n  Timeout: 3  # s\n", "A", "Timeout", 30)


def test_an_entry_is_inserted_behind_another() -> None:
    text = "R:\n    Type: T\n    Properties:\n        A: 1\n"
    assert "R:\n    Type: T\n    DependsOn: x\n    Properties:\n        A: 1\n" == inserted(
        text, "R", "Type", "DependsOn", "x"
    )
    json = '{\n  "Type": "T",\n  "Properties": {}\n}'
    assert '{\n  "Type": "T",\n  "DependsOn": "x",\n  "Properties": {}\n}' == inserted(
        json, "", "Type", "DependsOn", "x"
    )


def test_an_entry_is_inserted_behind_a_key_that_is_there_and_only_once() -> None:
    for key, new in [("missing", "New"), ("Type", "Type")]:
        edit = offered("Type: T\n", "", lambda node, source, k=key, n=new: edits.insert_after(node, source, k, n, 1))  # type: ignore[misc]
        assert edit is None


def test_a_value_with_structure_takes_the_steps_of_the_file() -> None:
    value: Value = {"Variables": {"X": "1", "Ys": ["a", {"b": "c", "d": []}]}}
    indented = "A:\n  P:\n    - x\n  Q: 1\n"
    below = """\
  E:
    Variables:
      X: "1"
      Ys:
        - a
        - b: c
          d: []
"""
    assert indented + below == put(indented, "A", "E", value)
    flush = "A:\n    P:\n    - x\n    Q: 1\n"
    below = """\
    E:
        Variables:
            X: "1"
            Ys:
            - a
            - b: c
              d: []
"""
    assert flush + below == put(flush, "A", "E", value)


def test_json_opens_up_where_the_file_does() -> None:
    pretty = '{\n\t"A": {\n\t\t"B": [\n\t\t\t1\n\t\t]\n\t}\n}\n'
    wanted = '{\n\t"A": {\n\t\t"B": [\n\t\t\t1\n\t\t],\n\t\t"C": {\n\t\t\t"D": [\n\t\t\t\t2\n\t\t\t]\n\t\t}\n\t}\n}\n'
    assert wanted == put(pretty, "A", "C", {"D": [2]})
    assert '{"A":{"B":[1],"C":{"D":[2]}}}' == put('{"A":{"B":[1]}}', "A", "C", {"D": [2]})
    mixed = '{\n  "A": {"Ref": "X"},\n  "B": [1, 2]\n}'
    assert '{\n  "A": {"Ref": "X"},\n  "B": [1, 2],\n  "C": {"Ref": "Y"}\n}' == put(mixed, "", "C", ref("Y"))


def test_keys_are_quoted_as_other_keys_are() -> None:
    assert "'A': 1\n'B': 2\n" == put("'A': 1\n", "", "B", 2)
    assert 'A: 1\n"on": 2\n' == put("A: 1\n", "", "on", 2)
    assert '{"A" : 1, "B" : 2}' == put('{"A" : 1}', "", "B", 2)


def test_escapes_in_json_stay_escapes() -> None:
    assert '["\\u51fa", "\\u529b"]' == appended('["\\u51fa"]', "", "力")
    assert '["出", "力"]' == appended('["出"]', "", "力")


# -- replace and replace_text --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("A: a\n", "A: new\n"),
        ("A: 'a'  # why\n", "A: 'new'  # why\n"),
        ('A: "a"\n', 'A: "new"\n'),
        ("A:\n  a  # why\n", "A:\n  new  # why\n"),
        ("A:\nB: 1\n", "A: new\nB: 1\n"),
        ("A:  # why\nB: 1\n", "A: new  # why\nB: 1\n"),
        ("A: !Sub 'a'\n", "A: new\n"),
        ("A: &x a\n", "A: &x new\n"),
        ("A: one\n  two\n", "A: new\n"),
        ("A: {b: c}\n", "A: new\n"),
        ("A:  # why\n  # about b\n  b: c\n\nB: 1\n", "A: new  # why\n  # about b\n\nB: 1\n"),
        ("A: !If\n  - a\n  - b  # why\nB: 1\n", "A: new  # why\nB: 1\n"),
        ("A:\n- a\n- b", "A: new"),
        ("A:\n\n  b: c", "A: new"),
        ("A: |\n  a\n  b\nB: 1\n", "A: |-\n  new\nB: 1\n"),
        ("{A: 'a', B: b}\n", "{A: 'new', B: b}\n"),
        ("{A: [1, 2], B: b}\n", "{A: new, B: b}\n"),
        ("{A: , B: b}\n", "{A: new, B: b}\n"),
        ('{"A": ["a"], "B": 1}', '{"A": "new", "B": 1}'),
        ("A: |\nB: 1\n", "A: |-\n  new\nB: 1\n"),
    ],
)
def test_a_value_is_replaced_in_its_place(before: str, after: str) -> None:
    assert after == replaced(before, "A", "new")


def test_a_scalar_becomes_a_list_below_its_key() -> None:
    assert "A:  # why\n  - a\n  - !Ref X\nB: 1\n" == replaced("A: a  # why\nB: 1\n", "A", ["a", ref("X")])
    assert "A:\n- b:\n  - c\n" == replaced("A:\n- b: c\n", "A/0/b", ["c"])


def test_an_item_becomes_a_mapping_behind_its_dash() -> None:
    assert "- a: 1\n  b: 2\n- z\n" == replaced("- x\n- z\n", "0", {"a": 1, "b": 2})
    assert "- z\n- a: 1\n  b: 2\n" == replaced("- z\n-\n", "1", {"a": 1, "b": 2})


def test_a_value_in_json_opens_up_where_it_stands() -> None:
    before = '{\n  "A": {\n    "B": "x",\n    "C": [\n      1\n    ]\n  }\n}\n'
    value = '[\n      "x",\n      {\n        "Ref": "Y"\n      }\n    ]'
    after = before.replace('"x"', value)
    assert after == replaced(before, "A/B", ["x", ref("Y")])


def test_text_that_a_block_cannot_say_gets_quotes() -> None:
    assert 'A: " lead\\nb"\nB: 1\n' == replaced("A: |\n  a\nB: 1\n", "A", " lead\nb")
    assert 'A: "\\x07\\n"\nB: 1\n' == replaced("A: |\n  a\nB: 1\n", "A", "\x07\n")
    assert "A: |-\n  one\n  two\nB: 1\n" == replaced("A: >\n  a\nB: 1\n", "A", "one\ntwo")


def test_a_list_becomes_a_mapping_and_its_comments_stay() -> None:
    assert "A:  # why\n  # one\n  a: 1\nB: 1\n" == replaced("A:  # why\n  # one\n  - x\n  - y\nB: 1\n", "A", {"a": 1})


def test_the_argument_of_a_function_is_replaced_behind_its_tag() -> None:
    assert "A: !Sub '${New}'\n" == replaced("A: !Sub '${Old}'\n", "A/Fn::Sub", "${New}")
    assert "A: !Join\n  - a\n  - b\n" == replaced("A: !Join\n  - x\n  - y\n", "A/Fn::Join", ["a", "b"])
    assert "A: !GetAZs x  # why\n" == replaced("A: !GetAZs  # why\n", "A/Fn::GetAZs", "x")


def test_nothing_is_offered_where_nothing_would_change() -> None:
    assert offered("A: a\n", "A", lambda node, source: edits.replace(node, source, "a")) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("A: a\n", "A: new\n"),
        ("A: 'a'\n", "A: 'new'\n"),
        ('A: !Sub "a"\n', 'A: !Sub "new"\n'),
        ("A: >-\n    a\n    b\n", "A: >-\n    new\n"),
        ("A: |  # why\n    a\nB: 1\n", "A: |-  # why\n    new\nB: 1\n"),
        ('{"A": "a"}', '{"A": "new"}'),
    ],
)
def test_the_text_of_a_scalar_changes_in_its_own_quotes(before: str, after: str) -> None:
    assert after == retold(before, "A", "new")


def test_a_number_may_become_another_number() -> None:
    assert "A: 60\n" == retold("A: 30\n", "A", "60")
    assert '{"A": 60}' == retold('{"A": 30}', "A", "60")
    assert '{"A": "x"}' == retold('{"A": 30}', "A", "x")


def test_a_text_that_looks_like_a_number_gets_quotes() -> None:
    assert 'Runtime: "3.12"\n' == retold("Runtime: python3.9\n", "Runtime", "3.12")


def test_several_lines_keep_their_indentation_and_their_line_endings() -> None:
    assert "A: |\r\n    x\r\n\r\n    y\r\nB: 1\r\n" == retold("A: |\r\n    a\r\nB: 1\r\n", "A", "x\n\ny\n")


def test_folded_text_keeps_its_line_breaks_by_blank_lines() -> None:
    assert "A: >-\n  one\n\n  two\n\n\n  three\nB: 1\n" == retold("A: >\n  a\n  b\nB: 1\n", "A", "one\ntwo\n\nthree")
    assert offered("A: >\n  a\n", "A", lambda node, source: edits.replace_text(node, source, "a\n  deeper\n")) is None


# -- several at once, before another, a list of one, another key ---------------------------------


def test_several_items_or_keys_are_one_edit() -> None:
    assert "- a  # a\n- b\n- c: d\n" == appended("- a  # a\n", "", "b", {"c": "d"})
    assert "[a, b, c]" == appended("[a]", "", "b", "c")
    assert '[\n  "a",\n  "b",\n  "c"\n]' == appended('[\n  "a"\n]', "", "b", "c")
    assert "A:\n  a: 1\n  B: x\n  C:\n    - v\nD: 1\n" == extended("A:\n  a: 1\nD: 1\n", "A", {"B": "x", "C": ["v"]})
    assert "A: {B: x, C: 1}\n" == extended("A: {}\n", "A", {"B": "x", "C": 1})
    for new in ({}, {"New": 1, "a": 2}):
        assert offered("a: 1\n", "", lambda node, source, new=new: edits.extend(node, source, new)) is None  # type: ignore[misc]


@pytest.mark.parametrize(
    ("before", "path", "after"),
    [
        ("- a  # a\n\n# about b\n- b\n", "1", "- a  # a\n- new\n\n# about b\n- b\n"),
        ("A:\n  # all of them\n  - a: 1\n    b: 2\n", "A/0", "A:\n  # all of them\n  - new\n  - a: 1\n    b: 2\n"),
        ("- - a\n  - b\n", "0/0", "- - new\n  - a\n  - b\n"),
        ("A:\r\n- a", "A/0", "A:\r\n- new\r\n- a"),
        ("A: [a, b]", "A/0", "A: [new, a, b]"),
        ("A: [a, b]", "A/1", "A: [a, new, b]"),
        ('[\n\t"a"\n]', "0", '[\n\t"new",\n\t"a"\n]'),
    ],
)
def test_an_item_goes_before_another(before: str, path: str, after: str) -> None:
    assert after == preceded(before, path, "new")


def test_only_an_item_has_a_place_before_it() -> None:
    for path in ("A", "A/b", "A/missing", ""):
        assert offered("A:\n  b: 1\n", path, lambda node, source: edits.insert_before(node, source, 1)) is None


@pytest.mark.parametrize(
    ("before", "path", "after"),
    [
        ("- a\n- b  # b\n- c\n", "1", "- a\n- x  # b\n- p: z\n- c\n"),
        ("- a\n- b", "1", "- a\n- x\n- p: z"),
        ("- k: v\n  l: w\n- c\n", "0", "- x\n- p: z\n- c\n"),
        ("[a, b, c]", "1", "[a, x, {p: z}, c]"),
        ('[\n  "a",\n  "b"\n]', "0", '[\n  "x",\n  {"p": "z"},\n  "b"\n]'),
    ],
)
def test_an_item_makes_room_for_several(before: str, path: str, after: str) -> None:
    if "{" in after and "\n" in after:  # the only brackets of the file that it could look at are open
        after = after.replace('{"p": "z"}', '{\n    "p": "z"\n  }')
    assert after == replaced(before, path, "x", {"p": "z"})


def test_an_entry_is_replaced_by_one_value_only() -> None:
    assert offered("A: 1\n", "A", lambda node, source: edits.replace(node, source, 1, 2)) is None


@pytest.mark.parametrize(
    ("before", "path", "after"),
    [
        ("A: !Sub 'a'  # why\nB: 1\n", "A", "A:\n  - !Sub 'a'  # why\n  - new\nB: 1\n"),
        ("A: a\nB:\n- b\n", "A", "A:\n- a\n- new\nB:\n- b\n"),
        ("A: |\n  a\n  b\nB: 1\n", "A", "A:\n  - |\n    a\n    b\n  - new\nB: 1\n"),
        ("A: !If\n  - C\n  - a\n  - b\n", "A", "A:\n  - !If\n    - C\n    - a\n    - b\n  - new\n"),
        ("A: !If\n- C\n- a\n- b\n", "A", "A:\n- !If\n  - C\n  - a\n  - b\n- new\n"),
        ("A:\n  # about a\n  a: 1\n\n  b: 2\nB: 1\n", "A", "A:\n  # about a\n  - a: 1\n\n    b: 2\n  - new\nB: 1\n"),
        ("A:\n    a: 1\nB:\n- b\n", "A", "A:\n- a: 1\n- new\nB:\n- b\n"),
        ("A: !If\n  - C\n  - a  # a\n  - b\n", "A/Fn::If/1", "A: !If\n  - C\n  - - a  # a\n    - new\n  - b\n"),
        ("A: {R: a}\nB: {R: [a, b]}\n", "A/R", "A: {R: [a, new]}\nB: {R: [a, b]}\n"),
        ("A:\n  R: a\nB:\n  R: [a, b]\n", "A/R", "A:\n  R: [a, new]\nB:\n  R: [a, b]\n"),
        ("A: [a]\n", "A", "A: [a, new]\n"),
        ('{\n  "A": {\n    "b": 1\n  }\n}', "A", '{\n  "A": [\n    {\n      "b": 1\n    },\n    "new"\n  ]\n}'),
        ('{"A": "a"}', "A", '{"A": ["a", "new"]}'),
    ],
)
def test_a_value_that_gets_company_keeps_its_words(before: str, path: str, after: str) -> None:
    assert after == added(before, path, "new")


def test_what_stands_in_no_place_of_its_own_gets_no_company() -> None:
    for path in ("", "A/Ref", "Missing"):
        assert offered("A: !Ref X\n", path, lambda node, source: edits.add(node, source, 1)) is None
    assert offered("A:\n-\n  b\n", "A/0", lambda node, source: edits.add(node, source, 1)) is None


@pytest.mark.parametrize(
    ("before", "path", "after"),
    [
        ("A: 1  # why\nB: 2\n", "A", "New: 1  # why\nB: 2\n"),
        ("'A' : 1\n", "A", "'New' : 1\n"),
        ("出力: 1\n", "出力", "New: 1\n"),
        ("- A:\n    b: 1\n", "0/A", "- New:\n    b: 1\n"),
        ("{A: 1, B: 2}", "A", "{New: 1, B: 2}"),
        ('{"A": {"B": 2}}', "A/B", '{"A": {"New": 2}}'),
    ],
)
def test_an_entry_gets_another_key(before: str, path: str, after: str) -> None:
    assert after == renamed(before, path, "New")


def test_a_key_that_needs_quotes_gets_them() -> None:
    assert '"a: b": 1\n' == renamed("A: 1\n", "A", "a: b")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("A: 1\nNew: 2\n", "A"),
        ("A: !Ref X\n", "A/Ref"),
        ("[a]", "0"),
        ("A: 1\nB: 2\nA: 3\n", "A"),
        ("&a A: 1\nB: *a\n", "A"),
        ("A: &a {b: 1}\nC: *a\n", "A/b"),
    ],
)
def test_a_key_that_cannot_change_alone_stays(text: str, path: str) -> None:
    assert offered(text, path, lambda node, source: edits.rename(node, source, "New")) is None


# -- like the file around it ---------------------------------------------------------------------


def test_a_list_stands_in_brackets_where_the_file_has_such_lists_in_brackets() -> None:
    text = "A:\n  Action: [a, b]\n  Resource:\n    - x\nB: {}\nC:\n  d: 1\n"
    assert text + "  Action: [c]\n" == put(text, "C", "Action", ["c"])
    assert text + "  Resource:\n    - c\n" == put(text, "C", "Resource", ["c"])
    long = ["x" * 60, "y" * 60]
    assert text + f"  Action:\n    - {long[0]}\n    - {long[1]}\n" == put(text, "C", "Action", long)


def test_an_item_stands_in_brackets_where_its_siblings_do() -> None:
    tags = "T:\n  - {Key: a, Value: b}\n"
    assert tags + "  - {Key: c, Value: d}\n" == appended(tags, "T", {"Key": "c", "Value": "d"})
    assert "A: {b: 1}\nC: {b: 2}\n" == put("A: {b: 1}\n", "", "C", {"b": 2})


def test_functions_are_long_where_the_file_has_long_ones_only() -> None:
    text = "A:\n  Fn::Sub: ${X}\nB:\n  - Ref: X\n"
    assert text + "  - Fn::Sub: ${Y}\n" == appended(text, "B", sub("${Y}"))
    assert text + "  - Fn::GetAtt:\n      - R\n      - Arn\n" == appended(text, "B", get_att("R.Arn"))
    mixed = text + "C: !Ref X\n"
    assert mixed + "D: !Ref Z\n" == put(mixed, "", "D", ref("Z"))


def test_the_step_below_a_tag_on_a_line_of_its_own_is_no_example() -> None:
    text = "A:\n  B:\n    !If\n      - C\n      - a\n      - b\n"
    assert text + "  D:\n    - x\n" == put(text, "A", "D", ["x"])


# -- remove --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "path", "after"),
    [
        ("- a\n- b  # b\n- c\n", "1", "- a\n- c\n"),
        ("- a\n# about b\n- b\n- c\n", "1", "- a\n# about b\n- c\n"),
        ("A:\n- a\n-\n  b: 1\n- c\n", "A/1", "A:\n- a\n- c\n"),
        ("A: 1\nB:\n  - x\n\nC: 2\n", "B", "A: 1\n\nC: 2\n"),
        ("- a: 1  # a\n  b: 2\n", "0/a", "- b: 2\n"),
        ("- a: 1\n  b: 2\n", "0/b", "- a: 1\n"),
        ("- - a\n  - b\n- c\n", "0/0", "- - b\n- c\n"),
        ("A:  # why\n  - a\n", "A/0", "A: []  # why\n"),
        ("A:\n  b: 1\nC: 1\n", "A/b", "A: {}\nC: 1\n"),
        ("A: !Join\n  - a\n", "A/Fn::Join/0", "A: !Join []\n"),
        ("- - a\n- b\n", "0/0", "- []\n- b\n"),
        ("- a\r\n- b", "1", "- a"),
        ("A: 1\n\nB: 2", "B", "A: 1"),
        ("- |\n  a\n- b", "1", "- |\n  a\n"),
        ("A: 1\nB: |+\n  b\n\nC: 1\n", "B", "A: 1\n\nC: 1\n"),
    ],
)
def test_an_entry_goes_with_its_lines_and_the_comment_behind_it(before: str, path: str, after: str) -> None:
    assert after == removed(before, path)


@pytest.mark.parametrize(
    ("before", "path", "after"),
    [
        ("[a, b, c]", "0", "[b, c]"),
        ("[a, b, c]", "1", "[a, c]"),
        ("[a, b, c]", "2", "[a, b]"),
        ("[a, b,]", "1", "[a,]"),
        ("[ a ]", "0", "[]"),
        ("[\n  a\n]", "0", "[]"),
        ("[\n  # why\n  a  # a\n]", "0", "[\n  # why\n]"),
        ("[\n  a,  # a\n  b   # b\n]", "0", "[\n  b   # b\n]"),
        ("[\n  a,  # a\n  b   # b\n]", "1", "[\n  a  # a\n]"),
        ("[\n  a,  # a\n  # about b\n  b\n]", "1", "[\n  a  # a\n  # about b\n]"),
        ("[\n  a,\n  b,  # b\n]", "1", "[\n  a,\n]"),
        ("[a,\n b]", "1", "[a]"),
        ("{a: 1, b: 2}", "a", "{b: 2}"),
        ('{\n  "a": 1,\n  "b": {\n    "c": 2\n  }\n}', "b", '{\n  "a": 1\n}'),
        ('{\n  "a": 1,\n  "b": 2\n}', "a", '{\n  "b": 2\n}'),
        ('{"a":1,"b":2}', "a", '{"b":2}'),
    ],
)
def test_an_entry_in_brackets_goes_with_one_comma(before: str, path: str, after: str) -> None:
    assert after == removed(before, path)


# -- where a text would take what is below or above it -------------------------------------------


def test_a_comment_that_would_fall_to_the_text_above_keeps_an_entry_in_place() -> None:
    assert offered("A: |\n  text\nB: 1\n  # deep\nC: 2\n", "B", edits.remove) is None
    assert offered("- |\n  text\n- b\n  # deep\n- c\n", "1", edits.remove) is None


def test_an_alias_in_what_is_edited_is_no_hindrance() -> None:
    text = "A: &a x\nB:\n  c: *a\n  d: 1\n"
    assert text.replace("d: 1", "d: 2") == put(text, "B", "d", 2)


def test_a_document_may_have_markers_and_directives() -> None:
    assert "%YAML 1.1\n---\nA: 2\n...\n" == put("%YAML 1.1\n---\nA: 1\n...\n", "", "A", 2)
    assert "--- # here\nA:\n- a\n- b\n" == appended("--- # here\nA:\n- a\n", "A", "b")


# -- where nothing can be done -------------------------------------------------------------------

ANCHORED = "A: &a\n  x: &b [1]\nB: *a\nC:\n  <<: *a\n  y: *b\nD: &unused [1]\n"


@pytest.mark.parametrize("path", ["A/x", "B/x", "C/x", "C/y"])
def test_a_list_that_stands_in_two_places_is_left_alone(path: str) -> None:
    assert offered(ANCHORED, path, lambda node, source: edits.append(node, source, 2)) is None
    assert offered(ANCHORED, path, lambda node, source: edits.replace(node, source, 2)) is None
    assert offered(ANCHORED, path, edits.remove) is None


def test_an_anchor_that_nobody_uses_is_in_nobodys_way() -> None:
    assert ANCHORED.replace("D: &unused [1]", "D: &unused [1, 2]") == appended(ANCHORED, "D", 2)


def test_an_entry_may_follow_an_alias_or_a_merge() -> None:
    assert ANCHORED.replace("  y: *b\n", "  y: *b\n  z: 1\n") == put(ANCHORED, "C", "z", 1)
    assert "A: &a {x: 1}\nB:\n  <<: *a\n  z: 1\n" == put("A: &a {x: 1}\nB:\n  <<: *a\n", "B", "z", 1)
    assert "A: &a 1\nB:\n- *a\n- 2\n" == appended("A: &a 1\nB:\n- *a\n", "B", 2)


def test_an_entry_inserted_behind_a_merged_one_goes_to_the_end() -> None:
    """What `<<` brings along is written elsewhere; to insert there would change the other mapping too."""
    text = "A: &a\n  x: 1\n  z: 1\nB:\n  <<: *a\n  y: 2\nC: {<<: *a, y: 2}\nD: {<<: *a}\n"
    assert text.replace("  y: 2\n", "  y: 2\n  New: 3\n") == inserted(text, "B", "x", "New", 3)
    assert text.replace("*a, y: 2}", "*a, y: 2, New: 3}") == inserted(text, "C", "x", "New", 3)
    assert offered(text, "D", lambda node, source: edits.insert_after(node, source, "x", "New", 3)) is None


def test_a_list_of_mappings_to_merge_takes_nothing_else() -> None:
    """PyYAML refuses such a document."""
    text = "A: &a [\n  {x: 1}\n]\nB:\n  <<: *a\n"
    assert offered(text, "A", lambda node, source: edits.append(node, source, [])) is None
    assert offered(text, "A/0", lambda node, source: edits.replace(node, source, 1)) is None


def test_a_comment_alone_within_brackets_is_left_alone() -> None:
    assert offered("A: [ # none\n]\n", "A", lambda node, source: edits.append(node, source, 1)) is None


def test_a_comma_at_the_start_of_a_line_stays_with_the_item_behind_it() -> None:
    assert '{\n  "a": 1, "New": 3\n  , "b": 2\n}\n' == inserted('{\n  "a": 1\n  , "b": 2\n}\n', "", "a", "New", 3)


def test_a_comment_that_would_be_lost_keeps_an_item_in_place() -> None:
    assert offered("[a, # one\n  # about b\n  b, c]\n", "1", edits.remove) is not None
    assert offered("[a, b # two\n  , c]\n", "1", edits.remove) is None
    assert offered("[a # one\n  , b]\n", "1", edits.remove) is None


def test_what_json_cannot_say_is_left_alone() -> None:
    assert offered('{"A": 1}', "", lambda node, source: edits.set(node, source, "B", float("nan"))) is None
    assert offered('{"A": 1}', "", lambda node, source: edits.set(node, source, "B", "\ud800")) is None


def test_what_is_not_there_or_has_another_shape_is_left_alone() -> None:
    text = "A: a\nB: [1]\nC: !Ref X\n"
    for path, edit in [
        ("A", lambda node, source: edits.append(node, source, 1)),
        ("Missing", lambda node, source: edits.append(node, source, 1)),
        ("A", lambda node, source: edits.set(node, source, "k", 1)),
        ("C", lambda node, source: edits.set(node, source, "k", 1)),
        ("Missing", lambda node, source: edits.replace(node, source, 1)),
        ("", lambda node, source: edits.replace(node, source, 1)),
        ("Missing", edits.remove),
        ("", edits.remove),
        ("C/Ref", edits.remove),
        ("B", lambda node, source: edits.replace_text(node, source, "x")),
        ("Missing", lambda node, source: edits.replace_text(node, source, "x")),
        ("A", lambda node, source: edits.replace_text(node, source, "\ud800")),
    ]:
        assert offered(text, path, edit) is None, path


def test_the_first_of_two_equal_keys_would_come_back_so_the_last_is_kept() -> None:
    assert offered("A: 1\nB: 2\nA: 3\n", "A", edits.remove) is None


def test_a_pair_without_braces_is_left_alone() -> None:
    text = "A: [b: c]\n"
    assert offered(text, "A/0", lambda node, source: edits.set(node, source, "k", 1)) is None
    assert offered(text, "A/0/b", edits.remove) is None
    assert "A: [b: c, 1]\n" == appended(text, "A", 1)


def test_a_key_behind_a_question_mark_is_left_alone() -> None:
    assert offered("? a\n: b\n", "", lambda node, source: edits.set(node, source, "k", 1)) is None
