"""The fix of F541: an f-string that fills in nothing becomes the plain string that it is."""

from __future__ import annotations

import ast
import re

from s3ap_lint.model import Edit, Fix, Safety, Span
from s3ap_lint.python.blocks import Blocks

TITLE = "Remove the f"

LITERAL = re.compile(
    rb"""(?s)\#[^\n]* | (?P<prefix>[A-Za-z]*)
         (?P<quoted>'{3}(?:\\.|[^\\])*?'{3} | "{3}(?:\\.|[^\\])*?"{3} | '(?:\\.|[^'\\])*' | "(?:\\.|[^"\\])*" )""",
    re.VERBOSE,
)
"""A comment, or one of the strings that stand side by side and make one."""

_DOUBLED = re.compile(rb"\{\{|\}\}")
_VALUES = (
    ast.Call
    | ast.keyword
    | ast.Assign
    | ast.AugAssign
    | ast.Return
    | ast.Tuple
    | ast.List
    | ast.Set
    | ast.IfExp
    | ast.FormattedValue
    | ast.Raise
    | ast.Yield
    | ast.Lambda
    | ast.BoolOp
    | ast.NamedExpr
    | ast.Starred
    | ast.Assert
    | ast.ListComp
    | ast.SetComp
    | ast.GeneratorExp
    | ast.Await
)
"""Where a string is a value like any other: no docstring, annotation, format or key, and not compared."""


def fix(blocks: Blocks, node: ast.JoinedStr) -> Fix | None:
    """Plain strings in place of f-strings; None where that would mean something else, or be looked at differently."""
    around = blocks.parents.get(node)
    if not blocks.exact or not _is_value(node, around):
        return None
    edits = _edits(blocks, blocks.span(node))
    title = TITLE if len(edits) == 1 else f"{TITLE}, and of doubled braces one"
    return Fix(title, edits, Safety.SAFE) if edits and _is_same(blocks, node, edits) else None


def _is_value(node: ast.JoinedStr, around: ast.AST | None) -> bool:
    if isinstance(around, ast.Dict):
        return node in around.values
    return isinstance(around, _VALUES) or (isinstance(around, ast.BinOp) and isinstance(around.op, ast.Add))


def _edits(blocks: Blocks, whole: Span) -> tuple[Edit, ...]:
    path, edits = blocks.source.path, []
    for literal in LITERAL.finditer(blocks.source.data, whole.start, whole.end):
        prefix = literal["prefix"] or b""
        at = prefix.lower().find(b"f")
        if at < 0:
            continue
        edits.append(Edit(path, Span(literal.start() + at, literal.start() + at + 1), ""))
        doubled = _DOUBLED.finditer(blocks.source.data, literal.start("quoted"), literal.end("quoted"))
        edits.extend(Edit(path, Span(one.start() + 1, one.end()), "") for one in doubled)
    return tuple(edits)


def _is_same(blocks: Blocks, node: ast.JoinedStr, edits: tuple[Edit, ...]) -> bool:
    """Whether what comes out is the same text."""
    whole = blocks.span(node)
    data, out, at = blocks.source.data, b"", whole.start
    for edit in edits:
        out, at = out + data[at : edit.span.start], edit.span.end
    try:
        made = ast.literal_eval(f"({(out + data[at : whole.end]).decode()}\n)")
    except (SyntaxError, ValueError):
        return False
    return str(made) == "".join(str(one.value) for one in node.values if isinstance(one, ast.Constant))
