"""The last lines of the report for people: what was found, what was looked at, and what could not be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from s3ap_lint.diagnostic import Compared, Diagnostic, Report, Stats, Tool
from s3ap_lint.model import Rule, Safety, Severity, Unchecked
from s3ap_lint.offers import Catalogued
from s3ap_lint.render.wording import Seen, count, listed, one_line, silenced

REASONS_SHOWN = 10
NOUNS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "remark"}


def summary(report: Report, rules: Mapping[str, Rule | Catalogued], verbose: bool, seen: Seen) -> Iterator[str]:
    """The lines of the summary; `verbose` lists what was suppressed and what could not be checked."""
    if report.fixed:
        yield fixed(report.fixed)
    if verbose:
        yield from (_told("fixed", finding, finding.fix.title if finding.fix else "", seen) for finding in report.fixed)
    yield _found(report)
    if verbose:
        yield from (_told("suppressed", finding, finding.reason, seen) for finding in report.suppressed)
    yield from _fixable(report.findings)
    yield _looked_at(report.stats)
    if report.compared:
        yield compared(report.compared)
        yield from added(report, seen)
    if report.unchecked:
        hint = ":" if verbose else " (-v lists them):"
        yield f"could not check {count(len(report.unchecked), 'thing')}{hint}"
        yield from _each(report.unchecked, seen) if verbose else _reasons(report.unchecked)
    yield from _versions(report.tool)
    explained = [finding.code for finding in report.findings if finding.code in rules]
    if explained:
        yield f"help: s3ap-lint explain {explained[0]}"


def _found(report: Report) -> str:
    severities = Counter(finding.severity for finding in report.findings)
    counts = [count(severities[severity], NOUNS[severity]) for severity in NOUNS if severities[severity]]
    files = count(len({finding.place.path for finding in report.findings}), "file")
    found = f"{listed(counts)} in {files}" if counts else "no findings"
    return f"{found}, {len(report.suppressed):,} suppressed" if report.suppressed else found


def _told(what: str, finding: Diagnostic, why: str, seen: Seen) -> str:
    at = f"{seen(finding.place.path)}:{finding.place.line}:{finding.place.column}"
    label = one_line(f"{at} {finding.code} {finding.name}")
    return f"  {what}: {label}" + (f": {one_line(why)}" if why else "")


def fixed(findings: tuple[Diagnostic, ...], verb: str = "fixed") -> str:
    """How much was fixed: "fixed 3 findings in 2 files"."""
    files = {edit.place.path for finding in findings if finding.fix for edit in finding.fix.edits}
    return f"{verb} {count(len(findings), 'finding')} in {count(len(files), 'file')}"


def _fixable(findings: tuple[Diagnostic, ...]) -> Iterator[str]:
    counts = fixable(findings)
    if counts:
        yield f"fixable: {counts}"


def fixable(findings: Iterable[Diagnostic]) -> str:
    """How much can be fixed, and how to get it; "" if nothing can."""
    safety = Counter(f.fix.safety for f in findings if f.fix and (f.fix.applicable or f.fix.safety is Safety.MANUAL))
    ways = (
        (Safety.SAFE, "with --fix"),
        (Safety.REVIEW, "with --unsafe-fixes (to be reviewed)"),
        (Safety.MANUAL, "by hand"),
    )
    return listed([f"{safety[kind]:,} {way}" for kind, way in ways if safety[kind]])


def _looked_at(stats: Stats) -> str:
    counts = ((stats.templates, "template"), (stats.modules, "Python file"), (stats.applications, "application"))
    checked = "checked " + ", ".join(count(number, noun) for number, noun in counts)
    if not stats.functions:
        return checked
    return f"{checked}; joined {stats.functions_joined:,} of {count(stats.functions, 'function')} to their code"


def compared(changes: Compared) -> str:
    """What a run was narrowed down to: "since origin/main (1a2b3c4): 3 files changed; 1 of 17 applications"."""
    since = f"since {changes.ref} ({changes.commit[:7]})"
    if changes.settings:
        return f"{since}: the settings changed, so everything was checked"
    if not changes.files:
        return f"{since}: no file changed; nothing was checked"
    files = f"{since}: {count(changes.files, 'file')} changed"
    if not (changes.ours or changes.applications):
        return f"{files}, no template, code or deploy input among them; nothing was checked"
    applications = f"{changes.applications:,} of {count(changes.of, 'application')}"
    some = f", {changes.ours:,} of them to be checked" if 0 < changes.ours < changes.files else ""
    return f"{files}{some}; checked {applications}"


def added(report: Report, seen: Seen) -> Iterator[str]:
    """What silences findings and did not before, each with its reason."""
    if report.added:
        yield f"{count(len(report.added), 'ignore')} added since {report.compared.ref if report.compared else ''}:"
    for one in report.added:
        yield "  " + one_line(f"{seen(one.place.path)}:{one.place.line}: {silenced(one)}")
    if report.failed_by:
        yield f"failed: {count(len(report.failed_by), 'ignore')} added (--no-new-ignores)"


def _reasons(unchecked: tuple[Unchecked, ...]) -> Iterator[str]:
    reasons = sorted(
        Counter(one_line(entry.reason) for entry in unchecked).items(), key=lambda item: (-item[1], item[0])
    )
    yield from (f"  {number:,} × {reason}" for reason, number in reasons[:REASONS_SHOWN])
    if len(reasons) > REASONS_SHOWN:
        yield f"  and {count(len(reasons) - REASONS_SHOWN, 'other reason')}"


def _each(unchecked: tuple[Unchecked, ...], seen: Seen) -> Iterator[str]:
    for entry in unchecked:
        line = f":{entry.line}" if entry.line else ""
        yield f"  {one_line(seen(entry.path))}{line}: {one_line(entry.what)}: {one_line(entry.reason)}"


def _versions(tool: Tool) -> Iterator[str]:
    if not tool.version:
        return
    engines = [one_line(f"{name} {version}") for name, version in tool.engines]
    yield f"s3ap-lint {tool.version}" + (f" with {listed(engines)}" if engines else "")
