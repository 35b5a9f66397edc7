"""A project in a folder and an account on the loopback, for tests that deploy the one into the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wire import turned_to

from s3ap_ops.cli import main
from s3ap_ops.testing import World

Json = Any
STAGE = "Parameters:\n  Stage: {Type: String, Default: dev}\n"
TOPIC = "  Topic: {Type: AWS::SNS::Topic}\n"
TABLE = """\
  History:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties:
      TableName: !Sub "history-${Stage}"
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
"""
TEMPLATE = f"{STAGE}Resources:\n{TOPIC}{TABLE}"
ROLE = """\
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]
"""


@contextmanager
def project(folder: Path, patch: Any, template: str = TEMPLATE, **more: str) -> Iterator[World]:
    """A world, and a project with a template and other files in the working directory."""
    with World() as world, turned_to(world, patch, folder / "runs"):
        (folder / "project").mkdir()
        patch.chdir(folder / "project")
        write(".s3ap-lint.toml", 'engine = "none"\n')
        write("template.yaml", template)
        for name, text in more.items():
            write(name, text)
        yield world


def write(name: str, text: str) -> None:
    """A file of the project."""
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text, "utf-8")


def deploy(*more: str, stack: str = "uc1", template: str = "template.yaml") -> int:
    """The exit status of a deployment."""
    return main(["deploy", stack, template, "--poll", "0.01", *more])


def operations(world: World) -> list[str]:
    """What has been written since the world was asked to forget."""
    return [one.operation for one in world.writes]


def change_sets(world: World, stack: str = "uc1") -> list[str]:
    """The change sets of a stack that somebody could carry out, or that are being made."""
    found = world.client("cloudformation").list_change_sets(StackName=stack)["Summaries"]
    return [one["ChangeSetName"] for one in found if one["ExecutionStatus"] in ("AVAILABLE", "UNAVAILABLE")]


def tables(world: World) -> list[str]:
    """The names of the tables that there are."""
    return list(world.client("dynamodb").list_tables()["TableNames"])


def status(world: World, stack: str = "uc1") -> str:
    """The status of a stack; empty if there is none."""
    found = world.client("cloudformation").describe_stacks()["Stacks"]
    return next((str(one["StackStatus"]) for one in found if one["StackName"] == stack), "")


def as_json(value: Json) -> str:
    """A document."""
    return json.dumps(value)
