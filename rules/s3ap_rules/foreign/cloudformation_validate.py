"""cloudformation-validate's findings as ours, under the codes that cfn-lint has for the same things.

It is optional (`pip install 's3ap-lint[fast]'`) and takes part only where it is chosen. Importing it and making its
engine takes a quarter of a second, so that happens when a template is checked or the catalogue is asked for; `preload`
names the module that does it. It starts no thread, so a process that has it can be forked.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import time
from collections.abc import Iterable, Iterator

from s3ap_lint.model import Finding, Severity, Unchecked
from s3ap_lint.offers import Catalogued, EngineUnit, RestsOn
from s3ap_lint.plugins import hookimpl
from s3ap_rules.foreign.cfn_lint import configuration_candidates, short_name

HELP = "https://github.com/aws-cloudformation/cloudformation-validate"
SEVERITIES = {
    "FATAL": Severity.ERROR,
    "ERROR": Severity.ERROR,
    "WARN": Severity.WARNING,
    "INFO": Severity.INFO,
    "DEBUG": Severity.INFO,
}

AS_CFN_LINT = {
    **dict.fromkeys(("F0001", "F0002", "F0005"), "E1001"),
    **dict.fromkeys(("F0009", "F0014"), "E8001"),
    **dict.fromkeys(("F0010", "F1018"), "E1019"),
    **dict.fromkeys(("F0015", "F0016"), "E2001"),
    **dict.fromkeys(("F0017", "F0050"), "E7001"),
    **dict.fromkeys(("F8600", "F8601", "F8603", "F8604", "F8605", "F8607", "F8609"), "E1700"),
    **dict.fromkeys(("F8610", "F8611"), "E1701"),
    "F0003": "E2010",
    "F0004": "E6010",
    "F0006": "E3001",
    "F0007": "E3010",
    "F0008": "E7010",
    "F0011": "E1003",
    "F0013": "E1028",
    "F0018": "E3036",
    "F0040": "E6002",
    "F1012": "E1011",
    "F1050": "E1017",
    "F1101": "E0000",
    "F2012": "E2015",
    "F3016": "E3035",
    "F6005": "E6102",
    "F8606": "E1702",
    "W3030": "E3030",
    "W3049": "E3049",
}
"""Where cfn-lint has another number, or another letter, for the same thing."""

OURS = (
    ("E0003", "ERROR", "A .cfnlintrc that cannot be read"),
    ("W3001", "WARN", "What SAM ignores of a resource"),
)
"""Codes of cfn-lint for what the rules of the engine do not tell apart."""

OWN = frozenset(
    {
        "E2504",
        "W1102",
        "W1103",
        "W2502",
        "W2503",
        "W2508",
        "W2509",
        "W2512",
        "W4011",
        "W4012",
        "W8602",
        "W8608",
        "I3049",
        "I4010",
    }
)
"""With all that begin with 9: rules that cfn-lint does not have. Much of what they say is a matter of opinion."""


def code_of(rule: str) -> str:
    """The code under which a rule's findings are reported.

    Its F, for what CloudFormation refuses outright, is cfn-lint's E; here F stands for pyflakes.
    """
    known = AS_CFN_LINT.get(rule)
    return known or (f"E{rule[1:]}" if rule.startswith("F") else rule)


def is_own(code: str) -> bool:
    """Whether cfn-lint knows nothing like it, so that it has to be asked for by more than a letter."""
    return code in OWN or code[1] == "9"


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

    def rests_on(self, unit: EngineUnit) -> RestsOn:
        """The configuration at or above the template, and the day: which of its rules look at dates, nobody tells."""
        day = 24 * 3600
        return RestsOn(configuration_candidates(unit.path), (time.time() // day + 1) * day)

    def catalogue(self) -> Iterator[Catalogued]:
        """Every code that it comes with, sorted; rules that have a code in common are told together."""
        from s3ap_rules.foreign.cloudformation_validate_rules import RULES

        by_code: dict[str, list[tuple[str, str, str]]] = {}
        for rule in (*RULES, *OURS):
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
