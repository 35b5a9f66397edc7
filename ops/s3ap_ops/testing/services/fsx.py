"""FSx for ONTAP: volumes, access point attachments, and deletions that take time or revert."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from s3ap_ops.testing.replies import AwsError
from s3ap_ops.testing.requests import Call
from s3ap_ops.testing.services import before

if TYPE_CHECKING:
    from s3ap_ops.testing.world import World


class FileSystems:
    """The file systems of a world, their machines, volumes and attachments, by id."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.systems: dict[str, dict[str, Any]] = {}
        self.machines: dict[str, dict[str, Any]] = {}
        self.volumes: dict[str, dict[str, Any]] = {}
        self.attachments: dict[str, dict[str, Any]] = {}
        self.regions: dict[str, str] = {}
        self.asked: dict[str, set[str]] = {}  # volumes whose deletion CloudFormation asked for

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
        self, region: str, name: str, machine: str = "", *, snaplock: bool = False, tags: dict[str, str] | None = None
    ) -> str:
        """The id of a new volume; one with SnapLock comes back when it is deleted."""
        key = self._id("fsvol-")
        system = self.machines.get(machine, {}).get("FileSystemId", "fs-00000000000000000")
        ontap: dict[str, Any] = {"StorageVirtualMachineId": machine, "JunctionPath": f"/{name}"}
        if snaplock:
            ontap["SnaplockConfiguration"] = {"SnaplockType": "COMPLIANCE", "AuditLogVolume": False}
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

    def attach(self, volume: str, name: str, lifecycle: str = "AVAILABLE") -> dict[str, Any]:
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
        return self.attachments[name]

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
    """Access points on volumes."""
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

    return {"S3AccessPointAttachments": _filtered(rows, call.params.get("Filters", []), read)}


@before("fsx", "DetachAndDeleteS3AccessPoint")
def detach(world: "World", call: Call) -> dict[str, Any]:
    """The attachment is being deleted."""
    name = call.params["Name"]
    [row] = world.fsx.of(world.fsx.attachments, call, [name], "S3AccessPointAttachmentNotFound", "ap:")
    row["Lifecycle"] = "DELETING"
    world.later(world.pace.fsx, lambda: world.fsx.attachments.pop(name, None))
    return {"Name": name, "Lifecycle": "DELETING"}


@before("fsx", "DeleteVolume")
def delete_volume(world: "World", call: Call) -> dict[str, Any]:
    """The volume is being deleted; whether it stays away is told by its lifecycle later."""
    key = call.params["VolumeId"]
    [row] = world.fsx.of(world.fsx.volumes, call, [key], "VolumeNotFound")
    attached = world.fsx.attached_to(key)
    if attached:
        raise AwsError(
            "BadRequest", f"Cannot delete volume {key} while it has S3 access points attached: {', '.join(attached)}"
        )
    row["Lifecycle"] = "DELETING"
    locked = "SnaplockConfiguration" in row["OntapConfiguration"]

    def finish() -> None:
        if locked:
            reason = "Amazon FSx could not delete the volume because it contains unexpired SnapLock files."
            row.update(Lifecycle="CREATED", LifecycleTransitionReason={"Message": reason})
            return
        world.fsx.volumes.pop(key, None)

    world.later(world.pace.fsx, finish)
    return {"VolumeId": key, "Lifecycle": "DELETING"}


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
