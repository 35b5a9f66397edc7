"""The nodes below a node of a syntax tree."""

from __future__ import annotations

import ast

import pytest

from s3ap_lint.python import tree

CODE = """
import os as system
from . import x
@decorated(key=1)
async def f(a: int, *b, c=2, **d) -> "text":
    global g
    async with x as y, z:
        yield {1: 2, **d}
    try:
        del a[1:2:3]
    except (ValueError, KeyError) as error:
        raise error from None
    match a:
        case {"k": [1, *rest]} | C(attr=1) if a:
            return f"{a!r:>{b}}" + (lambda q=1: -q)(*b, **d)
class C(Base, metaclass=M):
    x: int = [i for i in y if not i and (j := i) < 3 <= 4]
"""
SHARED = (ast.operator, ast.unaryop, ast.cmpop, ast.boolop, ast.expr_context)


def test_what_is_below_is_what_ast_tells_but_for_operators_and_contexts():
    module = ast.parse(CODE)
    expected = [node for node in ast.walk(module) if not isinstance(node, SHARED)]
    assert tree.walk(module) == expected
    for node in expected:
        assert tree.children(node) == [one for one in ast.iter_child_nodes(node) if not isinstance(one, SHARED)]


def test_newer_syntax_is_walked_too():
    try:
        module = ast.parse("type X[T] = int\ndef f[T: int](a: T): ...")
    except SyntaxError:
        pytest.skip("this interpreter does not read it")
    assert tree.walk(module) == [node for node in ast.walk(module) if not isinstance(node, SHARED)]
