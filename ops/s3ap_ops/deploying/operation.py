"""What CloudFormation is asked for: the parameters of the requests, as the stack's state and the installed SDK want
them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from s3ap_lint.api import Template
from s3ap_ops.deploying.body import Body
from s3ap_ops.deploying.inputs import Inputs
from s3ap_ops.errors import OpsError
from s3ap_ops.hands import Hands
from s3ap_ops.stack import ABSENT, Json, LiveStack

CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")

NOTHING_THERE = (ABSENT, "REVIEW_IN_PROGRESS", "DELETE_COMPLETE")
"""States in which there is nothing to update, so that a change set creates."""

STUCK = {
    "ROLLBACK_COMPLETE": "its creation failed, and it takes no update; add --recreate, or `s3ap-ops clean` it",
    "ROLLBACK_FAILED": "its creation failed, and its rollback, too; `s3ap-ops clean` it first",
    "CREATE_FAILED": "its creation failed; add --recreate, or `s3ap-ops clean` it",
    "DELETE_FAILED": "its deletion failed; `s3ap-ops clean` it first",
    "UPDATE_ROLLBACK_FAILED": "its rollback failed; `aws cloudformation continue-update-rollback` first",
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
    return f"{stack.name} is in {stack.status}: {why}" if why else ""


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
    on_failure: str,
    role_arn: str,
) -> dict[str, Json]:
    """The request for a change set; the body itself, or where it was put."""
    creates = stack.status in NOTHING_THERE
    params: dict[str, Json] = {
        "StackName": stack.name,
        "ChangeSetName": name,
        "ChangeSetType": "CREATE" if creates else "UPDATE",
        "Parameters": list(given),
        "Capabilities": list(CAPABILITIES),
        "IncludeNestedStacks": False,
    }
    params |= {"TemplateURL": url} if url else {"TemplateBody": body.sent()}
    params |= {"Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]} if tags else {}
    params |= {"RoleARN": role_arn} if role_arn else {}
    if on_failure == "delete":
        if not creates:
            raise OpsError(
                "--on-failure delete is for a stack that is not there yet; this one would go with all it holds"
            )
        params["OnStackFailure"] = "DELETE"
    return params


def execution(token: str, on_failure: str) -> dict[str, Json]:
    """The request that carries a change set out, less its name."""
    keeps = {"DisableRollback": True} if on_failure == "keep" else {}
    return {"ClientRequestToken": token, **keeps}


def with_express(params: dict[str, Json], hands: Hands) -> dict[str, Json]:
    """A request in express mode. Raises OpsError when the installed SDK does not know it.

    Express mode came in July 2026; boto3 1.44.5 knows it, 1.43.11 does not.
    """
    model = hands.client("cloudformation").meta.service_model.operation_model("CreateChangeSet")
    if "DeploymentConfig" not in model.input_shape.members:
        raise OpsError("the installed boto3 does not know express mode; upgrade it, or leave out --express")
    return {**params, "DeploymentConfig": {"Mode": "EXPRESS"}}
