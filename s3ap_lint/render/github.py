"""Findings as workflow commands, which GitHub shows as annotations on a pull request without any upload.

GitHub shows ten annotations of each level for a step and drops the rest; SARIF has no such limit.
"""

from __future__ import annotations

from collections.abc import Mapping

from s3ap_lint.diagnostic import AddedIgnore, Diagnostic, Report
from s3ap_lint.model import Rule, Severity
from s3ap_lint.offers import Catalogued, RenderOptions
from s3ap_lint.render.wording import relative_to, sentence, silenced

COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: Report, rules: Mapping[str, Rule | Catalogued], options: RenderOptions) -> str:
    """One command for each finding; paths are relative to the git top level."""
    seen = relative_to(report.paths.top, report.paths.root)
    added = (_refused(one, seen(one.place.path)) for one in report.failed_by)
    return "".join((*(_command(finding, seen(finding.place.path)) for finding in report.findings), *added))


def _refused(ignore: AddedIgnore, path: str) -> str:
    at = f"file={_property(path)},line={ignore.place.line},endLine={ignore.place.end_line}"
    return f"::error {at},title=ignore added (--no-new-ignores)::{_data(silenced(ignore))}\n"


def _command(finding: Diagnostic, path: str) -> str:
    place = finding.place
    properties = {"file": path, "line": place.line, "endLine": place.end_line}
    if place.line == place.end_line:  # GitHub takes columns only for a place on one line
        properties |= {"col": place.utf16_column, "endColumn": place.utf16_end_column}
    properties["title"] = f"{finding.code} {finding.name}".strip()
    written = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{COMMANDS[finding.severity]} {written}::{_data(sentence(finding))}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
