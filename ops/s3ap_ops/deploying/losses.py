"""What a change set takes away from a stack that exists: the resources it removes or replaces, those of nested stacks
too, for the rules about teardown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace

from s3ap_ops.deploying.changeset import Change, ChangeSet
from s3ap_ops.stack import LiveResource, LiveStack, LosingResource

KEPT = ("Retain", "ReplaceAndRetain", "Snapshot", "ReplaceAndSnapshot")
"""What CloudFormation calls it when the old resource stays, or a copy of what is in it does."""


def lost(stack: LiveStack, found: ChangeSet) -> LiveStack:
    """The stack with nothing but the resources that a change set removes or replaces, each with the fact `change`.

    `change` is {action, replacement, policy, unread} as CloudFormation says them; one that stays counts as retained.
    What is in a nested stack that is removed or replaced goes with it, by its own policy.
    """
    losing = {one.logical_id: one for one in found.changes if one.loses}
    resources = (_losing(one, losing) for one in stack.resources)
    kept = tuple(one for one in resources if one is not None)
    return replace(stack, resources=kept, exports={}, is_protected=False)


def _losing(resource: LiveResource, losing: Mapping[str, Change]) -> LosingResource | None:
    """A resource with what happens to it; None if nothing takes it away."""
    change = losing.get(resource.logical_id)
    if change is not None:
        return _as(resource, change, "Retain" if change.policy in KEPT else "Delete")
    inside = resource.logical_id
    while "/" in inside:
        inside = inside.rpartition("/")[0]
        change = losing.get(inside)
        if change is not None and not change.unread:
            return _as(resource, change, "Retain" if change.policy in KEPT else resource.deletion_policy)
    return None


def _as(resource: LiveResource, change: Change, policy: str) -> LosingResource:
    known = {one.name: getattr(resource, one.name) for one in fields(resource)}
    fact = {"action": change.action, "replacement": change.replacement, "policy": change.policy}
    fact |= {"unread": change.unread} if change.unread else {}
    return LosingResource(**{**known, "facts": {**resource.facts, "change": fact}, "deletion_policy": policy})
