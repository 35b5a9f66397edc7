"""EC2 where moto is more lenient than AWS: what depends on a group, a subnet or an interface; rules by id."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from s3ap_ops.testing.replies import AwsError
from s3ap_ops.testing.requests import Call
from s3ap_ops.testing.services import before

if TYPE_CHECKING:
    from s3ap_ops.testing.world import World


def all_groups(world: "World", region: str) -> Iterator[Any]:
    """Every group of a region."""
    for groups in list(world.backend("ec2", region).groups.values()):
        yield from list(groups.values())


def referrers(world: "World", group: str, region: str) -> list[str]:
    """The ids of the other groups whose rules point at a group."""
    return sorted(
        other.id
        for other in all_groups(world, region)
        if other.id != group
        and any(
            (rule.source_group or {}).get("GroupId") == group for rule in [*other.ingress_rules, *other.egress_rules]
        )
    )


@before("ec2", "DeleteSecurityGroup")
def nothing_depends_on_the_group(world: "World", call: Call) -> None:
    """A group that a rule points at, or that an interface or endpoint carries, stays."""
    group = call.params.get("GroupId", "")
    backend = world.backend("ec2", call.region)
    if backend.get_security_group_from_id(group) is None:
        return
    carried = any(group in {item.id for item in eni.group_set} for eni in backend.enis.values())
    endpoints = (point for point in backend.vpc_end_points.values() if point.state != "deleted")  # moto keeps them
    endpoint = any(group in _group_ids(point) for point in endpoints)
    if carried or endpoint or referrers(world, group, call.region):
        raise AwsError("DependencyViolation", f"resource {group} has a dependent object")


def _group_ids(endpoint: Any) -> list[str]:
    return [item if isinstance(item, str) else item.id for item in endpoint.security_group_ids or []]


@before("ec2", "DeleteSubnet")
def nothing_is_in_the_subnet(world: "World", call: Call) -> None:
    """A subnet that has interfaces stays."""
    subnet = call.params.get("SubnetId", "")
    if any(eni.subnet.id == subnet for eni in world.backend("ec2", call.region).enis.values()):
        raise AwsError("DependencyViolation", f"The subnet '{subnet}' has dependencies and cannot be deleted.")


@before("ec2", "DeleteNetworkInterface", "DetachNetworkInterface")
def lambda_keeps_its_interfaces(world: "World", call: Call) -> None:
    """An interface of Lambda's is its own to release."""
    found = call.params.get("NetworkInterfaceId") or call.params.get("AttachmentId", "").replace("ela-attach-", "eni-")
    eni = world.backend("ec2", call.region).enis.get(found)
    if eni is None or not eni.requester_managed:
        return
    if call.operation == "DetachNetworkInterface":
        raise AwsError("OperationNotPermitted", "You are not allowed to manage 'ela-attach' attachments.")
    raise AwsError("InvalidParameterValue", f"Network interface '{found}' is currently in use.")


@before("ec2", "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress")
def revoke(world: "World", call: Call) -> dict[str, Any] | None:
    """Rules go by id, or by what they permit whatever their description says; moto heeds the description."""
    backend = world.backend("ec2", call.region)
    group = backend.get_security_group_from_id(call.params.get("GroupId", ""))
    ids, wanted = call.params.get("SecurityGroupRuleIds"), call.params.get("IpPermissions") or []
    if group is None or not (ids or wanted):
        return None
    side = "ingress_rules" if call.operation.endswith("Ingress") else "egress_rules"
    rules = list(getattr(group, side))
    if ids:
        missing = sorted(set(ids) - {rule.id for rule in rules})
        if missing:
            raise AwsError(
                "InvalidSecurityGroupRuleId.NotFound", f"The security group rule ID '{missing[0]}' does not exist"
            )
        gone = set(ids)
    else:
        meant = [atom for permission in wanted for atom in _atoms(permission)]
        known = {_atom(rule): rule.id for rule in rules}
        if any(atom not in known for atom in meant):
            raise AwsError("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
        gone = {known[atom] for atom in meant}
    setattr(group, side, [rule for rule in rules if rule.id not in gone])
    return {"Return": True}


Atom = tuple[str, int | None, int | None, str]


def _atom(rule: Any) -> Atom:
    source = rule.source_group or {}
    prefix = rule.prefix_list_id
    prefix = prefix.get("PrefixListId") if isinstance(prefix, dict) else prefix
    peer = source.get("GroupId") or rule.cidr_ipv4 or rule.cidr_ipv6 or prefix or ""
    return rule.ip_protocol, rule.from_port, rule.to_port, peer


def _atoms(permission: dict[str, Any]) -> Iterator[Atom]:
    protocol = str(permission.get("IpProtocol", "-1"))
    start, end = permission.get("FromPort"), permission.get("ToPort")
    if protocol == "-1":
        start = end = None
    places = (
        ("UserIdGroupPairs", "GroupId"),
        ("IpRanges", "CidrIp"),
        ("Ipv6Ranges", "CidrIpv6"),
        ("PrefixListIds", "PrefixListId"),
    )
    for name, key in places:
        for item in permission.get(name, []):
            yield protocol, start, end, item.get(key, "")


@before("ec2", "DescribeSecurityGroupReferences")
def references(world: "World", call: Call) -> dict[str, Any]:
    """The networks behind a peering whose groups point here: none, a world has no peerings."""
    return {"SecurityGroupReferenceSet": []}


@before("ec2", "DescribeStaleSecurityGroups")
def stale(world: "World", call: Call) -> dict[str, Any]:
    """None, for the same reason."""
    return {"StaleSecurityGroupSet": []}
