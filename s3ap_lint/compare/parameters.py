"""What a change of parameters means for deployments: what must be given, may not be, or is another by default.

(CloudFormation user guide, "Parameters"; a stack that is updated keeps the values of parameters that are not given, and
a parameter that the template does not have is refused.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from s3ap_lint.compare.told import plain
from s3ap_lint.difference.differences import Both
from s3ap_lint.difference.meaning import WRITTEN, same
from s3ap_lint.difference.sections import DECLARED
from s3ap_lint.template.allowed import is_known
from s3ap_lint.template.node import Node
from s3ap_lint.template.parameters import Parameter
from s3ap_lint.template.template import Template

REQUIRED = "has no Default: deployments that do not give it stop working"
REMOVED = "deployments that give it are refused"
LOST = "has no Default any more: new deployments must give it"
REFUSED = "the Default is not allowed any more"
NOT_ALLOWED = "its Default is not allowed"
LOOKED_UP = "its value comes from elsewhere"


@dataclass(frozen=True, slots=True)
class Declared:
    """A parameter, or a part of its declaration, that is not what it was.

    `breaks`: the default deployment does not go on as it was. `untold`: whether it does cannot be told.
    """

    name: str
    nodes: Both[Node]
    before: object
    after: object
    note: str = ""
    breaks: bool = False
    untold: bool = False


def changes(one: Template, other: Template) -> Iterator[Declared]:
    """The parameters that only one template has, and what is declared of them in another way."""
    first, second = one.top["Parameters"], other.top["Parameters"]
    for name in dict.fromkeys([*first.keys(), *second.keys()]):
        a, b = first[name], second[name]
        if not a:
            new = Parameter(name, b)
            note = REQUIRED if not b["Default"] else "" if _starts(new) else NOT_ALLOWED
            yield Declared(name, (a, b), None, _summary(b), note, bool(note), _is_untold(new))
        elif not b:
            yield Declared(name, (a, b), _summary(a), None, REMOVED, breaks=True)
        else:
            yield from _declared(name, a, b)


def _declared(name: str, a: Node, b: Node) -> Iterator[Declared]:
    for part in DECLARED:
        before, after = (plain(WRITTEN.value(node[part])) if node[part] else None for node in (a, b))
        if same(_sorted(before), _sorted(after)) and (before is None) == (after is None):
            continue
        one, other = Parameter(name, a), Parameter(name, b)
        note, breaks = _consequence(part, one, other)
        untold = part in ("AllowedPattern", "Default") and _is_untold(other)
        yield Declared(f"{name}.{part}", (a[part], b[part]), before, after, note, breaks, untold)


def _consequence(part: str, one: Parameter, other: Parameter) -> tuple[str, bool]:
    """What a reader should know of a part of a declaration that changed, and whether the default deployment stops."""
    if part == "Default" and one.node["Default"] and not other.node["Default"]:
        return LOST, True
    if part == "Type" and (one.from_ssm, one.is_list) != (other.from_ssm, other.is_list):
        return LOOKED_UP if one.from_ssm != other.from_ssm else "", True
    if part == "Default" and other.from_ssm:
        return LOOKED_UP, True
    if part != "NoEcho" and _starts(one) and not _starts(other):
        return NOT_ALLOWED if part == "Default" else REFUSED, True
    return "", False


def _starts(parameter: Parameter) -> bool:
    """Whether its declaration lets a stack be created with its Default; also where it has none."""
    default = parameter.default
    if default is None:
        return True
    return all(map(parameter.admits, _items(default))) if parameter.is_list else parameter.admits(default)


def _items(default: str) -> list[str]:
    return [item.strip() for item in default.split(",")]


def _is_untold(parameter: Parameter) -> bool:
    """Whether its AllowedPattern cannot be tried on its Default."""
    pattern, default = parameter.node["AllowedPattern"].text, parameter.default
    return bool(pattern) and default is not None and not parameter.is_list and not is_known(pattern, default)


def _summary(node: Node) -> object:
    parts = ("Type", "Default", "AllowedValues")
    return {part: plain(WRITTEN.value(node[part])) for part in parts if node[part]}


def _sorted(value: object) -> object:
    return sorted(map(str, value)) if isinstance(value, list) else value
