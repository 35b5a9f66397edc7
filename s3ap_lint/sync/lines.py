"""Operations as edits of whole lines of a block of YAML: what is taken over keeps its words, quotes and comments."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from s3ap_lint.model import Edit, Span
from s3ap_lint.source import Source
from s3ap_lint.sync.operations import Insert, Operation, Remove, Replace
from s3ap_lint.sync.wanted import Group, Made, Wanted, plain_value
from s3ap_lint.template import edits
from s3ap_lint.template.node import Node
from s3ap_lint.template.notation import value_of
from s3ap_lint.template.pieces import Change
from s3ap_lint.template.places import (
    block_column,
    block_start,
    column,
    dash_of,
    end_of,
    entries,
    last_line_end,
    line_start,
    newline,
    next_line,
    shifted,
    start_of,
)
from s3ap_lint.template.proof import Proof
from s3ap_lint.template.style import Style

_ANCHORED = re.compile(rb"(?:^|[\s\[{,:-])[&*][A-Za-z0-9_]")
_RULER = re.compile(rb"^\s*#\s*(?:[-=#*~]|\xe2\x94\x80|\xe2\x95\x90){4,}")


class Rewriter:
    """Edits of one template whose blocks take over lines of another one."""

    def __init__(self, top: Node, target: Source, source: Source) -> None:
        self._top = top
        self.target = target
        self.source = source

    def edit(self, operation: Operation) -> Edit | None:
        """The edit that does an operation and nothing else: in whole lines, or in the file's own style; else None."""
        draft = self._draft(operation)
        if draft is not None and Proof(self.target, self._is_json, self._change(operation)).holds(draft):
            return draft
        return self._in_style(operation)

    def _draft(self, operation: Operation) -> Edit | None:
        if isinstance(operation, Insert):
            return self._insert(operation)
        if isinstance(operation, Remove):
            return self._remove(operation.node)
        return self._replace(operation)

    def _in_style(self, operation: Operation) -> Edit | None:
        """The edit for what is written in brackets, or does not stand in lines of its own."""
        if isinstance(operation, Remove):
            return edits.remove(operation.node, self.target)
        if isinstance(operation, Replace):
            return edits.replace(operation.node, self.target, plain_value(operation.piece))
        parent, new = operation.parent, operation.new
        if parent.is_mapping:
            return edits.extend(parent, self.target, {key or "": plain_value(piece) for key, piece in new})
        at = int(operation.after.key) + 1 if operation.after is not None else 0
        if at == len(parent):
            return edits.append(parent, self.target, *(plain_value(piece) for _, piece in new))
        items = [value_of(item) for item in parent]
        items[at:at] = [plain_value(piece) for _, piece in new]
        return edits.replace(parent, self.target, items)

    def _change(self, operation: Operation) -> Change:
        """What an operation makes of the plain value of the collection that it is in."""
        if isinstance(operation, Insert):
            return self._addition(operation)
        node = operation.node
        parent = node.parent if node.parent is not None else node

        def apply(there: Any, left_out: int) -> None:
            key = int(node.key) - left_out if isinstance(there, list) else node.key
            if isinstance(operation, Replace):
                there[key] = self._data(operation.piece)
            else:
                del there[key]

        return Change(parent, apply, node.key, drops=isinstance(operation, Remove) and parent.is_mapping)

    def _addition(self, operation: Insert) -> Change:
        parent, after = operation.parent, operation.after
        if parent.is_mapping:
            return Change(parent, lambda there, _: there.update({k: self._data(one) for k, one in operation.new}))
        at = int(after.key) + 1 if after is not None else 0
        items = [self._data(piece) for _, piece in operation.new]

        def apply(there: Any, left_out: int) -> None:
            there[at - left_out : at - left_out] = items

        return Change(parent, apply, after.key if after is not None else "0")

    def _data(self, piece: Wanted) -> Any:
        if isinstance(piece, Node):
            return piece.data()
        if isinstance(piece, Group):
            return {key: self._data(inner) for key, inner in piece.entries.items()}
        return self._style.data(piece.value)

    @cached_property
    def _style(self) -> Style:
        return Style(self._top, self.target)

    @cached_property
    def _is_json(self) -> bool:
        return self._style.is_json

    # -- the three -------------------------------------------------------------------------------

    def _insert(self, operation: Insert) -> Edit | None:
        parent, after = operation.parent, operation.after
        first = next(entries(parent), None)
        if parent.style != "block" or first is None or parent.shared:
            return None
        columns = block_column(self.target, parent)
        lines = [line for key, piece in operation.new for line in self._with_comments(key, piece, columns, parent)]
        if after is None:
            begin = start_of(first) if first.key_span is not None else dash_of(self.target, first)
            if begin is None or self.target.data[line_start(self.target, begin) : begin].strip():
                return None
            at = line_start(self.target, begin)
            while at > 0 and _is_comment(self.target, at - 1, columns):
                at = line_start(self.target, at - 1)
        else:
            at = next_line(self.target, end_of(after))
        if lines and lines[0] and any(isinstance(piece, Made) for _, piece in operation.new) and self._spaced(parent):
            lines = ["", *lines]
        if after is None and lines and not lines[0]:  # the blank line between two entries
            lines = [*lines[1:], ""]
        ending = newline(self.target, at)
        text = ending.join(lines) + ending
        if at and self.target.data[at - 1 : at] != b"\n":
            text = ending + text[: -len(ending)]
        return Edit(parent.subject, Span(at, at), text)

    def _spaced(self, parent: Node) -> bool:
        """Whether a blank line stands between the first two entries of a block."""
        first, *others = list(entries(parent))[:2]
        between = self.target.data[end_of(first) : start_of(others[0])] if others else b""
        return any(not line.strip() for line in between.split(b"\n")[1:-1])

    def _remove(self, node: Node) -> Edit | None:
        begin = block_start(self.target, node)
        if begin is None or node.shared or (node.parent is not None and len(node.parent) == 1):
            return None
        start = line_start(self.target, begin)
        if self.target.data[start:begin].strip():
            return None
        end = next_line(self.target, end_of(node))
        above, columns = start, begin - start
        while above > 0 and _is_comment(self.target, above - 1, columns):
            above = line_start(self.target, above - 1)
        ruled = any(_RULER.match(line) for line in self.target.data[above:start].split(b"\n"))
        start = start if ruled else above
        if self._is_blank_above(start) or _is_first(node):
            while end < len(self.target.data) and not self.target.data[end : next_line(self.target, end)].strip():
                end = next_line(self.target, end)
        return Edit(node.subject, Span(start, end), "")

    def _replace(self, operation: Replace) -> Edit | None:
        node = operation.node
        begin = block_start(self.target, node)
        parent = node.parent
        if begin is None or node.shared or parent is None or parent.style != "block":
            return None
        key = node.key if node.key_span is not None else None
        columns = column(self.target, begin)
        lines = self._lines(key, operation.piece, columns, parent)
        end = last_line_end(self.target, node)
        text = newline(self.target, begin).join([lines[0][columns:], *lines[1:]])
        return Edit(node.subject, Span(begin, end), text)

    def _is_blank_above(self, start: int) -> bool:
        return start > 0 and not self.target.data[line_start(self.target, start - 1) : start].strip()

    # -- the text --------------------------------------------------------------------------------

    def _with_comments(self, key: str | None, piece: Wanted, columns: int, parent: Node) -> list[str]:
        """The lines of an entry with the comments directly above it and the blank line above these."""
        above = self._above(piece, columns) if isinstance(piece, Node) else self._above_first(piece, columns)
        return [*above, *self._lines(key, piece, columns, parent)]

    def _above_first(self, piece: Wanted, columns: int) -> list[str]:
        """What stands above the resource that a group was made of."""
        if isinstance(piece, Group):
            inner = next((one for one in piece.entries.values() if isinstance(one, Node)), None)
            home = inner.parent if inner is not None else None
            if home is not None and home.key_span is not None and len(home.path) == 2:
                return self._above(home, columns)
        return []

    def _above(self, node: Node, columns: int) -> list[str]:
        begin = block_start(self.source, node) if node.subject == self.source.path else None
        if begin is None:
            return []
        start = line_start(self.source, begin)
        own, at = column(self.source, begin), start
        while at > 0 and _is_comment(self.source, at - 1, own):
            at = line_start(self.source, at - 1)
        comments = self.source.data[at:start]
        blank = at > 0 and not self.source.data[line_start(self.source, at - 1) : at].strip()
        if comments and comments.strip() in self.target.data:
            comments = b""
        lines = comments.decode("utf-8").replace("\r\n", "\n").split("\n")[:-1]
        return [*([""] if blank else []), *shifted(lines, columns - own)]

    def _lines(self, key: str | None, piece: Wanted, columns: int, parent: Node) -> list[str]:
        """The lines of an entry that begins in a column."""
        if isinstance(piece, Node):
            own = self._verbatim(piece, columns)
            if own is not None and (key is None) == (piece.key_span is None) and (key is None or piece.key == key):
                return own
            piece = Made(plain_value(piece))
        style = Style(parent, self.target)
        if isinstance(piece, Group) and key is not None and piece.entries:
            step = columns + style.step
            inner = [line for name, one in piece.entries.items() for line in self._lines(name, one, step, parent)]
            return [f"{' ' * columns}{style.key(key, False)}:", *inner]
        value = plain_value(piece)
        lines = style.item(value) if key is None else style.entry(key, value)
        return [" " * columns + line if line else "" for line in lines]

    def _verbatim(self, node: Node, columns: int) -> list[str] | None:
        """The lines of an entry of the source, moved to a column; None where they do not stand alone."""
        begin = block_start(self.source, node) if node.subject == self.source.path else None
        if begin is None or any(inner.shared for inner in node.walk()):
            return None
        data = self.source.data[begin : last_line_end(self.source, node)]
        if _ANCHORED.search(data):
            return None
        first, *rest = data.decode("utf-8").replace("\r\n", "\n").split("\n")
        return [" " * columns + first, *shifted(rest, columns - column(self.source, begin))]


def _is_first(node: Node) -> bool:
    return node.parent is not None and next(entries(node.parent), None) is node


def _is_comment(source: Source, at: int, columns: int) -> bool:
    """Whether the line that ends at an offset is nothing but a comment, which begins in a column."""
    start = line_start(source, at)
    line = source.data[start : at + 1]
    return line.lstrip().startswith(b"#") and len(line) - len(line.lstrip(b" ")) == columns


__all__ = ["Rewriter"]
