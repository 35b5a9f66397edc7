"""What takes the place of a policy that grants a whole service: the statements that are needed, or nothing."""

from __future__ import annotations

from s3ap_lint.api import (
    Edit,
    Fix,
    Leaf,
    Role,
    RoleUse,
    Value,
    edits,
    needed_statements,
    offer,
    rewrites,
    statement_value,
    with_statements,
)

LISTS = ("Policies", "ManagedPolicyArns")


def narrowed(use: RoleUse, leaf: Leaf, needed: list[str]) -> Fix | None:
    """A fix that grants what is needed of a policy in its place, if it is known on what; nothing if nothing is."""
    node, source = leaf.node, use.role.template.source
    listed = node.parent is not None and node.parent.key in LISTS and node.parent.is_sequence
    if not listed and node.key not in LISTS:
        return None  # in one scenario, perhaps
    if not needed:
        return offer("Take the policy out", rewrites.take_out(node, source))
    wanted = [statement_value(one) for one in needed_statements(use.permissions, needed)]
    if not wanted:
        return None
    return offer(f"Grant {', '.join(needed)} in its place", *_in_its_place(use.role, leaf, wanted, listed))


def _in_its_place(role: Role, leaf: Leaf, wanted: list[Value], listed: bool) -> list[Edit | None]:
    source = role.template.source
    if not role.is_implicit:
        return [rewrites.take_out(leaf.node, source), with_statements(role, wanted)]
    policy: Value = {"Version": "2012-10-17", "Statement": wanted}
    return [edits.replace(leaf.node, source, policy if listed else [policy])]
