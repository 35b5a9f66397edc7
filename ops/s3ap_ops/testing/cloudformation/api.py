"""CloudFormation's API: one function an operation, over the stacks of a world."""

import json
from typing import TYPE_CHECKING, Any

from s3ap_ops.testing.cloudformation import change_sets, drift, history, reading
from s3ap_ops.testing.cloudformation.deletion import Deletion
from s3ap_ops.testing.cloudformation.records import Stack
from s3ap_ops.testing.cloudformation.registry import OPERATIONS, check_role, operation, page_of, stack_of, tags_of
from s3ap_ops.testing.cloudformation.stacks import Wish
from s3ap_ops.testing.cloudformation.templates import read
from s3ap_ops.testing.cloudformation.wishes import body_of, check_capabilities, check_template, given_parameters
from s3ap_ops.testing.replies import AwsError, Reply, success
from s3ap_ops.testing.requests import Call

if TYPE_CHECKING:
    from s3ap_ops.testing.cloudformation.records import Resource
    from s3ap_ops.testing.world import World

_REGISTERED = (change_sets, drift, history, reading)


def answer(world: "World", call: Call) -> Reply:
    """The reply to a request to CloudFormation. Raises AwsError."""
    function = OPERATIONS.get(call.operation)
    if function is None or call.model is None:
        raise AwsError("InvalidAction", f"Could not find operation {call.operation} for version 2010-05-15")
    return success(call.model, function(world, call))


def _wish(params: dict[str, Any]) -> Wish:
    config = params.get("DeploymentConfig", {})
    on_failure = params.get("OnFailure", "ROLLBACK")
    if params.get("DisableRollback") or config.get("DisableRollback"):
        on_failure = "DO_NOTHING"
    new_go = bool(params.get("RetainExceptOnCreate"))
    return Wish(on_failure, config.get("Mode") == "EXPRESS", new_go, strict=True)


@operation
def create_stack(world: "World", call: Call) -> dict[str, Any]:
    """A new stack, in progress."""
    params = call.params
    check_role(world, params.get("RoleARN"))
    body = body_of(world, call) or ""
    template, _ = read(body)
    check_template(template)
    check_capabilities(template, params.get("Capabilities", []))
    stack = world.stacks.create(
        params["StackName"],
        body,
        region=call.region,
        parameters=given_parameters(call),
        tags=tags_of(call),
        role_arn=params.get("RoleARN"),
        protected=params.get("EnableTerminationProtection", False),
        token=params.get("ClientRequestToken", ""),
        wish=_wish(params),
    )
    stack.capabilities = params.get("Capabilities", [])
    return {"StackId": stack.id, "OperationId": stack.operations[-1][1]}


@operation
def update_stack(world: "World", call: Call) -> dict[str, Any]:
    """The stack, being updated."""
    stack = stack_of(world, call, "Stack [{}] does not exist")
    check_role(world, call.params.get("RoleARN"))
    body = None if call.params.get("UsePreviousTemplate") else body_of(world, call)
    template = stack.template if body is None else read(body)[0]
    check_template(template)
    check_capabilities(template, call.params.get("Capabilities", []))
    given, token = given_parameters(call, stack), call.params.get("ClientRequestToken", "")
    world.stacks.update(stack, body, given, tags_of(call), token, _wish(call.params))
    stack.role_arn = call.params.get("RoleARN", stack.role_arn)
    stack.capabilities = call.params.get("Capabilities", stack.capabilities)
    world.change_sets.outdate(stack)
    return {"StackId": stack.id, "OperationId": stack.operations[-1][1]}


@operation
def continue_update_rollback(world: "World", call: Call) -> dict[str, Any]:
    """Nothing; a rollback that was stuck goes on."""
    stack = stack_of(world, call, "Stack [{}] does not exist")
    check_role(world, call.params.get("RoleARN"))
    skipped = frozenset(call.params.get("ResourcesToSkip", []))
    world.stacks.continue_rollback(stack, skipped, call.params.get("ClientRequestToken", ""))
    return {}


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
    stack.deployment = None
    stack.deletion_mode = "FORCE_DELETE_STACK" if force else "STANDARD"
    stack.deletion = Deletion(world.clock.elapsed(), stack.token, retain, force)
    world.stacks.operate(stack, "DELETE_STACK")
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
        stack = stack_of(world, call)
        found, token = [_description(stack)], None
        if stack.unseen:
            stack.unseen -= 1
            found[0]["StackStatus"] = stack.shown
    else:
        live = [stack for stack in world.stacks.in_region(call.region) if stack.live]
        page, token = page_of(world, live[::-1], call)
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
        "DriftInformation": drift.of_stack(stack),
        "LastOperations": [{"OperationType": kind, "OperationId": number} for kind, number in stack.operations[:-3:-1]],
        "DeletionMode": stack.deletion_mode if stack.status.startswith("DELETE") else None,
    }


@operation
def list_stacks(world: "World", call: Call) -> dict[str, Any]:
    """Every stack, deleted ones too, youngest first."""
    wanted = call.params.get("StackStatusFilter") or []
    names = ("StackId", "StackName", "CreationTime", "LastUpdatedTime", "DeletionTime", "StackStatus",
             "StackStatusReason", "ParentId", "RootId", "DriftInformation")  # fmt: skip
    stacks = [stack for stack in world.stacks.in_region(call.region) if not wanted or stack.status in wanted][::-1]
    page, token = page_of(world, stacks, call)
    found = [{name: value for name, value in _description(stack).items() if name in names} for stack in page]
    return {"StackSummaries": found, "NextToken": token}


@operation
def list_stack_resources(world: "World", call: Call) -> dict[str, Any]:
    """The resources of a stack; of a deleted one by id."""
    stack = stack_of(world, call)
    page, token = page_of(
        world, [_row(stack, resource, "LastUpdatedTimestamp") for resource in stack.resources.values()], call
    )
    return {"StackResourceSummaries": page, "NextToken": token}


def _row(stack: Stack, resource: "Resource", time: str) -> dict[str, Any]:
    return {
        "LogicalResourceId": resource.logical,
        "PhysicalResourceId": resource.physical or None,
        "ResourceType": resource.type,
        time: resource.changed,
        "ResourceStatus": resource.status,
        "ResourceStatusReason": resource.reason or None,
        "DriftInformation": drift.of_resource(stack, resource),
    }


def _full_row(stack: Stack, resource: "Resource", time: str) -> dict[str, Any]:
    return {"StackName": stack.name, "StackId": stack.id, **_row(stack, resource, time)}


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
        stack = stack_of(world, call)
    rows = [
        _full_row(stack, resource, "Timestamp")
        for resource in stack.resources.values()
        if logical in (None, resource.logical)
    ]
    return {"StackResources": rows[:100]}


@operation
def describe_stack_resource(world: "World", call: Call) -> dict[str, Any]:
    """One resource of a stack."""
    stack = stack_of(world, call, "Stack '{}' does not exist")
    logical = call.params["LogicalResourceId"]
    if logical not in stack.resources:
        raise AwsError("ValidationError", f"Resource {logical} does not exist for stack {stack.name}")
    resource = stack.resources.of(logical)
    metadata = stack.processed["Resources"].get(logical, {}).get("Metadata", {})
    row = _full_row(stack, resource, "LastUpdatedTimestamp") | {"Metadata": json.dumps(metadata)}
    return {"StackResourceDetail": row}


@operation
def update_termination_protection(world: "World", call: Call) -> dict[str, Any]:
    """The stack's id; its protection is as asked."""
    stack = stack_of(world, call, "Stack [{}] does not exist")
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
    page, token = page_of(world, exports, call)
    return {"Exports": page, "NextToken": token}


@operation
def list_imports(world: "World", call: Call) -> dict[str, Any]:
    """The names of the stacks that import an export; none is an error."""
    name = call.params["ExportName"]
    importers = world.stacks.importers(name, call.region)
    if not importers:
        raise AwsError("ValidationError", f"Export '{name}' is not imported by any stack.")
    page, token = page_of(world, importers, call)
    return {"Imports": page, "NextToken": token}
