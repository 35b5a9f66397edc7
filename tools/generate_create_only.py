"""Writes create_only.json: the properties that replace a resource when they change, from the schemas in cfn-lint.

python tools/generate_create_only.py [FOLDER]
"""

import json
import sys
from collections.abc import Iterable
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from table import folder_from_command_line, source, write

ALSO_STATEFUL = (
    "AWS::Athena::WorkGroup",  # its saved queries and its history
    "AWS::DSQL::Cluster",
    "AWS::ECR::Repository",
    "AWS::FSx::Snapshot",
    "AWS::FSx::StorageVirtualMachine",
    "AWS::FSx::Volume",
    "AWS::Glue::Database",
    "AWS::MSK::Cluster",
    "AWS::MemoryDB::Cluster",
    "AWS::OpenSearchServerless::Collection",
    "AWS::S3Tables::TableBucket",
    "AWS::S3Vectors::VectorBucket",
    "AWS::SSM::Parameter",
    "AWS::Timestream::Database",
    "AWS::Timestream::Table",
)
"""Types that hold data as well, and that cfn-lint's list does not have; by hand."""


def main() -> None:
    """Write the table."""
    schemas = sorted(published(), key=lambda schema: schema["typeName"])
    date = json.loads((folder() / "schemas" / "version.json").read_bytes())["schema_date"]
    held = json.loads((folder() / "AdditionalSpecs" / "StatefulResources.json").read_bytes())["ResourceTypes"]
    write(
        "create_only.json",
        source("cfn-lint", __file__) | {"schemas": date},
        {
            "always": listed(schemas, "createOnlyProperties"),
            "perhaps": listed(schemas, "conditionalCreateOnlyProperties"),
            "stateful": sorted({*held, *ALSO_STATEFUL}),
        },
        folder_from_command_line(),
        width=sys.maxsize,  # one type per line
    )


def folder() -> Path:
    """Where cfn-lint keeps its data; it is read, not imported."""
    return Path(str(distribution("cfn-lint").locate_file("cfnlint/data")))


def published() -> list[dict[str, Any]]:
    """Every schema of a resource type."""
    return [json.loads(path.read_bytes()) for path in (folder() / "schemas" / "resources").glob("*.json")]


def listed(schemas: Iterable[dict[str, Any]], key: str) -> dict[str, list[str]]:
    """Type → its properties of a kind, dotted; `*` is any item, and what lies below a listed one is left out."""
    found = {schema["typeName"]: outermost(map(dotted, schema.get(key, ()))) for schema in schemas}
    return {name: paths for name, paths in found.items() if paths}


def dotted(pointer: str) -> str:
    """ "/properties/Code/S3Key" as "Code.S3Key"; exits on what is no pointer to a property."""
    start, name, *rest = pointer.split("/")
    if start or name != "properties" or not rest:
        sys.exit(f"{pointer} does not begin with /properties/")
    return ".".join(part for part in rest if part != "properties")


def outermost(paths: Iterable[str]) -> list[str]:
    """The paths that do not lie below another one."""
    every = set(paths)
    return sorted(path for path in every if not any(path.startswith(f"{other}.") for other in every))


if __name__ == "__main__":
    main()
