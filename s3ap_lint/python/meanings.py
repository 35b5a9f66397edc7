"""What the names of one file mean by its imports: `dt.utcnow` is `datetime.datetime.utcnow`, by whatever import.

Only what the file's own text settles is told: a name with several meanings, or one that something else binds too, has
none.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass, field

from s3ap_lint.python.tree import children

_BUILTINS = frozenset(dir(builtins))
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler, ast.MatchAs, ast.MatchStar)


@dataclass(eq=False, slots=True)
class _Names:
    """The names that one scope binds, with their meanings; "" is a meaning that cannot be told."""

    outer: _Names | None
    of_class: bool = False
    bound: dict[str, set[str]] = field(default_factory=dict)
    places: dict[str, list[ast.ImportFrom]] = field(default_factory=dict)
    starred: bool = False

    def bind(self, name: str, meaning: str = "") -> None:
        self.bound.setdefault(name, set()).add(meaning)

    def holder(self, name: str) -> _Names | None:
        """The scope that binds a name as it is seen from here."""
        at: _Names | None = self
        while at is not None and not (name in at.bound and (at is self or not at.of_class)):
            at = at.outer
        return at


class Meanings:
    """Answers for every expression of one syntax tree."""

    def __init__(self, tree: ast.Module) -> None:
        self._module = _Names(None)
        self._scopes: dict[ast.AST, _Names] = {}
        self._read(tree.body, self._module)

    def of(self, expression: ast.expr) -> str:
        """The dotted name that an expression means ("builtins.float" for a builtin), or ""."""
        if isinstance(expression, ast.Attribute):
            base = self.of(expression.value)
            return f"{base}.{expression.attr}" if base else ""
        if not isinstance(expression, ast.Name):
            return ""
        scope = self._scopes.get(expression)
        return self._meaning(expression.id, scope) if scope is not None else ""

    def name_for(self, meaning: str, place: ast.expr) -> str:
        """A name that has a meaning where an expression stands, or ""."""
        scope = self._scopes.get(_first(place))
        at = scope
        while at is not None:
            for name, meanings in at.bound.items():
                if meanings == {meaning} and self._meaning(name, scope) == meaning:
                    return name
            at = at.outer
        return ""

    def import_of(self, name: ast.Name) -> ast.ImportFrom | None:
        """The one `from … import …` that binds a name."""
        scope = self._scopes.get(name)
        holder = scope.holder(name.id) if scope is not None else None
        found = holder.places.get(name.id, []) if holder is not None else []
        return found[0] if len(found) == 1 else None

    def is_free(self, name: str) -> bool:
        """Whether no scope of the file binds a name."""
        scopes = {id(scope): scope for scope in (self._module, *self._scopes.values())}
        return not any(name in scope.bound or scope.starred for scope in scopes.values())

    def _meaning(self, name: str, scope: _Names | None) -> str:
        holder = scope.holder(name) if scope is not None else None
        if holder is None:
            return f"builtins.{name}" if name in _BUILTINS and not self._module.starred else ""
        meanings = holder.bound[name]
        return next(iter(meanings)) if len(meanings) == 1 else ""

    # -- the walk

    def _read(self, statements: list[ast.stmt] | ast.expr, scope: _Names) -> None:
        todo: list[ast.AST] = list(reversed(statements)) if isinstance(statements, list) else [statements]
        inner: list[tuple[list[ast.stmt] | ast.expr, _Names]] = []
        while todo:
            node = todo.pop()
            self._note(node, scope)
            if isinstance(node, _FUNCTIONS):
                names = _Names(scope)
                for argument in _arguments(node.args):
                    names.bind(argument.arg)
                inner.append((node.body, names))
                todo += _around(node)
            elif isinstance(node, ast.ClassDef):
                inner.append((node.body, _Names(scope, of_class=True)))
                todo += [*node.decorator_list, *node.bases, *node.keywords]
            else:
                todo += reversed(children(node))
        for body, names in inner:  # after all that this scope binds is known
            self._read(body, names)

    def _note(self, node: ast.AST, scope: _Names) -> None:
        if isinstance(node, ast.Name):
            self._scopes[node] = scope
            if not isinstance(node.ctx, ast.Load):
                scope.bind(node.id)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                scope.bind(bound, alias.name if alias.asname else bound)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                self._import_from(node, alias, scope)
        elif isinstance(node, _NAMED) and node.name:
            scope.bind(node.name)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            for name in node.names:  # it may be bound from here, whatever the other scope says
                scope.bind(name)
                self._module.bind(name)

    @staticmethod
    def _import_from(node: ast.ImportFrom, alias: ast.alias, scope: _Names) -> None:
        if alias.name == "*":
            scope.starred = True
            return
        bound = alias.asname or alias.name
        scope.bind(bound, f"{node.module}.{alias.name}" if node.module and not node.level else "")
        scope.places.setdefault(bound, []).append(node)


def _first(expression: ast.expr) -> ast.expr:
    while isinstance(expression, ast.Attribute | ast.Call):
        expression = expression.value if isinstance(expression, ast.Attribute) else expression.func
    return expression


def _arguments(args: ast.arguments) -> Iterator[ast.arg]:
    yield from (*args.posonlyargs, *args.args, *args.kwonlyargs)
    yield from (one for one in (args.vararg, args.kwarg) if one is not None)


def _around(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> list[ast.AST]:
    """What of a function is evaluated outside of it."""
    outside: list[ast.AST] = [*node.args.defaults, *(one for one in node.args.kw_defaults if one is not None)]
    if isinstance(node, ast.Lambda):
        return outside
    annotations = [one.annotation for one in _arguments(node.args) if one.annotation is not None]
    return [*outside, *node.decorator_list, *annotations, *([node.returns] if node.returns is not None else [])]
