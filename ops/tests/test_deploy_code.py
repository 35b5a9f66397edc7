"""Local code on its way into a stack: what cannot be packed is a finding, and what is sent is what was judged."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from deployments import ROLE, deploy, operations, project, write

from s3ap_ops.testing import Fault, World

FUNCTION = """\
  Report:
    Type: AWS::Lambda::Function
    Properties:
      Role: !GetAtt Role.Arn
      Code: report
      Handler: app.handler
      Runtime: python3.12
"""
TEMPLATE = f"Resources:\n{ROLE}{FUNCTION}"
HANDLER = "def handler(event, context): ...\n"
BUCKET = ("--yes", "--bucket", "artifacts")
LARGE = "".join(f"  Topic{number}: {{Type: AWS::SNS::Topic, Properties: {{DisplayName: {'x' * 90}}}}}\n"
                for number in range(400))  # fmt: skip


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    with project(tmp_path, monkeypatch, TEMPLATE, **{"report/app.py": HANDLER}) as world:
        place = {"LocationConstraint": world.region}
        world.client("s3").create_bucket(Bucket="artifacts", CreateBucketConfiguration=place)
        yield world


def versioned(world: World) -> None:
    world.client("s3").put_bucket_versioning(Bucket="artifacts", VersioningConfiguration={"Status": "Enabled"})


def said(capsys: pytest.CaptureFixture[str]) -> str:
    found = capsys.readouterr()
    return " ".join(f"{found.out} {found.err}".split())


def sent(world: World) -> dict[str, Any]:
    """What the last change set was asked for with."""
    return [one.params for one in world.requests if one.operation == "CreateChangeSet"][-1]


def stored(world: World, key: str) -> bytes:
    body = world.client("s3").get_object(Bucket="artifacts", Key=key)["Body"].read()
    assert isinstance(body, bytes)
    return body


def keys(world: World) -> list[str]:
    return [one["Key"] for one in world.client("s3").list_objects_v2(Bucket="artifacts").get("Contents", ())]


# -- what cannot be packed


def test_code_that_cannot_be_packed_is_a_finding_at_its_line(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    write("template.yaml", TEMPLATE.replace("Code: report", "Code: build"))
    assert 3 == deploy(*BUCKET)
    out = said(capsys)
    assert "template.yaml:12:13 error S3AP840 unpackaged-code Report: build is not there; build it first" in out
    assert "refused: 1 finding of level error or above" in out
    assert [] == operations(world)


def test_it_can_be_ignored_at_its_line_and_then_is_sent_as_it_is(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """And CloudFormation says what it thinks of it; the ignore is no unused one."""
    write("template.yaml", TEMPLATE.replace("Code: report", "Code: build  # s3ap-lint: ignore[S3AP840] of others"))
    deploy(*BUCKET)
    out = said(capsys)
    assert "S3AP840" not in out
    assert "S3AP903" not in out
    assert "build  # s3ap-lint: ignore" in sent(world)["TemplateBody"]


def test_the_configuration_decides_with(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    write(".s3ap-lint.toml", 'engine = "none"\nignore = ["S3AP840"]\n')
    write("template.yaml", TEMPLATE.replace("Code: report", "Code: build"))
    deploy(*BUCKET)
    assert "S3AP840" not in said(capsys)


def test_a_finding_on_the_template_is_told_once(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """The template is judged again when its code is packed."""
    write("template.yaml", TEMPLATE.replace("Code: report", "Code: report  # s3ap-lint: ignore[S3AP101] never"))
    assert 0 == deploy(*BUCKET)
    assert 1 == said(capsys).count("S3AP903 unused-ignore")


def test_that_code_has_to_be_packed_is_no_finding_where_it_is(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """cfn-lint's W3002 would stop every deployment of local code."""
    Path(".s3ap-lint.toml").unlink()
    assert 0 == deploy(*BUCKET, "--fail-on", "warning")
    assert "W3002" not in said(capsys)


# -- where it goes


def test_what_is_uploaded_is_uploaded_once_and_only_when_somebody_has_agreed(world: World) -> None:
    assert 0 == deploy("--change-set-only", "--bucket", "artifacts")
    assert [] == keys(world)
    world.forget()
    assert 0 == deploy(*BUCKET)
    assert ["CreateChangeSet", "PutObject", "ExecuteChangeSet"] == operations(world)
    (key,) = keys(world)
    with zipfile.ZipFile(io.BytesIO(stored(world, key))) as archive:
        assert ["app.py"] == archive.namelist()
    assert f"S3Key: {key}" in sent(world)["TemplateBody"]
    world.forget()
    assert 0 == deploy(*BUCKET)
    assert ["CreateChangeSet", "DeleteChangeSet"] == operations(world)


def test_new_code_is_a_change(world: World) -> None:
    assert 0 == deploy(*BUCKET)
    write("report/app.py", HANDLER + "# again\n")
    world.forget()
    assert 0 == deploy(*BUCKET)
    assert ["CreateChangeSet", "PutObject", "ExecuteChangeSet"] == operations(world)
    assert 2 == len(keys(world))


def test_a_versioned_bucket_pins_the_version(world: World) -> None:
    """So it is uploaded before the template can be judged for the last time."""
    versioned(world)
    assert 0 == deploy(*BUCKET)
    assert ["PutObject", "CreateChangeSet", "ExecuteChangeSet"] == operations(world)
    (key,) = keys(world)
    version = world.client("s3").head_object(Bucket="artifacts", Key=key)["VersionId"]
    assert f"S3ObjectVersion: {version}" in sent(world)["TemplateBody"]
    world.forget()
    assert 0 == deploy(*BUCKET)
    assert ["CreateChangeSet", "DeleteChangeSet"] == operations(world)


def test_a_bucket_whose_versioning_may_not_be_read_is_taken_for_a_versioned_one(world: World) -> None:
    versioned(world)
    world.fail(Fault("s3", "GetBucketVersioning", kind="access-denied", times=None))
    assert 0 == deploy(*BUCKET)
    assert "S3ObjectVersion: " in sent(world)["TemplateBody"]


def test_a_nested_template_and_the_code_in_it_have_versions(world: World) -> None:
    versioned(world)
    write("inner.yaml", TEMPLATE)
    nested = "  Inner: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: inner.yaml}}\n"
    write("template.yaml", f"Resources:\n{nested}".replace("{Type", "{DeletionPolicy: Delete, Type"))
    assert 0 == deploy(*BUCKET)
    body = sent(world)["TemplateBody"]
    assert "?versionId=" in body
    child = world.stack(world.stack("uc1").resources["Inner"])
    assert "S3ObjectVersion: " in child.text


def test_an_upload_that_fails_deploys_nothing(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.fail(Fault("s3", "PutObject", kind="access-denied", times=None))
    assert 2 == deploy(*BUCKET)
    assert "nothing was deployed" in said(capsys)
    assert ["CreateChangeSet", "PutObject", "DeleteChangeSet", "DeleteStack"] == operations(world)


# -- templates that are too large for a request


def test_a_large_template_lies_under_the_hash_of_what_was_judged(world: World) -> None:
    text = f"Resources:\n{LARGE}"
    write("template.yaml", text)
    assert 0 == deploy(*BUCKET)
    digest = hashlib.sha256(text.encode()).hexdigest()
    (key,) = keys(world)
    assert (f"templates/{digest[:32]}.template", text.encode()) == (key, stored(world, key))
    assert f"https://artifacts.s3.{world.region}.amazonaws.com/{key}" == sent(world)["TemplateURL"]
    assert "TemplateBody" not in sent(world)


def test_of_a_large_template_in_a_versioned_bucket_the_version_is_named(world: World) -> None:
    """Whatever somebody puts there afterwards."""
    versioned(world)
    write("template.yaml", f"Resources:\n{LARGE}")
    assert 0 == deploy(*BUCKET)
    (key,) = keys(world)
    version = world.client("s3").head_object(Bucket="artifacts", Key=key)["VersionId"]
    assert sent(world)["TemplateURL"].endswith(f"{key}?versionId={version}")


def test_what_lies_under_its_hash_and_is_something_else_is_not_sent(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"Resources:\n{LARGE}"
    write("template.yaml", text)
    key = f"templates/{hashlib.sha256(text.encode()).hexdigest()[:32]}.template"
    world.client("s3").put_object(Bucket="artifacts", Key=key, Body=b"Resources: {}")
    assert 2 == deploy(*BUCKET)
    assert "is there and is something else" in said(capsys)
    assert [] == operations(world)


def test_a_large_template_wants_a_bucket(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    write("template.yaml", f"Resources:\n{LARGE}")
    assert 2 == deploy("--yes")
    assert "CloudFormation takes 51,200 in a request; name a bucket to put it in: --bucket" in said(capsys)
    assert [] == operations(world)
