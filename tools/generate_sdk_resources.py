"""Writes sdk_resources.json: what the resources of boto3 call, and what the waiters of botocore call.

python tools/generate_sdk_resources.py [FOLDER]
"""

import json
import re
from pathlib import Path
from typing import Any

import boto3
import botocore
from botocore import xform_name
from table import folder_from_command_line, source, write

RESOURCES = Path(boto3.__file__).parent / "data"
MODELS = Path(botocore.__file__).parent / "data"

_PLAIN = re.compile(r"\w+\Z")
"""A member at the top of a request: `Delete.Objects[].Key` is made of the items of a collection."""


def main() -> None:
    """Write the table."""
    waiters = {path.parent.parent.name: waited(path) for path in newest(MODELS, "waiters-2.json")}
    write(
        "sdk_resources.json",
        source("boto3", __file__),
        {
            "resources": {
                path.parent.parent.name: resources(path, waiters.get(path.parent.parent.name, {}))
                for path in newest(RESOURCES, "resources-1.json")
            },
            "waiters": {service: found for service, found in sorted(waiters.items()) if found},
        },
        folder_from_command_line(),
        width=400,
    )


def newest(folder: Path, name: str) -> list[Path]:
    """The file of that name of each service, in its last version."""
    return [max(service.glob(f"*/{name}")) for service in sorted(folder.iterdir()) if any(service.glob(f"*/{name}"))]


def waited(path: Path) -> dict[str, str]:
    """Waiter → operation, as Python spells both."""
    found = json.loads(path.read_bytes())["waiters"]
    return {xform_name(name): xform_name(waiter["operation"]) for name, waiter in sorted(found.items())}


def resources(path: Path, waiters: dict[str, str]) -> dict[str, Any]:
    """Type of resource → what it has; "" is the service's own."""
    model = json.loads(path.read_bytes())
    service = facts(model["service"], waiters)
    for name, resource in sorted(model["resources"].items()):  # each can be made from its identifiers
        if not any(kind == name for kind, _ in service.setdefault("has", {}).values()):
            service["has"][name] = [name, {one["name"]: "()" for one in resource.get("identifiers", ())}]
    found = {"": service}
    return found | {name: facts(resource, waiters) for name, resource in sorted(model["resources"].items())}


def facts(resource: dict[str, Any], waiters: dict[str, str]) -> dict[str, Any]:
    """One type of resource."""
    found = {
        "identifiers": [one["name"] for one in resource.get("identifiers", ())],
        "load": request(resource["load"]["request"]) if "load" in resource else [],
        "actions": {xform_name(name): action(one) for name, one in sorted(resource.get("actions", {}).items())},
        "batch": {xform_name(name): action(one) for name, one in sorted(resource.get("batchActions", {}).items())},
        "has": dict(relation(name, one["resource"]) for name, one in sorted(resource.get("has", {}).items())),
        "many": {xform_name(name): action(one) for name, one in sorted(resource.get("hasMany", {}).items())},
        "waits": {
            f"wait_until_{xform_name(name)}": [waiters[xform_name(one["waiterName"])], parameters(one)]
            for name, one in sorted(resource.get("waiters", {}).items())
        },
    }
    return {name: section for name, section in found.items() if section}


def action(given: dict[str, Any]) -> list[Any]:
    """Operation, its members that the resource gives, and what comes back: a type and its identifiers."""
    return [*request(given["request"]), *(made(given["resource"]) if "resource" in given else ())]


def request(given: dict[str, Any]) -> list[Any]:
    """Operation and its members that the resource gives."""
    return [xform_name(given["operation"]), parameters(given)]


def parameters(given: dict[str, Any]) -> dict[str, str]:
    """Member → the identifier of the resource that it gets."""
    return {
        one["target"]: one["name"]
        for one in given.get("params", ())
        if one["source"] == "identifier" and _PLAIN.match(one["target"])
    }


def relation(name: str, resource: dict[str, Any]) -> tuple[str, list[Any]]:
    """How another resource is reached: a class to be called, or an attribute where it is in the data."""
    in_data = any(one["source"] == "data" for one in resource.get("identifiers", ()))
    return xform_name(name) if in_data else name, made(resource)


def made(resource: dict[str, Any]) -> list[Any]:
    """A type, and where each of its identifiers is from: "Own" identifier, "=Member" of the request, "" unknown.

    "()" is the next argument.
    """
    return [resource["type"], {one["target"]: origin(one) for one in resource.get("identifiers", ())}]


def origin(identifier: dict[str, Any]) -> str:
    """Where an identifier is from."""
    if identifier["source"] == "identifier":
        return str(identifier["name"])
    if identifier["source"] == "requestParameter":
        return f"={identifier['path']}"
    return "()" if identifier["source"] == "input" else ""


if __name__ == "__main__":
    main()
