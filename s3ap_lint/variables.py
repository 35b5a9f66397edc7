"""The environment variables that a template gives a function, in any scenario and in one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from s3ap_lint.template.node import Node
from s3ap_lint.template.template import Resource
from s3ap_lint.template.values import choose, is_no_value
from s3ap_lint.template.worlds import World


@dataclass(frozen=True)
class Environment:
    """The variables of a function in one world. `complete`: none can be hidden in something computed.

    `chosen` are the parameters whose value the world has chosen.
    """

    variables: Mapping[str, Node]
    complete: bool
    chosen: Mapping[str, str] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.variables

    @property
    def known(self) -> frozenset[tuple[str, str | None]]:
        """The variables, each with its text where the template writes it out or a parameter gives it."""
        return frozenset((name, self._text(node)) for name, node in self.variables.items())

    def _text(self, node: Node) -> str | None:
        return node.text if node.is_text else self.chosen.get(node["Ref"].text)


@dataclass(frozen=True)
class Variables(Mapping[str, Node]):
    """The variables of a function in one world. `complete`: they are written out, whatever each of them is.

    `anywhere` are the names that are set in some world.
    """

    nodes: Mapping[str, Node]
    world: World
    complete: bool
    anywhere: Collection[str]

    def __getitem__(self, name: str) -> Node:
        value = choose(self.nodes[name], self.world)
        if value is None or is_no_value(value):
            raise KeyError(name)
        return value

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self.nodes and choose(self.nodes[name], self.world) is not None

    def __iter__(self) -> Iterator[str]:
        return (name for name in self.nodes if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def variables_anywhere(resource: Resource) -> Mapping[str, Node]:
    """The variables that a function is given in any scenario, each where it is first written."""
    found: dict[str, Node] = {}
    for top in (resource.properties["Environment"], resource.inherited("Environment")):
        for entries in _arms(top):
            for variables in _arms(entries["Variables"]):
                for name, node in variables.items() if variables.function is None else ():
                    found.setdefault(name, node)
    return found


def names_every_variable(resource: Resource) -> bool:
    """Whether no variable of a function can be hidden in something computed."""
    tops = (resource.properties["Environment"], resource.inherited("Environment"))
    outer = [arm for top in tops for arm in _arms(top)]
    inner = [arm for top in outer for arm in _arms(top["Variables"])]
    return all(
        arm.function is None and not any(key.startswith("Fn::") for key in arm.keys()) for arm in (*outer, *inner)
    )


def variables_of(resource: Resource, world: World, anywhere: Collection[str]) -> Variables:
    """The variables of a function in a world, Globals included."""
    nodes: dict[str, Node] = {}
    complete = True
    for top in (resource.inherited("Environment"), resource.properties["Environment"]):
        chosen = choose(top, world)
        if chosen is None:
            continue
        entries = choose(chosen["Variables"], world)
        written = entries is None or (entries.is_mapping and entries.function is None)
        complete &= chosen.function is None and written
        nodes |= dict(entries.items()) if entries is not None else {}
    return Variables(nodes, world, complete, anywhere)


def environment_of(variables: Variables, world: World) -> Environment:
    """All variables of a function in a world, decided."""
    given = {parameter: value for parameter, value in world.chosen.items() if isinstance(value, str)}
    complete = variables.complete and not any(name.startswith("Fn::") for name in variables.nodes)
    return Environment(dict(variables), complete, given)


def _arms(node: Node) -> Iterator[Node]:
    """What stands here in some scenario: the node, or the arms of its `!If`."""
    function = node.function
    if function is not None and function[0] == "Fn::If" and len(function[1]) == 3:
        yield from _arms(function[1][1])
        yield from _arms(function[1][2])
    elif node and not is_no_value(node):
        yield node
