"""Backup's recovery points, which moto lacks, and the vaults that they keep."""

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from s3ap_ops.testing.replies import AwsError, Reply
from s3ap_ops.testing.requests import Call
from s3ap_ops.testing.services import after, before

if TYPE_CHECKING:
    from s3ap_ops.testing.world import World


class RecoveryPoints:
    """Recovery points by vault and ARN."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.points: dict[tuple[str, str, str], dict[str, Any]] = {}  # region, vault, ARN

    def add(self, vault: str, resource: str = "volume/vol-0", region: str | None = None) -> str:
        """The ARN of a new recovery point in a vault."""
        region = region or self._world.region
        arn = f"arn:aws:backup:{region}:{self._world.account}:recovery-point:{self._world.name().lower()}"
        self.points[region, vault, arn] = {
            "RecoveryPointArn": arn,
            "BackupVaultName": vault,
            "ResourceArn": resource,
            "Status": "COMPLETED",
            "CreationDate": self._world.clock.now(),
        }
        return arn


def _vault(world: "World", call: Call) -> str:
    name = str(call.params["BackupVaultName"])
    if name not in world.backend("backup", call.region).vaults:
        raise AwsError("ResourceNotFoundException", f"Backup vault {name} not found")
    return name


@after("backup", "DescribeBackupVault")
def vault_with_points(world: "World", call: Call, reply: Reply) -> Reply | None:
    """moto's answer, with the number of the points that are kept here."""
    if reply.status != 200:
        return None
    kept = sum(1 for key in world.backup.points if key[:2] == (call.region, call.params["BackupVaultName"]))
    body = {**json.loads(reply.body), "NumberOfRecoveryPoints": kept}
    return replace(reply, body=json.dumps(body).encode())


@before("backup", "ListRecoveryPointsByBackupVault")
def list_points(world: "World", call: Call) -> dict[str, Any]:
    """The recovery points of a vault."""
    vault = _vault(world, call)
    return {"RecoveryPoints": [row for key, row in world.backup.points.items() if key[:2] == (call.region, vault)]}


@before("backup", "DeleteRecoveryPoint")
def delete_point(world: "World", call: Call) -> dict[str, Any]:
    """Nothing; the recovery point is being deleted."""
    key = (call.region, _vault(world, call), call.params["RecoveryPointArn"])
    if key not in world.backup.points:
        raise AwsError("ResourceNotFoundException", f"Recovery point {key[2]} not found")
    world.backup.points[key]["Status"] = "DELETING"
    world.later(world.pace.backup, lambda: world.backup.points.pop(key, None))
    return {}


@before("backup", "DeleteBackupVault")
def vault_is_empty(world: "World", call: Call) -> None:
    """A vault that holds recovery points stays."""
    vault = _vault(world, call)
    if any(key[:2] == (call.region, vault) for key in world.backup.points):
        raise AwsError("InvalidRequestException", "Backup vault cannot be deleted because it contains recovery points.")
