"""Which keys a call sends as JSON, as far as one file tells."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from s3ap_lint.python.module import parse
from s3ap_lint.python.payloads import Payload, payload
from s3ap_lint.source import Source


def sent(code: str) -> Payload | None:
    """What the call of `send` in some code is given as its body."""
    module = parse(Source("handler.py", dedent(code).encode()))
    calls = [node for node in module.nodes if isinstance(node, ast.Call)]
    (call,) = (node for node in calls if isinstance(node.func, ast.Name) and node.func.id == "send")
    return payload(call, "body", module)


@pytest.mark.parametrize(
    "code",
    [
        'import json\nsend(body=json.dumps({"a": 1, "b": 2}))',
        'from json import dumps\nsend(body=dumps({"a": 1, "b": 2}).encode())',
        """
        import json

        def f():
            what = {"a": 1}
            what["b"] = 2
            text = json.dumps(what)
            send(body=text)
        """,
    ],
)
def test_keys_written_there_bound_to_a_name_and_set_later(code: str) -> None:
    found = sent(code)
    assert found is not None
    assert (("a", "b"), True) == (found.keys, found.complete)


def test_what_is_merged_into_it_may_hold_other_keys() -> None:
    found = sent('import json\nsend(body=json.dumps({"a": 1, **more}))')
    assert found is not None
    assert (("a",), False) == (found.keys, found.complete)


def test_what_is_handed_to_something_else_may_be_given_other_keys() -> None:
    found = sent('import json\nwhat = {"a": 1}\nadd(what)\nsend(body=json.dumps(what))')
    assert found is not None
    assert not found.complete


@pytest.mark.parametrize(
    "code",
    [
        "send(body=text)",
        "import json\ndef f(what):\n    send(body=json.dumps(what))",
        'import json\nwhat = {"a": 1}\nif x:\n    what = {"b": 1}\nsend(body=json.dumps(what))',
        'send(body=str({"a": 1}))',
    ],
)
def test_anything_else_cannot_be_told(code: str) -> None:
    assert sent(code) is None
