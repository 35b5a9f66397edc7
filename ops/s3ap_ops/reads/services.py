"""What repositories, state machines, jobs, vaults and groups of other services hold."""

from __future__ import annotations

from itertools import islice
from typing import Any

from s3ap_ops.reading import Look, Notes, reads
from s3ap_ops.reads.ownership import stack_id
from s3ap_ops.stack import LiveResource

MOST = 1_000
"""How many images, executions or recovery points are named; there may be more."""

INDEXES = (
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
)
"""Media types of manifests that list other images."""


@reads("AWS::ECR::Repository")
def repository(look: Look, resource: LiveResource, note: Notes) -> None:
    """exists; indexes: digests of the images that list other images; images: digests of the other images, both up to
    MOST in all; capped: whether there are more; stack_id."""
    name = resource.physical_id

    def said() -> Any:
        ask = look.client("ecr").describe_repositories
        return look.once(("repository", name), lambda: ask(repositoryNames=[name])["repositories"][0])

    if not note("exists", lambda: bool(said()), {"RepositoryNotFoundException": False}):
        return
    note(
        "stack_id",
        lambda: stack_id(look.client("ecr").list_tags_for_resource(resourceArn=said()["repositoryArn"])["tags"]),
    )

    def images() -> list[Any]:
        return look.once(
            ("images", name), lambda: _some(look, "ecr", "describe_images", "imageDetails", repositoryName=name)
        )

    note(
        "indexes",
        lambda: [one["imageDigest"] for one in images()[:MOST] if one.get("imageManifestMediaType") in INDEXES],
    )
    note(
        "images",
        lambda: [one["imageDigest"] for one in images()[:MOST] if one.get("imageManifestMediaType") not in INDEXES],
    )
    note("capped", lambda: len(images()) > MOST)


@reads("AWS::StepFunctions::StateMachine")
def state_machine(look: Look, resource: LiveResource, note: Notes) -> None:
    """exists; running: ARNs of executions that run, up to MOST; capped: whether there are more; stack_id."""
    arn = resource.physical_id

    def said() -> Any:
        ask = look.client("stepfunctions").describe_state_machine
        return look.once(("machine", arn), lambda: ask(stateMachineArn=arn))

    if not note("exists", lambda: said().get("status") != "DELETING", {"StateMachineDoesNotExist": False}):
        return

    def running() -> list[Any]:
        if said().get("type") == "EXPRESS":
            return []  # executions of express state machines are not kept, and end within five minutes
        ask = {"stateMachineArn": arn, "statusFilter": "RUNNING"}
        return look.once(("running", arn), lambda: _some(look, "stepfunctions", "list_executions", "executions", **ask))

    note("running", lambda: [one["executionArn"] for one in running()[:MOST]])
    note("capped", lambda: len(running()) > MOST)
    note("stack_id", lambda: stack_id(look.client("stepfunctions").list_tags_for_resource(resourceArn=arn)["tags"]))


@reads("AWS::Glue::Job")
def glue_job(look: Look, resource: LiveResource, note: Notes) -> None:
    """exists; running: ids of the runs that run, among the newest 200; stack_id."""
    name = resource.physical_id
    if not note(
        "exists", lambda: bool(look.client("glue").get_job(JobName=name)["Job"]), {"EntityNotFoundException": False}
    ):
        return
    ask = look.client("glue").get_job_runs
    note(
        "running",
        lambda: [one["Id"] for one in ask(JobName=name, MaxResults=200)["JobRuns"] if one["JobRunState"] in RUNS],
    )

    note("stack_id", lambda: _glue_owner(look, f"job/{name}"))


RUNS = ("STARTING", "RUNNING", "WAITING")


@reads("AWS::Glue::Crawler")
def glue_crawler(look: Look, resource: LiveResource, note: Notes) -> None:
    """exists; state: READY, RUNNING or STOPPING; stack_id."""
    name, gone = resource.physical_id, {"EntityNotFoundException": False}

    def said() -> Any:
        return look.once(("crawler", name), lambda: look.client("glue").get_crawler(Name=name)["Crawler"])

    if note("exists", lambda: bool(said()), gone):
        note("state", lambda: said().get("State", ""))
        note("stack_id", lambda: _glue_owner(look, f"crawler/{name}"))


@reads("AWS::Backup::BackupVault")
def backup_vault(look: Look, resource: LiveResource, note: Notes) -> None:
    """exists; recovery_points: how many; locked: whether Vault Lock keeps them until they expire; lock_date: from when
    on nobody can lift it, or ""; stack_id."""
    name = resource.physical_id

    def said() -> Any:
        ask = look.client("backup").describe_backup_vault
        return look.once(("vault", name), lambda: ask(BackupVaultName=name))

    # who may not see a vault, and who asks for one that is gone, get the same answer of this API
    if not note("exists", lambda: bool(said()), {"ResourceNotFoundException": False}):
        return
    note("recovery_points", lambda: int(said().get("NumberOfRecoveryPoints") or 0))
    note("locked", lambda: bool(said().get("Locked")))
    note("lock_date", lambda: str(said().get("LockDate") or ""))
    note(
        "stack_id", lambda: stack_id(look.client("backup").list_tags(ResourceArn=said()["BackupVaultArn"]).get("Tags"))
    )


@reads("AWS::SageMaker::ModelPackageGroup")
def model_package_group(look: Look, resource: LiveResource, note: Notes) -> None:
    """exists; contents: ARNs of the model packages in it, up to MOST."""
    name = resource.physical_id.rpartition("/")[2]  # CloudFormation calls the group by its ARN
    gone = {"ValidationException:does not exist": False}
    client = look.client("sagemaker")
    if not note("exists", lambda: bool(client.describe_model_package_group(ModelPackageGroupName=name)), gone):
        return

    def packages() -> list[Any]:
        return _some(look, "sagemaker", "list_model_packages", "ModelPackageSummaryList", ModelPackageGroupName=name)

    note("contents", lambda: [one["ModelPackageArn"] for one in packages()[:MOST]])


@reads("AWS::Scheduler::ScheduleGroup")
def schedule_group(look: Look, resource: LiveResource, note: Notes) -> None:
    """exists; contents: names of the schedules in it, up to MOST; stack_id."""
    name, client = resource.physical_id, look.client("scheduler")

    def said() -> Any:
        return look.once(("schedules", name), lambda: client.get_schedule_group(Name=name))

    if not note("exists", lambda: bool(said()), {"ResourceNotFoundException": False}):
        return
    note(
        "contents",
        lambda: [one["Name"] for one in _some(look, "scheduler", "list_schedules", "Schedules", GroupName=name)[:MOST]],
    )
    note("stack_id", lambda: stack_id(client.list_tags_for_resource(ResourceArn=said()["Arn"]).get("Tags")))


def _glue_owner(look: Look, what: str) -> str:
    """The stack of the tag of something in Glue, which tells nobody its ARN."""
    partition = look.session.get_partition_for_region(look.region)
    arn = f"arn:{partition}:glue:{look.region}:{look.account}:{what}"
    return stack_id(look.client("glue").get_tags(ResourceArn=arn).get("Tags"))


def _some(look: Look, service: str, operation: str, result: str, **params: str) -> list[Any]:
    """The first items of a read that comes in pages; one more than MOST when there are more."""
    pages = look.client(service).get_paginator(operation).paginate(**params)
    return list(islice((one for page in pages for one in page.get(result) or ()), MOST + 1))


READERS = (
    repository,
    state_machine,
    glue_job,
    glue_crawler,
    backup_vault,
    model_package_group,
    schedule_group,
)
