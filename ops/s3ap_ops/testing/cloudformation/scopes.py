"""What names mean in a stack: its parameters, its resources, other stacks' exports."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from s3ap_ops.testing.cloudformation.intrinsics import NO_VALUE, Scope
from s3ap_ops.testing.replies import AwsError

if TYPE_CHECKING:
    from s3ap_ops.testing.cloudformation.records import Stack
    from s3ap_ops.testing.world import World


def scope_of(world: "World", stack: "Stack") -> Scope:
    """What names mean in a stack as it is now."""

    def ref(logical: str) -> Any:
        if logical not in stack.resources:
            raise AwsError(
                "ValidationError",
                f"Template format error: Unresolved resource dependencies [{logical}] in the Resources block",
            )
        return stack.resources[logical]

    def attribute(logical: str, name: str) -> Any:
        if logical not in stack.resources:
            raise AwsError(
                "ValidationError", f"Template error: instance of Fn::GetAtt references undefined resource {logical}"
            )
        resource = stack.resources.of(logical)
        return resource.attributes.get(name, f"{resource.physical}.{name}")

    def imported(export: str) -> Any:
        found = exported(world, stack.region, export)
        stack.imports.add(export)
        return found

    values = values_of(world, stack, stack.template, stack.parameters)
    return Scope(stack.processed, values, ref, attribute, imported)


def exported(world: "World", region: str, export: str) -> str:
    """The value of an export. Raises AwsError when there is none."""
    for other in world.stacks.in_region(region):
        if other.live and export in other.exports:
            return other.exports[export]
    raise AwsError("ValidationError", f"No export named {export} found. Rollback requested by user.")


def values_of(world: "World", stack: "Stack", template: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters and pseudo parameters by name."""
    pseudo = {
        "AWS::Region": stack.region,
        "AWS::AccountId": world.account,
        "AWS::Partition": "aws",
        "AWS::URLSuffix": "amazonaws.com",
        "AWS::StackName": stack.name,
        "AWS::StackId": stack.id,
        "AWS::NotificationARNs": [],
        "AWS::NoValue": NO_VALUE,
    }
    declared = template.get("Parameters", {})
    values = {
        name: [part.strip() for part in str(value).split(",")] if "List" in declared[name].get("Type", "") else value
        for name, value in parameters.items()
    }
    return pseudo | values


def wanted_of(template: dict[str, Any], scope: Scope) -> dict[str, dict[str, Any]]:
    """The resources of a processed template whose condition holds."""
    condition: Callable[[str], bool] = scope.condition
    return {
        logical: resource
        for logical, resource in template["Resources"].items()
        if "Condition" not in resource or condition(resource["Condition"])
    }
