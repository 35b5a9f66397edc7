"""CloudFormation's API: one function an operation, over the stacks of a world."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from s3ap_ops.testing.cloudformation import templates
from s3ap_ops.testing.cloudformation.deletion import Deletion
from s3ap_ops.testing.cloudformation.stacks import Stack
from s3ap_ops.testing.replies import AwsError, Reply, success
from s3ap_ops.testing.requests import Call

if TYPE_CHECKING:
    from s3ap_ops.testing.cloudformation.stacks import Resource
    from s3ap_ops.testing.world import World

Operation = Callable[["World", Call], dict[str, Any]]
OPERATIONS: dict[str, Operation] = {}


def answer(world: "World", call: Call) -> Reply:
    """The reply to a request to CloudFormation. Raises AwsError."""
    function = OPERATIONS.get(call.operation)
    if function is None or call.model is None:
        raise AwsError("InvalidAction", f"Could not find operation {call.operation} for version 2010-05-15")
    return success(call.model, function(world, call))


def operation(function: Operation) -> Operation:
    """Registers a function under its name in CamelCase."""
    OPERATIONS["".join(part.title() for part in function.__name__.split("_"))] = function
    return function


def _stack(world: "World", call: Call, message: str = "Stack with id {} does not exist") -> Stack:
    name = str(call.params.get("StackName", ""))
    found = world.stacks.find(name, call.region)
    if found is None:
        raise AwsError("ValidationError", message.format(name))
    return found


def _page(world: "World", items: list[Any], call: Call) -> tuple[list[Any], str | None]:
    size = world.page
    start = int(call.params.get("NextToken") or 0)
    return items[start : start + size], str(start + size) if start + size < len(items) else None


def _tags(call: Call) -> dict[str, str] | None:
    if "Tags" not in call.params:
        return None
    return {tag["Key"]: tag["Value"] for tag in call.params["Tags"]}


def _template(world: "World", call: Call) -> str | None:
    if "TemplateURL" in call.params:
        url = call.params["TemplateURL"]
        if url not in world.templates:
            raise AwsError("ValidationError", f"S3 error: The specified key does not exist: {url}")
        return world.templates[url]
    body = call.params.get("TemplateBody")
    return None if body is None else str(body)


def check_role(world: "World", role: str | None) -> None:
    """Raises AwsError when CloudFormation could not assume the role."""
    if not role:
        return
    name = role.rsplit("/", 1)[-1]
    if role in world.unassumable_roles or not any(known.name == name for known in world.backend("iam").roles.values()):
        raise AwsError("ValidationError", f"Role {role} is invalid or cannot be assumed")


@operation
def create_stack(world: "World", call: Call) -> dict[str, Any]:
    """A new stack, in progress."""
    params = call.params
    check_role(world, params.get("RoleARN"))
    given = {item["ParameterKey"]: item.get("ParameterValue", "") for item in params.get("Parameters", [])}
    stack = world.stacks.create(
        params["StackName"],
        _template(world, call) or "",
        region=call.region,
        parameters=given,
        tags=_tags(call),
        role_arn=params.get("RoleARN"),
        protected=params.get("EnableTerminationProtection", False),
        token=params.get("ClientRequestToken", ""),
    )
    stack.capabilities = params.get("Capabilities", [])
    return {"StackId": stack.id}


@operation
def update_stack(world: "World", call: Call) -> dict[str, Any]:
    """The stack, being updated."""
    stack = _stack(world, call, "Stack [{}] does not exist")
    check_role(world, call.params.get("RoleARN"))
    given = {
        item["ParameterKey"]: str(stack.parameters.get(item["ParameterKey"], ""))
        if item.get("UsePreviousValue")
        else item.get("ParameterValue", "")
        for item in call.params.get("Parameters", [])
    }
    body = None if call.params.get("UsePreviousTemplate") else _template(world, call)
    world.stacks.update(stack, body, given, _tags(call), call.params.get("ClientRequestToken", ""))
    stack.role_arn = call.params.get("RoleARN", stack.role_arn)
    return {"StackId": stack.id}


@operation
def delete_stack(world: "World", call: Call) -> dict[str, Any]:
    """Nothing; the deletion is under way, or refused by an error. A stack that is not there is no error."""
    params = call.params
    stack = world.stacks.find(params["StackName"], call.region)
    if stack is None or not stack.live or stack.status == "DELETE_IN_PROGRESS":
        return {}
    retain = frozenset(params.get("RetainResources", []))
    _refuse_deletion(world, stack, retain)
    check_role(world, params.get("RoleARN") or stack.role_arn)
    stack.role_arn = params.get("RoleARN", stack.role_arn)
    used = next(
        ((name, users) for name in stack.exports if (users := world.stacks.importers(name, stack.region))), None
    )
    stack.token = params.get("ClientRequestToken", "")
    if used is not None:
        # AWS accepts the request, and the stack goes back to the status that it had, with the reason
        world.stacks.note(
            stack, stack.status, f"Delete canceled. Cannot delete export {used[0]} as it is in use by {used[1][0]}."
        )
        return {}
    begin_deletion(world, stack, retain, force=params.get("DeletionMode") == "FORCE_DELETE_STACK")
    return {}


def begin_deletion(world: "World", stack: Stack, retain: frozenset[str] = frozenset(), *, force: bool = False) -> None:
    """Puts a stack's deletion under way."""
    stack.settles = None
    stack.deletion_mode = "FORCE_DELETE_STACK" if force else "STANDARD"
    stack.deletion = Deletion(world.clock.elapsed(), stack.token, retain, force)
    world.stacks.note(stack, "DELETE_IN_PROGRESS", "User Initiated")


def _refuse_deletion(world: "World", stack: Stack, retain: frozenset[str]) -> None:
    root = world.stacks.all.get(stack.root or "", stack)
    if root.protected:
        raise AwsError(
            "ValidationError",
            f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled",
        )
    if stack.status.endswith("IN_PROGRESS") and stack.status not in ("CREATE_IN_PROGRESS", "REVIEW_IN_PROGRESS"):
        raise AwsError("ValidationError", f"Stack [{stack.name}] cannot be deleted while in status {stack.status}")
    if retain and stack.status != "DELETE_FAILED":
        raise AwsError(
            "ValidationError",
            "Invalid operation on stack ["
            + stack.id
            + "]. Specify the resources to retain only when the stack is in the DELETE_FAILED state",
        )
    unknown = sorted(retain - set(stack.resources))
    if unknown:
        raise AwsError(
            "ValidationError",
            f"The specified resources to retain must be in a valid state: [{', '.join(unknown)}] do not exist",
        )


@operation
def describe_stacks(world: "World", call: Call) -> dict[str, Any]:
    """The stack asked for, or all that are not deleted. Then a poll's time passes."""
    if call.params.get("StackName"):
        found = [_description(_stack(world, call))]
        token = None
    else:
        live = [stack for stack in world.stacks.in_region(call.region) if stack.live]
        page, token = _page(world, live[::-1], call)
        found = [_description(stack) for stack in page]
    world.clock.advance(world.pace.poll)
    return {"Stacks": found, "NextToken": token}


def _is_secret(parameter: str, stack: Stack) -> bool:
    """Whether CloudFormation shows a mask in the place of a parameter's value."""
    return str(stack.template.get("Parameters", {}).get(parameter, {}).get("NoEcho", "")).lower() == "true"


def _description(stack: Stack) -> dict[str, Any]:
    return {
        "StackId": stack.id,
        "StackName": stack.name,
        "Description": stack.description or None,
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": "****" if _is_secret(key, stack) else str(value)}
            for key, value in stack.parameters.items()
        ],
        "CreationTime": stack.created,
        "DeletionTime": stack.deleted,
        "LastUpdatedTime": stack.updated,
        "StackStatus": stack.status,
        "StackStatusReason": stack.reason or None,
        "DisableRollback": stack.disable_rollback,
        "NotificationARNs": [],
        "Capabilities": stack.capabilities,
        "Outputs": list(stack.outputs.values()),
        "RoleARN": stack.role_arn,
        "Tags": [{"Key": key, "Value": value} for key, value in stack.tags.items()],
        "EnableTerminationProtection": stack.protected,
        "ParentId": stack.parent,
        "RootId": stack.root,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
        "DeletionMode": stack.deletion_mode if stack.status.startswith("DELETE") else None,
    }


@operation
def list_stacks(world: "World", call: Call) -> dict[str, Any]:
    """Every stack, deleted ones too, youngest first."""
    wanted = call.params.get("StackStatusFilter") or []
    names = ("StackId", "StackName", "CreationTime", "LastUpdatedTime", "DeletionTime", "StackStatus",
             "StackStatusReason", "ParentId", "RootId", "DriftInformation")  # fmt: skip
    stacks = [stack for stack in world.stacks.in_region(call.region) if not wanted or stack.status in wanted][::-1]
    page, token = _page(world, stacks, call)
    found = [{name: value for name, value in _description(stack).items() if name in names} for stack in page]
    return {"StackSummaries": found, "NextToken": token}


@operation
def list_stack_resources(world: "World", call: Call) -> dict[str, Any]:
    """The resources of a stack; of a deleted one by id."""
    stack = _stack(world, call)
    page, token = _page(world, [_row(resource, "LastUpdatedTimestamp") for resource in stack.resources.values()], call)
    return {"StackResourceSummaries": page, "NextToken": token}


def _row(resource: "Resource", time: str) -> dict[str, Any]:
    return {
        "LogicalResourceId": resource.logical,
        "PhysicalResourceId": resource.physical or None,
        "ResourceType": resource.type,
        time: resource.changed,
        "ResourceStatus": resource.status,
        "ResourceStatusReason": resource.reason or None,
        "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
    }


def _full_row(stack: Stack, resource: "Resource", time: str) -> dict[str, Any]:
    return {"StackName": stack.name, "StackId": stack.id, **_row(resource, time)}


@operation
def describe_stack_resources(world: "World", call: Call) -> dict[str, Any]:
    """The resources of a stack, or of the stack that has a physical id."""
    physical, logical = call.params.get("PhysicalResourceId"), call.params.get("LogicalResourceId")
    if physical:
        live = [stack for stack in world.stacks.in_region(call.region) if stack.live]
        owner = next(
            (stack for stack in live for resource in stack.resources.values() if resource.physical == physical), None
        )
        if owner is None:
            raise AwsError("ValidationError", f"Stack for {physical} does not exist")
        stack = owner
    else:
        stack = _stack(world, call)
    rows = [
        _full_row(stack, resource, "Timestamp")
        for resource in stack.resources.values()
        if logical in (None, resource.logical)
    ]
    return {"StackResources": rows[:100]}


@operation
def describe_stack_resource(world: "World", call: Call) -> dict[str, Any]:
    """One resource of a stack."""
    stack = _stack(world, call, "Stack '{}' does not exist")
    logical = call.params["LogicalResourceId"]
    if logical not in stack.resources:
        raise AwsError("ValidationError", f"Resource {logical} does not exist for stack {stack.name}")
    resource = stack.resources.of(logical)
    metadata = stack.processed["Resources"].get(logical, {}).get("Metadata", {})
    row = _full_row(stack, resource, "LastUpdatedTimestamp") | {"Metadata": json.dumps(metadata)}
    return {"StackResourceDetail": row}


@operation
def describe_stack_events(world: "World", call: Call) -> dict[str, Any]:
    """A stack's history, newest first."""
    stack = _stack(world, call, "Stack [{}] does not exist")
    page, token = _page(world, stack.events[::-1], call)
    events = [
        {
            "StackId": stack.id,
            "EventId": event.id,
            "StackName": stack.name,
            "LogicalResourceId": event.logical,
            "PhysicalResourceId": event.physical,
            "ResourceType": event.type,
            "Timestamp": event.at,
            "ResourceStatus": event.status,
            "ResourceStatusReason": event.reason or None,
            "ClientRequestToken": event.token or None,
        }
        for event in page
    ]
    return {"StackEvents": events, "NextToken": token}


@operation
def get_template(world: "World", call: Call) -> dict[str, Any]:
    """The template as it was given, or after its transform."""
    stack = _stack(world, call)
    if call.params.get("TemplateStage") == "Processed" and stack.processed is not stack.template:
        return {"TemplateBody": json.dumps(stack.processed), "StagesAvailable": ["Original", "Processed"]}
    return {"TemplateBody": stack.text, "StagesAvailable": ["Original", "Processed"]}


@operation
def get_template_summary(world: "World", call: Call) -> dict[str, Any]:
    """What a template declares."""
    body = _template(world, call)
    template = templates.read(body)[0] if body is not None else _stack(world, call).template
    parameters = [
        {
            "ParameterKey": name,
            "DefaultValue": None if parameter.get("Default") is None else str(parameter["Default"]),
            "ParameterType": parameter.get("Type", "String"),
            "NoEcho": bool(parameter.get("NoEcho", False)),
            "Description": parameter.get("Description"),
        }
        for name, parameter in template.get("Parameters", {}).items()
    ]
    kinds = sorted({resource["Type"] for resource in template["Resources"].values()})
    identity = any(kind.startswith("AWS::IAM::") for kind in kinds)
    return {
        "Parameters": parameters,
        "Description": template.get("Description"),
        "Capabilities": ["CAPABILITY_NAMED_IAM"] if identity else [],
        "ResourceTypes": kinds,
        "Version": "2010-09-09",
        "Metadata": json.dumps(template["Metadata"]) if "Metadata" in template else None,
        "DeclaredTransforms": [template["Transform"]] if isinstance(template.get("Transform"), str) else [],
    }


@operation
def update_termination_protection(world: "World", call: Call) -> dict[str, Any]:
    """The stack's id; its protection is as asked."""
    stack = _stack(world, call, "Stack [{}] does not exist")
    if stack.parent:
        raise AwsError(
            "ValidationError", f"Stack [{stack.name}] is nested; set termination protection on its root stack"
        )
    stack.protected = bool(call.params["EnableTerminationProtection"])
    return {"StackId": stack.id}


@operation
def list_exports(world: "World", call: Call) -> dict[str, Any]:
    """Every export of the region."""
    exports = [
        {"ExportingStackId": stack.id, "Name": name, "Value": value}
        for stack in world.stacks.in_region(call.region)
        if stack.live
        for name, value in stack.exports.items()
    ]
    page, token = _page(world, exports, call)
    return {"Exports": page, "NextToken": token}


@operation
def list_imports(world: "World", call: Call) -> dict[str, Any]:
    """The names of the stacks that import an export; none is an error."""
    name = call.params["ExportName"]
    importers = world.stacks.importers(name, call.region)
    if not importers:
        raise AwsError("ValidationError", f"Export '{name}' is not imported by any stack.")
    page, token = _page(world, importers, call)
    return {"Imports": page, "NextToken": token}


@operation
def validate_template(world: "World", call: Call) -> dict[str, Any]:
    """What a template declares, when it can be read."""
    template, _ = templates.read(_template(world, call) or "")
    found = [
        {"ParameterKey": name, "DefaultValue": parameter.get("Default"), "NoEcho": bool(parameter.get("NoEcho"))}
        for name, parameter in template.get("Parameters", {}).items()
    ]
    return {"Parameters": found, "Description": template.get("Description")}
