"""The modules that a handler needs: those that are packaged beside it, and those that nobody brings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from posixpath import basename, dirname, join

from s3ap_lint.distributions import in_runtime, in_standard_library, version_of
from s3ap_lint.function import Function
from s3ap_lint.python.closure import Closure
from s3ap_lint.python.graph import Node
from s3ap_lint.python.needed import Circumstances, Needed, circumstances, needed, relied_on
from s3ap_lint.resolution import Code
from s3ap_lint.workspace import Workspace
from s3ap_ops.packaging.folders import Gathered

_NOT_DATA = (".py", ".pyi", ".md", ".rst")


@dataclass(frozen=True)
class Lacking:
    """An import that fails in Lambda: of which module, where, and in which file of the project it is ("")."""

    name: str
    place: str
    found: str = ""


def stage(closure: Closure, function: Function, code: Code, gathered: Gathered) -> None:
    """Add the modules that a handler imports from outside its own folder, each where Python finds it by its name, with
    the packages around it and the data files beside it."""
    own = own_folder(code)
    given = _given(function)
    for node in closure.nodes:
        top = node.found.name.partition(".")[0]
        if not node.path or given(top) or is_below(node.path, own):
            continue
        if not any(is_below(node.path, layer) for layer in code.layers):
            _stage_module(node, closure, gathered)


def own_folder(code: Code) -> str:
    """The folder that holds the code of one function. A Handler that is a path may start from a folder of many."""
    return dirname(code.module) if code.how == "the Handler's path" else code.root


def is_below(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies in it."""
    return not folder or path == folder or path.startswith(f"{folder}/")


def _stage_module(node: Node, closure: Closure, gathered: Gathered) -> None:
    parts = node.found.name.split(".")
    name = "/".join(parts)
    packaged = basename(node.path) == "__init__.py"
    gathered.file(node.path, f"{name}/__init__.py" if packaged else f"{name}.py")
    for end in range(1, len(parts)):  # a package around it may be none that the linter saw run
        above = closure.finder.find(".".join(parts[:end]))
        if above is not None and above.file:
            gathered.file(above.file, join(*parts[:end], "__init__.py"))
    inside = name if packaged else dirname(name)
    if inside:
        _stage_data(dirname(node.path), inside, node, gathered)


def _stage_data(folder: str, inside: str, node: Node, gathered: Gathered) -> None:
    """Data files of a package: those beside its modules, and those in folders that a module names."""
    workspace = gathered.workspace
    text = node.module.source.data.decode("utf-8", "replace") if node.module is not None else ""
    for name in workspace.listdir(folder):
        path = join(folder, name)
        if workspace.is_file(path):
            if not name.endswith(_NOT_DATA):
                gathered.files(folder, inside, [name])
        elif not _has_python(path, workspace) and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text):
            gathered.folder(path, join(inside, name))


def _has_python(folder: str, workspace: Workspace) -> bool:
    return any(name.endswith(".py") for name in workspace.listdir(folder))


def lacking(
    closure: Closure, function: Function, names: frozenset[str], layered: Callable[[Node], bool]
) -> Iterator[Lacking]:
    """The imports of code that the handler reaches and that fail for certain, given the names in its archive.

    `layered` tells whether a module comes in a layer; ask only where every layer is known.
    """
    if any(change.folder is None for module in closure.modules for change in module.path_changes):
        return  # where else modules are looked for cannot be told
    given, sure, seen = _given(function), relied_on(closure), set[str]()

    def there(node: Node) -> bool:
        return node.path == closure.entry or _is_packaged(node, closure, names) or layered(node)

    for one in needed(closure.reach()):
        module = one.node.module
        if module is None or one.node not in sure or not there(one.node) or given(one.top):
            continue  # of a module that is not there itself it is said where that is imported
        name, found = _failing(one, there)
        if not name or name in seen:
            continue
        if circumstances(module, one.imported) != Circumstances():
            continue  # the program is ready to do without it
        seen.add(name)
        at = one.imported.at
        line = one.imported.source.line_of(at.span.start) if at.span else 0
        yield Lacking(name, f"{at.subject}:{line}", found or _further_up(name, closure))


def _failing(one: Needed, there: Callable[[Node], bool]) -> tuple[str, str]:
    """(name of a module that is not there, the file of the project that it is); empty where nothing fails."""
    for run in one.target.runs:
        if not there(run):
            return run.found.name, run.path
    if one.target.node is None and not one.target.missing.startswith("."):
        return one.target.missing, ""
    return "", ""


def _further_up(name: str, closure: Closure) -> str:
    """The file of a module in a folder where it is not found, because a nearer one has a package of the same name."""
    shelf, path = closure.finder.shelf, name.replace(".", "/")
    found = (shelf.at(join(folder, dirname(path)), basename(path))[0] for folder in closure.search)
    return next((file for file in found if file), "")


def _is_packaged(node: Node, closure: Closure, names: frozenset[str]) -> bool:
    stem, root = node.found.name.replace(".", "/"), closure.search[0]
    if f"{stem}.py" in names or f"{stem}/__init__.py" in names:
        return True
    inside = node.path[len(root) + 1 :] if root and is_below(node.path, root) else node.path
    return inside in names and any(is_below(node.path, folder) for folder in closure.added_folders)


def _given(function: Function) -> Callable[[str], bool]:
    """What tells whether a module comes with Lambda."""
    python = version_of(function.runtime)
    return lambda top: in_runtime(top) or in_standard_library(top, python)
