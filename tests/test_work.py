"""How much work a run does, in counts: a gate against waste that no clock and no other program on the machine can move.

A number that changes here is a question. Where it went down, write the new one; where it went up, something is read,
parsed or asked more often than it need be.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

COUNTING = Path(__file__).with_name("counting.py")
OPTIONS = ("--engine", "none", "--no-cache", "--exit-zero", "--format", "json", "--output", os.devnull)
HEAVY = ("cfnlint", "libcst", "pluggy", "pygls", "pyflakes", "rich", "tomlkit", "yaml")
"""Packages that take long to import."""

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Description: NAME
Transform: AWS::Serverless-2016-10-31
Parameters:
  WithArchive: {Type: String, Default: "true", AllowedValues: ["true", "false"]}
Conditions:
  Archive: !Equals [!Ref WithArchive, "true"]
Globals:
  Function: {Runtime: python3.12, CodeUri: ., Timeout: 10}
Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Write:
    Type: AWS::Serverless::Function
    Properties:
      Handler: functions/write.handler
      Environment: {Variables: {BUCKET: !Ref Bucket}}
      Policies: [S3CrudPolicy: {BucketName: !Ref Bucket}]
  Read:
    Type: AWS::Serverless::Function
    Properties:
      Handler: functions/read.handler
      Environment: {Variables: {BUCKET: !Ref Bucket}}
      Policies: [S3ReadPolicy: {BucketName: !Ref Bucket}]
  Keep:
    Type: AWS::Serverless::Function
    Condition: Archive
    Properties:
      Handler: functions/write.handler
      Environment: {Variables: {BUCKET: !Ref Bucket}}
      Policies: [S3CrudPolicy: {BucketName: !Ref Bucket}]
  Nightly:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionUri: nightly.asl.json
      DefinitionSubstitutions: {Write: !GetAtt Write.Arn}
      Policies: [LambdaInvokePolicy: {FunctionName: !Ref Write}]
"""
APPLICATION = {
    "template.yaml": TEMPLATE,
    "nightly.asl.json": (
        '{"Comment": "NAME", "StartAt": "Go", "States": {"Go": {"Type": "Task", "Resource": "${Write}", "End": true}}}'
    ),
    "functions/write.py": (
        "# of NAME\nimport os\n\nfrom shared import store\n\n\ndef handler(event, context):\n"
        '    return store.put(os.environ["BUCKET"], event["key"], b"")\n'
    ),
    "functions/read.py": (
        "# of NAME\nimport os\n\nfrom shared import store\n\n\ndef handler(event, context):\n"
        '    return store.get(os.environ["BUCKET"], event["key"])\n'
    ),
}
SHARED = {
    "shared/__init__.py": "",
    "shared/store.py": (
        'import boto3\n\nfrom shared import names\n\ns3 = boto3.client("s3")\n\n\n'
        "def put(bucket, key, body):\n    s3.put_object(Bucket=bucket, Key=names.of(key), Body=body)\n\n\n"
        "def get(bucket, key):\n    return s3.get_object(Bucket=bucket, Key=names.of(key))\n"
    ),
    "shared/names.py": 'def of(key):\n    return f"files/{key}"\n',
}
SCRIPT = {"tools/count.py": "import sys\n\nprint(len(sys.argv))\n"}

Counts = Mapping[str, Mapping[str, int]]
"""How often something was done, by what was done and then by what it was done to."""


@pytest.fixture
def small(write: Callable[[Mapping[str, str]], Path]) -> Path:
    """Two applications of three functions each, which share a package, and a script that is part of neither."""
    names = ("orders", "stock")  # no two files are the same, because files are told by their content
    files = {f"{name}/{path}": text.replace("NAME", name) for name in names for path, text in APPLICATION.items()}
    return write({**files, **SHARED, **SCRIPT})


def counted(folder: Path, log: Path, *arguments: str, jobs: int = 1) -> Counts:
    """What a run in a folder does, in a process of its own, with nothing in its memory."""
    command = [sys.executable, str(COUNTING), str(folder), str(log), *OPTIONS, "--jobs", str(jobs), *arguments]
    environment = dict(os.environ)
    if jobs > 1:
        starts = log.with_name("starts")
        starts.mkdir()
        (starts / "sitecustomize.py").write_text("import counting\n\ncounting.watch_from_environment()\n")
        search = [str(starts), str(COUNTING.parent), environment.get("PYTHONPATH", "")]
        environment |= {"PYTHONPATH": os.pathsep.join(filter(None, search))}
        environment |= {"S3AP_COUNTED_ROOT": str(folder), "S3AP_COUNTED_LOG": str(log)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)
    counts: dict[str, Counter[str]] = {}
    for line in log.read_text(encoding="utf-8").splitlines():
        kind, _, name = line.partition("\t")
        counts.setdefault(kind, Counter())[name] += 1
    return counts


def table(counts: Counts, *kinds: str) -> dict[str, tuple[int, ...]]:
    """How often each kind of work was done to each file."""
    names = sorted({name for kind in kinds for name in counts.get(kind, ())})
    return {name: tuple(counts.get(kind, {}).get(name, 0) for kind in kinds) for name in names}


def histogram(counts: Mapping[str, int]) -> dict[int, int]:
    """How many were done so often."""
    return dict(sorted(Counter(counts.values()).items()))


def test_each_file_of_two_applications_is_read_and_parsed_once(small: Path, tmp_path: Path):
    """Also the package that six functions of two applications share, and the files that are units of their own."""
    counts = counted(small, tmp_path / "log")
    kinds = ("read", "template parse", "Python parse", "facts of a module", "pyflakes")
    assert {
        "orders/functions/read.py": (1, 0, 1, 1, 1),
        "orders/functions/write.py": (1, 0, 1, 1, 1),
        "orders/nightly.asl.json": (1, 1, 0, 0, 0),
        "orders/template.yaml": (1, 1, 0, 0, 0),
        "shared/__init__.py": (1, 0, 1, 1, 1),
        "shared/names.py": (1, 0, 1, 1, 1),
        "shared/store.py": (1, 0, 1, 1, 1),
        "stock/functions/read.py": (1, 0, 1, 1, 1),
        "stock/functions/write.py": (1, 0, 1, 1, 1),
        "stock/nightly.asl.json": (1, 1, 0, 0, 0),
        "stock/template.yaml": (1, 1, 0, 0, 0),
        "tools/count.py": (1, 0, 1, 0, 1),
    } == table(counts, *kinds)


def test_what_functions_run_is_followed_once_for_each_entry(small: Path, tmp_path: Path):
    """Closures, walks through the code, and spaces of scenarios: two functions of one application share a handler."""
    counts = counted(small, tmp_path / "log")
    assert {
        "orders/functions/read.py handler": (1, 1, 0),
        "orders/functions/write.py handler": (1, 1, 0),
        "orders/template.yaml": (0, 0, 1),
        "stock/functions/read.py handler": (1, 1, 0),
        "stock/functions/write.py handler": (1, 1, 0),
        "stock/template.yaml": (0, 0, 1),
    } == table(counts, "closure", "reach", "conditions")


def test_each_rule_is_asked_once_about_each_subject(small: Path, tmp_path: Path):
    """By type of subject: how many rules and subjects there are, and how often a rule was asked."""
    counts = counted(small, tmp_path / "log")
    asked = {tuple(name.split(" ", 2)): often for name, often in counts["rule"].items()}
    assert {1} == set(asked.values())
    subjects = Counter(kind for kind, _ in {(kind, subject) for _, kind, subject in asked})
    assert {"Application": 2, "Function": 6, "PythonFile": 8, "Role": 8, "StateMachine": 2, "Template": 2} == dict(
        subjects
    )


def test_nothing_that_takes_long_to_import_is_imported_unless_it_is_used(small: Path, tmp_path: Path):
    """Templates need PyYAML, Python files pyflakes; edits of imports, which nobody looks at here, would need LibCST."""
    counts = counted(small, tmp_path / "log")
    assert ["pluggy", "pyflakes", "yaml"] == [name for name in HEAVY if name in counts["imported"]]


def test_the_library_is_worked_through_without_doing_things_twice(library: Path, tmp_path: Path):
    """{how often: for how many}. What is parsed again are edited templates, to prove that a fix does what it says, and
    Python files that may name what a fix takes out of an import."""
    counts = counted(library, tmp_path / "log")
    edited = {name: often for name, often in counts["template parse"].items() if name.endswith(", edited")}
    files = {name: often for name, often in counts["template parse"].items() if name not in edited}
    assert {
        "read": {1: 37, 2: 1},  # .gitignore is looked into as a recipe, too
        "template parse": {1: 11},
        "edited template parse": {1: 3, 2: 1, 3: 1, 5: 1, 6: 1},
        "Python parse": {1: 13, 2: 12},
        "facts of a module": {1: 26},
        "pyflakes": {1: 26},
        "closure": {1: 18},
        "reach": {1: 16, 2: 1, 3: 1},
        "conditions": {1: 9},
        "rule": {1: 1141},
    } == {
        **{kind: histogram(found) for kind, found in counts.items() if kind not in ("template parse", "imported")},
        "template parse": histogram(files),
        "edited template parse": histogram(edited),
    }


def test_two_processes_together_do_little_more_than_one(small: Path, tmp_path: Path):
    """Each may read and parse what it needs of the package that is shared; nobody does anything twice."""
    counts = counted(small, tmp_path / "log", jobs=2)
    assert {"read", "Python parse"} == set(counts) & {"read", "Python parse"}
    assert {name for name in counts["Python parse"] if name.startswith("shared/")} == set(SHARED)
    assert 2 >= max(counts["Python parse"].values())
    assert 3 >= max(counts["read"].values())  # the process that finds the files and two that check them
