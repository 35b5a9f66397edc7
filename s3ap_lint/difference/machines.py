"""Two state machines: state by state where their definitions can be read, else as they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from s3ap_lint.difference import states
from s3ap_lint.difference.differences import Difference, Kind
from s3ap_lint.difference.meaning import Reading
from s3ap_lint.difference.plain import Plain, at
from s3ap_lint.difference.said import said
from s3ap_lint.difference.scope import Guard, Scope
from s3ap_lint.statemachine import Definition
from s3ap_lint.template.template import Resource

Definitions = tuple[Definition, ...]


@dataclass(frozen=True)
class Machines:
    """A state machine of each template, and where both exist if that is not everywhere.

    `definitions` gives what a resource may be defined as, None where that cannot be read.
    """

    here: Plain
    there: Plain
    guard: Guard | None
    scope: Scope
    definitions: Callable[[Resource], Definitions | None]

    def differences(self) -> Iterator[Difference]:
        """The states that they do not have in common; with conditions by name, arm by arm of their `!If`s."""
        names = states.DEFINING
        written = zip(*([at(plain, name) for name in names] for plain in (self.here, self.there)), strict=True)
        if self.scope.by_name and all(self.scope.same(a, b) for a, b in written):
            return
        one, other = (self.definitions(plain.resource) for plain in (self.here, self.there))
        if one is None or other is None or (self.scope.by_name and len(one) != len(other)):
            yield from self._as_written()
        elif self.scope.by_name:
            yield from self._arms(one, other)
        else:
            yield from self._in_worlds(one, other)

    def _as_written(self) -> Iterator[Difference]:
        names = states.DEFINING if self.scope.by_name else (*states.DEFINING, "DefinitionUri")
        for name in names:
            a, b = at(self.here, name), at(self.there, name)
            verdict = self.scope.differs(a, b, self.guard)
            if verdict is not None:
                yield Difference(Kind.STATE, f"{self._id}.{name}", (a, b), said(a, b), verdict)

    def _arms(self, one: Definitions, other: Definitions) -> Iterator[Difference]:
        for index, (a, b) in enumerate(zip(one, other, strict=True)):
            yield from states.of_machines(self._id if not index else f"{self._id} ({index + 1})", a, b)

    def _in_worlds(self, one: Definitions, other: Definitions) -> Iterator[Difference]:
        """The states in each scenario, variables filled in."""

        def question(first: Reading, second: Reading) -> _InWorld | None:
            assert first.world is not None and second.world is not None
            if self.guard is not None and not self.guard(first.world, second.world):
                return None
            a, b = states.in_world(one, first.world), states.in_world(other, second.world)
            return _InWorld(a, b, states.machine(a, first) if a else {}, states.machine(b, second) if b else {})

        outcomes = self.scope.outcomes(self.there.resource.node, question)
        answers = [outcome.answer for outcome in outcomes if outcome.answer is not None]
        for key in dict.fromkeys(key for answer in answers for key in answer.unlike):
            said = {answer.said(key): answer for answer in answers if key in answer.unlike}
            for words, first in said.items():

                def fault(answer: _InWorld | None, key: str = key, words: str = words) -> bool:
                    return answer is not None and key in answer.unlike and answer.said(key) == words

                verdict = self.scope.told(outcomes, fault)
                if verdict is not None:
                    pair = first.one or one[0], first.other or other[0]
                    yield states.difference(self._id, key, pair, (first.first, first.second), verdict)

    @property
    def _id(self) -> str:
        return self.here.resource.id


@dataclass(frozen=True, eq=False)
class _InWorld:
    """What both machines are in a scenario."""

    one: Definition | None
    other: Definition | None
    first: states.Machine
    second: states.Machine

    def said(self, key: str) -> str:
        """What both say of a state, as a text that is the same for the same."""
        return repr([dict(machine[key][1]) if key in machine else None for machine in (self.first, self.second)])

    @cached_property
    def unlike(self) -> tuple[str, ...]:
        """The states that are not the same."""
        return tuple(states.unlike(self.first, self.second))
