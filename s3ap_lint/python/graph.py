"""The modules that importing a module can load, and what could not be found on the way."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from s3ap_lint.model import Location
from s3ap_lint.python.imports import Finder, Found, Shelf, absolute, name_of
from s3ap_lint.python.module import Module
from s3ap_lint.python.scope import Import

Load = Callable[[str], Module | None]


@dataclass(frozen=True, slots=True)
class Unresolved:
    """An import that leads out of the search path.

    `name` is the shortest part of the module's name that is not there; with `attribute` the module is there
    and does not have that attribute. Whether the standard library, the runtime or a package provides it is
    for others to say. `importer` is the path of the importing module.
    """

    name: str
    imported: Import
    importer: str
    attribute: str = ""

    @property
    def at(self) -> Location:
        """The place of the name in the import statement."""
        return self.imported.at

    @property
    def optional(self) -> bool:
        """Whether the program goes on when it fails."""
        return self.imported.optional

    @property
    def lazy(self) -> bool:
        """Whether it is made when a function runs."""
        return self.imported.lazy

    @property
    def relative(self) -> bool:
        """Whether it starts from the package of the importer."""
        return self.imported.level > 0

    @property
    def top(self) -> str:
        """The first part of the name."""
        return self.name.partition(".")[0]


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A module of the closure under the name it is imported by; without a module it could not be read."""

    found: Found
    module: Module | None

    @property
    def path(self) -> str:
        """The path of the file, relative to the project root ("" for a namespace package)."""
        return self.found.file or ""


@dataclass(frozen=True, slots=True)
class Target:
    """What an import means: the modules that it runs, in order, and the one that it names.

    `attribute` is taken from the module; without a `node` the import leads out of the search path.
    """

    runs: tuple[Node, ...]
    node: Node | None
    attribute: str = ""
    missing: str = ""
    lacks: str = ""


class ImportGraph:
    """The modules that importing one module can load.

    `search` are folders relative to the project root in the order of sys.path: the code's root, then layers.
    `load` gives the module of a path, or None when it cannot be read.
    """

    def __init__(self, entry: str, *, search: tuple[str, ...], load: Load, shelf: Shelf) -> None:
        self.memo: dict[Any, Any] = {}
        self.entry = entry
        self.search = search
        self._load = load
        self.finder = Finder(search, shelf)
        self._nodes: dict[str, Node] = {}
        self._imports: dict[int, tuple[Import, ...]] = {}
        self._targets: dict[tuple[int, int], Target] = {}
        root = search[0] if search else posixpath.dirname(entry)
        self.root = self.node(Found(name_of(entry, root), entry, _own_folder(entry)))

    def node(self, found: Found) -> Node:
        """The node of a module, loaded when first asked for."""
        key = found.file or found.name
        if key not in self._nodes:
            self._nodes[key] = Node(found, self._load(found.file) if found.file else None)
        return self._nodes[key]

    def serves(self, search: tuple[str, ...]) -> bool:
        """Whether every import leads where it does, too, when modules are looked up in other folders."""
        if search[:1] != self.search[:1] or self.added_folders:
            return search == self.search
        other = Finder(search, self.finder.shelf)
        return all(other.find(top) == self.finder.find(top) for top in self._tops)

    @cached_property
    def _tops(self) -> frozenset[str]:
        """The first parts of all names that may be looked up."""
        of_modules = (module.tops for module in self.modules)
        return frozenset({node.found.name.partition(".")[0] for node in self.nodes}.union(*of_modules))

    def same(self, node: Node) -> Node:
        """The node of this graph for a module that another graph has too."""
        return self._nodes.get(node.found.file or node.found.name, node)

    # -- the graph

    @cached_property
    def _graph(self) -> tuple[tuple[Node, ...], tuple[Unresolved, ...]]:
        order: dict[str, Node] = {}
        unresolved: list[Unresolved] = []
        todo = [self.root]
        while todo:
            node = todo.pop()
            if node.path in order or not node.path:
                continue
            order[node.path] = node
            self._add_folders(node)
            following: list[Node] = []
            for imported in self.imports(node):
                target = self.target(node, imported)
                following += target.runs
                problem = _problem(node, imported, target)
                if problem is not None:
                    unresolved.append(problem)
            todo += reversed(following)
        return tuple(order.values()), tuple(unresolved)

    def _add_folders(self, node: Node) -> None:
        if node.module is None:
            return
        for change in node.module.path_changes:
            if change.folder is None:
                continue
            base = posixpath.dirname(node.path) if change.beside else self.finder.search[0]
            folder = change.folder.removeprefix("/var/task/") if not change.beside else change.folder
            path = posixpath.normpath(posixpath.join(base, folder))
            inside = any(path == root or path.startswith(f"{root}/") or root == "." for root in self.finder.search)
            if inside and not path.startswith(("/", "..")) and path not in self.finder.search:
                self.finder.extend(path)

    def imports(self, node: Node) -> tuple[Import, ...]:
        """The imports that a module may make in Lambda; a fallback only when what it stands in for fails."""
        if node.module is None:
            return ()
        if id(node) not in self._imports:
            failed = self._failed_attempts(node)
            self._imports[id(node)] = tuple(
                imported
                for imported in node.module.imports
                if not imported.dead and (not imported.branch.fallback or imported.branch.attempt in failed)
            )
        return self._imports[id(node)]

    def is_live(self, node: Node, imported: Import) -> bool:
        """Whether an import of a module may be made in Lambda."""
        if imported.dead or not imported.branch.fallback:
            return not imported.dead
        return imported in self.imports(node)

    def _failed_attempts(self, node: Node) -> set[int]:
        """The attempts of which some import leads out of the search path."""
        assert node.module is not None
        return {
            imported.branch.attempt
            for imported in node.module.imports
            if imported.branch.attempt and not imported.branch.fallback and self.target(node, imported).missing
        }

    def target(self, node: Node, imported: Import) -> Target:
        """What an import of a module means."""
        key = (id(node), id(imported))
        if key not in self._targets:
            self._targets[key] = self._resolve(node, imported)
        return self._targets[key]

    def _resolve(self, node: Node, imported: Import) -> Target:
        name = absolute(imported.module, imported.level, node.found.package)
        if name is None:
            return Target((), None, missing="." * imported.level + imported.module)
        found = self.finder.find(name) if name else None
        runs = self._runs(name)
        if found is None:
            return Target(runs, None, missing=self.finder.missing(name))
        here = self.node(found)
        if not imported.name:
            bound = imported.bound if imported.module.startswith(f"{imported.bound}.") else name
            first = self.finder.find(bound)
            return Target(runs, here if first is None else self.node(first))
        if imported.name == "*":
            return Target(runs, here)
        return self._member(here, imported.name, runs)

    def _runs(self, name: str) -> tuple[Node, ...]:
        parts = name.split(".")
        found = [self.finder.find(".".join(parts[: end + 1])) for end in range(len(parts))]
        return tuple(self.node(one) for one in found if one is not None and one.file)

    def _member(self, here: Node, name: str, runs: tuple[Node, ...]) -> Target:
        """`from here import name`: an attribute of the module, else a submodule."""
        has = self.has(here, name)
        if has is True or (here.module is None and here.path):
            return Target(runs, here, name)
        submodule = self.finder.find(f"{here.found.name}.{name}") if here.found.folders else None
        if submodule is not None:
            inner = self.node(submodule)
            return Target((*runs, inner) if submodule.file else runs, inner)
        if here.module is None:
            return Target(runs, None, missing=f"{here.found.name}.{name}")
        return Target(runs, here, name, lacks=name if has is False else "")

    def has(self, node: Node, name: str, seen: frozenset[str] = frozenset()) -> bool | None:
        """Whether a module has an attribute; None when that cannot be told."""
        module = node.module
        if module is None or module.error is not None or not module.complete:
            return None if node.path else False
        if name in module.definitions or name in _MODULE_ATTRIBUTES:
            return True
        answer: bool | None = None if module.dynamic else False
        for star in module.star_imports:
            target = self.target(node, star)
            if target.node is None or target.node.path in seen:
                answer = None
                continue
            inner = self.has(target.node, name, seen | {node.path})
            if inner is True and not name.startswith("_"):
                return True
            answer = None if inner is None else answer
        return answer

    # -- what is asked

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The modules that may be imported, each under its name, in the order in which imports are met."""
        return self._graph[0]

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths of the modules that may be imported."""
        return tuple(node.path for node in self.nodes)

    @property
    def modules(self) -> tuple[Module, ...]:
        """The modules that may be imported and could be read."""
        return tuple(node.module for node in self.nodes if node.module is not None)

    @property
    def unresolved(self) -> tuple[Unresolved, ...]:
        """The imports that lead out of the search path."""
        return self._graph[1]

    @property
    def added_folders(self) -> tuple[str, ...]:
        """The folders that modules add to those that are searched."""
        self.nodes  # noqa: B018  # which adds them
        return self.finder.search[len(self.search) :]

    @property
    def complete(self) -> bool:
        """Whether every module was read to its end."""
        return all(node.module is not None and node.module.complete for node in self.nodes)


_MODULE_ATTRIBUTES = frozenset({"__name__", "__file__", "__doc__", "__path__", "__spec__", "__package__", "__dict__"})


def _own_folder(path: str) -> tuple[str, ...]:
    return (posixpath.dirname(path),) if posixpath.basename(path) == "__init__.py" else ()


def _problem(node: Node, imported: Import, target: Target) -> Unresolved | None:
    if not target.missing and not target.lacks:
        return None
    name = target.missing or (target.node.found.name if target.node else "")
    return Unresolved(name, imported, node.path, target.lacks)
