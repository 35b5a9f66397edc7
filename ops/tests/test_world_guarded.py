"""What a world knows of services that few stacks use: protections, runs of jobs, boundaries, keys that are no XML."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from rare_scenes import EVERY, PROTECTED
from test_world_stacks import deleted, reasons
from world_templates import ALLOW, TRUST, of, one, ref
from worlds import Scene

from s3ap_ops.testing import World

GUARDED = [scene for scene in EVERY if scene.hazard == "deletion-protection" and scene.name != "table"]


@pytest.fixture
def world() -> Iterator[World]:
    """An empty world."""
    with World() as world:
        yield world


def test_each_type_that_can_be_protected_has_a_scene() -> None:
    assert len(PROTECTED) == len(GUARDED)


@pytest.mark.parametrize("scene", GUARDED, ids=str)
def test_what_is_protected_stays_until_a_template_says_otherwise(world: World, scene: Scene) -> None:
    world.deploy("demo", of(**scene.resources))
    cfn = world.outside("cloudformation")
    assert "DELETE_FAILED" == deleted(world, cfn, "demo")[0]
    [reason] = reasons(cfn, world.stack("demo").id).values()
    assert "deletion protection is enabled" in reason


def test_a_pool_whose_update_does_not_name_its_protection_loses_it(world: World) -> None:
    world.deploy("demo", of(Pool=one("AWS::Cognito::UserPool", DeletionProtection="ACTIVE")))
    pool, cognito = world.stack("demo").resources["Pool"], world.client("cognito-idp")
    cognito.update_user_pool(UserPoolId=pool, MfaConfiguration="OFF")
    assert "INACTIVE" == cognito.describe_user_pool(UserPoolId=pool)["UserPool"]["DeletionProtection"]


def test_whose_permissions_a_policy_bounds_is_not_to_whom_it_is_attached(world: World) -> None:
    iam, trust = world.client("iam"), json.dumps(TRUST)
    arn = iam.create_policy(PolicyName="both", PolicyDocument=json.dumps(ALLOW))["Policy"]["Arn"]
    iam.create_role(RoleName="bounded", AssumeRolePolicyDocument=trust, PermissionsBoundary=arn)
    iam.create_role(RoleName="allowed", AssumeRolePolicyDocument=trust)
    iam.attach_role_policy(RoleName="allowed", PolicyArn=arn)

    def roles(usage: str) -> list[str]:
        found = iam.list_entities_for_policy(PolicyArn=arn, EntityFilter="Role", PolicyUsageFilter=usage)
        return [role["RoleName"] for role in found["PolicyRoles"]]

    assert (["bounded"], ["allowed"]) == (roles("PermissionsBoundary"), roles("PermissionsPolicy"))


def test_a_run_of_a_job_is_stopped_once(world: World) -> None:
    """The second time the answer is a success that says inside that it is none."""
    world.deploy("demo", of(Job=one("AWS::Glue::Job", Name="job", Role="r", Command={"Name": "glueetl"})))
    glue = world.client("glue")
    id_ = glue.start_job_run(JobName="job")["JobRunId"]
    run = world.backend("glue").jobs["job"].job_runs[0]
    run._transitions, run.status = [], "RUNNING"
    assert [id_] == [row["JobRunId"] for row in _stopped(glue, id_)["SuccessfulSubmissions"]]
    codes = [row["ErrorDetail"]["ErrorCode"] for row in _stopped(glue, id_, "jr_none")["Errors"]]
    assert ["IllegalSessionStateException", "EntityNotFoundException"] == codes


def _stopped(glue: Any, *ids: str) -> Any:
    return glue.batch_stop_job_run(JobName="job", JobRunIds=list(ids))


def test_a_key_that_is_no_xml_is_listed_encoded(world: World) -> None:
    world.deploy("demo", of(Bucket=one("AWS::S3::Bucket", VersioningConfiguration={"Status": "Enabled"})))
    bucket, s3 = world.stack("demo").resources["Bucket"], world.client("s3")
    for key in ("odd\x01key", "a & b/50%"):
        world.aws("s3").put_object(Bucket=bucket, Key=key, Body=b"x")
    found = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert ["a & b/50%", "odd\x01key"] == sorted(row["Key"] for row in found)


def test_access_logs_do_not_come_with_the_request(world: World) -> None:
    """AWS delivers them hours later."""
    logging = {"DestinationBucketName": ref("Logs")}
    world.deploy("demo", of(Logs=one("AWS::S3::Bucket"), Bucket=one("AWS::S3::Bucket", LoggingConfiguration=logging)))
    names = world.stack("demo").resources
    world.client("s3").list_object_versions(Bucket=names["Bucket"])
    assert [] == world.state()["buckets"][names["Logs"]]["versions"]
