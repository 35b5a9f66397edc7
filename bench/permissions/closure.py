"""What a handler imports of its project, by the text of its import statements alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path


def files(handler: Path, roots: list[Path]) -> list[Path]:
    """The handler's file and every project file that importing it loads, packages' `__init__` too."""
    found: dict[Path, None] = {handler: None}
    waiting = [handler]
    while waiting:
        file = waiting.pop()
        for module in _imported(file, roots):
            for loaded in _located(module, [handler.parent, *roots]):
                if loaded not in found:
                    found[loaded] = None
                    waiting.append(loaded)
    return list(found)


def _imported(file: Path, roots: list[Path]) -> Iterator[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(node, file, roots)
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def _absolute(node: ast.ImportFrom, file: Path, roots: list[Path]) -> str:
    if not node.level:
        return node.module or ""
    package = file.parents[node.level - 1]
    root = next((root for root in roots if package.is_relative_to(root)), package)
    return ".".join([*package.relative_to(root).parts, *([node.module] if node.module else [])])


def _located(module: str, roots: list[Path]) -> Iterator[Path]:
    parts = [part for part in module.split(".") if part]
    for root in roots:
        places = [root.joinpath(*parts[:count]) for count in range(1, len(parts) + 1)]
        loaded = [found for place in places for found in _module(place)]
        if loaded:
            yield from loaded
            return


def _module(place: Path) -> Iterator[Path]:
    for file in (place / "__init__.py", place.with_suffix(".py")):
        if file.is_file():
            yield file
            return
