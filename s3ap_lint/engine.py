"""One unit of work: load it, walk its subjects once, hand each to the rules that look at its type.

A unit is an application (a folder's templates and the code they deploy), a Python file, or a
template for a foreign engine. Nothing here knows of processes, formats or the command line.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from posixpath import dirname

from s3ap_lint import ignores, patterns
from s3ap_lint.admission import admitted, is_collection, loaded_template
from s3ap_lint.application import Application
from s3ap_lint.basis import Basis
from s3ap_lint.budget import GaveUp
from s3ap_lint.collector import Collector
from s3ap_lint.config import Config
from s3ap_lint.deploy.checking import Deployed
from s3ap_lint.diagnostic import Diagnostic, Place
from s3ap_lint.directives import Directives, python_directives
from s3ap_lint.entrypoints import stand_ins
from s3ap_lint.foreign import python_findings, template_findings
from s3ap_lint.function import Function
from s3ap_lint.ignores import ModuleDirectives
from s3ap_lint.inline import in_template, inline_module, remapped
from s3ap_lint.kept import Kept
from s3ap_lint.model import Location, Options, Severity, Unchecked
from s3ap_lint.project import Project, PythonFile
from s3ap_lint.python.module import Module
from s3ap_lint.python.module import parse as parse_module
from s3ap_lint.registry import Registry
from s3ap_lint.runtimes import Runtimes
from s3ap_lint.source import Source
from s3ap_lint.suppress import apply as suppressed_or_not
from s3ap_lint.suppress import heeds_noqa
from s3ap_lint.syntax import parsed
from s3ap_lint.template.node import Node
from s3ap_lint.twin_report import TwinReport
from s3ap_lint.twins import TwinPair, Twins, pairs
from s3ap_lint.unseen import (
    declared_encoding,
    outside,
    undecided,
    unexpanded,
    unjoined,
    unjudged,
    unpaired,
    unproven,
    unseen,
    untried,
)
from s3ap_lint.vendored import vendored
from s3ap_lint.workspace import Unreadable, Workspace

HELD = 1_000_000
"""Bytes of modules whose facts are kept from batch to batch; facts take about a hundred times as much."""


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

    def __init__(self, config: Config, registry: Registry, workspace: Workspace, kept: Kept | None = None) -> None:
        """`kept`: what is used of earlier sessions and left for later ones, where one will be asked again."""
        self.kept = kept
        self.config = config
        self.registry = registry
        self.workspace = workspace
        self.runtimes = Runtimes(workspace)
        self._modules: dict[str, Module | None] = {}
        self._fresh: set[str] = set()  # modules read since the last `forget`
        self.forgotten = 0
        selections = config.selections()
        self.codes = frozenset(code for code in registry.rules if any(registry.wants(s, code) for s in selections))
        self._directives = ModuleDirectives(workspace, noqa=any(map(heeds_noqa, registry.rules)))  # none of ours does
        self.options: dict[str, Options] = {code: registry.options(config, code) for code in self.codes}

    @cached_property
    def project(self) -> Project:
        """What an application or a file may ask of the project around it."""
        closures = self.kept.closures if self.kept is not None else None
        counts = lambda: self.runtimes.counts  # noqa: E731
        return Project(self.workspace, self.module, self.source, dict(self.config.code_map), counts, closures)

    def wants_foreign(self, code: str) -> bool:
        """Whether an engine's code is selected anywhere."""
        return any(self.registry.wants(selection, code) for selection in self.config.selections())

    def wants_strictly(self, code: str, paths: Iterable[str]) -> bool:
        """Whether a code is selected for one of some files as a strict rule would have to be."""
        return any(self.registry.wants(self.config.at(path), code, strictly=True) for path in paths)

    def module(self, path: str) -> Module | None:
        """The facts of a module of the project; None when the file is not there or cannot be read."""
        if path in self._modules:
            self.workspace.data(path)  # for the record of what an answer rests on
            found = self._modules.pop(path)
        else:
            source = self.workspace.read(path) if self.workspace.is_file(path) else None
            found = self._facts(source) if isinstance(source, Source) else None
            self._fresh.add(path)
        self._modules[path] = found  # the last one asked for stands last
        return found

    def _facts(self, source: Source) -> Module | None:
        known = self.kept.modules.get(source.path) if self.kept is not None else None
        if known is not None and known.source.data == source.data:
            return known
        found = parse_module(source)
        if self.kept is not None and found is not None:
            self.kept.modules[source.path] = found
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
            self._directives.forget()

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
        templates = admitted(paths, named, report)
        application = Application(folder, templates, self.project)
        if self.kept is not None:
            self.kept.application = application
        for template in templates:
            report.direct(ignores.of_template(template))
            report.unchecked += outside(template)
            report.unchecked += unexpanded(template)
        report.unchecked += unseen(application)
        functions = application.functions
        uses = _used(application)
        if only and only.isdisjoint(uses):
            return UnitResult(templates=tuple(template.path for template in templates), uses=uses)
        for function in functions:
            with report.giving_up(function.at, f"code of {function.id}"):
                self._account(function, report)
        first = self.kept.first if self.kept is not None else ""
        for subject in application.subjects(first):
            report.run(subject)
        if self.kept is not None and len(templates) > 1 and first in {template.path for template in templates}:
            self.kept.heard(_result(report, application, uses))
            for subject in application.subjects(first, others=True):
                report.run(subject)
        twins = self._twins(application, report)
        for pair in twins:
            report.run(pair)
        if "S3AP401" in self.codes:
            for function in functions:
                with report.giving_up(function.at, f"permissions of {function.id}"):
                    report.unchecked += unjudged(function, self.workspace)
        for template in templates:
            report.unchecked += untried(template)
        deployed = Deployed(self.workspace, self.source, {template.path: template for template in templates})
        for path in inputs:
            deployed.check(path, report)
        remarks = frozenset(code for code, rule in self.registry.rules.items() if rule.strict)
        for pair in twins:
            found = tuple(report.diagnostics)
            report.run(TwinReport(pair, found, frozenset(self._standing(report)), remarks))
            report.unchecked += undecided(pair)
        report.unchecked += unproven(self.source(path) for path in (*(one.path for one in templates), *inputs))
        return _result(report, application, uses)

    def _twins(self, application: Application, report: Collector) -> list[Twins]:
        """The pairs that templates of an application are in, as far as somebody may look at them."""
        configured, loaded = self.config.pairs, partial(loaded_template, self)
        report.unchecked += unpaired(application.templates, configured, loaded)
        found = pairs(application.templates, configured, loaded)
        known = [one for one in found if not (one.source.unknown_macros or one.generated.unknown_macros)]
        return [Twins(one, application, self._beside(application, one)) for one in known]

    def _beside(self, application: Application, pair: TwinPair) -> Application | None:
        """The application of the half of a pair that lies elsewhere; None where both are of this one."""
        half = next((one for one in (pair.source, pair.generated) if one not in application.templates), None)
        return Application(dirname(half.path), (half,), self.project) if half is not None else None

    def _standing(self, report: Collector) -> Iterable[Diagnostic]:
        """What was found so far that is selected where it stands, and that nothing silences."""
        rules = self.registry.rules
        found = [d for d in report.diagnostics if self.registry.wants(self.config.at(d.place.path), d.code)]
        also = lambda code: rules[code].merges if code in rules else ()  # noqa: E731
        return suppressed_or_not(found, report.directives, lambda selector: False, also=also).kept

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
        templates = admitted(paths, named, report)
        broken = [entry for entry in report.unread if not self._is_collection(entry.path)]
        return Application(folder, templates, self.project), broken

    def _is_collection(self, path: str) -> bool:
        source = self.source(path)
        return source is not None and is_collection(source)

    def _account(self, function: Function, report: Collector) -> None:
        """Say what could not be joined, and which modules a function runs."""
        code = function.code
        inline = getattr(code, "inline", None)
        if inline is not None:
            self._inline(function, inline, report)
            return
        if not function.joined:
            report.unchecked.append(unjoined(function))
            return
        closure = function.closure
        if closure is None:
            return
        place = function.template.source.place(function.at.noted(f"{function.id} runs it"))
        for path in closure.paths:
            if path not in report.closures and (directives := self._directives.of(path)) is not None:
                report.direct(directives)
            if vendored(path, self.workspace):
                continue  # somebody else's package, which branches on versions as it likes
            report.closures.setdefault(path, []).append((function.id, place))

    def _inline(self, function: Function, node: Node, report: Collector) -> None:
        """Code that stands in the template: parsed by itself, its findings placed in the template."""
        source = inline_module(function.template.source, node)
        if source is None:
            at = function.template.source.place(node.at)
            report.unchecked.append(
                Unchecked(function.template.path, f"code of {function.id}", "its code is computed", at.line)
            )
            return
        tree = parsed(source, report, lambda at: in_template(at, function.template.source, node))
        for finding in python_findings(source, tree, report) if tree is not None else ():
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
        tree = (module.tree if module is not None else None) or parsed(source, report, lambda at: at)
        for finding in python_findings(source, tree, report) if tree is not None else ():
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

    def check_with_engine(self, path: str, engine: str) -> UnitResult:
        """Check one template with a foreign engine."""
        report = Collector(self)
        source = self.workspace.read(path)
        if isinstance(source, Source):
            for finding in template_findings(source, self.registry.engines[engine], report):
                report.add(finding, finding.code)
        return UnitResult(tuple(report.diagnostics), tuple(report.unchecked))


def _result(report: Collector, application: Application, uses: frozenset[str]) -> UnitResult:
    """What there is to say of an application so far."""
    return UnitResult(
        diagnostics=tuple(report.diagnostics),
        unchecked=tuple(report.unchecked),
        unread=tuple(report.unread),
        templates=tuple(template.path for template in application.templates),
        functions=len(application.functions),
        functions_joined=sum(function.joined for function in application.functions),
        closures={path: tuple(users) for path, users in report.closures.items()},
        uses=uses,
        directives=tuple(report.directives),
    )


def _used(application: Application) -> frozenset[str]:
    """The files that an application is made of besides its templates, as far as that can be told.

    What a handler imports, the definitions of state machines, and what may be a handler that is not where it was.
    """
    paths = {machine.definition_path or "" for machine in application.state_machines}
    for function in application.functions:
        with suppress(GaveUp, RecursionError):  # said when the function is looked at
            paths.update(function.closure.paths if function.closure is not None else stand_ins(function))
    return frozenset(paths - {""})
