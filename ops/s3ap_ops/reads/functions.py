"""What functions are and hold, which of them stand in a VPC, and which function is behind a custom resource."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from s3ap_ops.reading import Look, Notes, reads, says
from s3ap_ops.reads import intrinsics
from s3ap_ops.stack import Json, LiveResource

GONE = {"ResourceNotFoundException": False}
STACK, STACK_ID = "aws:cloudformation:stack-name", "aws:cloudformation:stack-id"
"""The tags that CloudFormation puts on what it makes, with the name and the id of the stack."""


@reads("AWS::Lambda::Function", "AWS::Serverless::Function")
def function(look: Look, resource: LiveResource, note: Notes) -> None:
    """exists; state, last_update_status; role; environment: names, never values; reserved_concurrency, absent if none.

    vpc_id, "" outside of one; subnet_ids, group_ids; dual_stack: whether it has IPv6 there; versions_in_vpc: published
    versions that stand in a VPC, asked of those in one only; stack_id: of the stack that made it, "" if none did.
    """
    ask = partial(_function, look, resource.physical_id, "")
    if not note("exists", lambda: bool(ask()), GONE):
        return
    found = ask()
    configuration, vpc = found["Configuration"], _vpc(found["Configuration"])
    note("state", lambda: configuration.get("State", ""))
    note("last_update_status", lambda: configuration.get("LastUpdateStatus", ""))
    note("role", lambda: configuration.get("Role", ""))
    if "Error" not in configuration.get("Environment", {}):  # names that a key hides are no fact
        note("environment", lambda: sorted(configuration.get("Environment", {}).get("Variables", {})))
    if (reserved := found.get("Concurrency", {}).get("ReservedConcurrentExecutions")) is not None:
        note("reserved_concurrency", lambda: reserved)
    for name in ("vpc_id", "subnet_ids", "group_ids", "dual_stack"):
        note(name, partial(vpc.__getitem__, name))
    note("stack_id", lambda: found.get("Tags", {}).get(STACK_ID, ""))
    if vpc["vpc_id"]:
        note("versions_in_vpc", lambda: _versions(look, configuration["FunctionName"]))


@reads("Custom::*", "AWS::CloudFormation::CustomResource")
def custom_resource(look: Look, resource: LiveResource, note: Notes) -> None:
    """provider: the name of the function behind it, its ARN in another region; absent where it cannot be told.

    provider_exists; provider_state; provider_concurrency: the reserved one, absent if none; provider_stack,
    provider_stack_id: of the stack that made the function, "" if none did.
    """
    token = note("provider", lambda: _provider(look, resource))
    if not token:
        note.facts.pop("provider", None)  # a topic, another account's, or not to be told: nothing to say
        return
    region = token.split(":")[3] if token.startswith("arn:") else ""
    ask = partial(_function, look, token, region)
    if not note("provider_exists", lambda: bool(ask()), GONE):
        return
    found = ask()
    note("provider_state", lambda: found["Configuration"].get("State", ""))
    if (reserved := found.get("Concurrency", {}).get("ReservedConcurrentExecutions")) is not None:
        note("provider_concurrency", lambda: reserved)
    note("provider_stack", lambda: found.get("Tags", {}).get(STACK, ""))
    note("provider_stack_id", lambda: found.get("Tags", {}).get(STACK_ID, ""))


def _function(look: Look, name: str, region: str) -> Any:
    ask: Callable[[], Any] = partial(look.client("lambda", region).get_function, FunctionName=name)
    return look.once(("function", region or look.region, name), ask)


def _provider(look: Look, resource: LiveResource) -> str:
    """The function that a custom resource's ServiceToken names; "" when it is none of this account, or is unknown."""
    token = intrinsics.value(look, resource, resource.properties.get("ServiceToken"))
    if not token or not token.startswith("arn:"):
        return token or ""
    parts = token.split(":")  # arn, partition, service, region, account, "function", name, and perhaps a version
    if len(parts) < 7 or parts[2] != "lambda" or parts[4] != look.account:
        return ""
    return parts[6] if parts[3] == look.region else token


def _vpc(configuration: Mapping[str, Any]) -> dict[str, Json]:
    found = configuration.get("VpcConfig") or {}
    return {
        "vpc_id": found.get("VpcId", ""),
        "subnet_ids": sorted(found.get("SubnetIds") or ()),
        "group_ids": sorted(found.get("SecurityGroupIds") or ()),
        "dual_stack": bool(found.get("Ipv6AllowedForDualStack")),
    }


def in_vpcs(look: Look) -> list[dict[str, Json]]:
    """Every version of every function of the account and region that stands in a VPC, asked once.

    Each has `function`, `arn`, `version` ("$LATEST" if unpublished), `vpc_id`, `subnet_ids`, `group_ids`.
    """
    return look.once("functions-in-vpcs", partial(_ask_in_vpcs, look))


def _ask_in_vpcs(look: Look) -> list[dict[str, Json]]:
    found = look.pages("lambda", "list_functions", "Functions", FunctionVersion="ALL")
    return [
        {
            "function": one["FunctionName"],
            "arn": one["FunctionArn"].removesuffix(f":{one['Version']}"),
            "version": one["Version"],
            **vpc,
        }
        for one in found
        if (vpc := _vpc(one))["vpc_id"]
    ]


def _versions(look: Look, name: str) -> list[str]:
    """The published versions of a function that stand in a VPC."""
    return sorted({one["version"] for one in in_vpcs(look) if one["function"] == name} - {"$LATEST"}, key=_numbered)


def _numbered(version: str) -> tuple[int, str]:
    return len(version), version


def users(look: Look, name: str, id_: str) -> list[dict[str, Json]]:
    """The functions that have an id under a name of `in_vpcs`: which stack made each, and its published versions."""
    found: dict[str, dict[str, Json]] = {}
    for one in in_vpcs(look):
        if not id_ or id_ not in (one[name] if isinstance(one[name], list) else [one[name]]):
            continue
        stack, stack_id = made_by(look, one["arn"])
        entry = found.setdefault(
            one["function"], {"function": one["function"], "stack": stack, "stack_id": stack_id, "versions": []}
        )
        if one["version"] != "$LATEST":
            entry["versions"].append(one["version"])
    return [found[name] for name in sorted(found)]


def made_by(look: Look, arn: str) -> tuple[str, str]:
    """The name and id of the stack that made a function; empty if none did, or its tags are not to be seen."""
    return look.once(("made-by", arn), partial(_ask_made_by, look, arn))


def _ask_made_by(look: Look, arn: str) -> tuple[str, str]:
    try:
        tags = look.client("lambda").list_tags(Resource=arn)["Tags"]
    except ClientError as error:
        if says(error, "AccessDeniedException") or says(error, "ResourceNotFoundException"):
            return "", ""  # whose it is, is told to a reader only; no decision depends on it
        raise
    return tags.get(STACK, ""), tags.get(STACK_ID, "")


READERS = (function, custom_resource)
