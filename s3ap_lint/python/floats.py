"""Which values of one file are floats for sure, also inside dictionaries and lists.

A name counts when everything that is ever assigned to it does. What is converted, or comes from elsewhere, does not.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property

from s3ap_lint.budget import Budget, GaveUp
from s3ap_lint.python.module import Module

MOST_STEPS = 2048
"""How many expressions are looked at for one value."""

TOO_MANY = GaveUp("would have to follow a value through too many expressions")

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_MAKES_FLOAT = frozenset(
    {"builtins.float", "time.time", "time.monotonic", "time.perf_counter", "time.process_time"}
    | {"random.random", "random.uniform", "random.gauss", "os.path.getmtime", "os.path.getctime"}
    | {f"math.{name}" for name in ("sqrt", "exp", "log", "log10", "log2", "sin", "cos", "pow", "hypot", "fsum", "pi")}
)
_MAKES_INT = frozenset({"builtins.int", "builtins.len", "time.time_ns", "math.floor", "math.ceil"})


class Floats:
    """Answers for the expressions of one module."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self._busy: set[tuple[ast.AST, str]] = set()
        self._budget = Budget(MOST_STEPS, TOO_MANY)

    def inside(self, value: ast.expr) -> list[ast.expr]:
        """The expressions that are floats for sure where a value is one, or holds one. Raises GaveUp."""
        self._budget = Budget(MOST_STEPS, TOO_MANY)
        self._busy.clear()
        return list(dict.fromkeys(self._inside(value)))

    def _inside(self, value: ast.expr) -> Iterator[ast.expr]:
        self._budget.spend()
        if self.is_float(value):
            yield value
        elif isinstance(value, ast.Dict):
            for one in value.values:
                yield from self._inside(one)
        elif isinstance(value, ast.List | ast.Tuple | ast.Set):
            for one in value.elts:
                yield from self._inside(one)
        elif isinstance(value, ast.ListComp | ast.SetComp):
            yield from self._inside(value.elt)
        elif isinstance(value, ast.DictComp):
            yield from self._inside(value.value)
        elif isinstance(value, ast.IfExp):
            yield from self._inside(value.body)
            yield from self._inside(value.orelse)
        elif isinstance(value, ast.BoolOp):
            yield from self._inside(value.values[-1])
        elif isinstance(value, ast.Call):
            yield from self._inside_call(value)
        elif isinstance(value, ast.Name):
            yield from self._inside_name(value)

    def _inside_call(self, call: ast.Call) -> Iterator[ast.expr]:
        if self.module.meanings.of(call.func) == "builtins.dict" and not call.args:
            for keyword in call.keywords:
                yield from self._inside(keyword.value)
        elif isinstance(call.func, ast.Attribute) and call.func.attr == "get" and len(call.args) == 2:
            if self.is_float(call.args[1]):
                yield call.args[1]
        else:
            function = self._function(call)
            if function is not None and self._enter(function, "()"):
                for one in _own(function):
                    if isinstance(one, ast.Return) and one.value is not None:
                        yield from self._inside(one.value)
                self._busy.discard((function, "()"))

    def _inside_name(self, name: ast.Name) -> Iterator[ast.expr]:
        """What a dictionary or list holds that is written out, with what is set in it later."""
        around = self._holder(name)
        if around is None or not self._enter(around, name.id):
            return
        values = self._values(around, name.id)
        if not values and name.id in _parameters(around):
            values = self._handed(around, name.id)
        if values and all(isinstance(one, ast.Dict | ast.List | ast.Call) for one in values if one is not None):
            told = [one for one in values if one is not None]
            if len(told) == len(values) and not any(self._converts(one, name.id) for one in told):
                for one in (*told, *self._set_later(around, name.id)):
                    yield from self._inside(one)
        self._busy.discard((around, name.id))

    @staticmethod
    def _converts(value: ast.expr, name: str) -> bool:
        """Whether a name is given what a function makes of the same name."""
        return isinstance(value, ast.Call) and any(
            isinstance(node, ast.Name) and node.id == name for node in ast.walk(value)
        )

    # -- floats

    def is_float(self, value: ast.expr) -> bool:
        """Whether a value is a float, for sure."""
        self._budget.spend()
        if isinstance(value, ast.Constant):
            return isinstance(value.value, float)
        if isinstance(value, ast.UnaryOp):
            return not isinstance(value.op, ast.Not) and self.is_float(value.operand)
        if isinstance(value, ast.BinOp):
            return self._is_float_sum(value)
        if isinstance(value, ast.IfExp):
            return self.is_float(value.body) and self.is_float(value.orelse)
        if isinstance(value, ast.Call):
            return self._is_float_call(value)
        return isinstance(value, ast.Name) and self._is_float_name(value)

    def _is_float_sum(self, value: ast.BinOp) -> bool:
        left, right = self.is_float(value.left), self.is_float(value.right)
        if isinstance(value.op, ast.Div):
            return (left or self._is_int(value.left)) and (right or self._is_int(value.right))
        if isinstance(value.op, ast.Add | ast.Sub | ast.Mult | ast.Pow | ast.Mod | ast.FloorDiv):
            return (left and (right or self._is_int(value.right))) or (right and self._is_int(value.left))
        return False

    def _is_float_call(self, call: ast.Call) -> bool:
        meaning = self.module.meanings.of(call.func)
        if meaning in _MAKES_FLOAT:
            return True
        if meaning in ("builtins.round", "builtins.abs"):
            rounded_to_int = meaning == "builtins.round" and len(call.args) + len(call.keywords) == 1
            return bool(call.args) and not rounded_to_int and self.is_float(call.args[0])
        if meaning in ("builtins.max", "builtins.min") and len(call.args) > 1:
            return all(self.is_float(one) for one in call.args)
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("total_seconds", "timestamp"):
            return not call.args and not call.keywords
        function = self._function(call)
        return function is not None and _says_float(getattr(function, "returns", None))

    def _is_float_name(self, name: ast.Name) -> bool:
        around = self._holder(name)
        if around is None or not self._enter(around, name.id):
            return False
        values = self._values(around, name.id)
        told = bool(values) and all(one is not None and self.is_float(one) for one in values)
        if not values:
            told = any(one.arg == name.id and _says_float(one.annotation) for one in _arguments(around))
        self._busy.discard((around, name.id))
        return told

    def _is_int(self, value: ast.expr) -> bool:
        if isinstance(value, ast.Constant):
            return isinstance(value.value, int)
        if isinstance(value, ast.BinOp) and not isinstance(value.op, ast.Div):
            return self._is_int(value.left) and self._is_int(value.right)
        return isinstance(value, ast.Call) and self.module.meanings.of(value.func) in _MAKES_INT

    # -- names

    def _enter(self, around: ast.AST, name: str) -> bool:
        key = (around, name)
        if key in self._busy:
            return False
        self._busy.add(key)
        return True

    def _holder(self, name: ast.Name) -> ast.AST | None:
        """The function, or the module, that binds a name."""
        at: ast.AST | None = self.module.parents.get(name)
        while at is not None:
            if isinstance(at, (*_FUNCTIONS, ast.Module)):
                bound = self._bound(at)
                if name.id in bound or name.id in _parameters(at):
                    return at
            at = self.module.parents.get(at)
        return None

    def _values(self, around: ast.AST, name: str) -> list[ast.expr | None]:
        """Everything that is assigned to a name; None for what cannot be told. Only tells where it is no parameter."""
        values = self._bound(around).get(name, [])
        return [None, *values] if values and name in _parameters(around) else values

    def _bound(self, around: ast.AST) -> dict[str, list[ast.expr | None]]:
        if around not in self._all_bound:
            self._all_bound[around] = _bound(around)
        return self._all_bound[around]

    @cached_property
    def _all_bound(self) -> dict[ast.AST, dict[str, list[ast.expr | None]]]:
        return {}

    def _set_later(self, around: ast.AST, name: str) -> list[ast.expr]:
        """What `name["key"] = …`, `name.append(…)` and `name.update(…)` add."""
        found: list[ast.expr] = []
        for node in _own(around):
            if isinstance(node, ast.Assign):
                items = (target.value for target in node.targets if isinstance(target, ast.Subscript))
                found += [node.value for item in items if getattr(item, "id", "") == name]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                adds = node.func.attr in ("append", "update", "extend")
                if adds and getattr(node.func.value, "id", "") == name:
                    found.append(node.args[0])
        return found

    # -- functions of the module

    @cached_property
    def _functions(self) -> dict[str, list[ast.AST]]:
        found: dict[str, list[ast.AST]] = {}
        for node in self.module.nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found.setdefault(node.name, []).append(node)
        return found

    def _function(self, call: ast.Call) -> ast.AST | None:
        """The function of this file that is called: by its name, or as a method of self."""
        func = call.func
        if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id in ("self", "cls"):
            name = func.attr
        elif isinstance(func, ast.Name):
            name = func.id
        else:
            return None
        found = self._functions.get(name, [])
        return found[0] if len(found) == 1 else None

    def _handed(self, function: ast.AST, name: str) -> list[ast.expr | None]:
        """What the calls in this file hand to a parameter."""
        plain = _parameters(function)
        if plain[:1] in (["self"], ["cls"]):
            plain = plain[1:]
        found: list[ast.expr | None] = []
        for node in self.module.nodes:
            if isinstance(node, ast.Call) and self._function(node) is function:
                given = {keyword.arg: keyword.value for keyword in node.keywords}
                place = plain.index(name) if name in plain else len(node.args)
                found.append(given.get(name) or (node.args[place] if place < len(node.args) else None))
        return found


def _arguments(function: ast.AST) -> list[ast.arg]:
    args = getattr(function, "args", None)
    return [*args.posonlyargs, *args.args, *args.kwonlyargs] if isinstance(args, ast.arguments) else []


def _parameters(function: ast.AST) -> list[str]:
    return [one.arg for one in _arguments(function)]


def _says_float(annotation: ast.expr | None) -> bool:
    return isinstance(annotation, ast.Name) and annotation.id == "float"


def _own(around: ast.AST) -> Iterator[ast.AST]:
    """What stands in a function or module itself, in no order."""
    todo: list[ast.AST] = list(ast.iter_child_nodes(around))
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, _FUNCTIONS):
            todo += ast.iter_child_nodes(node)


def _bound(around: ast.AST) -> dict[str, list[ast.expr | None]]:
    """What the statements of a function or module assign to each name; None for what cannot be told."""
    found: dict[str, list[ast.expr | None]] = {}
    told: set[ast.AST] = set()
    for node in _own(around):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
            targets = [node.target] if node.value is not None else []
        for target in targets:
            if isinstance(target, ast.Name):
                told.add(target)
                found.setdefault(target.id, []).append(getattr(node, "value", None))
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            told.add(node.target)  # a float stays one, whatever is added
        if isinstance(node, ast.AnnAssign) and node.value is None:
            told.add(node.target)
    for node in _own(around):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load) and node not in told:
            found.setdefault(node.id, []).append(None)
    return found
