"""A value of a template: whatever a rule asks of it, it answers."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from s3ap_lint.model import Location, Span
from s3ap_lint.source import Source
from s3ap_lint.template.document import parse
from s3ap_lint.template.node import Kind, Node

TEXT = """\
Resources:
  Writer:
    Type: AWS::IAM::Role
    Properties:
      Enabled: yes
      Size: 012
      Nothing:
      Name: !Sub "${A}-x"
      Tags:
        - Key: a
        - !Ref B
"""


def top_of(text: str = TEXT) -> Node:
    top = parse(Source("template.yaml", text.encode())).top
    assert top is not None
    return top


def properties() -> Node:
    return top_of()["Resources"]["Writer"]["Properties"]


def test_what_is_there_is_found_by_key_and_index() -> None:
    node = properties()
    assert "a" == node["Tags"][0]["Key"].text
    assert "B" == node["Tags"][-1]["Ref"].text


def test_what_is_not_there_is_false_and_empty_and_knows_its_path() -> None:
    missing = properties()["VpcConfig"]["SubnetIds"][0]
    assert not missing
    assert Kind.MISSING is missing.kind
    assert ([], [], [], 0, "", None, None, None) == (
        list(missing), missing.items(), missing.keys(), len(missing), missing.text, missing.scalar, missing.data(),
        missing.function,
    )  # fmt: skip
    assert ("Resources", "Writer", "Properties", "VpcConfig", "SubnetIds", "0") == missing.path
    assert [missing] == list(missing.walk())


def test_what_is_not_there_stands_where_it_would_have_been() -> None:
    node = properties()
    assert node["VpcConfig"].span == node.span
    assert node.at.span == node["VpcConfig"]["SubnetIds"].at.span == node.key_span


def test_an_index_into_a_mapping_and_a_key_into_a_list_are_missing() -> None:
    node = properties()
    assert not node[0]
    assert not node["Tags"]["Key"]
    assert not node["Tags"][2]
    assert not node["Tags"][-3]
    assert not node["Size"]["x"][0]


def test_an_empty_collection_is_there() -> None:
    top = top_of("A: []\nB: {}\nC:\n")
    assert top["A"] and top["B"] and top["C"]
    assert [0, 0, 0] == [len(top[key]) for key in "ABC"]


def test_the_text_of_a_scalar_is_what_was_written_but_for_truth_and_nothing() -> None:
    node = properties()
    assert ["true", "012", "", ""] == [node[key].text for key in ("Enabled", "Size", "Nothing", "Tags")]
    assert [True, 10, None, None] == [node[key].scalar for key in ("Enabled", "Size", "Nothing", "Tags")]
    assert [True, True, False, False] == [node[key].is_text for key in ("Enabled", "Size", "Nothing", "Tags")]


def test_keys_are_contained_and_nothing_else() -> None:
    node = properties()
    assert "Tags" in node
    assert "VpcConfig" not in node
    assert "Key" not in node["Tags"]
    assert "A" not in node["Name"]["Fn::Sub"]


def test_a_function_is_its_name_and_its_argument() -> None:
    node = properties()
    function = node["Name"].function
    assert function is not None
    assert ("Fn::Sub", "${A}-x") == (function[0], function[1].text)
    assert node.function is None
    assert node["Tags"].function is None
    assert top_of("A: {Ref: X, Fn::Sub: Y}\n")["A"].function is None


def test_a_collection_is_named_by_its_key_and_a_value_or_function_by_itself() -> None:
    def text(at: Location) -> str:
        assert at.span is not None
        return TEXT.encode()[at.span.start : at.span.end].decode()

    node = properties()
    assert ["Properties", "Tags", "yes", '!Sub "${A}-x"'] == [
        text(child.at) for child in (node, node["Tags"], node["Enabled"], node["Name"])
    ]
    assert ["Properties", "Enabled", "Name"] == [text(child.key_at) for child in (node, node["Enabled"], node["Name"])]
    assert "!Ref B" == text(node["Tags"][1].key_at)
    assert ("Resources", "Writer", "Properties", "Name") == node["Name"].at.path


def test_nodes_are_walked_in_the_order_of_the_text() -> None:
    top = top_of()
    starts = [node.span.start for node in top.walk()]
    assert sorted(starts) == starts
    assert ["B", "A"] == [child.key for child in top_of("A: 1\nB: 2\nA: 3\n").children()]


def test_a_node_knows_the_resource_it_belongs_to() -> None:
    assert "Writer" == properties()["Tags"][0].resource_id
    assert "" == top_of()["Resources"].resource_id
    assert "" == top_of("Outputs:\n  A:\n    Value: 1\n")["Outputs"]["A"]["Value"].resource_id


def test_the_data_of_a_node_are_its_own() -> None:
    top = top_of("A: &a [1]\nB: *a\n")
    data = top.data()
    data["A"].append(2)
    assert {"A": [1], "B": [1]} == top.data()
    assert [1] == data["B"]


def test_a_very_deep_tree_gives_its_data_without_recursion() -> None:
    top = node = Node(Kind.SEQUENCE, "t", Span(0, 0))
    for _ in range(50_000):
        child = Node(Kind.SEQUENCE, "t", Span(0, 0))
        node.adopt("0", child)
        node = child
    assert 50_001 == sum(1 for _ in top.walk())
    data = top.data()
    while data:
        data = data[0]
    assert 50_000 == len(node.path)


anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=3)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Ref", "Fn::Sub", "a", "<<", "Condition"]), inner, max_size=3)
    ),
)
steps = st.lists(st.one_of(st.sampled_from(["Ref", "Fn::Sub", "a", "0", ""]), st.integers(-4, 4)), max_size=5)


@given(st.one_of(st.lists(anything), st.dictionaries(st.text(max_size=2), anything)), steps)
def test_no_question_raises(data: Any, path: list[str | int]) -> None:
    node = top_of(json.dumps(data))
    for step in path:
        node = node[step]
    assert repr(node)
    assert len(node.children()) == len(node)
    assert len(node.items()) + len(list(node)) == len(node)
    for ask in ("text", "scalar", "is_text", "function", "path", "at", "key_at", "resource_id", "is_mapping"):
        getattr(node, ask)
    assert bool(node) or node.data() is None
