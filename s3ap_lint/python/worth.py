"""What an expression is worth while it is followed, and the texts and clients that this comes to."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from s3ap_lint.model import Location
from s3ap_lint.python.graph import Node
from s3ap_lint.python.scope import Scope

MOST_STEPS = 32
"""How many names, calls and parameters a value may be followed through."""

MOST_TEXTS = 16
"""How many texts an argument may become, by way of different callers."""


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
    """One text that an argument may be. `at` is where it is written or read, `via` the calls that hand it on."""

    pieces: tuple[Piece, ...]
    at: Location
    via: tuple[Location, ...] = ()

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
    """A dictionary, or a list by position; not `complete` when it may have other items."""

    items: Mapping[str, Worth]
    complete: bool = True


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
    """A session, client, paginator or waiter, or a Config, with the keywords it was made with."""

    kind: str
    service: str = ""
    operation: str = ""
    keywords: Record = field(default_factory=lambda: Record({}))


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


class Expansion:
    """Turns what is still open into texts and clients. `given_by_callers` says what is handed to a parameter.

    `busy` is what is being followed already, so that nothing is followed in a circle.
    """

    def __init__(
        self,
        given_by_callers: Callable[[Argument], Iterable[tuple[Worth, Location | None]]],
        busy: set[tuple[Scope, str]],
    ) -> None:
        self._given_by_callers = given_by_callers
        self._busy = busy

    def expanded(self, value: Worth) -> tuple[list[Traced], bool]:
        """The texts of a value, and whether these are all."""
        if value is ABSENT:
            return [], True
        if isinstance(value, Text):
            return [Traced((value.piece,), value.at)] if value.piece != "" else [], True
        if isinstance(value, Joined):
            return self._joined(value)
        if isinstance(value, Argument):
            return self._handed_over(value)
        if isinstance(value, Either):
            return self._agreed(value)
        if isinstance(value, FirstOf):
            return self._first(value)
        return [], False

    def _joined(self, value: Joined) -> tuple[list[Traced], bool]:
        unread = Traced((UNREAD,), value.at)
        parts = []
        for part in value.parts:
            if isinstance(part, Text):  # an empty literal is no reason to give up
                parts.append([Traced((part.piece,), part.at)])
            else:
                parts.append(self.expanded(part)[0] or [unread])
        rows = itertools.islice(itertools.product(*parts), MOST_TEXTS)
        found = []
        for row in rows:
            via = tuple(dict.fromkeys(at for one in row for at in one.via))
            found.append(Traced(tuple(piece for one in row for piece in one.pieces), value.at, via))
        return found, True

    def _handed_over(self, value: Argument) -> tuple[list[Traced], bool]:
        """Whatever the callers hand to a parameter."""
        key = (value.scope, f"({value.name})")
        if key in self._busy:
            return [], True
        if len(self._busy) > MOST_STEPS:
            return [], False
        self._busy.add(key)
        found: list[Traced] = []
        complete = False
        for number, (given, at) in enumerate(self._given_by_callers(value)):
            texts, whole = self.expanded(given)
            complete = whole and (complete or number == 0)
            via = () if at is None else (at,)
            found += [Traced(one.pieces, one.at, (*one.via, *via)) for one in texts]
        self._busy.discard(key)
        return found, complete

    def _agreed(self, value: Either) -> tuple[list[Traced], bool]:
        """The text that all options agree on; an option that is empty or None does not count."""
        found: dict[tuple[Piece, ...], Traced] = {}
        for option in value.options:
            texts, whole = self.expanded(option)
            if not whole:
                return [], False
            found |= {one.pieces: one for one in texts}
        return (list(found.values()), True) if len(found) < 2 else ([], False)

    def _first(self, value: FirstOf) -> tuple[list[Traced], bool]:
        operands = [self.expanded(operand) for operand in value.operands]
        found: list[Traced] = []
        for texts, whole in reversed(operands):
            if not whole:
                found = []
                continue
            if not texts:
                continue
            merged = []
            for one in texts:
                first, *more = one.pieces
                if isinstance(first, FromEnvironment) and not more and len(found) == 1 and not first.default:
                    last = found[0].pieces
                    if len(last) == 1 and isinstance(last[0], FromEnvironment):
                        names = (*first.names, *last[0].names)
                        merged.append(Traced((FromEnvironment(names, last[0].default),), one.at, one.via))
                        continue
                    if len(last) == 1 and isinstance(last[0], str):
                        merged.append(Traced((FromEnvironment(first.names, last[0]),), one.at, one.via))
                        continue
                merged.append(one)
            found = merged
        return found, all(whole for _, whole in operands)

    def literal(self, value: Worth) -> str:
        """A text that is written out, or ""."""
        texts, whole = self.expanded(value)
        return texts[0].text if whole and len(texts) == 1 else ""

    def made(self, value: Worth) -> list[Made]:
        """The clients, paginators and waiters that a value may be; None and what cannot be told do not count."""
        if isinstance(value, Made):
            return [value] if value.service else []
        if isinstance(value, Either | FirstOf):
            parts = value.options if isinstance(value, Either) else value.operands
            return [one for part in parts for one in self.made(part)]
        if isinstance(value, Argument) and (value.scope, f"({value.name})") not in self._busy:
            key = (value.scope, f"({value.name})")
            self._busy.add(key)
            found = [one for given, _ in self._given_by_callers(value) for one in self.made(given)]
            self._busy.discard(key)
            return found
        return []
