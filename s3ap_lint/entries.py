"""Edits of entries that are more than one: another key for a value, several items, what would be left empty."""

from __future__ import annotations

from collections.abc import Sequence

from s3ap_lint.model import Edit
from s3ap_lint.source import Source, apply
from s3ap_lint.template import edits
from s3ap_lint.template.document import parse
from s3ap_lint.template.node import Node
from s3ap_lint.template.notation import Value
from s3ap_lint.template.style import Style


def renamed(node: Node, source: Source, name: str) -> Edit | None:
    """The edit that gives a value another key; None where the key is not written as it reads, or taken."""
    span, parent = node.key_span, node.parent
    if span is None or parent is None or node.shared or name in parent or parent[node.key] is not node:
        return None
    written = source.data[span.start : span.end].decode("utf-8", "replace")
    if written.strip("\"'") != node.key:
        return None
    return Edit(node.subject, span, written.replace(node.key, name))


def taken_out(node: Node, source: Source) -> Edit | None:
    """The edit that removes an entry or item, with what is around it and would be empty without it."""
    last = node
    while last.parent is not None and len(last.parent) == 1 and len(last.path) > 1 and last.parent.key != "Properties":
        last = last.parent
    return edits.remove(last, source)


def appended(listed: Node, source: Source, values: Sequence[Value]) -> Edit | None:
    """The one edit that adds items at the end of a sequence, in order; None where it would say something else."""
    made = [edits.append(listed, source, value) for value in values]
    first = made[0] if made else None
    if first is None or any(one is None or one.span != first.span for one in made):
        return None
    edit = Edit(first.subject, first.span, "".join(one.text for one in made if one is not None))
    if len(made) > 1 and not _says(listed, source, edit, values):
        return None
    return edit


def _says(listed: Node, source: Source, edit: Edit, values: Sequence[Value]) -> bool:
    """Whether after an edit a sequence has some values more, and the file says nothing else that is new."""
    style = Style(listed, source)
    after = parse(Source(source.path, apply(source.data, [edit]))).top
    found = after.data() if after is not None else None
    there = intended = style.top.data()
    for key in listed.path:
        there = there[int(key) if isinstance(there, list) else key]
    there += [style.data(value) for value in values]
    return bool(found == intended)
