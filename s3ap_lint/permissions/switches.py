"""Which calls of a function are made in a world: what its variables and the tests around a call let through."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from s3ap_lint.function import Function
from s3ap_lint.model import Location
from s3ap_lint.permissions.needs import Given, told
from s3ap_lint.python.guards import Guard
from s3ap_lint.python.sdk_call import SdkCall
from s3ap_lint.template.node import Node
from s3ap_lint.template.values import Filler, Hole
from s3ap_lint.template.worlds import World

MOST_VALUES = 12
"""AllowedValues that are told apart; of more, those that something compares with."""


class Switches:
    """What decides about some calls of a function."""

    def __init__(self, function: Function, calls: Iterable[SdkCall]) -> None:
        self.function = function
        self._guards = {call: call.guards for call in calls}

    @cached_property
    def literals(self) -> dict[str, set[str]]:
        """The values that the code tells apart, by parameter."""
        found: dict[str, set[str]] = {}
        compared = {literal for guards in self._guards.values() for guard in guards for literal in guard.literals}
        for node in self.function.variables.values():
            parameter = self.function.template.space.parameters.get(node["Ref"].text)
            if parameter is not None:
                allowed = parameter.allowed or ()
                found[parameter.name] = {value for value in compared if value in allowed or not allowed}
                found[parameter.name] |= set(allowed) if len(allowed) <= MOST_VALUES else set()
        return found

    def lets(self, call: SdkCall, world: World) -> bool:
        """Whether a call is made in a world, as far as can be told."""
        variables = self.function.variables_in(world)
        for guard in self._guards[call]:
            values = [_value(told(one, variables, world), world) for one in guard.texts]
            if _fails(guard, values):
                return False
        running = self._running(world)
        return running is None or call.at in running

    def _running(self, world: World) -> frozenset[Location] | None:
        """The places of the calls in what runs with the variables of a world; None where more may be set."""
        known = world.memo.get(self)
        if known is None:
            known = world.memo[self] = self._run(world)
        return known if isinstance(known, frozenset) else None

    def _run(self, world: World) -> frozenset[Location] | bool:
        environment = self.function.environment(world)
        if not environment.complete:
            return False
        known = dict(environment.known)
        for name in self.function.switches & known.keys():
            if known[name] is None:
                known[name] = _given_by_parameter(environment.variables[name], world)
        return frozenset(call.at for call in self.function.sdk_calls(environment=known))


def _fails(guard: Guard, values: list[str | None]) -> bool:
    """Whether a test fails for sure, whichever of the values it is."""
    if None in values:
        return False
    return not guard.literals.intersection(value for value in values if value) if guard.literals else not any(values)


def _value(given: Given, world: World) -> str | None:
    """A text in a world, which decides about the parameters in it; None when it cannot be told."""
    texts: list[str] = []
    for piece in given.pieces:
        value: object = piece
        if isinstance(piece, Hole):
            value = world.value(piece.name) if piece.filler is Filler.PARAMETER else None
        if not isinstance(value, str):
            return None
        texts.append(value)
    return "".join(texts)


def _given_by_parameter(node: Node, world: World) -> str | None:
    """The value of a variable that a parameter gives, which is decided now if it was not yet."""
    parameter = node["Ref"].text
    value = world.value(parameter) if parameter in world.space.parameters else None
    return value if isinstance(value, str) else None
