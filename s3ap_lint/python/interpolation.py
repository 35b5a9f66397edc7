"""Which values of the event reach a text that a call is given, and where they are formatted into it.

A text is followed backwards: through names, lists that are joined, functions of the project, and parameters to the
callers. A value counts as the event's only as long as nothing on the way checks, converts or quotes it; what cannot be
told is no finding.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from s3ap_lint.budget import Budget, GaveUp
from s3ap_lint.model import Location
from s3ap_lint.python.bindings import bindings_of, parameters_of
from s3ap_lint.python.callers import Callers, handed
from s3ap_lint.python.checks import (
    CHECKS,
    CONVERTS,
    NOT_TEXT,
    checked_in,
    is_number,
    is_of_deployment,
    is_quoting,
    last_of,
)
from s3ap_lint.python.closure import Closure
from s3ap_lint.python.graph import Node
from s3ap_lint.python.origins import Source, added_to, alternatives, holder_of, of_percent, sources_of
from s3ap_lint.python.reach import Reach
from s3ap_lint.python.scope import Scope
from s3ap_lint.python.sinks import Sinks, calls_of
from s3ap_lint.python.state import path_of
from s3ap_lint.python.worth import Frame

MOST_STEPS = 4096
"""How many expressions are looked at for one text."""

TOO_MANY = GaveUp("would have to follow a text through too many expressions")

_PASSES_ON = frozenset(
    {"SQL", "b64decode", "cast", "dedent", "dict", "enumerate", "iter", "list", "loads", "next", "reversed", "set"}
    | {"sorted", "str", "tuple", "unquote", "unquote_plus", "zip"}
)
"""Functions from elsewhere that hand back what they are given."""


@dataclass(frozen=True, slots=True, eq=False)
class Inserted:
    """A value of the event that is formatted into a text."""

    value: ast.expr
    node: Node

    @property
    def at(self) -> Location:
        assert self.node.module is not None
        return self.node.module.at(self.value)


def inserted(closure: Closure, sinks: Sinks) -> Iterator[tuple[Inserted, Location]]:
    """The values of the event that are formatted into the text that a sink runs, each with the call."""
    if not any(module.says_any(sinks) for module in closure.modules):
        return
    found = Interpolations(closure.reach(), [scope for _, scope in closure.handlers])
    for node, scope in found.reach.scopes:
        for call, text in calls_of(sinks, node, scope, closure):
            for one in found.into(text, node, scope):
                if node.module is not None:
                    yield one, node.module.at(call)


class Interpolations:
    """Follows texts backwards in the code that one handler reaches. `event` is the handler's first parameter."""

    def __init__(self, reach: Reach, handlers: Collection[Scope]) -> None:
        self.reach = reach
        self._names = reach.names
        self._callers = Callers(reach)
        self._handlers = handlers
        self._busy: set[tuple[str, Scope, str]] = set()
        self._budget = Budget(MOST_STEPS, TOO_MANY)

    def into(self, text: ast.expr, node: Node, scope: Scope) -> list[Inserted]:
        """The values of the event that are formatted into a text, each once, the innermost place of each.

        Raises GaveUp.
        """
        self._budget = Budget(MOST_STEPS, TOO_MANY)
        self._busy.clear()
        found: dict[ast.expr, Inserted] = {}
        for one in self._texts(text, node, scope, None):
            found.setdefault(one.value, one)
        return list(found.values())

    # -- how a text is made

    def _texts(self, text: ast.expr, node: Node, scope: Scope, frame: Frame | None) -> Iterator[Inserted]:
        self._budget.spend()
        if isinstance(text, ast.JoinedStr):
            for part in text.values:
                if isinstance(part, ast.FormattedValue) and not is_number(part):
                    yield from self._inserted(part.value, node, scope, frame)
        elif isinstance(text, ast.BinOp) and isinstance(text.op, ast.Add):
            for side in (text.left, text.right):
                yield from self._inserted(side, node, scope, frame)
        elif isinstance(text, ast.BinOp) and isinstance(text.op, ast.Mod):
            yield from self._texts(text.left, node, scope, frame)
            for value in of_percent(text):
                yield from self._inserted(value, node, scope, frame)
        elif isinstance(text, ast.Call):
            yield from self._of_call(text, node, scope, frame)
        elif isinstance(text, ast.IfExp):
            yield from self._texts(text.body, node, scope, frame)
            yield from self._texts(text.orelse, node, scope, frame)
        elif isinstance(text, ast.BoolOp):
            for one in text.values:
                yield from self._texts(one, node, scope, frame)
        elif isinstance(text, ast.NamedExpr | ast.Await):
            yield from self._texts(text.value, node, scope, frame)
        elif isinstance(text, ast.List | ast.Tuple | ast.Set):
            for one in text.elts:
                yield from self._texts(one, node, scope, frame)
        elif isinstance(text, ast.ListComp | ast.GeneratorExp | ast.SetComp):
            yield from self._texts(text.elt, node, scope, frame)
        elif isinstance(text, ast.Name):
            yield from self._of_name(text, node, scope, frame)

    def _inserted(self, value: ast.expr, node: Node, scope: Scope, frame: Frame | None) -> Iterator[Inserted]:
        """A value that becomes part of a text: what is formatted into it, else the value itself."""
        inner = list(self._texts(value, node, scope, frame))
        yield from inner
        if not inner and self._is_sent(value, node, scope, frame):
            yield Inserted(value, node)

    def _of_call(self, call: ast.Call, node: Node, scope: Scope, frame: Frame | None) -> Iterator[Inserted]:
        func = call.func
        if isinstance(func, ast.Attribute) and func.attr == "format":
            yield from self._texts(func.value, node, scope, frame)
            for value in (*call.args, *(keyword.value for keyword in call.keywords if keyword.arg)):
                yield from self._inserted(value, node, scope, frame)
        elif isinstance(func, ast.Attribute) and func.attr == "join" and len(call.args) == 1:
            yield from self._inserted(call.args[0], node, scope, frame)
        elif last_of(func) in _PASSES_ON and call.args:
            yield from self._texts(call.args[0], node, scope, frame)
        else:
            for value, inner, inner_scope, inner_frame in self._returned(call, None, node, scope, frame):
                yield from self._texts(value, inner, inner_scope, inner_frame)
            if isinstance(func, ast.Attribute) and not is_quoting(call):
                yield from self._texts(func.value, node, scope, frame)

    def _of_name(self, name: ast.Name, node: Node, scope: Scope, frame: Frame | None) -> Iterator[Inserted]:
        holder = holder_of(name.id, scope)
        if holder is None or ("text", holder, name.id) in self._busy:
            return
        key = ("text", holder, name.id)
        self._busy.add(key)
        for source in sources_of(holder).get(name.id, ()):
            if source.part is not None:
                for value, inner, inner_scope, inner_frame in self._parts(source, node, holder, frame):
                    yield from self._texts(value, inner, inner_scope, inner_frame)
            elif not source.item:
                yield from self._texts(source.value, node, holder, frame)
        for value in added_to(holder).get(name.id, ()):
            yield from self._inserted(value, node, holder, frame)
        if name.id in parameters_of(holder):
            for value, inner, inner_scope, inner_frame in self._given(name.id, holder, frame):
                yield from self._texts(value, inner, inner_scope, inner_frame)
        self._busy.discard(key)

    # -- where a value comes from

    def _is_sent(self, value: ast.expr, node: Node, scope: Scope, frame: Frame | None) -> bool:
        """Whether a value is something that the sender of the event wrote, unchecked, as far as can be told."""
        self._budget.spend()
        if isinstance(value, ast.Name | ast.Subscript | ast.Call) and ast.unparse(value) in checked_in(scope):
            return False
        if isinstance(value, ast.Name):
            return self._is_sent_name(value, node, scope, frame)
        if isinstance(value, ast.Subscript):
            return not is_of_deployment(value.slice) and self._is_sent(value.value, node, scope, frame)
        if isinstance(value, ast.Attribute):
            return isinstance(value.value, ast.Name) and self._is_event(value.value.id, scope)
        if isinstance(value, ast.Call):
            return self._is_sent_call(value, node, scope, frame)
        if isinstance(value, ast.BinOp):
            sides = (value.left, value.right) if isinstance(value.op, ast.Add) else ()
            return any(self._is_sent(one, node, scope, frame) for one in sides)
        if isinstance(value, ast.JoinedStr):
            parts = [one.value for one in value.values if isinstance(one, ast.FormattedValue) and not is_number(one)]
            return any(self._is_sent(one, node, scope, frame) for one in parts)
        return any(self._is_sent(one, node, scope, frame) for one in alternatives(value))

    def _is_sent_name(self, name: ast.Name, node: Node, scope: Scope, frame: Frame | None) -> bool:
        holder = holder_of(name.id, scope)
        key = ("sent", holder or scope, name.id)
        if holder is None or key in self._busy or (holder is not scope and name.id in checked_in(holder)):
            return False
        if self._is_event(name.id, scope):
            return True
        self._busy.add(key)
        found = any(self._is_sent_source(one, node, holder, frame) for one in sources_of(holder).get(name.id, ()))
        found = found or any(self._is_sent(one, node, holder, frame) for one in added_to(holder).get(name.id, ()))
        if not found and name.id in parameters_of(holder):
            found = any(self._is_sent(*given) for given in self._given(name.id, holder, frame))
        self._busy.discard(key)
        return found

    def _is_event(self, name: str, scope: Scope) -> bool:
        holder = holder_of(name, scope)
        return holder in self._handlers and holder is not None and holder.parameters[:1] == (name,)

    def _is_sent_source(self, source: Source, node: Node, scope: Scope, frame: Frame | None) -> bool:
        if source.part is None:
            return self._is_sent(source.value, node, scope, frame)
        return any(self._is_sent(*part) for part in self._parts(source, node, scope, frame))

    def _is_sent_call(self, call: ast.Call, node: Node, scope: Scope, frame: Frame | None) -> bool:
        func, last = call.func, last_of(call.func)
        if CHECKS.search(last.lower()) or last in CONVERTS or is_quoting(call):
            return False
        if any(self._is_sent(*returned) for returned in self._returned(call, None, node, scope, frame)):
            return True
        if last in _PASSES_ON:
            return any(self._is_sent(one, node, scope, frame) for one in call.args)
        if not isinstance(func, ast.Attribute) or last in NOT_TEXT:
            return False
        if last in ("get", "pop") and call.args and is_of_deployment(call.args[0]):
            return False
        return self._is_sent(func.value, node, scope, frame)

    # -- functions of the project

    def _returned(
        self, call: ast.Call, part: int | None, node: Node, scope: Scope, frame: Frame | None
    ) -> list[tuple[ast.expr, Node, Scope, Frame | None]]:
        """What a function of the project returns for these arguments, or one part of that."""
        path = path_of(call.func)
        ends = self._names.follow(node, scope, path).ends if path[0] else []
        if len(ends) != 1 or ends[0].kind != "function" or ends[0].node is None or ends[0].scope is None:
            return []
        callee, home = ends[0].scope, ends[0].node
        at = frame
        while at is not None:
            if at.scope is callee:
                return []
            at = at.outer
        given: dict[str, tuple[Node, Scope, ast.expr, Frame | None]] = {}
        for name in parameters_of(callee):
            argument = handed(call, callee, name, ends[0].bound, 0)
            if isinstance(argument, ast.expr):
                given[name] = (node, scope, argument, frame)
        inner = Frame(callee, given, frame)
        values: list[ast.expr] = []
        for value in bindings_of(callee).returned:
            if part is None:
                values.append(value)
            elif isinstance(value, ast.Tuple) and part < len(value.elts):
                values.append(value.elts[part])
        return [(value, home, callee, inner) for value in values]

    def _parts(
        self, source: Source, node: Node, scope: Scope, frame: Frame | None
    ) -> list[tuple[ast.expr, Node, Scope, Frame | None]]:
        if isinstance(source.value, ast.Tuple | ast.List) and source.part is not None:
            inside = source.part < len(source.value.elts)
            return [(source.value.elts[source.part], node, scope, frame)] if inside else []
        if isinstance(source.value, ast.Call) and not source.item:
            return self._returned(source.value, source.part, node, scope, frame)
        return [(source.value, node, scope, frame)] if source.item else []

    def _given(self, name: str, callee: Scope, frame: Frame | None) -> list[tuple[ast.expr, Node, Scope, Frame | None]]:
        """What is handed to a parameter, in the call under way or in any."""
        at = frame
        while at is not None:
            if at.scope is callee:
                known = at.given.get(name)
                return [] if known is None else [(known[2], known[0], known[1], known[3])]
            at = at.outer
        found: list[tuple[ast.expr, Node, Scope, Frame | None]] = []
        for node, scope, call, thing, skipped in self._callers.of(callee):
            argument = handed(call, callee, name, thing.bound or thing.kind == "class", skipped)
            if isinstance(argument, ast.expr):
                found.append((argument, node, scope, None))
        return found
