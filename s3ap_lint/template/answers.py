"""What questions about worlds look at, as trees, so that worlds that are alike in that have one answer.

A template has many worlds, and a question about a role or a statement looks at little of each. What it looks at is
remembered as a tree: which condition or parameter comes first, which one next when that is so, and at the end the
answer. To ask again is to walk down the tree, and the world is asked for just what the question would ask it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from s3ap_lint.template.parameters import Value


@dataclass(slots=True)
class End:
    """The end of a way through a tree: nothing else is looked at."""

    answer: Any


@dataclass(slots=True)
class Fork:
    """What is looked at next, a condition or else a parameter, and how it goes on."""

    name: str
    is_condition: bool
    ways: Ways


Seen = Value | bool | None
Ways = dict[Seen, Fork | End]
"""How it goes on, by what was seen last; None where nothing was yet."""
