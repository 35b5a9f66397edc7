"""What the functions of a stack run with: their variables, their concurrency and their roles, read from the account.

`running` gives a LiveStack whose functions carry these facts: `exists`; `variables`, a mapping of name to value;
`reserved_concurrency`, a number or None for none; `role`, a mapping of `name`, `policies` (documents by name) and
`boundary` (its ARN, or ""). The values of variables may be secrets: nothing here is ever recorded or told. What cannot
be read is in `unread` with the reason, and a role of which one policy cannot be read is not known at all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from s3ap_ops.collect import described, parameters_of
from s3ap_ops.errors import OpsError
from s3ap_ops.live_function import FUNCTION, Running
from s3ap_ops.reading import Look, Notes, told
from s3ap_ops.stack import Json, LiveResource, LiveStack

AT_ONCE = 8
"""Functions that are read at the same time."""

NO_FUNCTION = {"ResourceNotFoundException": False}


def running(look: Look, name: str) -> list[Running]:
    """A stack by name or id, and its nested stacks behind it. Raises OpsError when there is none, or it is gone."""
    found = [_one(look, name)]
    for resource in found[0].stack.of_type("AWS::CloudFormation::Stack"):
        found += running(look, resource.physical_id)
    return found


def _one(look: Look, name: str) -> Running:
    said = described(name, look)
    if said is None or said["StackStatus"] == "DELETE_COMPLETE":
        raise OpsError(f"there is no stack {name} in {look.region} of this account; is it in another region?")
    id_ = said["StackId"]
    try:
        rows = look.pages("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=id_)
        body = look.client("cloudformation").get_template(StackName=id_, TemplateStage="Original")["TemplateBody"]
    except ClientError as error:
        raise OpsError(f"{name} cannot be read: {told(error)}") from None
    except BotoCoreError as error:
        raise OpsError(f"{name} cannot be read: {error}") from None
    where = (said["StackName"], id_, look.region, look.account)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        resources = tuple(pool.map(lambda row: _with_facts(look, LiveResource(*where, *_of_row(row))), rows))
    stack = LiveStack(
        *where,
        status=said["StackStatus"],
        parameters=parameters_of(said),
        resources=resources,
    )
    return Running(stack, body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, default=str))


def _of_row(row: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Logical id, type, physical id and status of a row of the inventory."""
    return row["LogicalResourceId"], row["ResourceType"], row.get("PhysicalResourceId", ""), row["ResourceStatus"]


def _with_facts(look: Look, resource: LiveResource) -> LiveResource:
    if resource.type != FUNCTION or resource.is_gone:
        return resource
    note = Notes()
    noted(look, resource.physical_id, note)
    return replace(resource, facts=note.facts, unread=note.unread)


def noted(look: Look, name: str, note: Notes) -> None:
    """Note what a function runs with."""
    client = look.client("lambda")
    settings: dict[str, Any] = {}

    def there() -> bool:
        settings.update(client.get_function_configuration(FunctionName=name))
        return True

    if not note("exists", there, NO_FUNCTION):
        return
    environment = settings.get("Environment") or {}
    failure = environment.get("Error")
    if failure:  # Lambda answers without the variables when their key may not be used
        note.unread["variables"] = " ".join(f"{failure.get('ErrorCode')}: {failure.get('Message')}".split())
    else:
        note.facts["variables"] = dict(environment.get("Variables") or {})
    note("reserved_concurrency", lambda: _reserved(client, name))
    role = str(settings["Role"]).rpartition("/")[2]
    note("role", lambda: look.once(("role", role), lambda: _role(look, role)))


def _reserved(client: Any, name: str) -> int | None:
    found: int | None = client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")
    return found


def _role(look: Look, name: str) -> Json:
    """A role with every policy that it has: inline ones by their names, managed ones by their ARNs."""
    iam = look.client("iam")
    said = iam.get_role(RoleName=name)["Role"]
    policies: dict[str, Json] = {}
    for policy in look.pages("iam", "list_role_policies", "PolicyNames", RoleName=name):
        policies[policy] = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
    for policy in look.pages("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name):
        arn = policy["PolicyArn"]
        policies[arn] = look.once(("policy", arn), partial(_managed, iam, arn))
    boundary = said.get("PermissionsBoundary") or {}
    return {"name": name, "policies": policies, "boundary": boundary.get("PermissionsBoundaryArn", "")}


def _managed(iam: Any, arn: str) -> Json:
    """The document of a managed policy, in the version that holds."""
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
