"""One call of an operation of an AWS service, and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from s3ap_lint.model import Location
from s3ap_lint.python.credentials import own_credentials
from s3ap_lint.python.guards import Guard
from s3ap_lint.python.worth import ABSENT, UNREAD, Made, Record, Traced, Worth


@dataclass(frozen=True, slots=True, eq=False)
class SdkCall:
    """One call of an operation: `operation` as Python spells it, of a client of `service`.

    `scope` is the qualified name of the function that makes it. A paginator or waiter counts as its operation. Not
    `complete` when it has arguments that cannot be told. `form` is "" for a plain call, else paginator, waiter,
    presigned, resource (what it was made with is among the arguments), passed (a method that something else calls) or
    library (Powertools calls it). `caught` calls stand in a try statement that catches what the SDK raises.
    """

    service: str
    operation: str
    at: Location
    scope: str
    complete: bool
    clients: tuple[Made, ...]
    keywords: Mapping[str, Worth]
    places: Mapping[str, Location]
    expand: Callable[[Worth], list[Traced]]
    way: Callable[[], tuple[Location, ...]] = tuple
    on_import: bool = False
    caught: bool = False
    form: str = ""
    reached: Callable[[], bool] = lambda: True
    tests: Callable[[], tuple[Guard, ...]] = tuple
    memo: dict[str, object] = field(default_factory=dict)

    @property
    def via(self) -> tuple[Location, ...]:
        """The places that lead from the handler to the function that makes the call."""
        return self.way()

    @property
    def method(self) -> str:
        """The operation that a client, paginator or waiter is asked for by name; "" for calls of another form."""
        if self.form == "presigned" and self.operation != "generate_presigned_post":
            return "generate_presigned_url"
        return self.operation if self.form in ("", "paginator", "presigned", "waiter") else ""

    @property
    def certain(self) -> bool:
        """Whether the code that makes it is reached by what is known, not by the name of a method alone."""
        return self.reached()

    @property
    def guards(self) -> tuple[Guard, ...]:
        """The tests that must hold where it is made, and on the way there, as far as they can be told."""
        return self.tests()

    @property
    def own_credentials(self) -> bool | None:
        """Whether other credentials than those of the function's role are used; None when that cannot be told."""
        told = {own_credentials(client) for client in self.clients} or {False}
        return told.pop() if len(told) == 1 else None

    def has(self, name: str) -> bool:
        """Whether an argument is given, as surely as can be told."""
        value = self.keywords.get(name)
        return value is not None and value is not ABSENT

    def texts(self, *path: str) -> tuple[Traced, ...]:
        """Every text that an argument, or an item inside it, may be; nothing when it cannot be told."""
        value: Worth | None = Record(self.keywords)
        for name in path:
            value = value.items.get(name) if isinstance(value, Record) else None
        found = self.expand(value) if value is not None else []
        return tuple(one for one in found if not one.of_instance or one.pieces != (UNREAD,))

    def made_with(self, *path: str) -> tuple[str, ...] | None:
        """The texts that a keyword of the client has; () when it is not given, None when that cannot be told."""
        found: list[str] = []
        for client in self.clients:
            value: Worth | None = client.keywords
            for name in path:
                if isinstance(value, Made):
                    value = value.keywords
                if not isinstance(value, Record) or (name not in value.items and not value.complete):
                    return None
                value = value.items.get(name)
                if value is None or value is ABSENT:
                    break
            if value is None or value is ABSENT:
                continue
            traced = self.expand(value)
            if not traced:
                return None
            found += ["".join(map(str, one.pieces)) for one in traced]
        return tuple(found)
