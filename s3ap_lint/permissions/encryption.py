"""The keys of a template that encrypt its queues, topics and buckets, where their policies leave it to IAM who may.

A key's policy that lets in the account leaves it to the policies of its roles (AWS KMS Developer Guide, "Default key
policy").
"""

from __future__ import annotations

from s3ap_lint.physical import meaning
from s3ap_lint.template.node import Node
from s3ap_lint.template.template import Resource, Template
from s3ap_lint.template.values import choose, listed, text, texts
from s3ap_lint.template.worlds import World

TYPES = ("AWS::S3::Bucket", "AWS::SNS::Topic", "AWS::SQS::Queue")


def encrypts(template: Template) -> bool:
    """Whether a template encrypts something with a key of its own."""
    keys = any(True for _ in template.of_type("AWS::KMS::Key"))
    return keys and any(_encryption(resource) for resource in template.of_type(*TYPES))


def key_of(resource: Resource, world: World) -> Resource | None:
    """The key of the template that encrypts a resource in a world, and that only IAM policies let roles use."""
    key = _key_of(resource, world) if resource.type in TYPES and resource.exists(world) else None
    return key if key is not None and key.exists(world) and _needs_iam(key, world) else None


def _encryption(resource: Resource) -> Node:
    """Where it says which key encrypts a resource."""
    return resource.properties["BucketEncryption" if resource.type == "AWS::S3::Bucket" else "KmsMasterKeyId"]


def _key_of(resource: Resource, world: World) -> Resource | None:
    """The key of the template that encrypts a resource in a world."""
    node = choose(_encryption(resource), world)
    if node is None:
        return None
    if resource.type == "AWS::S3::Bucket":
        (rule, *others) = listed(node["ServerSideEncryptionConfiguration"], world) or [node["…"]]
        by_default = choose(rule["ServerSideEncryptionByDefault"], world)
        if others or by_default is None or by_default["SSEAlgorithm"].text != "aws:kms":
            return None
        node = by_default["KMSMasterKeyID"]
    return _key(node, resource.template, world)


def _key(node: Node, template: Template, world: World) -> Resource | None:
    leaf = text(node, world)
    named = [meaning(hole, template) for hole in leaf.holes] if leaf is not None else []
    found = [one.resource for one in named if one is not None]
    if len(found) != 1:
        return None
    if found[0].type == "AWS::KMS::Alias":
        return _key(found[0].properties["TargetKeyId"], template, world)
    return found[0] if found[0].type == "AWS::KMS::Key" else None


def _needs_iam(key: Resource, world: World) -> bool:
    """Whether the policy of a key lets nobody in but services and, by way of their IAM policies, the account."""
    policy = choose(key.properties["KeyPolicy"], world)
    if policy is None or policy.function is not None:
        return False
    statements = listed(policy["Statement"], world)
    return bool(statements) and all(_lets_account_in(one, world) for one in statements)


def _lets_account_in(statement: Node, world: World) -> bool:
    if statement.function is not None or statement["Effect"].text == "Deny":
        return statement.function is None
    principal = choose(statement["Principal"], world)
    if principal is None or principal.function is not None or not principal.is_mapping:
        return False
    if any(name not in ("AWS", "Service") for name in principal.keys()):
        return False
    return all(leaf.text.endswith(":root") for leaf in texts(principal["AWS"], world))
