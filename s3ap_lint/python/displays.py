"""What displays, sums and choices are worth: dictionaries, lists, f-strings, `a or b`."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Protocol

from s3ap_lint.model import Location
from s3ap_lint.python.graph import Node
from s3ap_lint.python.scope import Scope
from s3ap_lint.python.worth import ABSENT, UNTOLD, FirstOf, Frame, Joined, Record, Text, Worth, either


class Follows(Protocol):
    """What follows the expressions inside."""

    def worth(self, expression: ast.expr, node: Node, scope: Scope, frame: Frame | None) -> Worth: ...
    def at(self, node: Node, place: ast.AST) -> Location: ...
    def each(self, value: Worth, then: Callable[[Worth], Worth]) -> Worth: ...


def _constant(traces: Follows, constant: ast.Constant, node: Node, scope: Scope, frame: Frame | None) -> Worth:
    if constant.value is None:
        return ABSENT
    return Text(constant.value, traces.at(node, constant)) if isinstance(constant.value, str) else UNTOLD


def keywords(traces: Follows, call: ast.Call, node: Node, scope: Scope, frame: Frame | None) -> Record:
    """The keywords of a call."""
    items: dict[str, Worth] = {}
    complete = not any(isinstance(argument, ast.Starred) for argument in call.args)
    for keyword in call.keywords:
        value = traces.worth(keyword.value, node, scope, frame)
        if keyword.arg is not None:
            items[keyword.arg] = value
        elif isinstance(value, Record):
            items |= value.items
            complete = complete and value.complete
        else:
            complete = False
    return Record(items, complete)


def _dict(traces: Follows, record: ast.Dict, node: Node, scope: Scope, frame: Frame | None) -> Worth:
    items: dict[str, Worth] = {}
    others: list[Worth] = []
    complete = True
    for key, expression in zip(record.keys, record.values, strict=True):
        value = traces.worth(expression, node, scope, frame)
        if isinstance(key, ast.Constant):
            items[str(key.value)] = value
        elif key is None and isinstance(value, Record):
            items |= value.items
            others += value.others
            complete = complete and value.complete
        else:
            complete = False
            others.append(value)
    return Record(items, complete, tuple(others))


def _list(traces: Follows, listed: ast.List | ast.Tuple, node: Node, scope: Scope, frame: Frame | None) -> Worth:
    items = enumerate(listed.elts)
    return Record({str(place): traces.worth(item, node, scope, frame) for place, item in items})


def _comprehension(
    traces: Follows, made: ast.DictComp | ast.ListComp | ast.GeneratorExp, node: Node, scope: Scope, frame: Frame | None
) -> Worth:
    item = made.value if isinstance(made, ast.DictComp) else made.elt
    return Record({}, complete=False, others=(traces.worth(item, node, scope, frame),))


def _join(traces: Follows, text: ast.JoinedStr, node: Node, scope: Scope, frame: Frame | None) -> Worth:
    parts = []
    for part in text.values:
        inner = part.value if isinstance(part, ast.FormattedValue) else part
        parts.append(traces.worth(inner, node, scope, frame))
    return Joined(tuple(parts), traces.at(node, text))


def _sum(traces: Follows, text: ast.BinOp, node: Node, scope: Scope, frame: Frame | None) -> Worth:
    if not isinstance(text.op, ast.Add):
        return UNTOLD
    parts = tuple(traces.worth(part, node, scope, frame) for part in (text.left, text.right))
    told = any(part is not UNTOLD for part in parts)
    return Joined(parts, traces.at(node, text)) if told else UNTOLD


def _bool(traces: Follows, either: ast.BoolOp, node: Node, scope: Scope, frame: Frame | None) -> Worth:
    if not isinstance(either.op, ast.Or):
        return UNTOLD
    return FirstOf(tuple(traces.worth(operand, node, scope, frame) for operand in either.values))


def _pick(traces: Follows, pick: ast.IfExp, node: Node, scope: Scope, frame: Frame | None) -> Worth:
    return either([traces.worth(arm, node, scope, frame) for arm in (pick.body, pick.orelse)])


def _inside(traces: Follows, outer: ast.NamedExpr | ast.Await, node: Node, scope: Scope, frame: Frame | None) -> Worth:
    return traces.worth(outer.value, node, scope, frame)


DISPLAYS: dict[type[ast.expr], Callable[..., Worth]] = {
    ast.Await: _inside,
    ast.BinOp: _sum,
    ast.BoolOp: _bool,
    ast.Constant: _constant,
    ast.Dict: _dict,
    ast.DictComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.IfExp: _pick,
    ast.JoinedStr: _join,
    ast.List: _list,
    ast.ListComp: _comprehension,
    ast.NamedExpr: _inside,
    ast.Tuple: _list,
}
