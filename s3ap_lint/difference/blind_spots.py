"""What of two templates cannot be compared, because what they say is not what is deployed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from s3ap_lint.difference.scope import Scope
from s3ap_lint.template.node import Node
from s3ap_lint.template.template import Template


@dataclass(frozen=True)
class BlindSpots:
    """Macros that may rewrite a template, loops that are not written out, and resources that are none."""

    one: Template
    other: Template
    scope: Scope

    @cached_property
    def whole(self) -> list[Node]:
        """The Transform sections with macros of which nobody knows what they make: nothing can be compared."""
        return [side.top["Transform"] for side in (self.one, self.other) if side.unknown_macros]

    @cached_property
    def places(self) -> list[Node]:
        """The loops and resources that cannot be read and are not written the same in both."""
        sides = (_unread(self.one), _unread(self.other))
        pairs = [(sides[0].get(path), sides[1].get(path)) for path in dict.fromkeys([*sides[0], *sides[1]])]
        return [b or a for a, b in pairs if (a or b) and not (a and b and self.scope.same(a, b))]  # type: ignore[misc]

    def may_be_made(self, logical_id: str) -> bool:
        """Whether one of the loops may make a resource or output of this name."""
        return any(pattern.fullmatch(logical_id) for pattern in self._patterns)

    @cached_property
    def _patterns(self) -> list[re.Pattern[str]]:
        return [re.compile(text) for node in self.places for text in _names(node)]


def _unread(template: Template) -> dict[tuple[str, ...], Node]:
    loops = {node.path: node for node, _ in template.open_loops}
    lost = {
        node.path: node
        for name, node in template.top["Resources"].items()
        if not node.is_mapping and not name.startswith("Fn::")
    }
    return loops | lost


def _names(loop: Node) -> Iterator[str]:
    """Patterns of the keys that a loop makes."""
    for key, child in loop[2].items():
        if child.is_sequence:  # a loop inside
            yield from _names(child)
        else:
            yield ".*".join(re.escape(piece) for piece in re.split(r"[$&]\{[^{}]*\}", key))
