"""What becomes of fixes that take names out of imports, once a report is complete.

Only then it is known which names of a statement go together, and only the whole project tells who imports, patches or
reads a name through the module, and what else importing does.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from posixpath import dirname, join

from s3ap_lint.diagnostic import Diagnostic, PlacedEdit, PlacedFix, Report
from s3ap_lint.model import Location, Safety, Span, Unimport
from s3ap_lint.python.import_effects import Effects, parsed
from s3ap_lint.python.import_statement import without
from s3ap_lint.python.import_users import ImportUsers, User, stem
from s3ap_lint.python.imports import above
from s3ap_lint.python.module import Module
from s3ap_lint.python.module import parse as parse_module
from s3ap_lint.python.patches import conftests, roots
from s3ap_lint.source import Source
from s3ap_lint.vendored import vendored
from s3ap_lint.workspace import Workspace

Statement = tuple[str, Span]

LACKING = "S3AP307"
"""An import that nothing provides: it may be the import that is right, and the package that lacks something."""


def resolved(
    report: Report,
    workspace: Workspace,
    python: Callable[[], Sequence[str]],
    texts: Iterable[str],
    *,
    fixing: bool,
) -> Report:
    """A report in which every such fix has its final safety, and its edits if somebody looks at them.

    `python` gives all Python files of the project, and is asked when there is such a fix; `texts` are its templates.
    """
    asking = wanting(report)
    if not asking:
        return report
    around = _Around(workspace, tuple(python()), tuple(texts))
    around.search({(one.subject, one.name) for finding in asking for one in _unimports(finding) if one.shared})
    statements: dict[Statement, list[Diagnostic]] = {}
    for finding in asking:
        for one in _unimports(finding):
            statements.setdefault((one.subject, one.statement), []).append(finding)
    fixes: dict[Diagnostic, PlacedFix] = {}
    lacking = {(finding.place.path, finding.place.line) for finding in report.findings if finding.code == LACKING}
    for (path, span), findings in statements.items():
        source = workspace.read(path)
        if isinstance(source, Source):
            doubted = [_doubted(one) if (path, one.place.line) in lacking else one for one in findings]
            judged = _judged(around, source, span, doubted, fixing=fixing)
            fixes.update(
                {finding: judged[one] for finding, one in zip(findings, doubted, strict=True) if one in judged}
            )
    return replace(report, findings=tuple(_with(finding, fixes) for finding in report.findings))


def _doubted(finding: Diagnostic) -> Diagnostic:
    """The finding with a fix to be reviewed: the import is reported for another reason, too."""
    return replace(finding, fix=replace(finding.fix, safety=Safety.REVIEW)) if finding.fix is not None else finding


def wanting(report: Report) -> tuple[Diagnostic, ...]:
    """The findings whose fixes are to be resolved."""
    return tuple(finding for finding in report.findings if _wants(finding))


def _wants(finding: Diagnostic) -> bool:
    return bool(_unimports(finding))


def _unimports(finding: Diagnostic) -> tuple[Unimport, ...]:
    return finding.fix.unimports if finding.fix is not None else ()


def _with(finding: Diagnostic, fixes: dict[Diagnostic, PlacedFix]) -> Diagnostic:
    if not _wants(finding):
        return finding
    fix = fixes.get(finding)
    return replace(finding, fix=fix if fix is not None and (fix.edits or fix.held_back or _by_hand(fix)) else None)


def _by_hand(fix: PlacedFix) -> bool:
    return fix.safety is Safety.MANUAL


def _judged(
    around: _Around, source: Source, statement: Span, findings: list[Diagnostic], *, fixing: bool
) -> dict[Diagnostic, PlacedFix]:
    """The fixes of the findings on one statement, each with its safety and edits."""
    node = _import_at(source, statement)
    if node is None:
        return {}
    fixes: dict[Diagnostic, PlacedFix] = {}
    for finding in findings:
        fix = finding.fix
        if fix is not None:
            fixes[finding] = _for_person(around, source.path, node, fix) or replace(fix, unimports=())
    going = {d: _aliases(d, statement) for d, fix in fixes.items() if not _by_hand(fix)}
    leaving = frozenset[int]().union(*going.values())
    for finding, aliases in going.items():
        effect = around.effect(source, statement, node, aliases, leaving)
        if effect:
            title = f"{fixes[finding].title}; {effect}"
            fixes[finding] = replace(fixes[finding], title=title, safety=Safety.REVIEW)
    if fixing:
        for safeties in ((Safety.SAFE,), (Safety.SAFE, Safety.REVIEW)):
            together = {d: going[d] for d in going if fixes[d].safety in safeties}
            _give_edits(source, statement, together, fixes, safeties[-1])
    return fixes


def _give_edits(
    source: Source,
    statement: Span,
    together: dict[Diagnostic, frozenset[int]],
    fixes: dict[Diagnostic, PlacedFix],
    safety: Safety,
) -> None:
    """All findings of one safety on a statement get the same edits, which take all of their names out."""
    aliases = frozenset[int]().union(*together.values())
    if not aliases:
        return
    stand_in = any(one.stand_in for d in together for one in _unimports(d))
    made = without(source, statement, aliases, stand_in=stand_in)
    placed = tuple(PlacedEdit(source.place(Location(e.subject, e.span), exact=True), e.text) for e in made)
    for finding in together:
        if fixes[finding].safety is safety:
            fixes[finding] = replace(fixes[finding], edits=(*fixes[finding].edits, *placed), held_back=False)


def _aliases(finding: Diagnostic, statement: Span) -> frozenset[int]:
    return frozenset(one.alias for one in _unimports(finding) if one.statement == statement)


def _for_person(around: _Around, path: str, node: ast.Import | ast.ImportFrom, fix: PlacedFix) -> PlacedFix | None:
    """The fix as advice, if somebody needs a name through this module; else None."""
    for one in fix.unimports:
        if not one.shared:
            continue
        made = around.fixture(path, node, one.alias)
        if made:
            return PlacedFix(f"{fix.title} unless tests need it: {made} makes a fixture of it", Safety.MANUAL, ())
        user = around.users.first(path, one.name, entry=isinstance(node, ast.ImportFrom))
        if user is not None:
            title = f"{fix.title} when nothing needs it: {_said(user, path, one.name)}"
            return PlacedFix(title, Safety.MANUAL, ())
    return None


def _said(user: User, path: str, name: str) -> str:
    stem = path.removesuffix(".py").rpartition("/")[2]
    return f"{user.path}:{user.line} {user.does} {stem}.{name}"


def _import_at(source: Source, statement: Span) -> ast.Import | ast.ImportFrom | None:
    tree = parsed(source.data[statement.start : statement.end])
    node = tree.body[0] if tree is not None and len(tree.body) == 1 else None
    return node if isinstance(node, ast.Import | ast.ImportFrom) else None


@dataclass(frozen=True)
class _Around:
    """The project around the files that are to be changed."""

    workspace: Workspace
    python: tuple[str, ...]
    texts: tuple[str, ...]

    def search(self, names: Iterable[tuple[str, str]]) -> None:
        """Look for all of these names and their modules in one go: a large project's files are not all held."""
        inside = [(stem(path), name) for path, name in names]
        self.workspace.search(self.python, {"import *", *(word for pair in inside for word in pair)})
        self.workspace.search(self.texts, {f"{module}{mark}{name}" for module, name in inside for mark in ".:"})

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; None when it cannot be read."""
        data = self.workspace.data(path) if self.workspace.is_file(path) else None
        return data if isinstance(data, bytes) else None

    @cached_property
    def effects(self) -> Effects:
        """What importing does."""
        return Effects(self.python, self.read, lambda path: vendored(path, self.workspace))

    @cached_property
    def users(self) -> ImportUsers:
        """Who needs names through modules."""
        return ImportUsers(
            self.python, self.read, self.workspace.is_file, self.folders, self.named_in, self.workspace.having
        )

    @cached_property
    def _known(self) -> dict[str, tuple[tuple[str, ...], bool]]:
        return {}

    def folders(self, path: str) -> tuple[tuple[str, ...], bool]:
        """The folders that a file can import from, and whether these are all."""
        if path not in self._known:
            module = self._module(path)
            helpers = conftests(module, self._module, self.workspace.is_file) if module is not None else ()
            changes = [change for one in (module, *helpers) if one is not None for change in one.path_changes]
            found = roots(module, helpers) if module is not None else ()
            self._known[path] = found, module is not None and all(change.folder is not None for change in changes)
        return self._known[path]

    def _module(self, path: str) -> Module | None:
        source = self.workspace.read(path) if self.workspace.is_file(path) else None
        return parse_module(source) if isinstance(source, Source) else None

    def named_in(self, path: str) -> Iterable[str]:
        """The files that may name an entry point of a module: templates, and what lies in the folders around it."""
        yield from self.texts
        for folder in above(dirname(path)):
            yield from (join(folder, name) for name in self.workspace.listdir(folder))

    def fixture(self, path: str, node: ast.Import | ast.ImportFrom, alias: int) -> str:
        """The file that makes a pytest fixture of a name, which works in tests that only import it; else nothing."""
        if not isinstance(node, ast.ImportFrom):
            return ""
        for other in self.effects.files(path, node.module or "", node.level):
            data = self.read(other) or b""
            tree = parsed(data) if b"fixture" in data else None
            for one in tree.body if tree is not None else ():
                if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) and one.name == node.names[alias].name:
                    return other if any("fixture" in ast.unparse(made) for made in one.decorator_list) else ""
        return ""

    def effect(
        self,
        source: Source,
        statement: Span,
        node: ast.Import | ast.ImportFrom,
        aliases: frozenset[int],
        leaving: frozenset[int],
    ) -> str:
        """What the import may do besides giving names, and would not any more; "" when that is nothing."""
        for module, level in _modules(node, aliases, leaving):
            found = self.effects.of(source.path, module, level)
            whole = not isinstance(node, ast.ImportFrom) or module == node.module  # or else a name of what stays
            unknown = not found and whole and self.effects.unknown(source.path, module, level)
            if (found or unknown) and not self._still_imported(source, statement, module, level):
                if unknown:
                    return f"what importing {module.partition('.')[0]} does is not known"
                return f"{found}, which it runs, does more than define names"
        return ""

    def _still_imported(self, source: Source, statement: Span, module: str, level: int) -> bool:
        """Whether another statement at the module's top imports the same."""
        places = self._imports_of(source).get((module, level), set())
        return bool(places - {statement.start})

    def _imports_of(self, source: Source) -> dict[tuple[str, int], set[int]]:
        """Where each module is imported at the top level of a file, listed once for all of its statements."""
        if source.path not in self._imports:
            found: dict[tuple[str, int], set[int]] = {}
            tree = parsed(source.data)
            for one in tree.body if tree is not None else ():
                if isinstance(one, ast.Import | ast.ImportFrom):
                    every = frozenset(range(len(one.names)))
                    for imported in _modules(one, every, every):
                        found.setdefault(imported, set()).add(source.offset_at(one.lineno, one.col_offset))
            self._imports[source.path] = found
        return self._imports[source.path]

    @cached_property
    def _imports(self) -> dict[str, dict[tuple[str, int], set[int]]]:
        return {}


def _modules(
    node: ast.Import | ast.ImportFrom, aliases: frozenset[int], leaving: frozenset[int]
) -> list[tuple[str, int]]:
    """The modules, each with its level, that a statement no longer imports without some names."""
    if isinstance(node, ast.Import):
        return [(node.names[index].name, 0) for index in sorted(aliases)]
    base = node.module or ""
    inner = [(f"{base}.{node.names[index].name}".lstrip("."), node.level) for index in sorted(aliases)]
    return [(base, node.level), *inner] if len(leaving) == len(node.names) else inner
