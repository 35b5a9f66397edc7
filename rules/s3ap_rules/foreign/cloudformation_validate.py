"""cloudformation-validate's findings as ours, under the codes that cfn-lint has for the same things.

It is optional (`pip install 's3ap-lint[fast]'`) and takes part only where it is chosen. Importing it and making its
engine takes a quarter of a second, so that happens when a template is checked or the catalogue is asked for; `preload`
names the module that does it. It starts no thread, so a process that has it can be forked.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Iterable, Iterator

from s3ap_lint.model import Finding, Severity, Unchecked
from s3ap_lint.offers import Catalogued, EngineUnit
from s3ap_lint.plugins import hookimpl
from s3ap_rules.foreign.cfn_lint import short_name

HELP = "https://github.com/aws-cloudformation/cloudformation-validate"
SEVERITIES = {
    "FATAL": Severity.ERROR,
    "ERROR": Severity.ERROR,
    "WARN": Severity.WARNING,
    "INFO": Severity.INFO,
    "DEBUG": Severity.INFO,
}

AS_CFN_LINT = {
    "F0001": "E1001",
    "F0002": "E1001",
    "F0003": "E2010",
    "F1018": "E1019",
    "F1050": "E1017",
    "F1101": "E0000",
    "F3016": "E3035",
    "F6005": "E6102",
    "W3030": "E3030",
    "W3049": "E3049",
}
"""Where its number means something else to cfn-lint, or its letter differs for the same thing."""


def code_of(rule: str) -> str:
    """The code under which a rule's findings are reported.

    Its F, for what CloudFormation refuses outright, is cfn-lint's E; here F stands for pyflakes.
    """
    known = AS_CFN_LINT.get(rule)
    return known or (f"E{rule[1:]}" if rule.startswith("F") else rule)


class CloudFormationValidateEngine:
    """cloudformation-validate over one template at a time."""

    name = "cfn-validate"
    kind = "template"
    preload = ("s3ap_rules.foreign.cloudformation_validate_rules",)

    @property
    def missing(self) -> str:
        """What to do before it can be chosen; nothing when it is installed."""
        if importlib.util.find_spec("cloudformation_validate") is not None:
            return ""
        return "the engine cfn-validate is not installed; pip install 's3ap-lint[fast]'"

    @property
    def version(self) -> str:
        return importlib.metadata.version("cloudformation-validate")

    def catalogue(self) -> Iterator[Catalogued]:
        """Every code that it comes with, sorted; rules that have a code in common are told together."""
        from s3ap_rules.foreign.cloudformation_validate_rules import RULES

        by_code: dict[str, list[tuple[str, str, str]]] = {}
        for rule in RULES:
            by_code.setdefault(code_of(rule[0]), []).append(rule)
        taken: set[str] = set()
        for code, rules in sorted(by_code.items()):
            severity = max((SEVERITIES[level] for _, level, _ in rules), key=lambda known: known.rank)
            name = short_name(rules[0][2])
            name = f"{name}-{code.lower()}" if name in taken else name
            taken.add(name)
            summary = "; ".join(
                text if rule == code else f"{text} ({rule} of cloudformation-validate)" for rule, _, text in rules
            )
            yield Catalogued(code, name, severity, summary, HELP)

    def check(self, unit: EngineUnit) -> Iterable[Finding | Unchecked]:
        """What it has to say about a template, in the order of the text, and what it could not look at."""
        from s3ap_rules.foreign.cloudformation_validate_rules import check

        return check(unit)


ENGINE = CloudFormationValidateEngine()


@hookimpl
def s3ap_engines() -> list[CloudFormationValidateEngine]:
    """cloudformation-validate."""
    return [ENGINE]
