"""What is read of buckets, and of what starts work in their stacks, over HTTP from real services' stand-ins."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config

from s3ap_ops.collect import read
from s3ap_ops.reading import Look, by_type, client_of
from s3ap_ops.reads import s3, schedules
from s3ap_ops.stack import LiveResource
from s3ap_ops.testing import Fault, World

ACCOUNT, REGION = "123456789012", "ap-northeast-1"
KNOWN = by_type((*s3.READERS, *schedules.READERS))
PLACE = {"CreateBucketConfiguration": {"LocationConstraint": REGION}}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World(region=REGION) as world, pytest.MonkeyPatch.context() as patch:
        for name, value in world.env.items():
            patch.setenv(name, value)
        yield world


@pytest.fixture(scope="module")
def session(world: World) -> boto3.session.Session:
    return boto3.session.Session(region_name=REGION)


@pytest.fixture
def aws(session: boto3.session.Session) -> Any:
    return session.client("s3")


def facts(session: boto3.session.Session, physical_id: str, type_: str = "AWS::S3::Bucket") -> LiveResource:
    """A resource of that name, as it is read."""
    bare = LiveResource("demo", "arn:demo", REGION, ACCOUNT, "It", type_, physical_id)
    return read(bare, Look(session, ACCOUNT, REGION), KNOWN)


def test_versions_markers_bytes_and_uploads_are_counted(session: boto3.session.Session, aws: Any) -> None:
    aws.create_bucket(Bucket="demo-counted", **PLACE)
    aws.put_bucket_versioning(Bucket="demo-counted", VersioningConfiguration={"Status": "Enabled"})
    for body in (b"one", b"three"):
        aws.put_object(Bucket="demo-counted", Key="a/結果.json", Body=body)
    aws.delete_object(Bucket="demo-counted", Key="a/結果.json")
    aws.create_multipart_upload(Bucket="demo-counted", Key="big")
    found = facts(session, "demo-counted")
    assert found.unread == {}
    assert tuple(found.facts[name] for name in ("versions", "markers", "bytes", "capped")) == (2, 1, 8, False)
    assert (found.facts["uploads"], found.facts["uploads_capped"]) == (1, False)
    assert tuple(found.facts[name] for name in ("reach", "exists", "region")) == ("found", True, REGION)
    assert tuple(found.facts[name] for name in ("versioning", "mfa_delete", "object_lock")) == ("Enabled", False, False)
    assert tuple(found.facts[name] for name in ("policy", "logging", "access_points", "stack_id")) == ("", {}, [], "")


def test_more_than_the_limit_is_at_least_so_many(
    session: boto3.session.Session, aws: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.create_bucket(Bucket="demo-capped", **PLACE)
    for number in range(3):
        aws.put_object(Bucket="demo-capped", Key=str(number), Body=b"")
    monkeypatch.setattr(s3, "LIMIT", 3)
    assert tuple(facts(session, "demo-capped").facts[name] for name in ("versions", "capped")) == (3, False)
    aws.put_object(Bucket="demo-capped", Key="one more", Body=b"")
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "2")
    found = facts(session, "demo-capped").facts
    assert found["versions"] >= 3


def test_a_bucket_that_is_gone_is_absent(session: boto3.session.Session) -> None:
    assert facts(session, "demo-gone").facts == {"reach": "absent", "exists": False}


def test_a_bucket_elsewhere_is_not_the_stacks(session: boto3.session.Session) -> None:
    session.client("s3", region_name="eu-west-1").create_bucket(
        Bucket="demo-moved", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    found = facts(session, "demo-moved")
    assert (found.facts["reach"], found.facts["region"]) == ("elsewhere", "eu-west-1")
    assert "exists" not in found.facts


def test_nothing_is_asked_of_an_access_point() -> None:
    refusing = boto3.session.Session("a", "b", region_name=REGION)
    found = facts(refusing, "volume-abc123-ext-s3alias")
    assert (found.facts, found.unread) == ({"reach": "access point"}, {})


def test_locks_are_counted_by_mode_and_holds_are_named(session: boto3.session.Session, aws: Any) -> None:
    aws.create_bucket(Bucket="demo-locked", ObjectLockEnabledForBucket=True, **PLACE)
    until = (datetime.now(UTC) + timedelta(days=30)).replace(microsecond=0)
    made = {
        key: aws.put_object(Bucket="demo-locked", Key=key, Body=b"x", **lock)["VersionId"]
        for key, lock in {
            "free": {},
            "g": {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until},
            "c": {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": until},
            "h": {"ObjectLockLegalHoldStatus": "ON"},
        }.items()
    }
    found = facts(session, "demo-locked")
    assert found.unread == {}
    assert (found.facts["object_lock"], found.facts["default_lock"]) == (True, "")
    assert {
        "checked": 4,
        "governance": 1,
        "compliance": 1,
        "until": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "holds": 1,
        "held": [{"key": "h", "version_id": made["h"]}],
    } == found.facts["locks"]


def test_who_asks_is_known_where_a_policy_denies(session: boto3.session.Session, aws: Any) -> None:
    aws.create_bucket(Bucket="demo-denied", **PLACE)
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:DeleteBucket",
        "Resource": "arn:aws:s3:::demo-denied",
    }
    aws.put_bucket_policy(Bucket="demo-denied", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    found = facts(session, "demo-denied")
    assert "s3:DeleteBucket" in found.facts["policy"]
    assert f":{ACCOUNT}:" in found.facts["caller"]


def test_tags_access_points_and_logging(session: boto3.session.Session, aws: Any) -> None:
    for name in ("demo-tagged", "demo-logs"):
        aws.create_bucket(Bucket=name, **PLACE)
    tags = [
        {"Key": "aws-cdk:auto-delete-objects", "Value": "true"},
        {"Key": "team", "Value": "計測"},
    ]
    aws.put_bucket_tagging(Bucket="demo-tagged", Tagging={"TagSet": tags})
    aws.put_bucket_acl(Bucket="demo-logs", ACL="log-delivery-write")
    enabled = {"TargetBucket": "demo-logs", "TargetPrefix": "site/"}
    aws.put_bucket_logging(Bucket="demo-tagged", BucketLoggingStatus={"LoggingEnabled": enabled})
    control = client_of(session, "s3control", REGION, Config())
    control.create_access_point(AccountId=ACCOUNT, Name="analysts", Bucket="demo-tagged")
    found = facts(session, "demo-tagged")
    assert found.unread == {}
    assert (found.facts["auto_delete"], found.facts["stack_id"]) == (True, "")
    assert enabled == {name: found.facts["logging"][name] for name in enabled}
    assert [point["name"] for point in found.facts["access_points"]] == ["analysts"]


def test_a_schedule_is_read_whole_so_that_it_can_be_put_back(session: boto3.session.Session) -> None:
    scheduler = session.client("scheduler")
    scheduler.create_schedule_group(Name="demo")
    target = {"Arn": "arn:aws:states:::x", "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/x", "Input": "{}"}
    scheduler.create_schedule(
        Name="demo-hourly",
        GroupName="demo",
        ScheduleExpression="rate(1 hour)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=target,
        Description="毎時",
    )
    found = facts(session, "demo-hourly", "AWS::Scheduler::Schedule")
    assert found.unread == {}
    assert tuple(found.facts[name] for name in ("exists", "state", "ended")) == (True, "ENABLED", False)
    definition = found.facts["definition"]
    assert (definition["GroupName"], definition["Description"]) == ("demo", "毎時")
    assert target == {name: definition["Target"][name] for name in target}
    scheduler.update_schedule(**{**definition, "State": "DISABLED"})
    assert facts(session, "demo-hourly", "AWS::Scheduler::Schedule").facts["state"] == "DISABLED"
    assert facts(session, "demo-hour", "AWS::Scheduler::Schedule").facts == {"exists": False}


def test_a_rule_is_found_on_its_bus(session: boto3.session.Session) -> None:
    events = session.client("events")
    events.create_event_bus(Name="uploads")
    events.put_rule(Name="demo-rule", EventBusName="uploads", EventPattern='{"source": ["demo"]}')
    found = facts(session, "uploads|demo-rule", "AWS::Events::Rule")
    assert dict(found.facts) == {"exists": True, "rule": "demo-rule", "bus": "uploads", "state": "ENABLED"}
    assert facts(session, "demo-rule", "AWS::Events::Rule").facts == {"exists": False}
    assert schedules.rule_and_bus(f"arn:aws:events:{REGION}:{ACCOUNT}:rule/uploads/demo-rule") == (
        "demo-rule",
        "uploads",
    )


def test_an_answer_that_is_none_is_unread_and_never_absent(world: World, session: boto3.session.Session) -> None:
    once = Config(retries={"total_max_attempts": 1})
    busy = world.fail(Fault("s3", "HeadBucket", "5xx", times=None))
    bare = LiveResource("demo", "arn:demo", REGION, ACCOUNT, "It", "AWS::S3::Bucket", "demo-counted")
    found = read(bare, Look(session, ACCOUNT, REGION, config=once), KNOWN)
    world.faults.clear()
    assert (found.facts, list(found.unread), busy.hits) == ({}, ["reach"], 1)


def test_a_403_is_a_refusal_and_nothing_else_is_asked(world: World, session: boto3.session.Session) -> None:
    world.fail(Fault("s3", "HeadBucket", "access-denied", times=None))
    found = facts(session, "demo-of-somebody-else")
    world.faults.clear()
    assert (found.facts, found.unread) == ({"reach": "refused"}, {})


def test_reading_a_bucket_writes_nothing(world: World, session: boto3.session.Session) -> None:
    world.forget()
    facts(session, "demo-locked")
    assert world.writes == []
    assert {"123456789012"} == {
        request.params["ExpectedBucketOwner"] for request in world.requests if request.service == "s3"
    }


def test_the_world_tells_requests_about_a_bucket_from_those_about_its_objects(world: World, aws: Any) -> None:
    """Whatever clients of the same process have made of the model that they share."""
    aws.create_bucket(Bucket="demo-told", **PLACE)
    aws.put_object(Bucket="demo-told", Key="a", Body=b"")
    aws.delete_object(Bucket="demo-told", Key="a")
    aws.delete_bucket_policy(Bucket="demo-told")
    assert ["DeleteObject", "DeleteBucketPolicy"] == [request.operation for request in world.requests[-2:]]
