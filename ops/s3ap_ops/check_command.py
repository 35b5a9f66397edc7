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

import boto3
from botocore.exceptions import BotoCoreError, ClientError

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
from s3ap_ops.belonging import Belonging, belonging
from s3ap_ops.errors import OpsError
from s3ap_ops.live_check import CODES, CRASHED, checked, together
from s3ap_ops.live_function import FUNCTION, Running
from s3ap_ops.reading import Look, told
from s3ap_ops.running import running

FORMATS = ("text", "json", "sarif")


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("stacks", nargs="+", metavar="STACK", help="names or ids of stacks")
    parser.add_argument("--region", help="the region of the stacks")
    parser.add_argument("--account", help="the account that the credentials must be of")
    parser.add_argument("--template", metavar="PATH", help="the local template that the stacks were made of")
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to report (default: text)")


def run(options: argparse.Namespace) -> int:
    """Carry it out; the exit status. Raises OpsError for what keeps it from looking at any stack."""
    look = _look(options)
    project = _Project()
    reports: list[Report] = []
    failed = False
    for name in dict.fromkeys(options.stacks):
        try:
            found = _with_functions(running(look, name))
        except OpsError as error:
            failed = _tell(str(error))
            continue
        for one in found:
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
    sys.stdout.write(project.rendered(report, options.format))
    if any(one.code == CRASHED for one in report.findings):
        return 2
    if any(one.severity is not Severity.INFO for one in report.findings):
        return 1
    return 2 if failed else 0


def _tell(line: str) -> bool:
    """Say something beside the report; True."""
    print(f"s3ap-ops: {line}", file=sys.stderr)
    return True


def _look(options: argparse.Namespace) -> Look:
    """The account and the region, for reading. Raises OpsError when it is another account, or none can be reached."""
    session = boto3.session.Session()
    region = options.region or session.region_name
    if not region:
        raise OpsError("no region is given; say --region, or set AWS_REGION")
    try:
        account = session.client("sts", region_name=region).get_caller_identity()["Account"]
    except ClientError as error:
        raise OpsError(f"whose credentials these are cannot be told: {told(error)}") from None
    except BotoCoreError as error:
        raise OpsError(f"AWS cannot be asked: {error}") from None
    if options.account and options.account != account:
        raise OpsError("the credentials are of another account than --account says; nothing was read")
    return Look(session, account, region)


def _with_functions(found: list[Running]) -> list[Running]:
    """The stack with those of its nested stacks that have functions. Raises OpsError when none of them has."""
    having = [one for one in found if any(True for _ in one.stack.of_type(FUNCTION))]
    if not having:
        raise OpsError(f"{found[0].stack.name} has no functions, so there is nothing to check in it")
    return having


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

    def rendered(self, report: Report, form: str) -> str:
        """The report in a format of the linter's."""
        rules = self.registry.described(sorted({*CODES, *(one.code for one in report.findings)}))
        return self.registry.renderers[form].render(report, rules, _render_options(form, os.environ))


def _render_options(form: str, environment: Mapping[str, str]) -> RenderOptions:
    color = form == "text" and sys.stdout.isatty() and "NO_COLOR" not in environment
    return RenderOptions(color=color, verbose=True)
