"""The fixes of F541 and F841: what is taken out, how safe that is, and what is left alone."""

from __future__ import annotations

import pytest

from s3ap_lint.model import Edit, Finding, Safety
from s3ap_lint.offers import EngineUnit
from s3ap_lint.source import apply
from s3ap_rules.foreign.pyflakes import ENGINE


def found(text: str, code: str, path: str = "handler.py") -> list[Finding]:
    return [one for one in ENGINE.check(EngineUnit("/project", path, text.encode())) if one.code == code]


def edits(finding: Finding) -> list[Edit]:
    assert finding.fix is not None
    assert isinstance(finding.fix.changes, tuple)
    return [one for one in finding.fix.changes if isinstance(one, Edit)]


def fixed(text: str, code: str, safety: Safety) -> str:
    """The text after the fixes of one code that are this safe, all at once."""
    changes = {tuple(edits(one)): None for one in found(text, code) if one.fix is not None and one.fix.safety is safety}
    return apply(text.encode(), [edit for fix in changes for edit in fix]).decode()


def in_function(body: str) -> str:
    return "def f(event, context):\n" + "".join(f"    {line}\n" if line else "\n" for line in body.splitlines())


# -- F541


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("print(f'a')\n", "print('a')\n"),
        ('print(F"a")\n', 'print("a")\n'),
        ("print(rf'\\d{{2}}')\n", "print(r'\\d{2}')\n"),
        ("print(fR'\\d')\n", "print(R'\\d')\n"),
        ('x = f"""{{\n}}"""\n', 'x = """{\n}"""\n'),
        ("print(f'a' 'b' f'{{c}}')\n", "print('a' 'b' '{c}')\n"),
        ("print(\n    f'a'  # f'x'\n    '{{b}}'\n)\n", "print(\n    'a'  # f'x'\n    '{{b}}'\n)\n"),
        ("print(f'\\N{BULLET} {{}}')\n", "print('\\N{BULLET} {}')\n"),
        ("print(f'{{{{}}}}')\n", "print('{{}}')\n"),
        ("print('日本語', f'名前')  # 説明\n", "print('日本語', '名前')  # 説明\n"),
        ("x = [f'a', f'b']\n", "x = ['a', 'b']\n"),
        ("x = {'a': f'b'}\n", "x = {'a': 'b'}\n"),
        ("x = 'a' + f'b'\n", "x = 'a' + 'b'\n"),
        ("print(f'it\\'s' f\"\")\n", "print('it\\'s' \"\")\n"),
        ("print(1 if [] else f'a')\n", "print(1 if [] else 'a')\n"),
    ],
)
def test_an_f_string_without_placeholders_becomes_a_plain_one(before: str, after: str) -> None:
    assert after == fixed(before, "F541", Safety.SAFE)
    assert [] == found(after, "F541")


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n    f'''not a docstring'''\n",
        "print(f'%s' % 1)\n",
        "print(f'{{}}'.format(1))\n",
        "print(1 == f'a')\n",
        "x = {f'a': 1, f'a': 2}\n",
        "x: f'int' = 1\n",
        "x = {}\nprint(x[f'a'])\n",
    ],
)
def test_where_a_plain_string_is_looked_at_differently_there_is_no_fix(text: str) -> None:
    assert [None] * len(found(text, "F541")) == [one.fix for one in found(text, "F541")]
    assert found(text, "F541")


# -- F841


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1\nreturn event", "return event"),
        ("x = 1  # 一つ\nreturn event", "return event"),
        ("x: int = 1\nreturn event", "return event"),
        ("x = {'a': [event, -1]}\nreturn event", "return event"),
        ("x = (\n    'a'\n    'b'\n)\nreturn event", "return event"),
        ("x = 60 * 60\nreturn event", "return event"),
        ("x = 1; return event", "return event"),
        ("y = 2; x = 1\nreturn y", "y = 2\nreturn y"),
        ("x = 1", "pass"),
        ("x = 1\ny = 2", "pass"),
        ("x = 1\nx = 2\nif event:\n    x = 3\nreturn event", "if event:\n    pass\nreturn event"),
        ("'''Documented.'''\nx = 1", "'''Documented.'''"),
        ("if event:\n    x = 1\nreturn event", "if event:\n    pass\nreturn event"),
        ("if event: x = 1\nreturn event", "if event: pass\nreturn event"),
        ("a = x = len(event)\nreturn a", "a = len(event)\nreturn a"),
        ("x = a = len(event)\nreturn a", "a = len(event)\nreturn a"),
        ("x = y = 1\nreturn event", "return event"),
        (
            "try:\n    return event\nexcept ValueError as e:\n    raise",
            "try:\n    return event\nexcept ValueError:\n    raise",
        ),
        (
            "try:\n    return event\nexcept (ValueError, KeyError) as e:  # 値\n    raise",
            "try:\n    return event\nexcept (ValueError, KeyError):  # 値\n    raise",
        ),
        ("with open(event) as g:\n    pass", "with open(event):\n    pass"),
        ("with open(event) as g, open(event) as h:\n    h.read()", "with open(event), open(event) as h:\n    h.read()"),
        (
            "with (\n    open(event) as g,\n    open(event) as h,\n):\n    h.read()",
            "with (\n    open(event),\n    open(event) as h,\n):\n    h.read()",
        ),
        (
            "with open(event) as g:\n    pass\nwith open(event) as g:\n    pass",
            "with open(event):\n    pass\nwith open(event):\n    pass",
        ),
        ("with (open(event)) as g:\n    pass", "with (open(event)):\n    pass"),
        ("if (x := len(event)) > 2:\n    pass", "if (len(event)) > 2:\n    pass"),
        ("if x := (len(event)):\n    pass", "if (len(event)):\n    pass"),
        ("print(x := 1)", "print(1)"),
    ],
)
def test_a_name_that_does_nothing_goes(before: str, after: str) -> None:
    made = fixed(in_function(before), "F841", Safety.SAFE)
    assert in_function(after) == made
    assert [] == found(made, "F841")
    crlf = in_function(before).replace("\n", "\r\n")
    assert in_function(after).replace("\n", "\r\n") == fixed(crlf, "F841", Safety.SAFE)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = len(event)", "len(event)"),
        ("x: int = len(event)", "len(event)"),
        ("x = (len(event))", "(len(event))"),
        ("x = \\\n        len(event)", "len(event)"),
        ("x = len(  # 長さ\n        event,\n    )", "len(  # 長さ\n        event,\n    )"),
        ("x = y = len(event)", "len(event)"),
        ("x = yield event", "yield event"),
        ("x = len(event)\nx = 1\nx = len(event)", "len(event)\nlen(event)"),
        ("x = event['a']\nreturn event", "return event"),
        ("x = event.a\nreturn event", "x = event.a\nreturn event"),
        ("x = f'{event}'\nreturn event", "return event"),
        ("try:\n    x = event\nexcept NameError:\n    pass", "try:\n    pass\nexcept NameError:\n    pass"),
    ],
)
def test_what_may_do_something_is_for_review(before: str, after: str) -> None:
    assert in_function(before) == fixed(in_function(before), "F841", Safety.SAFE)
    assert in_function(after) == fixed(in_function(before), "F841", Safety.REVIEW)


def test_a_value_that_nothing_else_uses_would_be_the_next_finding() -> None:
    """The import is then unused: a person looks at both."""
    (finding,) = found("import os\n\n\ndef f():\n    x = os\n", "F841")
    assert finding.fix is not None
    assert Safety.REVIEW is finding.fix.safety


@pytest.mark.parametrize(
    "body",
    [
        "x = 1\nreturn vars()",
        "x = 1\nreturn eval('x')",
        "x = 1\nreturn event.query('a > @x')",
        "x = event.frame\nreturn event.sql('select * from x')",
        "x = 1\ndel x\nx = 2",
        "x = [len(one) for one in event]",
        "x = len(event) + 1",
        "(x, y) = 1, 2",
    ],
)
def test_what_cannot_be_told_has_no_fix(body: str) -> None:
    text = in_function(body)
    assert {None} == {one.fix for one in found(text, "F841")}


def test_code_in_a_template_has_no_fix() -> None:
    assert [None] == [one.fix for one in found("import os\n", "F401", "template.yaml")]


def test_a_file_with_lone_carriage_returns_has_no_fix() -> None:
    assert [None] == [one.fix for one in found("x = 1\rimport os\n", "F401")]
