"""The keys of a JSON text that a call is given: `body=json.dumps({...})`, written there or bound to a name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from s3ap_lint.python.module import Module

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.Module)


@dataclass(frozen=True)
class Payload:
    """The keys of one JSON text, and the dictionary that says them; `complete` when it has no others."""

    keys: tuple[str, ...]
    complete: bool
    node: ast.Dict


def payload(call: ast.Call, keyword: str, module: Module) -> Payload | None:
    """The JSON text that a keyword of a call is given; None when it is made in more than one way, or not told."""
    value = next((one.value for one in call.keywords if one.arg == keyword), None)
    text = _followed(value, module)
    if isinstance(text, ast.Call) and isinstance(text.func, ast.Attribute) and text.func.attr == "encode":
        text = _followed(text.func.value, module)
    if not isinstance(text, ast.Call) or module.meanings.of(text.func) != "json.dumps" or not text.args:
        return None
    found = _followed(text.args[0], module)
    if not isinstance(found, ast.Dict):
        return None
    keys = [key.value for key in found.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
    complete = len(keys) == len(found.keys)
    if isinstance(text.args[0], ast.Name):
        later = list(_set_later(text.args[0], module))
        keys += [one for one in later if one]
        complete = complete and "" not in later
    return Payload(tuple(keys), complete, found)


def _followed(value: ast.expr | None, module: Module) -> ast.expr | None:
    """What a name is bound to, when that is one thing; any other expression as it is."""
    if not isinstance(value, ast.Name):
        return value
    holder: ast.AST | None = value
    while holder is not None:
        holder = _around(holder, module)
        if holder is None:
            return None
        stored = [one for one in _stored(value.id, module) if _around(one, module) is holder]
        if _is_parameter(holder, value.id) or len(stored) > 1:
            return None
        if stored:
            bound = module.parents.get(stored[0])
            return bound.value if isinstance(bound, ast.Assign | ast.AnnAssign) else None
    return None


def _set_later(name: ast.Name, module: Module) -> Iterator[str]:
    """The keys that a dictionary is given behind its display; "" for what cannot be told."""
    for one in module.nodes:
        if not isinstance(one, ast.Name) or one.id != name.id or not isinstance(one.ctx, ast.Load):
            continue
        parent = module.parents.get(one)
        if isinstance(parent, ast.Subscript) and isinstance(parent.ctx, ast.Store | ast.Del):
            key = parent.slice
            yield key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""
        elif not isinstance(parent, ast.Subscript) and one is not name:
            yield ""


def _around(node: ast.AST, module: Module) -> ast.AST | None:
    """The function around a node, or the module."""
    parent = module.parents.get(node)
    while parent is not None and not isinstance(parent, _FUNCTIONS):
        parent = module.parents.get(parent)
    return parent


def _stored(name: str, module: Module) -> list[ast.Name]:
    named = [one for one in module.nodes if isinstance(one, ast.Name) and one.id == name]
    return [one for one in named if isinstance(one.ctx, ast.Store | ast.Del)]


def _is_parameter(holder: ast.AST, name: str) -> bool:
    if not isinstance(holder, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return False
    arguments = holder.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return any(one is not None and one.arg == name for one in every)
