"""One way of deploying a template, as far as it is chosen."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from functools import partial
from typing import TypeVar, cast

from s3ap_lint.budget import GaveUp
from s3ap_lint.template.answers import End, Fork, Seen, Ways
from s3ap_lint.template.formulas import Choices, Formulas, Impossible, canonical
from s3ap_lint.template.parameters import Value

__all__ = ["Choices", "Impossible", "TooManyWorlds", "Undecided", "World", "canonical"]

T = TypeVar("T")

DEEP = 32
"""Conditions that name each other in a row and are remembered; those below are worked out, on half of the stack."""


class TooManyWorlds(GaveUp):
    """A question depends on more choices than the budget allows, or all questions about a template together."""

    def __init__(self) -> None:
        super().__init__("would have to look at too many scenarios")


class Undecided(Exception):
    """The question needs a value that is not chosen yet."""

    def __init__(self, variable: str) -> None:
        super().__init__(variable)
        self.variable = variable


class World(Formulas):
    """One partial choice of values. Asking for more than is chosen makes the search branch."""

    def __init__(self, space: Choices, chosen: Mapping[str, Value]) -> None:
        self.space = space
        self.chosen = chosen
        self.conditions: dict[str, bool] = {}
        self._open: set[str] = set()
        self.memo: dict[object, object] = {}  # what is asked again and again of one world

    def choosing(self, variable: str, value: Value) -> World:
        """The same world with one more choice, in which every condition that was decided is as it was."""
        more = World(self.space, {**self.chosen, variable: value})
        more.conditions = dict(self.conditions)
        return more

    def value(self, variable: str) -> Value:
        """The value of a parameter or pseudo parameter here."""
        found = self.chosen.get(variable)
        if found is None:
            domain = self.space.domain(variable)
            if len(domain) == 1:
                return domain[0]
            raise Undecided(variable)
        return found

    def holds(self, condition: str) -> bool:
        """Whether a condition is true here. One that is not defined, or defined by itself, may be either."""
        known = self.conditions.get(condition)
        if known is not None:
            return known
        node = self.space.conditions.get(condition)
        if node is None or condition in self._open:
            return self.free(f"condition {condition}")
        self._open.add(condition)
        deep = len(self._open) > DEEP
        try:
            truth = self.truth(node) if deep else self.answer(("condition", condition), partial(World.truth, node=node))
        finally:
            self._open.discard(condition)
        self.conditions[condition] = truth
        return truth

    def is_empty(self, variable: str) -> bool:
        """Whether a parameter is the empty string here."""
        return self.value(variable) == ""

    @property
    def is_default(self) -> bool:
        """Whether every chosen parameter that has a Default has it."""
        return all(
            value == default
            for variable, value in self.chosen.items()
            if (default := self.space.default(variable)) is not None
        )

    def answer(self, key: Hashable, question: Callable[[World], T]) -> T:
        """The answer to a question, worked out once for all worlds that are alike; `key` names the question.

        It must hang on nothing but which conditions hold and which values parameters have, may not look at what is
        `chosen`, and the answer may not keep the world. Raises what the question raises.
        """
        tree = self.space.answers.get(key)
        if tree is None:
            tree = self.space.answers[key] = {}
        ways, last = tree, cast("Seen", None)
        while (found := ways.get(last)) is not None:
            if isinstance(found, End):
                return cast("T", found.answer)
            ways, last = found.ways, self.holds(found.name) if found.is_condition else self.value(found.name)
        watched = _Watched(self, tree)
        answer = question(watched)
        watched.ends(answer)
        return answer


class _Watched(World):
    """Another world as a question sees it, whose tree grows with all that it looks at."""

    def __init__(self, world: World, tree: Ways) -> None:
        super().__init__(world.space, {})
        self._world = world
        self._ways = tree
        self._last: Seen = None
        self._values: dict[str, Value] = {}

    def value(self, variable: str) -> Value:
        if variable not in self._values:
            fork = self._next(Fork(variable, False, {}))
            self._last = self._values[variable] = self._world.value(variable)
            self._ways = fork.ways
        return self._values[variable]

    def holds(self, condition: str) -> bool:
        if condition not in self.conditions:
            fork = self._next(Fork(condition, True, {}))
            self._last = self.conditions[condition] = self._world.holds(condition)
            self._ways = fork.ways
        return self.conditions[condition]

    def _next(self, fork: Fork) -> Fork:
        known = self._ways.setdefault(self._last, fork)
        assert isinstance(known, Fork) and known.name == fork.name, "one question looks at the same in worlds alike"
        return known

    def ends(self, answer: object) -> None:
        """Nothing else was looked at before a question had its answer."""
        self._ways[self._last] = End(answer)
