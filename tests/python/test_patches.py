"""Which names a test replaces in vain."""

from textwrap import dedent

import pytest

from s3ap_lint.python.imports import Shelf
from s3ap_lint.python.module import parse
from s3ap_lint.python.patches import missing_patches
from s3ap_lint.source import Source

FILES = {
    "functions/ocr/handler.py": "import os\nTABLE = 'a'\nclass Reader:\n    def read(self): pass\n",
    "src/functions/ocr/handler.py": "import boto3\n",
}


def missed(test: str, path: str = "tests/test_ocr.py", **more: str) -> list[str]:
    """The names that a test replaces in vain."""
    files = {**FILES, **more, path: "from unittest.mock import patch\n" + dedent(test)}
    sources = {name: Source(name, text.encode()) for name, text in files.items()}
    modules = {name: parse(source) for name, source in sources.items()}
    folders = {name.rsplit("/", depth)[0] for name in files for depth in range(1, name.count("/") + 1)}
    return [
        one.target
        for one in missing_patches(
            modules[path],
            load=modules.get,
            shelf=Shelf(modules.__contains__, folders.__contains__),
            exists=modules.__contains__,
        )
    ]


@pytest.mark.parametrize(
    ("test", "target"),
    [
        ("patch('functions.ocr.handler.boto3')", "functions.ocr.handler.boto3"),
        ("patch('functions.ocr.handler.boto3.client')", "functions.ocr.handler.boto3.client"),
        ("patch('functions.ocr.handler.Reader.fetch')", "functions.ocr.handler.Reader.fetch"),
        ("def f(monkeypatch): monkeypatch.setattr('functions.ocr.handler.X', 1)", "functions.ocr.handler.X"),
        ("from functions.ocr.handler import Reader\npatch.object(Reader, 'fetch')", "Reader.fetch"),
    ],
)
def test_a_name_that_is_not_there(test: str, target: str) -> None:
    assert [target] == missed(test)


@pytest.mark.parametrize(
    "test",
    [
        "patch('functions.ocr.handler.os.environ')",
        "patch('functions.ocr.handler.TABLE')",
        "patch('functions.ocr.handler.Reader.read')",
        "patch('functions.ocr.handler.print')",
        "patch('functions.ocr.handler.boto3', create=True)",
        "patch('functions.audio.handler.boto3')",
        "patch('boto3.nothing')",
        "patch(f'{module}.boto3')",
        "import sys\nsys.modules['functions.ocr'] = fake\npatch('functions.ocr.handler.boto3')",
        "import os, sys\nsys.path.insert(0, os.path.dirname(__file__) + '/../src')\npatch('handler.boto3')",
        "import os, sys\nsys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'src'))\n"
        "patch('functions.ocr.handler.boto3')",
    ],
)
def test_a_name_that_is_there_or_may_be(test: str) -> None:
    assert [] == missed(test)


def test_a_conftest_may_say_where_modules_are() -> None:
    conftest = "import os, sys\nsys.path.insert(0, os.path.join(os.path.dirname(__file__), 'src'))\n"
    assert [] == missed("patch('functions.ocr.handler.boto3')", **{"conftest.py": conftest})
