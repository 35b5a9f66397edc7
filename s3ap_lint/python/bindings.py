"""What one scope binds, takes and imports, as its own statements say it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from s3ap_lint.python.graph import Node
from s3ap_lint.python.memo import remembered
from s3ap_lint.python.module import Module
from s3ap_lint.python.scope import Chain, Import, Scope
from s3ap_lint.python.state import chain_of
from s3ap_lint.python.tree import FIELDS

ITEM, ENTERED = "item", "entered"


@dataclass(frozen=True, slots=True, eq=False)
class Derived:
    """What a loop, a with statement or an unpacking gives to a name: by `steps` from an expression.

    A step is ITEM (any item), ENTERED (what a context manager gives) or the place of an item.
    """

    value: ast.expr
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Bindings:
    """What the statements of one scope bind: names, attributes of self, items; None for what cannot be read.

    `derived` says more about some names that cannot be read. The items of `self.name` stand under "self.name".
    `declared` names are those of the module, which `names_of_others` gives values to.
    """

    names: Mapping[str, tuple[ast.expr | None, ...]]
    attributes: Mapping[str, tuple[ast.expr | None, ...]]
    items: Mapping[str, tuple[tuple[str | None, ast.expr], ...]]
    declared: frozenset[str]
    names_of_others: Mapping[str, tuple[ast.expr | None, ...]]
    returned: tuple[ast.expr, ...]
    derived: Mapping[str, tuple[Derived, ...]]
    yielded: tuple[ast.expr, ...]


@remembered
def own_nodes(scope: Scope) -> tuple[ast.AST, ...]:
    """What stands in a scope itself, in order, without the bodies of functions and classes inside."""
    body = getattr(scope.node, "body", [])
    if scope.kind in ("dead", "value"):
        return ()  # the module's own statements hold what these hold
    todo: list[ast.AST] = list(reversed(list(_live(body)))) if isinstance(body, list) else [body]
    found: list[ast.AST] = []
    while todo:
        node = todo.pop()
        found.append(node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            todo += reversed(node.decorator_list)
        elif isinstance(node, ast.If) and _never_holds(node.test):
            todo += reversed(node.orelse)
        elif not isinstance(node, ast.Lambda):
            todo += reversed(_running(node))
    return tuple(found)


def _running(node: ast.AST) -> list[ast.AST]:
    """What stands below a node and may run."""
    found: list[ast.AST] = []
    for name in FIELDS[node.__class__]:
        value = getattr(node, name, None)
        if value.__class__ is list:
            found += _live(value)
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


def _live(items: Iterable[object]) -> Iterator[ast.AST]:
    """The nodes of a list, without the statements behind one that always leaves."""
    for item in items:
        if isinstance(item, ast.AST):
            yield item
            if item.__class__ in _LEAVES:
                return


_LEAVES = frozenset({ast.Return, ast.Raise, ast.Continue, ast.Break})


def _never_holds(test: ast.expr) -> bool:
    """Whether what is behind a test never runs in Lambda."""
    if isinstance(test, ast.Name | ast.Attribute):
        return chain_of(test)[-1:] == ("TYPE_CHECKING",)
    return "__name__" in (child.id for child in ast.iter_child_nodes(test) if isinstance(child, ast.Name))


@remembered
def calls_in(scope: Scope) -> tuple[ast.Call, ...]:
    """The calls that a scope itself makes."""
    return tuple(node for node in own_nodes(scope) if isinstance(node, ast.Call))


@remembered
def method_calls(scope: Scope) -> tuple[tuple[ast.Call, ast.Attribute], ...]:
    """The calls that a scope itself makes of something's attribute, each with what it calls."""
    return tuple((call, call.func) for call in calls_in(scope) if isinstance(call.func, ast.Attribute))


def is_always_assigned(value: ast.expr, scope: Scope) -> bool:
    """Whether the statement that assigns a value stands under no test, loop or attempt of its scope."""
    body = getattr(scope.node, "body", [])
    plain = isinstance(body, list) and any(isinstance(one, ast.Assign) and one.value is value for one in body)
    return plain or not isinstance(body, list)


@remembered
def bindings_of(scope: Scope) -> Bindings:
    """What the statements of a scope bind."""
    names: dict[str, list[ast.expr | None]] = {}
    attributes: dict[str, list[ast.expr | None]] = {}
    items: dict[str, list[tuple[str | None, ast.expr]]] = {}
    declared: set[str] = set()
    returned: list[ast.expr] = []
    yielded: list[ast.expr] = []
    derived: dict[str, list[Derived]] = {}
    first = scope.parameters[:1] if scope.owner is not None and not scope.static else ()

    def bind(target: ast.expr, value: ast.expr | None) -> None:
        if isinstance(target, ast.Name):
            names.setdefault(target.id, []).append(value)
        elif isinstance(target, ast.Starred):
            bind(target.value, None)
        elif isinstance(target, ast.Tuple | ast.List):
            pairs = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts)
            for place, part in enumerate(target.elts):
                bind(part, value.elts[place] if pairs and isinstance(value, ast.Tuple | ast.List) else None)
            if value is not None and not pairs:
                derive(target, value)
        elif isinstance(target, ast.Attribute) and first and chain_of(target.value) == first:
            attributes.setdefault(target.attr, []).append(value)
        elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and value is not None:
            key = target.slice.value if isinstance(target.slice, ast.Constant) else None
            items.setdefault(target.value.id, []).append((key if isinstance(key, str) else None, value))
        elif isinstance(target, ast.Subscript) and value is not None and first and chain_of(target.value)[:-1] == first:
            key = target.slice.value if isinstance(target.slice, ast.Constant) else None
            name = f"self.{chain_of(target.value)[-1]}"
            items.setdefault(name, []).append((key if isinstance(key, str) else None, value))

    def derive(target: ast.expr, value: ast.expr, *steps: str) -> None:
        if isinstance(target, ast.Name):
            derived.setdefault(target.id, []).append(Derived(value, steps))
        elif isinstance(target, ast.Tuple | ast.List):
            for place, part in enumerate(target.elts):
                derive(part, value, *steps, str(place))

    for node in own_nodes(scope):
        if node.__class__ not in _BINDING:
            continue
        if isinstance(node, ast.Assign):
            for target in node.targets:
                bind(target, node.value)
        elif isinstance(node, ast.AnnAssign):
            if node.value is not None:
                bind(node.target, node.value)
        elif isinstance(node, ast.NamedExpr):
            bind(node.target, node.value)
        elif isinstance(node, ast.AugAssign | ast.For | ast.AsyncFor | ast.comprehension):
            bind(node.target, None)
            if not isinstance(node, ast.AugAssign):
                derive(node.target, node.iter, ITEM)
        elif isinstance(node, ast.withitem):
            if node.optional_vars is not None:
                bind(node.optional_vars, None)
                derive(node.optional_vars, node.context_expr, ENTERED)
        elif isinstance(node, ast.ExceptHandler):
            if node.name:
                names.setdefault(node.name, []).append(None)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            declared.update(node.names)
        elif isinstance(node, ast.Return):
            returned.append(node.value if node.value is not None else ast.Constant(None))
        elif isinstance(node, ast.Yield) and node.value is not None:
            yielded.append(node.value)
    if isinstance(scope.node, ast.Lambda):
        returned.append(scope.node.body)
    others = {name: tuple(names.pop(name)) for name in declared if name in names}
    return Bindings(
        {name: tuple(found) for name, found in names.items()},
        {name: tuple(found) for name, found in attributes.items()},
        {name: tuple(found) for name, found in items.items()},
        frozenset(declared),
        others,
        tuple(returned),
        {name: tuple(found) for name, found in derived.items()},
        tuple(yielded),
    )


_BINDING = frozenset(
    {ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.AugAssign, ast.For, ast.AsyncFor, ast.comprehension, ast.withitem}
    | {ast.ExceptHandler, ast.Global, ast.Nonlocal, ast.Return, ast.Yield}
)
"""What the loop above looks at: most nodes are something else."""


def assigned(name: str, node: Node, scope: Scope) -> Iterator[tuple[ast.expr | None, Scope]]:
    """Every expression that a name of a scope is bound to, each with the scope that it stands in."""
    for expression in bindings_of(scope).names.get(name, ()):
        yield expression, scope
    if scope.kind == "module" and node.module is not None:
        for other in node.module.scopes:
            if name in bindings_of(other).declared:
                for expression in bindings_of(other).names_of_others.get(name, ()):
                    yield expression, other


def parameters_of(scope: Scope) -> tuple[str, ...]:
    """The parameters of a function that have a name of their own, in order."""
    args = getattr(scope.node, "args", None)
    if not isinstance(args, ast.arguments):
        return ()
    return tuple(one.arg for one in (*args.posonlyargs, *args.args, *args.kwonlyargs))


def default_of(scope: Scope, name: str) -> ast.expr | None:
    """The default of a parameter, if it has one."""
    args = getattr(scope.node, "args", None)
    if not isinstance(args, ast.arguments):
        return None
    plain = [one.arg for one in (*args.posonlyargs, *args.args)]
    named: Iterable[tuple[str, ast.expr | None]] = [
        *zip(reversed(plain), reversed(args.defaults), strict=False),
        *zip((one.arg for one in args.kwonlyargs), args.kw_defaults, strict=True),
    ]
    return next((default for parameter, default in named if parameter == name), None)


def method_of(name: str, scope: Scope) -> Scope | None:
    """The method whose first parameter a name is, here or around."""
    at: Scope | None = scope
    while at is not None:
        if at.owner is not None and not at.static and at.parameters[:1] == (name,):
            return at
        at = at.parent
    return None


def is_getter(method: Scope) -> bool:
    """Whether a method is read like an attribute."""
    decorators = getattr(method.node, "decorator_list", ())
    return any(chain_of(one)[-1:] in (("property",), ("cached_property",)) for one in decorators)


def imports(scope: Scope, bound: str, module: str, name: str) -> bool:
    """Whether a name is bound by an import of a module, or of something in it."""
    at: Scope | None = scope
    while at is not None:
        for one in at.imports:
            if one.bound == bound and not one.level:
                return (one.module.partition(".")[0] if not name and not one.name else one.module, one.name) == (
                    module.partition(".")[0] if not name else module,
                    name,
                )
        at = at.parent
    return False


def imports_from(scope: Scope, bound: str, package: str) -> bool:
    """Whether a name is bound by any import from a package."""
    at: Scope | None = scope
    while at is not None:
        for one in at.imports:
            if one.bound == bound and not one.level:
                return one.module.partition(".")[0] == package
        at = at.parent
    return False


def is_environment(expression: ast.expr, scope: Scope) -> bool:
    """Whether an expression is `os.environ`, by whatever import."""
    chain = chain_of(expression)
    if chain[1:] == ("environ",):
        return imports(scope, chain[0], "os", "")
    return len(chain) == 1 and imports(scope, chain[0], "os", "environ")


def bound_import(name: str, scope: Scope) -> Import | None:
    """The import that binds a name, here or around."""
    at: Scope | None = scope
    while at is not None:
        for one in at.imports:
            if one.bound == name:
                return one
        at = at.parent
    return None


def imported_name(chain: Chain, scope: Scope) -> str:
    """What a dotted name is called where it is imported from: "boto3.client" for the name `aws.client`."""
    one = bound_import(chain[0], scope) if chain else None
    if one is None or one.level:
        return ""
    if one.name:
        return ".".join((one.module, one.name, *chain[1:]))
    whole = one.module if one.module.partition(".")[0] != one.bound else one.bound
    return ".".join((whole, *chain[1:]))


@remembered
def items_added(module: Module) -> Mapping[str, tuple[tuple[Scope, str | None, ast.expr], ...]]:
    """What functions of a module put into the dictionaries that it holds: name → function, key, value."""
    found: dict[str, list[tuple[Scope, str | None, ast.expr]]] = {}
    for scope in module.scopes:
        if scope.kind in ("function", "lambda"):
            bindings = bindings_of(scope)
            for name, added in bindings.items.items():
                if name not in bindings.names:
                    found.setdefault(name, []).extend((scope, key, value) for key, value in added)
    return {name: tuple(added) for name, added in found.items()}


def is_data(scope: Scope) -> bool:
    """Whether a class is made from its fields: a dataclass or named tuple."""
    decorators = getattr(scope.node, "decorator_list", ())
    if any(_decorator(one)[-1:] in (("dataclass",), ("define",), ("frozen",), ("attrs",)) for one in decorators):
        return True
    return any(chain[-1:] in (("NamedTuple",), ("BaseModel",)) for chain in scope.bases)


def _decorator(decorator: ast.expr) -> Chain:
    return chain_of(decorator.func if isinstance(decorator, ast.Call) else decorator)


def fields_of(scope: Scope) -> Mapping[str, ast.expr | None]:
    """The fields of a dataclass or named tuple in order, each with its default."""
    found: dict[str, ast.expr | None] = {}
    for statement in getattr(scope.node, "body", ()):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            found[statement.target.id] = statement.value
    return found
