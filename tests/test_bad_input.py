"""Whatever a checkout holds: each file is told of by name, the others are checked, in little time and memory."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Cli, Ran, Write

MEMORY = 1024 * 1024 * 1024  # of address space, for each process
SECONDS = 30  # for what takes one or two on a machine with nothing else to do

HEAD = 'AWSTemplateFormatVersion: "2010-09-09"\nResources:\n'
TOPIC = HEAD + "  Topic:\n    Type: AWS::SNS::Topic\n"
GOOD_TEMPLATE = f"""\
Conditions: {{Flag: !Equals [a, b]}}
{HEAD}  Topic: {{Type: AWS::SNS::Topic, Properties: {{DisplayName: !Ref Flag}}}}
"""
GOOD = {"good.py": "import os\n", "good/template.yaml": GOOD_TEMPLATE}
FOUND = [
    "good.py:1:8: F401 'os' imported but unused",
    "good/template.yaml:4:65: S3AP201 Flag is a condition, used as a value by Ref; "
    "conditions have no value outside Fn::If and Condition",
]


def within_limits(cli: Cli, *arguments: str | Path, **how: object) -> Ran:
    """Run it with little memory; it must not print a traceback, and not take long."""
    started = time.monotonic()
    ran = cli.lint(*arguments, timeout=SECONDS, preexec_fn=_limited, **how)
    assert "Traceback" not in ran.out + ran.err
    assert time.monotonic() - started < SECONDS
    return ran


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def laughs(levels: int) -> str:
    """Ten times as many values on every level, by aliases."""
    lines = ["AWSTemplateFormatVersion: '2010-09-09'", "Metadata:", "  a0: &a0 [ha]"]
    lines += [f"  a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, levels)]
    return "\n".join(lines) + "\nResources:\n  Topic: {Type: AWS::SNS::Topic}\n"


TOLD: dict[str, tuple[str, str | bytes, str]] = {
    "cyclic anchors": (
        "bad.yaml",
        f"{TOPIC}    Properties: &again\n      Tags: [*again]\n",
        "bad.yaml:6:14: S3AP901 the anchor &again contains itself; nothing in it was checked",
    ),
    "a billion laughs": (
        "bad.yaml",
        laughs(12),
        "bad.yaml:9:{}: S3AP901 its aliases expand to more than 400000 values; nothing in it was checked",
    ),
    "YAML brackets, ten thousand deep": (
        "bad.yaml",
        f"{HEAD}  A: {'[' * 10_000}{']' * 10_000}\n",
        "bad.yaml:3:{}: S3AP901 nested more than 200 deep; nothing in it was checked",
    ),
    "YAML indentation, two thousand deep": (
        "bad.yaml",
        f"{HEAD}" + "".join(f"{' ' * level}a:\n" for level in range(1, 2_000)),
        "bad.yaml:{}: S3AP901 nested more than 200 deep; nothing in it was checked",
    ),
    "JSON objects, ten thousand deep": (
        "bad.json",
        '{"AWSTemplateFormatVersion": "2010-09-09", "Resources": ' + '{"a": ' * 10_000 + "1" + "}" * 10_001,
        "bad.json:1:{}: S3AP901 nested more than 200 deep; nothing in it was checked",
    ),
    "JSON that stops": (
        "bad.json",
        '{"AWSTemplateFormatVersion": "2010-09-09", "Resources": {',
        "bad.json:1:{}: S3AP901 {}; nothing in it was checked",
    ),
    "Resources as a list": (
        "bad.yaml",
        f"{HEAD}  - Type: AWS::SNS::Topic\n",
        "bad.yaml:1:1: S3AP901 its Resources are not CloudFormation resources; nothing in it was checked",
    ),
    "two documents": (
        "bad.yaml",
        f"{TOPIC}---\n{TOPIC}",
        "bad.yaml:5:1: S3AP901 more than one YAML document in the file; nothing in it was checked",
    ),
    "a byte that is not UTF-8": (
        "bad.yaml",
        TOPIC.encode() + b"    # caf\xe9\n",
        "bad.yaml:1:1: S3AP901 is not UTF-8: byte 0xe9 on line 5; nothing in it was checked",
    ),
    "a NUL": (
        "bad.yaml",
        TOPIC.encode() + b"\0",
        "bad.yaml:1:1: S3AP901 holds a NUL: it is binary, not text; nothing in it was checked",
    ),
    "a tab in the indentation": (
        "bad.yaml",
        f"{TOPIC}\tProperties: {{}}\n",
        "bad.yaml:5:1: S3AP901 while scanning a plain scalar found a tab character that violates indentation; "
        "nothing in it was checked",
    ),
    "a key that is a list": (
        "bad.yaml",
        f"{TOPIC}  ? [a, b]\n  : c\n",
        "bad.yaml:5:5: S3AP901 a key must be text; nothing in it was checked",
    ),
    "Python that is none": (
        "bad.py",
        "def f(:\n    pass\n",
        "bad.py:1:7: S3AP901 {}; nothing in it was checked",
    ),
    "Python with a NUL": (
        "bad.py",
        b"import os\0\n",
        "bad.py:1:1: S3AP901 holds a NUL: it is binary, not text; nothing in it was checked",
    ),
    "Python of an unknown encoding": (
        "bad.py",
        "# -*- coding: nonsense -*-\nimport os\n",
        "bad.py:1:1: S3AP901 {}nonsense; nothing in it was checked",
    ),
    "Python of another encoding": (
        "bad.py",
        b"x = '\xe9'\n",
        "bad.py:1:1: S3AP901 is not UTF-8: byte 0xe9 on line 1; nothing in it was checked",
    ),
    "Python parentheses, ten thousand deep": (
        "bad.py",
        f"x = {'(' * 10_000}{')' * 10_000}\n",
        "bad.py:1:{}: S3AP901 {}; nothing in it was checked",
    ),
    "Python signs, a hundred thousand deep": (
        "bad.py",
        f"x = {'-' * 100_000}1\n",
        "bad.py:1:1: S3AP901 it is nested too deeply; nothing in it was checked",
    ),
    "a Python file of more than 5 MB": (
        "bad.py",
        "x = 1\n" + "#" * 5 * 1024 * 1024,
        "bad.py:1:1: S3AP901 is larger than 5 MB; nothing in it was checked",
    ),
}


@pytest.mark.parametrize(("name", "content", "line"), TOLD.values(), ids=TOLD)
def test_a_file_that_cannot_be_read_as_what_it_is_becomes_one_line(
    cli: Cli, write: Write, name: str, content: str | bytes, line: str
):
    """On a walk and by name alike; the other files are checked."""
    write({**GOOD, name: content})
    before, *rest = line.split("{}")
    for paths in (["."], [name, "good.py", "good"]):
        ran = within_limits(cli, "--format", "concise", *paths)
        assert (1, "") == (ran.status, ran.err)
        bad, *others = ran.out.splitlines()
        assert FOUND == others
        assert bad.startswith(before)
        assert [part in bad for part in rest] == [True] * len(rest)


def test_names_that_only_claim_to_be_templates_are_told_when_they_are_named(cli: Cli, write: Write):
    """On a walk an empty or foreign file of such a name is none of ours; who names it wants to know."""
    files = {
        "template.yaml": "",
        "b/template.yaml": "just text\n",
        "c/template.yaml": "null\n",
        "d/template.yml": "[]\n",
    }
    write({**GOOD, **files})
    assert FOUND == within_limits(cli, "--format", "concise").out.splitlines()
    consequence = "nothing in it was checked"
    expected = "a template is a mapping with Resources; this is a"
    assert [
        f"b/template.yaml:1:1: S3AP901 {expected} scalar; {consequence}",
        f"c/template.yaml:1:1: S3AP901 {expected} scalar; {consequence}",
        f"d/template.yml:1:1: S3AP901 {expected} sequence; {consequence}",
        f"template.yaml:1:1: S3AP901 the file is empty; {consequence}",
    ] == within_limits(cli, "--format", "concise", *files).out.splitlines()


# -- what is never opened ----------------------------------------------------------------------------


def unchecked(ran: Ran) -> dict[str, str]:
    return {entry["path"]: entry["reason"] for entry in json.loads(ran.out)["unchecked"]}


@pytest.fixture
def obstacles(write: Write) -> dict[str, str]:
    """Things that cannot be read, with the reason for each. Root may read anything, so no file is forbidden here."""
    project = write({**GOOD, "big.yaml": TOPIC + "#" * 5 * 1024 * 1024})
    os.mkfifo(project / "pipe.yaml")
    os.mkfifo(project / "pipe.py")
    (project / "dangling.yaml").symlink_to("gone")
    (project / "loop.yaml").symlink_to("loop.yaml")
    (project / "outside.yaml").symlink_to(project.parent / "elsewhere.yaml")
    (project.parent / "elsewhere.yaml").write_text(TOPIC)
    (project / "template.yaml").mkdir()
    (project / "circle").symlink_to(".")
    pipe = "is a device, a pipe or a socket, and is never opened"
    return {
        "big.yaml": "is larger than 5 MB",
        "dangling.yaml": "does not exist",
        "outside.yaml": "lies outside the project",
        "pipe.py": pipe,
        "pipe.yaml": pipe,
    }


def test_what_cannot_be_opened_on_a_walk_is_unchecked(cli: Cli, obstacles: Mapping[str, str]):
    """With the reason, and without waiting for a pipe; a folder called template.yaml is a folder."""
    ran = within_limits(cli, "--format", "json")
    found = unchecked(ran)
    assert "loop.yaml" in found
    assert (1, obstacles) == (ran.status, {path: found[path] for path in found if path != "loop.yaml"})
    assert {"F401", "S3AP201"} == {finding["code"] for finding in json.loads(ran.out)["findings"]}


def test_a_named_file_that_cannot_be_opened_says_why(cli: Cli, obstacles: Mapping[str, str]):
    for path, reason in obstacles.items():
        ran = within_limits(cli, "--format", "concise", path)
        message = f"none of the named files is a template or Python file: {path}, which {reason}"
        assert (2, f"{path}:1:1: S3AP906 {message}\n", "") == (ran.status, ran.out, ran.err)
    ran = within_limits(cli, "--format", "concise", "loop.yaml")
    assert 2 == ran.status
    assert ran.out.endswith("loop.yaml, which cannot be read: too many levels of symbolic links\n")


def test_an_empty_folder_called_like_a_template_is_an_empty_folder(cli: Cli, obstacles: Mapping[str, str]):
    ran = within_limits(cli, "--format", "concise", "template.yaml")
    assert 2 == ran.status
    assert ran.out.startswith("template.yaml:1:1: S3AP906 nothing to check in template.yaml")


# -- unusual, and nothing wrong with it --------------------------------------------------------------

FAULTY = """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !Ref Flag}
Conditions:
  Flag: !Equals [a, b]
"""


@pytest.mark.parametrize(
    "encoded",
    [
        pytest.param(lambda text: b"\xef\xbb\xbf" + text.encode(), id="a byte order mark"),
        pytest.param(lambda text: text.replace("\n", "\r\n").encode(), id="CRLF"),
        pytest.param(lambda text: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(), id="a mark and CRLF"),
        pytest.param(lambda text: b"%YAML 1.1\n--- # first\n" + text.encode() + b"...\n", id="YAML's own lines"),
        pytest.param(lambda text: text.rstrip("\n").encode(), id="no newline at the end"),
    ],
)
def test_the_same_is_found_however_the_file_is_written(cli: Cli, write: Write, encoded: object):
    """On the same line and column, a head of two lines apart."""
    data = encoded(FAULTY)  # type: ignore[operator]
    line = 5 + data.startswith(b"%YAML") * 2
    write({"template.yaml": data})
    assert [
        f"template.yaml:{line}:36: S3AP201 Flag is a condition, used as a value by Ref; "
        "conditions have no value outside Fn::If and Condition"
    ] == within_limits(cli, "--format", "concise").out.splitlines()


def test_a_carriage_return_alone_ends_a_line_for_yaml(cli: Cli, write: Write):
    """For people and editors it is one long line; the finding is there."""
    write({"template.yaml": FAULTY.replace("\n", "\r")})
    ran = within_limits(cli, "--format", "concise")
    assert (1, 1) == (ran.status, len(ran.out.splitlines()))
    assert ran.out.startswith("template.yaml:1:")
    assert " S3AP201 Flag " in ran.out


def test_a_name_with_a_newline_is_told_on_one_line(cli: Cli, write: Write):
    """In every format that goes by lines; JSON has the name as it is."""
    write({"new\nline.py": "import os\n", "bell\x07\x1b[31m.py": "import re\n"})
    ran = within_limits(cli, "--format", "concise")
    assert [
        "bell\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}[31m.py:1:8: F401 're' imported but unused",
        "new line.py:1:8: F401 'os' imported but unused",
    ] == ran.out.splitlines()
    found = json.loads(within_limits(cli, "--format", "json").out)["findings"]
    assert {"new\nline.py", "bell\x07\x1b[31m.py"} == {finding["path"] for finding in found}
    assert 2 == len(within_limits(cli, "--format", "github").out.splitlines())


def test_a_name_that_is_not_utf_8_is_unchecked(cli: Cli, project: Path):
    Path(os.fsdecode(os.fsencode(project) + b"/caf\xe9.py")).write_text("import os\n")
    ran = within_limits(cli, "--format", "json")
    assert {"caf\\xe9.py": "has a name that is not UTF-8"} == unchecked(ran)


# -- code that is written to be hard to follow -------------------------------------------------------

FORMS = {
    "attributes": lambda n: "x = os" + ".b" * n,
    "calls in a row": lambda n: "x = f" + "()" * n,
    "subscripts": lambda n: "x = a" + "[0]" * n,
    "a sum": lambda n: "x = a" + " + a" * n,
    "negations": lambda n: "x = " + "not " * n + "a",
    "conditional expressions": lambda n: "x = " + "1 if a else " * n + "2",
    "lambdas": lambda n: "x = " + "lambda: " * n + "1",
    "alternatives": lambda n: "if a:\n    pass\n" + "elif a:\n    pass\n" * n,
    "nested ifs": lambda n: "".join(f"{' ' * i}if a:\n" for i in range(min(n, 98))) + " " * min(n, 98) + "pass",
    "names for names": lambda n: "a0 = 'A'\n" + "".join(f"a{i + 1} = a{i}\n" for i in range(n)),
    "functions that call the next": lambda n: "".join(f"def f{i}():\n    return f{i + 1}()\n" for i in range(n)),
    "string literals in a row": lambda n: "x = " + " 'a'" * n,
}


@pytest.mark.parametrize("depth", [100, 900, 10_000])
def test_handlers_that_are_hard_to_follow_are_joined_and_followed_or_told(cli: Cli, write: Write, depth: int):
    """Whatever gives up says of which file; each handler reads a variable that its function does not set."""
    files, resources = {}, []
    for number, form in enumerate(FORMS.values()):
        handler = "def handler(event, context):\n    return os.environ['OUTPUT']\n"
        files[f"code{number}/handler.py"] = f"import os\na = f = f{depth} = os\n{form(depth)}\n{handler}"
        properties = f"{{CodeUri: code{number}/, Handler: handler.handler, Runtime: python3.12}}"
        resources.append(f"  F{number}: {{Type: AWS::Serverless::Function, Properties: {properties}}}\n")
    write({**GOOD, **files, "template.yaml": f"Transform: AWS::Serverless-2016-10-31\n{HEAD}{''.join(resources)}"})
    ran = within_limits(cli, "--format", "json")
    report = json.loads(ran.out)
    assert (1, "", len(FORMS)) == (ran.status, ran.err, report["stats"]["functions_joined"])
    assert FOUND == [_concise(f) for f in report["findings"] if f["path"].startswith("good")]
    told = {f["path"] for f in report["findings"] if f["code"] in ("S3AP302", "S3AP901")}
    told |= {entry["path"] for entry in report["unchecked"]}
    told |= {files_of(entry["what"]) for entry in report["unchecked"] if entry["path"] == "template.yaml"}
    assert dict.fromkeys(files, True) == {path: path in told for path in files}


def files_of(function: str) -> str:
    """The handler of a function, from its logical id."""
    return f"code{function.removeprefix('code of ').removeprefix('F')}/handler.py"


def _concise(finding: Mapping[str, object]) -> str:
    return "{path}:{line}:{column}: {code} {message}".format(**finding)


def test_syntax_of_a_newer_python_is_unchecked_and_no_fault(cli: Cli, write: Write):
    """Also where the rest of the file is written to break parsers that know it."""
    newer = {
        "alias.py": ("type Key = str\n", (3, 12)),
        "generic.py": ("def first[T](items: list[T]) -> T:\n    return items[0]\n", (3, 12)),
        "quotes.py": ("a = {}\nb = f'{a['key']}'\n", (3, 12)),
        "bare.py": ("try:\n    pass\nexcept KeyError, ValueError:\n    pass\n", (3, 14)),
        "hostile.py": ("class A[T]:\n    pass\n\n\nx = A" + " + A" * 30_000 + "\n", (3, 12)),
    }
    write({**GOOD, **{name: text for name, (text, _) in newer.items()}})
    ran = within_limits(cli, "--format", "json")
    assert FOUND == [_concise(finding) for finding in json.loads(ran.out)["findings"]]
    here = "{}.{}".format(*sys.version_info)
    reason = f"its syntax is newer than Python {here}, which runs s3ap-lint"
    told = {name for name, why in unchecked(ran).items() if why == reason}
    assert {name for name, (_, since) in newer.items() if sys.version_info < since} == told


# -- templates and settings that are written to be slow ----------------------------------------------


CIRCLE = "Conditions: {A: !Not [!Condition B], B: !And [!Condition A, !Condition A]}\n"
POLICY = f"""\
{HEAD}  R:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyDocument:
            Statement: {{Effect: Allow, Resource: "arn:aws:s3:::x-s3alias/*", Action: "s3:%s"}}
"""

BLANK = " " * 200_000 + " #" * 200_000

SLOW = {
    "one Sub with fifty thousand variables": f'{TOPIC}    Properties: {{DisplayName: !Sub "{"${Topic}" * 50_000}"}}\n',
    "arms within arms": f"{TOPIC}    Properties: {{DisplayName: {'!If [A, x, ' * 60}y{']' * 60}}}\n{CIRCLE}",
    "conditions that lead to each other": f"{TOPIC}    Condition: A\n{CIRCLE}",
    "blanks and comments before a value": f"{TOPIC}    Condition: !!str {BLANK}\n      A\n{CIRCLE}",
    "merge keys by the thousand": f"{TOPIC}  A: &a {{Type: AWS::SNS::Topic}}\n"
    + "".join(f"  B{i}: {{<<: [{', '.join(['*a'] * 1_000)}]}}\n" for i in range(20)),
    "an action full of wildcards": POLICY % ("*t" * 500),
}


@pytest.mark.parametrize("template", SLOW.values(), ids=SLOW)
def test_a_template_that_is_written_to_be_slow_is_not(cli: Cli, write: Write, template: str):
    """Or it is said that the analysis was given up; the others are checked in any case."""
    write({**GOOD, "slow/template.yaml": template})
    ran = within_limits(cli, "--format", "concise")
    assert (1, "") == (ran.status, ran.err)
    assert set(FOUND) <= set(ran.out.splitlines())


def many_conditions(number: int) -> str:
    parameters = "".join(f'  P{i}: {{Type: String, Default: ""}}\n' for i in range(number))
    conditions = "".join(f'  C{i}: !Equals [!Ref P{i}, ""]\n' for i in range(number))
    allow = "Effect: Allow, Action: 's3:GetObject', Resource: "
    statements = "".join(
        f'              - !If [C{i}, {{{allow}!Sub "arn:aws:s3:::${{P{i}}}-s3alias/*"}}, !Ref AWS::NoValue]\n'
        for i in range(number)
    )
    role = "  Role:\n    Type: AWS::IAM::Role\n    Properties:\n      Policies:\n        - PolicyDocument:\n"
    return f"Parameters:\n{parameters}Conditions:\n{conditions}{HEAD}{role}            Statement:\n{statements}"


def test_too_many_scenarios_are_told(cli: Cli, write: Write):
    """Each of thirty names may be empty, and each is asked whether giving it would be enough."""
    write({"template.yaml": many_conditions(30)})
    ran = within_limits(cli, "--format", "json", "--select", "S3AP101")
    (entry,) = json.loads(ran.out)["unchecked"]
    assert (0, "Role", "S3AP101 would have to look at too many scenarios") == (
        ran.status,
        entry["what"],
        entry["reason"],
    )


def test_ignore_patterns_that_are_written_to_be_slow_are_not(cli: Cli, write: Write):
    """A matcher that tries every star again would need longer than the universe is old."""
    stars = f"{'*a' * 40}b\n{'**/a/' * 20}b\n{'[a-z]*?' * 20}0\n"
    deep = "a/" * 60
    write({**GOOD, ".gitignore": stars, f"{'a' * 200}.py": "", f"{deep}x.py": "import os\n"})
    ran = within_limits(cli, "--format", "concise")
    assert [f"{deep}x.py:1:8: F401 'os' imported but unused", *FOUND] == ran.out.splitlines()
