"""The command `check`: what runs in stacks against the local code that it runs. It reads, and changes nothing.

0: nothing was found; 1: findings; 2: a stack could not be checked, and nothing was found in the others.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from posixpath import dirname

from s3ap_lint import config as configs
from s3ap_lint.admission import loaded_template
from s3ap_lint.api import FUNCTION_TYPES, Severity, Template
from s3ap_lint.config import Config
from s3ap_lint.diagnostic import Report
from s3ap_lint.discovery import discover
from s3ap_lint.engine import Session
from s3ap_lint.offers import RenderOptions
from s3ap_lint.registry import Registry
from s3ap_lint.roots import absolute
from s3ap_lint.tasks import registry_for
from s3ap_lint.workspace import Workspace
from s3ap_ops import settings
from s3ap_ops.belonging import Belonging, belonging
from s3ap_ops.desk import Desk, names_of
from s3ap_ops.errors import OpsError
from s3ap_ops.identity import pinned, refuse_placeholders, session_for
from s3ap_ops.live_check import CODES, CRASHED, checked, together
from s3ap_ops.live_function import FUNCTION, Running
from s3ap_ops.planner import Wishes
from s3ap_ops.running import running


def run(options: argparse.Namespace) -> int:
    """Carry it out; the exit status. Raises OpsError or Refused before anything of a stack is read."""
    desk = _desk(options)
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
        having = [one for one in found if any(True for _ in one.stack.of_type(FUNCTION))]
        if not having:
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


def _desk(options: argparse.Namespace) -> Desk:
    """Who and where. An account whose alias keeps teardowns out is looked at all the same: nothing is written."""
    refuse_placeholders([*options.stacks, options.region or "", options.account or ""])
    known = settings.load(Path.cwd())
    session = session_for(options.region or "", options.profile or "")
    pin, look = pinned(session, options.account or "", known.accounts, ())
    return Desk(options, known, pin, look, Wishes())


class _Project:
    """The project below the working directory: its templates, and the rules."""

    def __init__(self) -> None:
        here = Path.cwd()
        said = {"select": list(CODES), "engine": "none", "jobs": 1}
        self.config: Config = configs.load([here], cwd=here, overrides=said)
        self.registry: Registry = registry_for(self.config)
        self.files = partial(Workspace, self.config.root)
        workspace = self.files({})
        config = self.config
        found = discover([here], workspace, cwd=config.cwd, top=config.top, exclude=config.exclude)
        self._paths = [candidate.path for candidate in found.templates]
        self._session = Session(config, self.registry, workspace)

    def checked(self, found: Running, given: str | None) -> tuple[Report, int]:
        """The report on a stack, and how many facts it rests on. Raises OpsError when its template cannot be told."""
        chosen = self._given(given) if given else belonging(found, self._templates())
        path = chosen.template.path
        _tell(f"{found.stack.name} is checked against {path}: {chosen.why}")
        beside = sorted({path, *(one for one in self._paths if dirname(one) == dirname(path))})
        done = checked(found.stack, chosen.template, beside, self.config, self.registry, self.files)
        return done.report, done.facts

    def _given(self, text: str) -> Belonging:
        place = absolute(text, self.config.cwd)
        if not place.is_relative_to(self.config.root):
            raise OpsError(f"--template {text} lies outside the project {self.config.root}")
        template = loaded_template(self._session, place.relative_to(self.config.root).as_posix())
        if template is None:
            raise OpsError(f"--template {text} is no template, or cannot be read")
        return Belonging(template, "it was named")

    def _templates(self) -> Iterator[Template]:
        """Those of the project that have functions."""
        for path in self._paths:
            template = loaded_template(self._session, path)
            if template is not None and any(True for _ in template.of_type(*FUNCTION_TYPES)):
                yield template

    def rendered(self, report: Report, form: str, *, verbose: bool) -> str:
        """The report in a format of the linter's."""
        rules = self.registry.described(sorted({*CODES, *(one.code for one in report.findings)}))
        return self.registry.renderers[form].render(report, rules, _render_options(form, os.environ, verbose))


def _render_options(form: str, environment: Mapping[str, str], verbose: bool) -> RenderOptions:
    color = form == "text" and sys.stdout.isatty() and "NO_COLOR" not in environment
    return RenderOptions(color=color, verbose=verbose)
