"""What a dotted name means inside an import graph: which functions, classes and values it leads to."""

from __future__ import annotations

import ast
import builtins
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from s3ap_lint.python.graph import ImportGraph, Node
from s3ap_lint.python.memo import remembered
from s3ap_lint.python.module import Module
from s3ap_lint.python.scope import CALLED, OWN_MODULE, Binding, Branch, Chain, Import, Scope
from s3ap_lint.python.value import UNKNOWN, Foreign, Given, Items, Value, worth

_BUILTINS = frozenset(dir(builtins))
_PASSES_ON = frozenset(
    {"cast", "copy", "deepcopy", "enter_context", "closing", "nullcontext", "partial", "lru_cache", "cache", "wraps"}
    | {"next", "getattr", "max", "min", "super", "vars"}
)
"""Functions from elsewhere that may hand back something of the project."""

MOST_MODULES = 8
"""How many modules a constant may be handed on through."""

_INERT_BASES = frozenset(
    {"ABC", "BaseModel", "Enum", "Exception", "Generic", "IntEnum", "NamedTuple", "Protocol", "RuntimeError", "StrEnum"}
    | {"TypedDict", "ValueError", "BaseException", "dict", "list", "str", "int", "object", "KeyError", "TypeError"}
)
"""Bases from elsewhere that do not call methods of the class by themselves."""


@dataclass(frozen=True, slots=True)
class Thing:
    """What a name may stand for: a module, function, class, instance, value, something external or unknown.

    `bound` functions have their first argument already; `own` instances are self: what they are may be a
    subclass.
    """

    kind: str
    node: Node | None = None
    scope: Scope | None = None
    bound: bool = False
    own: bool = False


EXTERNAL = Thing("external")
ANYTHING = Thing("unknown")


@dataclass(slots=True)
class Outcome:
    """Where a dotted name leads.

    `touched` are the functions, classes and values on the way, `ends` what it stands for, `mentions` the
    attributes taken from something unknown, `hooks` those taken from self: (name, class).
    """

    touched: list[tuple[Node, Scope]] = field(default_factory=list)
    ends: list[Thing] = field(default_factory=list)
    mentions: list[str] = field(default_factory=list)
    hooks: list[tuple[str, Scope]] = field(default_factory=list)


class Names:
    """Answers what names mean in one import graph, and remembers the answers."""

    def __init__(self, graph: ImportGraph) -> None:
        self.graph = graph
        self._outcomes: dict[tuple[int, Chain], Outcome] = {}
        self._imports: dict[int, dict[str, list[Import]]] = {}
        self._busy: set[tuple[int, Chain]] = set()
        self._bases: dict[int, tuple[list[tuple[Node, Scope]], bool]] = {}

    def follow(self, node: Node, scope: Scope, chain: Chain) -> Outcome:
        """Where a dotted name of a scope leads."""
        key = (id(scope), chain)
        known = self._outcomes.get(key)
        if known is not None:
            return known
        if key in self._busy:
            return Outcome(ends=[ANYTHING])
        self._busy.add(key)
        outcome = Outcome()
        things = self._first(node, scope, chain[0]) if chain[0] else [ANYTHING]
        self._touch(outcome, things)
        for before, name in itertools.pairwise(chain):
            if name == CALLED:
                things = _distinct([_result(thing, before) for thing in things if thing.kind != "value"])
            else:
                things = _distinct([thing for one in things for thing in self._attribute(one, name, outcome)])
            self._touch(outcome, things)
        outcome.ends = things
        self._busy.discard(key)
        self._outcomes[key] = outcome
        return outcome

    @staticmethod
    def _touch(outcome: Outcome, things: list[Thing]) -> None:
        for thing in things:
            if thing.node is not None and thing.scope is not None and thing.kind != "instance":
                outcome.touched.append((thing.node, thing.scope))

    # -- the first name

    def _first(self, node: Node, scope: Scope, name: str) -> list[Thing]:
        if name == OWN_MODULE:
            return [Thing("module", node)]
        at: Scope | None = scope
        while at is not None:
            if at.kind != "class" or at is scope:
                things = self._in_scope(node, at, name)
                if things is not None:
                    return things
            at = at.parent
        starred = self._starred(node, name)
        if starred is not None:
            return starred
        return [EXTERNAL] if name in _BUILTINS else [ANYTHING]

    def _in_scope(self, node: Node, scope: Scope, name: str) -> list[Thing] | None:
        if scope.owner is not None and scope.parameters[:1] == (name,) and not scope.static:
            kind = "class" if name == "cls" else "instance"
            return [Thing(kind, node, scope.owner, own=True)]
        things = [thing for child in scope.children.get(name, ()) for thing in self._child(node, child, name)]
        things += [thing for imported in self._imports_of(scope, name) for thing in self._imported(node, imported)]
        if things:
            return things
        if name not in scope.bound:
            return None
        return self._bound(node, scope.bindings.get(name, [None]))

    def _child(self, node: Node, child: Scope, name: str) -> list[Thing]:
        if child.kind != "value":
            return [Thing(child.kind, node, child)]
        bindings = node.module.scope.bindings.get(name, [None]) if node.module else [None]
        return [Thing("value", node, child), *self._bound(node, bindings)]

    def _bound(self, node: Node, bindings: Sequence[Binding | None]) -> list[Thing]:
        """What bindings come to: the class of a call, whatever a name means."""
        things: list[Thing] = []
        for binding in bindings:
            if binding is None:
                things.append(ANYTHING)
                continue
            ends = [thing for thing in self.follow(node, binding.scope, binding.chain).ends if thing.kind != "value"]
            things += [_result(thing, binding.chain[-1]) for thing in ends] if binding.called else ends
        return _distinct(things)

    def _imports_of(self, scope: Scope, name: str) -> list[Import]:
        known = self._imports.get(id(scope))
        if known is None:
            known = self._imports[id(scope)] = {}
            for imported in scope.imports:
                known.setdefault(imported.bound, []).append(imported)
        return known.get(name, [])

    def _imported(self, node: Node, imported: Import) -> list[Thing]:
        if not self.graph.is_live(node, imported):
            return []
        target = self.graph.target(node, imported)
        if target.node is None:
            return [EXTERNAL]
        return self.member(target.node, target.attribute) if target.attribute else [Thing("module", target.node)]

    def _starred(self, node: Node, name: str) -> list[Thing] | None:
        for star in node.module.star_imports if node.module else ():
            target = self.graph.target(node, star)
            if target.node is None:
                return [EXTERNAL]
            if self.graph.has(target.node, name):
                return self.member(target.node, name)
        return None

    # -- attributes

    def member(self, node: Node, name: str) -> list[Thing]:
        """An attribute of a module."""
        if node.module is None:
            return [EXTERNAL]
        key = (id(node), ("", name))
        if key in self._busy:
            return [ANYTHING]
        self._busy.add(key)
        things = self._in_scope(node, node.module.scope, name) or self._starred(node, name) or [EXTERNAL]
        self._busy.discard(key)
        return things

    def _any_attribute(self, thing: Thing, beginning: str) -> list[Thing]:
        """The functions and classes whose names begin in a way: getattr() with a computed name."""
        if thing.node is None or thing.kind not in ("module", "class", "instance"):
            return [EXTERNAL if thing.kind == "external" else ANYTHING]
        holders = [(thing.node, thing.scope)] if thing.scope else []
        if thing.kind == "module" and thing.node.module is not None:
            holders = [(thing.node, thing.node.module.scope)]
        elif thing.scope is not None:
            holders += self.bases(thing.node, thing.scope)[0]
        found = [
            Thing(child.kind, node, child, thing.kind == "instance")
            for node, holder in holders
            if holder is not None
            for name, children in holder.children.items()
            if name.startswith(beginning)
            for child in children
        ]
        return [*found, ANYTHING]

    def _attribute(self, thing: Thing, name: str, outcome: Outcome) -> list[Thing]:
        if name.endswith("*"):
            return self._any_attribute(thing, name[:-1])
        if thing.kind == "module" and thing.node is not None:
            return self._module_attribute(thing.node, name)
        if thing.kind in ("class", "instance") and thing.node is not None and thing.scope is not None:
            return self._class_attribute(thing, thing.node, thing.scope, name, outcome)
        if thing.kind in ("external", "value"):
            return [] if thing.kind == "value" else [EXTERNAL]
        outcome.mentions.append(name)
        return [ANYTHING]

    def _module_attribute(self, node: Node, name: str) -> list[Thing]:
        if node.module is not None and self.graph.has(node, name):
            return self.member(node, name)
        inner = self.graph.finder.find(f"{node.found.name}.{name}") if node.found.folders else None
        return [Thing("module", self.graph.node(inner))] if inner is not None else [EXTERNAL]

    def _class_attribute(self, thing: Thing, node: Node, scope: Scope, name: str, outcome: Outcome) -> list[Thing]:
        if thing.own:
            outcome.hooks.append((name, scope))
        bases, foreign = self.bases(node, scope)
        for holder_node, holder in [(node, scope), *bases]:
            children = holder.children.get(name)
            if children:
                bound = thing.kind == "instance" or children[-1].parameters[:1] == ("cls",)
                return [Thing(child.kind, holder_node, child, bound) for child in children]
            if name in holder.bindings:
                return self._bound(holder_node, holder.bindings[name])
        if not foreign and not thing.own:
            outcome.mentions.append(name)
        return [EXTERNAL if foreign else ANYTHING]

    def bases(self, node: Node, scope: Scope) -> tuple[list[tuple[Node, Scope]], bool]:
        """The project's classes that a class derives from, and whether it has a base from elsewhere."""
        known = self._bases.get(id(scope))
        if known is not None:
            return known
        self._bases[id(scope)] = [], False
        found: list[tuple[Node, Scope]] = []
        foreign = False
        for chain in scope.bases:
            ends = self.follow(node, scope, chain).ends if chain else [EXTERNAL]
            classes = [end for end in ends if end.kind == "class"]
            foreign = foreign or (not classes and (not chain or chain[-1] not in _INERT_BASES))
            for end in classes:
                assert end.node is not None
                assert end.scope is not None
                inner, inner_foreign = self.bases(end.node, end.scope)
                found += [(end.node, end.scope), *inner]
                foreign = foreign or inner_foreign
        self._bases[id(scope)] = found, foreign
        return found, foreign

    # -- literals of other modules

    def literal(self, node: Node, scope: Scope, chain: Chain, given: Given | None = None, depth: int = 0) -> Any:
        """What a dotted name of another module is worth, or UNKNOWN."""
        given = given or Given()
        if depth > MOST_MODULES:
            return UNKNOWN
        if len(chain) == 1:
            for holder in _outward(scope):
                for imported in self._imports_of(holder, chain[0]):
                    target = self.graph.target(node, imported)
                    if target.node is not None and target.attribute:
                        return self._literal_in(target.node, target.attribute, given, depth)
            return UNKNOWN
        for thing in self.follow(node, scope, chain[:-1]).ends:
            if thing.kind == "module" and thing.node is not None:
                return self._literal_in(thing.node, chain[-1], given, depth)
            if thing.kind == "class" and thing.node is not None and thing.scope is not None:
                value = thing.scope.values.get(chain[-1])
                return UNKNOWN if value is None else self._worth(thing.node, value, given, depth)
        return UNKNOWN

    def _literal_in(self, node: Node, name: str, given: Given, depth: int) -> Any:
        value = node.module.scope.values.get(name) if node.module is not None else None
        return UNKNOWN if value is None else self._worth(node, value, given, depth)

    def _worth(self, node: Node, value: Value, given: Given, depth: int) -> Any:
        assert node.module is not None
        if isinstance(value, Foreign):
            return self.literal(node, node.module.scope, value.chain, given, depth + 1)
        return value.value if isinstance(value, Items) else worth(value, given)


@remembered
def leading(module: Module, scope: Scope) -> tuple[tuple[Chain, Branch, ast.expr], ...]:
    """What a scope mentions, without the names that its module itself says lead nowhere: builtins, plain variables."""
    return tuple(
        (chain, branch, place)
        for (chain, branch), place in scope.uses.items()
        if len(chain) > 1 or _may_lead(module, scope, chain[0])
    )


def _may_lead(module: Module, scope: Scope, name: str) -> bool:
    """Whether a name may stand for a function, class or module; see `Names._first`."""
    if name == OWN_MODULE:
        return True
    for at in _outward(scope):
        if at.kind == "class" and at is not scope:
            continue
        if at.owner is not None and at.parameters[:1] == (name,) and not at.static:
            return name == "cls"
        if name in at.children or any(imported.bound == name for imported in at.imports):
            return True
        if name in at.bound:
            return any(binding is not None for binding in at.bindings.get(name, ()))
    return bool(module.star_imports)


def _outward(scope: Scope) -> Iterator[Scope]:
    at: Scope | None = scope
    while at is not None:
        yield at
        at = at.parent


def _result(thing: Thing, name: str) -> Thing:
    """What calling a thing of some name gives."""
    if thing.kind == "class":
        return Thing("instance", thing.node, thing.scope)
    if thing.kind == "external" and name not in _PASSES_ON:
        return EXTERNAL
    return ANYTHING


def _distinct(things: list[Thing]) -> list[Thing]:
    return things if len(things) < 2 else list(dict.fromkeys(things))
