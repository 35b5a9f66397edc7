"""What handlers hand back, by way of which except clause."""

from __future__ import annotations

import ast

import pytest
from project import closure

from s3ap_lint.python.returns import Returns


def caught(code: str) -> list[str]:
    """The values that the handler returns out of an except clause, "(chosen)" behind those of one kind of event."""
    found = closure({"handler.py": code})
    returns = Returns(found.reach().names)
    values = [one for node, scope in found.handlers for one in returns.of(node, scope) if one.caught is not None]
    return [ast.unparse(one.value) + (" (chosen)" if one.chosen else "") for one in values]


@pytest.mark.parametrize(
    ("expected", "code"),
    [
        (["{'a': 1}"], "def handler(e, c):\n try:\n  run()\n except E:\n  return {'a': 1}"),
        (["{'a': 1}"], "def handler(e, c):\n try:\n  run()\n except E:\n  x = {'a': 1}\n return x"),
        ([], "def handler(e, c):\n try:\n  run()\n except E:\n  x = {'a': 1}\n  raise\n return x"),
        ([], "def handler(e, c):\n try:\n  return {'a': 1}\n except E:\n  raise"),
        (["{'a': n}"], "def f(n):\n return {'a': n}\ndef handler(e, c):\n try:\n  run()\n except E:\n  return f(1)"),
        (
            ["{'a': 1}"],
            "def d(f):\n def w(e, c):\n  try:\n   return f(e, c)\n  except E:\n   return {'a': 1}\n return w\n"
            "@d\ndef handler(e, c):\n return {}",
        ),
        (
            ["{'a': 1} (chosen)"],
            "def handler(e, c):\n if e.get('x') == 1:\n  try:\n   run()\n  except E:\n   return {'a': 1}\n return {}",
        ),
        (["{'a': 1}"], "def f():\n try:\n  run()\n except E:\n  return {'a': 1}\ndef handler(e, c):\n return f() or 2"),
        ([], "def handler(e, c):\n return handler(e, c)"),
    ],
)
def test_a_value_is_followed_to_its_except_clause(expected: list[str], code: str) -> None:
    assert expected == caught(code)
