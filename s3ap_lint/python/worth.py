"""What an expression is worth while it is followed."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from s3ap_lint.budget import GaveUp
from s3ap_lint.model import Location
from s3ap_lint.python.graph import Node
from s3ap_lint.python.scope import Scope

MOST_STEPS = 32
"""How many names, calls and parameters a value may be followed through."""

MOST_TEXTS = 16
"""How many texts an argument may become, by way of different callers."""

MOST_FOLLOWED = 100_000
"""Steps that all arguments in the code that a handler reaches may take together: fifty times what real code has."""


class TooManySteps(GaveUp):
    """Too many calls hand values on to each other."""

    def __init__(self) -> None:
        super().__init__("would have to follow what calls are given through too many steps")


@dataclass(frozen=True, slots=True)
class FromEnvironment:
    """A part of a text that an environment variable gives: the first of `names` that is set, else the default."""

    names: tuple[str, ...]
    default: str | None = None

    def __str__(self) -> str:
        return " or ".join(self.names)


@dataclass(frozen=True, slots=True)
class Unread:
    """A part of a text that cannot be told."""

    def __str__(self) -> str:
        return "…"


UNREAD = Unread()
Piece = str | FromEnvironment | Unread


@dataclass(frozen=True, slots=True)
class Traced:
    """One text that an argument may be. `at` is where it is written or read, `via` the calls that hand it on.

    `of_instance`: an instance was made with it, and another one, made with something else, may be meant.
    """

    pieces: tuple[Piece, ...]
    at: Location
    via: tuple[Location, ...] = ()
    of_instance: bool = False

    @property
    def text(self) -> str:
        """The text, when it is written out; "" for any other."""
        return "".join(map(str, self.pieces)) if all(isinstance(piece, str) for piece in self.pieces) else ""

    @property
    def variables(self) -> tuple[FromEnvironment, ...]:
        """The environment variables that it is made of."""
        return tuple(piece for piece in self.pieces if isinstance(piece, FromEnvironment))


# -- what an expression is worth, while it is followed


@dataclass(frozen=True, slots=True, eq=False)
class Worth:
    """What an expression comes to; as such, something that cannot be told."""


@dataclass(frozen=True, slots=True, eq=False)
class Text(Worth):
    """A literal or an environment variable."""

    piece: Piece
    at: Location


@dataclass(frozen=True, slots=True, eq=False)
class Joined(Worth):
    """Texts in a row."""

    parts: tuple[Worth, ...]
    at: Location


@dataclass(frozen=True, slots=True, eq=False)
class Record(Worth):
    """A dictionary, or a list by position; not `complete` when it may have other items, such as `others`."""

    items: Mapping[str, Worth]
    complete: bool = True
    others: tuple[Worth, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Argument(Worth):
    """A parameter, whatever the function is called with."""

    node: Node
    scope: Scope
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Either(Worth):
    """One of several; which one depends on what cannot be told."""

    options: tuple[Worth, ...]


@dataclass(frozen=True, slots=True, eq=False)
class FirstOf(Worth):
    """`a or b or …`."""

    operands: tuple[Worth, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Made(Worth):
    """A session, client, paginator or waiter, or a Config, with the keywords it was made with.

    Also a `resource` or `collection` of some `type`, with the members of requests or identifiers that it knows; a
    `method` that is not called yet; a `maker` (boto3.client itself). `session` is what it came from.
    """

    kind: str
    service: str = ""
    operation: str = ""
    keywords: Record = field(default_factory=lambda: Record({}))
    session: Made | None = None
    type: str = ""
    known: Mapping[str, Worth] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Instance(Worth):
    """An instance of a class of the project."""

    node: Node
    scope: Scope


@dataclass(frozen=True, slots=True, eq=False)
class Later(Worth):
    """What becomes of a value that depends on callers: `then` says it for each that they hand over."""

    base: Worth
    then: Callable[[Worth], Worth]


UNTOLD = Worth()
ABSENT = Worth()
"""None."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """The arguments of a call under way: expressions of the caller."""

    scope: Scope
    given: Mapping[str, tuple[Node, Scope, ast.expr, Frame | None]]
    outer: Frame | None

    def argument(self, scope: Scope, name: str) -> tuple[Node, Scope, ast.expr, Frame | None] | None:
        """What a parameter stands for in this call or one around it."""
        at: Frame | None = self
        while at is not None:
            if at.scope is scope:
                return at.given.get(name)
            at = at.outer
        return None


def either(options: list[Worth]) -> Worth:
    """One of several values; what cannot be told when there is none."""
    if not options:
        return UNTOLD
    return options[0] if len(options) == 1 else Either(tuple(options))


def is_open(value: Worth) -> bool:
    """Whether a value depends on what callers hand over."""
    if isinstance(value, Either | FirstOf):
        return any(map(is_open, value.options if isinstance(value, Either) else value.operands))
    return isinstance(value, Argument | Later)


def closed(value: Worth) -> list[Worth]:
    """The values that one may be, as far as this does not depend on callers."""
    if isinstance(value, Either | FirstOf):
        return [
            one for part in (value.options if isinstance(value, Either) else value.operands) for one in closed(part)
        ]
    return [value]


def each(value: Worth, then: Callable[[Worth], Worth]) -> Worth:
    """What becomes of a value, whichever it is."""
    if is_open(value):
        return Later(value, then)
    if isinstance(value, Either | FirstOf):
        return either([then(one) for one in closed(value)])
    return then(value)
