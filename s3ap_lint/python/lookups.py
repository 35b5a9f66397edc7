"""What names, attributes and items are worth where they stand, in one reach."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from s3ap_lint.model import Location
from s3ap_lint.python import sdk_clients
from s3ap_lint.python.bindings import (
    ENTERED,
    ITEM,
    Derived,
    assigned,
    bindings_of,
    bound_import,
    fields_of,
    is_always_assigned,
    is_data,
    is_environment,
    is_getter,
    items_added,
    method_of,
    parameters_of,
)
from s3ap_lint.python.callers import Callers
from s3ap_lint.python.expansion import Expansion
from s3ap_lint.python.graph import Node
from s3ap_lint.python.items import any_item, item, written
from s3ap_lint.python.memo import remembered
from s3ap_lint.python.module import Module
from s3ap_lint.python.reach import Reach
from s3ap_lint.python.scope import Import, Scope, location_of
from s3ap_lint.python.state import chain_of
from s3ap_lint.python.worth import (
    ABSENT,
    MOST_STEPS,
    MOST_TEXTS,
    UNTOLD,
    Argument,
    FirstOf,
    Frame,
    FromEnvironment,
    Instance,
    Made,
    Record,
    Text,
    Traced,
    Worth,
    closed,
    each,
    either,
    is_open,
)


@remembered
def _said_by(module: Module) -> dict[ast.expr, Worth]:
    """What expressions of a module are worth by what it says itself, as far as anybody asked."""
    return {}


class Lookups:
    """The part of following an expression that looks names, attributes and items up."""

    kinds: dict[type[ast.expr], Callable[..., Worth]]

    def __init__(self, reach: Reach, placed: Callable[[Location], Location]) -> None:
        self.names = reach.names
        self.placed = placed
        self._callers = Callers(reach)
        self._steps = self._depth = 0
        self._links = 0  # how often something outside of a module was asked
        self._busy: set[tuple[Scope, str]] = set()
        self._expansion = Expansion(self.given_by_callers, self._busy)
        self._told: dict[ast.expr, Worth] = {}

    def renew(self) -> None:
        """Let as many steps be taken again as were taken."""
        self._expansion.budget.renew()

    def clients(self, expression: ast.expr, node: Node, scope: Scope) -> list[Made]:
        """The clients, paginators and waiters that an expression may be."""
        return [one for one in self.leaves(expression, node, scope) if isinstance(one, Made) and one.service]

    def leaves(self, expression: ast.expr, node: Node, scope: Scope) -> list[Worth]:
        """Everything that an expression may be."""
        self._steps = 0
        return self._expansion.leaves(self.worth(expression, node, scope, None))

    def texts(self, value: Worth) -> list[Traced]:
        """The texts that a value may be."""
        self._steps = 0
        return list(dict.fromkeys(self._expansion.expanded(value)[0]))[:MOST_TEXTS]

    def every_text(self, expression: ast.expr, node: Node, scope: Scope) -> tuple[Traced, ...] | None:
        """All texts that an expression may be, empty ones left out; None when it may be something else."""
        self._steps = 0
        texts, whole = self._expansion.expanded(self.worth(expression, node, scope, None))
        return tuple(texts) if whole and len(texts) < MOST_TEXTS else None

    def at(self, node: Node, place: ast.AST) -> Location:
        """Where a place in a module is for the reader."""
        assert node.module is not None
        return self.placed(location_of(node.module.source, place))

    def worth(self, expression: ast.expr, node: Node, scope: Scope, frame: Frame | None) -> Worth:
        """What an expression is worth where it stands, in the call under way."""
        compute = self.kinds.get(expression.__class__)
        if compute is None:
            return UNTOLD
        if frame is None and node.module is not None:
            known = _said_by(node.module).get(expression)
            if known is not None:
                return known
            known = self._told.get(expression)
            if known is not None:
                self._links += 1
                return known
        self._steps += 1
        self._expansion.budget.spend()
        if self._depth > MOST_STEPS or self._steps > MOST_STEPS * MOST_TEXTS:
            self._expansion.cuts += 1
            return UNTOLD
        links, cuts = self._links, self._expansion.cuts
        self._depth += 1
        value = compute(self, expression, node, scope, frame)
        self._depth -= 1
        if frame is None and cuts == self._expansion.cuts and node.module is not None:
            (_said_by(node.module) if links == self._links else self._told)[expression] = value
        return value

    def each(self, value: Worth, then: Callable[[Worth], Worth]) -> Worth:
        """What becomes of a value, whichever it is."""
        self._links += is_open(value)
        return each(value, then)

    # -- names

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
            self._expansion.cuts += 1
            return Argument(node, scope, name) if name in parameters_of(scope) else UNTOLD
        bindings = bindings_of(scope)
        if name in bindings.declared:
            return None  # the module's
        options: list[Worth] = []
        self._busy.add(key)
        if name in parameters_of(scope):
            given = frame.argument(scope, name) if frame is not None else None
            self._busy.discard(key)  # an argument of the same name stands elsewhere
            options.append(Argument(node, scope, name) if given is None else self._argument(given))
            self._busy.add(key)
        options += [self._imported(one, node, scope) for one in scope.imports if one.bound == name]
        derived = bindings.derived.get(name, ())
        unread = -len(derived)  # of what cannot be read, these can
        for expression, holder in assigned(name, node, scope):
            unread += expression is None
            if expression is not None or unread > 0:
                options.append(UNTOLD if expression is None else self.worth(expression, node, holder, frame))
        options += [self._derived(one, node, scope, frame) for one in derived]
        self._busy.discard(key)
        if not options and (name in scope.children or name in scope.bound):
            return UNTOLD
        if not options:
            return None
        return self._with_items(either(options), name, node, scope, frame)

    def _imported(self, imported: Import, node: Node, scope: Scope) -> Worth:
        """What a name is worth in the module that it is imported from."""
        made = sdk_clients.maker((imported.bound,), scope)
        if made is not None:
            return made
        self._links += 1
        target = self.names.graph.target(node, imported)
        inner = target.node
        if inner is None or inner.module is None or not target.attribute:
            return UNTOLD
        return self._in_scope(target.attribute, inner, inner.module.scope, None) or UNTOLD

    def _argument(self, given: tuple[Node, Scope, ast.expr, Frame | None]) -> Worth:
        node, scope, expression, frame = given
        return self.worth(expression, node, scope, frame)

    def _derived(self, derived: Derived, node: Node, scope: Scope, frame: Frame | None) -> Worth:
        """What a loop, a with statement or an unpacking gives."""
        value = self.worth(derived.value, node, scope, frame)
        for step in derived.steps:
            if step == ITEM:
                value = self.each(value, any_item)
            elif step == ENTERED:
                value = self._entered(value, derived.value, node, scope, frame)
            else:
                value = self.each(value, lambda one, step=step: item(one, step))  # type: ignore[misc]
        return value

    def _entered(self, value: Worth, manager: ast.expr, node: Node, scope: Scope, frame: Frame | None) -> Worth:
        if any(isinstance(one, Made | Instance) for one in closed(value)) or is_open(value):
            return value
        if not isinstance(manager, ast.Call):
            return UNTOLD
        if chain_of(manager.func)[-1:] in (("closing",), ("nullcontext",)) and manager.args:
            return self.worth(manager.args[0], node, scope, frame)
        return self.project_call(manager, node, scope, frame, yields=True)

    def _with_items(self, value: Worth, name: str, node: Node, scope: Scope, frame: Frame | None) -> Worth:
        """A dictionary with what `name["key"] = …` adds to it."""
        if not isinstance(value, Record):
            return value
        added = [(scope, key, expression) for key, expression in bindings_of(scope).items.get(name, ())]
        if scope.kind == "module" and node.module is not None:
            added += items_added(node.module).get(name, ())
        items, complete, others = dict(value.items), value.complete, [*value.others]
        for holder, key, expression in added:
            found = self.worth(expression, node, holder, frame)
            if key is None:
                complete = False
                others.append(found)
                continue
            known = items.get(key, None if is_always_assigned(expression, holder) else ABSENT)
            items[key] = found if known is None else either([known, found])
        return Record(items, complete, tuple(others))

    # -- attributes and items

    def _attribute(self, attribute: ast.Attribute, node: Node, scope: Scope, frame: Frame | None) -> Worth:
        base, name = attribute.value, attribute.attr
        chain = chain_of(attribute)
        if chain:
            method = method_of(chain[0], scope)
            if len(chain) == 2 and method is not None and method.owner is not None:
                return self._of_self(name, node, method.owner)
            made = sdk_clients.maker(chain, scope)
            if made is not None:
                return made
        if chain and method is None and (len(chain) == 2 or bound_import(chain[0], scope) is not None):
            self._links += 1
            for thing in self.names.follow(node, scope, chain[:-1]).ends:
                if thing.kind == "module" and thing.node is not None and thing.node.module is not None:
                    return self._in_scope(name, thing.node, thing.node.module.scope, None) or UNTOLD
                if thing.kind in ("class", "instance") and thing.node is not None and thing.scope is not None:
                    return self._of_self(name, thing.node, thing.scope)
        return self.each(self.worth(base, node, scope, frame), lambda one: self._attribute_of(one, name))

    def _attribute_of(self, value: Worth, name: str) -> Worth:
        if isinstance(value, Instance):
            return self._of_self(name, value.node, value.scope)
        return sdk_clients.attribute_of(value, name) if isinstance(value, Made) else UNTOLD

    def _of_self(self, name: str, node: Node, owner: Scope) -> Worth:
        """An attribute of an instance: whatever its class or one of its methods gives it."""
        key = (owner, f"self.{name}")
        if key in self._busy:
            self._expansion.cuts += 1
            return UNTOLD
        self._busy.add(key)
        self._links += len(owner.bases)
        options: list[Worth] = []
        for holder_node, holder in [(node, owner), *self.names.bases(node, owner)[0]]:
            options += self._in_class(name, holder_node, holder)
        self._busy.discard(key)
        return either(options)

    def _in_class(self, name: str, node: Node, holder: Scope) -> Iterator[Worth]:
        methods = [scope for scopes in holder.children.values() for scope in scopes]
        given = [(holder, one) for one in bindings_of(holder).names.get(name, ())]
        given += [(method, one) for method in methods for one in bindings_of(method).attributes.get(name, ())]
        added = [(method, *one) for method in methods for one in bindings_of(method).items.get(f"self.{name}", ())]
        for scope, expression in given:
            value = UNTOLD if expression is None else self.worth(expression, node, scope, None)
            if added and isinstance(value, Record):
                others = tuple(self.worth(item, node, method, None) for method, _, item in added)
                value = Record(value.items, complete=False, others=(*value.others, *others))
            yield value
        for method in methods:
            if method.name == name and is_getter(method):
                yield self.returned(node, method, None)
        if name in fields_of(holder) and is_data(holder):
            yield Argument(node, holder, name)

    def _subscript(self, subscript: ast.Subscript, node: Node, scope: Scope, frame: Frame | None) -> Worth:
        if is_environment(subscript.value, scope):
            return self._variable(subscript, [subscript.slice], node, scope, frame)
        return self._looked_up(subscript.value, subscript.slice, node, scope, frame)

    def _looked_up(self, base: ast.expr, key: ast.expr, node: Node, scope: Scope, frame: Frame | None) -> Worth:
        """An item of a dictionary or list; with a key that cannot be told, any."""
        literal = str(key.value) if isinstance(key, ast.Constant) else ""
        if not literal and frame is not None:
            added = bindings_of(scope).items.get(".".join(chain_of(base)), ())
            if added:  # `if name not in CLIENTS: CLIENTS[name] = boto3.client(name)`
                return either([self.worth(one, node, scope, frame) for _, one in added])
        value = self.worth(base, node, scope, frame)
        if not literal and isinstance(value, Record):
            literal = written(self.worth(key, node, scope, frame))
        return self.each(value, lambda one: item(one, literal) if literal else any_item(one))

    def _variable(
        self, place: ast.expr, arguments: list[ast.expr], node: Node, scope: Scope, frame: Frame | None
    ) -> Worth:
        name = self._literal(arguments[0], node, scope, frame)
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

    def _literal(self, expression: ast.expr, node: Node, scope: Scope, frame: Frame | None) -> str:
        value = self.worth(expression, node, scope, frame)
        self._links += is_open(value)
        return self._expansion.literal(value)

    # -- what calls come to

    def project_call(
        self, call: ast.Call, node: Node, scope: Scope, frame: Frame | None, *, yields: bool = False
    ) -> Worth:
        """What a function of the project returns for these arguments, or an instance of a class."""
        raise NotImplementedError

    def returned(self, node: Node, scope: Scope, frame: Frame | None, *, yields: bool = False) -> Worth:
        """What a function returns."""
        raise NotImplementedError

    def given_by_callers(self, value: Argument) -> Iterator[tuple[Worth, Location | None]]:
        """What each caller hands to a parameter, and where."""
        raise NotImplementedError
