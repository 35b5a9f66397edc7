"""Whether every AWS call of a function can be listed, as the command line tells it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from s3ap_lint.cli import main

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Intake:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: handler.handler
      CodeUri: intake/
      Policies:
        - Statement: [{Effect: Allow, Action: "polly:DescribeVoices", Resource: "*"}]
"""


def is_told(folder: Path, lines: str, capsys: pytest.CaptureFixture[str]) -> bool:
    """Whether the unused grant is reported."""
    (folder / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
    (folder / "intake").mkdir()
    code = f"import boto3\n{lines}\n"
    (folder / "intake" / "handler.py").write_text(code, encoding="utf-8")
    main(["--select", "S3AP402", "--strict", "--engine", "none", "--format", "json", "--jobs", "1", str(folder)])
    return bool(json.loads(capsys.readouterr().out)["findings"])


@pytest.mark.parametrize(
    "lines",
    [
        "def handler(event, context): boto3.client('s3').list_buckets()",
        "def handler(event, context): boto3.client('cloudformation').describe_stacks()",
        "import pandas\ndef handler(event, context): return pandas.DataFrame(event)",
        "def get_credentials(): return {}\ndef handler(event, context): return get_credentials()",
    ],
)
def test_what_is_made_with_clients_is_known(lines: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert is_told(tmp_path, lines, capsys)


@pytest.mark.parametrize(
    "lines",
    [
        "def handler(event, context): boto3.client('cloudformation').delete_stack(StackName='intake')",
        "def handler(event, context): boto3.client('ds').create_user(UserName='a')",
        "def handler(event, context): boto3.client('sns').publish_by_pigeon(Message='a')",
        "def handler(event, context): boto3.client('pigeons').publish(Message='a')",
        "import pandas\ndef handler(event, context): return pandas.read_csv('s3://orders/a.csv')",
        "import subprocess\ndef handler(event, context): subprocess.run(['aws', 'sns', 'publish'])",
        "def handler(event, context): return boto3.Session().get_credentials()",
        "from botocore.auth import SigV4Auth\ndef handler(event, context): return SigV4Auth",
        "import awswrangler\ndef handler(event, context): return awswrangler",
    ],
)
def test_what_is_made_otherwise_is_not(lines: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not is_told(tmp_path, lines, capsys)
