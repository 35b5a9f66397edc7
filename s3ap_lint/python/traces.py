"""Where the value of an expression comes from.

An expression is followed through local and module-level names, attributes of self, imports, functions of the project
and the parameters of a function, to texts and environment variables. What is reassigned to something else, or comes
from the event, is not told.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from s3ap_lint.model import Location
from s3ap_lint.python.bindings import (
    assigned,
    bindings_of,
    default_of,
    imports,
    imports_from,
    is_environment,
    is_getter,
    method_of,
    parameters_of,
)
from s3ap_lint.python.callers import Callers, handed
from s3ap_lint.python.graph import Node
from s3ap_lint.python.reach import Reach
from s3ap_lint.python.scope import CALLED, Scope, location_of
from s3ap_lint.python.state import chain_of, path_of
from s3ap_lint.python.worth import (
    ABSENT,
    MOST_STEPS,
    MOST_TEXTS,
    UNTOLD,
    Argument,
    Either,
    Expansion,
    FirstOf,
    Frame,
    FromEnvironment,
    Joined,
    Made,
    Record,
    Text,
    Traced,
    Worth,
    either,
)


class Traces:
    """Follows the expressions in one reach. `placed` says where a place in the code is for the reader."""

    def __init__(self, reach: Reach, placed: Callable[[Location], Location]) -> None:
        self.names = reach.names
        self.placed = placed
        self._callers = Callers(reach)
        self._steps = self._depth = 0
        self._busy: set[tuple[Scope, str]] = set()
        self._expansion = Expansion(self._given_by_callers, self._busy)

    def clients(self, expression: ast.expr, node: Node, scope: Scope) -> list[Made]:
        """The clients, paginators and waiters that an expression may be."""
        self._steps = 0
        return self._expansion.made(self.worth(expression, node, scope, None))

    def texts(self, value: Worth) -> list[Traced]:
        """The texts that a value may be."""
        self._steps = 0
        return list(dict.fromkeys(self._expansion.expanded(value)[0]))[:MOST_TEXTS]

    def at(self, node: Node, place: ast.AST) -> Location:
        """Where a place in a module is for the reader."""
        assert node.module is not None
        return self.placed(location_of(node.module.source, place))

    def worth(self, expression: ast.expr, node: Node, scope: Scope, frame: Frame | None) -> Worth:
        """What an expression is worth where it stands, in the call under way."""
        compute = _KINDS.get(expression.__class__)
        self._steps += 1
        if compute is None or self._depth > MOST_STEPS or self._steps > MOST_STEPS * MOST_TEXTS:
            return UNTOLD
        self._depth += 1
        value = compute(self, expression, node, scope, frame)
        self._depth -= 1
        return value

    def _constant(self, constant: ast.Constant, node: Node, scope: Scope, frame: Frame | None) -> Worth:
        if constant.value is None:
            return ABSENT
        return Text(constant.value, self.at(node, constant)) if isinstance(constant.value, str) else UNTOLD

    def _name(self, name: ast.Name, node: Node, scope: Scope, frame: Frame | None) -> Worth:
        at: Scope | None = scope
        while at is not None:
            if at.kind != "class" or at is scope:
                found = self._in_scope(name.id, node, at, frame)
                if found is not None:
                    return found
            at = at.parent
        return UNTOLD

    def _in_scope(self, name: str, node: Node, scope: Scope, frame: Frame | None) -> Worth | None:
        """What a scope itself says about a name; None when it does not bind it."""
        key = (scope, name)
        if key in self._busy:  # `client = client or …`
            return Argument(node, scope, name) if name in parameters_of(scope) else UNTOLD
        if name in bindings_of(scope).declared:
            return None  # the module's
        options: list[Worth] = []
        self._busy.add(key)
        if name in parameters_of(scope):
            given = frame.argument(scope, name) if frame is not None else None
            self._busy.discard(key)  # an argument of the same name stands elsewhere
            options.append(Argument(node, scope, name) if given is None else self._argument(given))
            self._busy.add(key)
        for imported in scope.imports:
            if imported.bound == name:
                target = self.names.graph.target(node, imported)
                inner = target.node
                found = None
                if inner is not None and inner.module is not None and target.attribute:
                    found = self._in_scope(target.attribute, inner, inner.module.scope, None)
                options.append(found or UNTOLD)
        for expression, holder in assigned(name, node, scope):
            options.append(UNTOLD if expression is None else self.worth(expression, node, holder, frame))
        self._busy.discard(key)
        if not options and (name in scope.children or name in scope.bound):
            return UNTOLD
        if not options:
            return None
        return self._with_items(either(options), name, node, scope, frame)

    def _argument(self, given: tuple[Node, Scope, ast.expr, Frame | None]) -> Worth:
        node, scope, expression, frame = given
        return self.worth(expression, node, scope, frame)

    def _with_items(self, value: Worth, name: str, node: Node, scope: Scope, frame: Frame | None) -> Worth:
        """A dictionary with what `name["key"] = …` adds to it."""
        if not isinstance(value, Record):
            return value
        added = bindings_of(scope).items.get(name, ())
        items, complete = dict(value.items), value.complete
        for key, expression in added:
            if key is None:
                complete = False
                continue
            known = items.get(key)
            found = self.worth(expression, node, scope, frame)
            items[key] = found if known is None else either([known, found])
        return Record(items, complete)

    def _attribute(self, attribute: ast.Attribute, node: Node, scope: Scope, frame: Frame | None) -> Worth:
        base = attribute.value
        if not isinstance(base, ast.Name):
            return UNTOLD
        method = method_of(base.id, scope)
        if method is not None and method.owner is not None:
            return self._of_self(attribute.attr, node, method.owner)
        for thing in self.names.follow(node, scope, (base.id,)).ends:
            if thing.kind == "module" and thing.node is not None and thing.node.module is not None:
                return self._in_scope(attribute.attr, thing.node, thing.node.module.scope, None) or UNTOLD
            if thing.kind in ("class", "instance") and thing.node is not None and thing.scope is not None:
                return self._of_self(attribute.attr, thing.node, thing.scope)
        return UNTOLD

    def _of_self(self, name: str, node: Node, owner: Scope) -> Worth:
        """An attribute of an instance: whatever its class or one of its methods gives it."""
        key = (owner, f"self.{name}")
        if key in self._busy:
            return UNTOLD
        self._busy.add(key)
        options: list[Worth] = []
        for holder_node, holder in [(node, owner), *self.names.bases(node, owner)[0]]:
            methods = [scope for scopes in holder.children.values() for scope in scopes]
            given = [(holder, one) for one in bindings_of(holder).names.get(name, ())]
            given += [(method, one) for method in methods for one in bindings_of(method).attributes.get(name, ())]
            for scope, expression in given:
                options.append(UNTOLD if expression is None else self.worth(expression, holder_node, scope, None))
            getters = [method for method in methods if method.name == name and is_getter(method)]
            options += [self._returned(holder_node, method, None) for method in getters]
        self._busy.discard(key)
        return either(options)

    def _subscript(self, subscript: ast.Subscript, node: Node, scope: Scope, frame: Frame | None) -> Worth:
        if is_environment(subscript.value, scope):
            return self._variable(subscript, [subscript.slice], node, scope, frame)
        base = self.worth(subscript.value, node, scope, frame)
        key = subscript.slice
        if isinstance(base, Record) and isinstance(key, ast.Constant):
            return base.items.get(str(key.value), UNTOLD)
        return UNTOLD

    def _variable(
        self, place: ast.expr, arguments: list[ast.expr], node: Node, scope: Scope, frame: Frame | None
    ) -> Worth:
        name = self._expansion.literal(self.worth(arguments[0], node, scope, frame))
        if not name:
            return UNTOLD
        at = self.at(node, place)
        if len(arguments) < 2:
            return Text(FromEnvironment((name,)), at)
        default = self.worth(arguments[1], node, scope, frame)
        if isinstance(default, Text) and isinstance(default.piece, str):
            return Text(FromEnvironment((name,), default.piece), at)
        return (
            Text(FromEnvironment((name,)), at)
            if default is ABSENT
            else FirstOf((Text(FromEnvironment((name,)), at), default))
        )

    def _call(self, call: ast.Call, node: Node, scope: Scope, frame: Frame | None) -> Worth:
        func = call.func
        chain = chain_of(func)
        found = self._read_or_made(call, chain, node, scope, frame)
        if found is not None:
            return found
        if isinstance(func, ast.Attribute):
            if func.attr in ("strip", "rstrip", "lstrip", "lower"):
                return self.worth(func.value, node, scope, frame)
            if func.attr in ("client", "get_paginator", "get_waiter"):
                made = self._method_of_made(call, func, node, scope, frame)
                if made is not None:
                    return made
        if chain == ("dict",) and not call.args:
            return self.keywords(call, node, scope, frame)
        if chain == ("str",) and len(call.args) == 1:
            return self.worth(call.args[0], node, scope, frame)
        return self._project_call(call, node, scope, frame)

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
        if imports(scope, first, "boto3", "" if len(chain) > 1 else last) or imports(
            scope, first, "boto3.session", "" if len(chain) > 1 else last
        ):
            if last == "Session":
                return Made("session")
            return self._client(call, node, scope, frame) if last == "client" else UNTOLD
        if last == "Config" and imports_from(scope, first, "botocore"):
            return Made("config", keywords=self.keywords(call, node, scope, frame))
        return None

    def _client(self, call: ast.Call, node: Node, scope: Scope, frame: Frame | None) -> Worth:
        keywords = self.keywords(call, node, scope, frame)
        given = self.worth(call.args[0], node, scope, frame) if call.args else keywords.items.get("service_name")
        service = self._expansion.literal(given) if given is not None else ""
        return Made("client", service, keywords=keywords) if service else UNTOLD

    def _method_of_made(
        self, call: ast.Call, func: ast.Attribute, node: Node, scope: Scope, frame: Frame | None
    ) -> Worth | None:
        base = self.worth(func.value, node, scope, frame)
        if func.attr == "client":
            options = base.options if isinstance(base, Either) else (base,)
            options = base.operands if isinstance(base, FirstOf) else options
            sessions = [one for one in options if isinstance(one, Made) and one.kind == "session"]
            return self._client(call, node, scope, frame) if sessions else None
        clients = [one for one in self._expansion.made(base) if one.kind == "client"]
        if not clients or not call.args:
            return None
        operation = self._expansion.literal(self.worth(call.args[0], node, scope, frame))
        kind = "paginator" if func.attr == "get_paginator" else "waiter"
        return Made(kind, clients[0].service, operation, clients[0].keywords) if operation else None

    def _project_call(self, call: ast.Call, node: Node, scope: Scope, frame: Frame | None) -> Worth:
        """What a function of the project returns for these arguments."""
        path = path_of(call.func)
        if not path[0] or path[-1] == CALLED:
            return UNTOLD
        ends = self.names.follow(node, scope, path).ends
        functions = [end for end in ends if end.kind == "function" and end.node is not None and end.scope is not None]
        if len(functions) != 1 or len(ends) != 1:
            return UNTOLD
        thing = functions[0]
        assert thing.node is not None
        assert thing.scope is not None
        key = (thing.scope, CALLED)
        if key in self._busy:
            return UNTOLD
        given = {}
        for name in parameters_of(thing.scope):
            found = handed(call, thing.scope, name, thing.bound, 0)
            if isinstance(found, ast.expr):
                given[name] = (node, scope, found, frame)
            elif found is None:
                default = default_of(thing.scope, name)
                if default is not None and thing.scope.parent is not None:
                    given[name] = (thing.node, thing.scope.parent, default, None)
        self._busy.add(key)
        value = self._returned(thing.node, thing.scope, Frame(thing.scope, given, frame))
        self._busy.discard(key)
        return value

    def _returned(self, node: Node, scope: Scope, frame: Frame | None) -> Worth:
        returned = bindings_of(scope).returned
        if not returned:
            return UNTOLD
        return either([self.worth(value, node, scope, frame) for value in returned])

    def keywords(self, call: ast.Call, node: Node, scope: Scope, frame: Frame | None) -> Record:
        """The keywords of a call."""
        items: dict[str, Worth] = {}
        complete = not any(isinstance(argument, ast.Starred) for argument in call.args)
        for keyword in call.keywords:
            value = self.worth(keyword.value, node, scope, frame)
            if keyword.arg is not None:
                items[keyword.arg] = value
            elif isinstance(value, Record):
                items |= value.items
                complete = complete and value.complete
            else:
                complete = False
        return Record(items, complete)

    def _dict(self, record: ast.Dict, node: Node, scope: Scope, frame: Frame | None) -> Worth:
        items: dict[str, Worth] = {}
        complete = True
        for key, expression in zip(record.keys, record.values, strict=True):
            value = self.worth(expression, node, scope, frame)
            if isinstance(key, ast.Constant):
                items[str(key.value)] = value
            elif key is None and isinstance(value, Record):
                items |= value.items
                complete = complete and value.complete
            else:
                complete = False
        return Record(items, complete)

    def _list(self, listed: ast.List | ast.Tuple, node: Node, scope: Scope, frame: Frame | None) -> Worth:
        items = enumerate(listed.elts)
        return Record({str(place): self.worth(item, node, scope, frame) for place, item in items})

    def _join(self, text: ast.JoinedStr, node: Node, scope: Scope, frame: Frame | None) -> Worth:
        parts = []
        for part in text.values:
            inner = part.value if isinstance(part, ast.FormattedValue) else part
            parts.append(self.worth(inner, node, scope, frame))
        return Joined(tuple(parts), self.at(node, text))

    def _sum(self, text: ast.BinOp, node: Node, scope: Scope, frame: Frame | None) -> Worth:
        if not isinstance(text.op, ast.Add):
            return UNTOLD
        parts = tuple(self.worth(part, node, scope, frame) for part in (text.left, text.right))
        told = any(part is not UNTOLD for part in parts)
        return Joined(parts, self.at(node, text)) if told else UNTOLD

    def _bool(self, either: ast.BoolOp, node: Node, scope: Scope, frame: Frame | None) -> Worth:
        if not isinstance(either.op, ast.Or):
            return UNTOLD
        return FirstOf(tuple(self.worth(operand, node, scope, frame) for operand in either.values))

    def _pick(self, pick: ast.IfExp, node: Node, scope: Scope, frame: Frame | None) -> Worth:
        return either([self.worth(arm, node, scope, frame) for arm in (pick.body, pick.orelse)])

    def _inside(self, outer: ast.NamedExpr | ast.Await, node: Node, scope: Scope, frame: Frame | None) -> Worth:
        return self.worth(outer.value, node, scope, frame)

    def _given_by_callers(self, value: Argument) -> Iterator[tuple[Worth, Location | None]]:
        """What each caller hands to a parameter, and where."""
        for node, scope, call, thing, skipped in self._callers.of(value.scope):
            if self._steps > MOST_STEPS * MOST_TEXTS:
                return
            found = handed(call, value.scope, value.name, thing.bound or thing.kind == "class", skipped)
            at = self.at(node, call)
            if isinstance(found, ast.expr):
                yield self.worth(found, node, scope, None), at
            elif found is None:
                default = default_of(value.scope, value.name)
                parent = value.scope.parent
                if default is not None and parent is not None:
                    yield self.worth(default, value.node, parent, None), at
                else:
                    yield UNTOLD, at
            else:
                yield UNTOLD, at


_KINDS: dict[type[ast.expr], Callable[..., Worth]] = {
    ast.Attribute: Traces._attribute,
    ast.Await: Traces._inside,
    ast.BinOp: Traces._sum,
    ast.BoolOp: Traces._bool,
    ast.Call: Traces._call,
    ast.Constant: Traces._constant,
    ast.Dict: Traces._dict,
    ast.IfExp: Traces._pick,
    ast.JoinedStr: Traces._join,
    ast.List: Traces._list,
    ast.Name: Traces._name,
    ast.NamedExpr: Traces._inside,
    ast.Subscript: Traces._subscript,
    ast.Tuple: Traces._list,
}
