"""The command `check`: what runs in stacks against the local code that it runs. It reads, and changes nothing.

0: nothing was found; 1: findings; 2: a stack could not be checked, and nothing was found in the others.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping
from posixpath import dirname

from s3ap_lint.api import FUNCTION_TYPES, Severity, Template
from s3ap_lint.diagnostic import Report
from s3ap_lint.offers import RenderOptions
from s3ap_ops.belonging import Belonging, belonging
from s3ap_ops.desk import Desk, names_of, opened
from s3ap_ops.drift_check import drifted
from s3ap_ops.errors import OpsError
from s3ap_ops.live_check import CODES, CRASHED, checked, together
from s3ap_ops.live_function import FUNCTION, Running
from s3ap_ops.local import LocalProject
from s3ap_ops.running import running


def run(options: argparse.Namespace) -> int:
    """Carry it out; the exit status. Raises OpsError or Refused before anything of a stack is read."""
    desk = opened(options)
    names = names_of(desk)
    project = _Project()
    reports: list[Report] = []
    failed = False
    for name in names:
        try:
            found = running(desk.look, name)
        except OpsError as error:
            failed = _tell(str(error))
            continue
        if options.drift:
            reports += [project.drifted(one, options.template, desk) for one in found]
        having = [one for one in found if any(True for _ in one.stack.of_type(FUNCTION))]
        if not having and not options.drift:
            _tell(f"{found[0].stack.name} has no functions, so there is nothing to check in it")
        for one in having:
            try:
                report, facts = project.checked(one, options.template)
            except OpsError as error:
                failed = _tell(str(error))
                continue
            reports.append(report)
            if not facts:
                failed = _tell(f"nothing of {one.stack.name} could be checked; the report says why")
    if not reports:
        return 2
    report = together(reports)
    sys.stdout.write(project.rendered(report, options.format, verbose=options.verbose))
    if any(one.code == CRASHED for one in report.findings):
        return 2
    if any(one.severity is not Severity.INFO for one in report.findings):
        return 1
    return 2 if failed else 0


def _tell(line: str) -> bool:
    """Say something beside the report; True."""
    print(f"s3ap-ops: {line}", file=sys.stderr)
    return True


class _Project(LocalProject):
    """The local project, asked for the rules that have a live half for functions."""

    def __init__(self) -> None:
        super().__init__(CODES)

    def checked(self, found: Running, given: str | None) -> tuple[Report, int]:
        """The report on a stack, and how many facts it rests on. Raises OpsError when its template cannot be told."""
        chosen = Belonging(self.template(given), "it was named") if given else belonging(found, self._with_functions())
        path = chosen.template.path
        _tell(f"{found.stack.name} is checked against {path}: {chosen.why}")
        beside = sorted({path, *(one for one in self.paths if dirname(one) == dirname(path))})
        done = checked(found.stack, chosen.template, beside, self.config, self.registry, self.files)
        return done.report, done.facts

    def drifted(self, found: Running, given: str | None, desk: Desk) -> Report:
        """The report on what was changed by hand in a stack; at the lines of its template, if it can be told."""
        try:
            template = self.template(given) if given else belonging(found, self.templates()).template
        except OpsError:
            template = None
        return drifted(found.stack, template, desk, self.report_paths, desk.options.poll)

    def _with_functions(self) -> Iterator[Template]:
        return (one for one in self.templates() if any(True for _ in one.of_type(*FUNCTION_TYPES)))

    def rendered(self, report: Report, form: str, *, verbose: bool) -> str:
        """The report in a format of the linter's."""
        rules = self.registry.described(sorted({*CODES, *(one.code for one in report.findings)}))
        return self.registry.renderers[form].render(report, rules, _render_options(form, os.environ, verbose))


def _render_options(form: str, environment: Mapping[str, str], verbose: bool) -> RenderOptions:
    color = form == "text" and sys.stdout.isatty() and "NO_COLOR" not in environment
    return RenderOptions(color=color, verbose=verbose)
