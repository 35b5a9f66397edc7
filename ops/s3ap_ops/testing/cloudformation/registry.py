"""The operations of CloudFormation's API by name, and what they share."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from s3ap_ops.testing.replies import AwsError
from s3ap_ops.testing.requests import Call

if TYPE_CHECKING:
    from s3ap_ops.testing.cloudformation.records import Stack
    from s3ap_ops.testing.world import World

Operation = Callable[["World", Call], dict[str, Any]]
OPERATIONS: dict[str, Operation] = {}


def operation(function: Operation) -> Operation:
    """Registers a function under its name in CamelCase."""
    OPERATIONS["".join(part.title() for part in function.__name__.split("_"))] = function
    return function


def stack_of(world: "World", call: Call, message: str = "Stack with id {} does not exist") -> "Stack":
    """The stack that a request names. Raises AwsError."""
    name = str(call.params.get("StackName", ""))
    found = world.stacks.find(name, call.region)
    if found is None:
        raise AwsError("ValidationError", message.format(name))
    return found


def page_of(world: "World", items: list[Any], call: Call) -> tuple[list[Any], str | None]:
    """The part of a list that a request asks for, and where the next one begins."""
    size = world.page
    start = int(call.params.get("NextToken") or 0)
    return items[start : start + size], str(start + size) if start + size < len(items) else None


def tags_of(call: Call) -> dict[str, str] | None:
    """The tags of a request; None leaves those that are there."""
    if "Tags" not in call.params:
        return None
    return {tag["Key"]: tag["Value"] for tag in call.params["Tags"]}


def check_role(world: "World", role: str | None) -> None:
    """Raises AwsError when CloudFormation could not assume the role."""
    if not role:
        return
    name = role.rsplit("/", 1)[-1]
    if role in world.unassumable_roles or not any(known.name == name for known in world.backend("iam").roles.values()):
        raise AwsError("ValidationError", f"Role {role} is invalid or cannot be assumed")
