"""The policy documents that a template writes, wherever they stand, and in which worlds they are deployed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from s3ap_lint.api import Node, Resource, Role, Template, World, choose

# `Statement` is a property of firewall rules, too, and a definition may hold anything.
FOREIGN_TYPES = ("AWS::WAFv2::", "AWS::WAF::", "AWS::VerifiedPermissions::", "AWS::CloudFormation::", "Custom::")
DEFINITIONS = frozenset({"Definition", "DefinitionString", "Metadata"})


@dataclass(frozen=True)
class PolicyDocument:
    """One policy document as it is written: a mapping with `Statement`."""

    owner: Resource
    node: Node

    @property
    def is_trust_policy(self) -> bool:
        """Whether it says who may assume a role, not what the role may do."""
        return "AssumeRolePolicyDocument" in self.node.path

    def exists(self, world: World) -> bool:
        """Whether it is deployed in a world: its resource is, and every `!If` around it takes its arm."""
        if not self.owner.exists(world) or not stands(self.node, world):
            return False
        return self.is_trust_policy or not has_role(self.owner, world)


def policy_documents(template: Template) -> tuple[PolicyDocument, ...]:
    """Every policy document in the resources of a template, in document order."""
    known = template.memo.get(policy_documents)
    if not isinstance(known, tuple):
        known = template.memo[policy_documents] = tuple(_documents(template))
    return known


def _documents(template: Template) -> Iterator[PolicyDocument]:
    for resource in template.resources.values():
        if resource.type.startswith(FOREIGN_TYPES):
            continue
        for node in resource.properties.walk():
            if "Statement" in node and _reads_as_policy(node) and DEFINITIONS.isdisjoint(node.path):
                yield PolicyDocument(resource, node)


def stands(node: Node, world: World) -> bool:
    """Whether every `!If` around a node takes the arm that the node lies in."""
    guards: list[tuple[str, bool]] = []
    child, parent = node, node.parent
    while parent is not None:
        if parent.key == "Fn::If" and parent.is_sequence and len(parent) == 3 and child.key in {"1", "2"}:
            guards.append((parent[0].text, child.key == "1"))
        child, parent = parent, parent.parent
    return all(world.holds(condition) is truth for condition, truth in reversed(guards))


def has_role(resource: Resource, world: World) -> bool:
    """Whether a SAM function or state machine names a role of its own, so that SAM ignores its Policies."""
    return resource.of_sam and choose(resource.property("Role"), world) is not None


def implicit_roles(template: Template) -> Iterator[Role]:
    """The roles that SAM makes, of those functions and state machines that name a policy template."""
    for owner in template.of_type("AWS::Serverless::Function", "AWS::Serverless::StateMachine"):
        names = [key for item in owner.properties["Policies"] for node in item.walk() for key in node.keys()]
        if template.is_sam and any(name.endswith("Policy") for name in names):
            yield Role(owner)


def _reads_as_policy(document: Node) -> bool:
    """Whether a mapping with `Statement` is a policy: some statement has an Effect, or it has a policy's version."""
    if "Fn::Transform" in document:
        return False  # it may bring statements of its own
    if document["Version"].text in {"2012-10-17", "2008-10-17"}:
        return True
    return any("Effect" in statement for statement in _written(document["Statement"]))


def _written(node: Node) -> Iterator[Node]:
    """Everything that may stand in a list, in whichever world."""
    function = node.function
    if function is not None and function[0] == "Fn::If":
        yield from (found for arm in function[1] for found in _written(arm))
    elif node.is_sequence:
        yield from (found for item in node for found in _written(item))
    else:
        yield node
