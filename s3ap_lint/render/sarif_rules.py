"""The rules of a run as SARIF describes them, with what GitHub shows on an alert's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from s3ap_lint.diagnostic import Diagnostic
from s3ap_lint.model import Rule
from s3ap_lint.offers import Catalogued
from s3ap_lint.render.sarif_results import LEVELS

LONGEST_DESCRIPTION = 1024
LONGEST_NAME = 255
PROBLEM = {"error": "error", "warning": "warning", "info": "recommendation"}


def descriptors(rules: Mapping[str, Rule | Catalogued], findings: Sequence[Diagnostic]) -> list[dict[str, Any]]:
    """Every rule that ran, found or not, so that alerts close; of the foreign codes those that were found."""
    found = {finding.code: finding for finding in reversed(findings)}
    ran = [rule for rule in rules.values() if isinstance(rule, Rule) or rule.code in found]
    described = {rule.code: _describe(rule) for rule in ran}
    for code, finding in found.items():
        if code not in described:
            described[code] = _describe(Catalogued(code, finding.name, finding.severity, ""))
    return [described[code] for code in sorted(described)]


def _describe(rule: Rule | Catalogued) -> dict[str, Any]:
    name = rule.name or rule.code
    summary = rule.summary.strip() or name
    page = (rule.doc.strip() if isinstance(rule, Rule) else "") or summary
    uri = rule.help_uri if isinstance(rule, Catalogued) else ""
    return {
        "id": rule.code,
        "name": _cut(name, LONGEST_NAME),
        "shortDescription": {"text": _cut(summary, LONGEST_DESCRIPTION)},
        "fullDescription": {"text": _cut(page, LONGEST_DESCRIPTION)},
        "help": {"text": page, "markdown": page + _more(rule)},
        **({"helpUri": uri} if uri.startswith(("http://", "https://")) else {}),
        "defaultConfiguration": {"level": LEVELS[rule.severity.value]},
        "properties": _properties(rule),
    }


def _more(rule: Rule | Catalogued) -> str:
    """Where the rest of a rule's page is: to make it the rule is run on its examples, which takes too long here."""
    if isinstance(rule, Catalogued):
        return ""
    return f"\n\n`s3ap-lint explain {rule.code}` shows an example, its repair, and how to silence it."


def _properties(rule: Rule | Catalogued) -> dict[str, Any]:
    """`security-severity` makes an alert a security alert, so only rules that are about permissions have it."""
    security = rule.security if isinstance(rule, Rule) else None
    strict = isinstance(rule, Rule) and rule.strict
    properties = {
        "precision": "medium" if strict else "high",
        "problem.severity": PROBLEM[rule.severity.value],
        "tags": ["security" if security else "correctness", *(["strict"] if strict else [])],
    }
    return properties | ({"security-severity": f"{security:.1f}"} if security else {})


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
