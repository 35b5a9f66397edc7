"""A stack's outputs and exports, and who stands in the way of their change."""

from typing import TYPE_CHECKING, Any

from s3ap_ops.testing.cloudformation.intrinsics import Scope
from s3ap_ops.testing.replies import AwsError

if TYPE_CHECKING:
    from s3ap_ops.testing.cloudformation.records import Stack
    from s3ap_ops.testing.world import World


def outputs_of(world: "World", stack: "Stack", scope: Scope) -> dict[str, dict[str, Any]]:
    """The outputs worked out. Raises AwsError for an export that another stack has, or that is in use and changes."""
    outputs: dict[str, dict[str, Any]] = {}
    for name, output in stack.processed.get("Outputs", {}).items():
        if "Condition" in output and not scope.condition(output["Condition"]):
            continue
        value = scope.resolve(output["Value"])
        found = {"OutputKey": name, "OutputValue": str(value), "Description": output.get("Description")}
        if "Export" in output:
            found["ExportName"] = str(scope.resolve(output["Export"]["Name"]))
            _refuse_second(world, stack, found["ExportName"])
        outputs[name] = found
    _refuse_loss(world, stack, outputs)
    return outputs


def _refuse_second(world: "World", stack: "Stack", export: str) -> None:
    for other in world.stacks.in_region(stack.region):
        if other.live and other.id != stack.id and export in other.exports:
            raise AwsError("ValidationError", f"Export with name {export} is already exported by stack {other.name}. ")


def _refuse_loss(world: "World", stack: "Stack", outputs: dict[str, dict[str, Any]]) -> None:
    now = {output["ExportName"]: output["OutputValue"] for output in outputs.values() if output.get("ExportName")}
    for export, value in stack.exports.items():
        users = world.stacks.importers(export, stack.region)
        if not users or now.get(export) == value:
            continue
        verb = "update" if export in now else "delete"
        raise AwsError("ValidationError", f"Cannot {verb} export {export} as it is in use by {', '.join(users)}")
