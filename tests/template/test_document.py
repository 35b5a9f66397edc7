"""From bytes to nodes: one shape for every spelling, exact places, and no document that stops the reader."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from styled_documents import is_json, json_documents, plain, yaml_documents

from s3ap_lint.model import Span
from s3ap_lint.source import Source
from s3ap_lint.template.document import MAX_DEPTH, Problem, parse
from s3ap_lint.template.node import Node

EXAMPLES = int(os.environ.get("S3AP_LINT_EXAMPLES", "300"))
often = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


def top_of(text: str | bytes, path: str = "template.yaml") -> Node:
    document = parse(Source(path, text.encode() if isinstance(text, str) else text))
    assert document.top is not None, document.problems
    return document.top


def data_of(text: str, path: str = "template.yaml") -> Any:
    return top_of(text, path).data()


def problem_of(text: str | bytes, path: str = "template.yaml") -> Problem:
    """The one problem of a document that cannot be used."""
    document = parse(Source(path, text.encode() if isinstance(text, str) else text))
    (problem,) = document.problems
    assert problem.fatal
    assert document.top is None
    return problem


def spelled(text: str, path: str, *, key: bool = False) -> str:
    """The text of a node's span, or of its key's."""
    data = text.encode()
    node = top_of(data)
    for step in filter(None, path.split("/")):
        node = node[int(step)] if node.is_sequence else node[step]
    assert node
    span = node.key_span if key else node.span
    assert span is not None
    return data[span.start : span.end].decode()


# -- one shape -----------------------------------------------------------------------------------

FUNCTIONS = [
    "And", "Base64", "Cidr", "Equals", "FindInMap", "GetAtt", "GetAZs", "If", "ImportValue", "Join", "Length", "Not",
    "Or", "Select", "Split", "Sub", "ToJsonString", "Transform", "ForEach", "Contains", "EachMemberIn",
    "EachMemberEquals", "RefAll", "ValueOf", "ValueOfAll",
]  # fmt: skip


@pytest.mark.parametrize(
    ("short", "long"), [*((name, f"Fn::{name}") for name in FUNCTIONS), ("Ref", "Ref"), ("Condition", "Condition")]
)
@pytest.mark.parametrize("argument", ["a.b", '"${A}"', "''", "[a, {b: c}]", "{a: b}"])
def test_a_function_has_one_shape_however_it_is_spelled(short: str, long: str, argument: str) -> None:
    wanted = {"A": {long: yaml.safe_load(argument)}}
    assert wanted == data_of(f"A: !{short} {argument}\n")
    assert wanted == data_of(f"A:\n  {long}: {argument}\n")
    assert wanted == data_of(f"A: {{'{long}': {argument}}}\n")
    assert wanted == data_of(json.dumps(wanted), "template.json")


def test_a_function_has_one_shape_over_several_lines() -> None:
    wanted = {"A": {"Fn::If": ["C", {"Fn::Sub": "x\n"}, {"Ref": "Y"}]}}
    assert wanted == data_of("A: !If\n  - C\n  - !Sub |\n    x\n  - !Ref Y\n")
    assert wanted == data_of("A:\n  Fn::If:\n  - C\n  - Fn::Sub: |\n      x\n  - Ref: Y\n")


def test_the_argument_of_a_short_function_is_text_whatever_it_looks_like() -> None:
    assert {"A": {"Ref": "012"}, "B": {"Fn::Sub": ""}} == data_of("A: !Ref 012\nB: !Sub\n")


def test_a_tag_that_nobody_knows_is_a_function() -> None:
    assert {"A": {"Fn::Rain::Embed": "x"}} == data_of("A: !Rain::Embed x\n")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("30", 30), ("0o17", "0o17"), ("017", 15), ("08", "08"), ("0x1F", 31), ("0b11", 3), ("1_000", 1000), ("-3", -3),
        ("1:30", 90), ("190:20:30", 685230), ("3.10", 3.1), ("1e3", "1e3"), ("1.0e+3", 1000.0), (".inf", float("inf")),
        ("yes", True), ("Off", False), ("TRUE", True), ("y", "y"), ("~", None), ("", None), ("Null", None),
        ("2012-10-17", "2012-10-17"), ("123456789012", 123456789012), ("'30'", "30"), ('"true"', "true"), ("=", "="),
        ("!!str 30", "30"), ("!!int '30'", 30), ("!!float 3", 3.0), ("!!bool x", "x"), ("!!null x", None), ("! 30", 30),
        ("0b_", "0b_"), ("9" * 5000, "9" * 5000),
    ],
)  # fmt: skip
def test_plain_scalars_have_the_types_of_yaml_1_1(text: str, value: object) -> None:
    found = data_of(f"A: {text}\n")["A"]
    assert (type(value), value) == (type(found), found)


def test_a_scalar_remembers_what_was_written() -> None:
    assert "012345678901" == top_of("A: 012345678901\n")["A"].text
    assert ["'", '"', "", "|", ">"] == [node.style for node in top_of("- 'a'\n- \"a\"\n- a\n- |\n  a\n- >\n  a\n")]


# -- places --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "path", "wanted"),
    [
        ("A: b  # c\n", "A", "b"),
        ("A:   'b'\n", "A", "'b'"),
        ("出力: 先 # 備考\nB: 東京\n", "B", "東京"),
        ("A: x\r\nB: y\r\n", "B", "y"),
        ("\ufeffA: b\n", "A", "b"),
        ('\ufeff{"あ": "😀", "B": 1}', "B", "1"),
        ("A: |\n  x\n\n  y\n\n# c\nB: 1\n", "A", "|\n  x\n\n  y"),
        ("A: >+\n  x\n\n\n", "A", ">+\n  x"),
        ("A: |\n  x", "A", "|\n  x"),
        ("A: one\n  two # c\n", "A", "one\n  two"),
        ('A: "one\n  two"\n', "A", '"one\n  two"'),
        ("A: !Sub 'x'\n", "A", "!Sub 'x'"),
        ("A: !Sub 'x'\n", "A/Fn::Sub", "'x'"),
        ("A: !Sub # c\n  x\n", "A/Fn::Sub", "x"),
        ("A: !Sub &n |\n  x\n", "A/Fn::Sub", "|\n  x"),
        ("A: &n !Sub x\n", "A/Fn::Sub", "x"),
        ("A: [!Ref X,!Ref Y]\n", "A/0", "!Ref X"),
        ("A: [0, !GetAZs ]\n", "A/1", "!GetAZs"),
        ("A: [0, !GetAZs ]\n", "A/1/Fn::GetAZs", ""),
        ("A: !Join\n- a\n- b # c\n\nB: 1\n", "A", "!Join\n- a\n- b"),
        ("A: !Join\n- a\n- b # c\n\nB: 1\n", "A/Fn::Join", "- a\n- b"),
        ("A: !Join [a, [b]]  # c\n", "A/Fn::Join", "[a, [b]]"),
        ("A: &n\n  b: c\n", "A", "&n\n  b: c"),
        ("A:\n  b: c\n\n  # end\nD: 1\n", "A", "b: c"),
        ("A:\n  b:\n    - c: [d, e]  # f\n\nG: 1\n", "A", "b:\n    - c: [d, e]"),
        ("A:\n  b:\n\n\nG: 1\n", "A", "b:"),
        ("A:\n  -\n\nG: 1\n", "A", "-"),
        ("A: [a, b, ]  # c\n", "A", "[a, b, ]"),
        ("A: {\n  a: b,\n}\n", "A", "{\n  a: b,\n}"),
        ("A: [b: c , d]\n", "A/0", "b: c"),
        ("A: [b: c , d]\n", "A/1", "d"),
        ("- - x\n  - y\n- z\n", "0", "- x\n  - y"),
        ("X: &n a\nA:\n  b: *n\n\nC: 1\n", "A", "b: *n"),
        ("X: &n a\nA:\n- *n  # c\n\nC: 1\n", "A", "- *n"),
        ("X: &n {a: b}\nA:\n  <<: *n\n\nC: 1\n", "A", "<<: *n"),
        ("A:\n  ? b\n\n# c\nC: 1\n", "A", "? b"),
        ('{"A": [1, {"b": -2.5e3 }] }', "A/1", '{"b": -2.5e3 }'),
        ('{"A": [1, {"b": -2.5e3 }] }', "A/1/b", "-2.5e3"),
        ('{"A": "\\u51fa\\"" , "B": [] }', "A", '"\\u51fa\\""'),
    ],
)
def test_a_value_stands_exactly_where_it_is_written(text: str, path: str, wanted: str) -> None:
    assert wanted == spelled(text, path)


@pytest.mark.parametrize(
    ("text", "path", "wanted"),
    [
        ("出力: 1\n'キー' : 2\n", "キー", "'キー'"),
        ("A:\r\n  b: 1\r\n", "A/b", "b"),
        ("A: {b: 1, c}\n", "A/c", "c"),
        ("A: !Sub [x, {b: 1}]\n", "A/Fn::Sub/1/b", "b"),
        ('{"あ": {"b c": 1}}', "あ/b c", '"b c"'),
        ("X: &n b\nA:\n  *n : 1\n", "A/b", "*n"),
        ("A: 1\nB: 2\nA: 3\n", "A", "A"),
    ],
)
def test_a_key_stands_exactly_where_it_is_written(text: str, path: str, wanted: str) -> None:
    assert wanted == spelled(text, path, key=True)


def test_the_last_of_two_equal_keys_counts_and_stands_where_it_is_written() -> None:
    for text, path in [("A: 1\nB: 2\nA: 3\n", "t.yaml"), ('{"A": 1, "B": 2, "A": 3}', "t.json")]:
        document = parse(Source(path, text.encode()))
        assert document.top is not None
        assert {"A": 3, "B": 2} == document.top.data()
        assert ["B", "A"] == document.top.keys()
        assert [("the key 'A' stands twice; only the last counts", False)] == [
            (p.message, p.fatal) for p in document.problems
        ]
        span = document.problems[0].span
        assert "A" == text[span.start : span.end].strip('"')


# -- anchors and merges --------------------------------------------------------------------------


def test_what_is_behind_an_alias_is_shared_and_stands_where_it_was_written() -> None:
    text = "A: &n {b: c}\nD: *n\n"
    top = top_of(text)
    assert {"A": {"b": "c"}, "D": {"b": "c"}} == top.data()
    assert [False, False, False, True, True] == [node.shared for node in top.walk()]
    assert top["A"]["b"].span == top["D"]["b"].span
    alias = top["D"].alias
    assert alias == Span(text.index("*n"), text.index("*n") + 2)


def test_an_anchor_may_be_given_again() -> None:
    assert [1, 1, 2, 2] == data_of("- &a 1\n- *a\n- &a 2\n- *a\n")


def test_an_anchor_names_the_function_and_not_its_argument() -> None:
    assert [{"Ref": "X"}] * 2 == data_of("- &a !Ref X\n- *a\n")


@pytest.mark.parametrize(
    "text",
    [
        "A: &a {x: 1, y: 1}\nB: {<<: *a, x: 2}\n",
        "A: &a {x: 1}\nB: {x: 2, <<: *a}\n",
        "A: &a {x: 1}\nB: &b {x: 2, y: 2}\nC: {<<: [*a, *b], z: 3}\n",
        "A: &a {x: 1}\nB: &b {x: 2, y: 2}\nC:\n  <<: *a\n  <<: *b\n",
        "A: &a {x: 1}\nB: &b {<<: *a, y: 1}\nC: {<<: *b}\n",
        "A: {<<: {x: 1}}\n",
        "A: {'<<': {x: 1}}\n",
        'A: {"<<": 1}\n',
    ],
)
def test_a_merge_gives_what_pyyaml_gives(text: str) -> None:
    assert yaml.safe_load(text) == data_of(text)


def test_a_merge_looks_past_a_tag_as_pyyaml_does() -> None:
    text = "A: &a !If [{x: 1}, {y: 2}]\nB: {<<: *a, z: 3}\nC: {<<: !Foo {x: 1}}\n"
    assert plain(text.encode()) == data_of(text)


def test_a_merge_of_something_else_is_a_problem_and_nothing_more() -> None:
    document = parse(Source("t.yaml", b"A: {<<: b, c: 1}\nD: {<<: [x]}\n"))
    assert document.top is not None
    assert {"A": {"c": 1}, "D": {}} == document.top.data()
    assert ["'<<' needs a mapping to merge"] * 2 == [problem.message for problem in document.problems]


def test_an_anchor_that_contains_itself_is_refused() -> None:
    assert "the anchor &a contains itself" == problem_of("A: &a [*a]\n").message
    assert "the anchor &a contains itself" == problem_of("A: &a {b: {c: *a}}\n").message
    assert "the anchor &a contains itself" == problem_of("A: &a\n  <<: *a\n").message


def test_an_alias_of_nothing_is_refused() -> None:
    assert "the anchor &a is not defined" == problem_of("A: *a\n").message


# -- hostile documents ---------------------------------------------------------------------------


def test_a_billion_laughs_are_not_laughed() -> None:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    assert "its aliases expand to more than 400000 values" == problem_of("\n".join(lines)).message


def test_a_billion_merges_are_not_merged() -> None:
    lines = ["a0: &a0 {" + ", ".join(f"k{i}: {{x: {i}}}" for i in range(300)) + "}"]
    lines += [f"b{i}: {{<<: *a0}}" for i in range(1000)]
    assert "more than 400000 values" in problem_of("\n".join(lines)).message


def test_aliases_of_aliases_do_not_nest_past_the_limit() -> None:
    deep = "[" * 150 + "]" * 150
    lines = [f"a: &a {deep}", f"b: &b {'[' * 100}*a{']' * 100}"]
    assert f"nested more than {MAX_DEPTH} deep" == problem_of("\n".join(lines)).message


@pytest.mark.parametrize(
    "text",
    [
        "[" * 10_000,
        "{a: " * 10_000,
        "- " * 10_000 + "a",
        "[" * 10_000 + "]" * 10_000,
        '{"a":' * 10_000 + "1" + "}" * 10_000,
        "\n".join(" " * i + "a:" for i in range(10_000)),
        "!If [" * 10_000,
    ],
    ids=["brackets", "braces", "dashes", "closed", "JSON", "block", "functions"],
)
@pytest.mark.parametrize("path", ["t.yaml", "t.json"])
def test_ten_thousand_levels_are_refused(text: str, path: str) -> None:
    message = problem_of(text, path).message
    assert "nested more than" in message or (path == "t.json" and "expected a" in message)


def test_as_many_levels_as_are_allowed_are_read() -> None:
    for text in ["[" * MAX_DEPTH + "]" * MAX_DEPTH, "!If [" * (MAX_DEPTH // 2) + "]" * (MAX_DEPTH // 2)]:
        node = top_of(text)
        assert node.data()
        assert MAX_DEPTH - 1 <= max(len(child.path) for child in node.walk()) <= MAX_DEPTH


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"A: \0\n", "a binary file, not text"),
        ("A: b\n".encode("utf-16-le"), "a binary file, not text"),
        ("A: b\n".encode("utf-16"), "not UTF-8 text"),
        ("A: 出\n".encode("shift-jis"), "not UTF-8 text"),
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (b"# nothing\n\n", "the file is empty"),
        (b"A: 1\n---\nB: 2\n", "more than one YAML document in the file"),
        (b"? [a]\n: b\n", "a key must be text"),
        (b"? !Ref x\n: b\n", "a key must be text"),
    ],
)
def test_what_is_no_template_is_a_problem(data: bytes, message: str) -> None:
    assert message == problem_of(data).message


def test_a_byte_that_is_not_utf_8_is_pointed_at() -> None:
    assert Span(6, 6) == problem_of(b"\xef\xbb\xbfA: \xff\n").span


@pytest.mark.parametrize(
    "text", ["A:\n\tb: c\n", "A: b: c\n", "A: [b\n", "A: 'b\n", "A: {b\n", "A: @b\n", "A: \x07\n", "%YAML 9.9 9\n"]
)
def test_what_libyaml_refuses_is_a_problem(text: str) -> None:
    assert problem_of(text).message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{} x", "text after the end of the JSON value"),
        ('{"a": 1, // why\n"b": 2}', "expected a key in double quotes"),
        ('// why\n{"a": 1}', "expected a JSON value"),
        ("", "expected a JSON value"),
        ("{a: 1}", "expected a key in double quotes"),
        ('{"a" 1}', "expected ':' after the key"),
        ('{"a": }', "expected a JSON value"),
        ('{"a": 1', "expected ',' or '}'"),
        ("[1,]", "expected a JSON value"),
        ('["\t"]', "Invalid control character at"),
        ("[01]", "expected ',' or ']'"),
        ("[NaN]", "expected a JSON value"),
        ("[１]", "expected a JSON value"),
        ("[" + "9" * 5000 + "]", "a number with too many digits"),
    ],
)
def test_what_json_does_not_allow_is_a_problem_in_a_json_file(text: str, message: str) -> None:
    assert message == problem_of(text, "template.json").message


def test_yaml_in_a_file_named_json_is_yaml_all_the_same() -> None:
    assert {"a": ["b"]} == data_of("a:\n- b\n", "template.json")
    assert "x" == data_of('"x"', "template.json")


def test_yaml_in_braces_is_yaml_unless_the_file_is_named_json() -> None:
    assert {"a": ["b", {"Ref": "C"}]} == data_of("{a: [b, !Ref C,]}  # why\n", "template.template")


def test_tabs_are_white_space_in_json() -> None:
    assert {"a": [1]} == data_of('{\n\t"a":\t[\r\n\t1]\n}\n')


# -- any document --------------------------------------------------------------------------------


@often
@given(st.one_of(st.binary(), st.text().map(str.encode)), st.sampled_from(["t.yaml", "t.json"]))
def test_no_bytes_stop_the_reader(data: bytes, path: str) -> None:
    document = parse(Source(path, data))
    assert document.top is not None or document.problems


@settings(max_examples=EXAMPLES * 3, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [*"ab01 :-?,[]{}#&*!|>'\"%@`\n\t\r\\~<=.\x85\u2028\ufeff出", "  ", "\n  ", "- ", ": ", "<<: *a", "&a "]
        )
    )
)
def test_no_mix_of_indicators_stops_the_reader(parts: list[str]) -> None:
    for path in ["t.yaml", "t.json"]:
        document = parse(Source(path, "".join(parts).encode()))
        if document.top is not None:
            document.top.data()
            assert all(node.span.start <= node.span.end for node in document.top.walk())


@often
@given(st.one_of(yaml_documents(), json_documents()), st.data())
def test_no_damaged_document_stops_the_reader(data: bytes, draw: st.DataObject) -> None:
    start = draw.draw(st.integers(0, len(data)))
    end = draw.draw(st.integers(start, min(len(data), start + 9)))
    damaged = data[:start] + draw.draw(st.binary(max_size=3)) + data[end:]
    document = parse(Source("template.yaml", damaged))
    assert document.top is not None or document.problems


@often
@given(json_documents())
def test_json_is_what_the_standard_library_reads(data: bytes) -> None:
    assert json.loads(data.decode("utf-8-sig")) == top_of(data, "template.json").data()


@often
@given(st.text(st.sampled_from('{}[]",:\\ \n01-.eEtrufalsn/\t')))
def test_what_the_standard_library_takes_for_json_is_json_here(text: str) -> None:
    def refused(_: str) -> None:
        raise ValueError

    try:
        wanted = json.loads(text, parse_constant=refused)
    except ValueError:
        top = parse(Source("t.json", text.encode())).top
        assert top is None or top.style == "block"
        return
    if isinstance(wanted, (dict, list)):
        assert wanted == data_of(text, "t.json")


@often
@given(yaml_documents())
def test_yaml_is_what_pyyaml_reads(data: bytes) -> None:
    try:
        wanted = plain(data)
    except (yaml.YAMLError, ValueError, TypeError):
        assume(False)
    assert repr(wanted) == repr(top_of(data).data()) or wanted == top_of(data).data()


@often
@given(st.one_of(yaml_documents(), json_documents()))
def test_places_lie_within_each_other_and_in_order(data: bytes) -> None:
    top = parse(Source("template.yaml", data)).top
    assume(top is not None)
    assert top is not None
    for node in top.walk():
        if node.shared or node.style == "tag":
            continue
        at = node.span.start
        for child in node.children():
            if child.shared and child.alias is None:
                continue  # merged
            span = child.alias or child.span
            start = child.key_span.start if child.key_span else span.start
            assert at <= start <= span.start <= span.end <= node.span.end
            at = span.end


@often
@given(st.one_of(yaml_documents(), json_documents()))
def test_a_flow_value_or_quoted_text_cut_out_of_its_document_is_the_same(data: bytes) -> None:
    top = parse(Source("template.yaml", data)).top
    assume(top is not None)
    assert top is not None
    for node in top.walk():
        cut = data[node.span.start : node.span.end]
        if node.shared or b"*" in cut or not (node.style in {"'", '"'} or (node.style == "flow" and cut[:1] in b"[{")):
            continue
        assert repr(node.data()) == repr(top_of(cut, "cut.json" if is_json(data) else "cut.yaml").data())
