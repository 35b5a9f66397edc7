"""Scenes of the rarer kinds of change: an answer of the same operation for other resources, what services run, and
what somebody attached by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from world_templates import ALLOW, TRUST, one, ref
from worlds import (
    GROUP,
    LOCKED,
    RETAINED,
    ROLE,
    ROLE_RESOURCE,
    SCENES,
    VERSIONED,
    Scene,
    filled,
    own,
    pushed,
)

from s3ap_ops.testing import World

Names = Mapping[str, str]


def let_out(world: World, names: Names) -> None:
    """A foreign group that lets requests out to a group of the stack."""
    ec2 = world.client("ec2")
    ours = ec2.describe_security_groups(GroupIds=[names["G"]])["SecurityGroups"][0]
    made = ec2.create_security_group(GroupName=f"out-{names['G']}", Description="foreign", VpcId=ours["VpcId"])
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": names["G"]}]}
    ec2.authorize_security_group_egress(GroupId=made["GroupId"], IpPermissions=[rule])


def governed(world: World, names: Names) -> None:
    """A version under a governance lock that ends in a month."""
    s3 = world.client("s3")
    s3.put_object(Bucket=names["B"], Key="evidence", Body=b"x")
    lock = {"Mode": "GOVERNANCE", "RetainUntilDate": datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)}
    s3.put_object_retention(Bucket=names["B"], Key="evidence", Retention=lock)


def oddly_filled(world: World, names: Names) -> None:
    """A key that XML cannot carry, so that it is deleted by itself."""
    filled(world, names["B"], 1)
    world.aws("s3").put_object(Bucket=names["B"], Key="odd\x01key", Body=b"x")


def runs_a_query(world: World, names: Names) -> None:
    """A query that has not ended."""
    world.aws("athena").start_query_execution(QueryString="SELECT 1", WorkGroup=names["G"])
    for run in world.backend("athena").executions.values():
        if run.workgroup.name == names["G"]:
            _goes_on(run)


def crawls(world: World, names: Names) -> None:
    """A crawler that runs."""
    world.aws("glue").start_crawler(Name=names["C"])


def runs_a_job(world: World, names: Names) -> None:
    """A run of a job that goes on."""
    world.aws("glue").start_job_run(JobName=names["J"])
    for run in world.backend("glue").jobs[names["J"]].job_runs:
        _goes_on(run)


def _goes_on(run: Any) -> None:
    """Keep a run of moto's from ending by itself."""
    run._transitions, run.status = [], "RUNNING"


def profiled(world: World, names: Names) -> None:
    """An instance profile that somebody gave the role."""
    iam = world.client("iam")
    iam.create_instance_profile(InstanceProfileName=f"{names['R'][:50]}-host")
    iam.add_role_to_instance_profile(InstanceProfileName=f"{names['R'][:50]}-host", RoleName=names["R"])


def _holder(names: Names) -> str:
    return names["P"].rpartition("/")[2][:50] + "-holder"


def given_to_user(world: World, names: Names) -> None:
    """A user who has the stack's policy."""
    world.client("iam").create_user(UserName=_holder(names))
    world.client("iam").attach_user_policy(UserName=_holder(names), PolicyArn=names["P"])


def given_to_group(world: World, names: Names) -> None:
    """A group of users that has the stack's policy."""
    world.client("iam").create_group(GroupName=_holder(names))
    world.client("iam").attach_group_policy(GroupName=_holder(names), PolicyArn=names["P"])


def given_to_role(world: World, names: Names) -> None:
    """A role of nobody's that has the stack's policy."""
    world.client("iam").create_role(RoleName=_holder(names), AssumeRolePolicyDocument=json.dumps(TRUST))
    world.client("iam").attach_role_policy(RoleName=_holder(names), PolicyArn=names["P"])


def logged(world: World, names: Names) -> None:
    """A bucket that has something in it, to which another writes its access logs."""
    filled(world, names["B"], 1)


POLICY = one("AWS::IAM::ManagedPolicy", PolicyDocument=ALLOW)
WORK_GROUP = one("AWS::Athena::WorkGroup", Name=own("runs"))
CRAWLER = one("AWS::Glue::Crawler", Name=own("crawler"), Role=ROLE, DatabaseName="d",
              Targets={"S3Targets": [{"Path": "s3://nowhere"}]})  # fmt: skip
JOB = one("AWS::Glue::Job", Name=own("job"), Role=ROLE, Command={"Name": "glueetl", "ScriptLocation": "s3://b/k"})
KEPT_LOG = one("AWS::Logs::LogGroup", LogGroupName=own("audit")) | RETAINED
KEPT_IMAGES = one("AWS::ECR::Repository") | RETAINED
WRITER = one("AWS::S3::Bucket", LoggingConfiguration={"DestinationBucketName": ref("B"), "LogFilePrefix": "a/"})

RARE = (
    Scene("egress rule", "ec2", "RevokeSecurityGroupEgress", {"G": GROUP}, let_out),
    Scene("governance lock", "s3", "DeleteObjects", {"B": LOCKED}, governed, ("--bypass-governance",),
          hazard="object-lock"),
    Scene("odd key", "s3", "DeleteObject", {"B": VERSIONED}, oddly_filled),
    Scene("running query", "athena", "StopQueryExecution", {"G": WORK_GROUP}, runs_a_query),
    Scene("crawler", "glue", "StopCrawler", {"C": CRAWLER}, crawls, ("--stop-executions",), hazard="running-glue-job"),
    Scene("job run", "glue", "BatchStopJobRun", {"J": JOB}, runs_a_job, ("--stop-executions",)),
    Scene("instance profile", "iam", "RemoveRoleFromInstanceProfile", {"R": ROLE_RESOURCE}, profiled,
          ("--detach-policies",), hazard="changed-role"),
    Scene("policy of a user", "iam", "DetachUserPolicy", {"P": POLICY}, given_to_user, ("--detach-policies",),
          hazard="changed-role"),
    Scene("policy of a group", "iam", "DetachGroupPolicy", {"P": POLICY}, given_to_group, ("--detach-policies",),
          hazard="changed-role"),
    Scene("policy of a role", "iam", "DetachRolePolicy", {"P": POLICY}, given_to_role, ("--detach-policies",),
          hazard="changed-role"),
    Scene("access logs", "s3", "PutBucketLogging", {"B": VERSIONED, "W": WRITER}, logged),
    Scene("retained log group", "logs", "DeleteLogGroup", {"L": KEPT_LOG}, flags=("--include-retained", "L")),
    Scene("retained images", "ecr", "DeleteRepository", {"R": KEPT_IMAGES}, lambda w, n: pushed(w, n["R"]),
          flags=("--include-retained", "R")),
)  # fmt: skip
"""One small world for each."""

PROTECTED = {
    "user pool": ("cognito-idp", "UpdateUserPool", one("AWS::Cognito::UserPool", DeletionProtection="ACTIVE")),
    "DSQL cluster": ("dsql", "UpdateCluster", one("AWS::DSQL::Cluster", DeletionProtectionEnabled=True)),
    "EKS cluster": ("eks", "UpdateClusterConfig", one("AWS::EKS::Cluster", DeletionProtection=True)),
    "DocumentDB cluster": ("docdb", "ModifyDBCluster", one("AWS::DocDB::DBCluster", DeletionProtection=True)),
    "Neptune cluster": ("neptune", "ModifyDBCluster", one("AWS::Neptune::DBCluster", DeletionProtection=True)),
    "database cluster": ("rds", "ModifyDBCluster", one("AWS::RDS::DBCluster", DeletionProtection=True)),
    "database": ("rds", "ModifyDBInstance", one("AWS::RDS::DBInstance", DeletionProtection=True)),
    "global cluster": ("rds", "ModifyGlobalCluster", one("AWS::RDS::GlobalCluster", DeletionProtection=True)),
    "instance": ("ec2", "ModifyInstanceAttribute", one("AWS::EC2::Instance", DisableApiTermination=True)),
    "load balancer": (
        "elbv2",
        "ModifyLoadBalancerAttributes",
        one(
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            LoadBalancerAttributes=[{"Key": "deletion_protection.enabled", "Value": "true"}],
        ),
    ),
    "protected log group": (
        "logs",
        "PutLogGroupDeletionProtection",
        one("AWS::Logs::LogGroup", LogGroupName=own("kept-log"), DeletionProtectionEnabled=True),
    ),
}
"""Each type that can be protected, beside tables, with the call that ends it."""

EVERY = (
    *SCENES,
    *RARE,
    *(
        Scene(f"protected {name}".replace("protected protected", "protected"), service, operation, {"P": resource},
              flags=("--disable-deletion-protection",), hazard="deletion-protection")
        for name, (service, operation, resource) in PROTECTED.items()
    ),
)  # fmt: skip
"""One small world for each kind of request of a tear-down."""


def backed_up(world: World, names: Names) -> None:
    """A recovery point in a vault."""
    world.backup.add(names["V"])


def sealed(world: World, names: Names) -> None:
    """A version that nobody can delete for a month."""
    s3 = world.client("s3")
    s3.put_object(Bucket=names["B"], Key="evidence", Body=b"x")
    lock = {"Mode": "COMPLIANCE", "RetainUntilDate": datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)}
    s3.put_object_retention(Bucket=names["B"], Key="evidence", Retention=lock)


FIRM = (
    Scene("vault", "backup", "", {"V": one("AWS::Backup::BackupVault", BackupVaultName=own("vault"))}, backed_up,
          hazard="vault-with-recovery-points"),
    Scene("compliance lock", "s3", "", {"B": LOCKED}, sealed, hazard="object-lock"),
)  # fmt: skip
"""What no flag helps against."""

BESIDE: Mapping[str, Scene] = {
    scene.name: scene
    for scene in (*EVERY, *FIRM)
    if type(scene) is Scene and not scene.deployed and scene.name not in ("stack", "bucket", "group", "interface")
}
"""Those that can stand beside others; what the rest would add, every estate has by itself."""
