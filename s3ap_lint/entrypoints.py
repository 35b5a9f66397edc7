"""What Lambda could be told to call: functions of a package that take an event and a context."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from difflib import get_close_matches
from posixpath import basename, dirname, join

from s3ap_lint.function import Function
from s3ap_lint.python.module import Module
from s3ap_lint.python.scope import Scope
from s3ap_lint.python.signature import GIVEN

_TOLD = ("event", "evt")
_TESTS = ("test_", "conftest", "setup")


def entry_functions(module: Module) -> tuple[str, ...]:
    """The functions at the top of a module that take an event and a context, by the names of their parameters."""
    return tuple(name for name, scopes in module.scope.children.items() if len(scopes) == 1 and _takes_event(scopes[0]))


def entry_points(function: Function, folder: str) -> tuple[tuple[str, str], ...]:
    """The modules at the top of a folder with their functions that Lambda could call."""
    return tuple((module, name) for module, path in _modules(function, folder) for name in _functions(function, path))


def folders_alike(function: Function, folder: str) -> tuple[str, ...]:
    """The folders beside one that is not there, with nearly its name and the handler's file in them."""
    module, _, entry = function.handler.rpartition(".")
    return tuple(one for one in _alike(function, folder) if _holds(function, f"{one}/{module}", entry))


def modules_alike(function: Function, folder: str) -> tuple[str, ...]:
    """The paths of a module with the handler's function that differ from the handler's in one folder, and little."""
    module, _, entry = function.handler.rpartition(".")
    parts = module.split("/")
    tree = function.application.project.tree
    at = next((i for i in range(len(parts) - 1) if not tree.is_dir(join(folder, *parts[: i + 1]))), None)
    if at is None:
        return ()
    rest = parts[at + 1 :]
    near = _alike(function, join(folder, *parts[: at + 1]))
    return tuple(
        "/".join([*parts[:at], basename(one), *rest]) for one in near if _holds(function, join(one, *rest), entry)
    )


def stand_ins(function: Function) -> tuple[str, ...]:
    """The files that have the handler's function, where its own file is not there; as when one was given another name.

    They lie in the same folder, or, if that is gone, in one with nearly its name.
    """
    missing, (module, _, entry) = function.missing_code, function.handler.rpartition(".")
    if missing is None:
        return ()
    if missing.lacks == "folder":
        return tuple(f"{folder}/{module.replace('.', '/')}.py" for folder in folders_alike(function, missing.folder))
    return tuple(path for _, path in _modules(function, missing.folder) if entry in _functions(function, path))


def _alike(function: Function, folder: str) -> list[str]:
    """The folders beside one that is not there, with nearly its name."""
    tree, above = function.application.project.tree, dirname(folder)
    there = [name for name in tree.listdir(above or ".") if tree.is_dir(join(above, name))]
    return [join(above, name) for name in get_close_matches(basename(folder), there, len(there) or 1, 0.75)]


def _holds(function: Function, module: str, entry: str) -> bool:
    return entry in _functions(function, f"{module.replace('.', '/')}.py")


def _takes_event(scope: Scope) -> bool:
    if not isinstance(scope.node, ast.FunctionDef) or len(scope.parameters) < GIVEN:
        return False
    first, second = (name.strip("_") for name in scope.parameters[:GIVEN])
    needed = [name for name in scope.parameters if name not in scope.defaults]
    return (first.startswith(_TOLD) or second in ("context", "ctx")) and len(needed) <= GIVEN


def _modules(function: Function, folder: str) -> Iterator[tuple[str, str]]:
    for name in function.application.project.tree.listdir(folder or "."):
        if name.endswith(".py") and not name.startswith(_TESTS):
            yield name[:-3], join(folder, name)


def _functions(function: Function, path: str) -> tuple[str, ...]:
    project = function.application.project
    module = project.load(path) if project.tree.is_file(path) else None
    return entry_functions(module) if module is not None else ()
