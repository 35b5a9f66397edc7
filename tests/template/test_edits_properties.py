"""Edits on documents in every style: the file says what was intended, and nothing outside of the edit changes."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from styled_documents import TEXTS, is_json, json_documents, plain, yaml_documents

from s3ap_lint.model import Edit
from s3ap_lint.source import Source, apply
from s3ap_lint.template import edits
from s3ap_lint.template.document import parse
from s3ap_lint.template.edits import Fn, Value, get_att, if_, ref, sub
from s3ap_lint.template.node import Node
from s3ap_lint.template.proof import Proof

EXAMPLES = int(os.environ.get("S3AP_LINT_EXAMPLES", "200"))
often = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

functions = st.sampled_from(
    [
        sub("arn:aws:s3:::${Alias}/*"),
        sub("x"),
        ref("X"),
        get_att("Role.Arn"),
        if_("C", sub("${A}"), ref("AWS::NoValue")),
        if_("C", {"a": ["x" * 60, sub("${A}" * 20)]}, [ref("X")]),
        Fn("Base64", sub("${A}")),
        Fn("GetAZs", ""),
        sub("${A}", {"A": ref("X")}),
    ]
)
scalars = st.one_of(
    st.sampled_from(TEXTS),
    st.text(max_size=8),
    st.booleans(),
    st.none(),
    st.integers(-5, 5000),
    st.sampled_from([1.5, 1e-05, 3.0, 1e30]),
)
values: st.SearchStrategy[Value] = st.recursive(
    scalars | functions,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["A", "b c", "on", "出", "1"]), inner, max_size=3)
    ),
    max_leaves=5,
)


def model(value: Value) -> Any:
    """What a value means, worked out without the code under test."""
    if isinstance(value, Fn):
        return {value.name if value.name == "Ref" else f"Fn::{value.name}": model(value.argument)}
    if isinstance(value, dict):
        return {key: model(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [model(inner) for inner in value]
    return value


def at(data: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        data = data[int(key) if isinstance(data, list) else key]
    return data


def follow(node: Node, path: tuple[str, ...]) -> Node:
    for key in path:
        node = node[int(key)] if node.is_sequence else node[key]
    return node


class Case:
    """A document, one of its nodes, and what another reader finds in it."""

    def __init__(self, data: bytes, choose: Callable[[list[Node]], Node], wanted: Callable[[Node], bool]) -> None:
        try:
            self.before = plain(data)
        except (yaml.YAMLError, ValueError, TypeError):
            assume(False)
        self.data = data
        self.source = Source("template.yaml", data)
        top = parse(self.source).top
        assert top is not None
        nodes = [node for node in top.walk() if wanted(node)]
        assume(nodes)
        self.node = choose(nodes)
        self.json = is_json(data)

    def holds(self, edit: Edit | None, change: Callable[[Any], None]) -> None:
        """An edit says what it should, to a reader that knows nothing of ours."""
        if edit is None:
            return
        after = apply(self.data, [edit])
        intended = copy.deepcopy(self.before)
        change(intended)
        assert repr_of(intended) == repr_of(plain(after)), (self.data.decode(), after.decode())
        assert is_json(after) or not self.json
        assert self.data[: edit.span.start] == after[: edit.span.start]
        assert after.endswith(self.data[edit.span.end :])
        if self.data.count(b"\r\n") == self.data.count(b"\n") > 0:
            assert after.count(b"\r\n") == after.count(b"\n")


def repr_of(data: Any) -> str:
    """Text that tells 1 from true, and nothing about the order of keys or how an attribute is named."""
    if isinstance(data, dict):
        name = data.get("Fn::GetAtt")
        if len(data) == 1 and isinstance(name, str):
            data = {"Fn::GetAtt": name.split(".", 1)}
        return "{" + ",".join(sorted(f"{key!r}:{repr_of(value)}" for key, value in data.items())) + "}"
    if isinstance(data, list):
        return "[" + ",".join(map(repr_of, data)) + "]"
    return repr(data)


@pytest.fixture(autouse=True)
def both_proofs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proof on a piece of a document must say what the one on the whole document says."""
    on_piece = Proof.holds

    def holds(proof: Proof, draft: Edit) -> bool:
        found = on_piece(proof, draft)
        assert found == proof.holds_in_whole(draft), (proof.source.data.decode(), draft)
        return found

    monkeypatch.setattr(Proof, "holds", holds)


documents = pytest.mark.parametrize("documents", [yaml_documents(), json_documents()], ids=["YAML", "JSON"])


def is_item(node: Node) -> bool:
    return node.parent is not None and node.parent.is_sequence


@documents
def test_an_appended_item_is_the_only_difference(documents: st.SearchStrategy[bytes]) -> None:
    @often
    @given(documents, st.data(), st.lists(values, min_size=1, max_size=2))
    def check(data: bytes, draw: st.DataObject, new: list[Value]) -> None:
        case = Case(data, lambda nodes: draw.draw(st.sampled_from(nodes)), lambda node: node.is_sequence)
        edit = edits.append(case.node, case.source, *new)
        case.holds(edit, lambda after: at(after, case.node.path).extend(map(model, new)))

    check()


@documents
def test_a_key_set_is_the_only_difference(documents: st.SearchStrategy[bytes]) -> None:
    @often
    @given(documents, st.data(), st.sampled_from(["New", "Type", "a: b", "on", "キー"]), values)
    def check(data: bytes, draw: st.DataObject, key: str, value: Value) -> None:
        case = Case(data, lambda nodes: draw.draw(st.sampled_from(nodes)), lambda node: node.is_mapping)
        edit = edits.set(case.node, case.source, key, value)
        case.holds(edit, lambda after: at(after, case.node.path).update({key: model(value)}))

    check()


@documents
def test_an_inserted_entry_is_the_only_difference_and_follows_the_other(documents: st.SearchStrategy[bytes]) -> None:
    @often
    @given(documents, st.data(), values)
    def check(data: bytes, draw: st.DataObject, value: Value) -> None:
        case = Case(
            data, lambda nodes: draw.draw(st.sampled_from(nodes)), lambda node: node.is_mapping and len(node) > 0
        )
        key = draw.draw(st.sampled_from(case.node.keys()))
        edit = edits.insert_after(case.node, case.source, key, "New", value)
        case.holds(edit, lambda after: at(after, case.node.path).update({"New": model(value)}))
        if edit is not None and not case.node[key].shared:
            after = parse(Source("template.yaml", apply(data, [edit]))).top
            assert after is not None
            keys = follow(after, case.node.path).keys()
            assert keys.index("New") == keys.index(key) + 1

    check()


@documents
def test_a_removed_entry_is_the_only_difference(documents: st.SearchStrategy[bytes]) -> None:
    @often
    @given(documents, st.data())
    def check(data: bytes, draw: st.DataObject) -> None:
        case = Case(data, lambda nodes: draw.draw(st.sampled_from(nodes)), lambda node: node.parent is not None)
        *path, last = case.node.path

        def change(after: Any) -> None:
            holder = at(after, tuple(path))
            del holder[int(last) if isinstance(holder, list) else last]

        case.holds(edits.remove(case.node, case.source), change)

    check()


@documents
def test_a_replaced_value_is_the_only_difference(documents: st.SearchStrategy[bytes]) -> None:
    @often
    @given(documents, st.data(), values)
    def check(data: bytes, draw: st.DataObject, value: Value) -> None:
        case = Case(data, lambda nodes: draw.draw(st.sampled_from(nodes)), lambda node: node.parent is not None)
        *path, last = case.node.path

        def change(after: Any) -> None:
            holder = at(after, tuple(path))
            holder[int(last) if isinstance(holder, list) else last] = model(value)

        case.holds(edits.replace(case.node, case.source, value), change)

    check()


@documents
def test_several_items_in_the_place_of_one_are_the_only_difference(documents: st.SearchStrategy[bytes]) -> None:
    @often
    @given(documents, st.data(), st.lists(values, min_size=2, max_size=3))
    def check(data: bytes, draw: st.DataObject, new: list[Value]) -> None:
        case = Case(data, lambda nodes: draw.draw(st.sampled_from(nodes)), is_item)
        *path, last = case.node.path

        def change(after: Any) -> None:
            at(after, tuple(path))[int(last) : int(last) + 1] = map(model, new)

        case.holds(edits.replace(case.node, case.source, *new), change)

    check()


@documents
def test_an_item_inserted_before_another_is_the_only_difference(documents: st.SearchStrategy[bytes]) -> None:
    @often
    @given(documents, st.data(), values)
    def check(data: bytes, draw: st.DataObject, value: Value) -> None:
        case = Case(data, lambda nodes: draw.draw(st.sampled_from(nodes)), is_item)
        *path, last = case.node.path
        edit = edits.insert_before(case.node, case.source, value)
        case.holds(edit, lambda after: at(after, tuple(path)).insert(int(last), model(value)))

    check()


@documents
def test_a_value_that_gets_company_is_the_only_difference(documents: st.SearchStrategy[bytes]) -> None:
    @often
    @given(documents, st.data(), values)
    def check(data: bytes, draw: st.DataObject, value: Value) -> None:
        case = Case(data, lambda nodes: draw.draw(st.sampled_from(nodes)), lambda node: node.parent is not None)
        *path, last = case.node.path

        def change(after: Any) -> None:
            holder = at(after, tuple(path))
            key = int(last) if isinstance(holder, list) else last
            before = holder[key]
            holder[key] = [*(before if isinstance(before, list) else [before]), model(value)]

        case.holds(edits.add(case.node, case.source, value), change)

    check()


@documents
def test_another_key_is_the_only_difference(documents: st.SearchStrategy[bytes]) -> None:
    @often
    @given(documents, st.data(), st.sampled_from(["New", "Type", "a: b", "on", "キー", ""]))
    def check(data: bytes, draw: st.DataObject, key: str) -> None:
        case = Case(data, lambda nodes: draw.draw(st.sampled_from(nodes)), lambda node: node.key_span is not None)
        *path, last = case.node.path

        def change(after: Any) -> None:
            holder = at(after, tuple(path))
            holder[key] = holder.pop(last)

        case.holds(edits.rename(case.node, case.source, key), change)

    check()


@documents
def test_a_changed_text_is_the_only_difference(documents: st.SearchStrategy[bytes]) -> None:
    @often
    @given(documents, st.data(), st.one_of(st.sampled_from(TEXTS), st.text(max_size=8)))
    def check(data: bytes, draw: st.DataObject, text: str) -> None:
        case = Case(
            data,
            lambda nodes: draw.draw(st.sampled_from(nodes)),
            lambda node: isinstance(node.scalar, str) and node.parent is not None,
        )
        *path, last = case.node.path

        def change(after: Any) -> None:
            holder = at(after, tuple(path))
            holder[int(last) if isinstance(holder, list) else last] = text

        case.holds(edits.replace_text(case.node, case.source, text), change)

    check()


@documents
def test_what_was_appended_can_be_removed_again(documents: st.SearchStrategy[bytes]) -> None:
    """To the byte, unless the list was empty before."""

    @often
    @given(documents, st.data(), values)
    def check(data: bytes, draw: st.DataObject, value: Value) -> None:
        case = Case(
            data, lambda nodes: draw.draw(st.sampled_from(nodes)), lambda node: node.is_sequence and len(node) > 0
        )
        edit = edits.append(case.node, case.source, value)
        assume(edit is not None)
        assert edit is not None
        source = Source("template.yaml", apply(data, [edit]))
        top = parse(source).top
        assert top is not None
        back = edits.remove(follow(top, case.node.path)[-1], source)
        if back is not None:
            assert case.data.rstrip() == apply(source.data, [back]).rstrip()

    check()
