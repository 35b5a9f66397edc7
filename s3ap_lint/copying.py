"""A value of a template as a new value, to be written down elsewhere in that place's style."""

from __future__ import annotations

from s3ap_lint.template.node import Node
from s3ap_lint.template.notation import Fn, Value


def copied(node: Node) -> Value:
    """The value of a node, with its intrinsic functions as such."""
    function = node.function
    if function is not None:
        name, argument = function
        return Fn(name.removeprefix("Fn::"), _dotted(argument) if name == "Fn::GetAtt" else copied(argument))
    if node.is_mapping:
        return {key: copied(inner) for key, inner in node.items()}
    if node.is_sequence:
        return [copied(inner) for inner in node]
    return node.scalar


def _dotted(argument: Node) -> Value:
    """The argument of a GetAtt in one piece, where it has one meaning so."""
    parts = [part.text for part in argument]
    return ".".join(parts) if len(parts) == 2 and all(parts) else copied(argument)
