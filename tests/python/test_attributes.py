"""What the project's own modules and classes have, and what code asks of them in vain."""

import pytest
from project import closure

from s3ap_lint.python.attributes import unknown_attributes

HELPER = """
    class Helper:
        limit = 5

        def __init__(self):
            self.seen = 0

        def get(self):
            return self.seen
    """


def asked(handler: str, helper: str = HELPER) -> list[str]:
    """What a handler asks in vain: Owner.name."""
    project = closure({"handler.py": handler, "helper.py": helper})
    return [f"{one.owner}.{one.name}" for one in unknown_attributes(project.reach())]


def using(body: str) -> str:
    """A handler with one line."""
    return f"import helper\nfrom helper import Helper\n\ndef handler(event, context):\n    {body}\n"


@pytest.mark.parametrize(
    "body", ["Helper().get()", "Helper().seen", "Helper.limit", "helper.Helper().get", "Helper.__name__"]
)
def test_what_is_there_is_not_asked_for_in_vain(body: str) -> None:
    assert [] == asked(using(body))


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("Helper().put()", "Helper.put"),
        ("Helper.put", "Helper.put"),
        ("helper.Other()", "helper.Other"),
        ("from helper import Other", "helper.Other"),
        ("h = Helper(); h.put()", "Helper.put"),
    ],
)
def test_what_is_not_there_is(body: str, wanted: str) -> None:
    assert [wanted] == asked(using(body))


@pytest.mark.parametrize(
    "body",
    [
        "h = Helper(); h = event; h.put()",
        "h = Helper(); [h.put for h in event]",
        "h = Helper(); h.put = 1; print(h.put)",
        "print(hasattr(Helper, 'put') and Helper.put)",
        "for h in [Helper()]: h.put()",
        "with Helper() as h: event.put()",
    ],
)
def test_names_whose_meaning_is_not_certain_are_left_alone(body: str) -> None:
    assert [] == asked(using(body))


@pytest.mark.parametrize(
    "helper",
    [
        "from acme import Base\nclass Helper(Base): pass",
        "class Helper(dict): pass",
        "class Helper(metaclass=type): pass",
        "from acme import made\n@made\nclass Helper: pass",
        "class Helper:\n    def __getattr__(self, name): return name",
        "class Helper:\n    def __init__(self, **more): self.__dict__.update(more)",
        "class Helper:\n    def __init__(self, **more):\n        for name in more: setattr(self, name, 1)",
        "class Base:\n    def put(self): pass\nclass Helper(Base): pass",
        "class Helper: pass\nHelper.put = print",
    ],
)
def test_classes_that_may_have_more_are_left_alone(helper: str) -> None:
    assert [] == asked(using("Helper().put()"), helper)
