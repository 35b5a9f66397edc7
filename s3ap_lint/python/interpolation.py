"""Which values of the event reach a text that a call is given, and where they are formatted into it.

A text is followed backwards: through names, lists that are joined, functions of the project, and parameters to the
callers. A value counts as the event's only as long as nothing on the way checks, converts or quotes it; what cannot be
told is no finding.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from s3ap_lint.model import Location
from s3ap_lint.python.bindings import bindings_of, calls_in, own_nodes, parameters_of
from s3ap_lint.python.callers import Callers, handed
from s3ap_lint.python.closure import Closure
from s3ap_lint.python.graph import Node
from s3ap_lint.python.reach import Reach
from s3ap_lint.python.scope import Scope
from s3ap_lint.python.state import path_of
from s3ap_lint.python.worth import Frame

MOST_STEPS = 4096
"""How many expressions are looked at for one text."""

_CHECKS = re.compile(r"valid|sanit|escape|quote|check|allow|literal|ident|safe|assert|clean|whitelist|normali[sz]e_sql")
"""How functions are called that check or quote a text."""

_MATCHES = frozenset({"match", "fullmatch", "search"})
_TELLS = frozenset({"isalnum", "isalpha", "isdecimal", "isdigit", "isidentifier", "isnumeric"})
_CONVERTS = frozenset({"int", "float", "Decimal", "UUID", "fromisoformat", "strptime", "ip_address", "Enum"})
_NOT_TEXT = frozenset({"count", "endswith", "find", "index", "startswith", "rfind", "timestamp", *_TELLS})
"""Methods of a text that give no text of the sender."""

_PASSES_ON = frozenset(
    {
        "str",
        "list",
        "tuple",
        "set",
        "sorted",
        "reversed",
        "enumerate",
        "zip",
        "dict",
        "loads",
        "unquote",
        "unquote_plus",
    }
    | {"dedent", "cast", "next", "iter", "b64decode"}
)
"""Functions from elsewhere that hand back what they are given."""

_OF_DEPLOYMENT = frozenset(
    {"ResourceProperties", "OldResourceProperties", "StackId", "LogicalResourceId", "PhysicalResourceId", "RequestType"}
    | {"account", "region", "time", "requestContext"}
)
"""Keys of an event whose values AWS or the template writes, not the sender."""


@dataclass(frozen=True, slots=True, eq=False)
class Inserted:
    """A value of the event that is formatted into a text."""

    value: ast.expr
    node: Node

    @property
    def at(self) -> Location:
        assert self.node.module is not None
        return self.node.module.at(self.value)


@dataclass(frozen=True, slots=True)
class _Source:
    """One thing that a name is bound to: an expression, an item of it, or one part of what it returns."""

    value: ast.expr
    item: bool = False
    part: int | None = None


def inserted(closure: Closure, sinks: Mapping[str, Collection[str]]) -> Iterator[tuple[Inserted, Location]]:
    """The values of the event that are formatted into an argument of some methods, each with the call.

    `sinks` names the keyword arguments by the name of the method.
    """
    words = [name.encode() for name in sinks]
    if not any(word in module.source.data for module in closure.modules for word in words):
        return
    found = Interpolations(closure.reach(), [scope for _, scope in closure.handlers])
    for node, scope, call, text in found.calls(sinks):
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
        self._steps = 0

    def calls(self, sinks: Mapping[str, Collection[str]]) -> Iterator[tuple[Node, Scope, ast.Call, ast.expr]]:
        """The calls of methods by name, each with the keyword argument that is a query."""
        words = [name.encode() for name in sinks]
        for node, scope in self.reach.scopes:
            if node.module is None or not any(word in node.module.source.data for word in words):
                continue
            for call in calls_in(scope):
                if isinstance(call.func, ast.Attribute) and call.func.attr in sinks:
                    for value in _arguments(call, sinks[call.func.attr], scope):
                        yield node, scope, call, value

    def into(self, text: ast.expr, node: Node, scope: Scope) -> list[Inserted]:
        """The values of the event that are formatted into a text, each once, the innermost place of each."""
        self._steps = 0
        self._busy.clear()
        found: dict[ast.expr, Inserted] = {}
        for one in self._texts(text, node, scope, None):
            found.setdefault(one.value, one)
        return list(found.values())

    # -- how a text is made

    def _texts(self, text: ast.expr, node: Node, scope: Scope, frame: Frame | None) -> Iterator[Inserted]:
        self._steps += 1
        if self._steps > MOST_STEPS:
            return
        if isinstance(text, ast.JoinedStr):
            for part in text.values:
                if isinstance(part, ast.FormattedValue) and not _is_number(part):
                    yield from self._inserted(part.value, node, scope, frame)
        elif isinstance(text, ast.BinOp) and isinstance(text.op, ast.Add):
            for side in (text.left, text.right):
                yield from self._inserted(side, node, scope, frame)
        elif isinstance(text, ast.BinOp) and isinstance(text.op, ast.Mod):
            yield from self._texts(text.left, node, scope, frame)
            for value in _of_percent(text):
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
        elif _last(func) in _PASSES_ON and call.args:
            yield from self._texts(call.args[0], node, scope, frame)
        else:
            for value, inner, inner_scope, inner_frame in self._returned(call, None, node, scope, frame):
                yield from self._texts(value, inner, inner_scope, inner_frame)
            if isinstance(func, ast.Attribute) and not _is_quoting(call):
                yield from self._texts(func.value, node, scope, frame)

    def _of_name(self, name: ast.Name, node: Node, scope: Scope, frame: Frame | None) -> Iterator[Inserted]:
        holder = _holder(name.id, scope)
        if holder is None or ("text", holder, name.id) in self._busy:
            return
        key = ("text", holder, name.id)
        self._busy.add(key)
        for source in _sources(holder).get(name.id, ()):
            if source.part is not None:
                for value, inner, inner_scope, inner_frame in self._parts(source, node, holder, frame):
                    yield from self._texts(value, inner, inner_scope, inner_frame)
            elif not source.item:
                yield from self._texts(source.value, node, holder, frame)
        for value in _added(holder).get(name.id, ()):
            yield from self._inserted(value, node, holder, frame)
        if name.id in parameters_of(holder):
            for value, inner, inner_scope, inner_frame in self._given(name.id, holder, frame):
                yield from self._texts(value, inner, inner_scope, inner_frame)
        self._busy.discard(key)

    # -- where a value comes from

    def _is_sent(self, value: ast.expr, node: Node, scope: Scope, frame: Frame | None) -> bool:
        """Whether a value is something that the sender of the event wrote, unchecked, as far as can be told."""
        self._steps += 1
        if self._steps > MOST_STEPS:
            return False
        if isinstance(value, ast.Name | ast.Subscript | ast.Call) and ast.unparse(value) in _checked(scope):
            return False
        if isinstance(value, ast.Name):
            return self._is_sent_name(value, node, scope, frame)
        if isinstance(value, ast.Subscript):
            return not _is_of_deployment(value.slice) and self._is_sent(value.value, node, scope, frame)
        if isinstance(value, ast.Attribute):
            return isinstance(value.value, ast.Name) and self._is_event(value.value.id, scope)
        if isinstance(value, ast.Call):
            return self._is_sent_call(value, node, scope, frame)
        if isinstance(value, ast.BinOp):
            sides = (value.left, value.right) if isinstance(value.op, ast.Add) else ()
            return any(self._is_sent(one, node, scope, frame) for one in sides)
        if isinstance(value, ast.JoinedStr):
            parts = [one.value for one in value.values if isinstance(one, ast.FormattedValue) and not _is_number(one)]
            return any(self._is_sent(one, node, scope, frame) for one in parts)
        return any(self._is_sent(one, node, scope, frame) for one in _alternatives(value))

    def _is_sent_name(self, name: ast.Name, node: Node, scope: Scope, frame: Frame | None) -> bool:
        holder = _holder(name.id, scope)
        key = ("sent", holder or scope, name.id)
        if holder is None or key in self._busy or (holder is not scope and name.id in _checked(holder)):
            return False
        if self._is_event(name.id, scope):
            return True
        self._busy.add(key)
        found = any(self._is_sent_source(one, node, holder, frame) for one in _sources(holder).get(name.id, ()))
        found = found or any(self._is_sent(one, node, holder, frame) for one in _added(holder).get(name.id, ()))
        if not found and name.id in parameters_of(holder):
            found = any(self._is_sent(*given) for given in self._given(name.id, holder, frame))
        self._busy.discard(key)
        return found

    def _is_event(self, name: str, scope: Scope) -> bool:
        holder = _holder(name, scope)
        return holder in self._handlers and holder is not None and holder.parameters[:1] == (name,)

    def _is_sent_source(self, source: _Source, node: Node, scope: Scope, frame: Frame | None) -> bool:
        if source.part is None:
            return self._is_sent(source.value, node, scope, frame)
        return any(self._is_sent(*part) for part in self._parts(source, node, scope, frame))

    def _is_sent_call(self, call: ast.Call, node: Node, scope: Scope, frame: Frame | None) -> bool:
        func, last = call.func, _last(call.func)
        if _CHECKS.search(last.lower()) or last in _CONVERTS or _is_quoting(call):
            return False
        if any(self._is_sent(*returned) for returned in self._returned(call, None, node, scope, frame)):
            return True
        if last in _PASSES_ON:
            return any(self._is_sent(one, node, scope, frame) for one in call.args)
        if not isinstance(func, ast.Attribute) or last in _NOT_TEXT:
            return False
        if last in ("get", "pop") and call.args and _is_of_deployment(call.args[0]):
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
        self, source: _Source, node: Node, scope: Scope, frame: Frame | None
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


def _arguments(call: ast.Call, keywords: Collection[str], scope: Scope) -> Iterator[ast.expr]:
    for keyword in call.keywords:
        if keyword.arg in keywords:
            yield keyword.value
        elif keyword.arg is None and isinstance(keyword.value, ast.Name):
            holder = _holder(keyword.value.id, scope)
            for source in _sources(holder).get(keyword.value.id, ()) if holder is not None else ():
                if isinstance(source.value, ast.Dict):
                    pairs = zip(source.value.keys, source.value.values, strict=True)
                    yield from (value for key, value in pairs if getattr(key, "value", None) in keywords)


def _holder(name: str, scope: Scope) -> Scope | None:
    """The scope that a name is looked up in."""
    at: Scope | None = scope
    while at is not None:
        if (at.kind != "class" or at is scope) and (name in _sources(at) or name in parameters_of(at)):
            return at
        at = at.parent
    return None


@lru_cache(maxsize=1024)
def _sources(scope: Scope) -> dict[str, tuple[_Source, ...]]:
    """What the statements of a scope bind each name to."""
    found: dict[str, list[_Source]] = {}

    def bind(target: ast.expr, value: ast.expr, item: bool, part: int | None) -> None:
        if isinstance(target, ast.Name):
            found.setdefault(target.id, []).append(_Source(value, item, part))
        elif isinstance(target, ast.Tuple | ast.List):
            for place, one in enumerate(target.elts):
                bind(one, value, item, place)

    for node in own_nodes(scope):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                bind(target, node.value, False, None)
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            bind(node.target, node.value, False, None)
        elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            bind(node.target, node.iter, True, None)
    return {name: tuple(sources) for name, sources in found.items()}


@lru_cache(maxsize=1024)
def _added(scope: Scope) -> dict[str, tuple[ast.expr, ...]]:
    """What is added to the lists and texts of a scope."""
    found: dict[str, list[ast.expr]] = {}
    for node in own_nodes(scope):
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and isinstance(node.op, ast.Add):
            found.setdefault(node.target.id, []).append(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            func = node.func
            if func.attr in ("append", "extend", "insert") and isinstance(func.value, ast.Name) and node.args:
                found.setdefault(func.value.id, []).append(node.args[-1])
    return {name: tuple(values) for name, values in found.items()}


@lru_cache(maxsize=1024)
def _checked(scope: Scope) -> frozenset[str]:
    """The expressions of a scope, as text, that something there looks at to accept or refuse them."""
    found: set[str] = set()
    for node in own_nodes(scope):
        if isinstance(node, ast.Call):
            func, last = node.func, _last(node.func)
            values = [*node.args, *(keyword.value for keyword in node.keywords)]
            if last in _MATCHES or last in _CONVERTS or _CHECKS.search(last.lower()):
                found.update(ast.unparse(_bare(value)) for value in values)
            elif last in _TELLS and isinstance(func, ast.Attribute):
                found.add(ast.unparse(_bare(func.value)))
            elif last == "isinstance" and len(values) == 2 and "str" not in ast.unparse(values[1]):
                found.add(ast.unparse(values[0]))
            elif last in ("all", "any"):
                found.update(
                    ast.unparse(inner.iter)
                    for value in values
                    for inner in ast.walk(value)
                    if isinstance(inner, ast.comprehension)
                )
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
            # `"name" in event` says nothing about a value, `"'" in name` does
            quote = isinstance(node.left, ast.Constant) and node.left.value in ("'", '"', ";", "--")
            found.add(ast.unparse(_bare(node.comparators[0] if quote else node.left)))
    return frozenset(found)


def _bare(value: ast.expr) -> ast.expr:
    """What a check of `str(value).strip()` is about."""
    while True:
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "str" and value.args:
            value = value.args[0]
        elif isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr != "get":
            value = value.func.value
        else:
            return value


def _alternatives(value: ast.expr) -> list[ast.expr]:
    """The parts of an expression of which each may be what it comes to."""
    if isinstance(value, ast.BoolOp):
        return list(value.values)
    if isinstance(value, ast.IfExp):
        return [value.body, value.orelse]
    if isinstance(value, ast.List | ast.Tuple | ast.Set):
        return list(value.elts)
    if isinstance(value, ast.ListComp | ast.GeneratorExp | ast.SetComp):
        return [value.elt]
    if isinstance(value, ast.NamedExpr | ast.Await | ast.Starred):
        return [value.value]
    return []


def _is_of_deployment(key: ast.expr) -> bool:
    return isinstance(key, ast.Constant) and key.value in _OF_DEPLOYMENT


def _is_quoting(call: ast.Call) -> bool:
    """Whether a call is `text.replace("'", …)` or translates characters."""
    if not isinstance(call.func, ast.Attribute):
        return False
    first = call.args[0] if call.args else None
    replaces = call.func.attr == "replace" and isinstance(first, ast.Constant)
    quotes = replaces and isinstance(first, ast.Constant) and first.value in ("'", '"', "`", ";")
    return quotes or call.func.attr in ("translate", "sub")


def _is_number(part: ast.FormattedValue) -> bool:
    """Whether a format such as `:d` takes numbers only."""
    spec = part.format_spec
    last = spec.values[-1] if isinstance(spec, ast.JoinedStr) and spec.values else None
    return isinstance(last, ast.Constant) and str(last.value)[-1:] in tuple("dnfeExXobgG%")


def _of_percent(text: ast.BinOp) -> list[ast.expr]:
    """The values that `%` formats as texts."""
    right = text.right
    values = list(right.elts) if isinstance(right, ast.Tuple) else [right]
    if isinstance(right, ast.Dict):
        values = list(right.values)
    else:
        parts = text.left.values if isinstance(text.left, ast.JoinedStr) else [text.left]
        written = "".join(str(part.value) for part in parts if isinstance(part, ast.Constant))
        kinds = [kind for kind in re.findall(r"%[-+ #0-9.*]*([a-zA-Z%])", written) if kind != "%"]
        if len(kinds) == len(values):
            values = [value for value, kind in zip(values, kinds, strict=True) if kind in "sra"]
    return values


def _last(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
