"""In which scenarios a fault holds, the smallest witness, and both in words.

A fault is an error when it holds in all default scenarios (every parameter that has a Default has it)
or in all there are; else it is a warning that names a scenario.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from s3ap_lint.model import Scenario
from s3ap_lint.template.conditions import Outcome, Space
from s3ap_lint.template.parameters import Value
from s3ap_lint.template.worlds import Impossible, Undecided, World

T = TypeVar("T")

ANY_OTHER = "any other value"  # how a value unlike all literals reads in a scenario


@dataclass(frozen=True)
class Verdict:
    """In which scenarios a fault holds: `always`, in all default ones, or with `scenario` as a witness.

    `scenario` is None when the fault holds in every world.
    """

    always: bool
    in_defaults: bool
    scenario: Scenario | None


def verdict(space: Space, outcomes: Iterable[Outcome[T]], fault: Callable[[T], bool]) -> Verdict | None:
    """In which of the worlds a fault holds, with the smallest witness; None when in none."""
    every = list(outcomes)
    faulty = [outcome for outcome in every if fault(outcome.answer)]
    if not faulty:
        return None
    defaults = [outcome for outcome in every if outcome.is_default]
    always = len(faulty) == len(every)
    in_defaults = always or (bool(defaults) and all(fault(outcome.answer) for outcome in defaults))
    if always:
        return Verdict(True, True, None)
    witness = next((outcome for outcome in faulty if outcome.is_default), faulty[0])
    return Verdict(False, in_defaults, _smallest(space, witness.world, every, fault))


def _smallest(space: Space, world: World, every: list[Outcome[T]], fault: Callable[[T], bool]) -> Scenario:
    """The part of a world that alone makes the fault certain, in words."""
    kept = dict(world.chosen)
    for variable in sorted(kept, key=lambda v: (space.default(v) is None, v)):
        rest = {name: value for name, value in kept.items() if name != variable}
        if all(fault(o.answer) for o in every if _compatible(o.world.chosen, rest)):
            kept = rest
    return scenario(space, World(space, kept), world.conditions)


def scenario(space: Space, world: World, asked: Iterable[str]) -> Scenario:
    """A world in words: the conditions among `asked` that it decides, and the values it chose."""
    decided: dict[str, bool] = {}
    for name in sorted(asked):
        try:
            decided[name] = World(space, world.chosen).holds(name)
        except (Undecided, Impossible):
            continue
    decided = {name: truth for name, truth in decided.items() if _touches(space, name, world.chosen)}
    values = {name: value for name, value in world.chosen.items() if not name.startswith(("? ", "= "))}
    parameters = tuple(sorted((name, _shown(value)) for name, value in values.items()))
    default = world.is_default and any(space.default(name) is not None for name in values)
    return Scenario(_words(decided, parameters, default), tuple(sorted(decided.items())), parameters, default)


def _touches(space: Space, condition: str, chosen: Mapping[str, Value]) -> bool:
    """Whether a condition depends on a chosen value at all."""
    try:
        World(space, {}).holds(condition)
    except (Undecided, Impossible):
        return True
    return not chosen


def _compatible(chosen: Mapping[str, Value], partial: Mapping[str, Value]) -> bool:
    return all(chosen.get(name, value) == value for name, value in partial.items())


def _shown(value: Value) -> str:
    return value if isinstance(value, str) else ANY_OTHER


def _words(conditions: Mapping[str, bool], parameters: Iterable[tuple[str, str]], default: bool) -> str:
    truths = [f"{name} is {'true' if truth else 'false'}" for name, truth in conditions.items()]
    values = [said(name, value) for name, value in parameters]
    tail = " (the default)" if default else ""
    if truths and values:
        return f"when {' and '.join(truths)}{tail}: {', '.join(values)}"
    return f"when {' and '.join(truths or values)}{tail}" if truths or values else "in one way of deploying it"


def said(name: str, value: str) -> str:
    """A parameter's value in a sentence."""
    if not value:
        return f"{name} is empty"
    return f"{name} is {value}" if value == ANY_OTHER else f"{name} is {value!r}"
