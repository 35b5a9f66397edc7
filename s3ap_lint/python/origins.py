"""What the names of a scope are made from, as its own statements say it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from s3ap_lint.python.bindings import own_nodes, parameters_of
from s3ap_lint.python.memo import remembered
from s3ap_lint.python.scope import Scope


@dataclass(frozen=True, slots=True)
class Source:
    """One thing that a name is bound to: an expression, an item of it, or one part of what it returns."""

    value: ast.expr
    item: bool = False
    part: int | None = None


def holder_of(name: str, scope: Scope) -> Scope | None:
    """The scope that a name is looked up in."""
    at: Scope | None = scope
    while at is not None:
        if (at.kind != "class" or at is scope) and (name in sources_of(at) or name in parameters_of(at)):
            return at
        at = at.parent
    return None


@remembered
def sources_of(scope: Scope) -> dict[str, tuple[Source, ...]]:
    """What the statements of a scope bind each name to."""
    found: dict[str, list[Source]] = {}

    def bind(target: ast.expr, value: ast.expr, item: bool, part: int | None) -> None:
        if isinstance(target, ast.Name):
            found.setdefault(target.id, []).append(Source(value, item, part))
        elif isinstance(target, ast.Tuple | ast.List):
            for place, one in enumerate(target.elts):
                bind(one, value, item, place)

    for node in own_nodes(scope):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                bind(target, node.value, False, None)
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            bind(node.target, node.value, False, None)
        elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            bind(node.target, node.iter, True, None)
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            bind(node.optional_vars, node.context_expr, False, None)
    return {name: tuple(sources) for name, sources in found.items()}


@remembered
def added_to(scope: Scope) -> dict[str, tuple[ast.expr, ...]]:
    """What is added to the lists and texts of a scope."""
    found: dict[str, list[ast.expr]] = {}
    for node in own_nodes(scope):
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and isinstance(node.op, ast.Add):
            found.setdefault(node.target.id, []).append(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            func = node.func
            if func.attr in ("append", "extend", "insert") and isinstance(func.value, ast.Name) and node.args:
                found.setdefault(func.value.id, []).append(node.args[-1])
    return {name: tuple(values) for name, values in found.items()}


def alternatives(value: ast.expr) -> list[ast.expr]:
    """The parts of an expression of which each may be what it comes to."""
    if isinstance(value, ast.BoolOp):
        return list(value.values)
    if isinstance(value, ast.IfExp):
        return [value.body, value.orelse]
    if isinstance(value, ast.List | ast.Tuple | ast.Set):
        return list(value.elts)
    if isinstance(value, ast.ListComp | ast.GeneratorExp | ast.SetComp):
        return [value.elt]
    if isinstance(value, ast.NamedExpr | ast.Await | ast.Starred):
        return [value.value]
    return []


def of_percent(text: ast.BinOp) -> list[ast.expr]:
    """The values that `%` formats as texts."""
    right = text.right
    values = list(right.elts) if isinstance(right, ast.Tuple) else [right]
    if isinstance(right, ast.Dict):
        values = list(right.values)
    else:
        parts = text.left.values if isinstance(text.left, ast.JoinedStr) else [text.left]
        written = "".join(str(part.value) for part in parts if isinstance(part, ast.Constant))
        kinds = [kind for kind in re.findall(r"%[-+ #0-9.*]*([a-zA-Z%])", written) if kind != "%"]
        if len(kinds) == len(values):
            values = [value for value, kind in zip(values, kinds, strict=True) if kind in "sra"]
    return values
