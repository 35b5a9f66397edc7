"""pyflakes itself on small files, with the places it means."""

from __future__ import annotations

import ast
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Container

import pytest
from pyflakes import messages

from s3ap_lint.model import Finding, Fix, Location, Safety, Severity, Span, Unimport
from s3ap_lint.offers import Engine, EngineUnit
from s3ap_lint.plugins import Manager
from s3ap_rules.foreign import pyflakes
from s3ap_rules.foreign.pyflakes import ENGINE, TABLE


def unit(data: bytes, path: str = "functions/discovery/handler.py") -> EngineUnit:
    return EngineUnit("/project", path, data)


def check(text: str, path: str = "functions/discovery/handler.py") -> list[Finding]:
    return list(ENGINE.check(unit(text.encode(), path)))


def marked(text: str, only: Container[str] | None = None) -> str:
    """The text with «CODE|…» around the bytes of every finding, or of those with some codes."""
    data = text.encode()
    spans = {(f.at.span, f.code) for f in check(text) if f.at.span and (only is None or f.code in only)}
    for span, code in sorted(spans, reverse=True):
        before, inside, after = data[: span.start], data[span.start : span.end], data[span.end :]
        data = before + f"«{code}|".encode() + inside + "»".encode() + after
    return data.decode()


def unmarked(text: str) -> str:
    return re.sub(r"«F\d+\||»", "", text)


def codes(text: str) -> set[str]:
    return set(re.findall(r"«(F\d+)\|", text))


def test_a_finding_says_everything() -> None:
    assert [
        Finding(
            "'os' imported but unused",
            at=Location("functions/discovery/handler.py", Span(7, 9)),
            fix=Fix(
                "Remove the import",
                (Unimport("functions/discovery/handler.py", Span(0, 9), 0, "os"),),
                Safety.SAFE,
            ),
            severity=Severity.WARNING,
            code="F401",
        )
    ] == check("import os\n")


def test_a_second_place_is_related() -> None:
    (finding,) = check("import os\n\n\ndef os():\n    pass\n")
    assert "redefinition of unused 'os' from line 1" == finding.message
    assert Location("functions/discovery/handler.py", Span(16, 18)) == finding.at
    assert (Location("functions/discovery/handler.py", Span(7, 9), note="os is bound here"),) == finding.related


def test_a_clean_file_has_no_findings() -> None:
    assert [] == check("import os\n\nprint(os.environ)\n")


def test_findings_come_in_the_order_of_the_text() -> None:
    codes = [finding.code for finding in check("import os\ndef f():\n    x = y\nimport re\n")]
    assert ["F401", "F841", "F821", "F401"] == codes


@pytest.mark.parametrize(
    "text",
    [
        "import «F401|os»\n",
        "import os, «F401|re», sys\nprint(os, sys)\n",
        "import «F401|os.path»\n",
        "import «F401|os.path», «F401|xml.dom»\n",
        "import «F401|numpy as np»\n",
        "import «F401|os.path as path»\n",
        "from os import «F401|path»\n",
        "from os import «F401|path as p», sep\nprint(sep)\n",
        "from os import (\n    «F401|path»,\n    sep,\n    «F401|environ as env»,  # 環境\n)\nprint(sep)\n",
        "from . import «F401|helpers»\n",
        "from .. import «F401|helpers as h»\n",
        "from .shared.writer import «F401|Writer»\n",
        "from os import «F401|path as path»\n",
        "def f():\n    import «F401|os»\n",
    ],
)
def test_an_unused_import_is_the_name_it_has_in_its_statement(text: str) -> None:
    assert text == marked(unmarked(text))


def test_an_import_twice_in_one_statement_is_the_second() -> None:
    assert {("F401", Span(11, 13)), ("F811", Span(11, 13))} == {(f.code, f.at.span) for f in check("import re, re\n")}


def test_an_unused_star_import_is_the_whole_statement() -> None:
    """pyflakes names it in three ways."""
    for statement in ("from . import *", "from os import *", "from .a.b import *"):
        expected = {("F401", Span(0, len(statement))), ("F403", Span(0, len(statement)))}
        assert expected == {(f.code, f.at.span) for f in check(statement)}


@pytest.mark.parametrize(
    "text",
    [
        "print(«F821|outputs»)\n",
        "print(«F821|変数»)\n",
        "print('日本語', «F821|x»)  # 説明\n",
        "del «F821|gone»\n",
        "def f(x: «F821|Missing») -> «F821|Other»: ...\n",
        "def f(x: '«F821|Missing»'): ...\n",
        "def f(x: 'list[«F821|Missing»]'): ...\n",
        "def f(x: '''«F821|Missing»'''): ...\n",
        "def f(\n    x: int,\n    y: 'dict[str, «F821|Missing»]',\n): ...\n",
        "print(f'{«F821|name»}')\n",
        "print(f'名前 {«F821|name»!r:>{«F821|width»}}')\n",
        "print(\n    f'''\n    行\n    {«F821|name»}\n    '''\n)\n",
        "print('a'\n      f'b'\n      f'c {«F821|name»}')\n",
        "@«F821|decorate»\ndef f(): ...\n",
        "__all__ = ['«F822|missing»']\n",
        "__all__ = ['f']\n__all__ += ['«F822|missing»']\ndef f(): ...\n",
        "__all__ = [\n    'f',\n    '«F822|missing»',\n]\n__all__ += ['g']\ndef f(): ...\ndef g(): ...\n",
        "«F403|from os import *»\nprint(«F405|path»)\n",
        "«F403|from os import *»\n__all__ = ['«F405|path»']\n",
    ],
)
def test_an_undefined_name_is_the_name_wherever_it_hides(text: str) -> None:
    assert text == marked(unmarked(text))


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n    «F841|response» = g()\ndef g(): ...\n",
        "def f():\n    with open('a') as «F841|handle»:\n        pass\n",
        "def f():\n    if («F841|size» := 1):\n        pass\n",
        "try:\n    pass\nexcept (ValueError,\n        KeyError) as «F841|error»:\n    pass\n",
        "try:\n    pass\nexcept KeyError as «F841|e»:\n    pass\n",
        "def f():\n    «F842|count»: int\n",
        "def f():\n    «F841|count»: int = 1\n",
        "def f():\n    global a, «F824|b»\n    a = 1\n",
        "def f():\n    x = 1\n    def g():\n        nonlocal «F824|x»\n        print(x)\n    return g\n",
        "x = 1\ndef f():\n    print(«F823|x»)\n    x = 2\n    return x\n",
        "def f():\n    print(«F823|max»)\n    max = 1\n    return max\n",
    ],
)
def test_a_variable_is_its_name_where_it_is_bound(text: str) -> None:
    assert text == marked(unmarked(text))


@pytest.mark.parametrize(
    "text",
    [
        "import os\nfor «F402|os» in []:\n    print(os)\n",
        "import os\nimport «F811|os»\nprint(os)\n",
        "import os as b, re as a\nimport re as c, «F811|os as a»\nprint(a, b, c)\n",
        "def handler(): ...\ndef «F811|handler»(): ...\n",
        "def handler(): ...\n@print\nasync def «F811|handler»(\n): ...\n",
        "class A: ...\nclass «F811|A»(dict): ...\n",
        "from os import path\nclass «F811|path»: ...\n",
        "import os\ndef f(«F811|os»):\n    return os\n",
        "import os\ntry:\n    pass\nexcept KeyError as «F811|os»:\n    print(os)\n",
        "import os\nmatch []:\n    case [*«F811|os»]:\n        print(os)\n",
        "import os\nmatch {}:\n    case dict() as «F811|os»:\n        print(os)\n",
    ],
)
def test_a_redefinition_is_the_second_name(text: str) -> None:
    assert text == marked(unmarked(text), only=codes(text))


@pytest.mark.parametrize(
    "text",
    [
        "print(«F541|f'nothing'»)\n",
        "print(«F541|rf'nothing'»)\n",
        "print(\n    'a'  # f'x'\n    \"it's\"\n    «F541|F'nothing'»\n    f'more'\n)\n",
        'print(«F541|f"""one»\n    two""")\n',
        "print(«F541|f'''one'''» 'two')\n",
        "print({«F601|'a'»: 1, «F601|'a'»: 2})\n",
        "a = 1\nprint({«F602|a»: 1, «F602|a»: 2})\n",
        "assert «F631|(1, 'message')»\n",
        "if «F634|(1, 2)»:\n    pass\n",
        "print(1 if «F634|(1,)» else 2)\n",
        "x = 1\nif «F632|x is 'a'»:\n    pass\n",
        "raise «F901|NotImplemented»\n",
        "raise «F901|NotImplemented('not yet')»\n",
        "def f(a, b, «F831|a»): ...\n",
        "print(lambda a, *, b=1, «F831|a»: 1)\n",
        "x: «F722|'not a type'» = 1\n",
        "«F633|print» >> 1\n",
        "«F706|return 1»\n",
        "«F704|yield 1»\n",
        "«F701|break»\n",
        "«F702|continue»\n",
        "try:\n    pass\n«F707|except:»\n    pass\nexcept ValueError:\n    pass\n",
        "x = 1\n«F622|*a, *b» = x\n",
        "import os\nprint(os)\n«F404|from __future__ import annotations»\n",
        "from __future__ import «F407|braces_please»\n",
        "def f():\n    «F406|from os import *»\n",
        "print(«F501|'%' % (1,)»)\n",
        "print(«F502|'%(a)s' % (1,)»)\n",
        "print(«F503|'%s %s' % {'a': 1}»)\n",
        "print(«F504|'%(a)s' % {'a': 1, 'b': 2}»)\n",
        "print(«F505|'%(a)s' % {'b': 2}»)\n",
        "print(«F506|'%(a)s %s' % (1,)»)\n",
        "print(«F507|'%s %s' % (1,)»)\n",
        "print(«F508|'%(a)*s' % {'a': 1}»)\n",
        "print(«F509|'%y' % 1»)\n",
        "print(«F521|'{'.format(1)»)\n",
        "print(«F522|'{}'.format(1, a=2)»)\n",
        "print(«F523|'{}'.format(1, 2)»)\n",
        "print(«F524|'{} {}'.format(1)»)\n",
        "print(«F525|'{} {0}'.format(1)»)\n",
        "print(\n    «F524|'{} {}'.format(»\n        1\n    )\n)\n",
    ],
)
def test_anything_else_is_its_expression_as_far_as_the_first_line_goes(text: str) -> None:
    assert text == marked(unmarked(text), only=codes(text))


def test_every_message_of_the_installed_pyflakes_has_its_code() -> None:
    classes = {
        name
        for name, thing in vars(messages).items()
        if inspect.isclass(thing) and issubclass(thing, messages.Message) and thing is not messages.Message
    }
    assert set() == classes - {name for name, *_ in TABLE}


def test_codes_and_names_stand_once_in_the_table() -> None:
    for column in (0, 1, 2):
        values = [row[column] for row in TABLE]
        assert sorted(set(values)) == sorted(values)


def test_the_codes_are_those_of_flake8() -> None:
    """As of flake8 7.5."""
    expected = """
        F401 F402 F403 F404 F405 F406 F407 F501 F502 F503 F504 F505 F506 F507 F508 F509 F521 F522 F523 F524 F525
        F541 F542 F601 F602 F621 F622 F631 F632 F633 F634 F701 F702 F704 F706 F707 F708 F709 F721 F722 F811 F821
        F822 F823 F824 F831 F841 F842 F851 F901
    """
    assert expected.split() == [row[1] for row in TABLE]


def test_a_message_newer_than_the_table_has_a_code_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    class Novelty(messages.UnusedImport):  # type: ignore[misc,unused-ignore]
        pass

    monkeypatch.setattr(messages, "UnusedImport", Novelty)
    assert ["F999"] == [finding.code for finding in check("import os\n")]


def test_the_catalogue_has_a_name_and_a_sentence_for_every_code() -> None:
    catalogue = {entry.code: entry for entry in ENGINE.catalogue()}
    assert len(TABLE) + 1 == len(catalogue)
    assert "unused-import" == catalogue["F401"].name
    assert "undefined-name" == catalogue["F821"].name
    assert "unused-variable" == catalogue["F841"].name
    assert "f-string-missing-placeholders" == catalogue["F541"].name
    for entry in catalogue.values():
        assert re.fullmatch(r"F\d{3}", entry.code)
        assert re.fullmatch(r"[a-z]+(-[a-z]+)+", entry.name)
        assert entry.summary.endswith(".")
        assert ". " not in entry.summary
        assert Severity.WARNING is entry.severity
        assert entry.help_uri.startswith("https://")


def test_the_engine_says_what_it_is() -> None:
    assert ("pyflakes", "python") == (ENGINE.name, ENGINE.kind)
    assert re.match(r"\d+\.\d+", ENGINE.version)
    engine: Engine = ENGINE
    manager = Manager()
    manager.register(pyflakes, "pyflakes")
    assert [("pyflakes", engine)] == manager.call("s3ap_engines")


@pytest.mark.parametrize("data", [b"def f(:\n", b"x = \x00\n", b"\xff\n", b"if x:\n  a\n b\n"])
def test_a_file_that_does_not_parse_is_for_the_host_to_report(data: bytes) -> None:
    assert [] == list(ENGINE.check(unit(data)))


def test_a_tree_that_exists_is_not_parsed_again() -> None:
    tree = ast.parse("import os\n")
    (finding,) = ENGINE.check(EngineUnit("/project", "a.py", b"import os\n", tree))
    assert "'os' imported but unused" == finding.message


def test_a_byte_order_mark_and_carriage_returns_are_counted() -> None:
    data = b"\xef\xbb\xbfimport os\r\nimport re\r\n"
    assert [b"os", b"re"] == [data[f.at.span.start : f.at.span.end] for f in ENGINE.check(unit(data)) if f.at.span]


def test_an_identifier_that_python_normalises_is_found() -> None:
    """`ﬁ` is one character in the file, two in the tree."""
    assert "print(«F821|ﬁle»)\n" == marked("print(ﬁle)\n")


def test_a_tree_that_is_too_deep_is_the_host_s_to_report() -> None:
    deep = ast.parse("x = 1\n")
    value: ast.expr = ast.Constant(1)
    for _ in range(5000):
        value = ast.UnaryOp(ast.USub(), value)
    deep.body[0].value = value  # type: ignore[attr-defined]
    with pytest.raises(RecursionError):
        list(ENGINE.check(EngineUnit("/project", "a.py", b"x = 1\n", deep)))


def test_package_files_may_use_their_path() -> None:
    assert [] == check("print(__path__)\n", "shared/__init__.py")
    assert ["F821"] == [finding.code for finding in check("print(__path__)\n", "shared/init.py")]


def test_nothing_is_printed_and_the_environment_has_no_say() -> None:
    """Nor does a warning of the compiler come through."""
    program = """
import sys
from s3ap_lint.offers import EngineUnit
from s3ap_rules.foreign.pyflakes import ENGINE
print([finding.code for finding in ENGINE.check(EngineUnit("/", "a.py", sys.argv[1].encode()))])
"""
    text = 'print(spam)\nx = "\\d"\ny = 1 is 1\n\n\ndef f():\n    """\n    >>> (\n    """\n'
    environment = {
        **os.environ,
        "PYFLAKES_BUILTINS": "spam",
        "PYFLAKES_DOCTEST": "1",
        "PYFLAKES_ERROR_UNKNOWN": "1",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    command = [sys.executable, "-c", program, text]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (0, "['F821', 'F632']\n", "") == (done.returncode, done.stdout, done.stderr)
