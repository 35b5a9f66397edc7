"""Whatever a module looks like: after the safe fixes it parses, nothing safe is left, and no other line has changed."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from s3ap_lint import settle
from s3ap_lint.diagnostic import Diagnostic
from s3ap_lint.model import Safety
from tests.test_unimport import looked

NAMES = ("os", "re", "json", "time", "math", "copy")
MEMBERS = ("path", "sep", "name", "linesep", "pardir", "curdir")


@st.composite
def members(draw: st.DrawFn) -> str:
    """A `from` import in one of the ways in which people write it."""
    names = draw(st.lists(st.sampled_from(MEMBERS), min_size=1, max_size=5, unique=True))
    aliased = [f"{name} as {name}_{draw(st.integers(0, 3))}" if draw(st.booleans()) else name for name in names]
    style = draw(st.integers(0, 4))
    if style == 0:
        return "from os import " + ", ".join(aliased)
    if style == 1:
        return "from os import (" + ", ".join(aliased) + draw(st.sampled_from(["", ",", " "])) + ")"
    if style == 2:
        return "from os import " + ", \\\n    ".join(aliased)
    lines = []
    for index, name in enumerate(aliased):
        if draw(st.booleans()):
            lines.append(f"    # about {name}")
        comma = "," if index < len(aliased) - 1 or draw(st.booleans()) else ""
        lines.append(f"    {name}{comma}" + draw(st.sampled_from(["", "  # 出力先", "  # x"])))
    if draw(st.booleans()):
        lines.append("    # at the end")
    opening = "from os import (" + draw(st.sampled_from(["", "  # several"]))
    return "\n".join([opening, *lines, ")"])


@st.composite
def modules(draw: st.DrawFn) -> str:
    """A module of imports, assignments and f-strings, of which some are used."""
    imports = st.one_of(
        members(),
        st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True).map(lambda n: "import " + ", ".join(n)),
        st.sampled_from(["import os.path", "import xml.dom, json", "import re; import time", "import copy as c;"]),
    )
    simple = st.sampled_from(
        [
            "x = 1",
            "x = y = 2",
            "y = len(event)",
            "z: int = 3",
            "x = 1; z = 2",
            "print(event)",
            "print(f'a{{}}' 'b')",
            "print(f'{event}')",
            "x = [  # a list\n        1,\n    ]",
            "import math",
            "from time import sleep, time as now",
            "x = event['a']",
            "print(x) if event else None",
        ]
    )
    compound = st.sampled_from(
        [
            "try:\n        print(1)\n    except (ValueError, KeyError) as e:  # 例外\n        x = 1",
            "with open(event) as g, open(event) as h:\n        print(h)",
            "if (n := len(event)) > 1:\n        import json\n        z = 1",
            "if event: x = 1",
            "for one in event:\n        x = one\n    else:\n        y = 1",
            "while event:\n        # nothing\n        z = 2",
        ]
    )
    lines: list[str] = []
    for statement in draw(st.lists(imports, max_size=4)):
        if draw(st.booleans()):
            lines.append("# 設定 " + str(len(lines)))
        lines.append(statement + draw(st.sampled_from(["", "  # behind"])))
    for index in range(draw(st.integers(0, 2))):
        lines.append(f"\n\ndef f{index}(event):")
        body = draw(st.lists(st.one_of(simple, compound), min_size=1, max_size=5))
        lines += ["    " + one + ("  # 後" if draw(st.booleans()) and "\n" not in one else "") for one in body]
    used = draw(st.lists(st.sampled_from([*NAMES, *MEMBERS, "c", "xml"]), max_size=4, unique=True))
    lines.append(f"print({', '.join(used)})")
    return "\n".join(lines) + draw(st.sampled_from(["\n", ""]))


def safely(finding: Diagnostic) -> bool:
    """Whether a finding has a fix that nobody has to read."""
    return finding.fix is not None and finding.fix.safety is Safety.SAFE


def comments(text: str) -> list[tuple[int, str]]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return [(one.start[0], one.string) for one in tokens if one.type == tokenize.COMMENT]


def statement_lines(text: str, findings: Iterable[Diagnostic]) -> set[int]:
    """The lines of the simple statements, or heads of compound ones, that findings are about.

    A variable that nobody reads goes from everywhere it is assigned to, and an import that stands twice goes twice.
    """
    found: set[int] = set()
    names = {word for finding in findings for word in re.findall(r"\w+", finding.message)}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt | ast.ExceptHandler):
            inner = [*getattr(node, "body", [])]
            last = min((one.lineno - 1 for one in inner), default=node.end_lineno or node.lineno)
            lines = range(node.lineno, max(last, node.lineno) + 1)
            stores = [one for part in ast.iter_child_nodes(node) if part not in inner for one in ast.walk(part)]
            bound = {one.id for one in stores if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
            bound |= {one.name.partition(".")[0] for one in getattr(node, "names", [])}
            if any(finding.place.line in lines for finding in findings) or bound & names:
                found.update(lines)
    return found


@settings(max_examples=150, deadline=None)
@given(modules(), st.booleans())
def test_safe_fixes_take_out_what_they_are_about_and_nothing_else(text: str, windows: bool) -> None:
    ending = "\r\n" if windows else "\n"
    data = text.replace("\n", ending).encode()
    files = {"src/writer.py": data}
    first = looked(files)
    done = settle.settle(lambda changed: looked({**files, **changed}), lambda path: files[path], safely)
    after = done.files.get("src/writer.py", data).decode()
    ast.parse(after)
    assert () == done.refused
    assert [] == [one for one in done.report.findings if one.fix is not None and one.fix.safety is Safety.SAFE]
    assert after.count("\r\n") == (after.count("\n") if windows else 0)

    after = after.replace("\r\n", "\n")
    told = [*first.findings, *done.applied]
    if len({(one.code, one.message) for one in told}) > len({(one.code, one.message) for one in first.findings}):
        return  # what a second round found is at places of a text that is not this one
    touched = statement_lines(text, first.findings)
    rest = iter(after.splitlines())
    left = [line for number, line in enumerate(text.splitlines(), 1) if number not in touched and line.strip()]
    assert all(line in rest for line in left)
    alone = [words for line, words in comments(text) if line not in touched]
    kept = [words for _, words in comments(after)]
    assert all(alone.count(words) <= kept.count(words) for words in alone)


@settings(max_examples=100, deadline=None)
@given(members(), st.sets(st.sampled_from(MEMBERS), max_size=3))
def test_own_line_comments_of_names_that_stay_stay(text: str, used: set[str]) -> None:
    files = {"src/writer.py": f"{text}\nprint({', '.join(sorted(used))})\n".encode()}
    done = settle.settle(lambda changed: looked({**files, **changed}), lambda path: files[path], safely)
    after = done.files.get("src/writer.py", files["src/writer.py"]).decode()
    statement = ast.parse(after).body[0]
    if isinstance(statement, ast.ImportFrom):  # some name stays, and with it what is said above any of them
        own = [line.strip() for line in text.splitlines() if line.strip().startswith("#")]
        assert own == [line.strip() for line in after.splitlines() if line.strip().startswith("#")]
        assert all((one.asname or one.name) in used for one in statement.names)
