"""The states of two state machines, one by one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from s3ap_lint.difference.contrast import Path, below, partings, said
from s3ap_lint.difference.differences import Difference, Kind, spelled
from s3ap_lint.difference.meaning import WRITTEN, Reading, escaped
from s3ap_lint.difference.scope import Guard, Scope
from s3ap_lint.model import Location
from s3ap_lint.statemachine import Definition
from s3ap_lint.template.node import Node
from s3ap_lint.template.scenarios import Verdict
from s3ap_lint.template.template import Resource

DEFINING = ("Definition", "DefinitionString", "DefinitionSubstitutions", "DefinitionS3Location")
"""The properties of a state machine that say what it does."""

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_SILENT = frozenset({"Comment", "States", "ItemProcessor", "Iterator", "Branches"})
_COMMENTED = frozenset(
    {"Choices", "Retry", "Catch"}
)  # fields whose items may have a Comment, which is none of the data

State = Mapping[str, object]
Machine = Mapping[str, State]
Definitions = tuple[Definition, ...]
Answer = tuple[int, int, Machine, Machine] | None
"""Which of their definitions two machines have in a world, and what these say there; None where one is not made."""


@dataclass(frozen=True)
class Bare:
    """A number, a truth, or a variable without quotes, which is none of these texts."""

    text: str

    def __str__(self) -> str:
        return self.text


def of_machines(
    name: str, one: tuple[Resource, Definitions], other: tuple[Resource, Definitions], scope: Scope, guard: Guard | None
) -> Iterator[Difference]:
    """The states, and settings of the whole machine, that two machines do not have in common.

    Each comes with its definitions, one for every way through the `!If`s around them.
    """
    lone = len(one[1]) == len(other[1]) == 1
    if lone:
        first, second = (_machine(found[1][0], WRITTEN) for found in (one, other))
        if not _is_chosen(one[1][0], other[1][0], scope):
            yield from _differences(name, one[1][0], other[1][0], first, second)
            return
    yield from _in_scenarios(name, one, other, scope, guard)


def _is_chosen(one: Definition, other: Definition, scope: Scope) -> bool:
    """Whether anything in two definitions depends on the scenario."""
    nodes = (node for side in (one, other) for node in (_home(side), *side.substitutions.values()))
    return scope.defaults or any(scope.depends(node) for node in nodes)


def _in_scenarios(
    name: str, one: tuple[Resource, Definitions], other: tuple[Resource, Definitions], scope: Scope, guard: Guard | None
) -> Iterator[Difference]:
    def question(first: Reading, second: Reading) -> Answer:
        assert first.world is not None and second.world is not None
        if guard is not None and not guard(first.world, second.world):
            return None
        a, b = _chosen(*one, first), _chosen(*other, second)
        return a, b, _machine(one[1][a], first), _machine(other[1][b], second)

    outcomes = scope.outcomes(other[0].node, question)
    seen: set[tuple[str, str]] = set()
    for outcome in outcomes:
        if outcome.answer is None:
            continue
        a, b, first, second = outcome.answer
        for key in _unlike(first, second):
            told = "" if scope.by_name else _both(key, outcome.answer)
            if (key, told) in seen:
                continue
            seen.add((key, told))
            verdict = scope.told(outcomes, partial(_is_unlike, key, told))
            if verdict is not None:
                pair = {key: first[key]} if key in first else {}, {key: second[key]} if key in second else {}
                yield from _differences(name, one[1][a], other[1][b], *pair, verdict)


def _both(key: str, answer: Answer) -> str:
    """What two machines say of a state, as a text that is the same for the same."""
    return repr(answer and (answer[2].get(key), answer[3].get(key)))


def _is_unlike(key: str, told: str, answer: Answer) -> bool:
    if answer is None or answer[2].get(key) == answer[3].get(key):
        return False
    return not told or told == _both(key, answer)


def _chosen(resource: Resource, definitions: Definitions, reading: Reading) -> int:
    """Which of the definitions a machine has in a world."""
    assert reading.world is not None
    for index, definition in enumerate(definitions):
        node: Node | None = _home(definition)
        while node is not None and node is not resource.node:
            above = node.parent.parent if node.parent is not None and node.parent.key == "Fn::If" else None
            if above is not None and node.parent is not None:
                holds = reading.world.holds(node.parent[0].text)
                if node.key != ("1" if holds else "2"):
                    break
            node = node.parent
        else:
            return index
    return 0


def _unlike(one: Machine, other: Machine) -> list[str]:
    return [key for key in [*one, *(key for key in other if key not in one)] if one.get(key) != other.get(key)]


def _differences(
    name: str, one: Definition, other: Definition, first: Machine, second: Machine, verdict: Verdict | None = None
) -> Iterator[Difference]:
    for key in _unlike(first, second):
        a, b = first.get(key), second.get(key)
        paths = [path for path, *_ in partings(a or {}, b or {})] if a is not None and b is not None else []
        nodes = _home(one) if a is not None else _home(one)["…"], _home(other) if b is not None else _home(other)["…"]
        places = _place(one, key, a, paths), _place(other, key, b, paths)
        label = f"{name}.{key}" if key else name
        words = said(a, b) if a is not None and b is not None else (_kind(a), _kind(b))
        values = _only(a, b), _only(b, a)
        found = Difference(Kind.STATE, label, nodes, words, places=places, values=values)
        yield found if verdict is None else replace(found, verdict=verdict)


def _only(state: State | None, other: State | None) -> State | None:
    """The fields of a state that the other does not have like this."""
    if state is None:
        return None
    return {key: value for key, value in state.items() if other is None or key not in other or other[key] != value}


def _kind(state: State | None) -> str:
    return "" if state is None else str(state.get("Type", "state"))


def _home(definition: Definition) -> Node:
    """The node of the template in which a definition is written."""
    return definition.holder if definition.holder is not None else definition.top


def _place(definition: Definition, key: str, state: State | None, paths: list[Path]) -> Location | None:
    """Where a state says what the other does not."""
    if state is None:
        return None
    node = next((one.node for one in definition.states if one.name == key), definition.top)
    path = paths[0] if len(paths) == 1 else ()
    if path[:1] == ("ItemProcessor",) and not node["ItemProcessor"]:
        path = ("Iterator", *path[1:])
    return definition.placed(below(node, path).key_at)


def _machine(definition: Definition, reading: Reading) -> Machine:
    """What a definition says, by state; the fields of the whole machine under ""."""
    told = _Told(definition, reading)
    return {"": told.fields(definition.top), **{one.name: told.fields(one.node) for one in definition.states}}


class _Told:
    """The values of a definition, each variable replaced by what it stands for."""

    def __init__(self, definition: Definition, reading: Reading) -> None:
        holder = definition.holder
        argument = holder.parent if holder is not None and holder.parent is not None else None
        self._reading = reading
        self._is_text = holder is not None
        self._is_substituted = holder is not None and _is_substituted(holder)
        self._is_joined = holder is not None and holder.function is not None
        local = dict(argument[1].items()) if self._is_substituted and argument is not None else {}
        self._local = {key: reading.value(node) for key, node in local.items()}
        given = {key: node for key, node in definition.substitutions.items() if local.get(key) is not node}
        self._given = {key: reading.value(node) for key, node in given.items()}

    def fields(self, node: Node) -> dict[str, object]:
        """The fields of a state; of inner machines only where they start and how they run."""
        if node.function is not None and not self._is_text:  # an !If around a state
            value = self._evaluated(self._reading.value(node))
            return value if isinstance(value, dict) else {}
        out = {key: self._value(child, key in _COMMENTED) for key, child in node.items() if key not in _SILENT}
        for key in ("ItemProcessor", "Iterator"):
            if node[key]:
                out["ItemProcessor"] = self.fields(node[key])
        if node["Branches"]:
            out["Branches"] = [self.fields(branch) for branch in node["Branches"]]
        return out

    def _value(self, node: Node, commented: bool) -> object:
        found = node.function
        if found is not None and found[0] != "Condition" and not self._is_text:
            return self._evaluated(self._reading.value(node))
        if node.is_mapping:
            kept = ((key, child) for key, child in node.items() if not (commented and key == "Comment"))
            return {key: self._value(child, commented) for key, child in kept}
        if node.is_sequence:
            return [self._value(child, commented) for child in node]
        if isinstance(node.scalar, str):
            return self._filled(node.text)
        if node.raw.startswith("${"):  # a bare variable, which was read as a number
            return _bare(self._filled(node.raw))
        return Bare("null" if node.scalar is None else _number(node.scalar))

    def _evaluated(self, value: object) -> object:
        """What a function of the template leaves, with the variables that stand in it."""
        if isinstance(value, str):
            return _VARIABLE.sub(lambda match: self._kept(match[1][1:]) if match[1][:1] == "!" else match[0], value)
        if isinstance(value, list):
            return [self._evaluated(item) for item in value]
        if isinstance(value, dict):
            return {key: self._evaluated(item) for key, item in value.items()}
        return value

    def _filled(self, text: str) -> str:
        return _VARIABLE.sub(self._variable, text) if "${" in text else text

    def _variable(self, match: re.Match[str]) -> str:
        name = match[1].strip()
        if self._is_substituted and name.startswith("!"):  # kept from Fn::Sub
            return self._kept(name[1:])
        if self._is_substituted or (self._is_joined and name not in self._given):
            return _text(self._local[name] if name in self._local else self._reading.reference(name))
        return self._kept(name)

    def _kept(self, name: str) -> str:
        """A variable that the template leaves for DefinitionSubstitutions."""
        return _text(self._given[name]) if name in self._given else escaped("${" + name + "}")


def _text(value: object) -> str:
    return value if isinstance(value, str) else spelled(value)


def _bare(text: str) -> Bare:
    try:
        return Bare(_number(json.loads(text)))
    except ValueError:
        return Bare(text)


def _number(value: object) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return json.dumps(int(value) if whole and isinstance(value, float) else value)


def _is_substituted(holder: Node) -> bool:
    return holder.key == "Fn::Sub" or (holder.parent is not None and holder.parent.key == "Fn::Sub")
