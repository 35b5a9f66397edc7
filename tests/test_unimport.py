"""Fixes that take names out of imports: what may go, what stays for whom, and what the file is afterwards."""

from __future__ import annotations

from functools import cache
from textwrap import dedent

import pytest

from s3ap_lint import memory, settle
from s3ap_lint.config import Config
from s3ap_lint.diagnostic import PlacedFix, Report
from s3ap_lint.model import Safety
from s3ap_lint.plugins import make_manager
from s3ap_lint.registry import Registry, load
from s3ap_lint.render import RENDERERS

HANDLER = "functions/ocr/handler.py"


@cache
def registry() -> Registry:
    return load(make_manager(), RENDERERS)


def encoded(files: dict[str, str]) -> dict[str, bytes]:
    return {path: dedent(text).lstrip("\n").encode() for path, text in files.items()}


def looked(files: dict[str, bytes]) -> Report:
    config = Config(memory.ROOT, memory.ROOT, memory.ROOT, engine="none", jobs=1, select=("F", "S3AP316"))
    return memory.check(files, config, registry())


def fix_of(text: str, path: str = HANDLER, **more: str) -> PlacedFix | None:
    """The fix of the first unused import in a file."""
    report = looked(encoded({path: text, **{name.replace("__", "/") + ".py": one for name, one in more.items()}}))
    return next(f.fix for f in report.findings if f.code == "F401" and f.place.path == path)


def settled(text: str, path: str = HANDLER, rounds: int = 10, **more: str) -> str:
    """A file after all safe fixes."""
    files = encoded({path: text, **more})
    done = settle.settle(
        lambda changed: looked({**files, **changed}),
        lambda name: files[name],
        lambda finding: finding.fix is not None and finding.fix.safety is Safety.SAFE,
        rounds,
    )
    assert () == done.refused
    return done.files.get(path, files[path]).decode()


# -- what a file is afterwards


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import os\nimport re\n\nprint(re)\n", "import re\n\nprint(re)\n"),
        ("import os, re\nprint(re)\n", "import re\nprint(re)\n"),
        ("import re, os\nprint(re)\n", "import re\nprint(re)\n"),
        ("import os, re, sys, json\nprint(re, json)\n", "import re, json\nprint(re, json)\n"),
        ("import os, re\n", ""),
        ("import os; import re\nprint(re)\n", "import re\nprint(re)\n"),
        ("import re; import os\nprint(re)\n", "import re\nprint(re)\n"),
        ("import re; import os; print(re)\n", "import re; print(re)\n"),
        ("import os;\nx = 1\n", "x = 1\n"),
        ("import os as o, \\\n    re\nprint(re)\n", "import re\nprint(re)\n"),
        ("from os import \\\n    path, \\\n    sep\nprint(sep)\n", "from os import \\\n    sep\nprint(sep)\n"),
        ("from os import (sep, path)\nprint(sep)\n", "from os import (sep)\nprint(sep)\n"),
        ("from os import (path, sep,)\nprint(sep)\n", "from os import (sep,)\nprint(sep)\n"),
        (
            "from os import (\n    path,  # unused\n    # about sep\n    sep,  # used\n    # the end\n)\nprint(sep)\n",
            "from os import (\n    # about sep\n    sep,  # used\n    # the end\n)\nprint(sep)\n",
        ),
        (
            "from os import (  # two\n    sep,  # used\n    path  # unused\n)\nprint(sep)\n",
            "from os import (  # two\n    sep  # used\n)\nprint(sep)\n",
        ),
        (
            "from os import (\n    sep, path,  # both\n    name,\n)\nprint(sep, name)\n",
            "from os import (\n    sep,  # both\n    name,\n)\nprint(sep, name)\n",
        ),
        ("from os import (\n    path,\n    sep,\n)\nx = 1\n", "x = 1\n"),
        ("# 設定\nimport os  # 環境\n# rest\nx = 1\n", "# 設定\n# rest\nx = 1\n"),
        ("def f():\n    import os\n    import re\n    f()\n", "def f():\n    f()\n"),
        ("import sys\nif sys:\n    import os\n    import re\n", "import sys\nif sys:\n    pass\n"),
        ("import sys\nif sys: import os\n", "import sys\nif sys: pass\n"),
        ("import sys\nif sys: import os; import re\n", "import sys\nif sys: pass\n"),
        (
            "import sys\nif sys:\n    import os  # 一\nelse:\n    x = 1\n",
            "import sys\nif sys:\n    pass  # 一\nelse:\n    x = 1\n",
        ),
        (
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import os\n",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    pass\n",
        ),
        ("x = 1\nimport os", "x = 1\n"),
        ("import re, re\nx = 1\n", "x = 1\n"),
        ("\ufeffimport os\nx = 1\n", "\ufeffx = 1\n"),
        ("import os.path, xml.dom\nx = 1\n", "x = 1\n"),
    ],
)
def test_a_name_goes_and_nothing_else(before: str, after: str) -> None:
    assert after == settled(before)
    assert after.replace("\n", "\r\n") == settled(before.replace("\n", "\r\n"))


def test_all_names_of_a_statement_go_at_once() -> None:
    """A round for the removal, and one to see that nothing is left."""
    names = ", ".join(f"name{index}" for index in range(12))
    assert "from acme import used\nprint(used)\n" == settled(f"from acme import {names}, used\nprint(used)\n", rounds=2)


def test_of_several_names_those_that_somebody_needs_stay() -> None:
    test = "from unittest.mock import patch\n\n@patch('functions.ocr.handler.sep')\ndef test_it(sep):\n    pass\n"
    made = settled("from os import name, path, sep\nx = 1\n", **{"tests/test_ocr.py": test})
    assert "from os import sep\nx = 1\n" == made


def test_a_name_with_a_noqa_stays() -> None:
    text = "import os  # noqa: F401\nimport re\n"
    assert "import os  # noqa: F401\n" == settled(text)
    text = "from os import (\n    path,  # noqa: F401\n    sep,\n)\nx = 1\n"
    assert "from os import (\n    path,  # noqa: F401\n)\nx = 1\n" == settled(text)


# -- what has no fix


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    import os\nexcept ImportError:\n    pass\n",
        "try:\n    import os\nexcept (ValueError, ModuleNotFoundError):\n    pass\n",
        "try:\n    pass\nexcept:\n    import os\n",
        "from contextlib import suppress\nwith suppress(ImportError):\n    import os\n",
        "import os as os\n",
        "from os import path as path\n",
        "x = 1\nfrom os import *\n",
        "import readline\n",
        "import mpl_toolkits.mplot3d\n",
        "from sklearn.experimental import enable_iterative_imputer\n",
        "import acme  # imported for its side effects\n",
        "# registers the plugins\nimport acme\n",
        "import os  # pylint: disable=unused-import\n",
        "# pylint: disable=unused-import\nimport os\nx = 1\n",
        "# ruff: noqa: F401\nimport os\nx = 1\n",
        "import os\nx = []  # type: list[os.PathLike]\n",
        'import os\n\ndef f():\n    """\n    >>> os.getpid()\n    """\n',
        "import os\nprint(eval('os.getpid()'))\n",
        "import os\nprint(globals()['os'])\n",
        "import os\nfrom unittest.mock import patch\nwith patch(f'{__name__}.os.environ'):\n    pass\n",
        (
            "import concurrent\n"
            "import sys\n"
            "\n"
            "def f():\n"
            "    import concurrent.futures\n"
            "    f()\n"
            "\n"
            "print(concurrent.futures, sys)\n"
        ),
        "import concurrent\nfrom concurrent.futures import wait\nprint(concurrent.futures)\n",
        "def has_numpy():\n    import numpy\n    return True\n",
        "from app.main import lambda_handler\nprint(1)\n",
        "from app.base import Reader\nfrom app.more import Writer\n",
    ],
)
def test_a_name_that_may_be_there_for_a_reason_has_no_fix(text: str) -> None:
    assert None is fix_of(text)


@pytest.mark.parametrize("path", ["shared/__init__.py", "project/settings.py", "docs/conf.py", "noxfile.py"])
def test_a_module_whose_names_are_taken_by_others_has_no_fix(path: str) -> None:
    assert None is fix_of("from os import path\nx = 1\n", path)


@pytest.mark.parametrize(
    "text",
    [
        "from shared.fixtures import bucket\n\ndef test_it(bucket):\n    pass\n",
        (
            "import pytest\n"
            "from shared.fixtures import bucket\n"
            "\n"
            "@pytest.mark.usefixtures('bucket')\n"
            "def test_it():\n"
            "    pass\n"
        ),
        "from shared.cases import TestWriter\nx = 1\n",
        "from shared.cases import test_writer\nx = 1\n",
        "def test_it():\n    import handler\n    assert test_it\n",
    ],
)
def test_what_pytest_looks_for_has_no_fix(text: str) -> None:
    assert None is fix_of(text, "tests/test_writer.py")


def test_a_fixture_has_no_fix_in_conftest() -> None:
    assert None is fix_of("from shared.fixtures import bucket\nx = 1\n", "tests/conftest.py")
    assert fix_of("import os\nx = 1\n", "tests/conftest.py")


def test_a_fixture_that_works_by_itself_is_for_a_person() -> None:
    fixtures = "import pytest\n\n@pytest.fixture(autouse=True)\ndef offline():\n    yield\n"
    fix = fix_of("from shared.fixtures import offline\nx = 1\n", "tests/test_it.py", shared__fixtures=fixtures)
    assert fix is not None
    assert Safety.MANUAL is fix.safety
    assert "Remove the import unless tests need it: shared/fixtures.py makes a fixture of it" == fix.title


# -- who needs a name


@pytest.mark.parametrize(
    "test",
    [
        "from unittest.mock import patch\n\n@patch('functions.ocr.handler.boto3')\ndef test_it(b):\n    pass\n",
        "from unittest.mock import patch\n\n@patch('functions.ocr.handler.boto3.client')\ndef test_it(b):\n    pass\n",
        (
            "from unittest.mock import patch\n"
            "M = 'functions.ocr.handler'\n"
            "@patch(f'{M}.boto3.client')\n"
            "def test_it(b):\n"
            "    pass\n"
        ),
        (
            "from unittest.mock import patch\n"
            "M = 'functions.ocr.handler'\n"
            "@patch(M + '.boto3')\n"
            "def test_it(b):\n"
            "    pass\n"
        ),
        (
            "from unittest.mock import patch\n"
            "from functions.ocr import handler\n"
            "\n"
            "def test_it():\n"
            "    with patch.object(handler, 'boto3'):\n"
            "        pass\n"
        ),
        (
            "from functions.ocr import handler as h\n"
            "\n"
            "def test_it(monkeypatch):\n"
            "    monkeypatch.setattr(h, 'boto3', None)\n"
        ),
        "def test_it(monkeypatch):\n    monkeypatch.setattr('functions.ocr.handler.boto3', None)\n",
        (
            "def test_it(monkeypatch):\n"
            "    import functions.ocr.handler\n"
            "    monkeypatch.setattr(functions.ocr.handler.boto3, 'client', None)\n"
        ),
        "from functions.ocr.handler import boto3\nprint(boto3)\n",
        "from functions.ocr.handler import *\nprint(boto3)\n",
        "from functions.ocr import handler\nprint(handler.boto3.client)\n",
        "import functions.ocr.handler as h\nprint(h.boto3)\n",
        (
            "import importlib\n"
            "\n"
            "def test_it():\n"
            "    h = importlib.import_module('functions.ocr.handler')\n"
            "    print(h.boto3)\n"
        ),
        (
            "from unittest import mock\n"
            "\n"
            "@mock.patch.multiple('functions.ocr.handler', boto3=mock.DEFAULT)\n"
            "def test_it(boto3):\n"
            "    pass\n"
        ),
        (
            "import sys\n"
            "sys.path.insert(0, 'functions/ocr')\n"
            "from unittest.mock import patch\n"
            "@patch('handler.boto3')\n"
            "def test_it(b):\n"
            "    pass\n"
        ),
        (
            "from unittest.mock import patch\n"
            "import functions.ocr.handler as h\n"
            "\n"
            "def loaded():\n"
            "    return h\n"
            "\n"
            "def test_it():\n"
            "    with patch.object(loaded(), 'boto3'):\n"
            "        pass\n"
        ),
        (
            "import importlib.util\n"
            "from unittest.mock import patch\n"
            "spec = importlib.util.spec_from_file_location('h', 'functions/ocr/handler.py')\n"
            "h = importlib.util.module_from_spec(spec)\n"
            "\n"
            "def test_it():\n"
            "    with patch.object(h, 'boto3'):\n"
            "        pass\n"
        ),
    ],
)
def test_what_a_test_needs_is_for_a_person_and_the_test_is_named(test: str) -> None:
    files = {"tests/test_ocr.py": test}
    text = "import boto3\n\ndef handler(event, context):\n    return event\n"
    report = looked(encoded({HANDLER: text, "functions/ocr/__init__.py": "", "functions/__init__.py": "", **files}))
    (finding,) = [one for one in report.findings if one.place.path == HANDLER]
    assert finding.fix is not None
    assert Safety.MANUAL is finding.fix.safety
    assert "tests/test_ocr.py:" in finding.fix.title
    assert "handler.boto3" in finding.fix.title
    assert text == settled(text, **files)


def test_the_title_names_the_line() -> None:
    test = "from unittest.mock import patch\n\n\n@patch('functions.ocr.handler.boto3')\ndef test_it(b):\n    pass\n"
    fix = fix_of("import boto3\n", tests__test_ocr=test)
    assert fix is not None
    assert "Remove the import when nothing needs it: tests/test_ocr.py:4 patches handler.boto3" == fix.title
    assert () == fix.edits
    assert not fix.applicable


@pytest.mark.parametrize(
    "test",
    [
        "from unittest.mock import patch\n\n@patch('functions.other.handler.boto3')\ndef test_it(b):\n    pass\n",
        (
            "from unittest.mock import patch\n"
            "\n"
            "@patch('boto3.client')\n"
            "def test_it(b):\n"
            "    from functions.ocr.handler import handler\n"
        ),
        "import boto3\nfrom functions.ocr.handler import handler\nprint(boto3, handler)\n",
        "from functions.ocr import handler\nimport boto3\nprint(handler.handler(boto3.client('s3')))\n",
        "'''The handler and boto3.'''\n",
    ],
)
def test_what_is_about_something_else_keeps_no_import(test: str) -> None:
    more = {"functions__other__handler": "import boto3\nprint(boto3)\n", "tests__test_ocr": test}
    fix = fix_of("import boto3\n\ndef handler(event, context):\n    return event\n", **more)
    assert fix is not None
    assert Safety.SAFE is fix.safety


def test_a_fixture_may_hand_the_module_on() -> None:
    conftest = """
        import importlib
        import pytest

        @pytest.fixture
        def ocr():
            return importlib.import_module("functions.ocr.handler")
        """
    test = "def test_it(ocr, monkeypatch):\n    monkeypatch.setattr(ocr, 'boto3', None)\n"
    fix = fix_of("import boto3\n", tests__conftest=conftest, tests__test_ocr=test)
    assert fix is not None
    assert Safety.MANUAL is fix.safety


def test_a_name_that_a_template_names_is_for_a_person() -> None:
    template = "Resources:\n  Ocr:\n    Type: AWS::Lambda::Function\n    Properties:\n      Handler: handler.run\n"
    files = encoded({HANDLER: "from app.main import run\nx = 1\n", "template.yaml": template})
    (finding,) = [one for one in looked(files).findings if one.code == "F401"]
    assert finding.fix is not None
    assert "Remove the import when nothing needs it: template.yaml:5 names handler.run" == finding.fix.title


# -- what else importing does


@pytest.mark.parametrize(
    ("module", "safety"),
    [
        (
            "import os\n\nLIMIT = 3\nNAMES = {'a': [1]}\n\ndef f():\n    pass\n\nclass A(Exception):\n    x = 1\n",
            Safety.SAFE,
        ),
        ("import boto3\n\nclient = boto3.client('s3')\n", Safety.REVIEW),
        ("import os\nos.environ['A'] = 'b'\n", Safety.REVIEW),
        ("from base import Base\n\nclass Table(Base):\n    pass\n", Safety.REVIEW),
        ("import app\n\n@app.route('/')\ndef f():\n    pass\n", Safety.REVIEW),
        ("from shared.patches import apply\n", Safety.REVIEW),
    ],
)
def test_a_module_that_does_more_than_define_is_for_review(module: str, safety: Safety) -> None:
    more = {"shared__writer": module, "shared__patches": "print('patched')\n\ndef apply():\n    pass\n"}
    fix = fix_of("import shared.writer\nx = 1\n", **more)
    assert fix is not None
    assert safety is fix.safety
    partly = fix_of("from shared.writer import a, b\nprint(b)\n", **more)
    assert partly is not None
    assert Safety.SAFE is partly.safety
    again = fix_of("from shared.writer import a\nfrom shared.writer import b\nprint(b)\n", **more)
    assert again is not None
    assert Safety.SAFE is again.safety


def test_a_package_that_was_checked_in_is_not_touched() -> None:
    files = encoded({"src/vendor/clock/now.py": "import os\nx = f'a'\n\ndef f():\n    y = 1\n"})
    assert {None} == {one.fix for one in looked(files).findings}
    assert 3 == len(looked(files).findings)


def test_an_import_of_an_installed_package_does_nothing_else() -> None:
    """Wherever in the project a copy of it lies."""
    fix = fix_of("import clock\nx = 1\n", vendor__clock="print('tick')\n")
    assert fix is not None
    assert Safety.SAFE is fix.safety


def test_a_file_name_is_no_use_of_a_module() -> None:
    fix = fix_of("import json\nx = 1\n", tools__write="print(open('handler.json'))\n")
    assert fix is not None
    assert Safety.SAFE is fix.safety


def test_nobody_reads_other_files_for_a_name_of_a_function() -> None:
    """It cannot be reached from outside."""
    test = "from unittest.mock import patch\n\n@patch('functions.ocr.handler.boto3')\ndef test_it(b):\n    pass\n"
    fix = fix_of("def f():\n    import boto3\n    f()\n", tests__test_ocr=test)
    assert fix is not None
    assert Safety.SAFE is fix.safety


def test_an_import_that_nothing_provides_is_for_review() -> None:
    """The function may be there to use it; the layer is what is missing."""
    template = (
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  F:\n    Type: AWS::Serverless::Function\n"
        "    Properties: {CodeUri: src, Handler: app.handler, Runtime: python3.13}\n"
    )
    handler = "import pymysql\n\n\ndef handler(event, context):\n    return event\n"
    config = Config(memory.ROOT, memory.ROOT, memory.ROOT, engine="none", jobs=1, select=("F", "S3AP307"))
    report = memory.check({"template.yaml": template.encode(), "src/app.py": handler.encode()}, config, registry())
    (unused,) = [finding for finding in report.findings if finding.code == "F401"]
    assert unused.fix is not None
    assert Safety.REVIEW is unused.fix.safety


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import os\n\n\nx = 1\n", "x = 1\n"),
        ('"""Page."""\n\nimport os\n\nx = 1\n', '"""Page."""\n\nx = 1\n'),
        ('"""Page."""\n\nimport os\n\n\nx = 1\n', '"""Page."""\n\n\nx = 1\n'),
        ("import re\n\nimport os\nfrom a import b\n\nprint(re, b)\n", "import re\n\nfrom a import b\n\nprint(re, b)\n"),
        ("# about it\nimport os\n\nx = 1\n", "# about it\n\nx = 1\n"),
    ],
)
def test_no_more_blank_lines_stand_together_than_before(before: str, after: str) -> None:
    assert after == settled(before)
    assert after.replace("\n", "\r\n") == settled(before.replace("\n", "\r\n"))


def test_what_importing_a_package_does_that_nobody_has_read_is_for_review() -> None:
    fix = fix_of("import instana\n\n\ndef handler(event, context):\n    return event\n")
    assert fix is not None
    assert ("Remove the import; what importing instana does is not known", Safety.REVIEW) == (fix.title, fix.safety)


@pytest.mark.parametrize(
    "test",
    [
        "@pytest.mark.parametrize('name', ['json', 'time'])\ndef test(monkeypatch, name):\n"
        "    monkeypatch.setattr(handler, name, None)\n",
        "for name, other in [('json', None)]:\n    setattr(handler, name, other)\n",
        "vars(handler)['json'].dumps({})\n",
    ],
)
def test_a_name_that_is_given_to_somebody_beside_its_module_is_for_a_person(test: str) -> None:
    text = "import json\n\n\ndef handler(event, context):\n    return event\n"
    fix = fix_of(text, tests__test_it=f"import pytest\nfrom functions.ocr import handler\n\n\n{test}")
    assert fix is not None
    assert (Safety.MANUAL, True) == (fix.safety, "tests/test_it.py" in fix.title)
