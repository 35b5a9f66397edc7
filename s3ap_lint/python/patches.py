"""The names that a test replaces (`patch("a.b.c")`, `monkeypatch.setattr`) and that are not there to be replaced."""

from __future__ import annotations

import ast
import builtins
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from s3ap_lint.model import Location
from s3ap_lint.python.attributes import has, module_has
from s3ap_lint.python.graph import ImportGraph, Load, Node
from s3ap_lint.python.imports import Exists, Shelf, above
from s3ap_lint.python.module import Module
from s3ap_lint.python.names import Names
from s3ap_lint.python.scope import Scope, location_of
from s3ap_lint.python.state import chain_of
from s3ap_lint.python.tree import walk

_BUILTINS = frozenset(dir(builtins))
_REPLACED = (b"sys.modules", b"spec_from_file_location", b"module_from_spec", b"ModuleType", b"setitem")
"""Where modules are made by hand, a name may mean something else than the file of that name."""


@dataclass(frozen=True, slots=True)
class MissingPatch:
    """A name that a test replaces: `missing` is the part that is not there, `owner` what should have it."""

    target: str
    missing: str
    owner: str
    at: Location
    defined: Location


@dataclass(frozen=True, slots=True)
class _Patch:
    """One replacement: of a dotted name that is written out, or of an attribute of something."""

    node: ast.expr
    target: str
    of: tuple[str, ...] = ()


def missing_patches(module: Module, *, load: Load, shelf: Shelf, exists: Exists) -> Iterator[MissingPatch]:
    """The names that a test module replaces and that are certainly not there."""
    if module.tree is None or not (b"patch" in module.source.data and b"import" in module.source.data):
        return
    found = list(_patches(module.tree))
    if not found:
        return
    helpers = conftests(module, load, exists)
    folders = roots(module, helpers)
    anywhere = any(change.folder is None for one in (module, *helpers) for change in one.path_changes)
    graphs = [ImportGraph(module.path, search=(root,), load=load, shelf=shelf) for root in folders]
    whole = ImportGraph(module.path, search=folders, load=load, shelf=shelf)
    names = Names(whole)
    for patch in found:
        if anywhere and patch.target.count(".") < 2:
            continue  # some folder that cannot be read may have another module of this name
        if patch.of:
            missing = _of_object(names, module, patch)
        else:
            missing = None if _made_by_hand((module, *helpers), patch.target) else _of_name(graphs, module, patch)
        if missing is not None:
            yield missing


def conftests(module: Module, load: Load, exists: Exists) -> tuple[Module, ...]:
    """The conftest.py files that pytest runs before a module's tests."""
    folders = above(posixpath.dirname(module.path))
    paths = (posixpath.join(folder, "conftest.py") for folder in folders)
    loaded = (load(path) for path in paths if exists(path) and path != module.path)
    return tuple(one for one in loaded if one is not None)


def roots(module: Module, helpers: tuple[Module, ...]) -> tuple[str, ...]:
    """The folders that modules may be imported from: those that are put on sys.path, and those above the test."""
    changed = []
    for one in (module, *helpers):
        for change in one.path_changes:
            if change.folder is not None and change.beside:
                path = posixpath.normpath(posixpath.join(posixpath.dirname(one.path), change.folder))
                changed.append("" if path == "." else path)
    inside = (path for path in changed if not path.startswith(("..", "/")))
    return tuple(dict.fromkeys((*inside, *above(posixpath.dirname(module.path)))))


def _made_by_hand(modules: tuple[Module, ...], target: str) -> bool:
    """Whether a test puts a module there that is not the file of its name."""
    parts = target.split(".")
    prefixes = {".".join(parts[:end]) for end in range(1, len(parts))}
    return any(any(word in one.source.data for word in _REPLACED) and bool(prefixes & one.strings) for one in modules)


# -- what is replaced


def _patches(tree: ast.Module) -> Iterator[_Patch]:
    for node in walk(tree):
        if isinstance(node, ast.Call) and node.args:
            patch = _patch(node)
            if patch is not None:
                yield patch


def _patch(node: ast.Call) -> _Patch | None:
    chain = chain_of(node.func)
    if not chain or any(_lets_be(keyword) for keyword in node.keywords):
        return None
    first = node.args[0]
    if chain[-1] == "patch" or chain[-2:] == ("monkeypatch", "setattr"):
        text = first.value if isinstance(first, ast.Constant) else None
        if isinstance(text, str):
            named = all(part.isidentifier() for part in text.split(".")) and "." in text
            return _Patch(first, text) if named and not (chain[-1] == "setattr" and len(node.args) != 2) else None
    if chain[-2:] in {("patch", "object"), ("monkeypatch", "setattr")} and len(node.args) > 1:
        of, name = chain_of(first), node.args[1]
        if of and isinstance(name, ast.Constant) and isinstance(name.value, str):
            return _Patch(name, ".".join((*of, name.value)), of)
    return None


def _lets_be(keyword: ast.keyword) -> bool:
    """Whether a keyword lets a name be replaced that is not there, or may."""
    return keyword.arg in (None, "create", "raising")


# -- what is there


def _of_name(graphs: list[ImportGraph], module: Module, patch: _Patch) -> MissingPatch | None:
    """A dotted name that leads nowhere from any folder that has its module."""
    found = []
    for graph in graphs:
        answer = _led(graph, patch.target)
        if answer is True or answer is None:
            return None
        if answer is not False:
            found.append(answer)
    if not found:
        return None
    node, name, owner = found[0]
    at = location_of(module.source, patch.node)
    return MissingPatch(patch.target, name, owner, at, Location(node.path))


def _led(graph: ImportGraph, target: str) -> tuple[Node, str, str] | bool | None:
    """What lacks a part of a dotted name; True when nothing does, False without a module, None if it cannot be told."""
    parts = target.split(".")
    at = 0
    found = None
    while at < len(parts) and (one := graph.finder.find(".".join(parts[: at + 1]))) is not None:
        found, at = one, at + 1
    if found is None or found.file is None:
        return False
    if at == len(parts):
        return True
    node, name = graph.node(found), parts[at]
    if node.module is None or node.module.error is not None or (found.folders and at + 1 < len(parts)):
        return None  # a package of that name in another folder may have the module that follows
    there = module_has(graph, node, name)
    if there is False:
        return None if name in _BUILTINS and at == len(parts) - 1 else (node, name, node.path)
    if there is None or at + 1 == len(parts):
        return there
    names = Names(graph)
    things = [thing for thing in names.member(node, name) if thing.kind != "value"]
    if len(things) != 1 or has(names, things[0], parts[at + 1]) is not False or things[0].node is None:
        return None
    return things[0].node, parts[at + 1], name


def _of_object(names: Names, module: Module, patch: _Patch) -> MissingPatch | None:
    """An attribute of something that the test has a name for."""
    scope = _scope_at(module, patch.node)
    node = names.graph.root
    if node.module is None or scope is None:
        return None
    ends = [thing for thing in names.follow(node, scope, patch.of).ends if thing.kind != "value"]
    if len(ends) != 1 or ends[0].kind not in ("module", "class") or ends[0].node is None:
        return None
    name = patch.target.rpartition(".")[2]
    if has(names, ends[0], name) is not False or (ends[0].kind == "module" and name in _BUILTINS):
        return None
    if any(len(scope.bindings.get(patch.of[0], ())) for scope in module.scopes):
        return None  # the name is also given another meaning
    if _made_by_hand((module,), ends[0].node.found.name + "."):
        return None
    path = ends[0].node.path
    owner = ends[0].scope.name if ends[0].kind == "class" and ends[0].scope is not None else path
    return MissingPatch(patch.target, name, owner, location_of(module.source, patch.node), Location(path))


def _scope_at(module: Module, place: ast.expr) -> Scope | None:
    """The innermost function or the module that a place stands in."""
    best = module.scope
    for scope in module.scopes:
        node = scope.node
        if scope.kind == "function" and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inside = node.body[0].lineno <= place.lineno <= (node.end_lineno or 0)
            if inside and (best is module.scope or node.lineno >= getattr(best.node, "lineno", 0)):
                best = scope
    return best
