"""Writes delete_permissions.json: what CloudFormation needs to delete resources, by the schemas in cfn-lint.

python tools/generate_delete_permissions.py [FOLDER]
"""

import json
import sys
from pathlib import Path

from generate_create_only import folder, published
from table import HERE, source, write

DATA = HERE.parent / "ops" / "s3ap_ops" / "data"


def main() -> None:
    """Write the table."""
    date = json.loads((folder() / "schemas" / "version.json").read_bytes())["schema_date"]
    schemas = sorted(published(), key=lambda schema: schema["typeName"])
    found = {schema["typeName"]: schema.get("handlers", {}).get("delete", {}).get("permissions") for schema in schemas}
    write(
        "delete_permissions.json",
        source("cfn-lint", __file__) | {"schemas": date},
        {"delete": {name: sorted({*actions}) for name, actions in found.items() if actions}},
        Path(sys.argv[1]) if len(sys.argv) > 1 else DATA,
        width=sys.maxsize,  # one type per line
    )


if __name__ == "__main__":
    main()
