"""The subject of deploy gates: a template that is about to be deployed, with what is given to it and what is there
already."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar

from s3ap_lint.api import Location
from s3ap_ops.naming import NAMINGS
from s3ap_ops.resolving import Resolver, property_of
from s3ap_ops.stack import Json, LiveResource, LiveStack, subject


@dataclass(frozen=True)
class Rollout:
    """One deployment, before anything is sent.

    `template` is the template's data, `path` where it lies, relative to the project. `values` are the parameters with
    the values that they will have, as far as they are known; `given` the names of those that were given. `existing` is
    the stack as it is; None if there is none. `facts` holds what was found in the account:

    - `exports`: {name: value} of the exports of the region, asked only if the template imports one
    - `taken`: {logical id: {name, id, where, state, stack, stack_id}} of the resources whose name something else has;
      `id` is that thing's physical id, `where` is "", "another account" or "another region", `state` "" or such as
      "DELETING"; `stack` and `stack_id` are empty if no stack has it
    - `endpoints`: [{id, service, vpc_id, kind, private_dns, stack, stack_id, route_table_ids}] of the VPCs that
      endpoints are to be made in
    - `objects`: {"bucket/key": bool} whether an object that code is deployed from is there; a key with a version has
      "?versionId=…" behind it
    - `access_points`: {name: {alias, arn, bucket} or null if there is none} of the names that are given, and
      `aliases`: {alias: name} of all access points, asked only if one of those names has another alias, or is none's
    - `drift`: {logical id: {id, type, state, differences}} of what somebody has changed by hand since, asked only on
      request; `state` is "MODIFIED" or "DELETED", a difference is {path, kind, expected, actual}, and its kind
      "ADD", "REMOVE" or "NOT_EQUAL"; resources of nested stacks have the nested stack's id before a slash
    - `uncompared`: {logical id: type} of the resources that CloudFormation does not compare
    - `validations`: [{id, type, name, mode, why, path}] of what CloudFormation's own validation found in the change
      set; `mode` is "FAIL" or "WARN"

    `unread` says why something was not read, under "taken/ID", "endpoints/VPC", "objects/bucket/key",
    "access_points/NAME", "aliases", "exports", "owner/ID", "drift" and "drift/ID" (a stack in it, or a resource),
    "validations".
    """

    live: ClassVar[bool] = True
    command: ClassVar[str] = "deploy"
    shown_as: ClassVar[str] = "a deployment, before anything is sent. What is known of one then"

    stack: str
    region: str
    account: str
    path: str
    template: Mapping[str, Json]
    values: Mapping[str, str] = field(default_factory=dict)
    given: frozenset[str] = frozenset()
    existing: LiveStack | None = None
    facts: Mapping[str, Json] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        """The stack's name among subjects."""
        return subject(self.stack, self.region)

    @property
    def at(self) -> Location:
        """The place of findings about the deployment as a whole."""
        return Location(self.subject)

    def place(self, logical_id: str) -> Location:
        """The place of findings about one of its resources."""
        return Location(self.subject, path=("Resources", logical_id))

    def fact(self, name: str, default: Json = None) -> Json:
        """What is known under a name; the default when nothing is."""
        return self.facts.get(name, default)

    def unread_of(self, kind: str) -> tuple[str, ...]:
        """The keys of what of a kind was not read."""
        return tuple(key for key in self.unread if key.partition("/")[0] == kind)

    @cached_property
    def resolver(self) -> Resolver:
        """What the values in the template stand for in this deployment."""
        return Resolver(self.template, self.values, self._pseudo, self.fact("exports", {}))

    @property
    def _pseudo(self) -> dict[str, str]:
        china = self.region.startswith("cn-")
        partition = "aws-cn" if china else "aws-us-gov" if self.region.startswith("us-gov-") else "aws"
        known = {
            "AWS::AccountId": self.account,
            "AWS::Partition": partition,
            "AWS::Region": self.region,
            "AWS::StackName": self.stack,
            "AWS::URLSuffix": "amazonaws.com.cn" if china else "amazonaws.com",
        }
        return known if self.existing is None else {**known, "AWS::StackId": self.existing.id}

    def resources(self, *types: str) -> Mapping[str, Mapping[str, Json]]:
        """The resources of some types that are certainly part of the deployment, by logical id."""
        found = self.template.get("Resources")
        found = found if isinstance(found, Mapping) else {}
        return {
            name: one
            for name, one in found.items()
            if isinstance(one, Mapping) and one.get("Type") in types and self.resolver.is_made(name)
        }

    @cached_property
    def names(self) -> Mapping[str, str]:
        """What the resources with names of their own will be called, by logical id, as far as that can be told."""
        named = self.resources(*NAMINGS).items()
        found = {id_: self.resolver.text(property_of(one, NAMINGS[one["Type"]].property)) for id_, one in named}
        return {id_: name for id_, name in found.items() if name}

    def type_of(self, logical_id: str) -> str:
        """The type of one of its resources; empty if there is none."""
        return str(self.template.get("Resources", {}).get(logical_id, {}).get("Type", ""))

    def stays(self, logical_id: str) -> bool:
        """Whether a resource of the stack, or of a nested one, may still be part of it after the deployment."""
        top = logical_id.partition("/")[0]
        found = self.template.get("Resources")
        return isinstance(found, Mapping) and top in found and self.resolver.is_made(top) is not False

    def present(self, logical_id: str) -> LiveResource | None:
        """The resource of that logical id that the stack has already."""
        found = self.existing.resources if self.existing is not None else ()
        return next((one for one in found if one.logical_id == logical_id and not one.is_gone), None)

    def has(self, logical_id: str) -> bool:
        """Whether the stack has that resource already, under the name that it is to have; ids of some are ARNs."""
        there, name = self.present(logical_id), self.names.get(logical_id, "")
        if there is None or not name:
            return False
        id_ = there.physical_id
        is_suffixed = bool(re.search(rf":{re.escape(name)}-\w{{6}}$", id_))
        return id_ == name or id_.endswith((f":{name}", f"/{name}")) or is_suffixed

    def switch(self, logical_id: str) -> tuple[str, str] | None:
        """A parameter with a value that leaves a resource out; None if there is none."""
        condition = self.template.get("Resources", {}).get(logical_id, {}).get("Condition")
        return next((one for one in self._choices(condition) if self._with(one).holds(condition) is False), None)

    def left_out(self, switch: tuple[str, str], *types: str) -> tuple[str, ...]:
        """The resources of some types that another value of a parameter leaves out."""
        other = self._with(switch)
        return tuple(id_ for id_ in self.resources(*types) if other.is_made(id_) is False)

    def _with(self, choice: tuple[str, str]) -> Resolver:
        return replace(self.resolver, values={**self.values, choice[0]: choice[1]})

    def _choices(self, condition: Json) -> Iterator[tuple[str, str]]:
        """Parameters that a condition depends on, with the values that they may have instead."""
        for name, compared in self.resolver.mentioned(condition):
            declared = self.template.get("Parameters", {}).get(name, {})
            allowed = declared.get("AllowedValues")
            values = [Resolver.scalar(one) for one in allowed] if isinstance(allowed, list) else [compared]
            if not isinstance(allowed, list) and not compared and not _may_be_empty(declared):
                continue
            yield from ((name, value) for value in values if value != self.values.get(name))


def _may_be_empty(declared: Mapping[str, Json]) -> bool:
    """Whether a parameter takes an empty value, by its declaration."""
    if str(declared.get("MinLength", 0)) != "0" or "AllowedPattern" in declared:
        return False
    return str(declared.get("Type", "String")) in ("String", "CommaDelimitedList")
