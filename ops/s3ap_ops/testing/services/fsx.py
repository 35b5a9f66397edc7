"""FSx for ONTAP: file systems, machines, volumes, and deletions that take time, or are taken back.

What it says where the text is known from those who got it: an access point on a volume (`BadRequest`), a volume with
clones (`LifecycleTransitionReason`), and a destination of SnapMirror. How it says that retained files keep a volume is
our own wording.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from s3ap_ops.testing.replies import AwsError
from s3ap_ops.testing.requests import Call
from s3ap_ops.testing.services import before

if TYPE_CHECKING:
    from s3ap_ops.testing.world import World

PAGE = 100  # attachments to a page, whatever more is asked for


class FileSystems:
    """The file systems of a world, their machines, volumes and attachments, by id."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.systems: dict[str, dict[str, Any]] = {}
        self.machines: dict[str, dict[str, Any]] = {}
        self.volumes: dict[str, dict[str, Any]] = {}
        self.attachments: dict[str, dict[str, Any]] = {}
        self.backups: dict[str, dict[str, Any]] = {}
        self.regions: dict[str, str] = {}
        self.locks: dict[str, str] = {}  # volume -> the reason for which it comes back
        self.buckets: dict[str, float] = {}  # volume -> until when ONTAP has a bucket on it, in virtual seconds

    def _id(self, stem: str) -> str:
        return stem + "".join(self._world.random.choice("0123456789abcdef") for _ in range(17))

    def _arn(self, region: str, rest: str) -> str:
        return f"arn:aws:fsx:{region}:{self._world.account}:{rest}"

    def create_file_system(self, region: str, tags: dict[str, str] | None = None) -> str:
        """The id of a new ONTAP file system."""
        key = self._id("fs-")
        self.regions[key] = region
        self.systems[key] = {
            "FileSystemId": key,
            "FileSystemType": "ONTAP",
            "Lifecycle": "AVAILABLE",
            "CreationTime": self._world.clock.now(),
            "OwnerId": self._world.account,
            "ResourceARN": self._arn(region, f"file-system/{key}"),
            "Tags": _tags(tags),
        }
        return key

    def create_machine(self, region: str, system: str, name: str, tags: dict[str, str] | None = None) -> str:
        """The id of a new storage virtual machine."""
        key = self._id("svm-")
        self.regions[key] = region
        self.machines[key] = {
            "StorageVirtualMachineId": key,
            "FileSystemId": system,
            "Name": name or key,
            "Lifecycle": "CREATED",
            "ResourceARN": self._arn(region, f"storage-virtual-machine/{system}/{key}"),
            "Tags": _tags(tags),
        }
        return key

    def create_volume(
        self,
        region: str,
        name: str,
        machine: str = "",
        *,
        snaplock: dict[str, Any] | None = None,
        kind: str = "RW",
        tags: dict[str, str] | None = None,
    ) -> str:
        """The id of a new volume; one with SnapLock comes back when it is deleted. `kind` may be DP."""
        key = self._id("fsvol-")
        system = self.machines.get(machine, {}).get("FileSystemId", "fs-00000000000000000")
        ontap: dict[str, Any] = {
            "StorageVirtualMachineId": machine,
            "JunctionPath": f"/{name}",
            "OntapVolumeType": kind,
        }
        if snaplock is not None:
            ontap["SnaplockConfiguration"] = {"SnaplockType": "COMPLIANCE", "AuditLogVolume": False, **snaplock}
            self.locks[key] = "Amazon FSx could not delete the volume because it contains unexpired SnapLock files."
        self.regions[key] = region
        self.volumes[key] = {
            "VolumeId": key,
            "FileSystemId": system,
            "VolumeType": "ONTAP",
            "Name": name,
            "Lifecycle": "CREATED",
            "CreationTime": self._world.clock.now(),
            "ResourceARN": self._arn(region, f"volume/{system}/{key}"),
            "OntapConfiguration": ontap,
            "Tags": _tags(tags),
        }
        return key

    def attach(self, volume: str, name: str, lifecycle: str = "AVAILABLE", reason: str = "") -> dict[str, Any]:
        """A new S3 access point on a volume; `lifecycle` may be FAILED or MISCONFIGURED."""
        region = self.regions[volume]
        alias = f"{name}-{self._id('')}-ext-s3alias"
        self.regions[f"ap:{name}"] = region
        self.attachments[name] = {
            "Name": name,
            "Lifecycle": lifecycle,
            "CreationTime": self._world.clock.now(),
            "Type": "ONTAP",
            "OntapConfiguration": {"VolumeId": volume},
            "S3AccessPoint": {
                "ResourceARN": f"arn:aws:s3:{region}:{self._world.account}:accesspoint/{name}",
                "Alias": alias,
            },
        }
        if reason:
            self.attachments[name]["LifecycleTransitionReason"] = {"Message": reason}
        return self.attachments[name]

    def detach(self, name: str) -> None:
        """The access point is gone; ONTAP keeps its bucket on the volume for a while."""
        volume = self.attachments.pop(name)["OntapConfiguration"]["VolumeId"]
        self.buckets[volume] = self._world.clock.elapsed() + self._world.pace.nas

    def back_up(self, volume: str) -> None:
        """The backup that a deletion takes unless it is told not to: without tags, and without its file system's id."""
        key = self._id("backup-")
        self.regions[key] = self.regions[volume]
        self.backups[key] = {
            "BackupId": key,
            "Lifecycle": "AVAILABLE",
            "Type": "USER_INITIATED",
            "CreationTime": self._world.clock.now(),
            "ResourceType": "VOLUME",
            "Volume": self.volumes[volume],
        }

    def why_it_stays(self, volume: str) -> str:
        """The reason for which a volume comes back when it is deleted now; empty if it goes."""
        if volume in self.locks:
            return self.locks[volume]
        if self._world.clock.elapsed() < self.buckets.get(volume, 0):
            row = self.volumes[volume]
            machine = row["OntapConfiguration"]["StorageVirtualMachineId"]
            return (
                f'Cannot delete volume "{row["Name"]}" in SVM "{machine}" because it is associated with the following '
                f'object store NAS buckets: "amazon-fsx-{volume}"'
            )
        return ""

    def attached_to(self, volume: str) -> list[str]:
        """The names of the access points on a volume."""
        return [name for name, item in self.attachments.items() if item["OntapConfiguration"]["VolumeId"] == volume]

    def of(
        self, table: dict[str, dict[str, Any]], call: Call, ids: list[str], missing: str, prefix: str = ""
    ) -> list[dict[str, Any]]:
        """The rows of these ids, or all of the region. Raises AwsError for an unknown id."""
        unknown = [key for key in ids if key not in table]
        if unknown:
            raise AwsError(missing, f"{unknown[0]} does not exist")
        return [
            row for key, row in table.items() if self.regions[prefix + key] == call.region and (not ids or key in ids)
        ]


def _tags(tags: dict[str, str] | None) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in (tags or {}).items()]


def _filtered(
    rows: list[dict[str, Any]], filters: list[dict[str, Any]], read: Callable[[dict[str, Any], str], Any]
) -> list[dict[str, Any]]:
    return [row for row in rows if all(read(row, item["Name"]) in item["Values"] for item in filters)]


@before("fsx", "DescribeFileSystems")
def describe_file_systems(world: "World", call: Call) -> dict[str, Any]:
    """File systems."""
    return {
        "FileSystems": world.fsx.of(world.fsx.systems, call, call.params.get("FileSystemIds", []), "FileSystemNotFound")
    }


@before("fsx", "DescribeStorageVirtualMachines")
def describe_machines(world: "World", call: Call) -> dict[str, Any]:
    """Storage virtual machines."""
    ids = call.params.get("StorageVirtualMachineIds", [])
    rows = world.fsx.of(world.fsx.machines, call, ids, "StorageVirtualMachineNotFound")
    return {
        "StorageVirtualMachines": _filtered(rows, call.params.get("Filters", []), lambda row, _: row["FileSystemId"])
    }


@before("fsx", "DescribeVolumes")
def describe_volumes(world: "World", call: Call) -> dict[str, Any]:
    """Volumes."""
    rows = world.fsx.of(world.fsx.volumes, call, call.params.get("VolumeIds", []), "VolumeNotFound")

    def read(row: dict[str, Any], name: str) -> Any:
        return row["FileSystemId"] if name == "file-system-id" else row["OntapConfiguration"]["StorageVirtualMachineId"]

    return {"Volumes": _filtered(rows, call.params.get("Filters", []), read)}


@before("fsx", "DescribeS3AccessPointAttachments")
def describe_attachments(world: "World", call: Call) -> dict[str, Any]:
    """Access points on volumes, in pages."""
    for name in call.params.get("Names", []):
        world.looked_at(call, world.fsx.attachments.get(name, {}).get("Lifecycle", ""))
    rows = world.fsx.of(
        world.fsx.attachments, call, call.params.get("Names", []), "S3AccessPointAttachmentNotFound", "ap:"
    )

    def read(row: dict[str, Any], name: str) -> Any:
        volume = row["OntapConfiguration"]["VolumeId"]
        return {
            "volume-id": volume,
            "file-system-id": world.fsx.volumes.get(volume, {}).get("FileSystemId"),
            "type": row["Type"],
        }.get(name)

    found, start = _filtered(rows, call.params.get("Filters", []), read), int(call.params.get("NextToken") or 0)
    end = start + min(int(call.params.get("MaxResults") or PAGE), PAGE)
    more = {"NextToken": str(end)} if end < len(found) else {}
    return {"S3AccessPointAttachments": found[start:end], **more}


@before("fsx", "CreateAndAttachS3AccessPoint")
def create_and_attach(world: "World", call: Call) -> dict[str, Any]:
    """A new access point on a volume."""
    name, volume = call.params["Name"], call.params.get("OntapConfiguration", {}).get("VolumeId", "")
    world.fsx.of(world.fsx.volumes, call, [volume], "VolumeNotFound")
    if name in world.fsx.attachments:
        raise AwsError("AccessPointAlreadyOwnedByYou", f"You already have an access point named {name}")
    return {"S3AccessPointAttachment": world.fsx.attach(volume, name)}


@before("fsx", "DetachAndDeleteS3AccessPoint")
def detach(world: "World", call: Call) -> dict[str, Any]:
    """The attachment is being deleted; it is gone when nothing describes it any more."""
    name = call.params["Name"]
    [row] = world.fsx.of(world.fsx.attachments, call, [name], "S3AccessPointAttachmentNotFound", "ap:")
    if row["Lifecycle"] == "DELETING":
        raise AwsError("BadRequest", f"S3 access point attachment {name} is being deleted")
    row["Lifecycle"] = "DELETING"
    world.later(world.pace.attachment, lambda: world.fsx.detach(name))
    return {"Name": name, "Lifecycle": "DELETING"}


@before("fsx", "DeleteVolume")
def delete_volume(world: "World", call: Call) -> dict[str, Any]:
    """The volume is being deleted; whether it stays away is told by its lifecycle later."""
    key, how = call.params["VolumeId"], call.params.get("OntapConfiguration", {})
    [row] = world.fsx.of(world.fsx.volumes, call, [key], "VolumeNotFound")
    attached = world.fsx.attached_to(key)
    if attached:
        raise AwsError(
            "BadRequest",
            f"Cannot delete volume while it has one or multiple S3 access points: [{', '.join(attached)}]",
        )
    if row["OntapConfiguration"].get("OntapVolumeType") == "DP" and not how.get("SkipFinalBackup"):
        raise AwsError("BadRequest", "In order to delete a DP Volume, SkipFinalBackup must be set to true.")
    row["Lifecycle"] = "DELETING"
    stays = world.fsx.why_it_stays(key)

    def finish() -> None:
        if stays:
            row.update(Lifecycle="CREATED", LifecycleTransitionReason={"Message": stays})
            return
        if not how.get("SkipFinalBackup"):
            world.fsx.back_up(key)
        world.fsx.volumes.pop(key, None)

    world.later(world.pace.fsx, finish)
    return {"VolumeId": key, "Lifecycle": "DELETING"}


@before("fsx", "DescribeBackups")
def describe_backups(world: "World", call: Call) -> dict[str, Any]:
    """Backups, by volume if that is asked for."""
    rows = world.fsx.of(world.fsx.backups, call, call.params.get("BackupIds", []), "BackupNotFound")
    return {"Backups": _filtered(rows, call.params.get("Filters", []), lambda row, _: row["Volume"]["VolumeId"])}


@before("fsx", "DeleteStorageVirtualMachine")
def delete_machine(world: "World", call: Call) -> dict[str, Any]:
    """The machine is gone."""
    key = call.params["StorageVirtualMachineId"]
    world.fsx.of(world.fsx.machines, call, [key], "StorageVirtualMachineNotFound")
    if any(row["OntapConfiguration"]["StorageVirtualMachineId"] == key for row in world.fsx.volumes.values()):
        raise AwsError("BadRequest", f"Cannot delete storage virtual machine {key} while it has non-root volumes.")
    del world.fsx.machines[key]
    return {"StorageVirtualMachineId": key, "Lifecycle": "DELETING"}


@before("fsx", "DeleteFileSystem")
def delete_file_system(world: "World", call: Call) -> dict[str, Any]:
    """The file system is gone."""
    key = call.params["FileSystemId"]
    world.fsx.of(world.fsx.systems, call, [key], "FileSystemNotFound")
    if any(row["FileSystemId"] == key for row in world.fsx.machines.values()):
        raise AwsError("BadRequest", f"Cannot delete file system {key} while it has storage virtual machines.")
    del world.fsx.systems[key]
    return {"FileSystemId": key, "Lifecycle": "DELETING"}


@before("fsx", "ListTagsForResource")
def list_tags(world: "World", call: Call) -> dict[str, Any]:
    """A resource's tags."""
    for table in (world.fsx.systems, world.fsx.machines, world.fsx.volumes):
        for row in table.values():
            if row["ResourceARN"] == call.params["ResourceARN"]:
                return {"Tags": row["Tags"]}
    raise AwsError("ResourceNotFound", "The resource does not exist")
