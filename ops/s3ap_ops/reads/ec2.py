"""What groups, interfaces, endpoints and networks are tied to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from s3ap_ops.reading import Look, Notes, reads
from s3ap_ops.reads import intrinsics
from s3ap_ops.reads.functions import STACK, STACK_ID, users
from s3ap_ops.stack import Json, LiveResource

MOST = 200
"""As many interfaces are told of one group or subnet."""

NO_GROUP = {"InvalidGroup.NotFound": False, "InvalidGroupId.NotFound": False, "InvalidSecurityGroupID.NotFound": False}
NO_RULE = {"InvalidSecurityGroupRuleId.NotFound": False}
NO_ENDPOINT = {"InvalidVpcEndpointId.NotFound": False}
NO_SUBNET = {"InvalidSubnetID.NotFound": False}
NO_VPC = {"InvalidVpcID.NotFound": False}


@reads("AWS::EC2::SecurityGroup")
def security_group(look: Look, resource: LiveResource, note: Notes) -> None:
    """exists; group_id; vpc_id; stack_id: of the stack that made it, "" if none did; interfaces: see `_interface`.

    referrers: the rules of other groups that name it, see `_rule`; peers: the VPCs across a peering whose rules name
    it, each with the connection; functions: those that use it, with their stack and published versions.
    """
    ask = partial(look.once, ("group", resource.physical_id), partial(_group, look, resource.physical_id))
    if not note("exists", lambda: bool(ask()), NO_GROUP):
        return
    found = ask()
    id_, vpc = found["GroupId"], found.get("VpcId", "")
    note("group_id", lambda: id_)
    note("vpc_id", lambda: vpc)
    note("stack_id", lambda: _tags(found).get(STACK_ID, ""))
    note("referrers", lambda: _referrers(look, id_))
    note("peers", lambda: _peers(look, id_, vpc))
    note("interfaces", lambda: _interfaces(look, "group-id", id_))
    note("functions", lambda: users(look, "group_ids", id_))


def _group(look: Look, name: str) -> Any:
    """A group by its id, or by its name, which is what CloudFormation calls one that was made without a VPC."""
    if name.startswith("sg-"):
        found = look.pages("ec2", "describe_security_groups", "SecurityGroups", GroupIds=[name])
    else:
        found = look.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=_is("group-name", name))
        found = [one for one in found if len(found) == 1 or _tags(one).get(STACK_ID)]
    return found[0] if len(found) == 1 else None


def _referrers(look: Look, id_: str) -> list[dict[str, Json]]:
    """The rules of other groups that name a group, those across a peering in the same account among them."""
    groups: dict[str, Any] = {}
    for name in ("ip-permission.group-id", "egress.ip-permission.group-id"):
        for group in look.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=_is(name, id_)):
            groups[group["GroupId"]] = group
    groups.pop(id_, None)  # a group that names itself is deleted all the same
    rules = [
        rule
        for group in sorted(groups)
        for rule in look.once(("rules", group), partial(_rules, look, group))
        if rule.get("ReferencedGroupInfo", {}).get("GroupId") == id_
    ]
    return [_rule(rule, groups[rule["GroupId"]]) for rule in rules]


def _rules(look: Look, group: str) -> list[Json]:
    return look.pages("ec2", "describe_security_group_rules", "SecurityGroupRules", Filters=_is("group-id", group))


def _rule(rule: Mapping[str, Any], group: Mapping[str, Any]) -> dict[str, Json]:
    """A rule with all that it takes to make it again: rule_id, is_egress, permission, tags.

    Beside it the group that has it: group_id, group_name, vpc_id, and the stack and stack_id that made it.
    """
    permission: dict[str, Json] = {"IpProtocol": rule["IpProtocol"]}
    permission |= {key: rule[key] for key in ("FromPort", "ToPort") if rule["IpProtocol"] != "-1" and key in rule}
    named = rule["ReferencedGroupInfo"]
    pair = {key: named[key] for key in ("GroupId", "UserId", "VpcPeeringConnectionId") if named.get(key)}
    pair |= {"Description": rule["Description"]} if rule.get("Description") else {}
    return {
        "rule_id": rule["SecurityGroupRuleId"],
        "group_id": rule["GroupId"],
        "group_name": group.get("GroupName", ""),
        "vpc_id": group.get("VpcId", ""),
        **_made_by(group),
        "is_egress": bool(rule["IsEgress"]),
        "permission": {**permission, "UserIdGroupPairs": [pair]},
        "tags": {key: value for key, value in sorted(_tags(rule).items()) if not key.startswith("aws:")},
    }


def _peers(look: Look, id_: str, vpc: str) -> list[dict[str, Json]]:
    """The VPCs on the other side of a peering in which rules name a group; asked only where there is a peering."""
    if not vpc or not look.once(("peerings", vpc), partial(_peerings, look, vpc)):
        return []
    found = look.client("ec2").describe_security_group_references(GroupId=[id_]).get("SecurityGroupReferenceSet", ())
    return [
        {"vpc_id": one.get("ReferencingVpcId", ""), "connection": one.get("VpcPeeringConnectionId", "")}
        for one in found
        if one.get("ReferencingVpcId")
    ]


def _peerings(look: Look, vpc: str) -> list[str]:
    sides = ("requester-vpc-info.vpc-id", "accepter-vpc-info.vpc-id")
    found = [
        one
        for side in sides
        for one in look.pages(
            "ec2", "describe_vpc_peering_connections", "VpcPeeringConnections", Filters=_is(side, vpc)
        )
    ]
    return [one["VpcPeeringConnectionId"] for one in found if one.get("Status", {}).get("Code") == "active"]


@reads("AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress")
def security_group_rule(look: Look, resource: LiveResource, note: Notes) -> None:
    """exists; rule_id: the rule in EC2; both are absent where the physical id is none of EC2's and the rest is unclear.

    CloudFormation has called such a resource by names of its own; then what the template says of it has to tell.
    """
    if not resource.physical_id.startswith("sgr-"):
        rules = note("rule_id", lambda: _meant(look, resource), NO_GROUP)
        note.facts.pop("rule_id", None)
        if rules is not None:
            note("exists", lambda: bool(rules))
        if rules and len(rules) == 1:
            note("rule_id", lambda: rules[0])
        return
    ask = partial(look.once, ("rule", resource.physical_id), partial(_rule_by_id, look, resource.physical_id))
    if note("exists", lambda: bool(ask()), NO_RULE):
        note("rule_id", lambda: resource.physical_id)


def _rule_by_id(look: Look, id_: str) -> Any:
    found = look.pages("ec2", "describe_security_group_rules", "SecurityGroupRules", SecurityGroupRuleIds=[id_])
    return found[0] if found else None


def _meant(look: Look, resource: LiveResource) -> list[str] | None:
    """The rules with the direction, protocol, ports and groups of the properties; None where one cannot be told."""
    egress = resource.type.endswith("Egress")
    end = "DestinationSecurityGroupId" if egress else "SourceSecurityGroupId"
    given = {"FromPort": -1, "ToPort": -1, **resource.properties}
    said = [
        intrinsics.value(look, resource, str(written) if isinstance(written, int) else written)
        for written in (given.get(name) for name in ("GroupId", end, "IpProtocol", "FromPort", "ToPort"))
    ]
    group = said[0]
    if group is None or None in said:
        return None
    return [
        rule["SecurityGroupRuleId"]
        for rule in look.once(("rules", group), partial(_rules, look, group))
        if rule["IsEgress"] is egress and said[1:] == _shape(rule)
    ]


def _shape(rule: Mapping[str, Any]) -> list[str | None]:
    """The group that a rule names, its protocol and its ports, as text."""
    named = (rule.get("ReferencedGroupInfo") or {}).get("GroupId")
    return [named, rule["IpProtocol"], str(rule.get("FromPort", -1)), str(rule.get("ToPort", -1))]


@reads("AWS::EC2::VPCEndpoint")
def endpoint(look: Look, resource: LiveResource, note: Notes) -> None:
    """exists; vpc_id; service: such as s3 or logs; kind: Interface, Gateway …; private_dns; state; group_ids; stack_id;
    interface_ids.

    victims: the functions that come by it, with their stack and published versions: those in its VPC, for a gateway
    those in the subnets that its route tables serve.
    """
    ask = partial(look.once, ("endpoint", resource.physical_id), partial(_endpoint, look, resource.physical_id))
    if not note("exists", lambda: bool(ask()), NO_ENDPOINT):
        return
    found = ask()
    vpc, kind = found.get("VpcId", ""), found.get("VpcEndpointType", "")
    note("vpc_id", lambda: vpc)
    note("service", lambda: re.sub(r"^(com|cn)\.amazonaws(\.com)?\.[a-z0-9-]+\.", "", found.get("ServiceName", "")))
    note("kind", lambda: kind)
    note("private_dns", lambda: bool(found.get("PrivateDnsEnabled")))
    note("state", lambda: found.get("State", ""))
    note("group_ids", lambda: sorted(one["GroupId"] for one in found.get("Groups") or ()))
    note("interface_ids", lambda: sorted(found.get("NetworkInterfaceIds") or ()))
    note("stack_id", lambda: _tags(found).get(STACK_ID, ""))
    if kind == "Gateway":
        note("victims", lambda: _in_subnets(look, _served(look, vpc, set(found.get("RouteTableIds") or ()))))
    else:
        note("victims", lambda: _in_subnets(look, (one["SubnetId"] for one in _subnets(look, vpc))))


def _endpoint(look: Look, id_: str) -> Any:
    found = look.pages("ec2", "describe_vpc_endpoints", "VpcEndpoints", VpcEndpointIds=[id_])
    return next((one for one in found if str(one.get("State", "")).lower() != "deleted"), None)


def _served(look: Look, vpc: str, tables: set[str]) -> list[str]:
    """The subnets whose route table is one of some; a subnet without an own one has the main one of its VPC."""
    found = look.once(("route-tables", vpc), partial(_tables, look, vpc))
    links = [(table["RouteTableId"], link) for table in found for link in table.get("Associations") or ()]
    chosen = {link["SubnetId"]: table for table, link in links if link.get("SubnetId")}
    main = next((table for table, link in links if link.get("Main")), "")
    return sorted(one["SubnetId"] for one in _subnets(look, vpc) if chosen.get(one["SubnetId"], main) in tables)


def _tables(look: Look, vpc: str) -> list[Json]:
    return look.pages("ec2", "describe_route_tables", "RouteTables", Filters=_is("vpc-id", vpc))


def _subnets(look: Look, vpc: str) -> list[Json]:
    """The subnets of a VPC, asked once."""
    ask = partial(look.pages, "ec2", "describe_subnets", "Subnets", Filters=_is("vpc-id", vpc))
    return look.once(("subnets", vpc), ask)


def _in_subnets(look: Look, subnets: Iterable[str]) -> list[dict[str, Json]]:
    found = {one["function"]: one for subnet in subnets for one in users(look, "subnet_ids", subnet)}
    return [found[name] for name in sorted(found)]


@reads("AWS::EC2::Subnet")
def subnet(look: Look, resource: LiveResource, note: Notes) -> None:
    """exists; vpc_id; stack_id; interfaces: see `_interface`; functions: those that stand in it."""
    id_ = resource.physical_id
    ask = partial(look.once, ("subnet", id_), lambda: look.pages("ec2", "describe_subnets", "Subnets", SubnetIds=[id_]))
    if not note("exists", lambda: bool(ask()), NO_SUBNET):
        return
    found = ask()[0]
    note("vpc_id", lambda: found.get("VpcId", ""))
    note("stack_id", lambda: _tags(found).get(STACK_ID, ""))
    note("interfaces", lambda: _interfaces(look, "subnet-id", id_))
    note("functions", lambda: users(look, "subnet_ids", id_))


@reads("AWS::EC2::VPC")
def vpc(look: Look, resource: LiveResource, note: Notes) -> None:
    """exists; stack_id; groups, subnets: what stands in it, each with its id and the stack that made it."""
    id_ = resource.physical_id
    ask = partial(look.once, ("vpc", id_), lambda: look.pages("ec2", "describe_vpcs", "Vpcs", VpcIds=[id_]))
    if not note("exists", lambda: bool(ask()), NO_VPC):
        return
    note("stack_id", lambda: _tags(ask()[0]).get(STACK_ID, ""))
    note("groups", lambda: _groups_in(look, id_))
    note("subnets", lambda: [{"id": one["SubnetId"], **_made_by(one)} for one in _subnets(look, id_)])


def _groups_in(look: Look, vpc_id: str) -> list[dict[str, Json]]:
    """The groups in a VPC, but its default one, which goes with it."""
    found = look.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=_is("vpc-id", vpc_id))
    return [
        {"id": one["GroupId"], "name": one.get("GroupName", ""), **_made_by(one)}
        for one in found
        if one.get("GroupName") != "default"
    ]


def _interfaces(look: Look, name: str, id_: str) -> list[dict[str, Json]]:
    found = look.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=_is(name, id_))
    return [_interface(one) for one in sorted(found, key=lambda one: str(one["NetworkInterfaceId"]))[:MOST]]


def _interface(found: Mapping[str, Any]) -> dict[str, Json]:
    """An interface: id, type, status, description, requester, is_managed, instance, and the stack that made it."""
    attachment = found.get("Attachment") or {}
    return {
        "id": found["NetworkInterfaceId"],
        "type": found.get("InterfaceType", ""),
        "status": found.get("Status", ""),
        "description": found.get("Description", ""),
        "requester": found.get("RequesterId", ""),
        "is_managed": bool(found.get("RequesterManaged")),
        "instance": attachment.get("InstanceId", ""),
        **_made_by(found),
    }


def _made_by(found: Mapping[str, Any]) -> dict[str, str]:
    tags = _tags(found)
    return {"stack": tags.get(STACK, ""), "stack_id": tags.get(STACK_ID, "")}


def _tags(found: Mapping[str, Any]) -> dict[str, str]:
    """The tags of a thing; interfaces call them otherwise than everything else."""
    return {one["Key"]: one["Value"] for one in found.get("Tags") or found.get("TagSet") or ()}


def _is(name: str, value: str) -> list[dict[str, Json]]:
    return [{"Name": name, "Values": [value]}]


READERS = (security_group, security_group_rule, endpoint, subnet, vpc)
