"""What an expression mentions, and under which circumstances."""

from __future__ import annotations

import ast
from typing import Any

from s3ap_lint.python.environment_use import EnvironmentUse
from s3ap_lint.python.paths import added_folder, folder_of
from s3ap_lint.python.scope import OWN_MODULE, Call, Chain, Import, PathChange, Scope, location_of
from s3ap_lint.python.state import Visitors, chain_of, path_of
from s3ap_lint.python.valuation import items_of, lookup, value_of
from s3ap_lint.python.value import OPAQUE, Const, Environment, Value

_ATTENTION = frozenset({"append", "insert", "import_module", "__import__", "load_dotenv"})
"""Calls that do more than they mention."""

_PLAIN = frozenset({ast.Attribute, ast.List, ast.Tuple, ast.JoinedStr})


class Expressions(EnvironmentUse):
    """The part of a walk that goes through expressions."""

    def name(self, node: ast.Name) -> None:
        """A name that is read or bound."""
        if node.ctx.__class__ is not ast.Load:
            self.bind(node.id)
            return
        if node.id in self.roots and self.environment(node):
            return
        self.keep.uses.setdefault(((node.id,), self.branch), node)

    def attribute(self, node: ast.Attribute) -> None:
        """A dotted name, or attributes of something that has no name."""
        if node.ctx.__class__ is not ast.Load:
            self.expression(node.value)
            return
        chain = chain_of(node)
        if not chain:
            self.keep.uses.setdefault((path_of(node), self.branch), node)
            base: ast.expr = node
            while isinstance(base, ast.Attribute):
                base = base.value
            self.expression(base)
        elif chain[0] not in self.roots or not self.environment(node):
            self.keep.uses.setdefault((chain, self.branch), node)

    def call(self, node: ast.Call) -> None:
        """A call: what is called runs now, the arguments are mentioned."""
        chain = chain_of(node.func)
        if not chain:
            self.expression(node.func)
            chain = path_of(node.func)
            if chain[0] in self.callables:
                self.note_call(node, chain)
        else:
            if chain[0] in self.roots and self.environment_call(node):
                return
            self.run.uses.setdefault((chain, self.branch), node.func)
            if chain[0] in self.callables:
                self.note_call(node, chain)
            if len(chain) == 1 and not node.args and not node.keywords:
                self.settings_made(node)
            if chain[-1] in _ATTENTION:
                self.attend(node, chain[-1])
            if chain == ("getattr",) and len(node.args) > 1:
                self.looked_up(chain_of(node.args[0]), node.args[1], node)
        if node.args:
            self.expressions(node.args)
        for keyword in node.keywords:
            self.expression(keyword.value)

    def looked_up(self, chain: Chain, name: ast.expr, place: ast.expr) -> None:
        """`getattr(self, f"handle_{action}")` may mean whatever begins like that."""
        if not chain:
            return
        if isinstance(name, ast.JoinedStr) and name.values:
            name = name.values[0]
        elif isinstance(name, ast.BinOp):
            name = name.left
        elif isinstance(name, ast.Constant):
            self.keep.uses.setdefault(((*chain, str(name.value)), self.branch), place)
            return
        beginning = str(name.value) if isinstance(name, ast.Constant) else ""
        self.keep.uses.setdefault(((*chain, f"{beginning}*"), self.narrowed(OPAQUE, True)), place)

    def note_call(self, node: ast.Call, chain: Chain) -> None:
        """A call of something that may be the project's own, with the worth of its arguments."""
        if not node.args and not node.keywords:
            return
        starred = any(isinstance(arg, ast.Starred) for arg in node.args) or any(k.arg is None for k in node.keywords)
        plain = [arg for arg in node.args if not isinstance(arg, ast.Starred)]
        self.run.calls.append(
            Call(
                chain,
                node,
                self.branch,
                tuple(map(self.argument, plain)),
                tuple((k.arg, self.argument(k.value)) for k in node.keywords if k.arg),
                not starred,
            )
        )

    def argument(self, node: ast.expr) -> Value:
        """What an argument is worth, as far as it may be the name of a variable."""
        if isinstance(node, ast.Constant):
            return Const(node.value)
        if isinstance(node, ast.Name):
            return lookup(node.id, self.local)
        return value_of(node, self.local) if node.__class__ in _PLAIN else OPAQUE

    def attend(self, node: ast.Call, name: str) -> None:
        """Imports by a function, folders added to sys.path, an environment loaded from a file."""
        if name == "load_dotenv":
            self.facts.write(node, OPAQUE, self.run)
        elif name in ("append", "insert"):
            added = added_folder(node)
            if added is not None:
                folder = folder_of(added)
                at = location_of(self.source, node)
                change = PathChange(folder.path, folder.beside, at) if folder else PathChange(None, False, at)
                self.path_changes.append(change)
        elif node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
            module = node.args[0].value
            level = len(module) - len(module.lstrip("."))
            self.imported(node, module[level:], level, "", "")

    def imported(self, node: ast.AST, module: str, level: int, name: str, bound: str) -> None:
        """One imported name."""
        run = self.run
        run.imports.append(Import(module, level, name, bound, run.function, node, self.source, self.branch))

    def subscript(self, node: ast.Subscript) -> None:
        """`os.environ["X"]`, or anything else in brackets."""
        if self.roots and chain_of(node.value)[:1] and chain_of(node.value)[0] in self.roots:
            base = value_of(node.value, self.local)
            if isinstance(base, Environment):
                self.environment_item(node, base)
                return
        if isinstance(node.value, ast.Call) and chain_of(node.value.func) == ("globals",):
            self.looked_up((OWN_MODULE,), node.slice, node)
        self.expression(node.value)
        self.expression(node.slice)

    def lambda_(self, node: ast.Lambda) -> None:
        """A lambda runs when what holds it is used."""
        scope = self.new_scope("lambda", "<lambda>", node, self.local, anonymous=True)
        self.parameters(scope, node.args)
        self.keep.lambdas.append((scope, self.branch))
        self.queue.append((scope, node.body))

    def bool_op(self, node: ast.BoolOp) -> None:
        """Each operand is looked at when those before it let it be."""
        before = self.branch
        for operand in node.values:
            self.branch = self.narrowed(self.test(operand), isinstance(node.op, ast.And))
        self.branch = before

    def if_exp(self, node: ast.IfExp) -> None:
        """One of two expressions."""
        value = self.test(node.test)
        self.under(self.narrowed(value, True), node.body)
        self.under(self.narrowed(value, False), node.orelse)

    def compare(self, node: ast.Compare) -> None:
        """`"X" in os.environ`, or any comparison."""
        self.expression(node.left)
        if not self.roots:
            self.expressions(node.comparators)
            return
        for operator, right in zip(node.ops, node.comparators, strict=True):
            chain = chain_of(right)
            if chain and chain[0] in self.roots and isinstance(operator, ast.In | ast.NotIn):
                base = value_of(right, self.local)
                if isinstance(base, Environment):
                    key = value_of(node.left, self.local, in_loop=self.loops > 0)
                    self.facts.read(node, key, self.run, self.environment_branch(base), form="in")
                    continue
            self.expression(right)

    def bin_op(self, node: ast.BinOp) -> None:
        """Long sums are walked without going deeper for each term."""
        left: ast.expr = node
        while isinstance(left, ast.BinOp):
            self.expression(left.right)
            left = left.left
        self.expression(left)

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        """A loop in brackets: its variables end with it."""
        before, values = self.branch, self.local.values
        hidden: dict[str, Value | None] = {}
        self.loops += 1
        for loop in node.generators:
            self.expression(loop.iter)
            for part in ast.walk(loop.target):
                if isinstance(part, ast.Name):
                    hidden.setdefault(part.id, values.get(part.id))
                    values[part.id] = OPAQUE
                    if self.local.kind != "module":
                        self.local.bound.add(part.id)
            values.update(self.loop_items(loop.iter, loop.target))
            for test in loop.ifs:
                self.branch = self.narrowed(self.test(test), True)
        if isinstance(node, ast.DictComp):
            self.expression(node.key)
            self.expression(node.value)
        else:
            self.expression(node.elt)
        self.loops -= 1
        self.branch = before
        for name, value in hidden.items():
            if value is None:
                del values[name]
            else:
                values[name] = value

    def loop_items(self, over: ast.expr, target: ast.expr) -> list[tuple[str, Value]]:
        """What the variables of a loop stand for."""
        if isinstance(over, ast.Call) and isinstance(over.func, ast.Attribute) and over.func.attr == "items":
            return items_of(value_of(over.func.value, self.local), target, pairs=True)
        return items_of(value_of(over, self.local), target)

    def parameters(self, scope: Scope, args: ast.arguments) -> None:
        """The parameters of a function, which definitions know about."""
        raise NotImplementedError


def _value(walk: Expressions, node: Any) -> None:
    walk.expression(node.value)


def _elements(walk: Expressions, node: Any) -> None:
    walk.expressions(node.elts)


def _dict(walk: Expressions, node: ast.Dict) -> None:
    walk.expressions(node.keys)
    walk.expressions(node.values)


def _slice(walk: Expressions, node: ast.Slice) -> None:
    walk.expressions((node.lower, node.upper, node.step))


def _operand(walk: Expressions, node: ast.UnaryOp) -> None:
    walk.expression(node.operand)


def _parts(walk: Expressions, node: ast.JoinedStr) -> None:
    walk.expressions(node.values)


EXPRESSION_VISITORS: Visitors = {
    ast.Attribute: Expressions.attribute,
    ast.Await: _value,
    ast.BinOp: Expressions.bin_op,
    ast.BoolOp: Expressions.bool_op,
    ast.Call: Expressions.call,
    ast.Compare: Expressions.compare,
    ast.Dict: _dict,
    ast.DictComp: Expressions.comprehension,
    ast.FormattedValue: _value,
    ast.GeneratorExp: Expressions.comprehension,
    ast.IfExp: Expressions.if_exp,
    ast.JoinedStr: _parts,
    ast.Lambda: Expressions.lambda_,
    ast.List: _elements,
    ast.ListComp: Expressions.comprehension,
    ast.Name: Expressions.name,
    ast.Set: _elements,
    ast.SetComp: Expressions.comprehension,
    ast.Slice: _slice,
    ast.Starred: _value,
    ast.Subscript: Expressions.subscript,
    ast.Tuple: _elements,
    ast.UnaryOp: _operand,
    ast.Yield: _value,
    ast.YieldFrom: _value,
}
