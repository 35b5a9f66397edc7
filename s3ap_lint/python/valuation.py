"""From an expression to the value it has, with the names replaced by what they stand for here."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any, Final

from s3ap_lint.python.scope import Scope
from s3ap_lint.python.value import (
    OPAQUE,
    UNKNOWN,
    Choice,
    Const,
    Either,
    Environment,
    Foreign,
    Given,
    Items,
    Opaque,
    Operation,
    Parameter,
    Pick,
    Present,
    Sentinel,
    Value,
    Variable,
    negation,
    worth,
)

OS: Final = Opaque()
"""The module os."""
GETENV: Final = Opaque()
"""os.getenv or os.environ.get."""
ENVIRONMENT: Final = Environment()
MOST_ITEMS = 64
"""How many items a collection may have that is followed; with all that are inside, as many squared."""
MOST_OPERANDS = 512
"""How many values one may be worked out from, each counted as often as it is used."""
MOST_LETTERS = 4096
"""How long a text may be that is put together."""

_COMPOUND = (Either, Operation, Pick, Variable)
_METHODS = frozenset({"lower", "upper", "strip", "casefold", "startswith", "endswith", "split", "lstrip", "rstrip"})
_FUNCTIONS: dict[str, Callable[..., Any]] = {"int": int, "str": str, "bool": bool, "float": float, "len": len}
_COLLECTIONS = frozenset({"tuple", "list", "set", "frozenset", "sorted"})
_BUILT_IN = frozenset({*_FUNCTIONS, *_COLLECTIONS, "any", "all", "object"})
_OPERATORS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}


def lookup(name: str, scope: Scope, *, in_loop: bool = False) -> Value:
    """What a name stands for in a scope, as far as the walk has come."""
    at: Scope | None = scope
    while at is not None:
        if at.kind != "class" or at is scope:
            value = at.values.get(name)
            if value is not None:
                if isinstance(value, Parameter) and at is not scope:
                    return OPAQUE  # the argument of an enclosing call
                if in_loop and isinstance(value, Const) and at.kind == "function":
                    return OPAQUE  # may have changed since the last turn
                return value
            if name in at.bound:
                return OPAQUE
        at = at.parent
    return OPAQUE


def value_of(node: ast.expr, scope: Scope, *, in_loop: bool = False) -> Value:
    """What an expression is worth; OPAQUE when that does not depend on what can be read."""
    compute = _KINDS.get(node.__class__)
    if compute is None:
        return OPAQUE
    value = compute(node, scope, in_loop)
    return OPAQUE if value.__class__ in _COMPOUND and _is_heavy(value) else value


def _is_heavy(value: Value) -> bool:
    """Whether a value hangs on more values than may be asked each time; names that use each other double them."""
    todo, seen = [value], 0
    while todo:
        one = todo.pop()
        seen += 1
        if seen > MOST_OPERANDS:
            return True
        if isinstance(one, Operation | Either):
            todo += one.operands
        elif isinstance(one, Pick):
            todo += (one.test, one.then, one.other)
        elif isinstance(one, Variable) and one.default is not None:
            todo.append(one.default)
    return False


def _constant(node: ast.Constant, scope: Scope, in_loop: bool) -> Value:
    return Const(node.value)


def _name(node: ast.Name, scope: Scope, in_loop: bool) -> Value:
    return lookup(node.id, scope, in_loop=in_loop)


def _attribute(node: ast.Attribute, scope: Scope, in_loop: bool) -> Value:
    base = value_of(node.value, scope, in_loop=in_loop)
    if base is OS:
        return ENVIRONMENT if node.attr in ("environ", "environb") else GETENV if node.attr == "getenv" else OPAQUE
    if isinstance(base, Environment):
        return GETENV if node.attr == "get" and base.sure else OPAQUE
    if isinstance(base, Foreign):
        return Foreign((*base.chain, node.attr))
    if not isinstance(node.value, ast.Name):
        return OPAQUE
    holder = _class_named(node.value.id, scope)
    return OPAQUE if holder is None else holder.values.get(node.attr, OPAQUE)


def _class_named(name: str, scope: Scope) -> Scope | None:
    """The class that a name means here: by its own name, or as self or cls."""
    if name in ("self", "cls"):
        return scope.owner
    at: Scope | None = scope
    while at is not None:
        found = at.children.get(name)
        if found and found[-1].kind == "class":
            return found[-1]
        at = at.parent
    return None


def _subscript(node: ast.Subscript, scope: Scope, in_loop: bool) -> Value:
    base = value_of(node.value, scope, in_loop=in_loop)
    if isinstance(base, Environment):
        return Variable(value_of(node.slice, scope, in_loop=in_loop), None, node)
    if isinstance(base, Const | Items):
        return _operation(operator.getitem, Const(base.value), value_of(node.slice, scope, in_loop=in_loop))
    return OPAQUE


def _call(node: ast.Call, scope: Scope, in_loop: bool) -> Value:
    func = node.func
    if func.__class__ is ast.Attribute:
        return _method_call(node, func, scope, in_loop)
    if func.__class__ is ast.Name:
        return _plain_call(node, func.id, scope, in_loop)
    return OPAQUE


def _method_call(node: ast.Call, func: ast.Attribute, scope: Scope, in_loop: bool) -> Value:
    base = value_of(func.value, scope, in_loop=in_loop)
    if base is OPAQUE or base.__class__ is Foreign:
        return OPAQUE
    if base is OS:
        return _variable(node, scope, in_loop) if func.attr == "getenv" else OPAQUE
    if isinstance(base, Environment):
        if func.attr not in ("get", "pop", "setdefault"):
            return OPAQUE
        return _variable(node, scope, in_loop, raises=func.attr == "pop" and len(node.args) < 2)
    if func.attr in _METHODS:
        operands = [value_of(arg, scope, in_loop=in_loop) for arg in node.args]
        return _operation(_method(func.attr), base, *operands)
    return OPAQUE


def _plain_call(node: ast.Call, name: str, scope: Scope, in_loop: bool) -> Value:
    args = node.args
    if name in _BUILT_IN and name not in scope.values:
        if name == "object":
            return Sentinel(f"{node.lineno}:{node.col_offset}")
        if len(args) != 1:
            return OPAQUE
        if name in _FUNCTIONS:
            return _operation(_FUNCTIONS[name], value_of(args[0], scope, in_loop=in_loop))
        if name in _COLLECTIONS:
            return value_of(args[0], scope, in_loop=in_loop)
        if isinstance(args[0], ast.GeneratorExp | ast.ListComp):
            return _quantified(args[0], scope, until=name == "any", filtered=False)
        return OPAQUE
    return _variable(node, scope, in_loop) if lookup(name, scope) is GETENV else OPAQUE


def _variable(node: ast.Call, scope: Scope, in_loop: bool, *, raises: bool = False) -> Value:
    named = {keyword.arg: keyword.value for keyword in node.keywords}
    key = node.args[0] if node.args else named.get("key")
    if key is None:
        return OPAQUE
    default = node.args[1] if len(node.args) > 1 else named.get("default")
    fallback = Const(None) if default is None else value_of(default, scope, in_loop=in_loop)
    return Variable(value_of(key, scope, in_loop=in_loop), None if raises else fallback, node)


def _operation(function: Callable[..., Any], *operands: Value) -> Value:
    if any(operand is OPAQUE for operand in operands):
        return OPAQUE
    return _folded(Operation(function, operands))


def _method(name: str) -> Callable[..., Any]:
    def call(target: Any, *args: Any) -> Any:
        return getattr(target, name)(*args)

    return call


def _folded(value: Operation) -> Value:
    if not all(isinstance(operand, Const) for operand in value.operands):
        return value
    result = worth(value, Given())
    return OPAQUE if result is UNKNOWN else _kept(result)


def _kept(result: Any) -> Value:
    """A value that was worked out, unless it is too much to carry along."""
    if isinstance(result, str | bytes):
        return Const(result) if len(result) <= MOST_LETTERS else OPAQUE
    return Const(result) if _items_in(result) <= MOST_ITEMS * MOST_ITEMS else OPAQUE


def _items_in(value: Any) -> int:
    """How many items a collection and the ones inside it have."""
    if isinstance(value, dict):
        return len(value) + sum(map(_items_in, value.values()))
    return len(value) + sum(map(_items_in, value)) if isinstance(value, tuple | list | set | frozenset) else 0


def _compare(node: ast.Compare, scope: Scope, in_loop: bool) -> Value:
    if len(node.ops) != 1:
        return OPAQUE
    kind, right = type(node.ops[0]), value_of(node.comparators[0], scope, in_loop=in_loop)
    if right is OPAQUE:
        return OPAQUE
    if isinstance(right, Items) and not isinstance(node.comparators[0], ast.Name | ast.Attribute):
        right = Const(right.value)  # written out on the spot
    left = value_of(node.left, scope, in_loop=in_loop)
    if isinstance(right, Environment):
        present = Present(left, node)
        return OPAQUE if left is OPAQUE else present if kind is ast.In else Operation(negation, (present,))
    if kind is ast.Is or kind is ast.IsNot:
        # `is` says something about None, True, False and sentinels only
        if not any(isinstance(side, Sentinel) or _is_singleton(side) for side in (left, right)):
            return OPAQUE
        return OPAQUE if left is OPAQUE else Operation(_OPERATORS[kind], (left, right))
    return _operation(_OPERATORS[kind], left, right)


def _is_singleton(value: Value) -> bool:
    return isinstance(value, Const) and (value.value is None or isinstance(value.value, bool))


def _bool_op(node: ast.BoolOp, scope: Scope, in_loop: bool) -> Value:
    operands = tuple(value_of(operand, scope, in_loop=in_loop) for operand in node.values)
    if any(isinstance(operand, Environment) for operand in operands):
        return Environment(sure=False)
    if all(operand is OPAQUE for operand in operands):
        return OPAQUE
    return Either(isinstance(node.op, ast.Or), operands)


def _if_exp(node: ast.IfExp, scope: Scope, in_loop: bool) -> Value:
    then = value_of(node.body, scope, in_loop=in_loop)
    other = value_of(node.orelse, scope, in_loop=in_loop)
    if isinstance(then, Environment) or isinstance(other, Environment):
        return Environment(sure=False)
    if then is OPAQUE and other is OPAQUE:
        return OPAQUE
    return Pick(value_of(node.test, scope, in_loop=in_loop), then, other)


def _unary(node: ast.UnaryOp, scope: Scope, in_loop: bool) -> Value:
    operand = value_of(node.operand, scope, in_loop=in_loop)
    if not isinstance(node.op, ast.Not) or operand is OPAQUE:
        return OPAQUE
    return Operation(negation, (operand,))


def _named(node: ast.NamedExpr, scope: Scope, in_loop: bool) -> Value:
    return value_of(node.value, scope, in_loop=in_loop)


def _collection(node: ast.List | ast.Tuple | ast.Set, scope: Scope, in_loop: bool) -> Value:
    if len(node.elts) > MOST_ITEMS:
        return OPAQUE
    items = []
    for item in node.elts:
        value = value_of(item, scope, in_loop=in_loop)
        if not isinstance(value, Const | Items):
            return OPAQUE
        items.append(value.value)
    if _items_in(items) > MOST_ITEMS * MOST_ITEMS:
        return OPAQUE
    return Const(tuple(items)) if isinstance(node, ast.Tuple) else Items(tuple(items))


def _dict(node: ast.Dict, scope: Scope, in_loop: bool) -> Value:
    if len(node.keys) > MOST_ITEMS:
        return OPAQUE
    items = {}
    for key, item in zip(node.keys, node.values, strict=True):
        if not isinstance(key, ast.Constant):
            return OPAQUE
        value = value_of(item, scope, in_loop=in_loop)
        if not isinstance(value, Const | Items):
            return OPAQUE
        items[key.value] = value.value
    return Items(items) if _items_in(items) <= MOST_ITEMS * MOST_ITEMS else OPAQUE


def _text(node: ast.JoinedStr, scope: Scope, in_loop: bool) -> Value:
    parts = []
    for part in node.values:
        plain = isinstance(part, ast.FormattedValue) and part.conversion == -1 and part.format_spec is None
        value = value_of(part.value if isinstance(part, ast.FormattedValue) and plain else part, scope, in_loop=in_loop)
        if not isinstance(value, Const):
            return OPAQUE
        parts.append(str(value.value))
    return _kept("".join(parts))


def _sum(node: ast.BinOp, scope: Scope, in_loop: bool) -> Value:
    if not isinstance(node.op, ast.Add) or isinstance(node.left, ast.BinOp):
        return OPAQUE  # long sums are never names
    left = value_of(node.left, scope, in_loop=in_loop)
    right = value_of(node.right, scope, in_loop=in_loop)
    if isinstance(left, Const) and isinstance(right, Const):
        return _operation(operator.add, left, right)
    return OPAQUE


def _comprehension(node: ast.ListComp | ast.SetComp, scope: Scope, in_loop: bool) -> Value:
    return _quantified(node, scope, until=True, filtered=True)


def _quantified(
    node: ast.GeneratorExp | ast.ListComp | ast.SetComp, scope: Scope, *, until: bool, filtered: bool
) -> Value:
    """Whether any (all) of the items is true; `filtered`: whether any item passes the condition."""
    loop = node.generators[0]
    if len(node.generators) != 1 or not isinstance(loop.target, ast.Name) or bool(loop.ifs) is not filtered:
        return OPAQUE
    if filtered and len(loop.ifs) != 1:
        return OPAQUE
    items = value_of(loop.iter, scope)
    if not isinstance(items, Const | Items) or not isinstance(items.value, tuple | dict):
        return OPAQUE
    name, before = loop.target.id, scope.values.get(loop.target.id)
    operands = []
    for item in items.value:
        scope.values[name] = Const(item)
        operands.append(value_of(loop.ifs[0] if filtered else node.elt, scope))
    if before is None:
        scope.values.pop(name, None)
    else:
        scope.values[name] = before
    return OPAQUE if all(operand is OPAQUE for operand in operands) else Either(until, tuple(operands))


_KINDS: dict[type[ast.expr], Callable[[Any, Scope, bool], Value]] = {
    ast.Attribute: _attribute,
    ast.BinOp: _sum,
    ast.BoolOp: _bool_op,
    ast.Call: _call,
    ast.Compare: _compare,
    ast.Constant: _constant,
    ast.Dict: _dict,
    ast.IfExp: _if_exp,
    ast.JoinedStr: _text,
    ast.List: _collection,
    ast.ListComp: _comprehension,
    ast.Name: _name,
    ast.NamedExpr: _named,
    ast.Set: _collection,
    ast.SetComp: _comprehension,
    ast.Subscript: _subscript,
    ast.Tuple: _collection,
    ast.UnaryOp: _unary,
}


def items_of(value: Value, target: ast.expr, *, pairs: bool = False) -> list[tuple[str, Value]]:
    """What the names of a loop's target stand for while it runs over a value (`pairs`: over its items())."""
    names = (
        [target] if isinstance(target, ast.Name) else target.elts if isinstance(target, ast.Tuple | ast.List) else []
    )
    plain = [name.id for name in names if isinstance(name, ast.Name)]
    if len(plain) != len(names) or not plain:
        return []
    if isinstance(value, Parameter | Foreign) and len(plain) == 1 and not pairs:
        return [(plain[0], value)]
    if not isinstance(value, Const | Items) or not isinstance(value.value, tuple | dict):
        return []
    rows = list(value.value.items()) if pairs and isinstance(value.value, dict) else list(value.value)
    if isinstance(target, ast.Name):
        return [(plain[0], Choice(tuple(rows)))]
    if not all(isinstance(row, tuple) and len(row) == len(plain) for row in rows):
        return []
    return [(name, Choice(tuple(row[place] for row in rows))) for place, name in enumerate(plain)]
