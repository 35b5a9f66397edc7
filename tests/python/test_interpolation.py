"""Which values of an event reach a query unchecked."""

from __future__ import annotations

import ast

import pytest
from project import closure

from s3ap_lint.python.interpolation import inserted
from s3ap_lint.python.sinks import Sink

ASK = "\n    client.ask(Query=q)\n"


def formatted(code: str) -> list[str]:
    """The values of the event that are formatted into the query of client.ask."""
    found = inserted(closure({"handler.py": code}), {"ask": Sink(("Query",))})
    return [ast.unparse(one.value) for one, _ in found]


@pytest.mark.parametrize(
    ("expected", "made"),
    [
        (["event['a']"], "q = f\"x {event['a']}\""),
        (["a"], "a = event.get('a', '').strip()\n    q = 'x ' + a"),
        (["a"], "a = event['a']\n    q = 'x %s' % a"),
        (["a"], "a, b = event['a'], 1\n    q = 'x {}'.format(a)"),
        (["o['Key']"], "q = ' OR '.join([f\"k = {o['Key']}\" for o in event['objects']])"),
        (["one"], "q = 'x'\n    for one in event['all']:\n        q += f' {one}'"),
        ([], "q = event['sql']"),
        ([], "a = int(event['a'])\n    q = f'x {a}'"),
        ([], "a = event['a']\n    assert a in KNOWN\n    q = f'x {a}'"),
        ([], "a = event['a']\n    if not a.isalnum(): raise E\n    q = f'x {a}'"),
        ([], "q = f\"x {event['a'].replace(chr(39), '')}\".replace(\"'\", '')"),
        ([], "q = f\"x {quoted(event['a'])}\""),
        ([], "q = f\"x {KNOWN[event['a']]} {event['n']:d} {context.function_name}\""),
    ],
)
def test_checks_and_conversions_end_the_way(expected: list[str], made: str) -> None:
    assert expected == formatted(f"def handler(event, context):\n    {made}{ASK}")


def test_parameters_lead_to_the_callers() -> None:
    code = """
        def handler(event, context):
            ask(event["key"], "t")

        def ask(key, table):
            query = build(key, table)
            client.ask(Query=query)

        def build(key, table):
            return f"SELECT {table} WHERE k = '{key}'"
        """
    assert ["key"] == formatted(code)
