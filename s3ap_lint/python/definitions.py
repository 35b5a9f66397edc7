"""What a statement defines: names, functions, classes, imports."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence

from s3ap_lint.python.expressions import Expressions
from s3ap_lint.python.scope import EVERYWHERE, Binding, Scope
from s3ap_lint.python.state import chain_of, path_of
from s3ap_lint.python.valuation import ENVIRONMENT, GETENV, OS, value_of
from s3ap_lint.python.value import OPAQUE, Const, Environment, Foreign, Items, Parameter, Value

_TRANSPARENT = frozenset(
    {"capture", "capture_async", "capture_lambda_handler", "capture_method", "deleter", "getter", "idempotent"}
    | {"inject_lambda_context", "log_metrics", "setter", "wraps"}
)
"""Decorators of an object that wrap a function without handing it to the object."""

_OF_OS: dict[str, Value] = {"environ": ENVIRONMENT, "environb": ENVIRONMENT, "getenv": GETENV}

_LITERAL = frozenset({ast.Constant, ast.Dict, ast.List, ast.Name, ast.Tuple})
_TEXTS = frozenset({ast.Constant, ast.List, ast.Tuple})
"""What may name variables in a module that does not look at any, and inside one of its functions."""

_NAMED = frozenset({ast.Attribute, ast.Call, ast.Name})

_OTHERS = frozenset({*sys.stdlib_module_names, "boto3", "botocore", "pytest"})
"""Modules whose functions do not read variables by a name that is handed to them."""

Assignment = ast.Assign | ast.AnnAssign | ast.AugAssign


class Definitions(Expressions):
    """The part of a walk that meets definitions."""

    exports: list[str] | None = None
    exports_known = True

    def assignment(self, node: Assignment) -> None:
        """At module level, what the value mentions counts when the name is used."""
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        at_top = self.local is self.module
        if at_top:
            self.keep = self.value_scope(targets, node)
        if isinstance(node.value, ast.Lambda) and isinstance(targets[0], ast.Name):
            self.define(targets[0].id, node.value)
        elif isinstance(node, ast.AugAssign):
            self.augmented(node)
        elif node.value is not None:
            value = self.worth(node.value)
            if not self.names_environment(targets, value):
                self.expression(node.value)
            self.assign(targets, node.value, value)
        if at_top:
            self.keep = self.module
            self.note_exports(targets, node.value)

    def worth(self, node: ast.expr | None) -> Value:
        """What is worth remembering of an assigned value."""
        if node is None or not (self.looks or node.__class__ in (_LITERAL if self.local is self.module else _TEXTS)):
            return OPAQUE
        return value_of(node, self.local, in_loop=self.loops > 0)

    def names_environment(self, targets: Sequence[ast.expr], value: Value) -> bool:
        """Whether os.environ only gets another name here, which can be followed."""
        if value is not GETENV and not isinstance(value, Environment):
            return False
        return all(isinstance(target, ast.Name) for target in targets)

    def augmented(self, node: ast.AugAssign) -> None:
        """`os.environ |= {…}` sets variables; `NAME += …` leaves the name with another value."""
        if self.roots and isinstance(value_of(node.target, self.local), Environment):
            self.environment_update([node.value], [], node)
            return
        self.expression(node.value)
        self.expression(node.target)

    def assign(self, targets: Sequence[ast.expr], node: ast.expr | None, value: Value = OPAQUE) -> None:
        """Bind targets to what an expression is worth."""
        binding = _binding(node, self.local)
        for target in targets:
            if isinstance(target, ast.Name):
                if value is OS or value is GETENV or isinstance(value, Environment):
                    self.roots.add(target.id)
                self.bind(target.id, binding, value)
            elif isinstance(target, ast.Tuple | ast.List):
                self.unpack(target, node)
            else:
                self.expression(target)
                owner = self.local.owner
                if owner is not None and isinstance(target, ast.Attribute) and chain_of(target.value) == ("self",):
                    owner.bindings.setdefault(target.attr, []).append(binding)
                    owner.values[target.attr] = OPAQUE

    def unpack(self, target: ast.Tuple | ast.List, node: ast.expr | None) -> None:
        """`a, b = x, y` binds in pairs."""
        pairs = node.elts if isinstance(node, ast.Tuple | ast.List) and len(node.elts) == len(target.elts) else None
        for place, part in enumerate(target.elts):
            inner = part.value if isinstance(part, ast.Starred) else part
            item = pairs[place] if pairs else None
            self.assign([inner], item, self.worth(item))

    def named(self, node: ast.NamedExpr) -> None:
        """`(name := value)`."""
        self.expression(node.value)
        self.assign([node.target], node.value, self.worth(node.value))

    def value_scope(self, targets: Sequence[ast.expr], node: ast.stmt) -> Scope:
        """The scope of what a module-level name holds."""
        names = [name for target in targets for name in _target_names(target)]
        if not names:
            return self.module
        children = self.module.children
        known = [scope for name in names for scope in children.get(name, ()) if scope.kind == "value"]
        scope = known[0] if known else Scope("value", names[0], names[0], node, self.module)
        for name in names:
            if scope not in children.setdefault(name, []):
                children[name].append(scope)
        return scope

    def note_exports(self, targets: Sequence[ast.expr], node: ast.expr | None) -> None:
        """`__all__`, as far as it is written out."""
        if not any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            return
        value = OPAQUE if node is None else value_of(node, self.module)
        if isinstance(value, Const | Items) and isinstance(value.value, tuple):
            self.exports = [*(self.exports or []), *(str(name) for name in value.value)]
        else:
            self.exports_known = False

    def define(self, name: str, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Scope:
        """A function: its defaults are worked out now, its body runs later."""
        scope = self.new_scope("function", name, node, self.local)
        self.local.bound.add(name)
        self.local.values[name] = OPAQUE
        self.callables.add(name)
        self.parameters(scope, node.args)
        self.queue.append((scope, node.body))
        return scope

    def parameters(self, scope: Scope, args: ast.arguments) -> None:
        """The parameters of a function, and what their defaults are worth."""
        plain = [*args.posonlyargs, *args.args]
        scope.parameters = tuple(arg.arg for arg in plain)
        for arg in (*plain, *args.kwonlyargs):
            scope.values[arg.arg] = Parameter(arg.arg)
        pairs = [*zip(plain[len(plain) - len(args.defaults) :], args.defaults, strict=True)]
        pairs += [(arg, value) for arg, value in zip(args.kwonlyargs, args.kw_defaults, strict=True) if value]
        keep, self.keep = self.keep, scope
        for arg, default in pairs:
            value = scope.defaults[arg.arg] = value_of(default, self.local)
            if isinstance(value, Environment):
                scope.values[arg.arg] = Environment(sure=False)
                self.roots.add(arg.arg)
            else:
                self.expression(default)
        self.keep = keep
        if args.vararg is not None:
            scope.star = args.vararg.arg
            scope.values[scope.star] = Parameter(scope.star)
        if args.kwarg is not None:
            scope.values[args.kwarg.arg] = OPAQUE
        scope.bound.update(scope.values)

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """A def with its decorators."""
        scope = self.define(node.name, node)
        keep, self.keep = self.keep, scope
        for decorator in node.decorator_list:
            self.decorator(decorator, scope)
        self.keep = keep

    def decorator(self, node: ast.expr, scope: Scope) -> None:
        """A decorator counts when the function does; one of an object may hand the function to the object."""
        call = node if isinstance(node, ast.Call) else None
        chain = chain_of(call.func if call else node)
        if not chain:
            self.expression(node)
            return
        scope.uses.setdefault((chain, EVERYWHERE), call.func if call else node)
        scope.static = scope.static or chain[-1] == "staticmethod"
        if len(chain) > 1 and chain[-1] not in _TRANSPARENT:
            if self.local is self.module:
                self.module.registered.append((chain[:-1], scope))
            elif self.local.kind == "function":
                self.local.uses.setdefault(((scope.name,), self.branch), node)
        if call:
            self.expressions(call.args)
            self.expressions(keyword.value for keyword in call.keywords)

    def class_(self, node: ast.ClassDef) -> None:
        """A class: its body runs now, its methods later."""
        scope = self.new_scope("class", node.name, node, self.local)
        self.local.bound.add(node.name)
        self.local.values[node.name] = OPAQUE
        self.callables.add(node.name)
        local, keep = self.local, self.keep
        self.keep = scope
        self.expressions(node.decorator_list)
        self.expressions(node.bases)
        self.expressions(keyword.value for keyword in node.keywords)
        scope.bases = [chain for chain in map(_class_chain, node.bases) if chain != ("object",)]
        if any(chain and chain[-1] == "BaseSettings" for chain in scope.bases):
            self.facts.escape(node.bases[0])  # it reads a variable for each of its fields
        self.local = scope
        self.block(node.body)
        self.local, self.keep = local, keep

    def block(self, statements: Sequence[ast.stmt]) -> None:
        """Statements in order, which the walk knows about."""
        raise NotImplementedError

    def import_(self, node: ast.Import) -> None:
        """`import a.b` binds a, `import a.b as c` binds a.b."""
        for alias in node.names:
            bound = alias.asname or alias.name.partition(".")[0]
            self.imported(alias, alias.name, 0, "", bound)
            is_os = alias.name == "os" or (alias.name == "os.path" and not alias.asname)
            self.bind_import(bound, OS if is_os else Foreign((bound,)), alias.name)

    def import_from(self, node: ast.ImportFrom) -> None:
        """`from a import b`, `from . import b`, `from a import *`."""
        module = node.module or ""
        for alias in node.names:
            bound = alias.asname or alias.name
            self.imported(alias, module, node.level, alias.name, bound)
            if module == "os" and not node.level:
                for name in _OF_OS if alias.name == "*" else (alias.name,):
                    self.bind_import(bound if alias.name != "*" else name, _OF_OS.get(name, OPAQUE), module)
            elif alias.name != "*":
                self.bind_import(bound, Foreign((bound,)), module)

    def bind_import(self, name: str, value: Value, module: str) -> None:
        """An import binds a name."""
        scope = self.local
        scope.values[name] = value
        scope.bound.add(name)
        if isinstance(value, Foreign):
            if module.partition(".")[0] not in _OTHERS:
                self.callables.add(name)
        elif self.looks and value is not OPAQUE:
            self.roots.add(name)


def _class_chain(node: ast.expr) -> tuple[str, ...]:
    return chain_of(node.value if isinstance(node, ast.Subscript) else node)


def _binding(node: ast.expr | None, scope: Scope) -> Binding | None:
    if isinstance(node, ast.Await):
        node = node.value
    called = isinstance(node, ast.Call)
    if node.__class__ not in _NAMED or node is None:
        return None
    chain = path_of(node.func if isinstance(node, ast.Call) else node)
    return Binding(chain, called, scope) if chain[0] else None


def _target_names(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Tuple | ast.List):
        for part in node.elts:
            yield from _target_names(part)
    elif isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
        yield from _target_names(node.value)
