"""In which deployments a change shows, in words that tell whether there are others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from s3ap_lint.compare.change import When
from s3ap_lint.difference.joint import JointOutcome
from s3ap_lint.difference.scope import Scope, names_in
from s3ap_lint.model import Scenario
from s3ap_lint.template.node import Node
from s3ap_lint.template.parameters import Value
from s3ap_lint.template.scenarios import ANY_OTHER, Verdict

T = TypeVar("T")
MOST_NAMED = 3  # parameters in one heading


@dataclass(frozen=True)
class Holds(Verdict):
    """A verdict that knows whether its scenario is the only one, and whether a default one is among them.

    `values` are all values of the one parameter that it hangs on, where it hangs on one alone.
    """

    exact: bool = True
    by_default: bool = True
    values: tuple[str, ...] = ()


class Deployments(Scope):
    """The scenarios of two templates, whose verdicts are of `Holds`."""

    def told(self, outcomes: list[JointOutcome[T]], fault: Callable[[T], bool]) -> Verdict | None:
        found = super().told(outcomes, fault)
        if found is None:
            return None
        faulty = [outcome for outcome in outcomes if fault(outcome.answer)]
        by_default = any(outcome.is_default for outcome in faulty)
        if found.scenario is None:
            return Holds(found.always, found.in_defaults, None, by_default=by_default)
        exact = all(_is_in(outcome, found.scenario) for outcome in faulty)
        values = () if exact else _alternatives(outcomes, fault, found.scenario)
        return Holds(found.always, found.in_defaults, found.scenario, exact or bool(values), by_default, values)

    def when(self, verdict: Verdict) -> When:
        """A verdict in words."""
        scenario = verdict.scenario
        exact = verdict.exact if isinstance(verdict, Holds) else True
        if scenario is None:
            return When(self.defaults, "", exact)
        values = verdict.values if isinstance(verdict, Holds) else ()
        said = [self._said(name, value, *values) for name, value in scenario.parameters]
        text = f"when {' and '.join(said)}" if said else scenario.text
        return When(self.defaults, text, exact, scenario.conditions, scenario.parameters)

    def by_values(self, one: Node, other: Node, text: str = "") -> When:
        """When values differ that are the same by default: a parameter that only one of them names is another."""
        known = {*self.joint.defaults[0], *self.joint.defaults[1]}
        first, second = (known.intersection(names_in(node)) for node in (one, other))
        names = sorted(first ^ second or first | second or {name for name in known if f"${{{name}}}" in text})
        if not names or len(names) > MOST_NAMED:
            return When(False, "when some parameters have other values than their defaults", exact=True)
        said = " or ".join(f"{name} is not {self._default(name)!r}" for name in names)
        return When(False, f"when {said}", exact=True, parameters=tuple((name, ANY_OTHER) for name in names))

    def _default(self, name: str) -> str:
        one, other = self.joint.defaults
        return other[name] if name in other else one[name]

    def _said(self, name: str, *values: str) -> str:
        """That a parameter has one of some values, in the fewest words."""
        if ANY_OTHER in values:
            return f"{name} is {_none_of(self.joint.domain(name))}"
        allowed = self._allowed(name)
        known = {value for value in self.joint.domain(name) if isinstance(value, str)}
        alike = [value for value in allowed if value not in known]
        meant = {*values, *(alike if any(not self._asks_about(name, value) for value in values) else ())}
        others = [value for value in allowed if value not in meant]
        if others and len(others) < len(meant):
            return f"{name} is {_none_of(others)}"
        shown = [value for value in allowed if value in meant] or list(values)
        return f"{name} is {' or '.join(repr(value) if value else 'empty' for value in shown)}"

    def _allowed(self, name: str) -> list[str]:
        found = (space.parameters.get(name) for space in (self.joint.other, self.joint.one))
        return next((list(one.allowed) for one in found if one is not None and one.allowed is not None), [])

    def _asks_about(self, name: str, value: str) -> bool:
        return any(space.asks_about(name, value) for space in (self.joint.one, self.joint.other))


def _none_of(domain: Iterable[Value]) -> str:
    """What a value is that is unlike all that something compares it with."""
    known = [value for value in domain if isinstance(value, str)]
    if known == [""]:
        return "not empty"
    if not known:
        return ANY_OTHER
    named = [repr(value) for value in known]
    return f"not {named[0]}" if len(named) == 1 else f"none of {', '.join(named)}"


def _alternatives(outcomes: list[JointOutcome[T]], fault: Callable[[T], bool], scenario: Scenario) -> tuple[str, ...]:
    """The other values of a scenario's one parameter, where that alone decides; none where more does."""
    if len(scenario.parameters) != 1:
        return ()
    ((name, named),) = scenario.parameters
    chosen = [{**outcome.one.chosen, **outcome.other.chosen}.get(name) for outcome in outcomes]
    faulty = {value for value, outcome in zip(chosen, outcomes, strict=True) if fault(outcome.answer)}
    sound = {value for value, outcome in zip(chosen, outcomes, strict=True) if not fault(outcome.answer)}
    if not all(isinstance(value, str) for value in faulty) or faulty & sound:
        return ()
    return tuple(sorted(value for value in faulty if isinstance(value, str) and value != named))


def _is_in(outcome: JointOutcome[T], scenario: Scenario) -> bool:
    """Whether an outcome is one of those that a scenario names."""
    chosen = {**outcome.one.chosen, **outcome.other.chosen}
    if not scenario.parameters:
        return False
    return all(name in chosen and _shown(chosen[name]) == value for name, value in scenario.parameters)


def _shown(value: Value) -> str:
    return value if isinstance(value, str) else ANY_OTHER
