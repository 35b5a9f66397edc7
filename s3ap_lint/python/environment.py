"""Where a module reads, writes or hands on its environment."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from s3ap_lint.model import Location, Span
from s3ap_lint.python.scope import Branch, EnvRead, EnvWrite, Scope, location_of
from s3ap_lint.python.value import Choice, Const, Foreign, Given, Parameter, Value, with_text, without
from s3ap_lint.source import Source

ANY = ""
"""The name of a write that may set any variable."""

_RUNTIME = frozenset(
    {"_HANDLER", "_X_AMZN_TRACE_ID", "LANG", "PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "TZ", "HOME", "PWD"}
)
_RUNTIME_PREFIXES = ("AWS_", "LAMBDA_")


def set_by_lambda(name: str) -> bool:
    """Whether the Lambda runtime sets a variable by itself."""
    return name in _RUNTIME or name.startswith(_RUNTIME_PREFIXES)


class EnvironmentFacts:
    """The environment reads and writes of one module, gathered while it is walked."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.escapes: list[Location] = []
        self._checked: set[tuple[str, Location]] = set()

    def escape(self, node: ast.AST) -> None:
        """os.environ is passed on whole here."""
        self.escapes.append(location_of(self.source, node))

    def read(
        self,
        node: ast.expr,
        key: Value,
        scope: Scope,
        branch: Branch,
        *,
        form: str,
        required: bool = False,
        default: Value | None = None,
    ) -> None:
        """A variable is read: once for each name that the key may be."""
        text = default.value if isinstance(default, Const) and isinstance(default.value, str) else None
        at = location_of(self.source, node)
        for one in _each(key):
            scope.reads.append(
                EnvRead(
                    name=one.value if isinstance(one, Const) else "",
                    at=at,
                    required=required,
                    scope=scope.function,
                    form=form,
                    guard=self._guard(one, key, scope, branch),
                    conditional=branch.conditional,
                    default=text,
                    parameter=one.name if isinstance(one, Parameter) else "",
                    foreign=one.chain if isinstance(one, Foreign) else (),
                    branch=branch,
                )
            )

    def write(self, node: ast.AST, key: Value, scope: Scope) -> None:
        """A variable is set: certainly, or, where the key cannot be told, perhaps."""
        at = location_of(self.source, node)
        for one in _each(key):
            name = one.value if isinstance(one, Const) else ANY
            scope.writes.append(EnvWrite(name, at, scope.function))

    def failure(self, scope: Scope, branch: Branch) -> None:
        """The program gives up here: a variable whose absence leads here is required."""
        for key, node in branch.watched:
            missing = without(key)
            if branch.rules_out(missing) or not _leads_on(branch, missing, with_text(key)):
                continue
            remaining = tuple(test for test in branch.tests if test.holds(missing) is None)
            where = replace(branch, tests=remaining, guard=branch.guard or ("caught" if branch.shielded else ""))
            for one in _each(key):
                if isinstance(one, Const | Parameter):
                    self._check(node, one, scope, where)

    def _check(self, node: ast.expr, key: Const | Parameter, scope: Scope, branch: Branch) -> None:
        at = location_of(self.source, node)
        told = (key.name if isinstance(key, Parameter) else key.value, at)
        if told not in self._checked:
            self._checked.add(told)
            self.read(node, key, scope, branch, form="checked", required=True)

    def _guard(self, one: Value, key: Value, scope: Scope, branch: Branch) -> str:
        if branch.guard:
            return branch.guard
        if branch.needs(one) or (one is not key and branch.needs(key)):
            return "tested"
        if isinstance(one, Const) and any(write.name in (one.value, ANY) for write in _earlier_writes(scope)):
            return "assigned"
        return ""


def _leads_on(branch: Branch, missing: Given, present: Given) -> bool:
    """Whether it is the missing variable that lets the program pass the innermost test."""
    for test in reversed(branch.tests[branch.since :]):
        if test.exit and test.holds(present) is not False:
            continue  # an exit that would not have been taken for the variable alone
        return test.holds(missing) is True
    return False


def _each(key: Value) -> Iterator[Value]:
    if isinstance(key, Const):
        yield key if isinstance(key.value, str) else Value()
    elif isinstance(key, Choice):
        yield from (Const(option) for option in key.options if isinstance(option, str))
    else:
        yield key


def _earlier_writes(scope: Scope) -> Iterator[EnvWrite]:
    at: Scope | None = scope
    while at is not None:
        yield from at.writes
        at = at.parent


def merged(reads: list[EnvRead]) -> list[EnvRead]:
    """The reads in order of appearance; one that is checked replaces the bare look at the same place."""
    checked = {(read.at, read.name, read.parameter, read.scope) for read in reads if read.form == "checked"}
    kept = [r for r in reads if r.form == "checked" or (r.at, r.name, r.parameter, r.scope) not in checked]
    return sorted(kept, key=lambda read: (read.at.span or Span(0, 0), read.name))
