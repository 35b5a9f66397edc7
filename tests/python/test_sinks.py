"""Which calls run a text."""

from __future__ import annotations

import pytest
from project import closure

from s3ap_lint.python.interpolation import inserted
from s3ap_lint.python.sinks import Sink

RUN = Sink(("query",), first=True, drivers=frozenset({"driver"}), maker="cursor")


@pytest.mark.parametrize(
    ("expected", "first", "call"),
    [
        (1, "import driver", "f().execute(q)"),
        (1, "import driver.extras", "f().execute(query=q)"),
        (1, "from opened import f", "f().cursor().execute(q)"),
        (1, "from opened import f", "with f().cursor() as c:\n        c.execute(q)"),
        (0, "import driver", "f().execute(s, q)"),
        (0, "import driver", "f().execute(*q)"),
        (0, "import driver", "execute(q)"),
        (0, "from .driver import f", "f().execute(q)"),
        (0, "from opened import f", "f().execute(q)"),
        (0, "import other", "f().cursor().execute(q)"),
    ],
)
def test_a_driver_is_imported_or_the_object_is_made_as_drivers_do(expected: int, first: str, call: str) -> None:
    code = f"{first}\ndef handler(event, context):\n    q = f'x {{event[0]}}'\n    {call}\n"
    found = inserted(closure({"handler.py": code, "opened.py": "import driver\n"}), {"execute": RUN})
    assert expected == len(list(found))
