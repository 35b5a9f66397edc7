"""What `docs/migrating.md` promises: on what makes one of the library's scripts fail, a `--select` fails, too.

    S3AP_REFERENCE_LIBRARY=/path/to/its/git/folder pytest tests/test_migrating.py

The scripts are not part of this project. Without them, only our half is tried on the samples, which are our own text.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import Cli, Write

COMMIT = "023060b9"
WHERE = os.environ.get("S3AP_REFERENCE_LIBRARY", "")

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  S3AccessPointAlias: {Type: String, AllowedPattern: "^[a-z0-9-]+-ext-s3alias$"}
  S3AccessPointName: {Type: String}
  WithReview: {Type: String, Default: "no", AllowedValues: ["yes", "no"]}
Conditions:
  HasReview: !Equals [!Ref WithReview, "yes"]
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Service: [lambda.amazonaws.com, states.amazonaws.com]}
            Action: sts:AssumeRole
      Policies:
        - PolicyName: Access
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Sid: S3AccessPointWrite
                Effect: Allow
                Action:
                  - s3:PutObject
                Resource:
                  - !Sub "arn:aws:s3:::${S3AccessPointAlias}/*"
                  - !Sub "arn:aws:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/${S3AccessPointName}/object/*"
  ReviewFunction:
    Type: AWS::Lambda::Function
    Properties:
      Handler: index.handler
      Runtime: python3.13
      Role: !GetAtt Role.Arn
      Code: {ZipFile: "def handler(event, context): return None"}
  StateMachine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !GetAtt Role.Arn
      DefinitionString: !Sub |
        {"StartAt": "Review", "States": {"Review": {
          "Type": "Task", "Resource": "${ReviewFunction.Arn}", "End": true}}}
"""
BY_NAME = TEMPLATE.splitlines(keepends=True)[TEMPLATE[: TEMPLATE.index("accesspoint/")].count("\n")]
CLEAN = {
    "legal-compliance/template-deploy.yaml": TEMPLATE,
    "legal-compliance/functions/discovery/handler.py": "def handler(event, context):\n    return event['files']\n",
    "shared/names.py": "PREFIX = 'reports/'\n",
}


@dataclass(frozen=True)
class Script:
    """One of the library's scripts: what to run in its place, and files that make both fail with one finding."""

    name: str
    arguments: tuple[str, ...]
    bad: Mapping[str, str]
    found: str


def edited(path: str, old: str, new: str) -> dict[str, str]:
    assert old in CLEAN[path]
    return {path: CLEAN[path].replace(old, new, 1)}


SCRIPTS = (
    Script(
        "check_s3ap_iam_patterns.py",
        ("--engine", "none", "--select", "S3AP101,S3AP102"),
        edited("legal-compliance/template-deploy.yaml", BY_NAME, ""),
        "legal-compliance/template-deploy.yaml:28:21: S3AP101",
    ),
    Script(
        "check_handler_names.py",
        ("--engine", "none", "--select", "F821"),
        edited("legal-compliance/functions/discovery/handler.py", "event['files']", "files"),
        "legal-compliance/functions/discovery/handler.py:2:12: F821",
    ),
    Script(
        "check_conditional_refs.py",
        ("--engine", "none", "--select", "S3AP201,S3AP202"),
        edited(
            "legal-compliance/template-deploy.yaml",
            "    Type: AWS::Lambda::Function\n",
            "    Type: AWS::Lambda::Function\n    Condition: HasReview\n",
        ),
        "legal-compliance/template-deploy.yaml:44:40: S3AP202",
    ),
    Script(
        "check_python_quality.py",
        ("--engine", "none", "--select", "F,S3AP901"),
        {"shared/names.py": "PREFIX = folder + '/'\n"},
        "shared/names.py:1:10: F821",
    ),
    Script(
        "lint_all_templates.py",
        ("--select", "E", "--ignore", "E2530,E3030,E3006"),
        edited("legal-compliance/template-deploy.yaml", "      Runtime: python3.13\n", "      Runtimes: python3.13\n"),
        "legal-compliance/template-deploy.yaml:34:7: E3002",
    ),
)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_what_a_script_reports_is_reported_by_the_select_that_takes_its_place(script: Script, cli: Cli, write: Write):
    folder = write(CLEAN)
    clean = cli("--format", "concise", *script.arguments)
    assert (0, "", "") == (clean.status, clean.out, clean.err)
    write(script.bad)
    ran = cli("--format", "concise", *script.arguments)
    assert (1, "") == (ran.status, ran.err)
    assert script.found in ran.out, ran.out
    assert {script.found.split(":")[0]} == {line.split(":")[0] for line in ran.out.splitlines()}
    if WHERE:
        assert [1, 0] == [status(script, folder), status(script, write(CLEAN))]


def test_a_syntax_error_is_found_which_the_script_takes_for_nothing(cli: Cli, write: Write):
    """Pyflakes tells of it on standard error, which is not read there."""
    folder = write({**CLEAN, "shared/names.py": "def prefix(:\n"})
    quality = next(script for script in SCRIPTS if script.name == "check_python_quality.py")
    ran = cli("--format", "concise", *quality.arguments)
    assert (1, "shared/names.py:1:12: S3AP901 ") == (ran.status, ran.out[:30])
    if WHERE:
        assert 0 == status(quality, folder)


def status(script: Script, folder: Path) -> int:
    """The exit status of the script itself, as it was when the library was called clean."""
    text = subprocess.run(
        ["git", "-C", WHERE, "show", f"{COMMIT}:scripts/{script.name}"], check=True, capture_output=True
    ).stdout
    (folder / "scripts").mkdir(exist_ok=True)
    file = folder / "scripts" / script.name
    file.write_bytes(text)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    ran = subprocess.run(
        [sys.executable, str(file)], cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, check=False
    )
    assert b"Traceback" not in ran.stderr, ran.stderr.decode()
    return ran.returncode


def test_the_page_names_every_script_and_what_takes_its_place(repository: Path):
    page = (repository / "docs/migrating.md").read_text(encoding="utf-8")
    for script in SCRIPTS:
        assert f"`{script.name}`" in page
        assert f"s3ap-lint {' '.join(script.arguments)}" in page
