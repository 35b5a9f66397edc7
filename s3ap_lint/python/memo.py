"""Answers about a module or a scope that are worked out once, and go when it goes.

A cache of functions would hold the syntax trees of everything that it was ever asked about.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar


class Remembering(Protocol):
    """What can be asked about."""

    @property
    def memo(self) -> dict[Any, Any]: ...


About = TypeVar("About", bound=Remembering)
Rest = ParamSpec("Rest")
Answer = TypeVar("Answer")


def remembered(function: Callable[Concatenate[About, Rest], Answer]) -> Callable[Concatenate[About, Rest], Answer]:
    """A function whose answers are kept with the first of its arguments; the others are hashable, and by position."""

    @wraps(function)
    def answer(about: About, /, *rest: Rest.args, **named: Rest.kwargs) -> Answer:
        key = (function, *rest) if rest else function
        memo = about.memo
        try:
            return memo[key]  # type: ignore[no-any-return]
        except KeyError:
            found = memo[key] = function(about, *rest, **named)
            return found

    return answer
