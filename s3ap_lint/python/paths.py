"""Folders that a module puts on sys.path, as far as they are written out."""

from __future__ import annotations

import ast
import posixpath
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder: beside the module's file, or as written."""

    path: str
    beside: bool


def folder_of(node: ast.expr) -> Folder | None:
    """The folder that an expression names: dirname(__file__), Path(__file__).parent / "lib", "package/" …"""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return Folder(node.value, False)
    if isinstance(node, ast.Name) and node.id == "__file__":
        return Folder("file", True)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return _joined([node.left, node.right])
    if isinstance(node, ast.Attribute) and node.attr == "parent":
        return _up(node.value, 1)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute) and node.value.attr == "parents":
        depth = node.slice.value if isinstance(node.slice, ast.Constant) else None
        return _up(node.value.value, depth + 1) if isinstance(depth, int) else None
    if isinstance(node, ast.Call):
        return _called(node)
    return None


def _called(node: ast.Call) -> Folder | None:
    func = node.func
    name = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
    if name in ("resolve", "absolute", "as_posix") and isinstance(func, ast.Attribute):
        return folder_of(func.value)
    if not node.args:
        return None
    if name == "dirname":
        return _up(node.args[0], 1)
    if name in ("abspath", "realpath", "normpath", "str", "Path", "fspath") and len(node.args) == 1:
        return folder_of(node.args[0])
    if name in ("join", "Path"):
        return _joined(node.args)
    return None


def _up(node: ast.expr, levels: int) -> Folder | None:
    folder = folder_of(node)
    if folder is None:
        return None
    path = folder.path
    for _ in range(levels):
        # every name that is left behind is one level; ".." can only be added to
        plain = path not in ("", ".") and posixpath.basename(path) != ".."
        path = posixpath.dirname(path) if plain else posixpath.join(path, "..")
    return Folder(path, folder.beside)


def _joined(nodes: list[ast.expr]) -> Folder | None:
    first = folder_of(nodes[0])
    if first is None:
        return None
    path = first.path
    for node in nodes[1:]:
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            return None
        path = posixpath.join(path, node.value)
    return Folder(posixpath.normpath(path), first.beside)


def added_folder(node: ast.Call) -> ast.expr | None:
    """What `sys.path.append(folder)` and `sys.path.insert(0, folder)` add; None for another call."""
    func = node.func
    if not (isinstance(func, ast.Attribute) and isinstance(func.value, ast.Attribute) and func.value.attr == "path"):
        return None
    if not (isinstance(func.value.value, ast.Name) and func.value.value.id == "sys"):
        return None
    place = {"append": 0, "insert": 1}.get(func.attr)
    return node.args[place] if place is not None and len(node.args) > place else None
