"""Writes managed_policies.json: what each AWS managed policy grants, from moto's copy of them.

python tools/generate_managed_policies.py [FOLDER]
"""

import ast
import json
import sys
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from table import folder_from_command_line, source, write

# Policies under these paths cannot be attached to a role that a template declares.
NOT_ATTACHABLE = ("/aws-service-role/", "/root-task/")


def main() -> None:
    """Write the table."""
    policies = {policy["Path"] + name: policy for name, policy in sorted(published().items())}
    attachable = {arn: policy for arn, policy in policies.items() if not arn.startswith(NOT_ATTACHABLE)}
    newest = max(policy["UpdateDate"] for policy in policies.values())[:10]
    write(
        "managed_policies.json",
        source("moto", __file__) | {"newest_policy": newest},
        {
            "policies": {arn: statements(policy["Document"]) for arn, policy in sorted(attachable.items())},
            "not_attachable": sorted(policies.keys() - attachable.keys()),
        },
        folder_from_command_line(),
        width=sys.maxsize,  # one policy per line: a diff shows which policy changed, and the file stays small
    )


def published() -> dict[str, Any]:
    """Policy name → its path, document and dates: the default version of every policy moto knows."""
    # Read, not imported: importing moto.iam starts half of moto.
    module = Path(str(distribution("moto").locate_file("moto/iam/aws_managed_policies.py")))
    (assignment,) = (node for node in ast.parse(module.read_bytes()).body if isinstance(node, ast.Assign))
    policies: dict[str, Any] = json.loads(ast.literal_eval(assignment.value))
    return policies


def statements(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The statements of a policy document in the table's form."""
    return [compact(statement) for statement in as_list(document["Statement"])]


def compact(statement: dict[str, Any]) -> dict[str, Any]:
    """One statement: effect, (not_)actions, (not_)resources, and conditional if it has conditions."""
    short: dict[str, Any] = {"effect": statement["Effect"]}
    for long, key in (
        ("Action", "actions"),
        ("NotAction", "not_actions"),
        ("Resource", "resources"),
        ("NotResource", "not_resources"),
    ):
        if long in statement:
            short[key] = as_list(statement[long])
    if "Condition" in statement:
        short["conditional"] = True
    return short


def as_list(value: Any) -> list[Any]:
    """IAM lets a single item stand for a list of one."""
    return value if isinstance(value, list) else [value]


if __name__ == "__main__":
    main()
