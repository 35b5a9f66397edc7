"""Lists in which order says nothing, and lists whose items have a name of their own.

Facts: the services' own documentation of each property; `insertionOrder` of the resource schemas alone will not do,
for it is false for the columns of a table in Glue, and left out for the subnets of a function.
"""

from __future__ import annotations

from s3ap_lint.template.node import Node

BAGS = frozenset(
    """
    AlarmActions AllowedHeaders AllowedMethods AllowedOrigins AllowedValues Architectures AttributeDefinitions
    CachedMethods CompatibleArchitectures CompatibleRuntimes DependsOn Dimensions ExposedHeaders Filters
    FunctionResponseTypes GlobalSecondaryIndexes Groups InsufficientDataActions KeySchema LocalSecondaryIndexes
    ManagedPolicyArns NetworkInterfaceIds NonKeyAttributes OKActions Queues Roles RouteTableIds SecurityGroupEgress
    SecurityGroupIds SecurityGroupIngress SecurityGroups SourceSecurityGroupIds SubnetIds Subnets Tags Targets Topics
    Transitions Users VPCSecurityGroups VpcSecurityGroupIds
    """.split()  # noqa: SIM905
)
"""Properties, at any depth, whose items are a set."""

PATTERNS = frozenset({"EventPattern", "FilterPolicy"})
"""Properties below which every list is a set of alternatives."""

NAMED = {
    "AttributeDefinitions": "AttributeName",
    "ContainerDefinitions": "Name",
    "Dimensions": "Name",
    "Environment": "Name",
    "FileSystemConfigs": "LocalMountPath",
    "GlobalSecondaryIndexes": "IndexName",
    "KeySchema": "AttributeName",
    "LocalSecondaryIndexes": "IndexName",
    "MetricDataQueries": "Id",
    "Metrics": "Id",
    "Origins": "Id",
    "ParameterGroups": "Name",
    "Rules": "Id",
    "Secrets": "Name",
    "Targets": "Id",
}
"""Properties whose items are told apart by one of their own, with that one. Where an item lacks it, they are not."""


def is_bag(node: Node) -> bool:
    """Whether the order of a list says nothing."""
    holder = node
    while holder.parent is not None and holder.parent.is_sequence and holder.parent.key == "Fn::If":
        holder = holder.parent.parent or node  # the arm of an !If stands for all of it
    if holder.key in BAGS:
        return True
    if holder.key == "numeric":  # of a pattern: [">", 0, "<=", 5]
        return False
    place = holder.parent
    while place is not None and place.key not in PATTERNS:
        place = place.parent
    return place is not None
