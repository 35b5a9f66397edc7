"""What is attached to roles and policies, and by whom they are used."""

from __future__ import annotations

import json
from typing import Any

from s3ap_ops.reading import Look, Notes, reads
from s3ap_ops.reads.ownership import stack_id
from s3ap_ops.stack import LiveResource

GONE = {"NoSuchEntity": False}


@reads("AWS::IAM::Role")
def role(look: Look, resource: LiveResource, note: Notes) -> None:
    """exists; attached: ARNs of managed policies; inline: the documents, as JSON, of its own policies by name;
    instance_profiles: names of those it is in; stack_id."""
    name = resource.physical_id

    def said() -> Any:
        return look.once(("role", name), lambda: look.client("iam").get_role(RoleName=name)["Role"])

    if not note("exists", lambda: bool(said()), GONE):
        return
    note("stack_id", lambda: stack_id(said().get("Tags")))
    note("attached", lambda: _attached(look, name))
    note("inline", lambda: _inline(look, name))
    note("instance_profiles", lambda: _profiles(look, name))


@reads("AWS::IAM::ManagedPolicy")
def managed_policy(look: Look, resource: LiveResource, note: Notes) -> None:
    """exists; roles, users, groups: names of those it is attached to; boundary_of: names of the roles and users whose
    permissions it bounds; stack_id."""
    arn = resource.physical_id

    def said() -> Any:
        return look.once(("policy", arn), lambda: look.client("iam").get_policy(PolicyArn=arn)["Policy"])

    if not note("exists", lambda: bool(said()), GONE):
        return
    note("stack_id", lambda: stack_id(said().get("Tags")))
    note("roles", lambda: _with(look, arn, "Role"))
    note("users", lambda: _with(look, arn, "User"))
    note("groups", lambda: _with(look, arn, "Group"))
    note("boundary_of", lambda: [*_bounded(look, arn, "Role"), *_bounded(look, arn, "User")])


def _attached(look: Look, name: str) -> list[str]:
    found = look.pages("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name)
    return sorted(one["PolicyArn"] for one in found)


def _profiles(look: Look, name: str) -> list[str]:
    found = look.pages("iam", "list_instance_profiles_for_role", "InstanceProfiles", RoleName=name)
    return sorted(one["InstanceProfileName"] for one in found)


def _inline(look: Look, name: str) -> dict[str, str]:
    iam = look.client("iam")
    found: dict[str, str] = {}
    for policy in sorted(look.pages("iam", "list_role_policies", "PolicyNames", RoleName=name)):
        document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        found[policy] = document if isinstance(document, str) else json.dumps(document)
    return found


def _with(look: Look, arn: str, kind: str) -> list[str]:
    """The names of the roles, users or groups that a policy is attached to."""
    return _users(look, arn, kind, "PermissionsPolicy")


def _bounded(look: Look, arn: str, kind: str) -> list[str]:
    return _users(look, arn, kind, "PermissionsBoundary")


def _users(look: Look, arn: str, kind: str, usage: str) -> list[str]:
    found = look.pages(
        "iam",
        "list_entities_for_policy",
        f"Policy{kind}s",
        PolicyArn=arn,
        EntityFilter=kind,
        PolicyUsageFilter=usage,
    )
    return sorted(one[f"{kind}Name"] for one in found)


READERS = (role, managed_policy)
