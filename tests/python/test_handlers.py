"""Whether a handler exists: yes, no, cannot tell."""

from __future__ import annotations

import pytest
from project import closure, module

from s3ap_lint.python.handlers import Answer, resolve_handler


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def handler(event, context): ...", Answer.YES),
        ("async def handler(event, context): ...", Answer.YES),
        ("class handler:\n    def __call__(self, e, c): ...", Answer.YES),
        ("handler = make_handler()", Answer.YES),
        ("app = Mangum(api)\nhandler = app", Answer.YES),
        ("handler: Handler = make()", Answer.YES),
        ("@decorated\ndef handler(event, context): ...", Answer.YES),
        ("if X:\n    def handler(e, c): ...\nelse:\n    handler = None", Answer.YES),
        ("_, handler = make()", Answer.YES),
        ("def init():\n    global handler\n    handler = make()", Answer.YES),
        ("def lambda_handler(event, context): ...", Answer.NO),
        ("class A:\n    def handler(self, event): ...", Answer.NO),
        ("if __name__ == '__main__':\n    def handler(e, c): ...", Answer.NO),
        ("def outer():\n    def handler(e, c): ...", Answer.NO),
        ("from .impl import handler", Answer.UNKNOWN),
        ("from impl import *", Answer.UNKNOWN),
        ("def __getattr__(name): ...", Answer.UNKNOWN),
        ("globals()['handler'] = make()", Answer.UNKNOWN),
        ("def handler(", Answer.UNKNOWN),
    ],
)
def test_a_module_alone(code: str, expected: Answer):
    assert expected == resolve_handler(module(code), "handler")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("from impl import handler", Answer.YES),
        ("from impl import real as handler", Answer.YES),
        ("from impl import absent as handler", Answer.NO),
        ("from impl import *", Answer.YES),
        ("from other import *", Answer.NO),
        ("import impl as handler", Answer.NO),
        ("from elsewhere import handler", Answer.UNKNOWN),
        ("from elsewhere import *", Answer.UNKNOWN),
        ("try:\n    from elsewhere import handler\nexcept ImportError:\n    from impl import handler", Answer.YES),
        ("from circle import handler", Answer.UNKNOWN),
    ],
)
def test_imported_handlers_are_followed(code: str, expected: Answer):
    files = {
        "handler.py": code,
        "impl.py": "from deeper import handler\ndef real(e, c): ...",
        "deeper.py": "def handler(e, c): ...",
        "other.py": "def real(e, c): ...",
        "circle.py": "from circle import handler",
    }
    assert expected == closure(files).handler_exists
