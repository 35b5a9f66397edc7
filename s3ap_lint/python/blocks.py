"""The statements of a Python file: what stands around each, and how one is taken out without touching another line."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cached_property

from s3ap_lint.model import Edit, Span
from s3ap_lint.source import Source

_ALONE = re.compile(rb"[ \t]*;?[ \t]*(#[^\n]*)?\r?\n?")
_FOLLOWED = re.compile(rb"[ \t]*;[ \t]*(?=[^\s#;\\])")
_FOLLOWS = re.compile(rb"[ \t]*;[ \t]*\Z")


class Blocks:
    """The nodes around each node of a file, and the block that each statement is in."""

    def __init__(self, source: Source, tree: ast.Module) -> None:
        self.source = source
        self.tree = tree

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """The node around each node."""
        return {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node, in the order of `ast.walk`."""
        return self.tree, *self.parents

    @cached_property
    def _blocks(self) -> dict[ast.stmt, list[ast.stmt]]:
        return {one: block for node in self.nodes for block in _blocks_of(node) for one in block}

    def block(self, statement: ast.stmt) -> list[ast.stmt]:
        """The statements of the block that a statement is in, itself included."""
        return self._blocks[statement]

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """What a node stands in, from the inside to the module."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    def function(self, node: ast.AST) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """The function whose body runs a node; None at module level."""
        around = self.around(node)
        return next((one for one in around if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)), None)

    def span(self, node: ast.AST) -> Span:
        """The bytes of a node."""
        line, end_line = getattr(node, "lineno", 1), getattr(node, "end_lineno", 1)
        start = self.source.offset_at(line, getattr(node, "col_offset", 0))
        return Span(start, self.source.offset_at(end_line, getattr(node, "end_col_offset", 0)))

    @cached_property
    def exact(self) -> bool:
        """Whether `ast` counts the lines of the file as we do; a lone carriage return ends one for Python only."""
        data = self.source.data
        return b"\r" not in data or b"\r" not in data.replace(b"\r\n", b"")


def _blocks_of(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(block, list):
            yield block


def removal(source: Source, statement: Span, *, stand_in: bool = False) -> Edit | None:
    """Take a simple statement out, with its lines where it has them to itself; None where that cannot be done.

    `stand_in`: something must stay where it was, since its block has nothing else.
    """
    if stand_in:
        return Edit(source.path, statement, "pass")
    data = source.data
    start = max(data.rfind(b"\n", 0, statement.start) + 1, source.start if statement.start >= source.start else 0)
    before = data[start : statement.start]
    alone = _ALONE.match(data, statement.end)
    ends = alone is not None and (alone.end() == len(data) or data[alone.end() - 1 : alone.end()] == b"\n")
    if not before.strip(b" \t\f") and alone is not None and ends:
        continued = data[:start].rstrip(b"\r\n").endswith(b"\\")
        return None if continued else Edit(source.path, Span(start, alone.end()), "")
    followed = _FOLLOWED.match(data, statement.end)
    if followed is not None:
        return Edit(source.path, Span(statement.start, followed.end()), "")
    follows = _FOLLOWS.search(before)
    if follows is not None:
        return Edit(source.path, Span(start + follows.start(), statement.end), "")
    return None


def stand_ins(blocks: Blocks, leaving: set[ast.stmt]) -> set[ast.stmt]:
    """Of statements that are to go, those that must leave a `pass`: the last ones of blocks that go as a whole."""
    found = set()
    for statement in leaving:
        block = blocks.block(statement)
        if block is not blocks.tree.body and all(one in leaving for one in block):
            found.add(block[-1])
    return found
