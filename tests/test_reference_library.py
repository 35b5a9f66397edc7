"""The library that this project grew up with: a commit its own check calls clean, beside what is found there.

    S3AP_REFERENCE_LIBRARY=/path/to/its/git/folder pytest tests/test_reference_library.py

The library is not part of this project. Without it, its shape is checked on text of our own.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli, Write

COMMIT = "023060b9"
WHERE = os.environ.get("S3AP_REFERENCE_LIBRARY", "")

ROLE = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  OutputAlias: {Type: String, AllowedPattern: "^[a-z0-9-]+-ext-s3alias$"}
  OutputName: {Type: String, Default: ""}
Conditions:
  HasOutputName: !Not [!Equals [!Ref OutputName, ""]]
Resources:
  WriterRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}
      Policies:
        - PolicyName: Access
          PolicyDocument:
            Statement:
              - Effect: Allow
                Action: RESOURCES
"""
BY_ALIAS = ROLE.replace(
    "RESOURCES",
    """[s3:GetObject, s3:PutObject]
                Resource: !Sub "arn:aws:s3:::${OutputAlias}/*\"""",
)
BY_OPTIONAL_NAME = ROLE.replace(
    "RESOURCES",
    """[s3:GetObject]
                Resource:
                  - !Sub "arn:aws:s3:::${OutputAlias}/*"
                  - !If
                    - HasOutputName
                    - !Sub "arn:aws:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/${OutputName}/object/*"
                    - !Ref AWS::NoValue""",
)


def findings(cli: Cli, *arguments: str | Path) -> list[dict[str, Any]]:
    ran = cli("--engine", "none", "--select", "S3AP101,S3AP102", "--format", "json", "--exit-zero", *arguments)
    found: list[dict[str, Any]] = json.loads(ran.out)["findings"]
    return found


def pairs(found: list[dict[str, Any]], code: str) -> int:
    """How many (role, action) pairs the findings of a code are about."""
    named = [re.search(r"is granted (.+?) on ", f["message"]) for f in found if f["code"] == code]
    return sum(len(match[1].split(", ")) for match in named if match)


def test_two_shapes_that_a_check_of_the_form_alone_calls_clean(write: Write, cli: Cli) -> None:
    """Whether an access-point form stands somewhere in the file says nothing about who is granted what, and when."""
    write({"alias/template.yaml": BY_ALIAS, "name/template.yaml": BY_OPTIONAL_NAME})
    assert [
        ("alias/template.yaml", "S3AP101", None),
        ("name/template.yaml", "S3AP102", "when HasOutputName is false (the default): OutputName is empty"),
    ] == [(f["path"], f["code"], (f["scenario"] or {}).get("text")) for f in findings(cli, ".")]


def test_a_finding_explains_the_way_that_leads_to_it(write: Write, cli: Cli) -> None:
    write({"template.yaml": BY_OPTIONAL_NAME})
    (finding,) = findings(cli, ".")
    assert [
        (4, "OutputName is empty by default"),
        (6, "so HasOutputName is false"),
        (25, "so !If HasOutputName takes this arm"),
        (21, "then only this is left, and it grants nothing"),
    ] == [(step["line"], step["message"]) for step in finding["flow"]]


@pytest.mark.skipif(not WHERE, reason="S3AP_REFERENCE_LIBRARY names no snapshot of the library")
def test_the_commit_that_is_called_clean(cli: Cli, project: Path) -> None:
    archive = subprocess.run(
        ["git", "-C", WHERE, "archive", COMMIT, "*.py", "*.yaml"], check=True, capture_output=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(project, filter="data")
    script = [sys.executable, "scripts/check_s3ap_iam_patterns.py"]
    own = subprocess.run(script, cwd=project, capture_output=True, encoding="utf-8", check=False)
    clean = "Scanned 17 templates. ✅ All S3AP write policies have correct dual-format (alias + ARN)."
    assert (0, clean.split()) == (own.returncode, own.stdout.split())
    found = findings(cli, ".")
    files = {code: len({f["path"] for f in found if f["code"] == code}) for code in ("S3AP101", "S3AP102")}
    assert {"S3AP101": 14, "S3AP102": 17} == files
    assert (44, 94) == (pairs(found, "S3AP101"), pairs(found, "S3AP102"))
    assert all(f["scenario"] for f in found if f["code"] == "S3AP102")
