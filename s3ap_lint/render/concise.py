"""One line for each finding, in the form that editors and `grep` know."""

from __future__ import annotations

from collections.abc import Mapping

from s3ap_lint.diagnostic import Report
from s3ap_lint.model import Rule
from s3ap_lint.offers import Catalogued, RenderOptions
from s3ap_lint.render.wording import one_line, relative_to, sentence


def render(report: Report, rules: Mapping[str, Rule | Catalogued], options: RenderOptions) -> str:
    """`path:line:column: CODE message` for each finding."""
    seen = relative_to(report.paths.cwd, report.paths.root)
    lines = (
        f"{one_line(seen(finding.place.path))}:{finding.place.line}:{finding.place.column}: "
        f"{finding.code} {sentence(finding)}\n"
        for finding in report.findings
    )
    return "".join(lines)
