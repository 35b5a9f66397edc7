"""In which scenarios two values, or two resources, are not the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TypeVar

from s3ap_lint.budget import GaveUp
from s3ap_lint.difference.differences import EVERYWHERE
from s3ap_lint.difference.joint import Joint, JointOutcome
from s3ap_lint.difference.meaning import ABSENT, WRITTEN, Known, Reading, is_chosen, same
from s3ap_lint.template.node import Node
from s3ap_lint.template.parameters import PSEUDO_PARAMETERS
from s3ap_lint.template.scenarios import Verdict
from s3ap_lint.template.template import Resource, Template
from s3ap_lint.template.worlds import World

T = TypeVar("T")
Guard = Callable[[World, World], bool]
Question = Callable[[Reading, Reading], T]


class Scope:
    """Which scenarios of two templates are compared, and what counts as the same in them.

    `defaults`: only the default ones, every parameter replaced by its Default. `by_name`: conditions, mappings and
    defaults are compared by themselves, and what names one of them in both templates says the same.
    `undecided` are nodes of which it could not be told within the budget.
    """

    def __init__(self, one: Template, other: Template, *, defaults: bool = False, by_name: bool = False) -> None:
        self.one = one
        self.other = other
        self.defaults = defaults
        self.by_name = by_name
        self.joint = Joint(one.space, other.space, by_name)
        self.undecided: list[Node] = []

    def differs(self, one: Node, other: Node, guard: Guard | None = None) -> Verdict | None:
        """In which scenarios two values are not the same, where the guard holds; None when in none.

        A missing node is a value that is absent.
        """
        written = WRITTEN.value(one), WRITTEN.value(other)
        if same(*written) and not self._unsteady(one):
            return None
        if not (self.depends(one) or self.depends(other) or self.defaults) and (guard is None or self.by_name):
            return EVERYWHERE

        def question(first: Reading, second: Reading) -> bool:
            if guard is not None and not guard(*_worlds(first, second)):
                return False
            return not same(first.value(one) if one else ABSENT, second.value(other) if other else ABSENT)

        return self.verdict(other or one, question, lambda answer: answer)

    def same(self, one: Node, other: Node) -> bool:
        """Whether two values are written the same, and all that they name says the same."""
        return same(WRITTEN.value(one), WRITTEN.value(other)) and not self._unsteady(one)

    def existence(self, one: Resource | None, other: Resource | None) -> Verdict | None:
        """In which scenarios only one of two resources, or outputs, exists."""
        alike = one is not None and other is not None and one.condition == other.condition
        if alike and one is not None and one.condition not in self.unsteady:
            return None
        at = other or one
        assert at is not None

        def question(first: Reading, second: Reading) -> bool:
            worlds = _worlds(first, second)
            exists = one is not None and one.exists(worlds[0])
            return exists != (other is not None and other.exists(worlds[1]))

        return self.verdict(at.node, question, bool)

    def verdict(self, at: Node, question: Question[T], fault: Callable[[T], bool]) -> Verdict | None:
        """In which scenarios a fault holds; None when in none, or when that cannot be told."""
        return self.told(self.outcomes(at, question), fault)

    def outcomes(self, at: Node, question: Question[T]) -> list[JointOutcome[T]]:
        """The answers in each scenario; none, and a note of the node, where there are too many to look at."""
        try:
            return self.joint.outcomes(lambda a, b: question(*self._readings(a, b)), defaults=self.defaults)
        except (GaveUp, RecursionError):
            self.undecided.append(at)
            return []

    def told(self, outcomes: list[JointOutcome[T]], fault: Callable[[T], bool]) -> Verdict | None:
        """In which of the scenarios a fault holds; None when in none."""
        return self.joint.scenario(outcomes, fault) if any(fault(one.answer) for one in outcomes) else None

    def _readings(self, one: World, other: World) -> tuple[Reading, Reading]:
        return self._reading(one), self._reading(other)

    def _reading(self, world: World) -> Reading:
        return Reading(world, self._known(world), self.by_name)

    def _known(self, world: World) -> dict[str, Known]:
        """In default scenarios, the parameters whose value is told; else all go by their names."""
        parameters = world.space.parameters if self.defaults else {}
        out: dict[str, Known] = {}
        for name, parameter in parameters.items():
            value = world.chosen.get(name)
            if isinstance(value, str):
                out[name] = [item.strip() for item in value.split(",")] if parameter.is_list else value
            elif parameter.from_ssm and parameter.node["Default"].text:
                out[name] = _STORED.format(parameter.node["Default"].text)
        return out

    def depends(self, node: Node) -> bool:
        """Whether what a value says is another in another scenario, or in the other template."""
        return is_chosen(node) or self._unsteady(node)

    def _unsteady(self, node: Node) -> bool:
        """Whether a value names something that does not say the same in both templates."""
        return bool(self.unsteady) and not self.unsteady.isdisjoint(names_in(node))

    @cached_property
    def unsteady(self) -> frozenset[str]:
        """The names of conditions, mappings, and in default scenarios parameters, that do not say the same in both."""
        if self.by_name:
            return frozenset()
        sides = self.one.space, self.other.space
        out = _unlike(dict(sides[0].mappings.items()), dict(sides[1].mappings.items()))
        out |= {_SOME_MAPPING} if out else set()
        if self.defaults:
            one, other = (
                {name: (p.node["Default"].text, p.from_ssm, p.is_list) for name, p in side.parameters.items()}
                for side in sides
            )
            out |= {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}
        conditions = sides[1].conditions
        out |= _unlike(sides[0].conditions, conditions)
        while True:
            more = {name for name, node in conditions.items() if name not in out and not out.isdisjoint(names_in(node))}
            if not more:
                return frozenset(out)
            out |= more


def _unlike(one: Mapping[str, Node], other: Mapping[str, Node]) -> set[str]:
    return {
        name
        for name in one.keys() | other.keys()
        if name not in one or name not in other or not same(WRITTEN.value(one[name]), WRITTEN.value(other[name]))
    }


def _worlds(one: Reading, other: Reading) -> tuple[World, World]:
    assert one.world is not None and other.world is not None
    return one.world, other.world


_STORED = "{{{{resolve:ssm:{}}}}}"  # what Parameter Store holds under the key

_SOME_MAPPING = "Fn::FindInMap"  # one whose name is computed, which may be any

_VARIABLE = re.compile(r"\$\{([^!{}][^{}]*)\}")


def names_in(node: Node) -> Iterable[str]:
    """The names that the functions below a node mention, as far as they may be conditions, mappings or parameters."""
    out: set[str] = set()
    for inner in node.walk():
        found = inner.function
        if found is None:
            continue
        name, argument = found
        if name in {"Ref", "Condition"}:
            out.add(argument.text)
        elif name in {"Fn::If", "Fn::FindInMap"}:
            out.add(argument[0].text if argument[0].is_text else _SOME_MAPPING)
        elif name == "Fn::Sub":
            out |= {match.strip() for match in _VARIABLE.findall(argument.text or argument[0].text)}
    return out - PSEUDO_PARAMETERS
