"""What a module needs a later version of Python for: its syntax, and what it asks of the standard library."""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from s3ap_lint.model import Location, Span
from s3ap_lint.python.memo import remembered
from s3ap_lint.python.module import Module
from s3ap_lint.python.needed import circumstances, needed, relied_on
from s3ap_lint.python.newer import Version, accepted_since
from s3ap_lint.python.reach import Reach
from s3ap_lint.python.scope import Scope, location_of
from s3ap_lint.source import Source

_HERE: Version = sys.version_info[:2]


@dataclass(frozen=True, slots=True)
class Newer:
    """Something that versions of Python before `since` do not have. `syntax` keeps the whole module from running."""

    what: str
    since: Version
    at: Location
    syntax: bool = False
    on_import: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Library:
    """The standard library by version: when modules came, and the names in them that came later."""

    modules: Mapping[str, Version]
    names: Mapping[str, Mapping[str, Version]]


# -- syntax


@dataclass(frozen=True, slots=True)
class _Form:
    """A form of syntax: its first version, what to look for in the text, and which nodes of some kinds are one."""

    what: str
    since: Version
    text: re.Pattern[bytes]
    kinds: tuple[str, ...]
    found: Callable[[ast.AST, Source], bool] = lambda node, source: True


def _generic(node: ast.AST, source: Source) -> bool:
    return bool(getattr(node, "type_params", None))


def _bare_exceptions(node: ast.AST, source: Source) -> bool:
    if not isinstance(node, ast.ExceptHandler) or not isinstance(node.type, ast.Tuple):
        return False
    start = source.offset_at(node.type.lineno, node.type.col_offset)
    return source.data[start : start + 1] != b"("


def _union(node: ast.AST, source: Source) -> bool:
    """`str | None` in an annotation; the caller knows whether it is evaluated."""
    kinds = (node.annotation,) if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation else ()
    returned = (node.returns,) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns else ()
    return any(_is_union(kind) for kind in (*kinds, *returned))


def _is_union(node: ast.expr) -> bool:
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.BitOr):
        return False
    return all(
        (isinstance(side, ast.Constant) and side.value is None)
        or (isinstance(side, ast.Name) and side.id in _TYPES)
        or (isinstance(side, ast.Subscript) and isinstance(side.value, ast.Name) and side.value.id in _TYPES)
        or _is_union(side)
        for side in (node.left, node.right)
    )


_TYPES = frozenset({"bool", "bytes", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple", "type"})
_FUTURE = re.compile(rb"^from\s+__future__\s+import\b[^\n]*\bannotations\b", re.MULTILINE)
_HANDLER = ("ExceptHandler",)
_DEFINITIONS = ("FunctionDef", "AsyncFunctionDef", "ClassDef", "TypeAlias")
_FORMS = (
    _Form("the operator `:=`", (3, 8), re.compile(rb":="), ("NamedExpr",)),
    _Form("a match statement", (3, 10), re.compile(rb"^[ \t]*match\b", re.MULTILINE), ("Match",)),
    _Form("`except*`", (3, 11), re.compile(rb"except[ \t]*\*"), ("TryStar",)),
    _Form("a type statement", (3, 12), re.compile(rb"^[ \t]*type\s", re.MULTILINE), ("TypeAlias",)),
    _Form("a type parameter", (3, 12), re.compile(rb"\b(def|class)\s+\w+\s*\["), _DEFINITIONS, _generic),
    _Form(
        "`except` without parentheses",
        (3, 14),
        re.compile(rb"except\*?\s+[\w.]+\s*,"),
        ("ExceptHandler",),
        _bare_exceptions,
    ),
    _Form("a template string", (3, 14), re.compile(rb"\b([tT][rR]?|[rR][tT])[\"']"), ("TemplateStr",)),
)
_ANNOTATED = ("arg", "AnnAssign", "FunctionDef", "AsyncFunctionDef")
_UNIONS = _Form("`|` between types", (3, 10), re.compile(rb"(->|:)[^#\n]*\|"), _ANNOTATED, _union)


def newer_syntax(module: Module, python: Version) -> tuple[Newer, ...]:
    """The forms of syntax in a module that a version of Python does not have, each in its first place."""
    if module.error is not None or module.tree is None:
        return _refused(module, python)
    if python >= max(form.since for form in _FORMS):
        return ()
    return tuple(newer for newer in _syntax(module) if python < newer.since)


@remembered
def _syntax(module: Module) -> tuple[Newer, ...]:
    return tuple(_forms(module))


def _forms(module: Module) -> Iterator[Newer]:
    data = module.source.data
    evaluated = () if _FUTURE.search(data) else (_UNIONS,)
    wanted = [form for form in (*_FORMS, *evaluated) if form.text.search(data)]
    of_kind: dict[str, list[_Form]] = {}
    for form in wanted:
        for kind in form.kinds:
            of_kind.setdefault(kind, []).append(form)
    first: dict[str, tuple[_Form, ast.AST]] = {}
    for node in module.nodes if wanted else ():
        for form in of_kind.get(node.__class__.__name__, ()):
            if form.found(node, module.source):
                known = first.get(form.what)
                if known is None or _place(node) < _place(known[1]):
                    first[form.what] = form, node
    for form, node in first.values():
        at = _line(module.source, _place(node)[0])
        yield Newer(form.what, form.since, at, syntax=form is not _UNIONS)
    yield from _nested_quotes(module)


def _place(node: ast.AST) -> tuple[int, int]:
    found = getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
    if found == (0, 0) and isinstance(node, ast.match_case):
        return node.pattern.lineno, node.pattern.col_offset
    return found


def _line(source: Source, line: int) -> Location:
    """A line without what surrounds it."""
    start, text = source.line_start(line), source.line_text(line)
    indent = len(text) - len(text.lstrip())
    return Location(source.path, Span(start + indent, start + len(text.rstrip().encode())))


def _nested_quotes(module: Module) -> Iterator[Newer]:
    """An f-string that holds its own quotes; before 3.12 such a module does not parse at all."""
    if _HERE < (3, 12) or not re.search(rb"\b[fF][rR]?[\"'][^\n]*\{[^\n]*[\"']", module.source.data):
        return
    open_: list[str] = []
    try:
        for token in tokenize.tokenize(io.BytesIO(module.source.data).readline):
            kind = tokenize.tok_name[token.type]
            if kind in ("FSTRING_START", "STRING"):
                mark = token.string.lstrip("fFrRbBuU")
                quote = mark[:3] if mark[:3] in ('"""', "'" * 3) else mark[:1]
                if quote in open_:
                    at = _line(module.source, token.start[0])
                    yield Newer("an f-string that holds its own quotes", (3, 12), at, syntax=True)
                    return
                if kind == "FSTRING_START":
                    open_.append(quote)
            elif kind == "FSTRING_END":
                open_.pop()
    except (tokenize.TokenError, SyntaxError, IndexError):
        return


def _refused(module: Module, python: Version) -> tuple[Newer, ...]:
    """Syntax that this interpreter refuses and a later one may accept."""
    problem = module.error
    if problem is None or not problem.line:
        return ()
    since = accepted_since(problem.message, module.source.line_text(problem.line))
    if since is None or since <= _HERE or python >= since:
        return ()
    at = _line(module.source, problem.line)
    what = "an f-string of this form" if problem.message.startswith("f-string") else "this syntax"
    return (Newer(what, since, at, syntax=True),)


# -- the standard library


def newer_library(reach: Reach, python: Version, library: Library) -> Iterator[Newer]:
    """What reached code takes from the standard library that a version of Python does not have."""
    for one in needed(reach):
        module = one.node.module
        if module is None or one.target.node is not None or not one.name:
            continue
        wanted = _module_since(one.name, library), library.names.get(one.name, {}).get(one.imported.name)
        since = max((version for version in wanted if version is not None), default=(0, 0))
        if since <= python:
            continue
        met = circumstances(module, one.imported)
        if not (met.answered or met.optional or met.tested):
            what = f"{one.name}.{one.imported.name}" if wanted[1] == since else one.name
            yield Newer(what, since, one.imported.at, on_import=one.on_import)
    for node, scope in reach.scopes:
        if node.module is not None:
            yield from _attributes(node.module, scope, reach.on_import(scope), python, library)


def _module_since(name: str, library: Library) -> Version | None:
    parts = name.split(".")
    found = [library.modules.get(".".join(parts[:end])) for end in range(1, len(parts) + 1)]
    return max((version for version in found if version is not None), default=None)


def _attributes(module: Module, scope: Scope, on_import: bool, python: Version, library: Library) -> Iterator[Newer]:
    """`datetime.UTC`, where datetime is the module."""
    for (chain, _), place in scope.uses.items():
        if len(chain) < 2 or not chain[0]:
            continue
        name = _imported_module(scope, chain[0])
        since = library.names.get(name, {}).get(chain[1]) if name else None
        if since is None or since <= python or module.mentions(chain[1]) or _asked_first(module, place):
            continue
        yield Newer(f"{name}.{chain[1]}", since, location_of(module.source, place), on_import=on_import)


def _imported_module(scope: Scope, name: str) -> str:
    """The module that a name certainly stands for; "" for anything else."""
    at: Scope | None = scope
    while at is not None and (name not in at.bound or (at.kind == "class" and at is not scope)):
        at = at.parent
    if at is None or name in at.bindings or name in at.children:
        return ""
    found = {imported.module for imported in at.imports if imported.bound == name and not imported.name}
    others = [imported for imported in at.imports if imported.bound == name and imported.name]
    return found.pop() if len(found) == 1 and not others else ""


def _asked_first(module: Module, place: ast.AST) -> bool:
    """Whether a place stands under an if or a try statement, which may be about just that."""
    for node in module.nodes:
        bodies: Sequence[ast.AST] = ()
        if isinstance(node, ast.If) and "version" in ast.dump(node.test):
            bodies = [*node.body, *node.orelse]
        elif isinstance(node, ast.IfExp) and "version" in ast.dump(node.test):
            bodies = [node.body, node.orelse]
        elif isinstance(node, ast.Try) and any("AttributeError" in ast.dump(h.type) for h in node.handlers if h.type):
            bodies = node.body
        if any(inner is place for body in bodies for inner in ast.walk(body)):
            return True
    return False


@remembered
def newer_than(reach: Reach, python: Version, library: Library) -> tuple[Newer, ...]:
    """What the code that runs needs a later version of Python for."""
    return tuple(_newer_than(reach, python, library))


def _newer_than(reach: Reach, python: Version, library: Library) -> Iterator[Newer]:
    relied = relied_on(reach.graph)
    for node in reach.graph.nodes:
        if node.module is not None and node in relied and reach.runs(node.module.scope):
            on_import = reach.on_import(node.module.scope)
            yield from (replace(newer, on_import=on_import) for newer in newer_syntax(node.module, python))
    yield from newer_library(reach, python, library)
