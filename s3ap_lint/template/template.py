"""One template: its parameters, conditions, resources and outputs, with SAM's Globals merged in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from s3ap_lint.model import Location
from s3ap_lint.source import Source
from s3ap_lint.template import scenarios, values
from s3ap_lint.template.conditions import Outcome, Space
from s3ap_lint.template.loops import LOOP, expanded
from s3ap_lint.template.node import Node
from s3ap_lint.template.scenarios import Verdict
from s3ap_lint.template.values import Values
from s3ap_lint.template.worlds import World

T = TypeVar("T")

SAM_TRANSFORM = "AWS::Serverless-2016-10-31"
KNOWN_TRANSFORMS = frozenset({SAM_TRANSFORM, "AWS::LanguageExtensions"})

# The section of Globals that each SAM type takes its defaults from
# (SAM specification, "Globals section of the AWS SAM template").
GLOBALS = {
    "AWS::Serverless::Function": "Function",
    "AWS::Serverless::Api": "Api",
    "AWS::Serverless::HttpApi": "HttpApi",
    "AWS::Serverless::SimpleTable": "SimpleTable",
    "AWS::Serverless::StateMachine": "StateMachine",
    "AWS::Serverless::LayerVersion": "LayerVersion",
}

# What `!Ref` may name besides a SAM resource itself: the resources it generates, by suffix
# (SAM specification, "Generated AWS CloudFormation resources").
GENERATED = {
    "AWS::Serverless::Function": ("Role", "Version", "Alias", "Url", "UrlPublicPermissions", "DeploymentGroup"),
    "AWS::Serverless::StateMachine": ("Role", "Version", "Alias"),
    "AWS::Serverless::Api": ("Stage", "Deployment", "UsagePlan", "ApiKey"),
    "AWS::Serverless::HttpApi": ("Stage", "ApiGatewayDefaultStage"),
    "AWS::Serverless::GraphQLApi": ("Schema", "ApiKey", "CloudWatchRole"),
}


@dataclass(frozen=True, eq=False)
class Resource:
    """One resource. `properties` is what the template writes; `property` also looks into Globals."""

    id: str
    node: Node
    template: Template

    @cached_property
    def type(self) -> str:
        return self.node["Type"].text

    @cached_property
    def properties(self) -> Node:
        return self.node["Properties"]

    @cached_property
    def condition(self) -> str:
        """The name of the condition it exists under, or ""."""
        return self.node["Condition"].text

    @property
    def of_sam(self) -> bool:
        """Whether its type is one of SAM's; the Transform that this takes may be missing."""
        return self.type.startswith("AWS::Serverless::")

    @property
    def at(self) -> Location:
        """The place of the logical id."""
        return self.node.key_at

    def property(self, name: str) -> Node:
        """A property, from the resource or else from SAM's Globals."""
        own = self.properties[name]
        return own if own else self.inherited(name)

    def inherited(self, name: str) -> Node:
        """A property as Globals gives it to resources of this type."""
        return self.inherited_all[name]

    @cached_property
    def inherited_all(self) -> Node:
        """All properties that Globals gives to resources of this type."""
        section = GLOBALS.get(self.type, "") if self.template.is_sam else ""
        return self.template.top["Globals"][section]

    def exists(self, world: World) -> bool:
        """Whether the resource is created in a world."""
        return not self.condition or world.holds(self.condition)


class Template:
    """A parsed template, loops written out. Everything derived is computed once, when first asked for.

    `open_loops` are those that are not, each with the reason.
    """

    def __init__(self, source: Source, top: Node) -> None:
        self.source = source
        self.top, self.open_loops = expanded(top) if LOOP.encode() in source.data else (top, ())
        self.path = source.path
        self.memo: dict[object, object] = {}  # for facts that are asked again and again

    def __repr__(self) -> str:
        return f"<template {self.path}>"

    @cached_property
    def space(self) -> Space:
        """The ways in which this template can be deployed."""
        return Space(self.top)

    @cached_property
    def resources(self) -> dict[str, Resource]:
        """The resources by logical id, in order; loops (`Fn::ForEach::…`) and non-mappings are left out."""
        return {
            name: Resource(name, node, self)
            for name, node in self.top["Resources"].items()
            if node.is_mapping and not name.startswith("Fn::")
        }

    def of_type(self, *types: str) -> Iterator[Resource]:
        """The resources of any of the types, in order."""
        found = [pair for name in types for pair in self._by_type.get(name, ())]
        return (resource for _, resource in sorted(found, key=lambda pair: pair[0]))

    @cached_property
    def _by_type(self) -> dict[str, list[tuple[int, Resource]]]:
        out: dict[str, list[tuple[int, Resource]]] = {}
        for index, resource in enumerate(self.resources.values()):
            out.setdefault(resource.type, []).append((index, resource))
        return out

    @cached_property
    def transforms(self) -> tuple[str, ...]:
        """The names in the Transform section."""
        node = self.top["Transform"]
        names = [node] if not node.is_sequence else list(node)
        return tuple(name.text or name["Name"].text for name in names if name)

    @cached_property
    def is_sam(self) -> bool:
        return SAM_TRANSFORM in self.transforms

    @cached_property
    def unknown_macros(self) -> tuple[str, ...]:
        """Macros that may rewrite the whole template, so that what it says is not what is deployed."""
        return tuple(name for name in self.transforms if name not in KNOWN_TRANSFORMS)

    @cached_property
    def generated(self) -> dict[str, Resource]:
        """Logical ids that SAM generates, each with the resource whose Condition it inherits."""
        out: dict[str, Resource] = {}
        for resource in self.resources.values() if self.is_sam else ():
            for suffix in GENERATED.get(resource.type, ()):
                out.setdefault(resource.id + suffix, resource)
            for event in resource.properties["Events"].keys():
                for suffix in ("", "Role", "Permission", "Topic", "Queue", "QueuePolicy", "DeadLetterQueue"):
                    out.setdefault(resource.id + event + suffix, resource)
        return out

    def resource(self, name: str) -> Resource | None:
        """The resource with a logical id, or the one that SAM generates it from."""
        return self.resources.get(name) or self.generated.get(name)

    def outcomes(self, question: Callable[[World], T]) -> list[Outcome[T]]:
        """The answers to a question in every scenario that it tells apart; raises TooManyWorlds."""
        return self.space.outcomes(question)

    def verdict(self, outcomes: list[Outcome[T]], fault: Callable[[T], bool]) -> Verdict | None:
        """In which scenarios a fault holds, with a witness; None when in none."""
        return scenarios.verdict(self.space, outcomes, fault)

    def texts(self, node: Node, world: World) -> Values:
        """Every text that a value becomes in a world."""
        return values.texts(node, world)

    def condition_at(self, name: str) -> Location | None:
        """Where a condition is defined."""
        node = self.space.conditions.get(name)
        return node.key_at if node is not None else None
