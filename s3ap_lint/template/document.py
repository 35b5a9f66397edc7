"""From a file's bytes to nodes: YAML by libyaml's events, JSON by the standard library's scanner.

Neither the depth nor the aliases of a hostile document make it work or recurse without bound;
what is wrong with a document is returned as problems, never raised.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from s3ap_lint.model import Span
from s3ap_lint.source import Source
from s3ap_lint.template.json_document import read_json
from s3ap_lint.template.node import Kind, Node
from s3ap_lint.template.problem import MAX_DEPTH, MAX_NODES, Problem, Stop, too_deep, too_many, twice

__all__ = ["MAX_DEPTH", "MAX_NODES", "Document", "Problem", "content_start", "parse", "typed"]

_SHORT = {
    "And": "Fn::And", "Base64": "Fn::Base64", "Cidr": "Fn::Cidr", "Condition": "Condition", "Equals": "Fn::Equals",
    "FindInMap": "Fn::FindInMap", "ForEach": "Fn::ForEach", "GetAtt": "Fn::GetAtt", "GetAZs": "Fn::GetAZs",
    "If": "Fn::If", "ImportValue": "Fn::ImportValue", "Join": "Fn::Join", "Length": "Fn::Length", "Not": "Fn::Not",
    "Or": "Fn::Or", "Ref": "Ref", "Select": "Fn::Select", "Split": "Fn::Split", "Sub": "Fn::Sub",
    "ToJsonString": "Fn::ToJsonString", "Transform": "Fn::Transform", "Contains": "Fn::Contains",
    "EachMemberIn": "Fn::EachMemberIn", "EachMemberEquals": "Fn::EachMemberEquals", "RefAll": "Fn::RefAll",
    "ValueOf": "Fn::ValueOf", "ValueOfAll": "Fn::ValueOfAll",
}  # fmt: skip
_SPACE = rb"(?:\s|(?<=\s)#[^\n]*+)*+"
_PROPERTIES = re.compile(rb"(?:(?:!<[^>\s]*>|![^\s,\[\]{}]*|&[\w-]+)" + _SPACE + rb")*")
_BLANK = re.compile(_SPACE)
_RESOLVER = yaml.resolver.Resolver()
_OTHER_THAN_TEXT = frozenset(_RESOLVER.yaml_implicit_resolvers)  # how a plain scalar begins that may be something else
_CONSTRUCTOR = yaml.constructor.SafeConstructor()
_MERGE = "<<"


@dataclass(frozen=True, slots=True)
class Document:
    """The top node of a file (None when it cannot be parsed) and its problems."""

    top: Node | None
    problems: tuple[Problem, ...] = ()


def parse(source: Source) -> Document:
    """The nodes of a YAML or JSON file; by content, whatever its name says."""
    try:
        text = source.text
    except UnicodeDecodeError as error:
        at = error.start + source.start
        return Document(None, (Problem("not UTF-8 text", Span(at, at)),))
    if "\0" in text:
        return Document(None, (Problem("a binary file, not text", Span(0, 0)),))
    named_json = source.path.endswith(".json")
    if not named_json and not text.lstrip().startswith(("{", "[")):
        return _Yaml(source, text).parse()
    try:
        top, problems = read_json(source)
    except Stop as stop:
        document = _Yaml(source, text).parse()
        if named_json and (document.top is None or document.top.style != "block"):
            return Document(None, (stop.problem,))
        return document
    return Document(top, tuple(problems))


def content_start(data: bytes, node: Node) -> int:
    """Where a YAML value begins behind its anchor and tag."""
    match = _PROPERTIES.match(data, node.span.start)
    return min(match.end(), max(node.span.start, node.span.end)) if match else node.span.start


@dataclass(slots=True)
class _Open:
    """A collection whose end has not been read; `outer` is what its parent receives."""

    node: Node
    outer: Node
    anchor: str | None
    depth: int
    key: tuple[str, Span] | None = None
    merging: bool = False
    merged: list[Node] = field(default_factory=list)


class _Yaml:
    """Builds nodes from libyaml's events with a stack of its own, so depth costs no recursion."""

    def __init__(self, source: Source, text: str) -> None:
        self.source = source
        self.text = text
        self.offset = source.byte_offsets.__getitem__
        self.problems: list[Problem] = []
        self.anchors: dict[str, Node | None] = {}
        self.stack: list[_Open] = []
        self.top: Node | None = None
        self.count = 0
        self.end = 0  # of the last thing read that is neither blank nor a comment

    def parse(self) -> Document:
        try:
            self._build()
        except Stop as stop:
            return Document(None, (*self.problems, stop.problem))
        except yaml.MarkedYAMLError as error:
            # The problem of a key without a colon is noticed on the next line; the context is the key.
            mark = error.context_mark if "simple key" in (error.context or "") else error.problem_mark
            mark = mark or error.context_mark
            at = self.source.byte_offset(mark.index) if mark else 0
            words = " ".join(part for part in (error.context, error.problem) if part)
            return Document(None, (*self.problems, Problem(words, Span(at, at))))
        except (yaml.YAMLError, ValueError) as error:
            return Document(None, (*self.problems, Problem(str(error).splitlines()[0], Span(0, 0))))
        if self.top is None:
            self.problems.append(Problem("the file is empty", Span(0, 0)))
        return Document(self.top, tuple(self.problems))

    def _build(self) -> None:
        documents = 0
        events: Iterator[Any] = yaml.parse(self.text, Loader=yaml.CSafeLoader)
        for event in events:
            kind = type(event)
            if kind is yaml.ScalarEvent:
                if not event.tag and not event.anchor and self._takes_key(event):
                    continue
                outer = self._wrapped(event, self._scalar(event))
                if event.anchor:
                    self.anchors[event.anchor] = outer
                self._put(outer)
            elif kind is yaml.AliasEvent:
                self._put(self._alias(event))
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                self._open(event)
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                self._put(self._close(event))
            elif kind is yaml.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    raise Stop("more than one YAML document in the file", self._span(event))

    def _span(self, event: Any) -> Span:
        return Span(self.offset(event.start_mark.index), self.offset(event.end_mark.index))

    @property
    def _depth(self) -> int:
        """The number of nodes above the next one."""
        return self.stack[-1].depth + 1 if self.stack else 0

    def _node(self, kind: Kind, span: Span, value: object = None, raw: str = "", style: str = "") -> Node:
        self._count(span)
        return Node(kind, self.source.path, span, value=value, raw=raw, style=style)

    def _count(self, span: Span) -> None:
        self.count += 1
        if self.count > MAX_NODES:
            raise too_many(span)

    def _takes_key(self, event: Any) -> bool:
        """Take a scalar as the next key, which is no node of the tree; False where it is a value."""
        parent = self.stack[-1] if self.stack else None
        if parent is None or parent.key is not None or parent.node.kind is not Kind.MAPPING:
            return False
        span = self._extent(event)
        self._count(span)
        parent.key = (event.value, span)
        parent.merging = event.value == _MERGE and not event.style
        return True

    def _put(self, node: Node) -> None:
        if not self.stack:
            self.top = node
            return
        parent = self.stack[-1]
        if parent.node.kind is Kind.SEQUENCE:
            parent.node.adopt(str(len(parent.node)), node)
        elif parent.key is None:
            if node.kind is not Kind.SCALAR:
                raise Stop("a key must be text", node.alias or node.span)
            parent.key = (node.raw, node.alias or node.span)
            parent.merging = node.raw == _MERGE and not node.style
        else:
            key, span = parent.key
            parent.key = None
            if parent.merging:
                parent.merged.append(node)
                return
            if key in parent.node:
                self.problems.append(twice(key, span))
            parent.node.adopt(key, node, span)

    def _scalar(self, event: Any) -> Node:
        style = event.style or ""
        value: object = event.value
        if not style or event.tag:
            value = typed(event.value, None if event.implicit[0] else event.tag)
        return self._node(Kind.SCALAR, self._extent(event), value=value, raw=event.value, style=style)

    def _extent(self, event: Any) -> Span:
        """Where a scalar stands."""
        start, end = self.offset(event.start_mark.index), self.offset(event.end_mark.index)
        if event.style == "|" or event.style == ">":  # libyaml counts the blank lines behind a block scalar to it
            end = start + len(self.source.data[start:end].rstrip())
        elif start == end and _BLANK.fullmatch(self.source.data, self.end, start):
            start = end = self.end  # `? key` without a value: libyaml looks ahead
        if end > self.end:
            self.end = end
        return Span(start, end)

    def _wrapped(self, event: Any, inner: Node) -> Node:
        """The function around a value with a short tag such as `!Sub`; else the value itself."""
        tag: str | None = event.tag
        if not tag or not tag.startswith("!") or tag == "!":
            return inner
        outer = Node(Kind.MAPPING, self.source.path, inner.span, style="tag")
        start = content_start(self.source.data, inner)
        inner.span = Span(start, max(start, inner.span.end))
        outer.adopt(_SHORT.get(tag[1:], f"Fn::{tag[1:]}"), inner)
        return outer

    def _open(self, event: Any) -> None:
        kind = Kind.MAPPING if isinstance(event, yaml.MappingStartEvent) else Kind.SEQUENCE
        inner = self._node(kind, self._span(event), style="flow" if event.flow_style else "block")
        outer = self._wrapped(event, inner)
        depth = self._depth + (outer is not inner)
        if depth > MAX_DEPTH:
            raise too_deep(inner.span)
        self.stack.append(_Open(inner, outer, event.anchor, depth))
        if event.anchor:
            self.anchors[event.anchor] = None  # until it is closed, an alias to it is a cycle

    def _close(self, event: Any) -> Node:
        """A flow collection ends at its bracket; a block ends where the last thing in it does.

        libyaml's end mark of a block is the start of the next token, past blank lines and comments.
        """
        done = self.stack.pop()
        node, outer = done.node, done.outer
        at = self._span(event)
        if at.start < at.end:  # a closing bracket
            self.end = at.end
        end = max(self.end, node.span.start)
        node.span, outer.span = Span(node.span.start, end), Span(outer.span.start, end)
        if done.anchor:
            self.anchors[done.anchor] = outer
        for merged in reversed(done.merged):  # the last `<<` wins, as in PyYAML
            self._merge(node, merged, done.depth)
        return outer

    def _alias(self, event: Any) -> Node:
        at = self._span(event)
        target = self.anchors.get(event.anchor)
        if target is None:
            known = event.anchor in self.anchors
            raise Stop(f"the anchor &{event.anchor} {'contains itself' if known else 'is not defined'}", at)
        node = self._copy(target, at, self._depth)
        node.alias = at
        self.end = at.end
        return node

    def _copy(self, node: Node, at: Span, depth: int) -> Node:
        """The tree that an alias at a place stands for; its nodes keep the places where they were written."""
        self.count += 1
        if self.count > MAX_NODES:
            raise too_many(at, "its aliases expand to ")
        if depth > MAX_DEPTH:
            raise too_deep(at)
        twin = Node(node.kind, node.subject, node.span, value=node.scalar, raw=node.raw, style=node.style, shared=True)
        for child in node.children():
            twin.adopt(child.key, self._copy(child, at, depth + 1), child.key_span)
        return twin

    def _merge(self, node: Node, merged: Node, depth: int) -> None:
        """Carry out YAML's `<<`, which the deployment tools expand before CloudFormation sees it."""
        merged = _untagged(merged)
        for source in map(_untagged, merged if merged.is_sequence else [merged]):
            if not source.is_mapping:
                self.problems.append(Problem("'<<' needs a mapping to merge", source.alias or source.span, fatal=False))
            for key, child in source.items():
                if key not in node:
                    node.adopt(key, self._copy(child, node.span, depth + 1), child.key_span)


def _untagged(node: Node) -> Node:
    """The value itself where a short tag stands before it, which a merge does not look at."""
    return node.children()[0] if node.style == "tag" else node


def typed(text: str, tag: str | None = None) -> object:
    """What a plain scalar is by YAML 1.1's types, or by its tag; dates stay text, as in CloudFormation."""
    if tag is None and text[:1] not in _OTHER_THAN_TEXT:
        return text
    kind = tag or _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    node = yaml.ScalarNode(kind, text)
    try:
        match kind.removeprefix("tag:yaml.org,2002:"):
            case "null":
                return None
            case "bool":
                return _CONSTRUCTOR.bool_values[text.lower()]
            case "int":
                return _CONSTRUCTOR.construct_yaml_int(node)
            case "float":
                return _CONSTRUCTOR.construct_yaml_float(node)
    except (ValueError, KeyError, IndexError, OverflowError):
        return text
    return text
