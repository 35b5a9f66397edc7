"""What hangs on volumes of Amazon FSx, and what keeps them from being deleted."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from s3ap_ops.reading import Look, Notes, reads, says
from s3ap_ops.reads.ownership import stack_id
from s3ap_ops.stack import Json, LiveResource

GONE = {"VolumeNotFound": False, "StorageVirtualMachineNotFound": False, "FileSystemNotFound": False}
_ATTACHMENTS = "S3AccessPointAttachments"


@reads("AWS::FSx::Volume")
def volume(look: Look, resource: LiveResource, note: Notes) -> None:
    """exists; lifecycle, reason: what the volume says of itself; kind: ONTAP or OPENZFS; is_destination: whether it
    is one that SnapMirror writes to; snaplock: its SnapLock type, or ""; audit_log: whether it keeps an audit log under
    SnapLock; attachments: the access points attached to it, each with name, lifecycle, reason, and the name of the
    stack that has it, or ""; stack_id."""
    id_ = resource.physical_id

    def said() -> Any:
        return _first(look, "describe_volumes", "Volumes", "VolumeIds", id_)

    if not note("exists", lambda: bool(said()), GONE):
        return
    note("lifecycle", lambda: said().get("Lifecycle", ""))
    note("reason", lambda: said().get("LifecycleTransitionReason", {}).get("Message", ""))
    note("kind", lambda: said().get("VolumeType", ""))
    note("is_destination", lambda: said().get("OntapConfiguration", {}).get("OntapVolumeType") == "DP")
    note("snaplock", lambda: _snaplock(said()).get("SnaplockType", ""))
    note("audit_log", lambda: bool(_snaplock(said()).get("AuditLogVolume")))
    note("stack_id", lambda: stack_id(said().get("Tags")))
    note("attachments", lambda: _attachments(look, id_))


@reads("AWS::FSx::S3AccessPointAttachment")
def access_point_attachment(look: Look, resource: LiveResource, note: Notes) -> None:
    """exists; lifecycle, reason: what it says of itself; volume: the id of the volume that it is on."""

    def said() -> Any:
        return _first(look, "describe_s3_access_point_attachments", _ATTACHMENTS, "Names", resource.physical_id)

    if not note("exists", lambda: bool(said()), {"S3AccessPointAttachmentNotFound": False}):
        return
    note("lifecycle", lambda: said().get("Lifecycle", ""))
    note("reason", lambda: said().get("LifecycleTransitionReason", {}).get("Message", ""))
    note("volume", lambda: (said().get("OntapConfiguration") or said().get("OpenZFSConfiguration") or {})["VolumeId"])


@reads("AWS::FSx::StorageVirtualMachine")
def storage_virtual_machine(look: Look, resource: LiveResource, note: Notes) -> None:
    """exists; contents: ids of the volumes on it, without its root volume; stack_id."""
    id_ = resource.physical_id

    def said() -> Any:
        return _first(
            look, "describe_storage_virtual_machines", "StorageVirtualMachines", "StorageVirtualMachineIds", id_
        )

    if not note("exists", lambda: bool(said()), GONE):
        return
    note("stack_id", lambda: stack_id(said().get("Tags")))
    note("contents", lambda: _volumes(look, "storage-virtual-machine-id", id_))


@reads("AWS::FSx::FileSystem")
def file_system(look: Look, resource: LiveResource, note: Notes) -> None:
    """exists; kind: ONTAP, OPENZFS, WINDOWS or LUSTRE; contents: ids of the storage virtual machines and volumes in it,
    without root volumes; stack_id."""
    id_ = resource.physical_id

    def said() -> Any:
        return _first(look, "describe_file_systems", "FileSystems", "FileSystemIds", id_)

    if not note("exists", lambda: bool(said()), GONE):
        return
    note("kind", lambda: said().get("FileSystemType", ""))
    note("stack_id", lambda: stack_id(said().get("Tags")))
    note("contents", lambda: [*_machines(look, id_), *_volumes(look, "file-system-id", id_)])


def _first(look: Look, operation: str, result: str, argument: str, id_: str) -> Any:
    """The one thing of that id, asked for once; empty when the answer has none."""
    ask = getattr(look.client("fsx"), operation)
    found = look.once((operation, id_), lambda: ask(**{argument: [id_]}).get(result))
    return found[0] if found else {}


def _snaplock(said: Json) -> Any:
    return said.get("OntapConfiguration", {}).get("SnaplockConfiguration", {})


def _attachments(look: Look, id_: str) -> list[Json]:
    only = [{"Name": "volume-id", "Values": [id_]}]
    found = look.pages("fsx", "describe_s3_access_point_attachments", _ATTACHMENTS, Filters=only)
    return [
        {
            "name": one["Name"],
            "lifecycle": one.get("Lifecycle", ""),
            "reason": one.get("LifecycleTransitionReason", {}).get("Message", ""),
            "stack": _stack(look, one["Name"]),
        }
        for one in found
    ]


def _stack(look: Look, name: str) -> str:
    """The name of the stack that has an attachment, which has no tags to tell; empty if none has."""
    ask = look.client("cloudformation").describe_stack_resources
    try:
        found = ask(PhysicalResourceId=name)["StackResources"]
    except ClientError as error:
        if says(error, "ValidationError:does not exist"):
            return ""
        raise
    return next((one["StackName"] for one in found if one["ResourceType"] == "AWS::FSx::S3AccessPointAttachment"), "")


def _volumes(look: Look, name: str, id_: str) -> list[str]:
    found = look.pages("fsx", "describe_volumes", "Volumes", Filters=[{"Name": name, "Values": [id_]}])
    return sorted(one["VolumeId"] for one in found if not _is_root(one))


def _is_root(said: Json) -> bool:
    """Whether a volume goes with what it is the root of."""
    return bool(
        said.get("OntapConfiguration", {}).get("StorageVirtualMachineRoot")
        or (said.get("VolumeType") == "OPENZFS" and not said.get("OpenZFSConfiguration", {}).get("ParentVolumeId"))
    )


def _machines(look: Look, id_: str) -> list[str]:
    only = [{"Name": "file-system-id", "Values": [id_]}]
    found = look.pages("fsx", "describe_storage_virtual_machines", "StorageVirtualMachines", Filters=only)
    return sorted(one["StorageVirtualMachineId"] for one in found)


READERS = (volume, access_point_attachment, storage_virtual_machine, file_system)
