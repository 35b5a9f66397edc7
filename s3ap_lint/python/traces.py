"""Where the value of an expression comes from.

An expression is followed through local and module-level names, attributes of self, imports, functions of the project
and the parameters of a function, to texts, environment variables and clients of the AWS SDK. What is reassigned to
something else, or comes from the event, is not told.

What a module says by itself is worked out once, for every function that shares it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from s3ap_lint.model import Location
from s3ap_lint.python import sdk_clients
from s3ap_lint.python.bindings import (
    bindings_of,
    default_of,
    fields_of,
    imports,
    imports_from,
    is_environment,
    parameters_of,
)
from s3ap_lint.python.callers import handed
from s3ap_lint.python.displays import DISPLAYS, keywords
from s3ap_lint.python.graph import Node
from s3ap_lint.python.items import any_item, pairs, written
from s3ap_lint.python.lookups import Lookups
from s3ap_lint.python.scope import CALLED, Scope
from s3ap_lint.python.state import chain_of, path_of
from s3ap_lint.python.worth import (
    MOST_STEPS,
    MOST_TEXTS,
    UNTOLD,
    Argument,
    Frame,
    Instance,
    Made,
    Record,
    Worth,
    closed,
    either,
    is_open,
)

_PASSES = frozenset({"lower", "lstrip", "rstrip", "strip"})
_OF_RECORDS = frozenset({"get", "items", "pop", "setdefault", "values"})


class Traces(Lookups):
    """Follows the expressions in one reach. `placed` says where a place in the code is for the reader."""

    def answer(self, call: ast.Call, node: Node, scope: Scope) -> tuple[ast.expr, Node, Scope] | None:
        """The one expression that a function without parameters returns, and where it stands."""
        path = path_of(call.func)
        ends = self.names.follow(node, scope, path).ends if path[0] and path[-1] != CALLED else []
        if len(ends) != 1 or ends[0].kind != "function" or ends[0].node is None or ends[0].scope is None:
            return None
        callee = ends[0].scope
        body = [one for one in getattr(callee.node, "body", []) if not _is_text(one)]
        if parameters_of(callee) or len(body) != 1 or not isinstance(body[0], ast.Return) or body[0].value is None:
            return None
        return body[0].value, ends[0].node, callee

    def _call(self, call: ast.Call, node: Node, scope: Scope, frame: Frame | None) -> Worth:
        func = call.func
        chain = chain_of(func)
        found = self._read_or_made(call, chain, node, scope, frame)
        if found is not None:
            return found
        if isinstance(func, ast.Attribute):
            if func.attr in _PASSES:
                return self.worth(func.value, node, scope, frame)
            if func.attr in _OF_RECORDS:
                return self._of_record(call, func, node, scope, frame)
            if func.attr in sdk_clients.METHODS:
                made = self._made_by_method(call, func, node, scope, frame)
                if made is not None:
                    return made
        if chain == ("dict",) and not call.args:
            return self.keywords(call, node, scope, frame)
        if chain in (("str",), ("list",), ("tuple",), ("iter",), ("next",)) and len(call.args) == 1:
            value = self.worth(call.args[0], node, scope, frame)
            return self.each(value, any_item) if chain == ("next",) else value
        if chain[-1:] == ("cast",) and len(call.args) == 2:
            return self.worth(call.args[1], node, scope, frame)
        if chain[-1:] == ("partial",) and call.args:
            made = self.worth(call.args[0], node, scope, frame)
            return self.each(made, lambda one: one if isinstance(one, Made) and one.kind == "maker" else UNTOLD)
        if chain == ("getattr",) and len(call.args) >= 2:
            name = written(self.worth(call.args[1], node, scope, frame))
            return self.each(self.worth(call.args[0], node, scope, frame), lambda one: self._attribute_of(one, name))
        return self.project_call(call, node, scope, frame)

    def _of_record(self, call: ast.Call, func: ast.Attribute, node: Node, scope: Scope, frame: Frame | None) -> Worth:
        """`clients.get("s3")` and what else a dictionary is asked, if it is one."""
        base = self.worth(func.value, node, scope, frame)
        if any(isinstance(one, Instance | Made) for one in closed(base)):
            return self._called_otherwise(call, node, scope, frame)
        if func.attr == "values":
            return base
        if func.attr == "items":
            return self.each(base, pairs)
        if not call.args:
            return UNTOLD
        found = self._looked_up(func.value, call.args[0], node, scope, frame)
        if len(call.args) < 2:
            return found
        return either([found, self.worth(call.args[1], node, scope, frame)])

    def _read_or_made(
        self, call: ast.Call, chain: tuple[str, ...], node: Node, scope: Scope, frame: Frame | None
    ) -> Worth | None:
        """A read of the environment, or something that boto3 and botocore make."""
        func = call.func
        if isinstance(func, ast.Attribute) and func.attr == "get" and is_environment(func.value, scope):
            return self._variable(call, call.args, node, scope, frame) if call.args else UNTOLD
        if not chain:
            return None
        first, last = chain[0], chain[-1]
        if (
            last == "getenv"
            and call.args
            and (imports(scope, first, "os", "") if len(chain) == 2 else imports(scope, first, "os", "getenv"))
        ):
            return self._variable(call, call.args, node, scope, frame)
        made = sdk_clients.maker(chain, scope)
        if made is not None:
            return self._making(call, node, scope, frame).of(made)
        if last == "Config" and imports_from(scope, first, "botocore"):
            return Made("config", keywords=self.keywords(call, node, scope, frame))
        return None

    def _making(self, call: ast.Call, node: Node, scope: Scope, frame: Frame | None) -> sdk_clients.Making:
        return sdk_clients.Making(self, call, node, scope, frame)

    def _made_by_method(
        self, call: ast.Call, func: ast.Attribute, node: Node, scope: Scope, frame: Frame | None
    ) -> Worth | None:
        """What a method of a session, client or resource gives; None when it is of nothing such."""
        base = self.worth(func.value, node, scope, frame)
        if not is_open(base) and not any(isinstance(one, Made) for one in closed(base)):
            return None
        return self.each(base, self._making(call, node, scope, frame).of)

    def project_call(
        self, call: ast.Call, node: Node, scope: Scope, frame: Frame | None, *, yields: bool = False
    ) -> Worth:
        """What a function of the project returns for these arguments, or an instance of a class."""
        path = path_of(call.func)
        if not path[0] or path[-1] == CALLED:
            return self._called_otherwise(call, node, scope, frame)
        self._links += 1
        ends = self.names.follow(node, scope, path).ends
        found = [end for end in ends if end.kind in ("function", "class") and end.node and end.scope]
        if len(found) != 1 or len(ends) != 1:
            return self._called_otherwise(call, node, scope, frame)
        thing = found[0]
        assert thing.node is not None
        assert thing.scope is not None
        if thing.kind == "class":
            return Instance(thing.node, thing.scope)
        return self._result(call, thing.node, thing.scope, thing.bound, (node, scope, frame), yields=yields)

    def _result(
        self,
        call: ast.Call,
        node: Node,
        callee: Scope,
        bound: bool,
        place: tuple[Node, Scope, Frame | None],
        *,
        yields: bool = False,
    ) -> Worth:
        """What a function returns to a call."""
        key = (callee, CALLED)
        if key in self._busy:
            self._expansion.cuts += 1
            return UNTOLD
        given: dict[str, tuple[Node, Scope, ast.expr, Frame | None]] = {}
        for name in parameters_of(callee):
            found = handed(call, callee, name, bound, 0)
            if isinstance(found, ast.expr):
                given[name] = (place[0], place[1], found, place[2])
            elif found is None:
                default = default_of(callee, name)
                if default is not None and callee.parent is not None:
                    given[name] = (node, callee.parent, default, None)
        self._busy.add(key)
        value = self.returned(node, callee, Frame(callee, given, place[2]), yields=yields)
        self._busy.discard(key)
        return value

    def _called_otherwise(self, call: ast.Call, node: Node, scope: Scope, frame: Frame | None) -> Worth:
        """A call of what is no function by its name: a method of an instance, a resource, something kept."""
        func = call.func
        if not isinstance(func, ast.Attribute):
            making = self._making(call, node, scope, frame)
            return self.each(self.worth(func, node, scope, frame), making.of) if isinstance(func, ast.Name) else UNTOLD
        name = func.attr
        making = self._making(call, node, scope, frame)

        def of(value: Worth) -> Worth:
            if not isinstance(value, Instance):
                return making.of(value)
            for holder_node, holder in [(value.node, value.scope), *self.names.bases(value.node, value.scope)[0]]:
                methods = holder.children.get(name, ())
                if len(methods) == 1:
                    return self._result(call, holder_node, methods[0], True, (node, scope, frame))
            return UNTOLD

        return self.each(self.worth(func.value, node, scope, frame), of)

    def returned(self, node: Node, scope: Scope, frame: Frame | None, *, yields: bool = False) -> Worth:
        """What a function returns."""
        bindings = bindings_of(scope)
        returned = bindings.yielded if yields else bindings.returned
        if not returned:
            return UNTOLD
        return either([self.worth(value, node, scope, frame) for value in returned])

    def keywords(self, call: ast.Call, node: Node, scope: Scope, frame: Frame | None) -> Record:
        """The keywords of a call."""
        return keywords(self, call, node, scope, frame)

    def given_by_callers(self, value: Argument) -> Iterator[tuple[Worth, Location | None]]:
        """What each caller hands to a parameter, and where."""
        home = self.names.graph.same(value.node)
        is_class = value.scope.kind == "class"
        for node, scope, call, thing, skipped in self._callers.of(value.scope):
            if self._steps > MOST_STEPS * MOST_TEXTS:
                self._expansion.cuts += 1
                return
            found = handed(call, value.scope, value.name, thing.bound or thing.kind == "class", skipped)
            at = self.at(node, call)
            if isinstance(found, ast.expr):
                yield self.worth(found, node, scope, None), at
            elif found is None:
                default = fields_of(value.scope)[value.name] if is_class else default_of(value.scope, value.name)
                parent = value.scope if is_class else value.scope.parent
                if default is not None and parent is not None:
                    yield self.worth(default, home, parent, None), at
                else:
                    yield UNTOLD, at
            else:
                yield UNTOLD, at


Traces.kinds = {
    **DISPLAYS,
    ast.Attribute: Traces._attribute,
    ast.Call: Traces._call,
    ast.Name: Traces._name,
    ast.Subscript: Traces._subscript,
}


def _is_text(statement: ast.stmt) -> bool:
    """Whether a statement is a docstring."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
