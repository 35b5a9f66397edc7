"""A local template with what is live in the place of what is written, and where its places are in the local one.

The linter's own rules then judge what runs: functions have the variables, roles have the policies that they have in
the account, parameters have the values that the stack was given. The text is only in memory.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from s3ap_lint.api import FUNCTION_TYPES, Location, Template
from s3ap_lint.template.node import Node
from s3ap_ops.live_function import FUNCTION, HIDDEN
from s3ap_ops.stack import Json, LiveResource, LiveStack

ROLE = "AWS::IAM::Role"
POLICIES = ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::Serverless::Connector")
"""Types of resources that give roles policies, which are read from the roles."""

GIVEN = ("Environment", "ReservedConcurrentExecutions", "Role", "Policies", "PermissionsBoundary", "Connectors")
"""Properties of functions of which it is known what became of them."""


def overlaid(template: Template, stack: LiveStack) -> bytes:
    """The text of the template as it runs in a stack, as JSON."""
    data: dict[str, Any] = _pinned(template.top.data(), _pseudo_parameters(stack))
    _give_values(_mapping(data.get("Parameters")), stack.parameters)
    resources = {name: one for name, one in _mapping(data.get("Resources")).items() if not _gives_policies(one)}
    data["Resources"] = resources
    shared = _mapping(_mapping(data.get("Globals")).get("Function"))
    for name in GIVEN:
        shared.pop(name, None)
    for live in stack.of_type(FUNCTION):
        function = _mapping(resources.get(live.logical_id))
        if function.get("Type") in FUNCTION_TYPES:
            _put(function, live, resources, stack)
    return json.dumps(data, ensure_ascii=False, indent=1, default=str).encode()


def _mapping(value: Json) -> dict[str, Any]:
    """A value that should be a mapping; an empty one where it is none, such as a loop over resources."""
    return value if isinstance(value, dict) else {}


def _gives_policies(resource: Json) -> bool:
    return _mapping(resource).get("Type") in POLICIES


def _put(function: dict[str, Any], live: LiveResource, resources: dict[str, Any], stack: LiveStack) -> None:
    """What is known of a function, into its resource; what is not known, no longer there."""
    function.pop("Condition", None)
    properties = function["Properties"] = dict(_mapping(function.get("Properties")))
    for name in GIVEN:
        properties.pop(name, None)
    function.pop("Connectors", None)
    properties["Environment"] = {"Variables": dict(live.fact("variables") or {})}
    role = live.fact("role")
    if role is None:
        properties["Role"] = {"Fn::ImportValue": "a role that could not be read"}
        return
    owner = stack.by_physical_id.get(role["name"])
    id_ = owner.logical_id if owner is not None and owner.type == ROLE else role["name"]
    properties["Role"] = {"Fn::GetAtt": [id_, "Arn"]}
    resources[id_] = {
        "Type": ROLE,
        "Properties": {
            "AssumeRolePolicyDocument": {},
            "Policies": [{"PolicyName": name, "PolicyDocument": text} for name, text in role["policies"].items()],
        },
    }


def _give_values(parameters: dict[str, Any], given: Mapping[str, str]) -> None:
    """The one value that each parameter has."""
    for name, value in given.items():
        declared = parameters.get(name)
        if not isinstance(declared, dict) or value == HIDDEN:
            continue
        kind = str(declared.get("Type", ""))
        plain = "CommaDelimitedList" if "List" in kind else "Number" if kind == "Number" else "String"
        parameters[name] = {"Type": plain, "Default": value, "AllowedValues": [value]}


def _pseudo_parameters(stack: LiveStack) -> Mapping[str, str]:
    partition = stack.id.split(":")[1] if stack.id.startswith("arn:") else "aws"
    return {
        "AWS::AccountId": stack.account,
        "AWS::Partition": partition,
        "AWS::Region": stack.region,
        "AWS::StackId": stack.id,
        "AWS::StackName": stack.name,
    }


def _pinned(value: Json, known: Mapping[str, str]) -> Json:
    """A value with the pseudo parameters in it given their values."""
    if isinstance(value, list):
        return [_pinned(one, known) for one in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and value.get("Ref") in known:
        return known[value["Ref"]]
    return {key: _filled(one, known) if key == "Fn::Sub" else _pinned(one, known) for key, one in value.items()}


def _filled(value: Json, known: Mapping[str, str]) -> Json:
    """The same, of what a Sub is given."""
    if isinstance(value, list) and value:
        return [_filled(value[0], known), *(_pinned(one, known) for one in value[1:])]
    if not isinstance(value, str):
        return value
    for name, said in known.items():
        value = value.replace(f"${{{name}}}", said)
    return value


def placed(at: Location, template: Template) -> Location:
    """A place of the overlay in the local template: what stands there, or the nearest thing around it that does."""
    if at.subject != template.path:
        return at
    node: Node = template.top
    for key in at.path:
        inner = node[int(key)] if node.is_sequence and key.isdigit() else node[key]
        if not inner:
            break
        node = inner
    return node.at.noted(at.note)
