"""The fix of F401: which unused names may leave their import, as far as their own file tells.

Who needs a name from outside, and what else an import does, the host finds out: see `s3ap_lint.unimport`.
"""

from __future__ import annotations

import ast
import re
import sys
from functools import cached_property
from posixpath import basename

from s3ap_lint.model import Fix, Safety, Unimport
from s3ap_lint.python.blocks import Blocks
from s3ap_lint.python.import_effects import for_effect
from s3ap_lint.python.state import chain_of

TITLE = "Remove the import"

_ENTRIES = frozenset({"app", "application", "handler", "lambda_handler", "main"})
"""What programs that run a module look for in it."""

_READ_WHOLE = re.compile(r"__init__|conf|\w*settings\w*|sitecustomize|usercustomize|tasks|\w+file|wsgi|asgi|urls|env")
"""Modules of which some program takes every name there is."""

_WANTED = re.compile(
    r"side.?effect|re-?export|regist|monkey.?patch|unused-import|W0611|pycln|do not remove|public api"
    r"|副作用|再エクスポート",
    re.IGNORECASE,
)
_SPOKEN_FOR = re.compile(
    rf"{_WANTED.pattern}|\b(keep|need|require|used (by|in)|for tests?\b|patch)|必要|残す|削除しない", re.IGNORECASE
)
"""What comments say about imports that are there for a reason."""

_WHOLE_FILE = re.compile(
    rb"#\s*(ruff:\s*noqa|pylint:\s*(skip-file|disable=[\w,\s-]*(unused-import|W0611))|nopycln:\s*file|autoflake:\s*skip)",
    re.IGNORECASE,
)
_EVALUATES = re.compile(rb"\b(eval|exec)\s*\(")
_LOOKS_UP = re.compile(
    rb"\b(globals|locals|vars)\s*\(|(sys\.modules\[|import_module\()__name__|__name__\s*(\}|\+)|__dict__"
)
_FAILS = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


class UnusedImports:
    """The unused names of one file."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._path = blocks.source.path
        self._data = blocks.source.data

    def fix(self, node: ast.Import | ast.ImportFrom, alias: ast.alias, *, stand_in: bool) -> Fix | None:
        """The removal of a name from its import; None where it may be there for a reason, or that cannot be told."""
        name = alias.asname or alias.name.partition(".")[0]
        function = self._blocks.function(node)
        if (
            alias.name == "*"
            or alias.asname == alias.name
            or self._hopeless
            or self._attempted(node)
            or self._spoken_for(node, alias)
            or self._works_by_itself(node, alias)
            or self._named_elsewhere(name)
            or (self._found_by_name(node, name) if function is None else self._tried_out(function, node, name))
        ):
            return None
        change = Unimport(
            self._path, self._blocks.span(node), node.names.index(alias), name, function is None, stand_in
        )
        return Fix(TITLE, (change,), Safety.SAFE)

    @cached_property
    def _hopeless(self) -> bool:
        """Whether nothing can be said of any import of the file."""
        whole = _READ_WHOLE.fullmatch(basename(self._path).removesuffix(".py"))
        return bool(whole) or not self._blocks.exact or _WHOLE_FILE.search(self._data) is not None

    @cached_property
    def _in_tests(self) -> bool:
        parts = self._path.removesuffix(".py").split("/")
        named = parts[-1].startswith("test_") or parts[-1].endswith("_test") or parts[-1] == "conftest"
        return named or bool({"test", "tests"} & set(parts[:-1]))

    # -- what the statement says

    def _attempted(self, node: ast.stmt) -> bool:
        """Whether the import is made to see whether it can be made."""
        for one in self._blocks.around(node):
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                return False
            if isinstance(one, ast.Try | ast.TryStar):
                caught = [handler.type for handler in one.handlers]
                if any(kind is None or _FAILS & set(_names(kind)) for kind in caught):
                    return True
            if isinstance(one, ast.With) and any(b"suppress" in self._text(item) for item in one.items):
                return True
        return False

    def _spoken_for(self, node: ast.stmt, alias: ast.alias) -> bool:
        """Whether a comment on the name's line, on the ends of the statement or above it gives a reason for it."""
        source = self._blocks.source
        for line in {node.lineno, alias.lineno, node.end_lineno or node.lineno}:
            if _SPOKEN_FOR.search(source.line_text(line).partition("#")[2]):
                return True
        line = node.lineno - 1
        while line and source.line_text(line).lstrip().startswith("#"):
            if _WANTED.search(source.line_text(line)):
                return True
            line -= 1
        return False

    def _works_by_itself(self, node: ast.Import | ast.ImportFrom, alias: ast.alias) -> bool:
        """Whether the import does something, or makes an attribute of a package that the file reads."""
        base = "" if isinstance(node, ast.Import) else "." * node.level + (node.module or "")
        module = f"{base}.{alias.name}" if base else alias.name
        if for_effect(module):
            return True
        loaded = base if base and not base.startswith(".") else module
        parts = tuple(loaded.split("."))
        if len(parts) < 2 or loaded == "os.path":
            return False
        others = [chain for chain, statement in self._loads if statement is not node and chain[: len(parts)] == parts]
        return not others and any(chain[: len(parts)] == parts for chain in self._chains)

    # -- what the file says

    def _named_elsewhere(self, name: str) -> bool:
        """Whether a doctest, a type comment, or a text that may be evaluated has the name."""
        word = re.escape(name.encode())
        if re.search(rb"(?m)^\s*(>>>|\.\.\.) .*\b%s\b|#\s*type:.*\b%s\b" % (word, word), self._data):
            return True
        if _EVALUATES.search(self._data) and any(re.search(rf"\b{re.escape(name)}\b", text) for text in self._strings):
            return True
        key = re.compile(rf"\.?{re.escape(name)}(?!\w)(\..*)?")
        return _LOOKS_UP.search(self._data) is not None and any(key.fullmatch(text) for text in self._strings)

    def _found_by_name(self, node: ast.Import | ast.ImportFrom, name: str) -> bool:
        """Whether something that runs the module looks for the name: a program, or pytest."""
        if isinstance(node, ast.Import):
            return self._in_tests and name in self._parameters
        if name in _ENTRIES or self._only_imports:
            return True
        if not self._in_tests:
            return False
        collected = name.startswith(("test", "Test", "pytest_", "setUp", "tearDown", "setup", "teardown"))
        top = "" if node.level else (node.module or "").partition(".")[0]
        ours = top not in sys.stdlib_module_names and top != "pytest"
        return collected or name in self._parameters or name in self._fixtures or (self._is_conftest and ours)

    @property
    def _is_conftest(self) -> bool:
        return basename(self._path) == "conftest.py"

    def _tried_out(
        self, function: ast.FunctionDef | ast.AsyncFunctionDef, node: ast.Import | ast.ImportFrom, name: str
    ) -> bool:
        """Whether a function is there for what it imports, or gives the name to the module."""
        idle = (ast.Import, ast.ImportFrom, ast.Pass, ast.Return)
        if all(isinstance(one, idle) or _is_text(one) for one in function.body):
            return True
        if any(isinstance(one, ast.Global | ast.Nonlocal) and name in one.names for one in ast.walk(function)):
            return True
        modules = [node.module or "."] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
        standard = all(one.partition(".")[0] in sys.stdlib_module_names for one in modules)
        return self._in_tests and not standard

    @cached_property
    def _only_imports(self) -> bool:
        """Whether the module is there to be imported from."""
        return all(
            isinstance(one, ast.Import | ast.ImportFrom) or _is_text(one) or b"__all__" in self._text(one)
            for one in self._blocks.tree.body
        )

    @cached_property
    def _strings(self) -> list[str]:
        """The texts of the file, without those that nobody reads."""
        bare = {id(node.value) for node in self._blocks.nodes if isinstance(node, ast.Expr)}
        constants = (node for node in self._blocks.nodes if isinstance(node, ast.Constant))
        return [node.value for node in constants if isinstance(node.value, str) and id(node) not in bare]

    @cached_property
    def _parameters(self) -> frozenset[str]:
        return frozenset(node.arg for node in self._blocks.nodes if isinstance(node, ast.arg))

    @cached_property
    def _fixtures(self) -> frozenset[str]:
        """The fixtures that tests ask for by a text."""
        found: set[str] = set()
        for node in self._blocks.nodes:
            if isinstance(node, ast.Call) and chain_of(node.func)[-1:] in (("usefixtures",), ("getfixturevalue",)):
                found |= {str(one.value) for one in node.args if isinstance(one, ast.Constant)}
        return frozenset(found)

    @cached_property
    def _chains(self) -> frozenset[tuple[str, ...]]:
        return frozenset(chain_of(node) for node in self._blocks.nodes if isinstance(node, ast.Attribute))

    @cached_property
    def _loads(self) -> list[tuple[tuple[str, ...], ast.stmt]]:
        """The modules that the file imports, each with its statement."""
        found: list[tuple[tuple[str, ...], ast.stmt]] = []
        for node in self._blocks.nodes:
            if isinstance(node, ast.Import):
                found += [(tuple(one.name.split(".")), node) for one in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.append((tuple(node.module.split(".")), node))
        return found

    def _text(self, node: ast.AST) -> bytes:
        if isinstance(node, ast.withitem):
            node = node.context_expr
        span = self._blocks.span(node)
        return self._data[span.start : span.end]


def _names(kind: ast.expr) -> list[str]:
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return [(chain_of(one) or ("",))[-1] for one in kinds]


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
