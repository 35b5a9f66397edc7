"""The report for people: one explanation for each cause, its places, and what was not looked at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from s3ap_lint.diagnostic import Diagnostic, Place, Report
from s3ap_lint.model import Rule, Safety, Severity
from s3ap_lint.offers import Catalogued, RenderOptions
from s3ap_lint.render import groups
from s3ap_lint.render.excerpt import excerpt
from s3ap_lint.render.paint import BOLD, FAINT, Paint, painter
from s3ap_lint.render.summary import summary
from s3ap_lint.render.wording import Seen, count, listed, one_line, relative_to, when

COLORS = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.INFO: "1;36"}
GREEN = "32"
FIX = {Safety.SAFE: "fix", Safety.REVIEW: "fix to review", Safety.MANUAL: "fix by hand"}
NARROWEST = 40


def render(report: Report, rules: Mapping[str, Rule | Catalogued], options: RenderOptions) -> str:
    """Findings grouped by cause, then a summary; with `quiet` only the findings."""
    paint = painter(options.color)
    seen = relative_to(report.paths.cwd, report.paths.root)
    blocks = ["\n".join(_block(group, seen, paint, options)) for group in grouped(report.findings)]
    if not options.quiet:
        blocks.append("\n".join(summary(report, rules, options.verbose, seen)))
    return "\n\n".join(blocks) + "\n" if blocks else ""


def grouped(findings: Iterable[Diagnostic]) -> list[list[Diagnostic]]:
    """The findings that have the same explanation together, in the order of their first places.

    Two messages are the same if they differ only in the name of what each is about: the places name it.
    """
    found: dict[tuple[object, ...], list[Diagnostic]] = {}
    for finding in sorted(findings, key=lambda finding: finding.sort_key):
        found.setdefault((finding.code, finding.severity, *_explanation(finding)), []).append(finding)
    return list(found.values())


def _explanation(finding: Diagnostic) -> tuple[object, ...]:
    group = finding.group
    if group is not None:
        return group.path, group.title, group.command, group.advice
    fix = finding.fix and (finding.fix.title, finding.fix.safety)
    return _without_name(finding), when(finding.scenario), fix


def _block(group: list[Diagnostic], seen: Seen, paint: Paint, options: RenderOptions) -> Iterator[str]:
    first, others = group[0], group[1:]
    color = COLORS[first.severity]
    label = f"{paint(color, first.severity.value)} {paint(color, first.code)} {one_line(first.name)}".rstrip()
    if first.group is not None:
        yield f"{paint(BOLD, one_line(seen(first.group.path)))} {label}"
        yield from groups.lines(first.group, group, seen, every=options.verbose)
        return
    yield f"{paint(BOLD, _at(first.place, seen))} {label}"
    yield f"  {one_line(first.message)}"
    yield from _quote(first.place, paint, color, options.width)
    yield from _scenario(first)
    yield from _around(first, seen, options.verbose, "  ")
    if first.fix:
        yield f"  {paint(GREEN, FIX[first.fix.safety] + ':')} {one_line(first.fix.title)}"
    if others:
        yield f"  the same in {count(len(others), 'more place')}:"
    for other in others:
        yield f"    {_at(other.place, seen)} {_subject(other)}".rstrip()
        if options.verbose:
            yield from _around(other, seen, True, "      ")


def _scenario(finding: Diagnostic) -> Iterator[str]:
    """When it happens; parameter values are named only where leaving them alone would not do."""
    clause = when(finding.scenario)
    if not finding.scenario or not clause:
        return
    untold = (
        pair for pair in finding.scenario.parameters if not re.search(rf"(?<!\w){re.escape(pair[0])} is ", clause)
    )
    values = [f"{name}={value!r}" for name, value in untold]
    if values and not finding.scenario.default:
        yield f"  {clause}, for example with {one_line(listed(values))}"
    elif clause not in finding.message:
        yield f"  {clause}"


def _around(finding: Diagnostic, seen: Seen, verbose: bool, indent: str) -> Iterator[str]:
    """The related places, and with `verbose` the way from cause to effect."""
    for place in finding.related:
        yield indent + _noted(place, seen)
    if not verbose or not finding.flow:
        return
    for number, place in enumerate(finding.flow, 1):
        yield f"{indent}{number}. {_noted(place, seen)}"


def _quote(place: Place, paint: Paint, color: str, width: int) -> Iterator[str]:
    if not place.excerpt.strip():
        return
    gutter = f"{place.line:>6} | "
    line, carets = excerpt(place, max(NARROWEST, width) - len(gutter))
    indent = carets[: -len(carets.lstrip())]
    yield paint(FAINT, gutter) + line
    yield paint(FAINT, " " * 6 + " | ") + indent + paint(color, carets.lstrip())


def _at(place: Place, seen: Seen) -> str:
    return f"{one_line(seen(place.path))}:{place.line}:{place.column}"


def _noted(place: Place, seen: Seen) -> str:
    return f"{_at(place, seen)}: {one_line(place.message)}" if place.message.strip() else _at(place, seen)


def _subject(finding: Diagnostic) -> str:
    """What the finding is about, in short: "Resources/WriterRole"."""
    return one_line("/".join(finding.logical_path.split("/")[:2]))


def _without_name(finding: Diagnostic) -> str:
    """The message without the logical name of the resource that it is about."""
    _, _, name = _subject(finding).partition("/")
    return re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "\0", finding.message) if name else finding.message
