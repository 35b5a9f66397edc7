"""What the resources of a template need: the order that follows from it, and the policies that outlive them."""

from typing import Any

from s3ap_ops.testing.cloudformation.intrinsics import Scope, references
from s3ap_ops.testing.replies import AwsError


def policies_of(source: dict[str, Any], scope: Scope) -> tuple[str, str]:
    """The DeletionPolicy and the UpdateReplacePolicy."""
    going, replaced = (scope.resolve(source.get(name, "Delete")) for name in ("DeletionPolicy", "UpdateReplacePolicy"))
    return str(going), str(replaced)


def needs_of(source: dict[str, Any], resources: dict[str, Any]) -> set[str]:
    """The logical ids that a resource refers to or names in DependsOn."""
    after = source.get("DependsOn", [])
    named = {after} if isinstance(after, str) else set(after)
    return (references(source.get("Properties", {})) | named) & set(resources)


def levels(wanted: dict[str, dict[str, Any]]) -> list[list[str]]:
    """The logical ids in waves, each after what it needs. Raises AwsError for a circle."""
    needs = {logical: needs_of(source, wanted) - {logical} for logical, source in wanted.items()}
    found: list[list[str]] = []
    while needs:
        free = [logical for logical, others in needs.items() if not others & needs.keys()]
        if not free:
            raise AwsError("ValidationError", f"Circular dependency between resources: [{', '.join(sorted(needs))}]")
        found.append(free)
        for logical in free:
            del needs[logical]
    return found


def ordered(wanted: dict[str, dict[str, Any]]) -> list[str]:
    """The logical ids, each after what it needs. Raises AwsError for a circle."""
    return [logical for wave in levels(wanted) for logical in wave]
