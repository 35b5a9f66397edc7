"""Another key for a value, or its entry taken out, with nothing else changed."""

from __future__ import annotations

from s3ap_lint.model import Edit
from s3ap_lint.source import Source
from s3ap_lint.template import edits
from s3ap_lint.template.node import Node


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
    """The edit that removes an entry, with the mappings around it that would be empty without it."""
    last = node
    while last.parent is not None and last.parent.is_mapping and len(last.parent) == 1 and len(last.path) > 1:
        if last.parent.key == "Properties":
            break
        last = last.parent
    return edits.remove(last, source)
