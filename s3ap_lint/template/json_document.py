"""JSON with places: the standard library's rules, an explicit stack, duplicate keys reported."""

from __future__ import annotations

import json
import re
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

from s3ap_lint.model import Span
from s3ap_lint.source import Source
from s3ap_lint.template.node import Kind, Node
from s3ap_lint.template.problem import MAX_DEPTH, MAX_NODES, Problem, Stop, too_deep, too_many, twice

_SPACE = re.compile(r"[ \t\r\n]*")
ATOM = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null")


def read_json(source: Source) -> tuple[Node, list[Problem]]:
    """The top node of a JSON file and what is wrong with it without being fatal.

    Raises Stop where the text is no JSON.
    """
    reader = _Reader(source)
    return reader.read(), reader.problems


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.problems: list[Problem] = []
        self.count = 0

    def read(self) -> Node:
        text = self.text
        stack: list[Node] = []
        keys: list[tuple[str, Span]] = []
        at = self._skip(0)
        while True:
            # A value begins at `at`.
            char = text[at : at + 1]
            if char == "{" or char == "[":
                node = self._node(Kind.MAPPING if char == "{" else Kind.SEQUENCE, at, at + 1, style="flow")
                if len(stack) >= MAX_DEPTH:
                    raise too_deep(node.span)
                stack.append(node)
                at = self._skip(at + 1)
                if text[at : at + 1] != ("}" if char == "{" else "]"):
                    at = self._begin(stack, keys, at)
                    continue
                at = self._close(stack, at)
            else:
                node, at = self._scalar(char, at)
            # A value has ended: hand it to its parent, and close whatever closes here.
            while stack:
                self._put(stack[-1], keys, node)
                at = self._skip(at)
                if text[at : at + 1] == ",":
                    at = self._begin(stack, keys, self._skip(at + 1))
                    break
                node = stack[-1]
                at = self._close(stack, at)
            else:
                if self._skip(at) != len(text):
                    raise self._stop("text after the end of the JSON value", self._skip(at))
                return node

    def _stop(self, message: str, at: int) -> Stop:
        offset = self.source.byte_offset(at)
        return Stop(message, Span(offset, offset))

    def _skip(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def _span(self, start: int, end: int) -> Span:
        return Span(self.source.byte_offset(start), self.source.byte_offset(end))

    def _node(self, kind: Kind, start: int, end: int, **rest: Any) -> Node:
        self.count += 1
        span = self._span(start, end)
        if self.count > MAX_NODES:
            raise too_many(span)
        return Node(kind, self.source.path, span, **rest)

    def _string(self, at: int) -> tuple[str, int]:
        try:
            text, end = scanstring(self.text, at + 1, True)
        except json.JSONDecodeError as error:
            raise self._stop(error.msg, error.pos) from error
        return text, end

    def _scalar(self, char: str, at: int) -> tuple[Node, int]:
        if char == '"':
            text, end = self._string(at)
            return self._node(Kind.SCALAR, at, end, value=text, raw=text, style='"'), end
        match = ATOM.match(self.text, at)
        if match is None:
            raise self._stop("expected a JSON value", at)
        raw = match.group()
        try:
            value = json.loads(raw)
        except ValueError as error:  # Python refuses to convert thousands of digits
            raise self._stop("a number with too many digits", at) from error
        return self._node(Kind.SCALAR, at, match.end(), value=value, raw=raw), match.end()

    def _begin(self, stack: list[Node], keys: list[tuple[str, Span]], at: int) -> int:
        """Read the key of the next entry, if a mapping is open; return where the value begins."""
        if not stack[-1].is_mapping:
            return at
        if self.text[at : at + 1] != '"':
            raise self._stop("expected a key in double quotes", at)
        key, end = self._string(at)
        keys.append((key, self._span(at, end)))
        colon = self._skip(end)
        if self.text[colon : colon + 1] != ":":
            raise self._stop("expected ':' after the key", colon)
        return self._skip(colon + 1)

    def _put(self, parent: Node, keys: list[tuple[str, Span]], node: Node) -> None:
        if parent.is_sequence:
            parent.adopt(str(len(parent)), node)
            return
        key, span = keys.pop()
        if key in parent:
            self.problems.append(twice(key, span))
        parent.adopt(key, node, span)

    def _close(self, stack: list[Node], at: int) -> int:
        node = stack[-1]
        closing = "}" if node.is_mapping else "]"
        if self.text[at : at + 1] != closing:
            raise self._stop(f"expected ',' or '{closing}'", at)
        stack.pop()
        node.span = Span(node.span.start, self.source.byte_offset(at + 1))
        return at + 1
