"""What runs when Lambda imports a module and calls its handler, and which variables that reads."""

from __future__ import annotations

import ast
import copy
import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from s3ap_lint.model import Location, Span
from s3ap_lint.python.environment import ANY, merged, set_by_lambda
from s3ap_lint.python.graph import Node
from s3ap_lint.python.names import Names, leading
from s3ap_lint.python.scope import Branch, Chain, EnvRead, Import, Scope, location_of
from s3ap_lint.python.value import UNKNOWN, UNSET, Const, Foreign, Given, Value
from s3ap_lint.python.wrappers import Link, WrappedRead, Wrappers, trail

SURE, CONDITIONAL, GUARDED = 0, 1, 2
MOST_PLACES = 32
"""How many steps of a way are told: nobody follows more."""

_AT_ONCE = frozenset({"__init__", "__new__", "__post_init__", "__init_subclass__", "__set_name__"})
"""Methods that run when an instance or a class is made."""


@dataclass(frozen=True, slots=True)
class ReachedRead:
    """An environment read that happens on import or in code that the handler reaches.

    A read through a wrapper stands at the call that names the variable; `related` leads from there to the
    read itself. `via` leads from the handler to the function that holds the read. `guard`, `form` and
    `conditional` are those of `EnvRead`, with what is known of the way added; `on_import` reads happen
    before the first event.
    """

    name: str
    at: Location
    required: bool
    form: str
    scope: str
    guard: str = ""
    conditional: bool = False
    default: str | None = None
    on_import: bool = False
    related: tuple[Location, ...] = ()
    via: tuple[Location, ...] = ()

    @property
    def certain(self) -> bool:
        """Whether the name is known and nothing on the way says that it may be absent."""
        return bool(self.name) and not self.guard


@dataclass(slots=True, eq=False)
class Step:
    """How a scope was reached: from which scope, at which place.

    `by_name`: something unknown has a method of that name called, and this is one. Not frozen, for many are made.
    """

    level: int
    node: Node
    scope: Scope
    guard: str = ""
    conditional: bool = False
    origin: Scope | None = None
    place: ast.AST | Import | None = None
    note: str = ""
    on_import: bool = True
    by_name: bool = False

    def into(self, node: Node, scope: Scope, note: str = "") -> Step:
        """The same step to another scope: dataclasses.replace takes three times as long."""
        return Step(
            self.level,
            node,
            scope,
            self.guard,
            self.conditional,
            self.origin,
            self.place,
            note or self.note,
            self.on_import,
            self.by_name,
        )


def _answer(name: str, environment: Mapping[str, str | None] | None) -> str | None:
    """What an environment says of a variable, each answer unlike all others."""
    if environment is None:
        return "any"
    known = environment.get(name, "")
    return "unset" if name not in environment else None if known is None else f"={known}"


class Reach:
    """The scopes that run in one environment, each with the surest way there."""

    def __init__(self, names: Names, handler: str, environment: Mapping[str, str | None] | None) -> None:
        self.memo: dict[Any, Any] = {}
        self.graph = graph = names.graph
        self.handler = handler
        self.environment = environment
        self._asked: dict[str, str | None] = {}  # of the environment, as it was answered
        self.names = names
        self.wrappers = Wrappers(self.names)
        self._writes = {write.name for module in graph.modules for write in module.env_writes}
        self._steps: dict[Scope, Step] = {}
        self._heap: list[tuple[int, bool, int, Step]] = []
        self._count = 0
        self._pending: dict[Scope, tuple[int, bool]] = {}
        self._mentioned: dict[str, Step] = {}
        self._hooks: dict[str, list[tuple[Scope, Step]]] = {}
        self._classes: list[Step] = []
        self._registered: dict[Scope, list[tuple[Node, Scope]]] = {}
        self._run()

    # -- the search

    def _run(self) -> None:
        root = self.graph.root
        if root.module is None:
            return
        self._import(root, Step(SURE, root, root.module.scope))
        self._drain()
        handler = self.names.member(root, self.handler)
        for thing in handler:
            if thing.node is not None and thing.scope is not None:
                self._push(Step(SURE, thing.node, thing.scope, note="the handler", on_import=False))
        self._drain()

    def _drain(self) -> None:
        while self._heap:
            *_, step = heapq.heappop(self._heap)
            if step.scope not in self._steps:
                self._steps[step.scope] = step
                self._visit(step)

    def _push(self, step: Step) -> None:
        rank = (step.level, step.by_name)
        if step.scope not in self._pending or self._pending[step.scope] > rank:
            self._pending[step.scope] = rank
            self._count += 1
            heapq.heappush(self._heap, (*rank, self._count, step))

    def _import(self, node: Node, step: Step, note: str = "") -> None:
        if node.module is not None:
            self._push(step.into(node, node.module.scope, note))

    def _next(self, step: Step, branch: Branch, given: Given, place: ast.AST | Import, note: str) -> Step | None:
        """The step that a place in a scope takes; None when it cannot be taken in this environment."""
        if branch.tests and branch.rules_out(given):
            return None
        conditional = step.conditional or branch.undecided(given)
        guard = step.guard or branch.guard
        level = GUARDED if guard else CONDITIONAL if conditional else SURE
        return Step(level, step.node, step.scope, guard, conditional, step.scope, place, note, step.on_import)

    def _visit(self, step: Step) -> None:
        node, scope = step.node, step.scope
        given = self.given(node, scope)
        if scope.imports:
            self._visit_imports(step, given)
        for chain, branch, place in leading(node.module, scope) if node.module is not None else ():
            self._use(step, given, chain, branch, place)
        for inner, branch in scope.lambdas:
            taken = self._next(step, branch, given, inner.node, "uses a lambda")
            if taken is not None:
                self._push(taken.into(node, inner))
        if scope.kind == "class":
            self._visit_class(step)
        elif scope.kind == "value":
            for inner_node, inner in self._registered.get(scope, ()):
                self._push(
                    replace(step, node=inner_node, scope=inner, origin=scope, place=inner.node, note="registers")
                )
        elif scope.kind == "module":
            self._visit_registered(step)

    def _visit_imports(self, step: Step, given: Given) -> None:
        for imported in step.scope.imports:
            live = self.graph.is_live(step.node, imported)
            runs = self.graph.target(step.node, imported).runs if live else ()
            if not runs and not imported.branch.tests:
                continue
            taken = self._next(step, imported.branch, given, imported, "")
            if taken is not None:
                for run in runs:
                    self._import(run, taken, f"imports {run.found.name}")

    def _use(self, step: Step, given: Given, chain: Chain, branch: Branch, place: ast.AST) -> None:
        """A dotted name is mentioned: what it leads to is reached."""
        outcome = self.names.follow(step.node, step.scope, chain)
        fresh = [(node, scope) for node, scope in outcome.touched if scope not in self._steps]
        if not (fresh or outcome.mentions or outcome.hooks):
            return
        taken = self._next(step, branch, given, place, f"uses {'.'.join(part for part in chain if part)}")
        if taken is None:
            return
        for node, scope in fresh:
            self._push(taken.into(node, scope))
        for name in outcome.mentions:
            if name not in self._mentioned or self._mentioned[name].level > taken.level:
                self._mentioned[name] = taken
                for owner in self._classes:
                    self._method(owner, name, replace(taken, by_name=True))
        for name, base in outcome.hooks:
            self._hooks.setdefault(name, []).append((base, taken))
            for owner in self._classes:
                self._hook(owner, name, base, taken)

    def _visit_class(self, step: Step) -> None:
        self._classes.append(step)
        _, foreign = self.names.bases(step.node, step.scope)
        for name in step.scope.children:
            if foreign or (name.startswith("__") and name.endswith("__")):
                at_once = step.on_import and name in _AT_ONCE
                self._method(step, name, replace(step, origin=step.scope, place=None, note="", on_import=at_once))
            if name in self._mentioned:
                self._method(step, name, replace(self._mentioned[name], by_name=True))
            for base, taken in self._hooks.get(name, ()):
                self._hook(step, name, base, taken)

    def _hook(self, owner: Step, name: str, base: Scope, taken: Step) -> None:
        """self.name in a class may mean the method of a class derived from it."""
        if name in owner.scope.children:
            bases, _ = self.names.bases(owner.node, owner.scope)
            if any(scope is base for _, scope in bases):
                self._method(owner, name, taken)

    def _method(self, owner: Step, name: str, taken: Step) -> None:
        for scope in owner.scope.children.get(name, ()):
            step = replace(taken, level=max(owner.level, taken.level), node=owner.node, scope=scope)
            guard, conditional = taken.guard or owner.guard, taken.conditional or owner.conditional
            self._push(replace(step, guard=guard, conditional=conditional))

    def _visit_registered(self, step: Step) -> None:
        """Functions that a decorator hands to an object run when the object is used."""
        for chain, inner in step.scope.registered:
            for node, value in self.names.follow(step.node, step.scope, chain).touched:
                del node
                if value.kind == "value":
                    self._registered.setdefault(value, []).append((step.node, inner))
                    known = self._steps.get(value)
                    if known is not None:
                        self._push(
                            replace(
                                known, node=step.node, scope=inner, origin=value, place=inner.node, note="registers"
                            )
                        )

    # -- the environment

    def given(self, node: Node, scope: Scope) -> Given:
        """What is known in a scope about variables and the constants of other modules."""

        def name_of(key: Value) -> object:
            if isinstance(key, Const):
                return key.value
            return self.names.literal(node, scope, key.chain) if isinstance(key, Foreign) else UNKNOWN

        def text(key: Value) -> Any:
            name = name_of(key)
            if not isinstance(name, str) or self._may_be_written(name):
                return UNKNOWN
            self._asked[name] = _answer(name, self.environment)
            if self.environment is None:
                return UNKNOWN
            if name in self.environment:
                known = self.environment[name]
                return UNKNOWN if known is None else known
            return UNSET

        def is_set(key: Value) -> Any:
            name = name_of(key)
            if not isinstance(name, str):
                return UNKNOWN
            self._asked[name] = _answer(name, self.environment)
            if self.environment is None:
                return UNKNOWN
            return True if name in self.environment else UNKNOWN if self._may_be_written(name) else False

        def foreign(chain: Chain, filled: bool) -> Any:
            told = self.names.literal(node, scope, chain, Given(text, is_set, filled=filled))
            return UNKNOWN if isinstance(told, dict) else told

        return Given(text, is_set, {}, foreign)

    def _may_be_written(self, name: str) -> bool:
        return name in self._writes or ANY in self._writes or set_by_lambda(name)

    def also_in(self, environment: Mapping[str, str | None] | None) -> Reach | None:
        """The same in another environment, where that answers all that was asked of this one alike; else None."""
        self.reads  # noqa: B018  # what these ask counts too
        if any(_answer(name, environment) != answer for name, answer in self._asked.items()):
            return None
        same = copy.copy(self)
        same.environment, same._asked = environment, dict(self._asked)
        return same

    # -- answers

    @property
    def scopes(self) -> tuple[tuple[Node, Scope], ...]:
        """What runs, in the order in which it was reached."""
        return tuple((step.node, step.scope) for step in self._steps.values())

    def runs(self, scope: Scope) -> bool:
        """Whether a scope runs."""
        return scope in self._steps

    def on_import(self, scope: Scope) -> bool:
        """Whether a scope runs before the first event."""
        step = self._steps.get(scope)
        return step is not None and step.on_import

    def way(self, scope: Scope) -> tuple[Location, ...]:
        """The places that lead to a scope that runs, from the handler on."""
        step = self._steps.get(scope)
        return self._way(step) if step is not None else ()

    @property
    def asked(self) -> frozenset[str]:
        """The variables whose value, or being there, decides about what runs."""
        return frozenset(self._asked)

    def chain(self, scope: Scope) -> Iterator[tuple[Node, Scope, ast.AST, Scope | None]]:
        """The places on the way to a scope, from it back to the handler, each with the scope it stands in.

        The last item is the method that a place leads to by nothing but its name, if it does.
        """
        seen: set[Scope] = set()
        step = self._steps.get(scope)
        while step is not None and step.scope not in seen:
            seen.add(step.scope)
            origin = self._steps.get(step.origin) if step.origin is not None else None
            if origin is not None and isinstance(step.place, ast.AST):
                yield origin.node, origin.scope, step.place, step.scope if step.by_name else None
            step = origin

    @cached_property
    def reads(self) -> tuple[ReachedRead, ...]:
        """The environment variables that are read, by place."""
        found = {read: None for step in self._steps.values() for read in self._reads_of(step)}
        return tuple(sorted(found, key=lambda r: (r.at.subject, r.at.span or Span(0, 0), r.name, r.required)))

    def _reads_of(self, step: Step) -> Iterator[ReachedRead]:
        given = self.given(step.node, step.scope)
        for read in merged(step.scope.reads):
            if not read.parameter and not read.branch.rules_out(given):
                for name in self._names_of(step, read):
                    yield self._reached(step, read, name, read.at, read.branch, given)
        if self.wrappers.any:
            yield from self._wrapped(step, given)

    def _names_of(self, step: Step, read: EnvRead) -> list[str]:
        if not read.foreign:
            return [read.name]
        told = self.names.literal(step.node, step.scope, read.foreign)
        if isinstance(told, str):
            return [told]
        return [name for name in told if isinstance(name, str)] if isinstance(told, tuple | dict) else [""]

    def _wrapped(self, step: Step, given: Given) -> Iterator[ReachedRead]:
        assert step.node.module is not None
        for call in step.scope.calls:
            if call.branch.rules_out(given):
                continue
            for link, wrapped in self.wrappers.called(step.node, step.scope, call):
                inner = self.wrappers.given((link, *wrapped.inner), given)
                if wrapped.read.branch.rules_out(inner):
                    continue
                at = location_of(step.node.module.source, call.node)
                for name in self.wrappers.names_read(link, wrapped):
                    yield self._call_read(step, link, wrapped, name, at, given, inner)

    def _call_read(
        self, step: Step, link: Link, wrapped: WrappedRead, name: str, at: Location, given: Given, inner: Given
    ) -> ReachedRead:
        reached = self._reached(step, wrapped.read, name, at, link.call.branch, given)
        conditional = reached.conditional or wrapped.read.branch.undecided(inner)
        related = trail((link, *wrapped.inner), wrapped)
        return replace(reached, conditional=conditional, related=related, scope=step.scope.function)

    def _reached(self, step: Step, read: EnvRead, name: str, at: Location, branch: Branch, given: Given) -> ReachedRead:
        guard = read.guard or branch.guard or step.guard
        if not guard and read.required:
            if name and branch.needs(Const(name)):
                guard = "tested"
            elif name in self._writes or ANY in self._writes:
                guard = "assigned"
        return ReachedRead(
            name=name,
            at=at,
            required=read.required,
            form=read.form,
            scope=read.scope,
            guard=guard,
            conditional=step.conditional or branch.undecided(given),
            default=read.default,
            on_import=step.on_import,
            via=self._way(step),
        )

    def _way(self, step: Step) -> tuple[Location, ...]:
        """The places that lead to a scope, from the handler on; of a very long way, the end."""
        places: list[Location] = []
        seen: set[Scope] = set()
        at: Step | None = step
        while at is not None and at.scope not in seen and len(places) < MOST_PLACES:
            seen.add(at.scope)
            origin = self._steps.get(at.origin) if at.origin is not None else None
            if isinstance(at.place, Import):
                places.append(at.place.at.noted(at.note))
            elif at.place is not None and origin is not None and origin.node.module is not None:
                places.append(location_of(origin.node.module.source, at.place, at.note))
            elif at.note == "the handler" and at.node.module is not None:
                places.append(location_of(at.node.module.source, at.scope.node, at.note))
            at = origin
        return tuple(reversed(places))
