"""What an intrinsic function of a deployed template stands for, asked of CloudFormation; None where it cannot be told.

Only what the stack itself says is used: its parameters, the physical ids of its resources, exports. Conditions are not
evaluated, so an `Fn::If` cannot be told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

from botocore.exceptions import ClientError

from s3ap_ops.reading import Look
from s3ap_ops.stack import Json, LiveResource


def value(look: Look, resource: LiveResource, written: Json) -> str | None:
    """The text that a property's value stands for; for `GetAtt NAME.Arn`, NAME's physical id.

    Raises ClientError when the stack, or the list of exports, cannot be read.
    """
    if isinstance(written, str):
        return written
    if not isinstance(written, Mapping) or len(written) != 1:
        return None
    ((key, argument),) = written.items()
    if key == "Ref" and isinstance(argument, str):
        return _ref(look, resource, argument)
    if key == "Fn::GetAtt":
        return _attribute(look, resource, argument)
    if key == "Fn::Sub":
        return _substituted(look, resource, argument)
    if key == "Fn::Join":
        return _joined(look, resource, argument)
    if key == "Fn::ImportValue":
        name = value(look, resource, argument)
        return None if name is None else _exports(look).get(name)
    return None


def _ref(look: Look, resource: LiveResource, name: str) -> str | None:
    if name.startswith("AWS::"):
        return _pseudo(look, resource, name)
    parameters = look.once(("parameters", resource.stack_id), partial(_parameters, look, resource.stack_id))
    return parameters[name] if name in parameters else _physical(look, resource.stack_id, name)


def _attribute(look: Look, resource: LiveResource, argument: Json) -> str | None:
    name, _, attribute = (argument if isinstance(argument, str) else ".".join(map(str, argument))).partition(".")
    if attribute.startswith("Outputs."):
        nested = _physical(look, resource.stack_id, name)
        return _outputs(look, nested).get(attribute.removeprefix("Outputs.")) if nested else None
    return _physical(look, resource.stack_id, name) if attribute in ("Arn", "GroupId") else None


def _substituted(look: Look, resource: LiveResource, argument: Json) -> str | None:
    text, given = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})
    if not isinstance(text, str) or not isinstance(given, Mapping):
        return None
    made, end = "", 0
    for found in re.finditer(r"\$\{([^!}][^}]*)\}", text):
        name = found[1].strip()
        if name in given:
            inner = value(look, resource, given[name])
        else:
            inner = value(look, resource, {"Fn::GetAtt" if "." in name else "Ref": name})
        if inner is None:
            return None
        made, end = made + text[end : found.start()] + inner, found.end()
    return (made + text[end:]).replace("${!", "${")


def _joined(look: Look, resource: LiveResource, argument: Json) -> str | None:
    if not (isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], list)):
        return None
    parts = [value(look, resource, one) for one in argument[1]]
    told = [part for part in parts if part is not None]
    return str(argument[0]).join(told) if len(told) == len(parts) else None


def _pseudo(look: Look, resource: LiveResource, name: str) -> str | None:
    partition = resource.stack_id.split(":")[1] if resource.stack_id.startswith("arn:") else None
    return {
        "AWS::AccountId": look.account,
        "AWS::Region": look.region,
        "AWS::Partition": partition,
        "AWS::StackId": resource.stack_id,
    }.get(name)


def _physical(look: Look, stack_id: str, logical: str) -> str | None:
    """What a resource of a stack is called in AWS; None when the stack has none of that name."""
    return look.once(("physical", stack_id, logical), partial(_ask_physical, look, stack_id, logical))


def _ask_physical(look: Look, stack_id: str, logical: str) -> str | None:
    client = look.client("cloudformation")
    try:
        found = client.describe_stack_resource(StackName=stack_id, LogicalResourceId=logical)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == "ValidationError":
            return None
        raise
    return found["StackResourceDetail"].get("PhysicalResourceId") or None


def _parameters(look: Look, stack_id: str) -> dict[str, str]:
    found = look.client("cloudformation").describe_stacks(StackName=stack_id)["Stacks"][0].get("Parameters", ())
    return {one["ParameterKey"]: one.get("ResolvedValue") or one.get("ParameterValue", "") for one in found}


def _outputs(look: Look, stack_id: str) -> dict[str, str]:
    return look.once(("outputs", stack_id), partial(_ask_outputs, look, stack_id))


def _ask_outputs(look: Look, stack_id: str) -> dict[str, str]:
    found = look.client("cloudformation").describe_stacks(StackName=stack_id)["Stacks"][0].get("Outputs", ())
    return {one["OutputKey"]: one["OutputValue"] for one in found}


def _exports(look: Look) -> dict[str, str]:
    return look.once("exports", partial(_ask_exports, look))


def _ask_exports(look: Look) -> dict[str, str]:
    return {one["Name"]: one["Value"] for one in look.pages("cloudformation", "list_exports", "Exports")}
