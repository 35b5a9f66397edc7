"""What runs in a stack against the local code that it runs: the live halves of the linter's rules, and their report.

The rules see the local functions with what is live in the place of what is written; what they say is placed in the
local template. The values of variables are in no message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from posixpath import dirname

from s3ap_lint import ignores, report
from s3ap_lint.api import FUNCTION_TYPES, Finding, Function, Location, Template, permissions_of
from s3ap_lint.application import Application
from s3ap_lint.collector import Collector
from s3ap_lint.config import Config
from s3ap_lint.diagnostic import Diagnostic, Report, Tool
from s3ap_lint.engine import Session, UnitResult
from s3ap_lint.function import is_image
from s3ap_lint.model import Unchecked
from s3ap_lint.registry import Registry
from s3ap_lint.workspace import Workspace
from s3ap_ops import __version__
from s3ap_ops.live_function import FUNCTION, LiveFunction
from s3ap_ops.overlay import overlaid, placed
from s3ap_ops.stack import LiveResource, LiveStack

CODES = ("S3AP302", "S3AP309", "S3AP401")
CRASHED = "S3AP902"

FACTS = {"variables": "variables of", "reserved_concurrency": "reserved concurrency of", "role": "role of"}
"""What is read of a function, in words."""


Files = Callable[[Mapping[str, bytes]], Workspace]
"""The project's files, with some of them replaced."""


@dataclass(frozen=True)
class Checked:
    """What there is to say of one stack. `facts` counts what could be held against the local code."""

    report: Report
    facts: int


class _Local(Collector):
    """A collector of findings on the overlay, which places them in the local template."""

    def __init__(self, session: Session, template: Template) -> None:
        super().__init__(session)
        self._template = template

    def add(self, finding: Finding, code: str) -> None:
        """Take in a finding, placed where people see it."""
        found = replace(
            finding,
            at=self._at(finding.at),
            related=tuple(map(self._at, finding.related)),
            flow=tuple(map(self._at, finding.flow)),
        )
        super().add(found, code)

    def miss(self, at: Location, what: str, reason: str) -> None:
        """Say what could not be looked at."""
        place = self._place(self._at(at))
        self.unchecked.append(Unchecked(place.path, what, reason, place.line))

    def _at(self, at: Location) -> Location:
        return placed(at, self._template)


def checked(
    stack: LiveStack, template: Template, beside: Sequence[str], config: Config, registry: Registry, files: Files
) -> Checked:
    """The report on a stack that was made of a template; `beside` are the paths of all templates in its folder."""
    over = files({template.path: overlaid(template, stack)})
    application, _ = Session(config, registry, over).application(dirname(template.path), beside)
    collector = _Local(Session(config, registry, files({})), template)
    collector.direct(ignores.of_template(template))
    functions = _functions(application, template.path)
    subjects = [_joined(live, functions, template) for live in stack.of_type(FUNCTION)]
    for subject in subjects:
        collector.run(subject)
        _say_unchecked(subject, collector)
    return Checked(_report(collector, subjects, template, config, registry), sum(map(_known, subjects)))


def _functions(application: Application, path: str) -> dict[str, Function]:
    """The functions of one template by logical id, whatever runs them."""
    (own,) = [one for one in application.templates if one.path == path]
    python = {function.id: function for function in application.functions if function.template is own}
    return {one.id: python.get(one.id) or Function(one, application) for one in own.of_type(*FUNCTION_TYPES)}


def _joined(live: LiveResource, functions: dict[str, Function], template: Template) -> LiveFunction:
    function = functions.get(live.logical_id)
    at = placed(function.at, template) if function is not None else Location(template.path)
    return LiveFunction(live, function, at)


def _known(subject: LiveFunction) -> int:
    """How many facts of a function could be held against what they have to be."""
    facts = subject.resource.facts
    code = subject.function is not None and subject.function.joined and subject.function.is_python
    return ("reserved_concurrency" in facts) + (code and "variables" in facts) + (code and "role" in facts)


def _say_unchecked(subject: LiveFunction, collector: _Local) -> None:
    """All that keeps the rules from telling whether something is wrong with a function."""
    for what, reason in _gaps(subject):
        collector.miss(subject.at, what, reason)
    function = subject.function
    if function is None or not function.joined or not subject.has_known_role:
        return
    with collector.giving_up(subject.at, f"permissions of {function.id}"):
        for at, reason in permissions_of(function).unjudged:
            collector.miss(at, f"permissions of {function.id}", reason)


def _gaps(subject: LiveFunction) -> Iterator[tuple[str, str]]:
    live, function = subject.resource, subject.function
    where = f"{live.logical_id} of the stack {live.stack}"
    if live.fact("exists") is False:
        yield where, "Lambda has no such function any more"
        return
    for fact, reason in live.unread.items():
        yield f"{FACTS[fact]} {where}" if fact in FACTS else where, reason
    if (live.fact("role") or {}).get("boundary"):
        yield f"role of {where}", "what its permissions boundary takes away is not looked at"
    if function is None:
        yield f"code of {where}", "the local template has no such function"
    elif is_image(function.resource):
        yield f"code of {where}", "it is a container image"
    elif not function.joined:
        yield f"code of {where}", getattr(function.code, "reason", "") or "it cannot be told where it lies"
    elif not function.is_python:
        yield f"code of {where}", f"it is not Python ({function.runtime})"


def _report(
    collector: _Local, subjects: Sequence[LiveFunction], template: Template, config: Config, registry: Registry
) -> Report:
    joined = [one for one in subjects if one.function is not None and one.function.joined]
    closures = [one.function.closure for one in joined if one.function is not None]
    modules = sorted({path for closure in closures if closure is not None for path in closure.paths})
    result = UnitResult(
        diagnostics=tuple(_without_values(collector.diagnostics, subjects)),
        unchecked=tuple(collector.unchecked),
        templates=(template.path,),
        modules=tuple(modules),
        functions=len(subjects),
        functions_joined=len(joined),
        directives=tuple(collector.directives),
    )
    return report.build(
        [result], config=config, registry=registry, tool=Tool(__version__), files=1 + len(modules), engines_ran=False
    )


def _without_values(found: Iterable[Diagnostic], subjects: Iterable[LiveFunction]) -> Iterator[Diagnostic]:
    """The findings; of a rule that crashed the kind of error only, which may hold any value."""
    values = {value for one in subjects for value in (one.variables or {}).values() if len(value) > 3}
    for one in found:
        if one.code == CRASHED and any(value in one.message for value in values):
            yield replace(one, message=one.message.partition(":")[0] + " (what it says holds a variable's value)")
        else:
            yield one


def together(reports: Sequence[Report]) -> Report:
    """The reports on several stacks as one."""
    first = reports[0]
    stats = first.stats
    for one in reports[1:]:
        names = ("files", "templates", "modules", "applications", "functions", "functions_joined")
        stats = replace(stats, **{name: getattr(stats, name) + getattr(one.stats, name) for name in names})
    return replace(
        first,
        findings=tuple(sorted((d for one in reports for d in one.findings), key=lambda d: d.sort_key)),
        suppressed=tuple(sorted((d for one in reports for d in one.suppressed), key=lambda d: d.sort_key)),
        unchecked=tuple(gap for one in reports for gap in one.unchecked),
        stats=stats,
    )
