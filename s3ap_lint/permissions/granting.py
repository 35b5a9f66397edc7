"""Statements for what a role lacks, and where in its policies they go."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from s3ap_lint import bedrock
from s3ap_lint.budget import GaveUp
from s3ap_lint.iam import Role
from s3ap_lint.model import Edit
from s3ap_lint.permissions.least_privilege import Grant, LeastStatement, statements
from s3ap_lint.permissions.needs import Needed
from s3ap_lint.permissions.policy_resource import PolicyResource
from s3ap_lint.permissions.standing import Permissions
from s3ap_lint.permissions.table import Cell, Table
from s3ap_lint.policies import Statement
from s3ap_lint.template import edits
from s3ap_lint.template.node import Node
from s3ap_lint.template.notation import Value, value_of

VERSION = "2012-10-17"
"""Of the policy language (IAM User Guide, "IAM JSON policy elements: Version")."""


def lacking_statements(permissions: Permissions, actions: Collection[str]) -> list[LeastStatement]:
    """The statements that grant actions where they lack; none unless it is known for each on what."""
    return _statements((cell for cell in _cells(permissions) if cell.standing.lacks), actions)


def needed_statements(users: Iterable[Permissions], actions: Collection[str]) -> list[LeastStatement]:
    """The statements that grant what some functions need of some actions; none unless it is known for each on what."""
    return _statements((cell for one in users for cell in _cells(one)), actions)


def _cells(permissions: Permissions) -> list[Cell]:
    try:
        outcomes = Table(permissions, lambda at: 0).outcomes
    except GaveUp:
        return []
    return [cell for outcome in outcomes for cell in outcome.answer]


def _statements(cells: Iterable[Cell], actions: Collection[str]) -> list[LeastStatement]:
    found = [cell for cell in cells if cell.one.action in actions]
    told = {cell.one.action for cell in found if cell.resources} >= set(actions)
    if not told or not all(_is_told(cell.one, resource) for cell in found for resource in cell.resources):
        return []
    return statements(Grant(cell.one.action, one) for cell in found for one in cell.resources)


def _is_told(one: Needed, resource: PolicyResource) -> bool:
    """Whether a statement about a resource would let a call be made, and does not grant more for want of knowledge."""
    if one.action in bedrock.ACTIONS:
        model = bedrock.model(resource.text)
        return model is not None and (bool(model.prefix) or model.regions is None or "*" in resource.text)
    if resource.text == "*":
        return not one.takes_a_resource or one.names_nothing
    return resource.text.startswith(("arn:", "${")) and (not resource.note or one.names_nothing)


def with_actions(nearest: Statement, wanted: LeastStatement, role: Role) -> Edit | None:
    """The edit that adds actions to a statement about the same resources; None where it is about others."""
    listed = nearest.node["Action"]
    same = sorted(nearest.resources.texts) == sorted(one.text for one in wanted.resources)
    if not same or wanted.guards or nearest.conditional or nearest.bundled or len(nearest.not_actions):
        return None
    if listed.is_text:
        return edits.replace(listed, role.template.source, [listed.text, *wanted.actions])
    return edits.append(listed, role.template.source, *wanted.actions)


def with_statements(role: Role, wanted: Sequence[Value], beside: Node | None = None) -> Edit | None:
    """The edit that adds statements to a role: beside one, in its first policy, or in a policy of their own."""
    source, properties = role.template.source, role.owner.properties
    for listed in _documents(role, beside):
        edit = edits.append(listed, source, *wanted)
        if edit is not None:
            return edit
    policies = properties["Policies"]
    new = _policy(role, wanted)
    if not policies:
        return edits.set(properties, source, "Policies", [new]) if properties.is_mapping else None
    if policies.is_sequence:
        return edits.append(policies, source, new)
    if not role.is_implicit or (policies.is_mapping and "Statement" not in policies) or policies.function:
        return None
    return edits.replace(policies, source, [value_of(policies), new])


def _documents(role: Role, beside: Node | None) -> list[Node]:
    """The lists of statements that more may be added to, in the order in which they are tried."""
    own = beside.parent if beside is not None else None
    found = [own] if own is not None and own.key == "Statement" and own.is_sequence else []
    for policy in role.owner.properties["Policies"]:
        document = policy if role.is_implicit else policy["PolicyDocument"]
        if document["Statement"].is_sequence:
            found.append(document["Statement"])
            break
    return found


def _policy(role: Role, wanted: Sequence[Value]) -> Value:
    document: dict[str, Value] = {"Version": VERSION, "Statement": list(wanted)}
    return document if role.is_implicit else {"PolicyName": f"{role.id}Calls", "PolicyDocument": document}
