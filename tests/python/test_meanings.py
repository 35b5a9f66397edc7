"""What names mean by the imports of their own file."""

from __future__ import annotations

import ast

import pytest
from project import module

from s3ap_lint.python.module import Module


def meant(text: str) -> str:
    """What the last expression of a program means."""
    found = Module(module(text).source, ast.parse(text))
    calls = [node for node in found.nodes if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "show"]
    return found.meanings.of(calls[-1].args[0])


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("datetime.datetime.utcnow", "from datetime import datetime\nshow(datetime.utcnow)"),
        ("datetime.datetime.utcnow", "import datetime as dt\nshow(dt.datetime.utcnow)"),
        ("time.sleep", "def f():\n    import time\n    show(time.sleep)"),
        ("os.path.join", "import os.path\nshow(os.path.join)"),
        ("builtins.float", "show(float)"),
        ("time.sleep", "from time import sleep\ndef f():\n    def g(): show(sleep)"),
        ("time", "import time\nclass C:\n    time = 1\n    def f(self): show(time)"),
    ],
)
def test_an_import_gives_a_name_its_meaning(expected: str, text: str) -> None:
    assert expected == meant(text)


@pytest.mark.parametrize(
    "text",
    [
        "import time\ntime = 1\nshow(time.sleep)",
        "import time\ndef f(time): show(time.sleep)",
        "import time\ndef f():\n    show(time.sleep)\n    for time in (): pass",
        "import time\ndef f():\n    global time\n    show(time.sleep)",
        "from .time import sleep\nshow(sleep)",
        "try:\n    from a import b\nexcept ImportError:\n    from c import b\nshow(b)",
        "from x import *\nshow(float)",
        "show(lambda: 1)",
    ],
)
def test_a_name_with_other_meanings_has_none(text: str) -> None:
    assert meant(text) == ""
