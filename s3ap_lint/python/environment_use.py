"""What a module does with os.environ and os.getenv, under any name it gives them."""

from __future__ import annotations

import ast
from dataclasses import replace

from s3ap_lint.python.scope import Branch
from s3ap_lint.python.settings_class import required_fields
from s3ap_lint.python.state import State
from s3ap_lint.python.valuation import ENVIRONMENT, GETENV, OS, value_of
from s3ap_lint.python.value import OPAQUE, Const, Environment, Items, Value


class EnvironmentUse(State):
    """The part of a walk that meets the environment."""

    def environment_branch(self, base: Environment) -> Branch:
        """The circumstances of a read of what is, or may be, os.environ."""
        return self.branch if base.sure or self.branch.opaque else replace(self.branch, opaque=True)

    def environment(self, node: ast.expr) -> bool:
        """Whether a bare expression is about os: os.environ by itself is passed on whole."""
        value = value_of(node, self.local)
        if isinstance(value, Environment) or value is GETENV:
            self.facts.escape(node)
            return True
        if value is OS:
            return True
        if not isinstance(node, ast.Attribute):
            return False
        base = value_of(node.value, self.local)
        if isinstance(base, Environment):
            self.facts.escape(node)
            return True
        return value_of(_root(node), self.local) is OS

    def environment_item(self, node: ast.Subscript, base: Environment) -> None:
        """An item of os.environ is read, set or deleted."""
        key = value_of(node.slice, self.local, in_loop=False)
        if isinstance(node.ctx, ast.Store):
            self.facts.write(node, key, self.run)
        else:
            form = "subscript" if isinstance(node.ctx, ast.Load) else "del"
            self.facts.read(node, key, self.run, self.environment_branch(base), form=form, required=True)
        self.expression(node.slice)

    def environment_call(self, node: ast.Call) -> bool:
        """Whether a call is one of os.environ or os.getenv; then it is dealt with."""
        func = node.func
        base: Value = OPAQUE
        if isinstance(func, ast.Attribute):
            base = value_of(func.value, self.local)
        if value_of(func, self.local) is GETENV:
            self.environment_get(node, "get", ENVIRONMENT)
        elif isinstance(base, Environment) and isinstance(func, ast.Attribute):
            self.environment_method(node, func.attr, base)
            return True
        elif base is OS and isinstance(func, ast.Attribute) and func.attr == "putenv" and node.args:
            self.facts.write(node, value_of(node.args[0], self.local), self.run)
        elif value_of(_root(func), self.local) is not OS:
            return False
        self.expressions(node.args)
        self.expressions(keyword.value for keyword in node.keywords)
        return True

    def environment_method(self, node: ast.Call, name: str, base: Environment) -> None:
        """`os.environ.<name>(…)`."""
        if name == "update":
            self.environment_update(node.args, node.keywords, node)
            return
        if name in ("get", "pop", "setdefault", "__getitem__", "__contains__"):
            self.environment_get(node, {"__getitem__": "subscript", "__contains__": "in"}.get(name, name), base)
            if name == "setdefault" and node.args:
                self.facts.write(node, value_of(node.args[0], self.local), self.run)
        else:
            self.facts.escape(node)
        self.expressions(node.args)
        self.expressions(keyword.value for keyword in node.keywords)

    def settings_made(self, node: ast.Call) -> None:
        """An instance of a class of pydantic-settings takes its fields from the environment."""
        for name in required_fields(node, self.local):
            self.facts.read(node, Const(name), self.run, self.branch, form="settings", required=True)

    def environment_get(self, node: ast.Call, form: str, base: Environment) -> None:
        """A read by a call with or without a default."""
        named = {keyword.arg: keyword.value for keyword in node.keywords}
        key = node.args[0] if node.args else named.get("key")
        default = node.args[1] if len(node.args) > 1 else named.get("default")
        self.facts.read(
            node,
            OPAQUE if key is None else value_of(key, self.local, in_loop=False),
            self.run,
            self.environment_branch(base),
            form=form,
            required=form == "subscript" or (form == "pop" and default is None),
            default=None if default is None else value_of(default, self.local),
        )

    def environment_update(self, args: list[ast.expr], keywords: list[ast.keyword], node: ast.AST) -> None:
        """`os.environ.update({…}, X="…")`."""
        for arg in args:
            if isinstance(arg, ast.Dict):
                for key in arg.keys:
                    self.facts.write(node, OPAQUE if key is None else value_of(key, self.local), self.run)
                self.expressions(arg.values)
                continue
            value = value_of(arg, self.local)
            names = value.value if isinstance(value, Items) and isinstance(value.value, dict) else None
            for name in names or [None]:
                self.facts.write(node, OPAQUE if name is None else Const(name), self.run)
            self.expression(arg)
        for keyword in keywords:
            self.facts.write(node, OPAQUE if keyword.arg is None else Const(keyword.arg), self.run)
            self.expression(keyword.value)


def _root(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node
