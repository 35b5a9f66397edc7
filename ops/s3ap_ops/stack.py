"""The subjects of live rules: stacks and their resources as they were found in an account, as frozen data.

Nothing here asks AWS. What was read about a resource stands in `facts`, plain JSON under names that its reader
documents;
what could not be read stands in `unread` with the reason. A fact that is in neither was never asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from s3ap_lint.api import Location

Json = Any

DELETING = ("Delete", "Snapshot")
"""Deletion policies under which a resource goes with its stack.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html
"""


VECTOR_STORES = (
    "AWS::NeptuneGraph::Graph",
    "AWS::OpenSearchServerless::Collection",
    "AWS::OpenSearchService::Domain",
    "AWS::RDS::DBCluster",
    "AWS::S3Vectors::Index",
    "AWS::S3Vectors::VectorBucket",
)
"""Where the knowledge bases of Amazon Bedrock keep vectors, as far as CloudFormation makes it."""


ABSENT = "ABSENT"
"""The status of a stack that was asked for by a name that no stack has."""


@dataclass(frozen=True)
class LiveResource:
    """One resource of a stack. `logical_id` of a resource in a nested stack has the nested stack's before a slash.

    `physical_id` is empty while there is none. `properties` are those of the processed template, intrinsic functions
    and all: they tell what was meant, never what something is called. `facts` and `unread` are the reader's.
    """

    live: ClassVar[bool] = True

    stack: str
    stack_id: str
    region: str
    account: str
    logical_id: str
    type: str
    physical_id: str = ""
    status: str = "CREATE_COMPLETE"
    reason: str = ""
    deletion_policy: str = "Delete"
    properties: Mapping[str, Json] = field(default_factory=dict)
    facts: Mapping[str, Json] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        """The stack's name among subjects, such as "stack:uc1@ap-northeast-1"."""
        return subject(self.stack, self.region)

    @property
    def at(self) -> Location:
        """The place of findings about it."""
        return Location(self.subject, path=("Resources", self.logical_id))

    @property
    def is_gone(self) -> bool:
        """Whether CloudFormation has deleted it, or never made it."""
        return self.status == "DELETE_COMPLETE" or not self.physical_id

    @property
    def is_retained(self) -> bool:
        """Whether it stays when its stack is deleted, or may: a policy that is not known counts as one that retains.

        What a deletion has passed over already is there, and stays, whether or not that deletion came to its end.
        """
        return self.deletion_policy not in DELETING or self.status == "DELETE_SKIPPED"

    @property
    def goes(self) -> bool:
        """Whether deleting its stack deletes it."""
        return not self.is_gone and not self.is_retained

    def fact(self, name: str, default: Json = None) -> Json:
        """What is known under a name; the default when nothing is."""
        return self.facts.get(name, default)


@dataclass(frozen=True)
class LosingResource(LiveResource):
    """A resource that a change set removes or replaces; the fact `change` is {action, replacement, policy} as it says
    them."""

    command: ClassVar[str] = "deploy"


@dataclass(frozen=True)
class LiveStack:
    """One stack with its resources, those of its nested stacks among them.

    Times are ISO 8601 in UTC. `exports` maps each export to the names of the stacks that import it. `template` is the
    processed template as data; `metadata` maps logical ids to the Metadata of their resources in the deployed template.
    """

    live: ClassVar[bool] = True

    name: str
    id: str
    region: str
    account: str
    status: str = "CREATE_COMPLETE"
    reason: str = ""
    created: str = ""
    updated: str = ""
    description: str = ""
    is_protected: bool = False
    role_arn: str = ""
    parent_id: str = ""
    root_id: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    exports: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    template: Mapping[str, Json] = field(default_factory=dict)
    resources: tuple[LiveResource, ...] = ()
    facts: Mapping[str, Json] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        """Its name among subjects, such as "stack:uc1@ap-northeast-1"."""
        return subject(self.name, self.region)

    @property
    def at(self) -> Location:
        """The place of findings about the stack as a whole."""
        return Location(self.subject)

    @property
    def is_gone(self) -> bool:
        """Whether it is deleted."""
        return self.status in ("DELETE_COMPLETE", ABSENT)

    @cached_property
    def by_physical_id(self) -> Mapping[str, LiveResource]:
        """Its resources by what they are called in AWS."""
        return {resource.physical_id: resource for resource in self.resources if resource.physical_id}

    def of_type(self, *types: str) -> Iterator[LiveResource]:
        """Its resources of some types that are still there."""
        return (one for one in self.resources if one.type in types and not one.is_gone)

    def knows(self, target: str) -> bool:
        """Whether something is one of its resources, the stack itself, or named by what was read about these."""
        if target == self.id or target in self.by_physical_id:
            return True
        return _mentions(self.facts, target) or any(_mentions(resource.facts, target) for resource in self.resources)

    def fact(self, name: str, default: Json = None) -> Json:
        """What is known of the stack under a name; the default when nothing is."""
        return self.facts.get(name, default)


@dataclass(frozen=True)
class LiveStacks:
    """All stacks that a command is about, to be torn down together: what they are to each other and to others."""

    live: ClassVar[bool] = True

    stacks: tuple[LiveStack, ...]

    @cached_property
    def by_name(self) -> Mapping[str, LiveStack]:
        """The stacks by name."""
        return {stack.name: stack for stack in self.stacks}

    @cached_property
    def ids(self) -> frozenset[str]:
        """The ids of the stacks."""
        return frozenset(stack.id for stack in self.stacks)

    @cached_property
    def going(self) -> frozenset[str]:
        """What everything is called in AWS that goes with these stacks."""
        return frozenset(one.physical_id for stack in self.stacks for one in stack.resources if one.goes)

    def store_of(self, arn: str) -> LiveResource | None:
        """The resource of these stacks that goes, and in which what has this ARN is: what keeps the vectors of a
        knowledge base. None if it stays, or is not theirs."""
        parts = {arn, arn.rpartition("/")[2], arn.rpartition(":")[2]} if arn else set()
        for stack in self.stacks:
            for one in stack.of_type(*VECTOR_STORES):
                if one.goes and (one.physical_id in parts or arn.startswith(f"{one.physical_id}/")):
                    return one
        return None

    def names_going(self, *types: str) -> frozenset[str]:
        """The same for some types only: a role and a table may have the same name."""
        return frozenset(one.physical_id for stack in self.stacks for one in stack.of_type(*types) if one.goes)


def subject(name: str, region: str) -> str:
    """What a stack is called among subjects."""
    return f"stack:{name}@{region}"


def _mentions(value: object, text: str) -> bool:
    if isinstance(value, str):
        return value == text
    if isinstance(value, dict):
        return any(_mentions(one, text) for pair in value.items() for one in pair)
    return isinstance(value, list | tuple) and any(_mentions(one, text) for one in value)
