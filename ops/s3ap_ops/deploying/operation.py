"""What CloudFormation is asked for: the parameters of the requests, as the stack's state and the installed SDK want
them."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence

from s3ap_lint.api import Template
from s3ap_ops.calls import command_line
from s3ap_ops.deploying import smoke
from s3ap_ops.deploying.body import Body
from s3ap_ops.deploying.inputs import Inputs
from s3ap_ops.errors import OpsError
from s3ap_ops.hands import Hands
from s3ap_ops.stack import ABSENT, Json, LiveStack
from s3ap_ops.wording import listed

CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")

NOTHING_THERE = (ABSENT, "REVIEW_IN_PROGRESS", "DELETE_COMPLETE")
"""States in which there is nothing to update, so that a change set creates."""

NESTED = "AWS::CloudFormation::Stack"
NESTING = (NESTED, "AWS::Serverless::Application")
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
STUCK_IN_ROLLBACK = "UPDATE_ROLLBACK_FAILED"

STUCK = {
    "ROLLBACK_COMPLETE": "its creation failed, and it takes no update; add --recreate, or `s3ap-ops clean` it",
    "ROLLBACK_FAILED": "its creation failed, and its rollback, too; `s3ap-ops clean` it first",
    "CREATE_FAILED": "its creation failed; add --recreate, or `s3ap-ops clean` it",
    "DELETE_FAILED": "its deletion failed; `s3ap-ops clean` it first",
    "UPDATE_ROLLBACK_FAILED": "its rollback failed, too;",
}
"""States in which CloudFormation takes no update, and what to do about each.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html#cfn-console-view-stack-data-
resources-status-codes
"""

RECREATED = ("ROLLBACK_COMPLETE", "CREATE_FAILED")
"""States that `--recreate` deletes the stack from."""


def refused(stack: LiveStack, *, recreates: bool) -> str:
    """Why nothing can be deployed to a stack in its state; empty if something can."""
    if stack.status in NOTHING_THERE or (recreates and stack.status in RECREATED):
        return ""
    if stack.status.endswith("_IN_PROGRESS"):
        return f"{stack.name} is in {stack.status}; wait until `s3ap-ops status {stack.name}` says that it is done"
    why = STUCK.get(stack.status)
    if stack.status == STUCK_IN_ROLLBACK:
        why = f"{why} {way_back(stack)}"
    return f"{stack.name} is in {stack.status}: {why}" if why else ""


def way_back(stack: LiveStack) -> str:
    """How a rollback that failed goes on, with the commands: once what it failed on is mended, or without that."""
    given = {"StackName": stack.name}
    go_on = f"mend what it failed on, then {command_line('cloudformation', 'continue_update_rollback', given)}"
    nested = {one.logical_id: one.physical_id for one in stack.of_type(NESTED)}
    failed = [one.logical_id for one in stack.resources if one.status == "UPDATE_FAILED" and one.type != NESTED]
    if not failed:
        return go_on
    skipped = {**given, "ResourcesToSkip": [_to_skip(one, nested) for one in failed]}
    leave = command_line("cloudformation", "continue_update_rollback", skipped)
    return f"{go_on}; or, to go on without {listed(failed, 8)}, {leave}"


def _to_skip(logical_id: str, nested: Mapping[str, str]) -> str:
    """What CloudFormation calls a resource that a rollback leaves out: in a nested stack, with that stack's name."""
    inside, _, own = logical_id.rpartition("/")
    return f"{nested[inside].split('/')[1]}.{own}" if inside in nested and "/" in nested[inside] else own


def updates(stack: LiveStack, *, recreates: bool) -> bool:
    """Whether a deployment changes a stack that is there, and stays there until then."""
    return stack.status not in NOTHING_THERE and not (recreates and stack.status in RECREATED)


def check(options: argparse.Namespace, stack: LiveStack, hands: Hands) -> None:
    """Raise OpsError for options that do not go together with the stack, or with the installed SDK."""
    if options.on_failure == "delete" and updates(stack, recreates=options.recreate):
        raise OpsError("--on-failure delete is for a stack that is not there yet; this one would go with all it holds")
    if options.express and not knows(hands, "CreateChangeSet", "DeploymentConfig"):
        raise OpsError("the installed boto3 does not know express mode; upgrade it, or leave out --express")
    if stack.parent_id:
        raise OpsError(f"{stack.name} is nested in {stack.parent_id.split('/')[1]}; deploy that")
    if options.stack.startswith("arn:") and stack.status in NOTHING_THERE:
        raise OpsError(f"{options.stack} is not there any more; give the name that the new stack is to have")
    if options.bucket is not None and not BUCKET.fullmatch(options.bucket):
        raise OpsError(f"--bucket {options.bucket}: give the bucket's name alone")
    for text in options.stack_tag:
        if not text.partition("=")[0] or "=" not in text:
            raise OpsError(f"--stack-tag {text}: write it like --stack-tag team=storage")
    if options.smoke_test is not None:
        smoke.split(options.smoke_test)


def knows(hands: Hands, operation: str, member: str = "") -> bool:
    """Whether the installed SDK knows an operation of CloudFormation, and a parameter of it."""
    model = hands.client("cloudformation").meta.service_model
    if operation not in model.operation_names:
        return False
    return not member or member in model.operation_model(operation).input_shape.members


def parameters(inputs: Inputs, template: Template, stack: LiveStack) -> list[dict[str, Json]]:
    """The parameters of a request: what is given; what a stack that exists has and nobody gives stays as it is."""
    declared = template.space.parameters
    given = [{"ParameterKey": name, "ParameterValue": value} for name, value in inputs.values.items()]
    if stack.status in NOTHING_THERE:
        return given
    kept = [name for name in declared if name in stack.parameters and name not in inputs.values]
    return given + [{"ParameterKey": name, "UsePreviousValue": True} for name in kept]


def creation(
    stack: LiveStack,
    name: str,
    body: Body,
    url: str,
    given: Sequence[Mapping[str, Json]],
    tags: Mapping[str, str],
    nests: bool,
    options: argparse.Namespace,
) -> dict[str, Json]:
    """The request for a change set; the body itself, or where it was put."""
    creates = stack.status in NOTHING_THERE
    params: dict[str, Json] = {
        "StackName": stack.name,
        "ChangeSetName": name,
        "ChangeSetType": "CREATE" if creates else "UPDATE",
        "Parameters": list(given),
        "Capabilities": list(CAPABILITIES),
        "IncludeNestedStacks": nests and not options.shallow,
    }
    params |= {"TemplateURL": url} if url else {"TemplateBody": body.sent()}
    params |= {"Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]} if tags else {}
    params |= {"RoleARN": options.role_arn} if options.role_arn else {}
    params |= {"OnStackFailure": "DELETE"} if options.on_failure == "delete" else {}
    params |= {"DeploymentConfig": {"Mode": "EXPRESS"}} if options.express else {}
    return params


def has_nested(stack: LiveStack, template: Template) -> bool:
    """Whether a deployment has to do with nested stacks, those that it removes among them."""
    return any(True for _ in template.of_type(*NESTING)) or any(True for _ in stack.of_type(NESTED))


def execution(token: str, on_failure: str) -> dict[str, Json]:
    """The request that carries a change set out, less its name."""
    keeps = {"DisableRollback": True} if on_failure == "keep" else {}
    return {"ClientRequestToken": token, **keeps}
