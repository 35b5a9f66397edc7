"""How the protection against deletion of a resource is switched, for every type that is known to have one.

Whether it is on is the fact `deletion_protection`, which the reader of the type notes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from s3ap_ops.calls import ApiCall, Phase, Risk, call
from s3ap_ops.stack import Json, LiveResource

FLAG = "--disable-deletion-protection"


@dataclass(frozen=True)
class Switch:
    """The call that turns a protection on and off. `gone` are the error codes for a resource that is gone."""

    service: str
    operation: str
    identifier: str
    setting: Callable[[bool], Mapping[str, Json]]
    gone: tuple[str, ...]

    def call(self, resource: LiveResource, phase: Phase = Phase.UNPROTECT) -> ApiCall:
        """The call that turns it off, which turning it on again undoes."""
        return self._to(False, resource, phase, self._to(True, resource, phase, None))

    def _to(self, on: bool, resource: LiveResource, phase: Phase, undo: ApiCall | None) -> ApiCall:
        # Settings of a user pool that an update does not name fall back to their defaults, so all are named:
        # https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateUserPool.html
        kept: Mapping[str, Json] = resource.fact("settings", {})
        params = {self.identifier: resource.physical_id, **kept, **self.setting(on)}
        return call(
            resource,
            self.service,
            self.operation,
            risk=Risk.PROTECTION,
            phase=phase,
            done=self.gone if undo else (),
            flag=FLAG,
            undo=undo,
            **params,
        )


def _named(name: str, on: Json = True, off: Json = False) -> Callable[[bool], Mapping[str, Json]]:
    return lambda wanted: {name: on if wanted else off}


def _load_balancer(on: bool) -> Mapping[str, Json]:
    return {"Attributes": [{"Key": "deletion_protection.enabled", "Value": "true" if on else "false"}]}


_CLUSTER = ("modify_db_cluster", "DBClusterIdentifier", _named("DeletionProtection"), ("DBClusterNotFoundFault",))
_TABLE = Switch(
    "dynamodb", "update_table", "TableName", _named("DeletionProtectionEnabled"), ("ResourceNotFoundException",)
)

SWITCHES: Mapping[str, Switch] = {
    "AWS::Cognito::UserPool": Switch(
        "cognito-idp",
        "update_user_pool",
        "UserPoolId",
        _named("DeletionProtection", "ACTIVE", "INACTIVE"),
        ("ResourceNotFoundException",),
    ),
    "AWS::DSQL::Cluster": Switch(
        "dsql", "update_cluster", "identifier", _named("deletionProtectionEnabled"), ("ResourceNotFoundException",)
    ),
    "AWS::DocDB::DBCluster": Switch("docdb", *_CLUSTER),
    "AWS::DynamoDB::GlobalTable": _TABLE,
    "AWS::DynamoDB::Table": _TABLE,
    "AWS::EC2::Instance": Switch(
        "ec2",
        "modify_instance_attribute",
        "InstanceId",
        lambda on: {"DisableApiTermination": {"Value": on}},
        ("InvalidInstanceID.NotFound",),
    ),
    "AWS::EKS::Cluster": Switch(
        "eks", "update_cluster_config", "name", _named("deletionProtection"), ("ResourceNotFoundException",)
    ),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": Switch(
        "elbv2",
        "modify_load_balancer_attributes",
        "LoadBalancerArn",
        _load_balancer,
        ("LoadBalancerNotFound",),
    ),
    "AWS::Logs::LogGroup": Switch(
        "logs",
        "put_log_group_deletion_protection",
        "logGroupIdentifier",
        _named("deletionProtectionEnabled"),
        ("ResourceNotFoundException",),
    ),
    "AWS::Neptune::DBCluster": Switch("neptune", *_CLUSTER),
    "AWS::OpenSearchServerless::Collection": Switch(
        "opensearchserverless",
        "update_collection",
        "id",
        _named("deletionProtection", "ENABLED", "DISABLED"),
        ("ResourceNotFoundException",),
    ),
    "AWS::RDS::DBCluster": Switch("rds", *_CLUSTER),
    "AWS::RDS::DBInstance": Switch(
        "rds",
        "modify_db_instance",
        "DBInstanceIdentifier",
        _named("DeletionProtection"),
        ("DBInstanceNotFound",),
    ),
    "AWS::RDS::GlobalCluster": Switch(
        "rds",
        "modify_global_cluster",
        "GlobalClusterIdentifier",
        _named("DeletionProtection"),
        ("GlobalClusterNotFoundFault",),
    ),
}
