"""Who is let in by the policies of the template's own queues, topics, buckets, keys and the like.

Within one account a resource's policy that names a role is enough; the role's own policies need not grant it (IAM user
guide, "Policy evaluation logic").
"""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.access import admits
from s3ap_lint.iam import Role
from s3ap_lint.policies import Statement, statements
from s3ap_lint.template.node import Node
from s3ap_lint.template.template import Template
from s3ap_lint.template.worlds import World

DOCUMENTS = {
    "AWS::DynamoDB::Table": ("ResourcePolicy", "PolicyDocument"),
    "AWS::ECR::Repository": ("RepositoryPolicyText",),
    "AWS::EFS::FileSystem": ("FileSystemPolicy",),
    "AWS::Events::EventBusPolicy": ("Statement",),
    "AWS::FSx::S3AccessPointAttachment": ("S3AccessPoint", "Policy"),
    "AWS::KMS::Key": ("KeyPolicy",),
    "AWS::Kinesis::ResourcePolicy": ("ResourcePolicy",),
    "AWS::OpenSearchService::Domain": ("AccessPolicies",),
    "AWS::S3::AccessPoint": ("Policy",),
    "AWS::S3::AccessPointPolicy": ("Policy",),
    "AWS::S3::BucketPolicy": ("PolicyDocument",),
    "AWS::SNS::TopicInlinePolicy": ("PolicyDocument",),
    "AWS::SNS::TopicPolicy": ("PolicyDocument",),
    "AWS::SQS::QueueInlinePolicy": ("PolicyDocument",),
    "AWS::SQS::QueuePolicy": ("PolicyDocument",),
    "AWS::SecretsManager::ResourcePolicy": ("ResourcePolicy",),
}
"""Where each type writes the policy that says who may use it."""


def admitted(role: Role, action: str, world: World) -> bool:
    """Whether the policy of some resource of the template lets a role do something; in doubt, yes."""
    if any(s.covers(action) and admits(s.node["Principal"], role, world) for s in _allowing(role.template, world)):
        return True
    permissions = role.template.of_type("AWS::Lambda::Permission") if action == "lambda:InvokeFunction" else ()
    return any(one.exists(world) and _names(one.properties["Principal"], role) for one in permissions)


def _names(principal: Node, role: Role) -> bool:
    return role.id in {node.text.partition(".")[0] for node in principal.walk()}


def _allowing(template: Template, world: World) -> Iterator[Statement]:
    """The statements of the resources' policies that allow something."""
    for node in documents(template, world):
        yield from (statement for statement in statements(node, world) if statement.allows and statement.complete)


def documents(template: Template, world: World) -> Iterator[Node]:
    """The policies of the resources that exist in a world."""
    for resource in template.of_type(*DOCUMENTS):
        if resource.exists(world):
            node = resource.properties
            for name in DOCUMENTS[resource.type]:
                node = node[name]
            if node:
                yield node
