"""What one file says about itself, and that no file can make it fail."""

from __future__ import annotations

import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from project import closure, module

from s3ap_lint.python.module import Module, parse
from s3ap_lint.source import Source

WORDS = [
    *(
        "import os\n",
        "os.environ",
        "['A']",
        ".get('A')",
        "if ",
        ":\n    ",
        "else",
        "try:\n    ",
        "except KeyError:\n    ",
    ),
    *("def f(name):\n    ", "return ", "lambda: ", "for n in ('A', 'B'):\n    ", "x = ", "class C:\n    ", "raise E\n"),
    *(
        "environ[name]",
        " and ",
        " not ",
        "\n",
        "\n    ",
        "(",
        ")",
        "[",
        "]",
        "日本",
        "'é'",
        "{**",
        "}",
        "f'{",
        "}'",
        "\t",
    ),
    *("from os import environ as e\n", "e['B']\n", "global x\n", "with suppress(KeyError):\n    ", "match x:\n  case "),
    *("@d\n", "\r\n", "getattr(x, f'a{y}')()\n", "await ", "yield ", "a.b().c()\n", "(y := os.environ.get('A'))\n"),
]


def everything(found: Module) -> object:
    """Every fact of a module."""
    names = ("imports", "env_reads", "env_writes", "env_escapes", "definitions", "exports", "path_changes", "dynamic")
    return [getattr(found, name) for name in (*names, "strings", "complete")]


@settings(deadline=None)
@given(st.binary(max_size=200))
@example(b"\x00")
@example(b"\xff\xfe")
@example(b"# -*- coding: nonsense -*-")
@example(b"\xef\xbb\xbfimport os")
@example(b"(" * 300)
@example(b"x = " + b"-" * 5000 + b"1")
@example(b"x" + b".y" * 3000)
@example(b"x" + b"()" * 3000)
@example(b"x = 1" + b" + 1" * 3000)
@example(b"if x:\n pass\n" + b"elif x:\n pass\n" * 2000)
def test_no_bytes_make_it_fail(data: bytes):
    found = parse(Source("m.py", data))
    everything(found)
    assert (found.tree is None) == (found.error is not None)


@settings(deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=25).map("".join))
def test_no_text_makes_it_fail_and_reads_lie_inside_it(text: str):
    data = text.encode()
    found = parse(Source("handler.py", data))
    everything(found)
    for read in found.env_reads:
        assert read.at.span is not None
        assert 0 <= read.at.span.start < read.at.span.end <= len(data)
        assert b"e" in data[read.at.span.start : read.at.span.end]
    closure({"handler.py": text}).environment_reads({})


def test_a_syntax_error_is_a_fact():
    found = module("x = 1\ndef (:\n")
    assert found.error is not None
    assert 2 == found.error.line
    assert () == found.env_reads
    assert {} == found.definitions


def test_a_null_byte_is_a_fact():
    assert parse(Source("m.py", b"x = 1\x00")).error is not None


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="this interpreter knows template strings")
def test_a_syntax_newer_than_the_interpreter_is_a_fact():
    assert module('x = t"{y}"\n').error is not None


def test_definitions_and_their_kinds():
    found = module(
        """
        import a.b, c as d
        from e import f as g
        A, B = 1, 2
        def function(): ...
        async def coroutine(): ...
        class Class: ...
        try:
            import fast
        except ImportError:
            fast = None
        for loop in []:
            pass
        if TYPE_CHECKING:
            import only_types
        """
    )
    kinds = {name: [meaning.kind for meaning in meanings] for name, meanings in found.definitions.items()}
    assert {
        "A": ["value"],
        "B": ["value"],
        "function": ["function"],
        "coroutine": ["function"],
        "Class": ["class"],
        "fast": ["value", "import"],
        "a": ["import"],
        "d": ["import"],
        "g": ["import"],
        "loop": ["value"],
    } == kinds


def test_imports_say_what_they_bind_and_when():
    found = module(
        """
        import a.b
        from ..c import d as e, f
        from g import *
        def h():
            import i
        if TYPE_CHECKING:
            from j import k
        try:
            import l
        except ImportError:
            import m as l
        """
    )
    shown = [(i.module, i.level, i.name, i.bound, i.scope, i.lazy, i.typing, i.optional) for i in found.imports]
    assert [
        ("a.b", 0, "", "a", "", False, False, False),
        ("c", 2, "d", "e", "", False, False, False),
        ("c", 2, "f", "f", "", False, False, False),
        ("g", 0, "*", "*", "", False, False, False),
        ("l", 0, "", "l", "", False, False, True),
        ("m", 0, "", "l", "", False, False, True),
        ("i", 0, "", "i", "h", True, False, False),
        ("j", 0, "k", "k", "", False, True, False),
    ] == shown


def test_exports():
    assert ("a", "b", "c") == module('__all__ = ["a", "b"]\n__all__ += ["c"]\n').exports
    assert module("x = 1").exports is None
    assert module("__all__ = [name for name in dir()]").exports is None


def test_what_the_program_sets():
    found = module(
        """
        import os
        os.environ["A"] = "x"
        os.environ.setdefault("B", "x")
        os.environ.update({"C": "x"}, D="x")
        os.environ |= {"E": "x"}
        os.putenv("F", "x")
        os.environ.update(others)
        load_dotenv()
        def f():
            os.environ["G"] = "x"
        """
    )
    assert ["A", "B", "C", "D", "E", "F", "", "", "G"] == [write.name for write in found.env_writes]
    assert "f" == found.env_writes[-1].scope
