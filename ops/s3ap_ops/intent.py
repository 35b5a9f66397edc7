"""What a template calls something, as far as that can be told: a pattern, open where a value is computed.

Only for telling what a stack made from what others added. A name from here never reaches an API.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from s3ap_ops.stack import Json, LiveResource, LiveStack

ANYTHING = ".*"


def unmatched(names: Iterable[str], meant: Iterable[Json], stack: LiveStack, beside: LiveResource) -> list[str]:
    """The names that none of the template's values can stand for, sorted; values are those of `beside`'s template."""
    patterns = [re.compile(worded(value, stack, beside)) for value in meant]
    return sorted(name for name in names if not any(pattern.fullmatch(name) for pattern in patterns))


def worded(value: Json, stack: LiveStack, beside: LiveResource) -> str:
    """A regular expression for what a value of the template comes to; `.*` for each part that cannot be told."""
    if isinstance(value, str | int | float):
        return re.escape(str(value))
    if not isinstance(value, Mapping) or len(value) != 1:
        return ANYTHING
    (function, argument), *_ = value.items()
    if function == "Ref" and isinstance(argument, str):
        return _reference(argument, stack, beside)
    if function == "Fn::Sub":
        return _substituted(argument, stack, beside)
    if function == "Fn::Join" and isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], list):
        return re.escape(str(argument[0])).join(worded(one, stack, beside) for one in argument[1])
    if function == "Fn::If" and isinstance(argument, list) and len(argument) == 3:
        return f"(?:{worded(argument[1], stack, beside)}|{worded(argument[2], stack, beside)})"
    return ANYTHING


def entries(value: Json) -> list[Json]:
    """The items that a list of the template can have, in any branch of its conditions; a computed list is one item of
    which nothing is known."""
    if value is None or value == {"Ref": "AWS::NoValue"}:
        return []
    if isinstance(value, list):
        return [item for one in value for item in entries(one)]
    branches = value.get("Fn::If") if isinstance(value, Mapping) else None
    if isinstance(branches, list) and len(branches) == 3:
        return entries(branches[1:])
    return [value]


def _substituted(argument: Json, stack: LiveStack, beside: LiveResource) -> str:
    text, given = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})
    if not isinstance(text, str) or not isinstance(given, Mapping):
        return ANYTHING
    parts = re.split(r"\$\{([^}]*)\}", text)
    said = [re.escape(part) for part in parts]
    for index in range(1, len(parts), 2):
        name = parts[index]
        if name.startswith("!"):
            said[index] = re.escape(f"${{{name[1:]}}}")
        elif name in given:
            said[index] = worded(given[name], stack, beside)
        else:
            said[index] = ANYTHING if "." in name else _reference(name, stack, beside)
    return "".join(said)


def _reference(name: str, stack: LiveStack, beside: LiveResource) -> str:
    nested, _, _ = beside.logical_id.rpartition("/")
    pseudo = {
        "AWS::AccountId": re.escape(stack.account),
        "AWS::Region": re.escape(stack.region),
        "AWS::Partition": "aws[a-z-]*",
        "AWS::StackName": ANYTHING if nested else re.escape(stack.name),
    }
    if name in pseudo:
        return pseudo[name]
    if not nested and name in stack.parameters:
        value = stack.parameters[name]
        return re.escape(value) if value.strip("*") or not value else ANYTHING  # NoEcho comes as ****
    logical = f"{nested}/{name}" if nested else name
    found = next((one.physical_id for one in stack.resources if one.logical_id == logical and one.physical_id), None)
    return ANYTHING if found is None else re.escape(found)
