"""What a stack costs while nobody uses it, in classes: the types of its resources tell, the account's prices are not
asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import IntEnum

from s3ap_ops.wording import listed


class Cost(IntEnum):
    """The gravest class of a stack's resources."""

    USE = 0
    STORAGE = 1
    HOURS = 2

    @property
    def said(self) -> str:
        """In words."""
        return ("when it is used", "for what it stores", "by the hour")[self]


HOURS = {
    "AWS::EC2::Instance": "instance",
    "AWS::EC2::NatGateway": "NAT gateway",
    "AWS::EC2::TransitGatewayAttachment": "transit gateway attachment",
    "AWS::EC2::VPCEndpoint": "VPC endpoint",
    "AWS::ECS::Service": "container service",
    "AWS::EKS::Cluster": "cluster",
    "AWS::ElastiCache::ReplicationGroup": "cache",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "load balancer",
    "AWS::FSx::FileSystem": "file system",
    "AWS::Kinesis::Stream": "stream",
    "AWS::MSK::Cluster": "cluster",
    "AWS::Neptune::DBInstance": "database",
    "AWS::OpenSearchServerless::Collection": "search collection",
    "AWS::OpenSearchService::Domain": "search domain",
    "AWS::RDS::DBCluster": "database",
    "AWS::RDS::DBInstance": "database",
    "AWS::Redshift::Cluster": "warehouse",
    "AWS::SageMaker::Endpoint": "model endpoint",
    "AWS::SageMaker::NotebookInstance": "notebook",
}
"""Types that are paid for by the hour whether or not anybody uses them, as people call them. A gateway endpoint for S3
or DynamoDB costs nothing; what kind an endpoint is does not stand in its type. Source: the pricing pages of these
services."""

STORAGE = frozenset(
    {
        "AWS::Backup::BackupVault",
        "AWS::DynamoDB::GlobalTable",
        "AWS::DynamoDB::Table",
        "AWS::ECR::Repository",
        "AWS::EFS::FileSystem",
        "AWS::FSx::Volume",
        "AWS::KMS::Key",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::SecretsManager::Secret",
    }
)
"""Types that are paid for by what is in them, or by being there."""


def cost(types: Iterable[str]) -> tuple[Cost, str]:
    """The class of a stack with resources of some types, and what makes it the gravest ("2 VPC endpoints and 1
    database")."""
    there = Counter(types)
    hourly = Counter({HOURS[type_]: number for type_, number in there.items() if type_ in HOURS})
    if hourly:
        return Cost.HOURS, listed(
            [f"{number} {name}{'s' if number > 1 else ''}" for name, number in sorted(hourly.items())]
        )
    return (Cost.STORAGE if STORAGE & there.keys() else Cost.USE), ""
