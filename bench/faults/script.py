"""A Python file: its text, its tree, and the plain facts that prove a fault. No rule is asked."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from s3ap_lint.model import Edit, Span
from s3ap_lint.source import Source, apply

LAZY = (ast.Lambda, ast.GeneratorExp, ast.IfExp, ast.BoolOp, ast.ListComp, ast.SetComp, ast.DictComp)
SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SETS_VARIABLES = (b"environ.update", b"environ.setdefault", b"putenv", b"load_dotenv", b"environ =", b"environ.copy")


@dataclass(frozen=True)
class Read:
    """One `os.environ["NAME"]`. `node` is the name's text."""

    name: str
    node: ast.Constant


@dataclass(frozen=True)
class Script:
    """A file that parses."""

    path: str
    data: bytes
    tree: ast.Module

    @classmethod
    def parse(cls, path: str, data: bytes | None) -> Script | None:
        """The file's facts; None for one that is not there, does not parse, or begins with a mark of its encoding."""
        if data is None or data.startswith(b"\xef\xbb\xbf"):
            return None
        try:
            return cls(path, data, ast.parse(data, filename="<bench>"))
        except (SyntaxError, ValueError):
            return None

    # -- text ------------------------------------------------------------------------------------

    @cached_property
    def source(self) -> Source:
        return Source(self.path, self.data)

    def span(self, node: ast.expr | ast.stmt) -> Span:
        """The bytes of a node."""
        assert node.end_lineno is not None and node.end_col_offset is not None
        start = self.source.offset_at(node.lineno, node.col_offset)
        return Span(start, self.source.offset_at(node.end_lineno, node.end_col_offset))

    def edited(self, span: Span, text: str) -> bytes:
        """The file with other text in one place."""
        return apply(self.data, [Edit(self.path, span, text)])

    def without(self, statement: ast.stmt) -> bytes | None:
        """The file without a statement that has its lines for itself."""
        assert statement.end_lineno is not None
        lines = self.data.splitlines(keepends=True)
        alone = [
            s for s in self.tree.body if statement.lineno <= (s.end_lineno or 0) and s.lineno <= statement.end_lineno
        ]
        if alone != [statement]:
            return None
        return b"".join(lines[: statement.lineno - 1] + lines[statement.end_lineno :])

    def renamed(self, function: ast.FunctionDef, name: str) -> bytes:
        """The file with another name behind a `def`, and nowhere else."""
        start = self.data.index(function.name.encode(), self.span(function).start + len("def"))
        return self.edited(Span(start, start + len(function.name.encode())), name)

    # -- names -----------------------------------------------------------------------------------

    @cached_property
    def bound(self) -> Counter[str]:
        """How often each name is bound, at any depth: assigned, imported, defined, or an argument."""
        return Counter(self._bound())

    def _bound(self) -> Iterator[str]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                yield node.id
            elif isinstance(node, (*FUNCTIONS, ast.ClassDef)):
                yield node.name
            elif isinstance(node, ast.arg):
                yield node.arg
            elif isinstance(node, ast.alias):
                yield (node.asname or node.name).partition(".")[0]
            elif isinstance(node, (ast.Global, ast.Nonlocal)):
                yield from node.names
            elif isinstance(node, ast.ExceptHandler) and node.name:
                yield node.name

    @cached_property
    def used(self) -> frozenset[str]:
        """The names that are looked up outside of annotations."""
        hints = [node for node in ast.walk(self.tree) if isinstance(node, ast.expr) and id(node) in self._hints]
        inside = {id(node) for hint in hints for node in ast.walk(hint)}
        loads = (n for n in ast.walk(self.tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))
        return frozenset(node.id for node in loads if id(node) not in inside)

    @cached_property
    def _hints(self) -> frozenset[int]:
        found: list[ast.expr | None] = []
        for node in ast.walk(self.tree):
            if isinstance(node, (ast.arg, ast.AnnAssign)):
                found.append(node.annotation)
            elif isinstance(node, FUNCTIONS):
                found.append(node.returns)
        return frozenset(id(node) for node in found if node is not None)

    @cached_property
    def dynamic(self) -> bool:
        """Whether names may come from where they cannot be seen."""
        names = {node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name)}
        return "*" in self.bound or "__getattr__" in self.bound or bool(names & {"globals", "exec", "eval", "setattr"})

    def function(self, name: str) -> ast.FunctionDef | None:
        """The function that is defined under a name at the top of the file, and nothing else is."""
        found = [node for node in self.tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
        return found[0] if len(found) == 1 and self.bound[name] == 1 else None

    def imports(self) -> Iterator[tuple[ast.Import | ast.ImportFrom, tuple[str, ...]]]:
        """The imports at the top of the file, each with the names that it binds."""
        for node in self.tree.body:
            if isinstance(node, ast.Import):
                yield node, tuple((alias.asname or alias.name).partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
                yield node, tuple(alias.asname or alias.name for alias in node.names)

    # -- what surely runs ------------------------------------------------------------------------

    def on_import(self) -> Iterator[ast.AST]:
        """What is evaluated whenever the file is imported: the plain statements at its top."""
        for statement in self.tree.body:
            if isinstance(statement, SIMPLE):
                yield from eager(statement)

    def on_every_call(self, function: ast.FunctionDef) -> Iterator[ast.AST]:
        """What is evaluated whenever a function is called: plain statements before anything that may leave early."""
        if function.decorator_list:
            return
        for statement in function.body:
            if isinstance(statement, SIMPLE):
                yield from eager(statement)
            if any(isinstance(node, (ast.Return, ast.Raise, ast.Yield, ast.With)) for node in ast.walk(statement)):
                return

    # -- variables -------------------------------------------------------------------------------

    @cached_property
    def reads(self) -> tuple[Read, ...]:
        """Every `os.environ["NAME"]` of the file, `os` being the module."""
        return tuple(_reads(ast.walk(self.tree))) if self.bound["os"] == 1 and self._imports_os else ()

    @cached_property
    def _imports_os(self) -> bool:
        return any(isinstance(node, ast.Import) and "os" in names for node, names in self.imports())

    def sure_reads(self, entry: str) -> dict[str, str]:
        """The variables without which every event fails, each with where it is read."""
        known = {id(read.node) for read in self.reads}
        handler = self.function(entry)
        places = [("at import", self.on_import())]
        places += [("in the handler", self.on_every_call(handler))] if handler is not None else []
        out: dict[str, str] = {}
        for where, nodes in places:
            for read in _reads(nodes):
                if id(read.node) in known:
                    out.setdefault(read.name, where)
        return out

    def sets(self, name: str) -> bool:
        """Whether the file may give a variable a value itself."""
        if any(way in self.data for way in SETS_VARIABLES):
            return True
        stores = (n for n in ast.walk(self.tree) if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store))
        return any(not isinstance(node.slice, ast.Constant) or node.slice.value == name for node in stores)


def eager(node: ast.AST) -> Iterator[ast.AST]:
    """A node and those below it that are evaluated with it for sure."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, LAZY):
            yield from eager(child)


def _reads(nodes: Iterable[ast.AST]) -> Iterator[Read]:
    for node in nodes:
        match node:
            case ast.Subscript(
                value=ast.Attribute(value=ast.Name(id="os"), attr="environ"),
                slice=ast.Constant(value=str(name)) as text,
                ctx=ast.Load(),
            ):
                yield Read(name, text)
