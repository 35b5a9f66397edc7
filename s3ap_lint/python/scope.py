"""The pieces of a module that run together, and what each of them mentions.

A scope is filled by one walk and only read afterwards. A `Branch` says under which
circumstances a part of a scope runs.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from s3ap_lint.model import Location, Span
from s3ap_lint.python.value import Given, Value, depends, keys, ordinary, truth, without
from s3ap_lint.source import Source


def location_of(source: Source, node: ast.AST, note: str = "") -> Location:
    """The place of a node in its source."""
    line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
    end_line, end_column = getattr(node, "end_lineno", line), getattr(node, "end_col_offset", column)
    start = source.offset_at(line, column)
    return Location(source.path, Span(start, max(start, source.offset_at(end_line, end_column))), (), note)


Chain = tuple[str, ...]
"""A dotted name.

Its first part is "" where the attributes are taken from something without a name; a part that ends in "*"
stands for every name that begins like it.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Test:
    """A value that must count as true (or false) for the code behind it to run.

    A test with an `exit` stands in front of a "return" (or continue, break) or a "raise": what follows it is
    the ordinary course, unless the environment may have been left to choose the return.
    """

    value: Value
    truth: bool
    exit: str = ""

    def holds(self, given: Given) -> bool | None:
        """Whether the code behind runs, as far as this test goes; None when that cannot be told."""
        answer = truth(self.value, given)
        return None if answer is None else answer is self.truth

    def undecided(self, given: Given) -> bool:
        """Whether it takes something else than what is given for the code behind to run."""
        if self.exit == "raise" or self.holds(given) is not None:
            return False
        if not self.exit:
            return True
        # behind `if not TABLE: return` a variable that is set counts as not empty
        value, filled = ordinary(self.value, self.truth), replace(given, filled=True)
        return depends(value) and truth(value, filled) is not self.truth


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """Circumstances: the tests on the way, and why a failure may be harmless there.

    `opaque` means that a test was passed of which nothing is known, the last one behind `since` of the
    others. `guard` names why a variable
    may be absent ("except KeyError", "__main__" …), `shielded` code lies in a try statement that keeps
    some exception to itself. Imports of one `attempt` are alternatives: a `fallback` is made when
    another fails.
    """

    tests: tuple[Test, ...] = ()
    opaque: bool = False
    since: int = 0
    guard: str = ""
    shielded: bool = False
    attempt: int = 0
    fallback: bool = False

    def rules_out(self, given: Given) -> bool:
        """Whether what is given keeps this branch from running."""
        return any(test.holds(given) is False for test in self.tests)

    def undecided(self, given: Given) -> bool:
        """Whether it takes something else than what is given for this branch to run."""
        return self.opaque or any(test.undecided(given) for test in self.tests)

    @property
    def conditional(self) -> bool:
        """Whether this is a branch at all."""
        return self.opaque or any(not test.exit for test in self.tests)

    def needs(self, key: Value) -> bool:
        """Whether this branch runs only when an environment variable is set."""
        return bool(self.tests) and self.rules_out(without(key))

    @property
    def watched(self) -> Iterator[tuple[Value, ast.expr]]:
        """The environment variables that the tests look at, and where."""
        for test in self.tests:
            for seen in keys(test.value):
                yield seen.key, seen.node


CALLED = "()"
"""The part of a dotted name that stands for the result of a call."""

OWN_MODULE = "globals()"
"""The first part of a dotted name that is looked up in the module's globals()."""

EVERYWHERE = Branch()
"""No circumstances: this runs when its scope runs."""


@dataclass(frozen=True, slots=True)
class EnvRead:
    """One environment variable read in one place.

    `name` is "" where it cannot be told; then it may be the argument of the function's
    `parameter`, or what the dotted name `foreign` means in another module. `required` reads fail
    when the variable is not set; `guard` says why that may be harmless: "tested", "assigned",
    "except KeyError", "except Exception", "except ImportError", "caught", "__main__" or
    "TYPE_CHECKING". `conditional` reads lie in a branch; `branch` knows its tests. `form` is
    subscript, get, pop, setdefault, del, in, checked (an exception is raised when it is not set) or settings (a
    field of pydantic-settings, whose name counts in any case).
    `scope` is the qualified name of the innermost function, "" at module level.
    """

    name: str
    at: Location
    required: bool
    scope: str
    form: str
    guard: str = ""
    conditional: bool = False
    default: str | None = None
    parameter: str = ""
    foreign: Chain = ()
    branch: Branch = field(default=EVERYWHERE, compare=False, repr=False)

    @property
    def certain(self) -> bool:
        """Whether the name is known and nothing on the way says that it may be absent."""
        return bool(self.name) and not self.guard


@dataclass(frozen=True, slots=True)
class EnvWrite:
    """An environment variable that the program sets itself; an empty name may be any."""

    name: str
    at: Location
    scope: str


@dataclass(frozen=True, slots=True)
class Import:
    """One name that one import statement binds.

    `module` is as written, without the dots that `level` counts; `name` is what is taken from it
    ("" for `import a.b`, "*" for everything); `bound` is the local name; `scope` the function that makes the
    import, "" at module level.
    """

    module: str
    level: int
    name: str
    bound: str
    scope: str
    node: ast.AST = field(compare=False, repr=False)
    source: Source = field(compare=False, repr=False)
    branch: Branch = field(compare=False, repr=False)

    @property
    def at(self) -> Location:
        """The place of the name in the import statement."""
        return location_of(self.source, self.node)

    @property
    def lazy(self) -> bool:
        """Whether it is made when a function runs."""
        return bool(self.scope)

    @property
    def optional(self) -> bool:
        """Whether the program goes on when it fails."""
        return self.branch.attempt > 0

    @property
    def guard(self) -> str:
        """Under which circumstances it is not made: see `Branch`."""
        return self.branch.guard

    @property
    def top(self) -> str:
        """The first part of an absolute name, "" for a relative one."""
        return "" if self.level else self.module.partition(".")[0]

    @property
    def dead(self) -> bool:
        """Whether Lambda never makes this import."""
        return self.guard in DEAD

    @property
    def typing(self) -> bool:
        """Whether it stands under TYPE_CHECKING."""
        return self.guard == "TYPE_CHECKING"


DEAD = frozenset({"__main__", "TYPE_CHECKING"})


@dataclass(frozen=True, slots=True)
class PathChange:
    """A folder that the module adds to sys.path: "" when it cannot be read.

    Relative to the module's own folder when `beside` is true, else to the root of the package.
    """

    folder: str | None
    beside: bool
    at: Location


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A call of a dotted name, with what its arguments are worth; not `complete` with `*args` or `**kwargs`."""

    chain: Chain
    node: ast.Call
    branch: Branch
    positional: tuple[Value, ...]
    keywords: tuple[tuple[str, Value], ...]
    complete: bool


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """What a name was bound to: a dotted name, as the scope understands it, or the result of calling it."""

    chain: Chain
    called: bool
    scope: Scope


@dataclass(slots=True, eq=False)
class Scope:
    """A module, class, function, lambda, the value of a module-level name, or dead code.

    `uses` maps (dotted name, branch) to its first place; `bound` are the names local to it;
    `bindings` tell what a name was bound to, with None for anything but a dotted name or its call.
    `registered` are functions handed to an object by a decorator such as `@app.get("/")`.
    """

    kind: str
    name: str
    qualname: str
    node: ast.AST
    parent: Scope | None = None
    parameters: tuple[str, ...] = ()
    star: str = ""
    static: bool = False
    defaults: dict[str, Value] = field(default_factory=dict)
    bound: set[str] = field(default_factory=set)
    children: dict[str, list[Scope]] = field(default_factory=dict)
    lambdas: list[tuple[Scope, Branch]] = field(default_factory=list)
    registered: list[tuple[Chain, Scope]] = field(default_factory=list)
    bases: list[Chain] = field(default_factory=list)
    uses: dict[tuple[Chain, Branch], ast.expr] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    bindings: dict[str, list[Binding | None]] = field(default_factory=dict)
    memo: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)
    values: dict[str, Value] = field(default_factory=dict)
    reads: list[EnvRead] = field(default_factory=list)
    writes: list[EnvWrite] = field(default_factory=list)

    @property
    def owner(self) -> Scope | None:
        """The class whose method this is."""
        return self.parent if self.parent is not None and self.parent.kind == "class" else None

    @property
    def function(self) -> str:
        """The qualified name of the innermost function, "" outside of any."""
        scope: Scope | None = self
        while scope is not None and scope.kind not in ("function", "lambda"):
            scope = scope.parent
        return "" if scope is None else scope.qualname
