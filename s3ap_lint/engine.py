"""One unit of work: load it, walk its subjects once, hand each to the rules that look at its type.

A unit is an application (a folder's templates and the code they deploy), a Python file, or a
template for a foreign engine. Nothing here knows of processes, formats or the command line.
"""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from posixpath import basename, dirname

from s3ap_lint import patterns
from s3ap_lint.application import Application
from s3ap_lint.basis import Basis
from s3ap_lint.budget import GaveUp
from s3ap_lint.collector import Collector
from s3ap_lint.config import Config
from s3ap_lint.deploy.checking import Deployed
from s3ap_lint.diagnostic import Diagnostic, Place
from s3ap_lint.entrypoints import stand_ins
from s3ap_lint.function import Function
from s3ap_lint.incidents import Unparsable
from s3ap_lint.inline import in_template, inline_module, remapped
from s3ap_lint.model import Finding, Location, Options, Severity, Span, Unchecked
from s3ap_lint.offers import Engine, EngineUnit, RestsOn
from s3ap_lint.permissions.standing import permissions_of
from s3ap_lint.project import Project, PythonFile
from s3ap_lint.python.module import Module
from s3ap_lint.python.module import parse as parse_module
from s3ap_lint.python.newer import newer_syntax
from s3ap_lint.registry import Registry
from s3ap_lint.runtimes import Runtimes
from s3ap_lint.sniff import says_template
from s3ap_lint.source import Source
from s3ap_lint.suppress import Directives, MetadataIgnore, heeds_noqa, python_directives, template_directives
from s3ap_lint.template import document
from s3ap_lint.template.node import Node
from s3ap_lint.template.recognition import is_other_known_document, is_template, why_not
from s3ap_lint.template.template import Template
from s3ap_lint.unseen import declared_encoding, outside, unproven, unseen, untried
from s3ap_lint.workspace import Unreadable, Workspace, normal

HELD = 1_000_000
"""Bytes of modules whose facts are kept from batch to batch; facts take about a hundred times as much."""

VENDORED = frozenset(("_vendor", "dependencies", "site-packages", "third_party", "vendor", "vendored"))


@dataclass(frozen=True)
class UnitResult:
    """What one unit has to say, ready to cross a process boundary.

    `templates` and `modules` are the files that were really of that kind; `closures` maps each module of a
    deployed handler's import closure to (function, place) pairs; `uses` are the files, besides its templates, that an
    application is made of, also where nothing else is told of it; `directives` are the ignores found;
    `unread` is what S3AP901 was told about, for a report that does not want the rule; `rests_on` are the files whose
    contents it was made from, `basis` everything it rests on, where somebody wants to keep it.
    """

    diagnostics: tuple[Diagnostic, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()
    templates: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    functions: int = 0
    functions_joined: int = 0
    closures: dict[str, tuple[tuple[str, Place], ...]] = field(default_factory=dict)
    uses: frozenset[str] = frozenset()
    directives: tuple[Directives, ...] = ()
    unread: tuple[Unchecked, ...] = ()
    rests_on: frozenset[str] = frozenset()
    basis: Basis | None = None


class Session:
    """The rules, the settings and the files of one run in one process; module facts are computed once."""

    def __init__(self, config: Config, registry: Registry, workspace: Workspace) -> None:
        self.config = config
        self.registry = registry
        self.workspace = workspace
        self.runtimes = Runtimes(workspace)
        self._modules: dict[str, Module | None] = {}
        self._directives: dict[str, Directives] = {}
        self._fresh: set[str] = set()  # modules read since the last `forget`
        self.forgotten = 0
        selections = config.selections()
        self.codes = frozenset(code for code in registry.rules if any(registry.wants(s, code) for s in selections))
        self._noqa = any(map(heeds_noqa, registry.rules))  # none of ours
        self.options: dict[str, Options] = {code: registry.options(config, code) for code in self.codes}

    @cached_property
    def project(self) -> Project:
        """What an application or a file may ask of the project around it."""
        return Project(
            self.workspace, self.module, self.source, dict(self.config.code_map), lambda: self.runtimes.counts
        )

    def wants_foreign(self, code: str) -> bool:
        """Whether an engine's code is selected anywhere."""
        return any(self.registry.wants(selection, code) for selection in self.config.selections())

    def module(self, path: str) -> Module | None:
        """The facts of a module of the project; None when the file is not there or cannot be read."""
        if path in self._modules:
            self.workspace.data(path)  # for the record of what an answer rests on
            found = self._modules.pop(path)
        else:
            source = self.workspace.read(path) if self.workspace.is_file(path) else None
            found = parse_module(source) if isinstance(source, Source) else None
            self._fresh.add(path)
        self._modules[path] = found  # the last one asked for stands last
        return found

    def forget(self, paths: Iterable[str]) -> None:
        """Let go of the facts of modules that hardly anybody will ask for again, and of others beyond the room."""
        for path in paths:
            self._drop(path)
        held = sum(len(module.source.data) for module in self._modules.values() if module is not None)
        for path in list(self._modules):
            if held <= HELD:
                break
            held -= self._drop(path)
        self._fresh.clear()
        patterns.forget()
        if self.workspace.forget():
            self.project.shelf.forget()
            self._directives.clear()

    def _drop(self, path: str) -> int:
        module = self._modules.pop(path, None)
        size = len(module.source.data) if module is not None else 0
        if path not in self._fresh:  # or else nobody has set it aside from the garbage collector
            self.forgotten += size
        return size

    def source(self, path: str) -> Source | None:
        """The bytes of a file of the project; None when it is not there or cannot be read."""
        found = self.workspace.read(path) if self.workspace.is_file(path) else None
        return found if isinstance(found, Source) else None

    # -- units -----------------------------------------------------------------------------------

    def check_application(
        self,
        folder: str,
        paths: Iterable[str],
        named: Iterable[str] = (),
        only: frozenset[str] = frozenset(),
        inputs: Iterable[str] = (),
    ) -> UnitResult:
        """Check the templates among the files of a folder, all that they deploy, and what they are deployed with.

        `named` files must be templates: they were given by name or say that they are. With `only`, nothing is
        checked or counted unless the application uses one of these files. `inputs` are checked against the templates
        that they name, which may be others.
        """
        report = Collector(self)
        templates = [t for path in paths if (t := self._template(path, path in set(named), report)) is not None]
        application = Application(folder, tuple(templates), self.project)
        for template in templates:
            report.direct(_template_directives(template))
            report.unchecked += outside(template)
            for loop, reason in template.open_loops:
                line = template.source.place(loop.at).line
                report.unchecked.append(Unchecked(template.path, "loop", reason, line))
            for macro in template.unknown_macros:
                report.unchecked.append(Unchecked(template.path, "template", f"the macro {macro} may rewrite it"))
        report.unchecked += unseen(application)
        functions = application.functions
        uses = _used(application)
        if only and only.isdisjoint(uses):
            return UnitResult(templates=tuple(template.path for template in templates), uses=uses)
        for function in functions:
            with report.giving_up(function.at, f"code of {function.id}"):
                self._account(function, report)
        for subject in application.subjects():
            report.run(subject)
        if "S3AP401" in self.codes:
            for function in functions:
                with report.giving_up(function.at, f"permissions of {function.id}"):
                    self._unjudged(function, report)
        for template in templates:
            report.unchecked += untried(template)
        deployed = Deployed(self.workspace, self.source, {template.path: template for template in templates})
        for path in inputs:
            deployed.check(path, report)
        report.unchecked += unproven(self.source(path) for path in (*(one.path for one in templates), *inputs))
        return UnitResult(
            diagnostics=tuple(report.diagnostics),
            unchecked=tuple(report.unchecked),
            unread=tuple(report.unread),
            templates=tuple(template.path for template in templates),
            functions=len(functions),
            functions_joined=sum(function.joined for function in functions),
            closures={path: tuple(users) for path, users in report.closures.items()},
            uses=uses,
            directives=tuple(report.directives),
        )

    def check_inputs(self, paths: Iterable[str]) -> UnitResult:
        """Check deploy inputs whose templates are not checked themselves."""
        report = Collector(self)
        inputs = tuple(paths)
        deployed = Deployed(self.workspace, self.source)
        for path in inputs:
            deployed.check(path, report)
        report.unchecked += unproven(map(self.source, inputs))
        return UnitResult(
            tuple(report.diagnostics),
            tuple(report.unchecked),
            unread=tuple(report.unread),
            directives=tuple(report.directives),
        )

    def application(
        self, folder: str, paths: Iterable[str], named: Iterable[str] = ()
    ) -> tuple[Application, list[Unchecked]]:
        """The templates among the files of a folder, with all that they deploy, and those that cannot be read."""
        report = Collector(self)
        templates = [t for path in paths if (t := self._template(path, path in set(named), report)) is not None]
        broken = [entry for entry in report.unread if not self._is_snippet(entry.path)]
        return Application(folder, tuple(templates), self.project), broken

    def _is_snippet(self, path: str) -> bool:
        """Whether a file that is no template is a collection to copy from, without anything to deploy."""
        source = self.source(path)
        top = document.parse(source).top if source is not None else None
        return top is not None and top.is_mapping and not top["Resources"]

    def _template(self, path: str, named: bool, report: Collector) -> Template | None:
        source = self.workspace.read(path)
        if isinstance(source, Unreadable):
            if named and not source.missing:
                report.unreadable("template", Location(path), source.reason)
            else:
                report.unchecked.append(source.unchecked("template"))
            return None
        parsed = document.parse(source)
        top = parsed.top
        if top is not None and not is_template(top):
            if named and not is_other_known_document(top):
                # A collection of parameters to copy from is no deployable template, but no broken one either.
                snippet = top.is_mapping and not top["Resources"]
                report.unreadable("template", top.at, why_not(top), Severity.WARNING if snippet else None)
            elif says_template(basename(path)) and not is_other_known_document(top):
                report.unchecked.append(Unchecked(path, "template", why_not(top)))
            return None
        for problem in parsed.problems:
            if top is not None or named or report.wants_broken(source):
                at = Location(path, problem.span)
                if problem.fatal:
                    report.unreadable("template", at, problem.message)
                else:
                    report.run(Unparsable(at, problem.message, "the earlier one is ignored"))
        return Template(source, top) if top is not None else None

    def _account(self, function: Function, report: Collector) -> None:
        """Say what could not be joined, and which modules a function runs."""
        code = function.code
        inline = getattr(code, "inline", None)
        if inline is not None:
            self._inline(function, inline, report)
            return
        if not function.joined:
            at = function.template.source.place(function.at)
            reason = getattr(code, "reason", "")
            report.unchecked.append(Unchecked(function.template.path, f"code of {function.id}", reason, at.line))
            return
        closure = function.closure
        if closure is None:
            return
        place = function.template.source.place(function.at.noted(f"{function.id} runs it"))
        for path in closure.paths:
            self._read_directives(path, report)
            if vendored(path, self.workspace):
                continue  # somebody else's package, which branches on versions as it likes
            report.closures.setdefault(path, []).append((function.id, place))

    def _unjudged(self, function: Function, report: Collector) -> None:
        """Say which permissions of a function could not be judged."""
        if function.template.unknown_macros:
            return
        for at, reason in permissions_of(function).unjudged:
            source = self.workspace.read(at.subject)
            place = source.place(at) if isinstance(source, Source) else Place(at.subject)
            report.unchecked.append(Unchecked(place.path, f"permissions of {function.id}", reason, place.line))

    def _read_directives(self, path: str, report: Collector) -> None:
        """The ignores of a module that rules may report in although nobody asked about it."""
        if path not in report.closures:
            source = self.workspace.read(path)
            if isinstance(source, Source):
                if path not in self._directives:  # several functions may run it
                    self._directives[path] = python_directives(source, noqa=self._noqa)
                report.direct(self._directives[path])

    def _inline(self, function: Function, node: Node, report: Collector) -> None:
        """Code that stands in the template: parsed by itself, its findings placed in the template."""
        source = inline_module(function.template.source, node)
        if source is None:
            at = function.template.source.place(node.at)
            report.unchecked.append(
                Unchecked(function.template.path, f"code of {function.id}", "its code is computed", at.line)
            )
            return
        for finding in self._python_findings(
            source, report, lambda at: in_template(at, function.template.source, node)
        ):
            if finding.code == "F821":
                message = f"{finding.message}; it can break {function.id}"
                finding = replace(finding, message=message, severity=Severity.ERROR)
            report.add(remapped(finding, function.template.source, node), finding.code)

    def check_python(self, path: str) -> UnitResult:
        """Check one Python file by itself."""
        report = Collector(self)
        source = self.workspace.read(path)
        if isinstance(source, Unreadable):
            encoding = declared_encoding(self.workspace.data(path))
            if encoding:
                report.unchecked.append(Unchecked(path, "Python file", f"it is written in {encoding}, not in UTF-8"))
                return UnitResult(unchecked=tuple(report.unchecked), modules=(path,))
            report.unreadable("Python file", Location(path), source.reason)
            return UnitResult(tuple(report.diagnostics), unread=tuple(report.unread), modules=(path,))
        module = self.module(path) if self.registry.by_subject.get(PythonFile) else self._modules.get(path)
        installed = vendored(path, self.workspace)
        for finding in self._python_findings(source, report, tree=module.tree if module is not None else None):
            report.add(replace(finding, fix=None) if installed else finding, finding.code)
        if module is not None:
            report.run(PythonFile(module, self.project, installed))
        report.direct(python_directives(source, noqa=any(heeds_noqa(d.code) for d in report.diagnostics)))
        return UnitResult(
            tuple(report.diagnostics),
            tuple(report.unchecked),
            unread=tuple(report.unread),
            modules=(path,),
            directives=tuple(report.directives),
        )

    def _python_findings(
        self,
        source: Source,
        report: Collector,
        placed: Callable[[Location], Location] = lambda at: at,
        tree: ast.Module | None = None,
    ) -> Iterator[Finding]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # SyntaxWarnings about somebody's escapes are not our output
                # CPython opens the file of that name to show the line of a syntax error; there is none.
                tree = tree or ast.parse(source.data[source.start :], filename="<checked>")
        except (SyntaxError, ValueError) as error:
            if isinstance(error, SyntaxError) and newer_syntax(error, source):
                here = ".".join(map(str, sys.version_info[:2]))
                reason = f"its syntax is newer than Python {here}, which runs s3ap-lint"
                report.unchecked.append(Unchecked(source.path, "Python file", reason, error.lineno or 0))
                return
            report.unreadable("Python file", placed(_place_of(error, source)), _reason(error))
            return
        except (RecursionError, MemoryError):
            report.unreadable("Python file", placed(Location(source.path)), "it is nested too deeply")
            return
        unit = EngineUnit(str(self.workspace.root), source.path, source.data, tree)
        for engine in self.registry.engines.values():
            if engine.kind != "python":
                continue
            self._note_basis(engine, unit)
            try:
                yield from _findings(engine.check(unit), report)
            except RecursionError:
                reason = f"{engine.name} cannot follow code that is nested this deeply"
                report.unchecked.append(Unchecked(source.path, "Python file", reason))

    def check_with_engine(self, path: str, engine: str) -> UnitResult:
        """Check one template with a foreign engine."""
        report = Collector(self)
        source = self.workspace.read(path)
        if isinstance(source, Source):
            unit = EngineUnit(str(self.workspace.root), path, source.data)
            self._note_basis(self.registry.engines[engine], unit)
            if self.workspace.overlay:
                self.workspace.note_until(0.0)  # an engine may look at the file on disk besides
            for finding in _findings(self.registry.engines[engine].check(unit), report):
                report.add(finding, finding.code)
        return UnitResult(tuple(report.diagnostics), tuple(report.unchecked))

    def _note_basis(self, engine: Engine, unit: EngineUnit) -> None:
        """Record what an engine's answer will rest on, before it is given, for those that would use it again."""
        tell = getattr(engine, "rests_on", None)
        if tell is None:
            self.workspace.note_until(0.0)
            return
        basis: RestsOn = tell(unit)
        self.workspace.note_until(basis.until)
        for path in basis.files:
            if normal(path) is None:
                self.workspace.note_until(0.0)  # outside of the project, where nobody looks
            self.workspace.data(path)


def _used(application: Application) -> frozenset[str]:
    """The files that an application is made of besides its templates, as far as that can be told.

    What a handler imports, the definitions of state machines, and what may be a handler that is not where it was.
    """
    paths = {machine.definition_path or "" for machine in application.state_machines}
    for function in application.functions:
        with suppress(GaveUp, RecursionError):  # said when the function is looked at
            paths.update(function.closure.paths if function.closure is not None else stand_ins(function))
    return frozenset(paths - {""})


@lru_cache(maxsize=1024)
def _says_installed(names: tuple[str, ...]) -> bool:
    """Whether a folder with these names in it is one that packages are installed into."""
    return any(name.endswith((".dist-info", ".egg-info")) for name in names)


def _findings(found: Iterable[Finding | Unchecked], report: Collector) -> Iterator[Finding]:
    """What an engine found, once the report knows what it could not look at."""
    for one in found:
        if isinstance(one, Unchecked):
            report.unchecked.append(one)
        else:
            yield one


def vendored(path: str, workspace: Workspace) -> bool:
    """Whether a module is part of an installed package that was checked in."""
    folder = dirname(path)
    while folder:
        if basename(folder) in VENDORED or _says_installed(workspace.listdir(folder)):
            return True
        folder = dirname(folder)
    return False


def _template_directives(template: Template) -> Directives:
    scopes: list[tuple[Node, Span | None]] = [(template.top, None)]
    scopes += [(r.node, Span((r.at.span or r.node.span).start, r.node.span.end)) for r in template.resources.values()]
    metadata = [
        MetadataIgnore(entry["code"].text or entry.text, entry["reason"].text, scope, entry.span)
        for node, scope in scopes
        for entry in node["Metadata"]["s3ap-lint"]["ignore"]
    ]
    scalars = [node.span for node in template.top.walk() if node.is_scalar and node.style]
    return template_directives(template.source, scalars, metadata)


def _place_of(error: Exception, source: Source) -> Location:
    if isinstance(error, SyntaxError) and error.lineno:
        start = source.offset_at_code_point(error.lineno, max(1, error.offset or 1))
        return Location(source.path, Span(start, start))
    return Location(source.path)


def _reason(error: Exception) -> str:
    return error.msg if isinstance(error, SyntaxError) else str(error)
