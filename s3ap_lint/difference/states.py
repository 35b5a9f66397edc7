"""The states of two state machines, one by one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from s3ap_lint.difference.differences import EVERYWHERE, Both, Difference, Kind
from s3ap_lint.difference.meaning import WRITTEN, Reading, escaped
from s3ap_lint.model import Location
from s3ap_lint.statemachine import Definition
from s3ap_lint.template.node import Node
from s3ap_lint.template.references import guards
from s3ap_lint.template.scenarios import Verdict
from s3ap_lint.template.worlds import World

DEFINING = ("Definition", "DefinitionString", "DefinitionSubstitutions", "DefinitionS3Location")
"""The properties of a state machine that say what it does."""

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_SILENT = frozenset({"Comment", "States", "ItemProcessor", "Iterator", "Branches"})

Machine = Mapping[str, tuple[Node, Mapping[str, object]]]


def of_machines(name: str, one: Definition, other: Definition) -> Iterator[Difference]:
    """The states, and settings of the whole machine, that two definitions do not have in common."""
    first, second = machine(one), machine(other)
    for key in unlike(first, second):
        yield difference(name, key, (one, other), (first, second))


def unlike(one: Machine, other: Machine) -> list[str]:
    """The names of the states that two machines do not have in common; "" for the machine itself."""
    found = [*one, *(key for key in other if key not in one)]
    return [key for key in found if key not in one or key not in other or one[key][1] != other[key][1]]


def difference(
    name: str, key: str, definitions: Both[Definition], machines: Both[Machine], verdict: Verdict = EVERYWHERE
) -> Difference:
    """In what two machines differ at one state."""
    (one, other), (a, b) = definitions, (found.get(key) for found in machines)
    first, second = ({} if found is None else dict(found[1]) for found in (a, b))
    values = (
        {field: value for field, value in first.items() if second.get(field) != value} if a is not None else None,
        {field: value for field, value in second.items() if first.get(field) != value} if b is not None else None,
    )
    return Difference(
        Kind.STATE,
        f"{name}.{key}" if key else name,
        (_at(one, a), _at(other, b)),
        (_said(a, b), _said(b, a)),
        verdict,
        (_place(one, a), _place(other, b)),
        values,
    )


def in_world(definitions: Iterable[Definition], world: World) -> Definition | None:
    """The definition that a machine has in a world, of those that its `!If`s may choose; None when it has none."""
    for one in definitions:
        node = one.holder if one.holder is not None else one.top
        if all(world.holds(condition) is truth for condition, truth in guards(node)):
            return one
    return None


def _said(own: tuple[Node, Mapping[str, object]] | None, other: tuple[Node, Mapping[str, object]] | None) -> str:
    """What a state says that the other does not: the names of its fields."""
    if own is None:
        return ""
    if other is None:
        return str(own[1].get("Type", "state"))
    fields = [key for key in (own[1].keys() | other[1].keys()) if own[1].get(key) != other[1].get(key)]
    return ", ".join(sorted(fields))


def _at(definition: Definition, found: tuple[Node, Mapping[str, object]] | None) -> Node:
    """A node of the template for a place in a definition; a missing one where the state is not there."""
    home = definition.holder if definition.holder is not None else definition.top
    return home if found is not None else home["…"]


def _place(definition: Definition, found: tuple[Node, Mapping[str, object]] | None) -> Location | None:
    return definition.placed(found[0].key_at) if found is not None else None


def machine(definition: Definition, reading: Reading = WRITTEN) -> Machine:
    """What a definition says, by state; the fields of the whole machine under "".

    Raises Undecided when a variable depends on a choice that the world of the reading has not made.
    """
    told = _Told(definition, reading)
    out = {state.name: (state.node, told.fields(state.node)) for state in definition.states}
    return {"": (definition.top, told.fields(definition.top)), **out}


class _Told:
    """The values of a definition, each variable replaced by what it stands for."""

    def __init__(self, definition: Definition, reading: Reading) -> None:
        holder = definition.holder
        self._reading = reading
        self._text = holder.text.encode("utf-8", "replace") if holder is not None else b""
        self._variables = {key: reading.value(node) for key, node in definition.substitutions.items()}
        self._in_template = holder is None
        self._subs = holder is not None and _is_substituted(holder)

    def fields(self, node: Node) -> dict[str, object]:
        """The fields of a state; of inner machines only where they start and how they run."""
        out = {key: self._value(child) for key, child in node.items() if key not in _SILENT}
        for key in ("ItemProcessor", "Iterator"):
            if node[key]:
                out["ItemProcessor"] = self.fields(node[key])
        if node["Branches"]:
            out["Branches"] = [self.fields(branch) for branch in node["Branches"]]
        return out

    def _value(self, node: Node) -> object:
        if node.function is not None and self._in_template:
            return self._reading.value(node)
        if node.is_mapping:
            return {key: self._value(child) for key, child in node.items() if key != "Comment"}
        if node.is_sequence:
            return [self._value(child) for child in node]
        written = self._text[node.span.start : node.span.end].decode("utf-8", "replace")
        if written.startswith("${"):  # a bare variable, which was read as a number
            return self._filled(written.strip())
        return self._filled(node.text) if isinstance(node.scalar, str) else node.scalar

    def _filled(self, text: str) -> object:
        if "${" not in text:
            return text
        return _VARIABLE.sub(self._variable, text)

    def _variable(self, match: re.Match[str]) -> str:
        name = match[1].strip()
        if name.startswith("!"):  # a variable of DefinitionSubstitutions, kept from Fn::Sub
            name = name[1:]
            return self._given(name, match[0])
        return self._given(name, match[0]) if name in self._variables or self._subs else escaped(match[0])

    def _given(self, name: str, otherwise: str) -> str:
        value = self._variables.get(name)
        if value is None and self._subs and name in self._reading.known:
            value = escaped(self._reading.known[name])
        return value if isinstance(value, str) else otherwise if value is None else str(value)


def _is_substituted(holder: Node) -> bool:
    return holder.key == "Fn::Sub" or (holder.parent is not None and holder.parent.key == "Fn::Sub")
