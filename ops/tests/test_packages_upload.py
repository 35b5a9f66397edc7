"""Objects of a packaged template get into a bucket once, by the plan, and are never taken for what they are not."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from s3ap_ops.appliers import Means
from s3ap_ops.calls import UploadObject
from s3ap_ops.hands import Hands
from s3ap_ops.identity import Pin
from s3ap_ops.local import LocalProject
from s3ap_ops.packaging.package import packaged
from s3ap_ops.packaging.upload import MARK, upload_object, uploads
from s3ap_ops.plan import Action, Plan
from s3ap_ops.policy import policy
from s3ap_ops.reading import Look
from s3ap_ops.render.plan_json import action_as_data
from s3ap_ops.testing import ACCOUNT, World
from s3ap_ops.watching import Patience

BUCKET = "artifacts-123456789012"
PIN = Pin(ACCOUNT, "us-east-1", f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/me")
TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Report:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: report/, Handler: app.handler, Runtime: python3.12}
"""


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    """An account with an empty bucket, and a project in the working directory."""
    (tmp_path / "report").mkdir()
    (tmp_path / "report/app.py").write_text("def handler(event, context): ...\n")
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    monkeypatch.chdir(tmp_path)
    with World(region=PIN.region) as world:
        for name, value in world.env.items():
            monkeypatch.setenv(name, value)
        world.client("s3").create_bucket(Bucket=BUCKET)
        world.forget()
        yield world


@pytest.fixture
def means(world: World) -> Means:
    session = world.session()
    look, hands = Look(session, ACCOUNT, PIN.region), Hands(session, PIN.region)
    return Means(look, hands, Patience(), "run", lambda said: None, quiet=True)


def change() -> UploadObject:
    project = LocalProject()
    done = packaged(project.template("template.yaml"), project, BUCKET, "code", region=PIN.region)
    (found,) = uploads(done, BUCKET, PIN, "stack:uc1@us-east-1")
    return found


def objects(world: World) -> list[str]:
    return [one["Key"] for one in world.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def test_looking_and_planning_writes_nothing(world: World) -> None:
    planned = change()
    assert f"upload s3://{BUCKET}/{planned.key} (33 bytes), unless it is there" == planned.describe()
    assert ["app.py"] == [one["name"] for one in _as_json(planned)["change"]["source"]["entries"]]
    assert ([], []) == ([request.operation for request in world.requests], objects(world))


def _as_json(planned: UploadObject) -> dict[str, Any]:
    told = json.dumps(action_as_data(Action("uc1/001", "uc1", "Upload", planned)))
    found: dict[str, Any] = json.loads(told)
    return found


def test_an_object_is_uploaded_once(world: World, means: Means) -> None:
    planned = change()
    assert ["done", "already"] == [upload_object(planned, means).how for _ in range(2)]
    assert ["PutObject"] == [request.operation for request in world.writes]
    body = world.client("s3").get_object(Bucket=BUCKET, Key=planned.key)["Body"].read()
    assert ["app.py"] == zipfile.ZipFile(io.BytesIO(body)).namelist()


def test_a_version_is_told_whether_it_was_uploaded_now_or_before(world: World, means: Means) -> None:
    world.client("s3").put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    planned = change()
    told = [upload_object(planned, means).facts["version"] for _ in range(2)]
    (version,) = world.client("s3").list_object_versions(Bucket=BUCKET)["Versions"]
    assert [version["VersionId"]] * 2 == told


def test_without_versions_none_is_told(means: Means) -> None:
    assert {"version": ""} == upload_object(change(), means).facts


def test_something_else_under_the_key_is_refused(world: World, means: Means) -> None:
    planned = change()
    world.client("s3").put_object(Bucket=BUCKET, Key=planned.key, Body=b"mine")
    result = upload_object(planned, means)
    assert ("failed", True) == (result.how, "is there and is something else" in result.said)
    assert b"mine" == world.client("s3").get_object(Bucket=BUCKET, Key=planned.key)["Body"].read()


def test_an_object_that_comes_between_looking_and_uploading_is_there(world: World, means: Means) -> None:
    planned = change()
    data = planned.source.data()

    def meanwhile(params: object, **_: object) -> None:
        if not objects(world):
            world.client("s3").put_object(Bucket=BUCKET, Key=planned.key, Body=data, Metadata={MARK: planned.sha256})

    means.hands.client("s3").meta.events.register("before-call.s3.PutObject", meanwhile)
    assert "already" == upload_object(planned, means).how


def test_code_that_changes_after_it_was_planned_is_not_uploaded(world: World, means: Means) -> None:
    planned = change()
    Path("report/app.py").write_text("def handler(event, context): return 1\n")
    result = upload_object(planned, means)
    assert ("failed", True) == (result.how, "is not what it was" in result.said)
    assert ([], []) == ([request.operation for request in world.writes], objects(world))


def test_a_bucket_that_is_not_there_is_said(means: Means) -> None:
    result = upload_object(replace(change(), bucket="nowhere-123456789012"), means)
    assert ("failed", True) == (result.how, "NoSuchBucket" in result.said)


def test_the_policy_of_a_plan_covers_its_uploads(world: World) -> None:
    planned = change()
    text = policy(Plan((), actions=(Action("uc1/001", "uc1", "Upload", planned),)), PIN, ())
    granted = {(one, name) for s in json.loads(text)["Statement"] for one in s["Resource"] for name in s["Action"]}
    assert {
        (f"arn:aws:s3:::{BUCKET}", "s3:ListBucket"),
        (f"arn:aws:s3:::{BUCKET}/{planned.key}", "s3:GetObject"),
        (f"arn:aws:s3:::{BUCKET}/{planned.key}", "s3:PutObject"),
    } <= granted
