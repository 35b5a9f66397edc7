"""The skeleton of a rule: a plugin of one file that works, its test, and what to do with them."""

from __future__ import annotations

import re
from pathlib import Path

from s3ap_lint.errors import UsageError
from s3ap_lint.examples import CODE

RULE = '''\
"""CODE: a topic whose name is a placeholder."""

from collections.abc import IMPORTEDIterator

from s3ap_lint.api import NAMES

TEMPLATE = """
    Resources:
      Topic:
        Type: AWS::SNS::Topic
        Properties:
          DisplayName: TODO  # <- CODE
    """


@rule(
    code="CODE",
    subject=Template,
    severity=Severity.WARNING,
    since="0.1.0",
    examples=[
        bad("a placeholder", TEMPLATE),
        good("a real name", TEMPLATE.replace("TODO  # <- CODE", "Alerts")),
    ],
)
def FUNCTION(template: Template) -> Iterator[Finding]:
    """
    The display name of a topic is a placeholder.

    Its messages arrive under that name, and nobody knows whose they are.
    """
    for topic in template.of_type("AWS::SNS::Topic"):
        name = topic.properties["DisplayName"]
        if name.text == "TODO":
            yield Finding("called TODO; its messages arrive under that name", at=name.at)
'''

PLUGIN = '''

@hookimpl
def s3ap_rules() -> Iterable[Rule | Detector]:
    """The rules of this plugin."""
    return [FUNCTION]
'''

TEST = '''\
"""The rule does what its examples say, however these are written."""

import pytest
from s3ap_lint.testing import Case, example_cases

from FUNCTION import FUNCTION


@pytest.mark.parametrize("case", example_cases([FUNCTION]), ids=str)
def test_FUNCTION(case: Case) -> None:
    case.check()
'''

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "DISTRIBUTION"
version = "0.1.0"
dependencies = ["s3ap-lint"]

[project.entry-points.s3ap_lint]
DISTRIBUTION = "FUNCTION"

[tool.hatch.build.targets.wheel]
only-include = ["FUNCTION.py"]
"""

NEXT = """\
wrote WRITTEN

  check something with it   s3ap-lint --plugin-path FILE PATH
  read its page             s3ap-lint explain CODE --plugin-path FILE
  hold it to its examples   python -m pytest TEST

To install it like any plugin, write a pyproject.toml beside it and `pip install .`:

PYPROJECT"""

NEXT_IN_FAMILY = """\
wrote WRITTEN

Add it to what FAMILY/__init__.py returns, then run tests/test_examples.py.
"""


def write(name: str, code: str, folder: Path) -> str:
    """Write a rule and its test into a folder, or a rule into a family of rules there; what to do next.

    Raises UsageError for a name or code that cannot be one, and for files that exist already.
    """
    family, _, function = name.replace("-", "_").rpartition("/")
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)+", function):
        raise UsageError(f"{name!r} names no rule; call it what it finds, in two words or more: placeholder_name")
    if not re.fullmatch(r"([A-Za-z_]\w*/)*", f"{family}/" if family else ""):
        raise UsageError(f"{family!r} is no folder that Python can import from")
    if not re.fullmatch(CODE, code):
        raise UsageError(f"{code!r} is no code; a code is capitals and digits, such as ACME001")
    place = folder / family
    inside = family != "" and (place / "__init__.py").is_file()
    texts = {place / f"{function}.py": _rule(plugin=not inside)}
    if not inside:
        texts[place / f"test_{function}.py"] = TEST
    for path in texts:
        if path.exists():
            raise UsageError(f"{path.relative_to(folder)} exists already; nothing was written")
    values = {
        "DISTRIBUTION": f"{code.lower()}-{function.replace('_', '-')}",
        "FUNCTION": function,
        "FAMILY": family,
        "CODE": code,
    }
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_filled(text, values), encoding="utf-8", newline="\n")
    shown = [path.relative_to(folder).as_posix() for path in texts]
    values |= {"WRITTEN": " and ".join(shown), "FILE": shown[0], "TEST": shown[-1]}
    return _filled((NEXT_IN_FAMILY if inside else NEXT).replace("PYPROJECT", PYPROJECT), values).rstrip("\n")


def _rule(*, plugin: bool) -> str:
    names = ["Finding", "Severity", "Template", "bad", "good", "rule"]
    if plugin:
        names = sorted([*names, "Detector", "Rule", "hookimpl"])
    text = RULE.replace("NAMES", ", ".join(names)).replace("IMPORTED", "Iterable, " if plugin else "")
    return text + (PLUGIN if plugin else "")


def _filled(text: str, values: dict[str, str]) -> str:
    """A text with the words in capitals replaced, each where it stands alone or in a name such as test_FUNCTION."""
    return re.sub(rf"(?<![A-Za-z0-9])({'|'.join(values)})(?![A-Za-z0-9])", lambda found: values[found[1]], text)
