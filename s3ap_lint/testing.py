"""Everything that is asserted about every example of every rule; made for the authors of plugins too.

    import pytest
    from my_rules import my_rule
    from s3ap_lint.testing import example_cases

    @pytest.mark.parametrize("case", example_cases([my_rule]), ids=str)
    def test_example(case):
        case.check()

or, all in one test, `assert_rule(my_rule)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from s3ap_lint import data, memory, properties
from s3ap_lint.errors import S3apLintError
from s3ap_lint.examples import CODE
from s3ap_lint.model import Detector, Example, Rule
from s3ap_lint.plugins import make_manager
from s3ap_lint.properties import HOST_RULES, PROPERTIES, Trial
from s3ap_lint.registry import Registry, load
from s3ap_lint.render import RENDERERS

__all__ = ["Case", "assert_rule", "check_examples", "example_cases", "installed", "registry_with"]


@dataclass(frozen=True)
class Case:
    """One property of one example, or the description of a rule."""

    rule: Rule
    registry: Registry
    example: Example | None = None
    property: str = "description"

    def __str__(self) -> str:
        return f"{self.rule.code}-{self.property}" + (f"-{self.example.title}" if self.example else "")

    def problems(self) -> list[str]:
        """What is wrong, each with what is needed to mend it."""
        if self.example is None:
            return list(described_badly(self.rule, self.registry))
        return properties.problems(Trial(self.rule, self.example, self.registry), self.property)

    def check(self) -> None:
        """Raise AssertionError, in the words of `problems`, unless there are none."""
        found = self.problems()
        if found:
            raise AssertionError(_told(self, found))


def example_cases(rules: Iterable[Rule | Detector] | None = None) -> list[Case]:
    """Every property of every example of some rules; of all that are installed when none are named."""
    given = None if rules is None else list(rules)
    registry = registry_with(given or ())
    codes = registry.rules if given is None else dict.fromkeys(rule.code for rule in given)
    return [case for code in codes for case in _cases(registry.rules[code], registry)]


def check_examples(*rules: Rule | Detector) -> list[str]:
    """What is wrong with rules and their examples; nothing if all is well. Without rules: all that are installed."""
    return [_told(case, found) for case in example_cases(rules or None) if (found := case.problems())]


def assert_rule(*rules: Rule | Detector) -> None:
    """Raise AssertionError unless everything holds for these rules and all of their examples."""
    wrong = check_examples(*rules)
    if wrong:
        raise AssertionError("\n\n".join(wrong))


def _cases(rule: Rule, registry: Registry) -> Iterator[Case]:
    yield Case(rule, registry)
    for example in rule.examples:
        for name in PROPERTIES:
            yield Case(rule, registry, example, name)


def _told(case: Case, found: list[str]) -> str:
    title = f', example "{case.example.title}"' if case.example else ""
    about = PROPERTIES[case.property].__doc__ if case.example else "A rule can be found, read and trusted."
    lines = [f"{case.rule.code} {case.rule.name}{title}: {case.property}", f"  ({(about or '').strip()})"]
    return "\n".join([*lines, *(f"  - {one}".replace("\n", "\n    ") for one in found)])


@cache
def installed() -> Registry:
    """The rules of every installed plugin, without foreign linters, every table they may ask for loaded."""
    for table in files(data).iterdir():
        if table.name.endswith(".json"):
            data.load(table.name.removesuffix(".json"))
    return memory.without_engines(load(make_manager(), RENDERERS))


def registry_with(things: Iterable[Rule | Detector]) -> Registry:
    """What is installed, with these rules in place of those of the same code and these detectors beside the others."""
    registry = replace(installed(), rules=dict(installed().rules))
    things = list(things)
    for rule in (thing for thing in things if isinstance(thing, Rule)):
        registry.rules[rule.code] = rule
    for detector in (thing for thing in things if isinstance(thing, Detector)):
        owner = registry.rules.get(detector.code)
        if owner is None:
            raise AssertionError(f"{detector.code} is no rule's code; name the rule itself in the same call")
        if detector not in owner.detectors:
            registry.rules[detector.code] = replace(owner, detectors=(*owner.detectors, detector))
    return registry


def described_badly(rule: Rule, registry: Registry) -> Iterator[str]:
    """What is wrong with a rule's code, name, documentation, and set of examples."""
    if not re.fullmatch(CODE, rule.code):
        yield f"the code {rule.code!r} is not capitals and digits, such as ACME001"
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)+", rule.name):
        yield f"the name {rule.name!r} is not two or more words in kebab case, such as alias-only-grant"
    if re.match(r"(always|avoid|check|dont|ensure|forbid|must|never|require|should|validate|verify)-", rule.name):
        yield f"the name {rule.name!r} is an instruction; it must read well after 'allow': call it what it finds"
    twins = sorted(code for code, other in registry.rules.items() if other.name == rule.name and code != rule.code)
    if twins:
        yield f"the name {rule.name!r} is that of {twins[0]}, too"
    if not re.fullmatch(r"\d+\.\d+(\.\d+)?", rule.since):
        yield f"since is {rule.since!r}; write the version that first had the rule, such as 0.1.0"
    if rule.security is not None and not 0 < rule.security <= 10:
        yield f"security is {rule.security}; GitHub's security-severity goes from 0.1 to 10.0"
    yield from _documented_badly(rule)
    yield from _shown_badly(rule, registry)


def _documented_badly(rule: Rule) -> Iterator[str]:
    if not rule.doc.strip():
        yield "there is no docstring; say in a sentence what is found, then what comes of it"
        return
    first, _, rest = rule.doc.strip().partition("\n\n")
    if not rule.summary.endswith("."):
        yield f"the first paragraph does not end with a full stop: {rule.summary!r}"
    if "\n" in first or len(first) > 120:
        yield "the first paragraph is the summary; keep it on one line"
    if not rest.strip():
        yield "the docstring stops after the summary; say what comes of it in a paragraph of its own"


def _shown_badly(rule: Rule, registry: Registry) -> Iterator[str]:
    if not rule.detectors and rule.code in HOST_RULES:
        return
    if not rule.detectors:
        yield "nothing detects it; make it with the decorator s3ap_lint.api.rule"
        return
    shown = rule.live_examples if rule.is_live_only else rule.examples
    if not any(example.bad for example in shown):
        yield "there is no bad example; without one nobody knows whether the rule can fire"
    if not any(not example.bad for example in shown):
        yield "there is no good example; show what to write instead"
    titles = [example.title for example in (*rule.examples, *rule.live_examples)]
    for title in sorted({title for title in titles if titles.count(title) > 1}):
        yield f"two examples have the title {title!r}"
    offering = [example.title for example in rule.examples if _offers_fix(rule, example, registry)]
    if offering and not rule.fixable:
        yield f'the rule fixes the example "{offering[0]}"; show with fixed= what comes out'
    if rule.fixable and not offering:
        yield "an example shows `fixed`, but the rule offers no fix for any of them"


def _offers_fix(rule: Rule, example: Example, registry: Registry) -> bool:
    trial = Trial(rule, example, registry)
    try:
        findings = trial.look(trial.marked.files).findings
    except (ValueError, S3apLintError):
        return False  # the example's own case says what is wrong with it
    return any(finding.fix and finding.fix.edits for finding in findings if finding.code == rule.code)
