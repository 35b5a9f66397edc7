"""What a change set takes away from a stack that exists: the resources it removes or replaces, for the rules about
teardown."""

from __future__ import annotations

from dataclasses import fields, replace

from s3ap_ops.deploying.changeset import ChangeSet
from s3ap_ops.stack import LiveResource, LiveStack, LosingResource

KEPT = ("Retain", "ReplaceAndRetain", "Snapshot", "ReplaceAndSnapshot")
"""What CloudFormation calls it when the old resource stays, or a copy of what is in it does."""


def lost(stack: LiveStack, found: ChangeSet) -> LiveStack:
    """The stack with nothing but the resources that a change set removes or replaces, each with the fact `change`.

    `change` is {action, replacement, policy} as CloudFormation says them; one that stays counts as retained.
    """
    losing = {one.logical_id: one for one in found.changes if one.loses}
    resources = []
    for resource in stack.resources:
        change = losing.get(resource.logical_id)
        if change is None:
            continue
        fact = {"action": change.action, "replacement": change.replacement, "policy": change.policy}
        policy = "Retain" if change.policy in KEPT else "Delete"
        resources.append(_losing(resource, fact, policy))
    return replace(stack, resources=tuple(resources), exports={}, is_protected=False)


def _losing(resource: LiveResource, change: dict[str, str], policy: str) -> LosingResource:
    known = {one.name: getattr(resource, one.name) for one in fields(resource)}
    return LosingResource(**{**known, "facts": {**resource.facts, "change": change}, "deletion_policy": policy})
