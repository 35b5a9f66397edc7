"""Which values are floats for sure."""

from __future__ import annotations

import ast

import pytest
from project import module

from s3ap_lint.python.floats import Floats


def floats(code: str) -> list[str]:
    """The floats inside what `show` is called with."""
    found = module(code)
    calls = [node for node in found.nodes if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "show"]
    return [ast.unparse(one) for one in Floats(found).inside(calls[0].args[0])]


@pytest.mark.parametrize(
    ("expected", "code"),
    [
        (["1.5"], "show({'a': [1, 1.5]})"),
        (["x"], "x = float(y)\nshow([x])"),
        (["1 / len(y)"], "show(1 / len(y))"),
        (["round(x, 2)"], "x = 0.5\nshow(round(x, 2))"),
        (["time.time()"], "import time\nd = {}\nd['at'] = time.time()\nshow(d)"),
        (["s"], "def f(s: float):\n    show({'s': s})"),
        (["g()"], "def g() -> float: ...\nshow(g())"),
        (["0.0"], "show({'a': y.get('a', 0.0)})"),
        (["0.5"], "def f(item):\n    show(item)\nf({'a': 0.5})"),
    ],
)
def test_a_float_is_found(expected: list[str], code: str) -> None:
    assert expected == floats(code)


@pytest.mark.parametrize(
    "code",
    [
        "show(y / 2)",
        "x = 0.5\nx = int(x)\nshow(x)",
        "x = 0.5\nfor x in y: pass\nshow(x)",
        "from decimal import Decimal\nshow(Decimal(str(0.5)))",
        "d = {'a': 0.5}\nd = convert(d)\nshow(d)",
        "def float(x): ...\nshow(float(y))",
        "show(round(0.5))",
        "def f(item):\n    item = convert(item)\n    show(item)\nf({'a': 0.5})",
        "x = x\nshow(x)",
    ],
)
def test_what_may_be_something_else_is_none(code: str) -> None:
    assert [] == floats(code)
