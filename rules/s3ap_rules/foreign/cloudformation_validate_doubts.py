"""Findings of cloudformation-validate that were wrong, each time for the same reason, whenever one like it was read.

docs/evaluation.md says how often. Whoever cannot tell whether such a finding is right does not show it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property

from s3ap_lint.model import Finding
from s3ap_lint.source import Source
from s3ap_lint.template import document
from s3ap_lint.template.node import Node
from s3ap_lint.template.references import Reference, mentioned, references
from s3ap_lint.template.template import Template
from s3ap_lint.template.worlds import TooManyWorlds, World

_TARGETS = frozenset({"E1010", "E1019", "E1020", "E3005", "E6101"})
_SECRETS = frozenset({"W1011", "W2501"})
_CYCLE, _CONDITIONAL = "E3004", "W1001"

_WORDS = (
    ("E1022", "'Fn::GetAZs'"),  # a list like any other to Fn::Join
    ("E3601", "'${"),  # filled in by DefinitionSubstitutions
    ("W3694", "'AWS::Lambda::Alias'"),  # the Ref of an alias is an ARN that SNS takes
)
"""What a code is wrong about whenever its message says so."""


class Doubts:
    """What is doubtful among the findings on one template; it is parsed when a finding gives reason to."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def __call__(self, finding: Finding) -> bool:
        """Whether a finding is of a kind that cannot be relied on."""
        if finding.code in _TARGETS:
            return self._is_generated(finding.message)
        if finding.code in _SECRETS:
            return self._is_looked_up(finding.message)
        if finding.code == _CYCLE:
            return self._is_resolved_by_sam(finding.message)
        if finding.code == _CONDITIONAL:
            return self._always_stands(finding)
        if any(finding.code == code and words in finding.message for code, words in _WORDS):
            return True
        return bool(finding.scenario) and not self._is_possible(finding)

    @cached_property
    def _template(self) -> Template | None:
        top = document.parse(self._source).top
        return Template(self._source, top) if top is not None else None

    @cached_property
    def _serverless(self) -> tuple[str, ...]:
        """The resources of which SAM makes several, under names that begin with theirs; a Transform may be missing."""
        resources = self._template.resources if self._template else {}
        return tuple(name for name, one in resources.items() if one.of_sam)

    def _is_generated(self, message: str) -> bool:
        """Whether a reference names what SAM generates: `Api.Stage`, `FunctionRole`."""
        if not (quoted := re.search(r"'(?:\$\{)?([^'}]+)", message)):
            return False
        return quoted[1].startswith(self._serverless)

    def _is_resolved_by_sam(self, message: str) -> bool:
        """Whether a circle goes through a resource that SAM takes apart."""
        return any(name in self._serverless for name in re.findall(r"\w+", message))

    def _is_looked_up(self, message: str) -> bool:
        """Whether a parameter only says where a secret is kept: `{{resolve:secretsmanager:${SecretArn}}}`."""
        named = set(re.findall(r"\w+", message))
        template = self._template
        return template is not None and any(
            reference.name in named and "{{resolve:" in _text(reference) for reference in references(template)
        )

    def _always_stands(self, finding: Finding) -> bool:
        """Whether what a reference needs is there wherever the reference is; it sees no `!If` in Outputs."""
        template, quoted = self._template, re.search(r"'([^']+)'", finding.message)
        target = template.resources.get(quoted[1]) if template and quoted else None
        if template is None or target is None:
            return False
        section, holder = (*finding.at.path, "", "")[:2]
        condition = template.top[section][holder]["Condition"].text
        found = [one for one in references(template) if one.name == target.id and one.holder == holder]

        def is_missing(world: World) -> bool:
            held = not condition or world.holds(condition)
            return held and any(one.stands(world) for one in found) and not target.exists(world)

        return not _happens(template, is_missing)

    def _is_possible(self, finding: Finding) -> bool:
        """Whether the parameters that a value is made of can have their Defaults when the conditions are as it says.

        It takes the Default of a parameter even for a condition that says that the parameter has another value.
        """
        template, scenario = self._template, finding.scenario
        if template is None or scenario is None:
            return True
        space, truths = template.space, dict(scenario.conditions)
        names = {
            reference.name
            for reference in mentioned(nearest(template.top, finding.at.path), template)
            if all(truths.get(condition, truth) is truth for condition, truth in reference.guards)
        }
        if finding.at.path[:1] == ("Parameters",):  # what is said of a Default is said there
            names.add(finding.at.path[1])
        defaults = {name: space.default(name) for name in sorted(names) if space.default(name) is not None}

        def holds(world: World) -> bool:
            as_said = all(world.holds(condition) is truth for condition, truth in scenario.conditions)
            return as_said and all(world.value(name) == default for name, default in defaults.items())

        return _happens(template, holds)


def _happens(template: Template, question: Callable[[World], bool]) -> bool:
    """Whether the answer is yes in any scenario; no if there are too many to tell."""
    try:
        return any(outcome.answer for outcome in template.outcomes(question))
    except (TooManyWorlds, RecursionError):
        return False


def _text(reference: Reference) -> str:
    """The text of the Sub that mentions a name."""
    argument = reference.node["Fn::Sub"]
    return argument.text or argument[0].text


def nearest(top: Node, path: tuple[str, ...]) -> Node:
    """The node of a structural path, or the last on the way to it."""
    node = top
    for step in path:
        below = node[int(step)] if node.is_sequence and step.isdigit() else node[step]
        if not below:
            break
        node = below
    return node
