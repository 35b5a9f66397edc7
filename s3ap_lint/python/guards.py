"""The tests of `if` statements that stand around a call, or around a place on the way to it.

A test that compares what can be followed to texts and environment variables with literals says under which values the
call is made, be it written in the test or in the one line of a function that is asked. Any other test may hold.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from s3ap_lint.python.graph import Node
from s3ap_lint.python.reach import Reach
from s3ap_lint.python.scope import Scope
from s3ap_lint.python.traces import Traces
from s3ap_lint.python.worth import Traced

_PLAIN = (ast.Name, ast.Attribute, ast.Subscript, ast.Call)


@dataclass(frozen=True, slots=True)
class Guard:
    """One test that has to hold: a value is one of some literals, or, without any, is not empty.

    `texts` is all that the value may be, but for empty ones.
    """

    texts: tuple[Traced, ...]
    literals: frozenset[str]


class Guards:
    """Finds the tests in one reach."""

    def __init__(self, reach: Reach, traces: Traces) -> None:
        self.reach = reach
        self._traces = traces

    def of(self, node: Node, scope: Scope, call: ast.AST) -> tuple[Guard, ...]:
        """The tests that a call depends on, its own and those on the way to its scope."""
        places = [(node, scope, call), *((n, s, place) for n, s, place, _ in self.reach.chain(scope))]
        return tuple(guard for place in places for guard in self._around(*place))

    def _around(self, node: Node, scope: Scope, place: ast.AST) -> Iterator[Guard]:
        """The tests around a place, within its scope."""
        assert node.module is not None
        parents = node.module.parents
        child, parent = place, parents.get(place)
        while parent is not None and child is not scope.node:
            if isinstance(parent, ast.If | ast.IfExp) and child is not parent.test:
                body = parent.body if isinstance(parent.body, list) else [parent.body]
                yield from self._test(parent.test, child in body, node, scope)
            child, parent = parent, parents.get(parent)

    def _test(self, test: ast.expr, holds: bool, node: Node, scope: Scope) -> Iterator[Guard]:
        """What a test asks, when it is to hold, or not to."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            yield from self._test(test.operand, not holds, node, scope)
        elif isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) is holds:
            for value in test.values:
                yield from self._test(value, holds, node, scope)
        elif isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.left, _PLAIN):
            literals = self._literals(test.comparators[0], node, scope)
            if literals and isinstance(test.ops[0], (ast.Eq | ast.In) if holds else (ast.NotEq | ast.NotIn)):
                yield from self._guard(test.left, literals, node, scope)
        elif isinstance(test, ast.Call) and (asked := self._traces.answer(test, node, scope)) is not None:
            yield from self._test(asked[0], holds, *asked[1:])
        elif isinstance(test, _PLAIN) and holds:
            yield from self._guard(test, frozenset(), node, scope)

    def _guard(self, tested: ast.expr, literals: frozenset[str], node: Node, scope: Scope) -> Iterator[Guard]:
        texts = self._traces.every_text(tested, node, scope)
        if texts is not None:
            yield Guard(texts, literals)

    def _literals(self, right: ast.expr, node: Node, scope: Scope) -> frozenset[str]:
        """The texts that are compared with; none where they are not all written out."""
        items = right.elts if isinstance(right, ast.Tuple | ast.List | ast.Set) else [right]
        found = [self._traces.every_text(item, node, scope) or () for item in items]
        if any(len(texts) != 1 or not texts[0].text for texts in found):
            return frozenset()
        return frozenset(texts[0].text for texts in found)
