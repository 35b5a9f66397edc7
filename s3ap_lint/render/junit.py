"""Findings as JUnit XML, for servers that know tests and nothing else: each finding is a test that failed.

Of tests with one class and name GitLab keeps the first, so repeated names are numbered. Names hold no line, so that a
server which compares two branches sees what is new.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape, quoteattr

from s3ap_lint.diagnostic import Diagnostic, Report
from s3ap_lint.model import Rule
from s3ap_lint.offers import Catalogued, RenderOptions
from s3ap_lint.render.wording import Seen, one_line, relative_to, sentence, silenced

_ILLEGAL = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # in XML 1.0, escaped or not


def render(report: Report, rules: Mapping[str, Rule | Catalogued], options: RenderOptions) -> str:
    """One suite; without a finding it holds one test that passed, because an empty report counts as a broken one."""
    seen = relative_to(report.paths.top, report.paths.root)
    failures = len(report.findings) + len(report.failed_by)
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        "<testsuites>",
        f'  <testsuite name="s3ap-lint" tests="{failures or 1}" failures="{failures}" errors="0" skipped="0">',
        *(
            (*_cases(report, seen), *_added(report, seen))
            if failures
            else ('    <testcase classname="s3ap-lint" name="no findings"/>',)
        ),
        "  </testsuite>",
        "</testsuites>",
    ]
    return "\n".join(lines) + "\n"


def _cases(report: Report, seen: Seen) -> Iterator[str]:
    times: Counter[tuple[str, str]] = Counter()
    for finding in report.findings:
        path, told = one_line(seen(finding.place.path)), sentence(finding)
        name = f"{finding.code} {told}"
        times[path, name] += 1
        again = times[path, name]
        attributes = {
            "classname": path,
            "name": name if again == 1 else f"{name} ({again})",
            "file": path,
            "line": str(finding.place.line),
        }
        yield f"    <testcase{_written(attributes)}>"
        yield f"      <failure{_written({'type': finding.severity.value, 'message': told})}>"
        yield from (escape(_legal(line)) for line in _body(finding, path, told, seen))
        yield "      </failure>"
        yield "    </testcase>"


def _added(report: Report, seen: Seen) -> Iterator[str]:
    """A test for each ignore that fails the run."""
    times: Counter[tuple[str, str]] = Counter()
    for one in report.failed_by:
        path, told = one_line(seen(one.place.path)), silenced(one)
        times[path, told] += 1
        again = f" ({times[path, told]})" if times[path, told] > 1 else ""
        name = f"ignore added: {told}{again}"
        yield f"    <testcase{_written({'classname': path, 'name': name, 'file': path, 'line': str(one.place.line)})}>"
        yield f"      <failure{_written({'type': 'error', 'message': f'--no-new-ignores: {told}'})}/>"
        yield "    </testcase>"


def _body(finding: Diagnostic, path: str, told: str, seen: Seen) -> Iterator[str]:
    yield one_line(f"{path}:{finding.place.line}:{finding.place.column}: {finding.code} {finding.name}")
    yield told
    for place in finding.related:
        yield one_line(f"{seen(place.path)}:{place.line}:{place.column}: {place.message}")
    if finding.fix:
        yield f"fix: {one_line(finding.fix.title)}"


def _written(attributes: Mapping[str, str]) -> str:
    return "".join(f" {key}={quoteattr(_legal(value))}" for key, value in attributes.items())


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
