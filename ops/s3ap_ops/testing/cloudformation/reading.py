"""What CloudFormation says of a template: its text, its summary, whether it can be read."""

import json
from typing import TYPE_CHECKING, Any

from s3ap_ops.testing.cloudformation import templates
from s3ap_ops.testing.cloudformation.records import Stack
from s3ap_ops.testing.cloudformation.registry import operation, stack_of
from s3ap_ops.testing.cloudformation.wishes import body_of, capability_of, check_template, refusal
from s3ap_ops.testing.requests import Call

if TYPE_CHECKING:
    from s3ap_ops.testing.world import World


@operation
def get_template(world: "World", call: Call) -> dict[str, Any]:
    """The template of a stack or a change set as it was given, or after its transform."""
    template, text = _wanted(world, call)
    stages, made = ["Original", "Processed"], templates.processed(template)
    if call.params.get("TemplateStage") == "Processed" and made is not template:
        return {"TemplateBody": json.dumps(made), "StagesAvailable": stages}
    return {"TemplateBody": text, "StagesAvailable": stages}


def _wanted(world: "World", call: Call) -> tuple[dict[str, Any], str]:
    if call.params.get("ChangeSetName"):
        found = world.change_sets.find(call.params["ChangeSetName"], call.params.get("StackName"), call.region)
        return found.template, found.text
    stack: Stack = stack_of(world, call)
    if not stack.text:
        raise refusal(f"Template for stack {stack.name} does not exist")
    return stack.template, stack.text


@operation
def get_template_summary(world: "World", call: Call) -> dict[str, Any]:
    """What a template declares."""
    body = body_of(world, call)
    template = templates.read(body)[0] if body is not None else stack_of(world, call).template
    kinds = sorted({resource["Type"] for resource in template["Resources"].values()})
    return {
        **_declared(template),
        "ResourceTypes": kinds,
        "Version": str(template.get("AWSTemplateFormatVersion", "")) or None,
        "Metadata": json.dumps(template["Metadata"]) if "Metadata" in template else None,
    }


@operation
def validate_template(world: "World", call: Call) -> dict[str, Any]:
    """What a template declares, when it can be read. Raises AwsError for one that speaks of what it does not have."""
    template, _ = templates.read(body_of(world, call) or "")
    check_template(template)
    return _declared(template)


def _declared(template: dict[str, Any]) -> dict[str, Any]:
    parameters = [
        {
            "ParameterKey": name,
            "DefaultValue": None if parameter.get("Default") is None else str(parameter["Default"]),
            "ParameterType": parameter.get("Type", "String"),
            "NoEcho": str(parameter.get("NoEcho", "")).lower() == "true",
            "Description": parameter.get("Description"),
            "ParameterConstraints": {"AllowedValues": [str(item) for item in parameter.get("AllowedValues", [])]},
        }
        for name, parameter in template.get("Parameters", {}).items()
    ]
    capability, because = capability_of(template)
    transforms = template.get("Transform", [])
    reason = f"The following resource(s) require capabilities: [{', '.join(because)}]"
    return {
        "Parameters": parameters,
        "Description": template.get("Description"),
        "Capabilities": [capability] if capability else [],
        "CapabilitiesReason": reason if capability else None,
        "DeclaredTransforms": [transforms] if isinstance(transforms, str) else transforms,
    }
