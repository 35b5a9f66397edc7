"""The nodes below a node of a syntax tree: ast.walk and ast.iter_child_nodes tell the same in twice the time.

Without operators and contexts (`+`, "is loaded"), which are the same few nodes everywhere.
"""

from __future__ import annotations

import ast

_PLAIN = frozenset(
    {"arg", "asname", "attr", "conversion", "ctx", "id", "is_async", "kind", "level", "module", "op", "ops", "rest"}
    | {"simple", "type_comment", "type_ignores"}
)
"""Fields that hold no node, or none that is told here."""


class _Fields(dict[type[ast.AST], tuple[str, ...]]):
    """The fields of each kind of node that may hold nodes."""

    def __missing__(self, kind: type[ast.AST]) -> tuple[str, ...]:
        found = () if kind is ast.Constant else tuple(name for name in kind._fields if name not in _PLAIN)
        self[kind] = found
        return found


FIELDS = _Fields()


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes directly below a node, in order."""
    found: list[ast.AST] = []
    for name in FIELDS[node.__class__]:
        value = getattr(node, name, None)
        if value.__class__ is list:
            found += [child for child in value if isinstance(child, ast.AST)]
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


def walk(top: ast.AST) -> list[ast.AST]:
    """A node and all below it, from the outside to the inside."""
    found = [top]
    for node in found:  # which grows
        for name in FIELDS[node.__class__]:
            value = getattr(node, name, None)
            if value.__class__ is list:
                for child in value:
                    if isinstance(child, ast.AST):
                        found.append(child)  # noqa: PERF401  # by far the hottest loop
            elif isinstance(value, ast.AST):
                found.append(value)
    return found
