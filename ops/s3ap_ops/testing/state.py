"""What is there, as comparable data: for equality of two ends, for what must not change, and for leftovers."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from s3ap_ops.testing.services.groups import all_groups

if TYPE_CHECKING:
    from s3ap_ops.testing.world import World


def state_of(world: "World") -> dict[str, Any]:
    """Everything in a world by kind and name, without times; what is regional is named `region/name`."""
    regions = _regions(world)
    found: dict[str, Any] = {"stacks": _stacks(world), "buckets": _buckets(world), "roles": _roles(world)}
    for name, read in _REGIONAL.items():
        found[name] = {f"{region}/{key}": value for region in regions for key, value in read(world, region).items()}
    found["policies"] = sorted(arn for arn in world.backend("iam").managed_policies if ":aws:policy/" not in arn)
    found["access-points"] = {
        name: point.bucket
        for name, point in sorted(world.backend("s3control").access_points.get(world.account, {}).items())
    }
    found["file-systems"] = sorted(world.fsx.systems) + sorted(world.fsx.machines)
    found["volumes"] = {key: row["Lifecycle"] for key, row in sorted(world.fsx.volumes.items())}
    found["attachments"] = {key: row["Lifecycle"] for key, row in sorted(world.fsx.attachments.items())}
    found["file-backups"] = sorted(row["Volume"]["Name"] for row in world.fsx.backups.values())
    found["knowledge-bases"] = {key: row["status"] for key, row in sorted(world.knowledge.bases.items())}
    found["data-sources"] = {
        "/".join(key): (row["status"], row["dataDeletionPolicy"])
        for key, row in sorted(world.knowledge.sources.items())
    }
    found["collections"] = {row["name"]: row["status"] for _, row in sorted(world.search.collections.items())}
    found["search-policies"] = sorted("/".join(key) for key in world.search.policies)
    found["recovery-points"] = sorted(key[2] for key in world.backup.points)
    found["statements"] = sorted("/".join(key) for key in world.statements)
    found["guarded"] = {key: one.is_protected for key, one in sorted(world.guarded.items())}
    found["guarded-logs"] = sorted(world.guarded_logs)
    found["generic"] = {key: row["Type"] for key, row in sorted(world.generic.items())}
    return found


def _regions(world: "World") -> list[str]:
    return sorted({world.region} | {stack.region for stack in world.stacks.all.values()})


def _stacks(world: "World") -> dict[str, Any]:
    return {
        stack.id: {
            "name": stack.name,
            "status": stack.status,
            "protected": stack.protected,
            "resources": {key: (row.physical, row.status) for key, row in sorted(stack.resources.items())},
        }
        for stack in sorted(world.stacks.all.values(), key=lambda stack: stack.id)
    }


def _buckets(world: "World") -> dict[str, Any]:
    found = {}
    for name, bucket in sorted(world.backend("s3").buckets.items()):
        versions = [
            (key, str(version.version_id), type(version).__name__ == "FakeDeleteMarker")
            for key, items in bucket.keys.lists()
            for version in items
        ]
        found[name] = {
            "versions": sorted(versions),
            "uploads": sorted(bucket.multiparts),
            "policy": _text(bucket.policy),
        }
    return found


def _text(value: Any) -> str | None:
    return value.decode() if isinstance(value, bytes) else value


def _roles(world: "World") -> dict[str, Any]:
    return {
        role.name: {"attached": sorted(role.managed_policies), "inline": sorted(role.policies)}
        for role in world.backend("iam").roles.values()
    }


def _groups(world: "World", region: str) -> dict[str, Any]:
    def rules(items: list[Any]) -> list[str]:
        return sorted(
            f"{rule.ip_protocol} {rule.from_port}-{rule.to_port} "
            f"{(rule.source_group or {}).get('GroupId') or rule.cidr_ipv4 or rule.cidr_ipv6 or rule.prefix_list_id}"
            for rule in items
        )

    return {
        group.id: {"in": rules(group.ingress_rules), "out": rules(group.egress_rules)}
        for group in all_groups(world, region)
    }


def _enis(world: "World", region: str) -> dict[str, Any]:
    backend = world.backend("ec2", region)
    return {eni.id: sorted(group.id for group in eni.group_set) for eni in backend.enis.values()}


def _functions(world: "World", region: str) -> dict[str, Any]:
    return {
        function.function_name: {
            "vpc": sorted((function.vpc_config or {}).get("SecurityGroupIds", [])),
            "concurrency": function.reserved_concurrency,
        }
        for function in world.backend("lambda", region).list_functions() or []
    }


def _work_groups(world: "World", region: str) -> dict[str, Any]:
    backend = world.backend("athena", region)
    return {
        name: sorted(query.name for query in backend.named_queries.values() if query.workgroup.name == name)
        for name in backend.work_groups
    }


def _tables(world: "World", region: str) -> dict[str, Any]:
    tables = world.backend("dynamodb", region).tables
    return {
        name: {"items": len(list(table.all_items())), "protected": table.deletion_protection_enabled}
        for name, table in tables.items()
    }


def _schedules(world: "World", region: str) -> dict[str, Any]:
    groups = world.backend("scheduler", region).schedule_groups
    return {name: schedule.state for group in groups.values() for name, schedule in group.schedules.items()}


def _rules(world: "World", region: str) -> dict[str, Any]:
    return {
        f"{bus.name}/{name}": {"state": rule.state, "targets": sorted(target["Id"] for target in rule.targets)}
        for bus in world.backend("events", region).event_buses.values()
        for name, rule in bus.rules.items()
    }


def _machines(world: "World", region: str) -> dict[str, Any]:
    return {
        machine.name: sorted(f"{run.name}:{run.status}" for run in machine.executions)
        for machine in world.backend("stepfunctions", region).state_machines
    }


def _repositories(world: "World", region: str) -> dict[str, Any]:
    return {name: len(repository.images) for name, repository in world.backend("ecr", region).repositories.items()}


def _keys(world: "World", region: str) -> dict[str, Any]:
    return {key.id: key.key_state for key in world.backend("kms", region).keys.values()}


def _databases(world: "World", region: str) -> dict[str, Any]:
    try:
        backend = world.backend("glue", region)
    except ImportError:  # moto's Glue needs a parser that is an extra of moto's
        return {}
    return {name: sorted(database.tables) for name, database in backend.databases.items()}


_REGIONAL: dict[str, Callable[["World", str], dict[str, Any]]] = {
    "groups": _groups,
    "interfaces": _enis,
    "endpoints": lambda world, region: dict.fromkeys(
        (key for key, item in world.backend("ec2", region).vpc_end_points.items() if item.state != "deleted"), "there"
    ),
    "functions": _functions,
    "work-groups": _work_groups,
    "tables": _tables,
    "databases": _databases,
    "log-groups": lambda world, region: {
        name: len(group.streams) for name, group in world.backend("logs", region).groups.items()
    },
    "topics": lambda world, region: dict.fromkeys(world.backend("sns", region).topics, "there"),
    "queues": lambda world, region: dict.fromkeys(world.backend("sqs", region).queues, "there"),
    "schedules": _schedules,
    "rules": _rules,
    "state-machines": _machines,
    "repositories": _repositories,
    "keys": _keys,
    "secrets": lambda world, region: dict.fromkeys(world.backend("secretsmanager", region).secrets, "there"),
    "alarms": lambda world, region: dict.fromkeys(world.backend("cloudwatch", region).alarms, "there"),
    "vaults": lambda world, region: dict.fromkeys(world.backend("backup", region).vaults, "there"),
}
