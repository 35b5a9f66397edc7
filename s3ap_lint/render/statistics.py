"""Counts per code for `--statistics`, the most frequent first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from s3ap_lint.diagnostic import Diagnostic, Report
from s3ap_lint.model import Rule, Safety
from s3ap_lint.offers import Catalogued
from s3ap_lint.render.wording import count, one_line

MARKS = {Safety.SAFE: "[*]", Safety.REVIEW: "[?]"}
LEGEND = "[*] fixed by --fix, [?] by --fix --unsafe-fixes; for some of these at least"


def statistics(report: Report, rules: Mapping[str, Rule | Catalogued], seconds: float, hits: int) -> Iterator[str]:
    """A line for each code: count, mark and name; then the time, and how many results were those of earlier runs."""
    counts = Counter(finding.code for finding in report.findings)
    marks = {code: _mark([finding for finding in report.findings if finding.code == code]) for code in counts}
    width = max((len(f"{number:,}") for number in counts.values()), default=0)
    longest = max(map(len, counts), default=0)
    for code, number in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        name = next((f.name for f in report.findings if f.code == code and f.name), "") or _named(rules.get(code))
        yield f"{number:>{width},}  {code:<{longest}}  {marks[code]}  {one_line(name)}".rstrip()
    if any(mark.strip() != "[ ]" for mark in marks.values()):
        yield LEGEND
    kept = f", {count(hits, 'result')} of earlier runs used again" if hits else ""
    yield f"{count(report.stats.files, 'file')} in {seconds:.2f} s{kept}"


def _mark(findings: list[Diagnostic]) -> str:
    safeties = {finding.fix.safety for finding in findings if finding.fix and finding.fix.applicable}
    return next((mark for safety, mark in MARKS.items() if safety in safeties), "[ ]")


def _named(rule: Rule | Catalogued | None) -> str:
    return rule.name if rule is not None else ""
