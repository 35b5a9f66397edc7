"""A gate that checked nothing must fail: what makes a run worthless, and the exit status of one that is not."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from s3ap_lint import report as reports
from s3ap_lint.config import Config
from s3ap_lint.diagnostic import Diagnostic, Place, Report
from s3ap_lint.discovery import Discovery
from s3ap_lint.invocation import below_root
from s3ap_lint.model import Severity
from s3ap_lint.registry import Registry
from s3ap_lint.run import Run
from s3ap_lint.tasks import template_engines

WORTHLESS = frozenset({"S3AP902", "S3AP906"})
"""A rule crashed, or nothing was checked: whatever else was found, the run says too little."""


def nothing_checked(found: Discovery, config: Config, allow_empty: bool) -> Diagnostic | None:
    """S3AP906 for a folder without anything checkable, or when none of the named files is ours."""
    if found.empty:
        given = found.empty
        message = f"nothing to check in {', '.join(given)}: no template and no Python file"
    elif found.foreign and not found.files and not allow_empty:
        given = found.foreign
        reasons = {gap.path: f", which {gap.reason}" for gap in found.unchecked}
        named = (text + reasons.get(below_root(text, config), "") for text in given[:3])
        message = f"none of the named files is a template or Python file: {'; '.join(named)}"
    else:
        return None
    return Diagnostic("S3AP906", "nothing-checked", Severity.ERROR, message, Place(below_root(given[0], config)))


def nothing_read(report: Report, found: Discovery, config: Config, allow_empty: bool) -> Diagnostic | None:
    """S3AP906 when none of the files that were found could be checked, and no finding says so."""
    stats = report.stats
    if (
        stats.templates
        or stats.modules
        or report.findings
        or report.suppressed
        or found.inputs
        or not (found.python or found.templates or (found.definitions and not allow_empty and not stats.applications))
    ):
        return None
    unused = [f"no template names {path} as its DefinitionUri" for path in found.definitions]
    reasons = "; ".join([*(f"{gap.path} {gap.reason}" for gap in report.unchecked), *unused][:3])
    message = "not one of the files could be checked" + (f": {reasons}" if reasons else "")
    path = found.templates[0].path if found.templates else (*found.python, *found.definitions)[0]
    return Diagnostic("S3AP906", "nothing-checked", Severity.ERROR, message, Place(path))


def status(
    report: Report, run: Run, *, exit_zero: bool, no_new_ignores: bool = False, allow_empty: bool = False
) -> int:
    """0: nothing at or above `--fail-on`; 1: findings, or ignores that nobody wanted; 2: the run cannot be trusted.

    `allow_empty`: the files that were named are a hook's, and say nothing of how much there is in the project.
    """
    share = allow_empty and all(given.kind == "file" for given in run.found.given)
    unmet = [*([] if share else _too_little(report, run)), *_not_run(run.config, run.registry)]
    for line in unmet:
        print(f"s3ap-lint: {line}", file=sys.stderr)
    if unmet or any(d.code in WORTHLESS for d in report.findings):
        return 2
    failing = any(d.severity.rank >= run.config.fail_on.rank for d in report.findings)
    return 1 if (failing or (no_new_ignores and report.added)) and not exit_zero else 0


def _too_little(report: Report, run: Run) -> Iterator[str]:
    """What `[require]` asks to be seen and the run did not see."""
    stats = report.compared.whole if report.compared else report.stats
    for name in ("templates", "modules", "applications", "functions", "functions_joined"):
        wanted, seen = getattr(run.config.require, name), getattr(stats, name)
        if wanted is not None and seen < wanted:
            yield f"require: {name} = {wanted}, but this run saw {seen}; is something not found, or ignored?"


def _not_run(config: Config, registry: Registry) -> list[str]:
    """The rules that `[require]` asks for and that did not run."""
    known = reports.known(registry)
    ran = reports.did_run(config, registry, bool(template_engines(config, registry)))
    return [
        f"require: the rule {selector} did not run; it is not selected, or its plugin is disabled"
        for selector in config.require.rules
        if not (known(selector) and ran(selector))
    ]
