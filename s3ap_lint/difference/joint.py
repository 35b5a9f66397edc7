"""Two templates in the same scenarios: the values of parameters are chosen for both at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

from s3ap_lint.budget import Budget
from s3ap_lint.model import Scenario
from s3ap_lint.template import scenarios
from s3ap_lint.template.conditions import BUDGET, MOST_WORLDS, Outcome, Space, rule_holds
from s3ap_lint.template.node import Node
from s3ap_lint.template.parameters import Value
from s3ap_lint.template.worlds import Impossible, TooManyWorlds, Undecided, World

T = TypeVar("T")


@dataclass(frozen=True)
class JointOutcome(Generic[T]):
    """The answer to a question in one scenario of both templates; `is_default` as in `Outcome`."""

    one: World
    other: World
    answer: T
    is_default: bool


class Joint:
    """The scenarios of two templates. A parameter that both have has one value in both.

    In the default ones, each template takes its own defaults, and what has none is chosen for both. With `by_name` a
    condition that both have holds in both or in neither, whatever they say of it: as the second says. Scenarios that
    the Rules of either template forbid are left out, if that leaves any.
    """

    def __init__(self, one: Space, other: Space, by_name: bool = False) -> None:
        self._sides = one, other
        self.one = _Both(one, other, self.domain) if by_name else one
        self.other = _Both(other, other, self.domain) if by_name else other
        self._worlds = Budget(MOST_WORLDS, TooManyWorlds())

    def domain(self, variable: str) -> tuple[Value, ...]:
        """The values that make a difference to a variable in either template."""
        one, other = self._sides
        asked = [space for space in (other, one) if variable in space.parameters] or [other, one]
        return tuple(dict.fromkeys(value for space in asked for value in space.domain(variable)))

    @cached_property
    def defaults(self) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """The parameters of each template that have a Default, with it.

        What had to be given for the first is given for the second too; what has lost its Default keeps the old one, as
        a stack that is updated does, unless the second template does not allow that any more.
        """
        one, other = (
            {name: p.default for name, p in space.parameters.items() if p.default is not None} for space in self._sides
        )
        given = {name for name in self.one.parameters if name not in one}
        after = self.other.parameters
        lost = {name: value for name, value in one.items() if name in after and name not in other}
        kept = {name: value for name, value in lost.items() if after[name].admits(value)}
        return one, {name: value for name, value in {**other, **kept}.items() if name not in given}

    def outcomes(self, question: Callable[[World, World], T], *, defaults: bool = False) -> list[JointOutcome[T]]:
        """The answers in every scenario, or in every default one, that the question tells apart.

        Raises TooManyWorlds.
        """
        given = self.defaults if defaults else ({}, {})
        found = list(self._search(question, *given, defaults))
        if not any(space.rules for space in self._sides):
            return found
        return [one for one in found if self._is_allowed(one)] or found

    def is_refused(self, rule: Node) -> bool:
        """Whether a rule of the second template refuses a default scenario that the first one's Rules allow.

        Raises TooManyWorlds.
        """

        def question(first: World, second: World) -> bool:
            return self._sides[0].keeps_rules(first) and not rule_holds(rule, second)

        return any(outcome.answer for outcome in self._search(question, *self.defaults, True))

    def _is_allowed(self, outcome: JointOutcome[T]) -> bool:
        worlds = zip(self._sides, (outcome.one, outcome.other), strict=True)
        return all(not space.rules or space.allowed_by_rules(world.chosen) for space, world in worlds)

    def _search(
        self, question: Callable[[World, World], T], one: Mapping[str, Value], other: Mapping[str, Value], always: bool
    ) -> Iterator[JointOutcome[T]]:
        stack: list[dict[str, Value]] = [{}]
        asked = 0
        while stack:
            chosen = stack.pop()
            asked += 1
            if asked > 2 * BUDGET:
                raise TooManyWorlds
            self._worlds.spend()
            worlds = World(self.one, {**chosen, **one}), World(self.other, {**chosen, **other})
            try:
                answer = question(*worlds)
            except Undecided as needed:
                stack += [chosen | {needed.variable: value} for value in reversed(self.domain(needed.variable))]
                continue
            except Impossible:
                continue
            yield JointOutcome(*worlds, answer, always or self._is_default(chosen))

    def _is_default(self, chosen: Mapping[str, Value]) -> bool:
        for name, value in chosen.items():
            default = self.defaults[1 if name in self.other.parameters else 0].get(name)
            if default is not None and default != value:
                return False
        return True

    def scenario(self, outcomes: list[JointOutcome[T]], fault: Callable[[T], bool]) -> scenarios.Verdict | None:
        """In which scenarios a fault holds, in the words of the second template."""
        told = [Outcome(World(self._words, one.other.chosen), one.answer, one.is_default) for one in outcomes]
        for outcome, one in zip(told, outcomes, strict=True):
            outcome.world.conditions = dict(one.one.conditions) | dict(one.other.conditions)
        return scenarios.verdict(self._words, told, fault)

    @cached_property
    def _words(self) -> Space:
        return _Both(*self._sides, self.domain)


class _Both(Space):
    """A template that knows the other's parameters and conditions too: the second's where both have one."""

    def __init__(self, one: Space, other: Space, domain: Callable[[str], tuple[Value, ...]]) -> None:
        self.__dict__.update(one.__dict__)
        self.memo, self.answers, self._domains = {}, {}, {}
        self.parameters = {**one.parameters, **other.parameters}
        self.conditions = {**one.conditions, **other.conditions}
        self._both_domain = domain

    def domain(self, variable: str) -> tuple[Value, ...]:
        """The values that make a difference to a variable in either template."""
        return self._both_domain(variable)


def words(scenario: Scenario | None) -> str:
    """A scenario as the end of a sentence, with a blank before it; "" where it is every one."""
    return f" {scenario.text}" if scenario is not None else ""
