"""One walk over a syntax tree that fills the scopes of a module."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from s3ap_lint.python.definitions import Definitions
from s3ap_lint.python.expressions import EXPRESSION_VISITORS
from s3ap_lint.python.scope import EVERYWHERE, Branch
from s3ap_lint.python.state import Visitors, chain_of
from s3ap_lint.python.value import OPAQUE

_GLOBAL = re.compile(rb"^[ \t]+global[ \t]+([^\r\n#;]+)", re.M)
_KEY_ERRORS = frozenset({"KeyError", "LookupError"})
_ANY_ERRORS = frozenset({"Exception", "BaseException", ""})
_IMPORT_ERRORS = frozenset({"ImportError", "ModuleNotFoundError", *_ANY_ERRORS})
_EXITS = ast.Return | ast.Raise | ast.Continue | ast.Break


class Walk(Definitions):
    """The part of a walk that goes through statements."""

    attempts = 0

    def complete(self, tree: ast.Module) -> None:
        """Walk the module level, then the functions in the order in which they were met."""
        self.block(tree.body)
        data = self.source.data
        for names in _GLOBAL.findall(data) if b"global " in data else ():
            for name in names.decode("utf-8", "replace").split(","):
                self.module.values[name.strip()] = OPAQUE  # changes while the program runs
        while self.queue:
            scope, body = self.queue.popleft()
            self.local = self.run = self.keep = scope
            self.branch, self.loops = EVERYWHERE, 0
            if isinstance(body, list):
                self.block(body)
            else:
                self.expression(body)

    def block(self, statements: Sequence[ast.stmt]) -> None:
        """Statements in order; what follows an early exit runs when its test did not hold."""
        before = self.branch
        self.expressions(statements)
        self.branch = before

    def within(self, branch: Branch, statements: Sequence[ast.stmt]) -> None:
        """Statements under other circumstances."""
        before, self.branch = self.branch, branch
        self.expressions(statements)
        self.branch = before

    def if_(self, node: ast.If) -> None:
        """An if statement with its elif parts; `__main__` and TYPE_CHECKING hold code that Lambda never runs."""
        outer = after = self.branch
        leaves = True
        while True:
            reason, inverted = _dead_test(node.test)
            if reason:
                self.dead(reason, node.orelse if inverted else node.body)
                self.block(node.body if inverted else node.orelse)
                break
            value = self.test(node.test)
            self.within(self.narrowed(value, True), node.body)
            self.branch, inside = after, self.branch
            leaves = leaves and exits(node.body)
            if leaves:
                after = self.narrowed(value, False, exit=_exit(node.body))
            elif node.orelse and after is outer and exits(node.orelse):
                after = self.narrowed(value, True, exit=_exit(node.orelse))
            self.branch = inside
            if not node.orelse:
                break
            self.branch = self.narrowed(value, False)
            if len(node.orelse) != 1 or not isinstance(node.orelse[0], ast.If):
                self.block(node.orelse)
                break
            node = node.orelse[0]
        self.branch = after

    def dead(self, reason: str, statements: Sequence[ast.stmt]) -> None:
        """Code that Lambda never runs, kept apart."""
        scope = self.new_scope("dead", reason, self.module.node, self.local, anonymous=True)
        before = self.local, self.run, self.keep
        self.local = self.run = self.keep = scope
        self.within(replace(self.branch, guard=reason), statements)
        self.local, self.run, self.keep = before

    def for_(self, node: ast.For | ast.AsyncFor) -> None:
        """A loop over literals gives its variable a meaning."""
        self.expression(node.iter)
        self.loops += 1
        items = self.loop_items(node.iter, node.target)
        self.expression(node.target)
        self.local.values.update(items)
        self.block(node.body)
        self.loops -= 1
        self.block(node.orelse)

    def while_(self, node: ast.While) -> None:
        """The body runs when the test holds."""
        self.loops += 1
        value = self.test(node.test)
        self.within(self.narrowed(value, True), node.body)
        self.loops -= 1
        self.block(node.orelse)

    def with_(self, node: ast.With | ast.AsyncWith) -> None:
        """`with suppress(KeyError)` is a guard."""
        before = self.branch
        for item in node.items:
            call = item.context_expr
            self.expression(call)
            if item.optional_vars is not None:
                self.assign([item.optional_vars], call)
            if isinstance(call, ast.Call) and chain_of(call.func)[-1:] == ("suppress",):
                handler = ast.ExceptHandler(type=ast.Tuple(elts=call.args, ctx=ast.Load()), name=None, body=[])
                self.branch = self.protected([handler])
        self.block(node.body)
        self.branch = before

    def protected(self, handlers: Sequence[ast.ExceptHandler]) -> Branch:
        """The circumstances of code whose failures some handlers may keep to themselves."""
        branch = self.branch
        attempt = branch.attempt
        if any(_catches(handler, _IMPORT_ERRORS) and not gives_up(handler.body) for handler in handlers):
            self.attempts += 1
            attempt = self.attempts
        shielded = branch.shielded or any(not gives_up(handler.body) for handler in handlers)
        guard = branch.guard or _caught_by(handlers)
        if (attempt, shielded, guard) == (branch.attempt, branch.shielded, branch.guard):
            return branch
        return replace(branch, attempt=attempt, shielded=shielded, guard=guard, fallback=False)

    def try_(self, node: ast.Try) -> None:
        """What its handlers keep to themselves is harmless in the body."""
        outer = self.branch
        body = self.protected(node.handlers)
        self.within(body, node.body)
        for handler in node.handlers:
            self.expression(handler.type)
            if handler.name:
                self.bind(handler.name)
            self.within(self.failed(handler, outer, body, node.body), handler.body)
        self.within(outer, node.orelse)
        self.within(outer, node.finalbody)

    def failed(self, handler: ast.ExceptHandler, outer: Branch, body: Branch, tried: Sequence[ast.stmt]) -> Branch:
        """The circumstances of code that runs when something failed: what it reads is a second choice."""
        retry = body.attempt != outer.attempt and _catches(handler, _IMPORT_ERRORS)
        imports = retry and any(isinstance(statement, ast.Import | ast.ImportFrom) for statement in tried)
        fallback = body.guard if body.guard == "except KeyError" else ""
        guard = outer.guard or ("except ImportError" if imports else fallback)
        attempt = body.attempt if retry else outer.attempt
        return replace(outer, opaque=True, guard=guard, attempt=attempt, fallback=retry or outer.fallback)

    def match(self, node: ast.Match) -> None:
        """Each case is a branch of which nothing is known."""
        self.expression(node.subject)
        for case in node.cases:
            for part in ast.walk(case.pattern):
                name = getattr(part, "name", None) or getattr(part, "rest", None)
                if isinstance(name, str):
                    self.bind(name)
            self.expression(case.guard)
            self.within(self.narrowed(OPAQUE, True), case.body)

    def raise_(self, node: ast.Raise) -> None:
        """The program gives up here."""
        self.expressions((node.exc, node.cause))
        if self.branch.tests and self.roots:
            self.facts.failure(self.run, self.branch)

    def assert_(self, node: ast.Assert) -> None:
        """An assertion is an if with a raise."""
        value = self.test(node.test)
        self.expression(node.msg)
        if value is not OPAQUE:
            if self.roots:
                self.facts.failure(self.run, self.narrowed(value, False))
            self.branch = self.narrowed(value, True, exit="raise")

    def statement(self, node: ast.Expr) -> None:
        """A bare call; sys.exit() gives up."""
        self.expression(node.value)
        if self.branch.tests and self.roots and gives_up([node]):
            self.facts.failure(self.run, self.branch)

    def return_(self, node: ast.Return) -> None:
        """What is returned may be called by whoever called."""
        self.expression(node.value)

    def global_(self, node: ast.Global) -> None:
        """A function may be the only place that gives a module-level name its value."""
        self.module.bound.update(node.names)

    def alias(self, node: Any) -> None:
        """`type Name = …` binds a name; its value is for type checkers."""
        self.bind(node.name.id)

    def template(self, node: Any) -> None:
        """The parts of a t-string."""
        self.expressions(node.values)

    def interpolation(self, node: Any) -> None:
        """One part of a t-string."""
        self.expression(node.value)

    def delete(self, node: ast.Delete) -> None:
        """`del os.environ["X"]` fails when it is not set."""
        self.expressions(node.targets)


def exits(statements: Sequence[ast.stmt]) -> bool:
    """Whether control never passes the end of these statements."""
    return bool(statements) and (isinstance(statements[-1], _EXITS) or gives_up(statements))


def gives_up(statements: Sequence[ast.stmt]) -> bool:
    """Whether these statements end in an exception or in sys.exit()."""
    if not statements:
        return False
    last = statements[-1]
    if isinstance(last, ast.Raise):
        return True
    call = last.value if isinstance(last, ast.Expr) else None
    return isinstance(call, ast.Call) and chain_of(call.func) in (
        ("sys", "exit"),
        ("exit",),
        ("quit",),
        ("os", "_exit"),
    )


def _exit(statements: Sequence[ast.stmt]) -> str:
    return "raise" if gives_up(statements) else "return"


def _catches(handler: ast.ExceptHandler, names: frozenset[str]) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any((chain_of(kind)[-1:] or ("?",))[0] in names if kind is not None else "" in names for kind in kinds)


def _caught_by(handlers: Sequence[ast.ExceptHandler]) -> str:
    """Which handler keeps the KeyError of an unset variable to itself, if any."""
    for handler in handlers:
        if _catches(handler, _KEY_ERRORS):
            return "" if gives_up(handler.body) else "except KeyError"
        if _catches(handler, _ANY_ERRORS):
            return "" if gives_up(handler.body) else "except Exception"
    return ""


def _dead_test(test: ast.expr) -> tuple[str, bool]:
    """Why a test never holds in Lambda, and whether it is the opposite that never holds."""
    inverted = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
    inner = test.operand if isinstance(test, ast.UnaryOp) and inverted else test
    if isinstance(inner, ast.Name | ast.Attribute) and chain_of(inner)[-1:] == ("TYPE_CHECKING",):
        return "TYPE_CHECKING", inverted
    if isinstance(inner, ast.Compare) and chain_of(inner.left) == ("__name__",) and len(inner.ops) == 1:
        other = inner.comparators[0]
        if isinstance(other, ast.Constant) and other.value == "__main__":
            return "__main__", inverted != isinstance(inner.ops[0], ast.NotEq)
    return "", False


VISITORS: Visitors = {
    **EXPRESSION_VISITORS,
    ast.AnnAssign: Walk.assignment,
    ast.Assert: Walk.assert_,
    ast.Assign: Walk.assignment,
    ast.AsyncFor: Walk.for_,
    ast.AsyncFunctionDef: Walk.function,
    ast.AsyncWith: Walk.with_,
    ast.AugAssign: Walk.assignment,
    ast.ClassDef: Walk.class_,
    ast.Delete: Walk.delete,
    ast.Expr: Walk.statement,
    ast.For: Walk.for_,
    ast.FunctionDef: Walk.function,
    ast.Global: Walk.global_,
    ast.If: Walk.if_,
    ast.Import: Walk.import_,
    ast.ImportFrom: Walk.import_from,
    ast.Match: Walk.match,
    ast.NamedExpr: Walk.named,
    ast.Raise: Walk.raise_,
    ast.Return: Walk.return_,
    ast.Try: Walk.try_,
    ast.TryStar: Walk.try_,
    ast.While: Walk.while_,
    ast.With: Walk.with_,
}
for _kind, _visit in (("TypeAlias", Walk.alias), ("TemplateStr", Walk.template), ("Interpolation", Walk.interpolation)):
    if hasattr(ast, _kind):  # newer than the oldest interpreter that runs this
        VISITORS[getattr(ast, _kind)] = _visit
Walk.visitors = VISITORS
