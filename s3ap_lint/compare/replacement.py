"""What becomes of a resource when a property of it changes, and of the data in it.

Sources: data/create_only.json; CloudFormation user guide, "Update behaviors of stack resources", "DeletionPolicy
attribute" and "UpdateReplacePolicy attribute".
"""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint import data
from s3ap_lint.compare.change import Fate, Held
from s3ap_lint.template.node import Node

_POLICIES = {"Retain": Held.KEPT, "RetainExceptOnCreate": Held.KEPT, "Snapshot": Held.SNAPSHOT, "Delete": Held.LOST}


def fate(type: str, name: str, before: object, after: object) -> Fate:
    """What becomes of a resource of a type when a property, by its dotted name, is no longer what it was."""
    table = data.load("create_only")
    if any(_concerned(path, name, before, after) for path in table["always"].get(type, ())):
        return Fate.REPLACED
    if any(_concerned(path, name, before, after) for path in table["perhaps"].get(type, ())):
        return Fate.PERHAPS
    return Fate.NOTHING


def held(type: str, node: Node, policy: str) -> Held:
    """What becomes of the data of a resource that goes, by its DeletionPolicy or UpdateReplacePolicy."""
    if type not in data.load("create_only")["stateful"]:
        return Held.NONE
    said = node[policy]
    if not said:
        return Held.UNKNOWN if type.startswith("AWS::RDS::") and policy == "DeletionPolicy" else Held.LOST
    return _POLICIES.get(said.text, Held.UNKNOWN)


def _concerned(path: str, name: str, before: object, after: object) -> bool:
    """Whether what lies at a path of the table is no longer what it was."""
    if name == path or name.startswith(f"{path}."):
        return True
    inner = path.removeprefix(f"{name}.")
    return inner != path and [*_at(before, inner.split("."))] != [*_at(after, inner.split("."))]


def _at(value: object, steps: list[str]) -> Iterator[object]:
    """What lies at a path inside of a value; `*` is every item of a list."""
    if not steps:
        yield value
    elif steps[0] == "*":
        for item in value if isinstance(value, list) else ():
            yield from _at(item, steps[1:])
    elif isinstance(value, dict) and steps[0] in value:
        yield from _at(value[steps[0]], steps[1:])
