"""What can be protected against deletion, and has little else to it here: databases, instances, pools, balancers.

moto knows some of these, without the protection or at the price of a network; of one that a stack made, a world keeps a
name and a switch, and asks moto about the others.
"""

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from s3ap_ops.testing.replies import AwsError, Reply
from s3ap_ops.testing.requests import Call
from s3ap_ops.testing.services import after, before

if TYPE_CHECKING:
    from s3ap_ops.testing.world import World


@dataclass
class Guarded:
    """One of them. `kind` is its resource type."""

    kind: str
    name: str
    arn: str
    is_protected: bool
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def tag_list(self) -> list[dict[str, str]]:
        """Its tags as most services tell them."""
        return [{"Key": key, "Value": value} for key, value in self.tags.items()]


def _found(world: "World", name: Any, *kinds: str) -> Guarded | None:
    one = world.guarded.get(str(name))
    return one if one is not None and one.kind in kinds else None


POOL, DSQL, EKS = "AWS::Cognito::UserPool", "AWS::DSQL::Cluster", "AWS::EKS::Cluster"
CLUSTERS = ("AWS::RDS::DBCluster", "AWS::DocDB::DBCluster", "AWS::Neptune::DBCluster")
DATABASE, WORLDWIDE = "AWS::RDS::DBInstance", "AWS::RDS::GlobalCluster"
INSTANCE, BALANCER = "AWS::EC2::Instance", "AWS::ElasticLoadBalancingV2::LoadBalancer"
KINDS = (POOL, DSQL, EKS, *CLUSTERS, DATABASE, WORLDWIDE, INSTANCE, BALANCER)


@before("cognito-idp", "DescribeUserPool", "UpdateUserPool")
def user_pool(world: "World", call: Call) -> dict[str, Any]:
    """A user pool; what an update does not name falls back to its default, so the protection too."""
    one = _found(world, call.params["UserPoolId"], POOL)
    if one is None:
        raise AwsError("ResourceNotFoundException", f"User pool {call.params['UserPoolId']} does not exist.")
    if call.operation == "UpdateUserPool":
        one.is_protected = call.params.get("DeletionProtection") == "ACTIVE"
        return {}
    told = "ACTIVE" if one.is_protected else "INACTIVE"
    return {"UserPool": {"Id": one.name, "Name": one.name, "DeletionProtection": told, "UserPoolTags": one.tags}}


@before("dsql", "GetCluster", "UpdateCluster")
def dsql_cluster(world: "World", call: Call) -> dict[str, Any] | None:
    """An Aurora DSQL cluster."""
    one = _found(world, call.params["identifier"], DSQL)
    if one is None:
        return None
    if call.operation == "UpdateCluster":
        one.is_protected = _told(call.params.get("deletionProtectionEnabled"), one)
    told = {"identifier": one.name, "arn": one.arn, "status": "ACTIVE", "creationTime": world.clock.now()}
    return told if call.operation == "UpdateCluster" else {**told, **_switch(one), "tags": one.tags}


def _switch(one: Guarded) -> dict[str, bool]:
    return {"deletionProtectionEnabled": one.is_protected}


def _told(given: Any, one: Guarded) -> bool:
    """What a request says of the switch, as it is if it says nothing."""
    return one.is_protected if given is None else str(given).lower() == "true"


@before("eks", "DescribeCluster", "UpdateClusterConfig")
def eks_cluster(world: "World", call: Call) -> dict[str, Any] | None:
    """An EKS cluster."""
    one = _found(world, call.params["name"], EKS)
    if one is None:
        return None
    if call.operation == "UpdateClusterConfig":
        one.is_protected = _told(call.params.get("deletionProtection"), one)
        return {"update": {"id": "1", "status": "Successful"}}
    return {"cluster": {"name": one.name, "arn": one.arn, "deletionProtection": one.is_protected, "tags": one.tags}}


_DATABASES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "DBCluster": ("DBClusterIdentifier", "DBClusterArn", CLUSTERS),
    "DBInstance": ("DBInstanceIdentifier", "DBInstanceArn", (DATABASE,)),
    "GlobalCluster": ("GlobalClusterIdentifier", "GlobalClusterArn", (WORLDWIDE,)),
}


@before("rds", *(f"{verb}{name}{s}" for name in _DATABASES for verb, s in (("Describe", "s"), ("Modify", ""))))
def database(world: "World", call: Call) -> dict[str, Any] | None:
    """A database of RDS, DocumentDB or Neptune, which share an API."""
    name = call.operation.removeprefix("Describe").removeprefix("Modify").rstrip("s")
    key, arn, kinds = _DATABASES[name]
    one = _found(world, call.params.get(key), *kinds)
    if one is None:
        return None
    if call.operation.startswith("Modify"):
        one.is_protected = _told(call.params.get("DeletionProtection"), one)
    told = {key: one.name, arn: one.arn, "DeletionProtection": one.is_protected, "TagList": one.tag_list}
    return {name: told} if call.operation.startswith("Modify") else {f"{name}s": [told]}


@before("rds", "ListTagsForResource")
def database_tags(world: "World", call: Call) -> dict[str, Any] | None:
    """The tags of one."""
    one = next((one for one in world.guarded.values() if one.arn == call.params["ResourceName"]), None)
    return {"TagList": one.tag_list} if one else None


@before("ec2", "DescribeInstances", "DescribeInstanceAttribute", "ModifyInstanceAttribute")
def instance(world: "World", call: Call) -> dict[str, Any] | None:
    """An instance that a stack made."""
    one = _found(world, call.params.get("InstanceId") or next(iter(call.params.get("InstanceIds", ())), ""), INSTANCE)
    if one is None:
        return None
    if call.operation == "ModifyInstanceAttribute":
        one.is_protected = _told(call.params.get("DisableApiTermination", {}).get("Value"), one)
        return {}
    if call.operation == "DescribeInstanceAttribute":
        return {"InstanceId": one.name, "DisableApiTermination": {"Value": one.is_protected}}
    told = {"InstanceId": one.name, "State": {"Code": 16, "Name": "running"}, "Tags": one.tag_list}
    return {"Reservations": [{"ReservationId": "r-0", "Instances": [told]}]}


@before("elbv2", "DescribeLoadBalancers", "DescribeLoadBalancerAttributes", "DescribeTags",
        "ModifyLoadBalancerAttributes")  # fmt: skip
def load_balancer(world: "World", call: Call) -> dict[str, Any] | None:
    """A load balancer."""
    many = call.params.get("LoadBalancerArns") or call.params.get("ResourceArns")
    one = _found(world, many[0] if many else call.params.get("LoadBalancerArn"), BALANCER)
    if one is None:
        return None
    if call.operation == "DescribeTags":
        return {"TagDescriptions": [{"ResourceArn": one.arn, "Tags": one.tag_list}]}
    if call.operation == "DescribeLoadBalancers":
        return {"LoadBalancers": [{"LoadBalancerArn": one.arn, "LoadBalancerName": one.name.split("/")[-1]}]}
    given = {row["Key"]: row["Value"] for row in call.params.get("Attributes", ())}
    one.is_protected = _told(given.get("deletion_protection.enabled"), one)
    return {"Attributes": [{"Key": "deletion_protection.enabled", "Value": str(one.is_protected).lower()}]}


# -- log groups, which moto has but for the switch


@before("logs", "PutLogGroupDeletionProtection")
def guard_log_group(world: "World", call: Call) -> dict[str, Any]:
    """The switch of a log group."""
    name = call.params["logGroupIdentifier"].split(":log-group:")[-1]
    if name not in world.backend("logs", call.region).groups:
        raise AwsError("ResourceNotFoundException", f"The specified log group does not exist: {name}")
    world.guarded_logs.discard(name)
    if _is_on(call.params["deletionProtectionEnabled"]):
        world.guarded_logs.add(name)
    return {}


def _is_on(given: Any) -> bool:
    return str(given).lower() == "true"


@before("logs", "DeleteLogGroup")
def guarded_log_group_stays(world: "World", call: Call) -> None:
    """A log group that is protected stays."""
    if call.params["logGroupName"] in world.guarded_logs:
        raise AwsError("ValidationException", "The log group cannot be deleted because deletion protection is enabled.")


@after("logs", "DescribeLogGroups")
def with_switches(world: "World", call: Call, reply: Reply) -> Reply | None:
    """moto's answer with the switches."""
    if reply.status != 200 or not world.guarded_logs:
        return None
    body = json.loads(reply.body)
    for row in body.get("logGroups", ()):
        row["deletionProtectionEnabled"] = row["logGroupName"] in world.guarded_logs
    return replace(reply, body=json.dumps(body).encode())
