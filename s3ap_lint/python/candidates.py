"""What may be a call of the AWS SDK, by its spelling alone: found once per scope, whoever reaches it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from s3ap_lint.python import resources
from s3ap_lint.python.bindings import own_nodes
from s3ap_lint.python.memo import remembered
from s3ap_lint.python.scope import Scope
from s3ap_lint.python.state import chain_of
from s3ap_lint.sdk import operation_names

_PLACED = frozenset(name for _, name in resources.TRANSFERS) | resources.MORE
_PLACED |= {"generate_presigned_post", "generate_presigned_url", "paginate", "wait"}
"""Methods that take arguments by position; all others take keywords only."""


@cache
def spellings() -> frozenset[str]:
    """How a call of the SDK may be spelled."""
    return operation_names() | resources.method_names() | _PLACED


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """What may be a call: a method `name` of `base` (an expression where it is looked up), and where.

    `call` has the arguments; with `passed`, it hands the method on to something that calls it.
    """

    base: ast.expr
    name: str | ast.expr
    place: ast.expr
    call: ast.Call | None
    passed: bool = False


@remembered
def candidates(scope: Scope) -> tuple[Candidate, ...]:
    """What a scope itself may call or hand on, spelled like an operation."""
    found: list[Candidate] = []
    names = spellings()
    inner: set[ast.AST] = set()
    calls: dict[ast.AST, ast.Call] = {}
    for node in own_nodes(scope):
        if isinstance(node, ast.Call):
            inner.add(node.func)
            found += _of_call(node, inner)
            for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
                calls[argument] = node
        elif isinstance(node, ast.Attribute):
            inner.add(node.value)
            if node not in inner and "_" in node.attr and isinstance(node.ctx, ast.Load) and node.attr in names:
                found.append(Candidate(node.value, node.attr, node, calls.get(node), passed=True))
    return tuple(found)


def _of_call(call: ast.Call, called: set[ast.AST]) -> Iterator[Candidate]:
    func = call.func
    if isinstance(func, ast.Attribute):
        if func.attr in _PLACED or (not call.args and func.attr in spellings()):
            yield Candidate(func.value, func.attr, func, call)
    elif isinstance(func, ast.Call):
        looked_up = _looked_up(func)
        if looked_up is not None:
            yield Candidate(func.args[0], looked_up, func, call)
    looked_up = _looked_up(call)
    if looked_up is not None and call not in called:
        yield Candidate(call.args[0], looked_up, call, None, passed=True)


def _looked_up(call: ast.Call) -> ast.expr | None:
    """The name that getattr() looks up."""
    return call.args[1] if chain_of(call.func) == ("getattr",) and len(call.args) > 1 else None


@remembered
def _caught_lines(scope: Scope) -> tuple[tuple[int, int], ...]:
    """The lines of a scope whose failed calls of the SDK are caught."""
    tries = (node for node in own_nodes(scope) if isinstance(node, ast.Try))
    return tuple(
        (node.body[0].lineno, node.body[-1].end_lineno or 0) for node in tries if any(map(_catches, node.handlers))
    )


def _catches(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or "exceptions" in chain_of(kind) or chain_of(kind)[-1:] in _FAILURES for kind in kinds)


_FAILURES = {("ClientError",), ("BotoCoreError",), ("Boto3Error",), ("Exception",), ("BaseException",)}


def is_caught(call: ast.AST, scope: Scope) -> bool:
    """Whether a call stands in a try statement that catches what the SDK raises."""
    line = getattr(call, "lineno", 0)
    return any(first <= line <= last for first, last in _caught_lines(scope))
