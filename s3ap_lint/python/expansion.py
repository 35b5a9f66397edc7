"""The texts and clients that what an expression is worth comes to, in one program."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable

from s3ap_lint.budget import Budget
from s3ap_lint.model import Location
from s3ap_lint.python.scope import Scope
from s3ap_lint.python.worth import (
    ABSENT,
    MOST_FOLLOWED,
    MOST_STEPS,
    MOST_TEXTS,
    UNREAD,
    UNTOLD,
    Argument,
    Either,
    FirstOf,
    FromEnvironment,
    Joined,
    Later,
    Made,
    Piece,
    Text,
    TooManySteps,
    Traced,
    Worth,
)


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
        self._known: dict[tuple[Scope, str], list[Worth]] = {}
        self.budget = Budget(MOST_FOLLOWED, TooManySteps())
        self.cuts = 0  # how often something was left open so as not to go round in a circle

    def expanded(self, value: Worth) -> tuple[list[Traced], bool]:
        """The texts of a value, and whether these are all. Raises TooManySteps, as everything here."""
        self.budget.spend()
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
        if isinstance(value, Later):
            found = tuple(self.leaves(value))
            return self._agreed(Either(found)) if found else ([], False)
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
            of_instance = any(one.of_instance for one in row)
            found.append(Traced(tuple(piece for one in row for piece in one.pieces), value.at, via, of_instance))
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
        made = value.scope.name == "__init__" or value.scope.kind == "class"
        for number, (given, at) in enumerate(self._given_by_callers(value)):
            texts, whole = self.expanded(given)
            complete = whole and (complete or number == 0)
            via = () if at is None else (at,)
            found += [Traced(one.pieces, one.at, (*one.via, *via), made or one.of_instance) for one in texts]
            if made and not whole and at is not None:
                found.append(Traced((UNREAD,), at, via, True))
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
        return [one for one in self.leaves(value) if isinstance(one, Made) and one.service]

    def leaves(self, value: Worth) -> list[Worth]:
        """Everything that a value may be, whatever the callers hand over."""
        self.budget.spend()
        if isinstance(value, Either | FirstOf):
            parts = value.options if isinstance(value, Either) else value.operands
            return [one for part in parts for one in self.leaves(part)]
        if isinstance(value, Later):
            if len(self._busy) > MOST_STEPS:
                return []
            return [one for base in self.leaves(value.base) for one in self.leaves(value.then(base))]
        if isinstance(value, Argument):
            return self._handed(value)
        return [value]

    def _handed(self, value: Argument) -> list[Worth]:
        key = (value.scope, f"({value.name})")
        if key in self._busy:
            self.cuts += 1
            return []
        known = self._known.get(key)
        if known is not None:
            return known
        cuts = self.cuts
        self._busy.add(key)
        found = [one for given, _ in self._given_by_callers(value) for one in self.leaves(given)]
        self._busy.discard(key)
        found = list(dict.fromkeys(found)) or [UNTOLD]
        if cuts == self.cuts:
            self._known[key] = found
        return found
