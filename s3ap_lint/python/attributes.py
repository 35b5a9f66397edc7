"""Whether the project's modules, classes and instances have an attribute: yes, no, cannot tell (None)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from s3ap_lint.model import Location
from s3ap_lint.python.graph import ImportGraph, Node
from s3ap_lint.python.memo import remembered
from s3ap_lint.python.module import Module
from s3ap_lint.python.names import Names, Thing
from s3ap_lint.python.needed import circumstances, needed
from s3ap_lint.python.reach import Reach
from s3ap_lint.python.scope import CALLED, Chain, Scope, location_of
from s3ap_lint.python.state import chain_of
from s3ap_lint.python.tree import walk

_PLAIN_BASES = frozenset({"ABC", "Generic", "Protocol", "object"})
_PLAIN_DECORATORS = frozenset({"dataclass", "final", "runtime_checkable", "total_ordering"})
_DYNAMIC = frozenset(
    {"__getattr__", "__getattribute__", "__new__", "__enter__", "__aenter__", "__await__", "__class_getitem__"}
)
_UNREADABLE = frozenset({"setattr", "vars", "exec", "__dict__"})
_OF_MODULES = frozenset(
    {"__all__", "__annotations__", "__builtins__", "__cached__", "__file__", "__loader__", "__path__"}
)


@dataclass(frozen=True, slots=True)
class UnknownAttribute:
    """An attribute that is asked for and not there. `owner` is what should have it, `kind` what that is."""

    name: str
    owner: str
    kind: str
    at: Location
    defined: Location
    on_import: bool


# -- facts of one module


@dataclass(frozen=True, slots=True)
class _Facts:
    """`stored`: the names of attributes that are assigned to anything; `rebound`: names of a global statement."""

    stored: frozenset[str]
    rebound: frozenset[str]


@remembered
def _facts(module: Module) -> _Facts:
    stored: set[str] = set()
    rebound: set[str] = set()
    for node in module.nodes:
        if isinstance(node, ast.Attribute):
            if not isinstance(node.ctx, ast.Load):
                stored.add(node.attr)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            rebound.update(node.names)
    return _Facts(frozenset(stored), frozenset(rebound))


@remembered
def _own_names(scope: Scope) -> frozenset[str] | None:
    """The names that the body of a class defines; None when it may have others."""
    return _names_of(scope.node) if isinstance(scope.node, ast.ClassDef) else None


def _names_of(node: ast.ClassDef) -> frozenset[str] | None:
    decorators = {(chain_of(_called(one))[-1:] or ("?",))[0] for one in node.decorator_list}
    if node.keywords or decorators - _PLAIN_DECORATORS:
        return None
    names: set[str] = set()
    for inner in walk(node):
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(inner.name)
        elif isinstance(inner, ast.Name):
            names.add(inner.id if _stores(inner) or inner.id in _UNREADABLE else "")
        elif isinstance(inner, ast.Attribute):
            names.add(inner.attr if not isinstance(inner.ctx, ast.Load) or inner.attr in _UNREADABLE else "")
        elif isinstance(inner, ast.alias):
            names.add(inner.asname or inner.name.partition(".")[0])
    return None if names & (_DYNAMIC | _UNREADABLE) or "*" in names else frozenset(names)


def _called(node: ast.expr) -> ast.expr:
    return node.func if isinstance(node, ast.Call) else node


# -- what has which attributes


def class_has(names: Names, node: Node, scope: Scope, name: str, depth: int = 8) -> bool | None:
    """Whether a class of the project, or an instance of it, has an attribute."""
    own = _own_names(scope) if node.module is not None and depth else None
    if own is None:
        return None
    if name in own or (name.startswith("__") and name.endswith("__")):
        return True
    for chain in scope.bases:
        if chain[-1:] and chain[-1] in _PLAIN_BASES:
            continue
        bases = names.follow(node, scope, chain).ends if chain else []
        if len(bases) != 1 or bases[0].kind != "class" or bases[0].node is None or bases[0].scope is None:
            return None
        answer = class_has(names, bases[0].node, bases[0].scope, name, depth - 1)
        if answer is not False:
            return answer
    return False


def module_has(graph: ImportGraph, node: Node, name: str) -> bool | None:
    """Whether a module of the project has an attribute, a module inside it included."""
    if name in _OF_MODULES or (name.startswith("__") and name.endswith("__")):
        return True
    answer = graph.has(node, name)
    if answer is False and node.found.folders and graph.finder.find(f"{node.found.name}.{name}") is not None:
        return True
    return None if answer is False and node.module is None else answer


def has(names: Names, thing: Thing, name: str) -> bool | None:
    """Whether what a name stands for has an attribute."""
    if thing.node is None or name == CALLED or name.endswith("*"):
        return None
    if thing.kind == "module":
        return module_has(names.graph, thing.node, name) if thing.node.module is not None else None
    if thing.kind in ("class", "instance") and thing.scope is not None and not thing.own:
        return class_has(names, thing.node, thing.scope, name)
    return None


# -- what the reached code asks for


def unknown_attributes(reach: Reach) -> Iterator[UnknownAttribute]:
    """The attributes of the project's own things that code asks for and that are not there."""
    graph, names = reach.graph, reach.names
    modules = [node.module for node in graph.nodes if node.module is not None]
    for one in needed(reach):
        if one.target.lacks and one.target.node is not None and one.node.module is not None:
            met = circumstances(one.node.module, one.imported)
            if not (met.answered or met.optional or met.versions) and not _assigned(modules, one.target.lacks):
                owner = one.target.node
                at = Location(owner.path)
                yield UnknownAttribute(one.target.lacks, owner.found.name, "module", one.imported.at, at, one.on_import)
    for node, scope in reach.scopes:
        if node.module is None or scope.kind == "dead":
            continue
        for (chain, _), place in scope.uses.items():
            if len(chain) > 1 and chain[0]:
                found = _unknown(names, node, scope, chain)
                if found is None:
                    continue
                thing, name = found
                if not _assigned(modules, name) and not _excused(node.module, name, place):
                    yield _told(thing, name, location_of(node.module.source, place), reach.on_import(scope))


def _unknown(names: Names, node: Node, scope: Scope, chain: Chain) -> tuple[Thing, str] | None:
    """The first part of a dotted name that is certainly not there, and what should have it."""
    for end in range(1, len(chain)):
        things = [thing for thing in names.follow(node, scope, chain[:end]).ends if thing.kind != "value"]
        if len(things) != 1 or things[0].kind not in ("module", "class", "instance"):
            return None
        if has(names, things[0], chain[end]) is False and _steady(node, scope, chain):
            return things[0], chain[end]
    return None


def _steady(node: Node, scope: Scope, chain: Chain) -> bool:
    """Whether a name means the same wherever its scope mentions it."""
    assert node.module is not None
    name = chain[0]
    owner = scope.owner
    if owner is not None and scope.parameters[:1] == (name,) and not scope.static:
        stores = (inner for inner in (node.module.nodes or walk(owner.node)) if isinstance(inner, ast.Attribute))
        kept = sum(1 for inner in stores if inner.attr == chain[1] and not isinstance(inner.ctx, ast.Load))
        return kept <= len(owner.bindings.get(chain[1], ()))
    if name in _facts(node.module).rebound:
        return False
    at: Scope | None = scope
    while at is not None and (name not in at.bound or (at.kind == "class" and at is not scope)):
        at = at.parent
    if at is None or at.kind not in ("function", "lambda", "module"):
        return at is None
    bound = sum(1 for inner in walk(at.node) if isinstance(inner, ast.Name) and inner.id == name and _stores(inner))
    inner_scopes = sum(1 for inner in walk(at.node) if isinstance(inner, ast.arg) and inner.arg == name)
    return bound <= len(at.bindings.get(name, ())) and not inner_scopes


def _stores(node: ast.Name) -> bool:
    return not isinstance(node.ctx, ast.Load)


def _assigned(modules: list[Module], name: str) -> bool:
    """Whether any module gives something an attribute of that name."""
    return any(name in _facts(module).stored for module in modules)


def _excused(module: Module, name: str, place: ast.AST) -> bool:
    """Whether the code asks first whether there is such an attribute, or keeps the failure to itself."""
    return module.mentions(name) or any(_shields(one, place) for one in module.nodes)


def _shields(statement: ast.AST, place: ast.AST) -> bool:
    if not isinstance(statement, ast.Try | ast.TryStar):
        return False
    kinds = {name for handler in statement.handlers for name in _kinds(handler.type)}
    if "AttributeError" not in kinds:
        return False
    return any(inner is place for one in statement.body for inner in walk(one))


def _kinds(kind: ast.expr | None) -> Iterator[str]:
    for one in kind.elts if isinstance(kind, ast.Tuple) else [kind]:
        yield from chain_of(one)[-1:] if one is not None else ()


def _told(thing: Thing, name: str, at: Location, on_import: bool) -> UnknownAttribute:
    assert thing.node is not None
    if thing.kind == "module" or thing.scope is None:
        return UnknownAttribute(name, thing.node.found.name, "module", at, Location(thing.node.path), on_import)
    assert thing.node.module is not None
    defined = location_of(thing.node.module.source, thing.scope.node)
    return UnknownAttribute(name, thing.scope.name, thing.kind, at, _first_line(defined, thing.scope), on_import)


def _first_line(at: Location, scope: Scope) -> Location:
    """The head of a class, not its body."""
    if at.span is None:
        return at
    width = len(f"class {scope.name}".encode())
    return Location(at.subject, type(at.span)(at.span.start, min(at.span.end, at.span.start + width)))
