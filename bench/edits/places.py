"""The places of a template that an operation is tried at: few for each file, of many kinds, the same in every run."""

from __future__ import annotations

from collections.abc import Sequence

from bench.edits.operations import Operation, lot
from s3ap_lint.template.node import Node

KINDS = (
    "policy statements",
    "environment variables",
    "resources' properties",
    "resources",
    "parameters",
    "outputs",
    "metadata",
    "elsewhere",
)


def kind_of(node: Node) -> str:
    """What part of a template a node belongs to."""
    path = node.path
    if "Statement" in path:
        return "policy statements"
    if "Variables" in path:
        return "environment variables"
    if "Metadata" in path:
        return "metadata"
    if path[:1] == ("Resources",):
        return "resources' properties" if "Properties" in path else "resources"
    return {"Parameters": "parameters", "Outputs": "outputs"}.get(path[0] if path else "", "elsewhere")


def drawn(operation: Operation, nodes: Sequence[Node], most: int, *lots: str) -> list[Node]:
    """At most so many of the nodes that an operation fits, one of each kind of place."""
    by_kind: dict[str, list[Node]] = {}
    for node in nodes:
        if operation.fits(node):
            by_kind.setdefault(kind_of(node), []).append(node)
    kinds = sorted(by_kind, key=lambda kind: lot(*lots, operation.name, kind))[:most]
    return [by_kind[kind][lot(*lots, operation.name, "node") % len(by_kind[kind])] for kind in kinds]
