"""Which ways of deploying a template there are, and which of them matter to a question.

A *world* is a choice of values for parameters. A question is any function of a world; it is asked
in a world where nothing is chosen yet, and whenever it needs a value that is not chosen, the search
branches on every value that makes a difference. So only what the question touches is ever enumerated
(its slice), never the whole template's conditions, and a contradiction cannot occur: conditions are
computed from the choice, not guessed.

The values that make a difference to a parameter are its AllowedValues, or the literals that
something compares it with, its Default, and one value unlike all of these (`Fresh`).
"""

from __future__ import annotations

import copy
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

from s3ap_lint.budget import Budget
from s3ap_lint.template.answers import Ways
from s3ap_lint.template.node import Node
from s3ap_lint.template.parameters import PSEUDO_PARAMETERS, Fresh, Parameter, Value
from s3ap_lint.template.worlds import Impossible, TooManyWorlds, Undecided, World, canonical

T = TypeVar("T")

BUDGET = 2048  # worlds a question may be asked in: beyond every real template measured, and a tenth of a second
MOST_WORLDS = 32 * BUDGET
"""Worlds that all questions about one template may be asked in: fifty times what a real one has needed."""


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """The answer to a question in one world. `is_default`: the world agrees with every Default there is."""

    world: World
    answer: T
    is_default: bool


class Space:
    """The parameters, mappings and conditions of one template, and the worlds they allow."""

    def __init__(self, top: Node) -> None:
        self.parameters = {name: Parameter(name, node) for name, node in top["Parameters"].items() if node.is_mapping}
        self.conditions = dict(top["Conditions"].items())
        self.mappings = top["Mappings"]
        self.rules = top["Rules"]
        self._top = top
        self.memo: dict[object, object] = {}  # what is the same in every world
        self.answers: dict[Hashable, Ways] = {}  # what is the same in worlds that are alike
        self._domains: dict[str, tuple[Value, ...]] = {}
        self._asked = self._depth = 0
        self._worlds = Budget(MOST_WORLDS, TooManyWorlds())

    def knows(self, name: str) -> bool:
        """Whether a name is a parameter or pseudo parameter, so that it has a value in a world."""
        return name in self.parameters or name in PSEUDO_PARAMETERS

    def default(self, variable: str) -> str | None:
        """A parameter's Default; None for anything else."""
        parameter = self.parameters.get(variable)
        return parameter.default if parameter else None

    def asks_about(self, variable: str, value: str) -> bool:
        """Whether something compares a variable with a literal, so that it is unlike values that nothing asks about."""
        return value in self._compared[variable]

    def may_be_empty(self, name: str) -> bool:
        """Whether a parameter is possibly "": its Default or an AllowedValue is, or a condition compares it with ""."""
        return name in self.parameters and "" in self.domain(name)

    def knowing(self, literals: Mapping[str, Iterable[str]]) -> Space:
        """The same, for who compares parameters with more literals than the template does: code, for one."""
        same = copy.copy(self)
        same._compared = defaultdict(set, {name: set(found) for name, found in self._compared.items()})
        for name, more in literals.items():
            same._compared[name] |= set(more)
        same._domains = {}
        return same

    # -- domains ---------------------------------------------------------------------------------

    def domain(self, variable: str) -> tuple[Value, ...]:
        """The values that make a difference to a variable, the default first."""
        known = self._domains.get(variable)
        if known is None:
            known = self._domains[variable] = self._domain(variable)
        return known

    def _domain(self, variable: str) -> tuple[Value, ...]:
        if variable.startswith("? "):
            return ("true", "false")
        group = self._groups.get(variable, (variable,))
        literals = set(self._compared[variable])
        for name in group if len(group) > 1 else ():
            literals |= self._compared[name]
            twin = self.parameters.get(name)
            if twin is not None:
                literals |= {*(twin.allowed or ()), *((twin.default,) if twin.default is not None else ())}
        parameter = self.parameters.get(variable)
        fresh = tuple(Fresh(group.index(name)) for name in sorted(group, key=lambda n: n != variable))
        if parameter is None:
            return (*fresh, *sorted(literals))
        default = parameter.default
        if parameter.allowed is not None:
            values = list(parameter.allowed)
            if len(group) == 1:  # values that nothing asks about behave alike; one of them stands for all
                alike = [value for value in values if value not in literals]
                keep = default if default in alike else alike[0] if alike else None
                values = [value for value in values if value in literals or value == keep]
            return tuple(sorted(dict.fromkeys(values), key=lambda value: value != default))
        admitted = sorted(value for value in literals if parameter.admits(value) and value != default)
        if default is not None:
            return (default, *fresh, *admitted)
        return (*fresh, *admitted)

    @cached_property
    def _compared(self) -> defaultdict[str, set[str]]:
        """For each variable, the literals that something compares it with or looks it up by."""
        out: defaultdict[str, set[str]] = defaultdict(set)
        for left, right in self._comparisons:
            for one, other in ((left, right), (right, left)):
                literals = self._literals(other)
                function = one.function
                if function is not None and function[0] == "Ref":
                    out[function[1].text] |= literals
                elif function is not None:
                    out[f"= {canonical(one)}"] |= literals
                    for name in _names(one):  # a text that is empty when all of its parts are
                        if "" in literals and self.knows(name):
                            out[name].add("")
        for keys in self._lookups:
            mapping = self.mappings[keys[0].text]
            for key, options in (
                (keys[1], mapping.keys()),
                (keys[2], [k for v in mapping.children() for k in v.keys()]),
            ):
                function = key.function
                if function is not None and function[0] == "Ref":
                    out[function[1].text] |= set(options)
        return out

    def _literals(self, node: Node) -> set[str]:
        """Every literal that a side of a comparison can be."""
        if node.is_text:
            return {node.text}
        function = node.function
        if function is not None and function[0] == "Fn::FindInMap":
            return {leaf.text for leaf in self.mappings[function[1][0].text].walk() if leaf.is_text}
        if function is not None and function[0] == "Fn::If":
            return self._literals(function[1][1]) | self._literals(function[1][2])
        return set()

    @cached_property
    def _comparisons(self) -> list[tuple[Node, Node]]:
        out = []
        for top in (self._top["Conditions"], self.rules):
            for node in top.walk():
                function = node.function
                if function is None:
                    continue
                if function[0] == "Fn::Equals" and len(function[1]) == 2:
                    out.append((function[1][0], function[1][1]))
                if function[0] == "Fn::Contains" and len(function[1]) == 2:
                    out += [(item, function[1][1]) for item in function[1][0]]
        return out

    @cached_property
    def _lookups(self) -> list[Node]:
        if not self.mappings:
            return []
        functions = (node.function for node in self._top.walk())
        return [function[1] for function in functions if function is not None and function[0] == "Fn::FindInMap"]

    @cached_property
    def _groups(self) -> dict[str, tuple[str, ...]]:
        """Variables that are compared with each other share their literals and fresh values."""
        group: dict[str, set[str]] = {}
        for left, right in self._comparisons:
            a, b = left.function, right.function
            if a is None or b is None or a[0] != "Ref" or b[0] != "Ref":
                continue
            both = group.get(a[1].text, {a[1].text}) | group.get(b[1].text, {b[1].text})
            for name in both:
                group[name] = both
        return {name: tuple(sorted(names)) for name, names in group.items()}

    def renew(self) -> None:
        """Let as many questions be asked again as were asked."""
        self._worlds.renew()

    # -- the search ------------------------------------------------------------------------------

    def outcomes(
        self, question: Callable[[World], T], budget: int = BUDGET, given: Mapping[str, Value] | None = None
    ) -> list[Outcome[T]]:
        """The answers to a question in every world that it tells apart; default worlds come first.

        `given` are values that are chosen already. Raises TooManyWorlds when there are more than `budget`, when a
        question that asks others in its turn comes to so many with theirs, and when the template has used up its own.
        """
        self._asked = self._asked if self._depth else 0
        self._depth += 1
        try:
            return list(self._search(question, given or {}, budget))
        finally:
            self._depth -= 1

    def _search(
        self, question: Callable[[World], T], start: Mapping[str, Value], budget: int, by_rules: bool = True
    ) -> Iterator[Outcome[T]]:
        stack: list[World] = [World(self, start)]
        asked = 0
        while stack:
            world = stack.pop()
            asked += 1
            self._asked += by_rules
            if max(asked, self._asked) > 2 * budget:
                raise TooManyWorlds
            self._worlds.spend()
            try:
                answer = question(world)
            except Undecided as needed:
                stack += [world.choosing(needed.variable, value) for value in reversed(self.domain(needed.variable))]
                continue
            except Impossible:
                continue
            defaults = self.allowed_by_rules(world.chosen, budget) if by_rules and self.rules else {world.is_default}
            if defaults:
                yield Outcome(world, answer, True in defaults)

    def allowed_by_rules(self, chosen: Mapping[str, Value], budget: int = BUDGET) -> set[bool]:
        """For every way to choose the rest that satisfies the template's Rules, whether it is a default one."""

        found = self._search(self.keeps_rules, chosen, budget, by_rules=False)
        return {outcome.is_default for outcome in found if outcome.answer}

    def keeps_rules(self, world: World) -> bool:
        """Whether the Rules allow a world."""
        return all(rule_holds(rule, world) for rule in self.rules.children())


def rule_holds(rule: Node, world: World) -> bool:
    """Whether one of the Rules allows a world."""
    condition = rule["RuleCondition"]
    if condition and not _known_truth(condition, world):
        return True
    return all(_known_truth(item["Assert"], world) for item in rule["Assertions"])


def _known_truth(node: Node, world: World) -> bool:
    """A Rules assertion; one that uses functions about lists of resources does not restrict anything here."""
    return True if asks_elsewhere(node) else world.truth(node)


def asks_elsewhere(rule: Node) -> bool:
    """Whether what Rules say hangs on more than the values of parameters."""
    unknown = {"Fn::EachMemberEquals", "Fn::EachMemberIn", "Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll"}
    return any(f is not None and f[0] in unknown for f in (n.function for n in rule.walk()))


def _names(node: Node) -> set[str]:
    """The names that Ref and Sub mention below a node."""
    out: set[str] = set()
    for inner in node.walk():
        function = inner.function
        if function is None:
            continue
        if function[0] == "Ref":
            out.add(function[1].text)
        if function[0] == "Fn::Sub":
            text = function[1].text or function[1][0].text
            out |= {match.strip() for match in re.findall(r"\$\{([^!{}][^{}]*)\}", text)}
    return out


__all__ = ["BUDGET", "Outcome", "Space", "TooManyWorlds", "World"]
