"""What a run could not look at is said, and is no finding."""

from __future__ import annotations

import json

from conftest import Cli, Write

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Render:
    Type: AWS::Serverless::Function
    Properties: {PackageType: Image}
  Nightly:
    Type: AWS::Serverless::StateMachine
    Properties: {DefinitionUri: nightly.asl.json}
"""


def test_images_encodings_and_definitions_that_are_not_read(write: Write, cli: Cli) -> None:
    write({"template.yaml": TEMPLATE, "latin.py": "# -*- coding: latin-1 -*-\nNAME = 'Café'\n".encode("latin-1")})
    ran = cli("--engine", "none", "--format", "json")
    report = json.loads(ran.out)
    assert (0, []) == (ran.status, report["findings"])
    assert [
        ("latin.py", "Python file", "it is written in iso-8859-1, not in UTF-8"),
        ("template.yaml", "code of Render", "it is a container image"),
        ("template.yaml", "definition of Nightly", "it is not written out, or no JSON or YAML"),
    ] == [(one["path"], one["what"], one["reason"]) for one in report["unchecked"]]


def test_a_wrong_cookie_is_still_a_fault(write: Write, cli: Cli) -> None:
    write({"template.yaml": TEMPLATE, "bad.py": b"NAME = '\xe9'\n"})
    ran = cli("--engine", "none", "--format", "concise")
    assert (1, "bad.py:1:1: S3AP901 is not UTF-8: byte 0xe9 on line 1; nothing in it was checked\n") == (
        ran.status,
        ran.out,
    )


TIMEOUTS = """\
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Timeout: 60, Runtime: python3.12, Handler: app.handler, CodeUri: code/}}
Resources:
  Queue: {Type: AWS::SQS::Queue}
  Answer:
    Type: AWS::Serverless::Function
    Properties:
      Events: {Get: {Type: HttpApi, Properties: {Path: /, Method: get}}}
  Work:
    Type: AWS::Serverless::Function
    Properties:
      Events: {Item: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}}
"""


def test_of_two_faults_on_one_line_of_a_template_none_is_lost(write: Write, cli: Cli) -> None:
    write({"template.yaml": TIMEOUTS, "code/app.py": "def handler(event, context):\n    pass\n"})
    (finding,) = json.loads(cli("--engine", "none", "--select", "S3AP322", "--format", "json").out)["findings"]
    told = [finding["message"], *(place["message"] for place in finding["related"])]
    assert ("Answer", "Work") == tuple(name for name in ("Answer", "Work") if any(f"{name} " in text for text in told))
