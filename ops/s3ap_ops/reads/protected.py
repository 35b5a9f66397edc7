"""Whether resources are protected against deletion: databases, instances, user pools, load balancers, log groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from s3ap_ops.protections import SWITCHES
from s3ap_ops.reading import Look, Notes, reads
from s3ap_ops.reads.ownership import stack_id
from s3ap_ops.stack import Json, LiveResource


@dataclass(frozen=True)
class Kind:
    """How a type is asked. `describe` gives what its API says of one resource, or nothing when it is gone;
    `is_protected` and `tags` read that, or ask further; `more` are facts that come with it."""

    describe: Callable[[Look, str], Mapping[str, Any]]
    is_protected: Callable[[Look, Mapping[str, Any]], bool]
    tags: Callable[[Look, Mapping[str, Any]], Any]
    more: Mapping[str, Callable[[Look, Mapping[str, Any]], Json]]


@reads(*SWITCHES)
def protected(look: Look, resource: LiveResource, note: Notes) -> None:
    """exists; deletion_protection; stack_id; of tables: items; of tables and log groups: bytes; of user pools:
    settings, which is all that turning the protection off has to repeat."""
    kind, key = KINDS[resource.type], ("protected", resource.type, resource.physical_id)

    def said() -> Mapping[str, Any]:
        return look.once(key, lambda: kind.describe(look, resource.physical_id))

    gone = dict.fromkeys(SWITCHES[resource.type].gone, False)
    if not note("exists", lambda: bool(said()), gone):
        return
    note("deletion_protection", lambda: kind.is_protected(look, said()))
    note("stack_id", lambda: stack_id(kind.tags(look, said())))
    for name, ask in kind.more.items():
        note(name, _asked(ask, look, said))


def _asked(
    ask: Callable[[Look, Mapping[str, Any]], Json], look: Look, said: Callable[[], Mapping[str, Any]]
) -> Callable[[], Json]:
    return lambda: ask(look, said())


def _one(service: str, operation: str, result: str, identifier: str) -> Callable[[Look, str], Mapping[str, Any]]:
    """Ask an API for one thing by its identifier; `result` holds it, or a list that it is the first of."""

    def describe(look: Look, physical_id: str) -> Mapping[str, Any]:
        many = {"InstanceIds", "LoadBalancerArns", "ids"}
        value = [physical_id] if identifier in many else physical_id
        answer = getattr(look.client(service), operation)(**{identifier: value})
        found = answer[result] if result else answer
        if isinstance(found, list):
            return found[0] if found else {}
        return found  # type: ignore[no-any-return]

    return describe


def _flag(name: str, on: Json = True) -> Callable[[Look, Mapping[str, Any]], bool]:
    return lambda _look, said: said.get(name, False) == on


def _tag_list(*names: str) -> Callable[[Look, Mapping[str, Any]], Any]:
    return lambda _look, said: next((said[name] for name in names if said.get(name)), ())


def _tags_of(
    service: str, operation: str, argument: str, arn: str, result: str
) -> Callable[[Look, Mapping[str, Any]], Any]:
    """Tags that have a call of their own."""
    return lambda look, said: getattr(look.client(service), operation)(**{argument: said[arn]}).get(result)


def _instance(look: Look, physical_id: str) -> Mapping[str, Any]:
    found = look.client("ec2").describe_instances(InstanceIds=[physical_id])["Reservations"]
    instances = [one for reservation in found for one in reservation["Instances"]]
    return next((one for one in instances if one["State"]["Name"] != "terminated"), {})


def _is_kept(look: Look, said: Mapping[str, Any]) -> bool:
    answer = look.client("ec2").describe_instance_attribute(
        InstanceId=said["InstanceId"], Attribute="disableApiTermination"
    )
    return bool(answer["DisableApiTermination"].get("Value"))


def _log_group(look: Look, name: str) -> Mapping[str, Any]:
    found = look.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name)
    return next((one for one in found if one["logGroupName"] == name), {})


def _log_tags(look: Look, said: Mapping[str, Any]) -> Any:
    arn = str(said["arn"]).removesuffix(":*")
    return look.client("logs").list_tags_for_resource(resourceArn=arn).get("tags")


def _is_kept_balancer(look: Look, said: Mapping[str, Any]) -> bool:
    answer = look.client("elbv2").describe_load_balancer_attributes(LoadBalancerArn=said["LoadBalancerArn"])
    known = {one["Key"]: one["Value"] for one in answer["Attributes"]}
    return known.get("deletion_protection.enabled") == "true"


def _balancer_tags(look: Look, said: Mapping[str, Any]) -> Any:
    found = look.client("elbv2").describe_tags(ResourceArns=[said["LoadBalancerArn"]])["TagDescriptions"]
    return found[0]["Tags"] if found else ()


def _pool_settings(look: Look, said: Mapping[str, Any]) -> Json:
    """What a user pool is set to, as the call that changes it takes it."""
    members = look.client("cognito-idp").meta.service_model.operation_model("UpdateUserPool").input_shape.members
    kept = {name: said[name] for name in members if name in said and name not in ("DeletionProtection", "UserPoolId")}
    if isinstance(kept.get("AdminCreateUserConfig"), dict):
        # an older name of a password policy's setting, which the call refuses beside the newer one
        admin = kept["AdminCreateUserConfig"]
        kept["AdminCreateUserConfig"] = {key: admin[key] for key in admin if key != "UnusedAccountValidityDays"}
    if said.get("Name") and "PoolName" in members:
        kept["PoolName"] = said["Name"]
    return kept


def _number(name: str) -> Callable[[Look, Mapping[str, Any]], Json]:
    return lambda _look, said: int(said.get(name) or 0)


def _cluster(service: str) -> Kind:
    arn = _tags_of(service, "list_tags_for_resource", "ResourceName", "DBClusterArn", "TagList")
    return Kind(
        _one(service, "describe_db_clusters", "DBClusters", "DBClusterIdentifier"), _flag("DeletionProtection"), arn, {}
    )


_TABLE = Kind(
    _one("dynamodb", "describe_table", "Table", "TableName"),
    _flag("DeletionProtectionEnabled"),
    _tags_of("dynamodb", "list_tags_of_resource", "ResourceArn", "TableArn", "Tags"),
    {"items": _number("ItemCount"), "bytes": _number("TableSizeBytes")},
)

KINDS: Mapping[str, Kind] = {
    "AWS::Cognito::UserPool": Kind(
        _one("cognito-idp", "describe_user_pool", "UserPool", "UserPoolId"),
        _flag("DeletionProtection", "ACTIVE"),
        _tag_list("UserPoolTags"),
        {"settings": _pool_settings},
    ),
    "AWS::DSQL::Cluster": Kind(
        _one("dsql", "get_cluster", "", "identifier"), _flag("deletionProtectionEnabled"), _tag_list("tags"), {}
    ),
    "AWS::DocDB::DBCluster": _cluster("docdb"),
    "AWS::DynamoDB::GlobalTable": _TABLE,
    "AWS::DynamoDB::Table": _TABLE,
    "AWS::EC2::Instance": Kind(_instance, _is_kept, _tag_list("Tags"), {}),
    "AWS::EKS::Cluster": Kind(
        _one("eks", "describe_cluster", "cluster", "name"), _flag("deletionProtection"), _tag_list("tags"), {}
    ),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": Kind(
        _one("elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerArns"),
        _is_kept_balancer,
        _balancer_tags,
        {},
    ),
    "AWS::Logs::LogGroup": Kind(
        _log_group, _flag("deletionProtectionEnabled"), _log_tags, {"bytes": _number("storedBytes")}
    ),
    "AWS::Neptune::DBCluster": _cluster("neptune"),
    "AWS::OpenSearchServerless::Collection": Kind(
        _one("opensearchserverless", "batch_get_collection", "collectionDetails", "ids"),
        _flag("deletionProtection", "ENABLED"),
        _tags_of("opensearchserverless", "list_tags_for_resource", "resourceArn", "arn", "tags"),
        {},
    ),
    "AWS::RDS::DBCluster": _cluster("rds"),
    "AWS::RDS::DBInstance": Kind(
        _one("rds", "describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
        _flag("DeletionProtection"),
        _tag_list("TagList"),
        {},
    ),
    "AWS::RDS::GlobalCluster": Kind(
        _one("rds", "describe_global_clusters", "GlobalClusters", "GlobalClusterIdentifier"),
        _flag("DeletionProtection"),
        _tag_list("TagList"),
        {},
    ),
}

READERS = (protected,)
