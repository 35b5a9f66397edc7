"""Which version of Python some code needs."""

import pytest
from project import closure, module

from s3ap_lint.distributions import library
from s3ap_lint.python.signature import handler_signature
from s3ap_lint.python.versions import newer_syntax, newer_than


@pytest.mark.parametrize(
    ("code", "since"),
    [
        ("(a := 1)", (3, 8)),
        ("match a:\n    case 1: pass", (3, 10)),
        ("try: pass\nexcept* A: pass", (3, 11)),
        ("type A = int", (3, 12)),
        ("def f[T](a): pass", (3, 12)),
        ("try: pass\nexcept A, B: pass", (3, 14)),
        ("""a = f"{b["c"]}" """, (3, 12)),
        ("def f(a: str | None): pass", (3, 10)),
    ],
)
def test_syntax_has_a_first_version(code: str, since: tuple[int, int]) -> None:
    """Whether this interpreter has it or not."""
    assert [since] == [newer.since for newer in newer_syntax(module(code), (since[0], since[1] - 1))]
    assert [] == [newer for newer in newer_syntax(module(code), since) if newer.since <= since]


@pytest.mark.parametrize(
    "code",
    [
        "match = 1",
        "type = 2",
        "a = {'a': 1} | b",
        "from __future__ import annotations\ndef f(a: str | None): pass",
        "try: pass\nexcept (A, B): pass",
        "a = f'{b[\"c\"]}'",
    ],
)
def test_what_only_looks_like_it(code: str) -> None:
    assert () == newer_syntax(module(code), (3, 7))


def needs(code: str, python: tuple[int, int]) -> list[str]:
    """What a handler needs a later version for."""
    return [newer.what for newer in newer_than(closure({"handler.py": code}).reach(), python, library())]


def test_the_standard_library_grows() -> None:
    code = "import tomllib, asyncio\nfrom enum import StrEnum\ndef handler(event, context):\n    asyncio.timeout(1)\n"
    assert ["tomllib", "enum.StrEnum", "asyncio.timeout"] == needs(code, (3, 10))
    assert [] == needs(code, (3, 11))


@pytest.mark.parametrize(
    ("definition", "told"),
    [
        ("def handler(event, context): pass", (True, False)),
        ("def handler(*args): pass", (True, False)),
        ("def handler(event, context, more=1): pass", (True, False)),
        ("def handler(event): pass", (False, False)),
        ("def handler(event, context, more): pass", (False, False)),
        ("async def handler(event, context): pass", (True, True)),
        ("handler = lambda event: event", (False, False)),
        ("@unknown\ndef handler(event): pass", None),
        ("@tracer.capture_lambda_handler\ndef handler(event): pass", (False, False)),
        ("handler = made(print)", None),
        ("class handler: pass", None),
    ],
)
def test_a_handler_takes_an_event_and_a_context(definition: str, told: tuple[bool, bool] | None) -> None:
    found = handler_signature(closure({"handler.py": definition}).reach())
    assert told == (None if found is None else (found.callable, found.asynchronous))
