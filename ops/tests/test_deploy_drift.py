"""What somebody has changed by hand is said before an update sets it back, or fails on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from deployments import ROLE, deploy, operations, project, write

from s3ap_ops.cli import main
from s3ap_ops.testing import Fault, World

TEMPLATE = f"""\
Parameters:
  Text: {{Type: String, Default: one}}
Resources:
{ROLE}  Output:
    Type: AWS::S3::Bucket
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties:
      VersioningConfiguration: {{Status: Enabled}}
  Report:
    Type: AWS::Lambda::Function
    Properties:
      Role: !GetAtt Role.Arn
      Handler: index.handler
      Runtime: python3.12
      Code: {{ZipFile: "def handler(event, context): ..."}}
      Environment: {{Variables: {{TEXT: !Ref Text}}}}
  Topic: {{Type: AWS::SNS::Topic}}
"""


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    with project(tmp_path, monkeypatch, TEMPLATE) as world:
        world.deploy("uc1", TEMPLATE)
        yield world


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines about drift, without their indent."""
    out = capsys.readouterr().out
    return [line.strip() for line in out.splitlines() if "by hand" in line]


def test_what_nobody_has_touched_is_said_to_be_so(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """And what CloudFormation does not compare, too."""
    assert 0 == deploy("--drift", "--yes")
    assert [
        "CloudFormation compares no AWS::IAM::Role and AWS::SNS::Topic, so a change by hand does not show in 2 "
        "resources (Role and Topic)",
        "uc1: nothing was changed by hand, as far as CloudFormation compares it",
    ] == said(capsys)


def test_a_change_by_hand_is_a_warning_with_both_values(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    bucket = world.stack("uc1").resources["Output"]
    world.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    assert 0 == deploy("--drift", "--yes", "--param", "Text=two")
    assert (
        f"Output ({bucket}) was changed by hand: /VersioningConfiguration/Status is Suspended, and Enabled in the "
        "template; an update that touches it sets this back"
    ) == said(capsys)[0]


def test_values_of_variables_are_nobodys_business(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    function = world.stack("uc1").resources["Report"]
    variables = {"TEXT": "hunter2", "MORE": "hunter3"}
    world.client("lambda").update_function_configuration(FunctionName=function, Environment={"Variables": variables})
    assert 0 == deploy("--drift", "--yes", "--param", "Text=two")
    (line,) = [one for one in said(capsys) if one.startswith("Report")]
    assert "hunter" not in line
    assert (
        "/Environment/Variables/MORE is a value that is not shown and not in the template; /Environment/Variables/TEXT "
        "is a value that is not shown, and a value that is not shown in the template"
    ) in line


def test_a_warning_stops_it_when_somebody_says_so(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    bucket = world.stack("uc1").resources["Output"]
    world.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    world.forget()
    assert 3 == deploy("--drift", "--yes", "--fail-on", "warning")
    assert "docs/runbooks/deploy.md#drifted-resource" in capsys.readouterr().err
    assert [] == operations(world)
    assert 0 == deploy("--drift", "--yes", "--fail-on", "warning", "--accept", "S3AP848")


def test_what_was_deleted_by_hand_stops_it_until_it_is_accepted(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket = world.stack("uc1").resources["Output"]
    world.client("s3").delete_bucket(Bucket=bucket)
    assert 3 == deploy("--drift", "--yes")
    found = capsys.readouterr()
    assert f"Output ({bucket}) was deleted by hand; an update that touches it, or what needs it, fails" in found.out
    assert "to go on, add: --accept S3AP848; docs/runbooks/deploy.md#drifted-resource" in found.err
    assert 0 == deploy("--drift", "--yes", "--accept", "S3AP848", "--param", "Text=two")


def test_what_the_update_removes_may_be_gone_already(world: World) -> None:
    world.client("s3").delete_bucket(Bucket=world.stack("uc1").resources["Output"])
    before, _, rest = TEMPLATE.partition("  Output:\n")
    write("template.yaml", f"{before}  Report:{rest.partition('  Report:')[2]}")
    assert 0 == deploy("--drift", "--yes", "--accept", "S3AP846")


def test_what_could_not_be_compared_is_said(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """A detection that fails on one resource has looked at the others."""
    world.undetectable["Report"] = "AccessDenied: lambda:GetFunction"
    bucket = world.stack("uc1").resources["Output"]
    world.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    assert 0 == deploy("--drift", "--yes", "--param", "Text=two")
    lines = said(capsys)
    assert "what was changed by hand in Report could not be read (AccessDenied: lambda:GetFunction)" in "".join(lines)
    assert "what was changed by hand in the stack could not be read (Failed to detect drift on resource" in "".join(
        lines
    )
    assert f"Output ({bucket}) was changed by hand" in "".join(lines)


@pytest.mark.parametrize(
    "operation", ("DetectStackDrift", "DescribeStackDriftDetectionStatus", "DescribeStackResourceDrifts")
)
def test_who_may_not_ask_is_told_so(world: World, capsys: pytest.CaptureFixture[str], operation: str) -> None:
    world.fail(Fault("cloudformation", operation, kind="access-denied", times=None))
    assert 0 == deploy("--drift", "--yes", "--param", "Text=two")
    (line,) = [one for one in said(capsys) if "could not be read" in one]
    assert f"what was changed by hand in the stack could not be read (AccessDenied from {operation}" in line


def test_a_detection_without_an_end_is_not_waited_for(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.pace.drift = 10**9
    deploy("--drift", "--yes", "--deadline", "0.05", "--param", "Text=two")
    assert "(the detection was not over in time)" in "".join(said(capsys))


def test_a_stack_that_is_not_there_has_not_drifted(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == deploy("--drift", "--yes", stack="uc2")
    assert "uc2 is not there yet" in capsys.readouterr().err


def test_nested_stacks_are_compared_as_well(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    inner = "Resources: {Inner: {Type: AWS::S3::Bucket, DeletionPolicy: Delete, UpdateReplacePolicy: Delete}}\n"
    world.templates["https://code.s3.amazonaws.com/inner.template"] = inner
    outer = """\
Resources:
  Data:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: https://code.s3.amazonaws.com/inner.template}
"""
    write("template.yaml", outer)
    world.deploy("outer", outer)
    child = world.stack(world.stack("outer").resources["Data"])
    world.client("s3").delete_bucket(Bucket=child.resources["Inner"])
    assert 3 == deploy("--drift", "--yes", stack="outer")
    gone = child.resources["Inner"]
    wanted = f"Data/Inner ({gone}) was deleted by hand; an update that touches it, or what needs it, fails"
    assert wanted == said(capsys)[0]


# -- at any time


def checked(capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, list[tuple[str, int, str]]]:
    """The exit status of `check --drift`, and code, line and message of what it finds."""
    capsys.readouterr()
    ended = main(["check", "uc1", "--drift", "--poll", "0.01", "--format", "json", *more])
    found = json.loads(capsys.readouterr().out)["findings"]
    return ended, [(one["code"], one["line"], one["message"].partition(":")[0]) for one in found]


def test_a_check_says_it_without_a_deployment(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """At the line of the local template; what is not compared is no failure."""
    world.forget()
    ended, found = checked(capsys, "--template", "template.yaml")
    assert (0, [("S3AP848", 1)]) == (ended, [one[:2] for one in found])
    bucket = world.stack("uc1").resources["Output"]
    world.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    ended, found = checked(capsys)
    line = TEMPLATE.splitlines().index("  Output:") + 1
    assert (1, ("S3AP848", line, f"Output ({bucket}) was changed by hand")) == (ended, found[-1])
    assert [] == operations(world)


def test_a_check_heeds_what_the_template_ignores(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.client("s3").delete_bucket(Bucket=world.stack("uc1").resources["Output"])
    assert 1 == checked(capsys)[0]
    ignore = "    Metadata: {s3ap-lint: {ignore: [{code: S3AP848, reason: it comes back by itself}]}}\n"
    write("template.yaml", TEMPLATE.replace("  Output:\n", f"  Output:\n{ignore}"))
    assert 0 == checked(capsys)[0]


def test_a_check_of_a_stack_without_a_local_template_says_it_of_the_stack(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("template.yaml").unlink()
    world.client("s3").delete_bucket(Bucket=world.stack("uc1").resources["Output"])
    ended, found = checked(capsys)
    assert (1, "S3AP848") == (ended, found[0][0])
