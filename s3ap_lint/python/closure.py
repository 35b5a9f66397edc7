"""Everything that deploying one handler brings along: the modules, what runs of them, which variables that reads."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import cached_property

from s3ap_lint.model import Location
from s3ap_lint.python.attributes import UnknownAttribute, unknown_attributes
from s3ap_lint.python.calls import Calls
from s3ap_lint.python.graph import ImportGraph, Load, Node
from s3ap_lint.python.handlers import Answer, handler_of
from s3ap_lint.python.imports import Shelf
from s3ap_lint.python.names import Names
from s3ap_lint.python.reach import Reach, ReachedRead
from s3ap_lint.python.returns import Returned, Returns
from s3ap_lint.python.scope import EnvWrite, Scope

Environment = Mapping[str, str | None]
"""The variables that are set, with their text, or None where that cannot be told."""


class Closure(ImportGraph):
    """The import closure of one handler.

    `entry` is the path of its module, `search` the folders of sys.path in order (the code's root, then
    layers), all relative to the project root. `load` gives the module of a path, or None when it cannot be
    read; `shelf` says what lies where, `placed` where a place in the code is for the reader.
    """

    def __init__(
        self,
        entry: str,
        handler: str,
        *,
        search: tuple[str, ...],
        load: Load,
        shelf: Shelf,
        placed: Callable[[Location], Location] = lambda at: at,
    ) -> None:
        super().__init__(entry, search=search, load=load, shelf=shelf)
        self.handler = handler
        self._placed = placed
        self._reaches: dict[tuple[tuple[str, str | None], ...] | None, Reach] = {}
        self._calls: dict[Reach, Calls] = {}

    @cached_property
    def handler_exists(self) -> Answer:
        """Whether the handler is defined, re-exports followed."""
        return handler_of(self, self.handler)

    @cached_property
    def handlers(self) -> tuple[tuple[Node, Scope], ...]:
        """The functions that the handler's name may mean."""
        found = self.reach().names.member(self.root, self.handler)
        return tuple((one.node, one.scope) for one in found if one.kind == "function" and one.node and one.scope)

    @cached_property
    def returned(self) -> tuple[Returned, ...]:
        """What the handler may hand back, decorators of the project included. Raises GaveUp."""
        names = self.reach().names
        return tuple(one for node, scope in self.handlers for one in Returns(names).of(node, scope))

    @cached_property
    def reached(self) -> frozenset[ast.AST]:
        """The functions, classes and modules that run, as nodes of their syntax trees."""
        return frozenset(scope.node for _, scope in self.reach().scopes)

    def reach(self, environment: Environment | None = None) -> Reach:
        """What runs in an environment; without one, what runs in some environment."""
        key = None if environment is None else tuple(sorted(environment.items()))
        if key not in self._reaches:
            alike = (same for reach in list(self._reaches.values()) if (same := reach.also_in(environment)))
            self._reaches[key] = next(alike, None) or Reach(self.names, self.handler, environment)
        return self._reaches[key]

    def calls(self, environment: Environment | None = None) -> Calls:
        """The calls of the AWS SDK that are made in an environment; without one, in some environment."""
        reach = self.reach(environment)
        if reach not in self._calls:
            self._calls[reach] = Calls(reach, self._placed)
        return self._calls[reach]

    def renew(self) -> None:
        """Let as many steps be taken again as were taken: it outlives the run that it was made for."""
        for calls in self._calls.values():
            calls.renew()

    @cached_property
    def unknown_attributes(self) -> tuple[UnknownAttribute, ...]:
        """What the code asks of the project's own modules, classes and instances, and they certainly do not have."""
        return tuple(unknown_attributes(self.reach()))

    @cached_property
    def names(self) -> Names:
        """What names mean in the closure."""
        self.nodes  # noqa: B018  # folders that modules add to sys.path must be known first
        return Names(self)

    def environment_reads(self, environment: Environment | None = None) -> tuple[ReachedRead, ...]:
        """Every environment variable that is read on import or in reachable code."""
        return self.reach(environment).reads

    @property
    def env_escapes(self) -> tuple[Location, ...]:
        """Where some module passes os.environ on whole."""
        return tuple(at for module in self.modules for at in module.env_escapes)

    @property
    def env_writes(self) -> tuple[EnvWrite, ...]:
        """The variables that some module sets itself."""
        return tuple(write for module in self.modules for write in module.env_writes)

    def mentions(self, name: str) -> bool:
        """Whether any module has a name as a string of its own, outside docstrings."""
        return any(module.mentions(name) for module in self.modules)
