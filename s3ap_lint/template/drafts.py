"""The ways in which an edit might be written, best first; which of them is right, `edits` finds out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from s3ap_lint.model import Edit, Span
from s3ap_lint.template.document import content_start
from s3ap_lint.template.json_document import ATOM
from s3ap_lint.template.node import Node
from s3ap_lint.template.notation import Fn, Value, literal_lines, reads_plain
from s3ap_lint.template.places import (
    behind_what,
    block_column,
    brackets,
    column,
    comma,
    dash_of,
    end_of,
    entries,
    following,
    in_flow,
    indentation,
    is_blank_or_comment,
    is_written,
    line_end,
    line_start,
    newline,
    next_line,
    owner,
    past_blank_lines,
    start_of,
)
from s3ap_lint.template.style import Style

Drafts = Iterator[Edit]
Entry = tuple[str | None, Value]
"""A key and its value, or an item, which has none."""

_LINE_AND_SPACE = re.compile(rb"[^\n]*\n\s*")


def _edit(style: Style, start: int, end: int, text: str) -> Edit:
    return Edit(style.node.subject, Span(start, end), text)


def _text(style: Style, start: int, end: int) -> str:
    return style.source.data[start:end].decode("utf-8")


def _indented(lines: list[str], columns: int) -> list[str]:
    return [" " * columns + line if line else "" for line in lines]


# -- insertion -----------------------------------------------------------------------------------


def inserted(style: Style, parent: Node, after: Node | None, new: Sequence[Entry]) -> Drafts:
    """New entries behind another, or in a collection without any."""
    if after is not None and not is_written(after):  # `<<` brought it along
        after = next(reversed(list(entries(parent))), None)
    if parent.style == "flow":
        return _in_brackets(style, parent, after, new)
    return _on_lines(style, parent, after, new)


def _on_lines(style: Style, parent: Node, after: Node | None, new: Sequence[Entry]) -> Drafts:
    source = style.source
    end = end_of(after) if after is not None else parent.span.end
    lines = _indented(_lines(style, parent, after, new), block_column(source, parent))
    ending, at = newline(source, end), next_line(source, end)
    if not source.data[:at].endswith(b"\n"):
        yield _edit(style, at, at, ending + ending.join(lines))
        return
    text = ending.join(lines) + ending
    yield _edit(style, at, at, text)
    below = past_blank_lines(source, at)  # blank lines may belong to the text of a block scalar
    yield _edit(style, below, below, text)


def _lines(style: Style, parent: Node, beside: Node | None, new: Sequence[Entry]) -> list[str]:
    """The lines of new entries of a block."""
    gap, siblings = _gap(style, beside), list(entries(parent))
    return [
        line
        for key, value in new
        for line in (style.item(value, gap, siblings) if key is None else style.entry(key, value, siblings))
    ]


def _gap(style: Style, item: Node | None) -> int:
    """How many blanks stand between the dash and an item."""
    dash = dash_of(style.source, item) if item is not None else None
    if item is None or dash is None:
        return 1
    between = style.source.data[dash + 1 : start_of(item)]
    return len(between) if between and not between.strip(b" ") else 1


def _in_brackets(style: Style, parent: Node, after: Node | None, new: Sequence[Entry]) -> Drafts:
    source, around = style.source, brackets(style.source, parent)
    if around is None:
        return
    opening, closing = around
    if after is None:
        if source.data[opening + 1 : closing].strip():
            return  # a comment, or what `<<` brings along
        if style.expands("mapping" if parent.is_mapping else "sequence"):
            indent, ending = indentation(source, opening), newline(source, opening)
            inner = ending + indent + style.json_step
            text = inner + f",{inner}".join(_written(style, new, indent + style.json_step)) + ending + indent
            yield _edit(style, opening + 1, closing, text)
        yield _edit(style, opening + 1, closing, style.comma.join(_written(style, new)))
        return
    end, before = end_of(after), _text(style, line_start(source, start_of(after)), start_of(after))
    if not before.strip(" \t"):
        line = newline(source, end) + before
        yield from _on_its_own_line(style, parent, after, line + f",{line}".join(_written(style, new, before)))
    yield _edit(style, end, end, "".join(style.comma + text for text in _written(style, new)))


def _written(style: Style, new: Sequence[Entry], indent: str | None = None) -> list[str]:
    return [style.flow_entry(key, value, indent) for key, value in new]


def _on_its_own_line(style: Style, parent: Node, after: Node, line: str) -> Drafts:
    """A line behind that of another entry; the comma between the two stands before any comment."""
    source, end = style.source, end_of(after)
    between = comma(source, end, following(parent, after))
    at = end if between is None else between + 1
    stop = line_end(source, at)
    rest = source.data[at:stop]
    if between is None and not is_blank_or_comment(rest):  # the closing bracket
        yield _edit(style, end, end, "," + line)
    elif between is None:
        yield _edit(style, end, stop, "," + _text(style, end, stop) + line)
    elif is_blank_or_comment(rest) and b"\n" not in source.data[end:between]:
        yield _edit(style, stop, stop, line + ",")


def inserted_first(style: Style, first: Node, value: Value) -> Drafts:
    """A new item before the first one of a sequence, below the comments that stand above it."""
    source, parent = style.source, first.parent
    if parent is None:
        return
    if parent.style == "flow":
        start = start_of(first)
        before = _text(style, line_start(source, start), start)
        if not before.strip(" \t"):
            yield _edit(style, start, start, style.flow(value, before) + "," + newline(source, start) + before)
        yield _edit(style, start, start, style.flow(value) + style.comma)
        return
    dash = dash_of(source, first)
    if dash is None:
        return
    columns = column(source, dash)
    lines = _indented(_lines(style, parent, first, [(None, value)]), columns)
    ending = newline(source, dash)
    yield _edit(style, dash, dash, ending.join(lines)[columns:] + ending + " " * columns)


# -- removal -------------------------------------------------------------------------------------


def removed(style: Style, parent: Node, node: Node) -> Drafts:
    """A collection without one of its entries."""
    if len(parent) == 1:
        return _emptied(style, parent, node)
    return _cut_from_brackets(style, parent, node) if parent.style == "flow" else _cut_lines(style, parent, node)


def _emptied(style: Style, parent: Node, node: Node) -> Drafts:
    """`[]` or `{}`: a block that lost all of its lines would be null."""
    source, around = style.source, brackets(style.source, parent)
    if parent.style != "flow":
        yield from replaced(style, parent, [] if parent.is_sequence else {})
    elif around is not None:
        opening, closing = around
        if b"#" in source.data[opening + 1 : start_of(node)] + source.data[end_of(node) : closing]:
            yield _edit(style, line_start(source, start_of(node)), next_line(source, end_of(node)), "")
        else:
            yield _edit(style, opening + 1, closing, "")


def _cut_lines(style: Style, parent: Node, node: Node) -> Drafts:
    """The lines of an entry of a block; of the first one behind a dash only what leads up to the next."""
    source, end = style.source, end_of(node)
    start = dash_of(source, node) if node.key_span is None else node.key_span.start
    if start is None:
        return
    line, stop = line_start(source, start), next_line(source, end)
    if source.data[line:start].strip(b" "):
        rest = _LINE_AND_SPACE.match(source.data, end)
        if rest:
            yield _edit(style, start, rest.end(), "")
        return
    if not source.data[:stop].endswith(b"\n") and line > source.start:  # no final newline before, none after
        yield _edit(style, len(source.data[:line].rstrip()), stop, "")
        yield _edit(style, _end_above(style, line), stop, "")
    yield _edit(style, line, stop, "")
    yield _edit(style, line, past_blank_lines(source, stop), "")


def _end_above(style: Style, line: int) -> int:
    """The end of the line above the one that begins at an offset."""
    return line_end(style.source, line_start(style.source, line - 1))


def _cut_from_brackets(style: Style, parent: Node, node: Node) -> Drafts:
    """An entry of a flow collection with one comma, and with its line if that is its own."""
    source, start, end = style.source, start_of(node), end_of(node)
    data, around = source.data, brackets(source, parent)
    if around is None:
        return
    siblings = list(entries(parent))
    index, next_start = siblings.index(node), following(parent, node)
    behind = comma(source, end, next_start)
    is_last, stop = index == len(siblings) - 1, end if behind is None else behind + 1
    line = line_start(source, start)
    has_line = (
        line > around[0] and not data[line:start].strip() and is_blank_or_comment(data[stop : line_end(source, stop)])
    )
    if has_line and behind is not None:
        yield _edit(style, line, next_line(source, stop), "")
    if index > 0:
        end_before = end_of(siblings[index - 1])
        before = comma(source, end_before, start)
        if has_line and before is not None and before < line:
            kept = _text(style, before + 1, _end_above(style, line))
            yield _edit(style, before, line_end(source, end), kept)
        if is_last and b"#" not in data[end_before:start]:
            yield _edit(style, end_before, end, "")
    if behind is not None and b"#" not in data[end:next_start]:
        yield _edit(style, start, stop if is_last else next_start, "")


# -- replacement ---------------------------------------------------------------------------------


def replaced(style: Style, node: Node, value: Value) -> Drafts:
    """Another value in a node's place."""
    folded = node.style == ">" and isinstance(value, str) and "\n" in value.rstrip("\n")
    if isinstance(value, str) and isinstance(node.scalar, str) and not folded:
        yield from retold(style, node, value)
    if isinstance(value, Fn) and owner(node) is not node:
        value = {value.long: value.argument}  # two tags cannot stand in a row
    source, start, end = style.source, node.span.start, node.span.end
    if style.is_json or in_flow(node):
        yield _in_place(style, start, end, style.flow(value, indentation(source, start)))
        return
    behind = behind_what(source, node)
    if behind is None:
        return
    written = style.block(value)
    if not written.below and node.style != "block":
        yield _in_place(style, start, end, written.head)
        return
    head, ending = f" {written.head}" if written.head else "", newline(source, end)
    if b"\n" in source.data[behind:start]:  # a block: what stands between its key and its first line stays
        same = node.style == "block" and (node.is_sequence if written.is_list else node.is_mapping)
        columns = block_column(source, node) if same and written.below else _column_below(style, node, written.is_list)
        stop = next_line(source, end)
        between = _text(style, behind, line_start(source, start))
        text = head + between + "".join(line + ending for line in _indented(written.below, columns))
        final = source.data[:stop].endswith(b"\n")
        yield _edit(style, behind, stop, text if final else text.rstrip("\r\n"))
    elif written.head or node.key_span is not None or owner(node) is not node:
        stop = line_end(source, end)
        columns = _column_below(style, node, written.is_list)
        lines = [head + _text(style, end, stop), *_indented(written.below, columns)]
        yield _edit(style, behind, stop, ending.join(lines))
    else:
        first, *rest = written.below
        columns = column(source, start) + (behind == start)
        yield _in_place(style, start, end, ending.join([first, *_indented(rest, columns)]))


def _in_place(style: Style, start: int, end: int, text: str) -> Edit:
    """Text for a span; where nothing stood directly behind a colon or dash, a blank goes before it."""
    bare = start == end and not style.source.data[start - 1 : start].isspace()
    return _edit(style, start, end, f" {text}" if bare else text)


def _column_below(style: Style, node: Node, is_list: bool) -> int:
    """The column of the lines below a node's key or dash."""
    outer = owner(node)
    if outer.key_span is not None:
        return column(style.source, outer.key_span.start) + (style.list_step if is_list else style.step)
    dash = dash_of(style.source, outer)
    return style.step if dash is None else column(style.source, dash) + 2


def replaced_by_several(style: Style, item: Node, values: Sequence[Value]) -> Drafts:
    """Several items in the place of one."""
    first, *others = values
    new: list[Entry] = [(None, value) for value in others]
    if item.parent is None or not others:
        yield from replaced(style, item, first)
        return
    below = list(inserted(style, item.parent, item, new))
    for one in replaced(style, item, first):
        for other in below:
            if one.span.end <= other.span.start:
                between = _text(style, one.span.end, other.span.start)
                yield _edit(style, one.span.start, other.span.end, one.text + between + other.text)


def listed(style: Style, node: Node, value: Value) -> Drafts:
    """A list of a value, in its own words, and another one, in the value's place."""
    source, start, end = style.source, node.span.start, node.span.end
    if style.is_json or in_flow(node):
        yield from _listed_in_brackets(style, node, value)
        return
    behind = behind_what(source, node)
    if behind is None:
        return
    stop, ending = line_end(source, end), newline(source, end)
    if node.key_span is None:
        if b"\n" not in source.data[behind:start]:
            below = ending.join(["", *_indented(style.item(value), column(source, start))])
            yield _edit(style, start, stop, "- " + _shifted(_text(style, start, stop), 2) + below)
        return
    if style.lists_in_brackets(node.key) and b"\n" not in source.data[behind:end]:
        yield from _listed_in_brackets(style, node, value)
    dash = column(source, node.key_span.start) + style.list_step
    below = ending.join(["", *_indented(style.item(value), dash)])
    if b"\n" in source.data[behind:start]:
        line = line_start(source, start)
        lines = _shifted(_text(style, start, stop), dash + 2 - (start - line))
        yield _edit(style, line, stop, " " * dash + "- " + lines + below)
        return
    for shift in (style.list_step, style.list_step + 2):  # the second where lists begin in the column of their key
        lines = _shifted(_text(style, start, stop), shift)
        yield _edit(style, behind, stop, ending + " " * dash + "- " + lines + below)


def _listed_in_brackets(style: Style, node: Node, value: Value) -> Drafts:
    source, start, end = style.source, node.span.start, node.span.end
    own = _text(style, start, end)
    if style.expands("sequence") and (style.is_json or in_flow(node)):
        indent, ending = indentation(source, start), newline(source, start)
        inner = indent + style.json_step
        items = [own.replace("\n", "\n" + style.json_step), style.flow(value, inner)]
        yield _in_place(
            style, start, end, "[" + ",".join(ending + inner + item for item in items) + ending + indent + "]"
        )
    yield _in_place(style, start, end, f"[{own}{style.comma}{style.flow(value)}]")


def _shifted(text: str, columns: int) -> str:
    """Text whose lines but the first are moved to the right, or to the left."""
    first, *rest = text.split("\n")
    if columns < 0:
        return "\n".join([first, *(line[min(-columns, len(line) - len(line.lstrip(" "))) :] for line in rest)])
    return "\n".join([first, *(" " * columns + line if line.strip() else line for line in rest)])


def renamed(style: Style, node: Node, key: str) -> Drafts:
    """Another key for an entry, in the quotes of the one that it has."""
    span = node.key_span
    if span is None or style.source.data[span.start : span.start + 1] in {b"&", b"*", b"!"}:
        return
    mark = style.source.data[span.start : span.start + 1]
    quote = mark.decode() if mark in {b"'", b'"'} else ""
    in_brackets = node.parent is not None and node.parent.style == "flow"
    yield _edit(style, span.start, span.end, style.text(key, in_brackets, quote))


def retold(style: Style, node: Node, text: str) -> Drafts:
    """Another text for a scalar, in its own quotes."""
    if node.style in {"|", ">"}:
        yield from _in_block_scalar(style, node, text)
        return
    start, end = content_start(style.source.data, node), node.span.end
    if not isinstance(node.scalar, str) and (
        ATOM.fullmatch(text) if style.is_json else reads_plain(f"x{text}", in_flow(node))
    ):
        yield _in_place(style, start, end, text)
    yield _in_place(style, start, end, style.text(text, in_flow(node), node.style if node.raw else None))


def _in_block_scalar(style: Style, node: Node, text: str) -> Drafts:
    source, start, end = style.source, content_start(style.source.data, node), node.span.end
    said = literal_lines(text)
    if said is None:
        return
    chomping, lines = said
    if node.style == ">":  # which makes one line of two unless a blank one is between them
        lines = [lines[0], *(part for line in lines[1:] for part in (["", line] if line else [line]))]
    first = line_end(source, start)
    header = re.sub(r"^([|>])[-+]?", lambda mark: mark.group(1) + chomping, _text(style, start, first))
    indent = indentation(source, next_line(source, start)) if first < end else " " * _column_below(style, node, False)
    yield _edit(
        style, start, end, newline(source, start).join([header, *(indent + line if line else "" for line in lines)])
    )
