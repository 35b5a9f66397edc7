"""What two halves of a pair differ in, as sentences."""

from __future__ import annotations

from dataclasses import replace

from s3ap_lint.api import Difference, DifferenceKind, Location, Twins

PLURAL = {
    DifferenceKind.PARAMETER: "parameters",
    DifferenceKind.DEFAULT: "defaults",
    DifferenceKind.CONDITION: "conditions",
    DifferenceKind.MAPPING: "entries of mappings",
    DifferenceKind.RULE: "rules",
    DifferenceKind.RESOURCE: "resources",
    DifferenceKind.CODE: "code",
    DifferenceKind.VARIABLE: "environment variables",
    DifferenceKind.GRANT: "permissions",
    DifferenceKind.STATE: "states",
    DifferenceKind.PROPERTY: "properties",
    DifferenceKind.OUTPUT: "outputs",
}
"""What the differences of a kind are called together."""

_LACKED = {
    DifferenceKind.PARAMETER: "who deploys {lacks} cannot set it",
    DifferenceKind.DEFAULT: "without a value {lacks} is not deployed",
    DifferenceKind.RESOURCE: "a stack of {lacks} goes without it",
    DifferenceKind.VARIABLE: "deployed from {lacks}, the function runs without it",
    DifferenceKind.GRANT: "deployed from {lacks}, the same request may be denied",
    DifferenceKind.STATE: "executions in a stack of {lacks} never come to it",
    DifferenceKind.OUTPUT: "a stack of {lacks} does not tell it",
}
"""What comes of it where only one half has something."""

_UNLIKE = {
    DifferenceKind.DEFAULT: "who gives no value gets another stack from each",
    DifferenceKind.CONDITION: "what depends on it is not created in the same cases",
    DifferenceKind.VARIABLE: "the same code is told something else",
}
"""What comes of it where both halves have something, and not the same."""


def lacking(difference: Difference) -> int:
    """The half that a person has to look at: the one that lacks it, else the one that is made from the other."""
    return 0 if difference.only_in_other else 1


def placed(difference: Difference, side: int, note: str = "") -> Location:
    """Where a half says it, or would; the first line where it has not even the section."""
    at = difference.at(side)
    path = at.path[:-1] if at.path[-1:] == ("…",) else at.path
    nowhere = not difference.nodes[side] and difference.nodes[side].key_span is None
    return replace(at, span=None if nowhere else at.span, path=path, note=note)


def sentence(difference: Difference, twins: Twins) -> str:
    """The fact, then the consequence, where there is one."""
    kind, names = difference.kind, twins.names
    if not (difference.only_in_one or difference.only_in_other):
        return _with(_unlike(difference, names), _UNLIKE.get(kind, "") if "." not in difference.name else "")
    side = lacking(difference)
    outcome = _LACKED.get(kind, "").format(lacks=names[side])
    return _with(_lone(difference, names[1 - side], names[side]), "" if _is_part(difference) else outcome)


def brief(difference: Difference, twins: Twins) -> str:
    """The difference under the heading of its kind, seen from the half that it is placed in."""
    side = lacking(difference)
    other = twins.names[1 - side]
    theirs, ours = difference.said[1 - side], difference.said[side]
    if difference.only_in_one or difference.only_in_other:
        said = f" ({theirs})" if theirs and difference.kind is not DifferenceKind.GRANT else ""
        return f"{difference.name}{said} is only in {other}"
    if difference.kind is DifferenceKind.STATE or ours == theirs or not (ours and theirs):
        return f"{difference.name} is not the same in {other}{f' ({ours})' if ours else ''}"
    return f"{difference.name} is {ours}, in {other} {theirs}"


def _with(fact: str, outcome: str) -> str:
    return f"{fact}; {outcome}" if outcome else fact


def _is_part(difference: Difference) -> bool:
    """Whether it is about one field of something that both halves have, or about what is denied."""
    if difference.kind is DifferenceKind.GRANT:
        return ": Deny " in difference.name
    inner = (DifferenceKind.PARAMETER, DifferenceKind.RESOURCE, DifferenceKind.OUTPUT)
    return difference.kind in inner and "." in difference.name


def _lone(difference: Difference, has: str, lacks: str) -> str:
    kind, said = difference.kind, difference.said[0] or difference.said[1]
    if kind is DifferenceKind.GRANT:
        holder, _, grant = difference.name.partition(": ")
        verb, grant = ("denies", grant.removeprefix("Deny ")) if grant.startswith("Deny ") else ("allows", grant)
        if "." in holder:
            return f"{holder} {verb} {grant} in {has}, and not in {lacks}"
        return f"{holder} is {'granted' if verb == 'allows' else 'denied'} {grant} in {has}, and not in {lacks}"
    if kind is DifferenceKind.DEFAULT:
        return f"{difference.name.partition('.')[0]} has the default {said} in {has}, and none in {lacks}"
    if kind is DifferenceKind.PROPERTY or _is_part(difference):
        return f"{_subject(difference)} is {said or 'set'} in {has}, and not set in {lacks}"
    told = f" ({said})" if said and kind is not DifferenceKind.STATE else ""
    return f"{_subject(difference)}{told} is only in {has}"


def _unlike(difference: Difference, names: tuple[str, str]) -> str:
    (one, other), kind = difference.said, difference.kind
    if kind is DifferenceKind.STATE:
        fields = f" in its {one}" if one else ""
        return f"{_subject(difference)} is not the same{fields} in {names[0]} and in {names[1]}"
    if kind is DifferenceKind.CODE and "." not in difference.name:
        return f"{difference.name} runs {one} in {names[0]}, and {other} in {names[1]}"
    if one == other or not (one and other):
        said = one or other
        return f"{_subject(difference)}{f' ({said})' if said else ''} is not the same in {names[0]} and in {names[1]}"
    return f"{_subject(difference)} is {one} in {names[0]}, and {other} in {names[1]}"


def _subject(difference: Difference) -> str:
    """What it is that differs: "the variable MODE of Discovery"."""
    name, kind = difference.name, difference.kind
    holder, _, field = name.partition(".")
    if kind in (DifferenceKind.PARAMETER, DifferenceKind.OUTPUT):
        return f"{field} of the {kind.value} {holder}" if field else f"the {kind.value} {name}"
    if kind is DifferenceKind.DEFAULT:
        return f"the default of the parameter {holder}"
    if kind in (DifferenceKind.CONDITION, DifferenceKind.RULE):
        return f"the {kind.value} {name}"
    if kind is DifferenceKind.MAPPING:
        return f"the mapping's entry {name}"
    if kind is DifferenceKind.VARIABLE:
        return f"the variable {field} of {holder}"
    if kind is DifferenceKind.STATE:
        return f"the state {field} of {holder}" if field else f"the state machine {name}"
    return f"{field} of {holder}" if field else name
