"""The subject of deploy gates: a template that is about to be deployed, with what is given to it and what is there
already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from s3ap_lint.api import Location
from s3ap_ops.stack import Json, LiveStack, subject


@dataclass(frozen=True)
class Rollout:
    """One deployment, before anything is sent.

    `template` is the template's data, `path` where it lies, relative to the project. `values` are the parameters with
    the values that they will have, as far as they are known; `given` the names of those that were given. `existing` is
    the stack as it is; None if there is none. `names` maps logical ids to what a resource would be called, where that
    can be told, and `facts` holds what was found in the account:

    - `endpoints`: [{id, service, vpc_id, kind, private_dns, stack, route_table_ids}] of the VPCs that endpoints are to
    be made in - `taken`: {logical id: what there is of that name already, as a text} - `objects`: {"bucket/key": bool}
    whether an object that code is deployed from is there - `access_points`: {name: {alias, bucket, arn}} of the names
    and aliases that are given
    """

    live: ClassVar[bool] = True
    command: ClassVar[str] = "deploy"

    stack: str
    region: str
    account: str
    path: str
    template: Mapping[str, Json]
    values: Mapping[str, str] = field(default_factory=dict)
    given: frozenset[str] = frozenset()
    existing: LiveStack | None = None
    names: Mapping[str, str] = field(default_factory=dict)
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

    def resources(self, *types: str) -> Mapping[str, Mapping[str, Json]]:
        """Its resources of some types, by logical id."""
        found = self.template.get("Resources", {})
        return {name: one for name, one in found.items() if isinstance(one, Mapping) and one.get("Type") in types}

    def fact(self, name: str, default: Json = None) -> Json:
        """What is known under a name; the default when nothing is."""
        return self.facts.get(name, default)
