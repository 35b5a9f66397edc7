"""What an expression is worth when the environment is known: an answer, or cannot tell.

Only what decides about environment variables is kept; everything else is `OPAQUE`. Values hold
no state of their own: names are replaced by what they stood for when the expression was read.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final


class _Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()
"""The answer "cannot tell"."""

FILLED: Final = object()
"""Some text that is not empty."""


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """An expression, as far as it depends on literals, parameters and the environment."""


@dataclass(frozen=True, slots=True, eq=False)
class Const(Value):
    """A literal: a scalar, or a tuple of literals."""

    value: Any


@dataclass(frozen=True, slots=True, eq=False)
class Items(Value):
    """A list, set or dictionary of literals: good to loop over, but it may have changed before it is tested."""

    value: Any


@dataclass(frozen=True, slots=True, eq=False)
class Sentinel(Value):
    """A name bound to a fresh object(): equal to itself and to nothing else."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Parameter(Value):
    """A parameter of the function that holds the expression."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Foreign(Value):
    """A dotted name that another module gives a meaning."""

    chain: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Choice(Value):
    """A loop variable: one of several literals."""

    options: tuple[Any, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Variable(Value):
    """The value of an environment variable; without a default, reading it unset raises."""

    key: Value
    default: Value | None
    node: ast.expr


@dataclass(frozen=True, slots=True, eq=False)
class Present(Value):
    """Whether an environment variable is set."""

    key: Value
    node: ast.expr


@dataclass(frozen=True, slots=True, eq=False)
class Environment(Value):
    """os.environ itself; `sure` is False when it may be another mapping."""

    sure: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Operation(Value):
    """A pure function of values, known when all of them are."""

    function: Callable[..., Any]
    operands: tuple[Value, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Either(Value):
    """`a or b or …` (`until` is True) and `a and b and …` (False): the first operand of that truth, else the last."""

    until: bool
    operands: tuple[Value, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Pick(Value):
    """`then if test else other`."""

    test: Value
    then: Value
    other: Value


@dataclass(frozen=True, slots=True, eq=False)
class Opaque(Value):
    """Anything else."""


OPAQUE: Final = Opaque()
UNSET: Final = object()
"""What a lookup answers for an environment variable that is not set."""

Lookup = Callable[[Value], object]


def _nothing_known(_: Value) -> object:
    return UNKNOWN


@dataclass(frozen=True, slots=True)
class Given:
    """What is known while a value is worked out.

    `text` maps a key to its text, to UNSET, or to UNKNOWN; `is_set` says whether a key is set even where its
    text is unknown, and with `filled` such a text is taken not to be empty. `parameters` holds the arguments
    of the call under way, `foreign` finds the meaning of another module's name.
    """

    text: Lookup = _nothing_known
    is_set: Lookup = _nothing_known
    parameters: Mapping[str, object] = field(default_factory=dict)
    foreign: Callable[[tuple[str, ...], bool], object] = lambda _chain, _filled: UNKNOWN
    filled: bool = False


def worth(value: Value, given: Given) -> Any:
    """The Python object that a value comes to, or UNKNOWN."""
    if isinstance(value, Const):
        return value.value
    if isinstance(value, Sentinel):
        return value
    if isinstance(value, Parameter):
        return given.parameters.get(value.name, UNKNOWN)
    if isinstance(value, Foreign):
        return given.foreign(value.chain, given.filled)
    if isinstance(value, Variable):
        text = given.text(value.key)
        if text is UNKNOWN and given.filled and given.is_set(value.key) is True:
            return FILLED
        if text is not UNSET:
            return text
        return UNKNOWN if value.default is None else worth(value.default, given)
    if isinstance(value, Present):
        return given.is_set(value.key)
    if isinstance(value, Operation):
        return _operate(value, given)
    if isinstance(value, Either):
        return _either(value, given)
    if isinstance(value, Pick):
        test = worth(value.test, given)
        if test is UNKNOWN:
            return UNKNOWN
        return worth(value.then if test else value.other, given)
    return UNKNOWN


def _operate(value: Operation, given: Given) -> Any:
    operands = [worth(operand, given) for operand in value.operands]
    if any(operand is UNKNOWN for operand in operands):
        return UNKNOWN
    if any(operand is FILLED for operand in operands) and value.function not in _SAFE:
        return UNKNOWN
    try:
        return value.function(*operands)
    except Exception:
        return UNKNOWN  # the program would raise here: nothing can be said about what follows


def _either(value: Either, given: Given) -> Any:
    unknown = False
    result: Any = UNKNOWN
    for operand in value.operands:
        result = worth(operand, given)
        if result is UNKNOWN:
            unknown = True
        elif bool(result) is value.until:
            return UNKNOWN if unknown else result
    return UNKNOWN if unknown else result


def truth(value: Value, given: Given) -> bool | None:
    """Whether a value counts as true; None when that cannot be told."""
    if isinstance(value, Either):
        return _either_truth(value, given)
    if isinstance(value, Operation) and value.function is negation:
        inner = truth(value.operands[0], given)
        return None if inner is None else not inner
    result = worth(value, given)
    return None if result is UNKNOWN else bool(result)


def _either_truth(value: Either, given: Given) -> bool | None:
    unknown = False
    for operand in value.operands:
        answer = truth(operand, given)
        if answer is value.until:
            return value.until
        unknown = unknown or answer is None
    return None if unknown else not value.until


def negation(value: object) -> bool:
    """`not value`."""
    return not value


_SAFE = (negation, operator.is_, operator.is_not, bool)
"""What can be done to a text without knowing it."""


def depends(value: Value) -> bool:
    """Whether a value may depend on the environment."""
    if isinstance(value, Variable | Present | Foreign):
        return True
    if isinstance(value, Operation | Either):
        return any(depends(operand) for operand in value.operands)
    return isinstance(value, Pick) and any(depends(part) for part in (value.test, value.then, value.other))


def ordinary(value: Value, truth: bool) -> Value:
    """A value whose unknown parts have the truth that lets the ordinary course go on."""
    if isinstance(value, Opaque):
        return Const(truth)
    if isinstance(value, Either):
        return Either(value.until, tuple(ordinary(operand, truth) for operand in value.operands))
    if isinstance(value, Operation) and value.function is negation:
        return Operation(negation, (ordinary(value.operands[0], not truth),))
    return value


def keys(value: Value) -> Iterator[Variable | Present]:
    """The environment variables that a value depends on, each with the place where it is looked at."""
    if isinstance(value, Variable):
        yield value
        if value.default is not None:
            yield from keys(value.default)
    elif isinstance(value, Present):
        yield value
    elif isinstance(value, Operation | Either):
        for operand in value.operands:
            yield from keys(operand)
    elif isinstance(value, Pick):
        for part in (value.test, value.then, value.other):
            yield from keys(part)


def same_key(left: Value, right: Value) -> bool:
    """Whether two names of variables are certainly the same."""
    if isinstance(left, Const) and isinstance(right, Const):
        return bool(left.value == right.value)
    if isinstance(left, Parameter) and isinstance(right, Parameter):
        return left.name == right.name
    if isinstance(left, Foreign) and isinstance(right, Foreign):
        return left.chain == right.chain
    return left is right and isinstance(left, Choice)


def with_text(key: Value) -> Given:
    """Nothing is known but that one variable has some text."""
    return Given(
        text=lambda other: FILLED if same_key(key, other) else UNKNOWN,
        is_set=lambda other: True if same_key(key, other) else UNKNOWN,
    )


def without(key: Value) -> Given:
    """Nothing is known but that one variable is not set."""
    return Given(
        text=lambda other: UNSET if same_key(key, other) else UNKNOWN,
        is_set=lambda other: False if same_key(key, other) else UNKNOWN,
    )
