"""Stacks as JSON or YAML and back: what `record` writes, what `plan --from` reads, and what examples are written in.

    Stack: uc1-demo
    Resources:
      OutputBucket:
        Type: AWS::S3::Bucket
        PhysicalId: uc1-demo-output
        Facts: {versions: 3}

Everything but the name has a default. Several stacks are a list, or stand under `Stacks`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import yaml

from s3ap_ops.errors import OpsError
from s3ap_ops.rollout import Rollout
from s3ap_ops.stack import Json, LiveResource, LiveStack, LosingResource

VERSION = 1
ACCOUNT, REGION = "123456789012", "ap-northeast-1"
"""Where a stack is that does not say; an account id that AWS's documentation uses."""

_TOO_DEEP = re.compile(r"(?:[\[{]\s*){200}")

_STACK = {
    "status": "Status",
    "reason": "Reason",
    "created": "Created",
    "updated": "Updated",
    "description": "Description",
    "is_protected": "Protected",
    "role_arn": "RoleArn",
    "parent_id": "ParentId",
    "root_id": "RootId",
    "tags": "Tags",
    "parameters": "Parameters",
    "template": "Template",
    "facts": "Facts",
    "unread": "Unread",
}
_RESOURCE = {
    "physical_id": "PhysicalId",
    "status": "Status",
    "reason": "Reason",
    "deletion_policy": "DeletionPolicy",
    "properties": "Properties",
    "facts": "Facts",
    "unread": "Unread",
}

_ROLLOUT = {"template": "Template", "values": "Parameters", "facts": "Facts", "unread": "Unread"}


def written(stacks: Iterable[LiveStack]) -> dict[str, Json]:
    """Stacks as data for JSON; what is as by default is left out."""
    return {"Version": VERSION, "Stacks": [_stack_written(stack) for stack in stacks]}


def read(text: str, where: str) -> tuple[LiveStack, ...]:
    """The stacks of a snapshot in JSON or YAML. Raises OpsError, naming `where`, when it is none."""
    if _TOO_DEEP.search(text):  # libyaml ends the process on such a text
        raise OpsError(f"{where} is nested too deeply to be a snapshot")
    try:
        data = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise OpsError(f"{where} is neither JSON nor YAML: {' '.join(str(error).split())}") from None
    if isinstance(data, dict) and "Stacks" in data:
        if data.get("Version", VERSION) != VERSION:
            raise OpsError(f"{where} is a snapshot of version {data['Version']!r}; this program reads {VERSION}")
        data = data["Stacks"]
    entries = data if isinstance(data, list) else [data]
    if not entries or not all(isinstance(entry, dict) and isinstance(entry.get("Stack"), str) for entry in entries):
        raise OpsError(f"{where} is no snapshot; `s3ap-ops record STACK -o {where}` writes one")
    return tuple(_stack_read(entry, where) for entry in entries)


def read_rollout(entry: Mapping[str, Json], where: str) -> Rollout:
    """A deployment of which everything is written down. Raises OpsError, naming `where`, when it is none.

    Stack: uc1-demo
    Parameters: {VpcId: vpc-1}
    Template: {Resources: {…}}
    Existing: {Stack: uc1-demo, Resources: {…}}
    Facts: {taken: {…}}
    """
    if not isinstance(entry.get("Stack"), str) or not isinstance(entry.get("Template"), Mapping):
        raise OpsError(f"{where} is no deployment: it wants a Stack and a Template")
    _known(entry, {"Stack", "Region", "Account", "Path", "Existing", *_ROLLOUT.values()}, where)
    return Rollout(
        entry["Stack"],
        str(entry.get("Region", REGION)),
        str(entry.get("Account", ACCOUNT)),
        str(entry.get("Path", "template.yaml")),
        existing=_stack_read(entry["Existing"], where) if "Existing" in entry else None,
        given=frozenset(entry.get("Parameters") or ()),
        **_fields(entry, _ROLLOUT),
    )


def _stack_written(stack: LiveStack) -> dict[str, Json]:
    out: dict[str, Json] = {"Stack": stack.name, "Id": stack.id, "Region": stack.region, "Account": stack.account}
    out |= _set(stack, _STACK, LiveStack("", "", "", ""))
    if stack.exports:
        out["Exports"] = {name: list(importers) for name, importers in stack.exports.items()}
    out["Resources"] = {
        one.logical_id: {"Type": one.type, **_set(one, _RESOURCE, LiveResource("", "", "", "", "", ""))}
        for one in stack.resources
    }
    return out


def _set(thing: object, names: Mapping[str, str], default: object) -> dict[str, Json]:
    """The fields of a thing that are not as in the default, under the names of the format."""
    return {
        key: dict(value) if isinstance(value, Mapping) else value
        for name, key in names.items()
        if (value := getattr(thing, name)) != getattr(default, name)
    }


def _stack_read(entry: Mapping[str, Json], where: str) -> LiveStack:
    name = entry["Stack"]
    region, account = str(entry.get("Region", REGION)), str(entry.get("Account", ACCOUNT))
    id_ = str(entry.get("Id") or f"arn:aws:cloudformation:{region}:{account}:stack/{name}/{name}")
    _known(entry, {*_STACK.values(), "Stack", "Id", "Region", "Account", "Exports", "Resources"}, f"{where}, {name}")
    _shaped(entry, f"{where}, {name}")
    resources = []
    for key, given in (entry.get("Resources") or {}).items():
        logical = str(key)  # YAML takes Off for a boolean
        if not isinstance(given, dict) or not isinstance(given.get("Type"), str):
            raise OpsError(f"{where}, {name}: {logical} has no Type")
        _known(given, {*_RESOURCE.values(), "Type"}, f"{where}, {name}, {logical}")
        _shaped(given, f"{where}, {name}, {logical}")
        fields = _fields(given, _RESOURCE) | {"physical_id": given.get("PhysicalId", f"{name}-{logical.lower()}")}
        kind = LosingResource if "change" in fields.get("facts", {}) else LiveResource
        resources.append(kind(name, id_, region, account, logical, given["Type"], **fields))
    exports = {name: tuple(importers or ()) for name, importers in (entry.get("Exports") or {}).items()}
    fields = _fields(entry, _STACK)
    return LiveStack(name, id_, region, account, exports=exports, resources=tuple(resources), **fields)


def _fields(entry: Mapping[str, Json], names: Mapping[str, str]) -> dict[str, Any]:
    given = {name: entry[key] for name, key in names.items() if key in entry}
    return {name: str(value) if isinstance(value, date) else value for name, value in given.items()}


def _shaped(entry: Mapping[str, Json], where: str) -> None:
    """Raise OpsError for what has to be a mapping and is none."""
    for key in ("Resources", "Facts", "Unread", "Exports", "Template", "Properties", "Parameters", "Tags"):
        if not isinstance(entry.get(key) or {}, dict):
            raise OpsError(f"{where}: {key} must be a mapping of names to values")


def _known(entry: Mapping[str, Json], names: set[str], where: str) -> None:
    unknown = sorted(str(key) for key in entry if key not in names)
    if unknown:
        raise OpsError(f"{where}: there is no key {unknown[0]!r}; the keys are {', '.join(sorted(names))}")
