"""The fixes of what pyflakes finds: of unused imports and variables, and of f-strings without placeholders."""

from __future__ import annotations

import ast
from functools import cached_property
from typing import Any

from s3ap_lint.model import Fix
from s3ap_lint.python.blocks import Blocks, stand_ins
from s3ap_lint.source import Source
from s3ap_rules.foreign import idle_f_string
from s3ap_rules.foreign.unused_import import UnusedImports
from s3ap_rules.foreign.unused_variable import UnusedVariables

Found = tuple[str, Any, tuple[Any, ...]]
"""pyflakes' class, the node, and the other things that a message was made of."""


class PyflakesFixes:
    """The fixes for the messages about one file, worked out when the first of them asks."""

    def __init__(self, source: Source, tree: ast.Module, found: list[Found]) -> None:
        self._source = source
        self._tree = tree
        self._found = found

    def fix(self, kind: str, node: Any, others: tuple[Any, ...]) -> Fix | None:
        """The fix for one message; none in code that stands in a template."""
        if not self._source.path.endswith(".py"):
            return None
        if kind == "UnusedImport" and isinstance(node, ast.Import | ast.ImportFrom):
            alias = alias_of(node, others[0])
            return self._imports.fix(node, alias, stand_in=node in self._stand_ins) if alias is not None else None
        if kind == "UnusedVariable":
            return self._variables.fix(node, self._stand_ins)
        if kind == "FStringMissingPlaceholders":
            return idle_f_string.fix(self._blocks, node)
        return None

    @cached_property
    def _blocks(self) -> Blocks:
        return Blocks(self._source, self._tree)

    @cached_property
    def _imports(self) -> UnusedImports:
        return UnusedImports(self._blocks)

    @cached_property
    def _variables(self) -> UnusedVariables:
        return UnusedVariables(self._blocks, [node for kind, node, _ in self._found if kind == "UnusedVariable"])

    @cached_property
    def _stand_ins(self) -> set[ast.stmt]:
        """Of all statements that may go, those that leave a `pass`."""
        unused: dict[ast.stmt, set[int]] = {}
        for kind, node, others in self._found:
            if kind == "UnusedImport" and isinstance(node, ast.Import | ast.ImportFrom):
                unused.setdefault(node, set()).add(id(alias_of(node, others[0])))
        imports = {node for node, aliases in unused.items() if len(aliases) == len(node.names)}  # type: ignore[attr-defined]
        return stand_ins(self._blocks, imports | self._variables.leaving)


def alias_of(node: ast.Import | ast.ImportFrom, name: str) -> ast.alias | None:
    """The name of an import statement that pyflakes calls so; the last one where it stands there twice."""
    found = [alias for alias in node.names if imported_name(node, alias) == name]
    return found[-1] if found else None


def imported_name(node: Any, alias: ast.alias) -> str:
    """What pyflakes calls one name of an import statement."""
    module = "." * getattr(node, "level", 0) + (getattr(node, "module", "") or "")
    full = alias.name if isinstance(node, ast.Import) else f"{module}{'' if module.endswith('.') else '.'}{alias.name}"
    return full if alias.asname in (None, full.split(".")[-1]) else f"{full} as {alias.asname}"
