"""Rules asked about live stacks: hazards, which are findings that know their rule, and what the template ignores."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from s3ap_lint.api import Finding, Rule, Severity
from s3ap_lint.config import Config
from s3ap_lint.registry import Registry
from s3ap_ops.calls import Accept
from s3ap_ops.rollout import Rollout
from s3ap_ops.stack import LiveResource, LiveStack, LiveStacks

CRASHED = "S3AP902"


@dataclass(frozen=True)
class Hazard:
    """A finding about live stacks, its code and severity stamped. `ignored`: why its template ignores it, if so."""

    finding: Finding
    rule: Rule | None
    severity: Severity
    ignored: str | None = None

    @property
    def code(self) -> str:
        """The rule's code."""
        return self.finding.code

    @property
    def name(self) -> str:
        """The rule's name, which is its anchor in the runbook."""
        return self.rule.name if self.rule else "rule-crashed"

    @property
    def subject(self) -> str:
        """The stack it is about."""
        return self.finding.at.subject

    @property
    def logical_id(self) -> str:
        """The resource it is about; empty if it is about the stack."""
        return self.finding.at.path[1] if len(self.finding.at.path) > 1 else ""

    @property
    def sort_key(self) -> tuple[object, ...]:
        """Stack, the worst first, code, resource."""
        return (self.subject, -self.severity.rank, self.code, self.logical_id, self.finding.message)

    @property
    def is_firm(self) -> bool:
        """Whether neither a flag nor an ignore takes it out of the way: an error that only its reason can end."""
        return self.severity is Severity.ERROR and not (self.finding.fix and self.finding.fix.changes)

    @property
    def wants(self) -> tuple[str, ...]:
        """The flags without which its fix is not made."""
        changes = self.finding.fix.changes if self.finding.fix else ()
        return tuple(dict.fromkeys(flag for change in changes if (flag := getattr(change, "flag", ""))))

    @property
    def is_only_accepted(self) -> bool:
        """Whether all that can be done about it is to accept it."""
        changes = self.finding.fix.changes if self.finding.fix else ()
        return bool(changes) and all(isinstance(change, Accept) for change in changes)


def assess(stacks: LiveStacks, registry: Registry, config: Config) -> list[Hazard]:
    """Everything the rules say about some stacks, sorted; a rule that crashes is a hazard of the stack it crashed on.

    Strict rules are asked, too: strictness is about files. `config` says which codes are selected.
    """
    found = [hazard for subject in _subjects(stacks) for hazard in _asked(subject, registry, config)]
    ignores = {stack.subject: dict(_ignores(stack)) for stack in stacks.stacks}
    return sorted((_ignored(hazard, ignores) for hazard in found), key=lambda hazard: hazard.sort_key)


def worse(before: Iterable[Hazard], after: Iterable[Hazard]) -> list[Hazard]:
    """The errors of a later look about things that an earlier one had nothing of the kind to say about."""
    known = {_about(hazard) for hazard in before}
    return [one for one in after if one.severity is Severity.ERROR and _about(one) not in known]


def _about(hazard: Hazard) -> tuple[str, str, str]:
    return hazard.code, hazard.subject, hazard.logical_id


def assess_rollout(rollout: Rollout, registry: Registry, config: Config) -> list[Hazard]:
    """Everything the rules say about a deployment before anything is sent, sorted; a crash is a hazard, too."""
    ignores = {rollout.subject: dict(_ignores(rollout))}
    found = (_ignored(hazard, ignores) for hazard in _asked(rollout, registry, config))
    return sorted(found, key=lambda hazard: hazard.sort_key)


def _subjects(stacks: LiveStacks) -> Iterator[LiveStacks | LiveStack | LiveResource]:
    yield stacks
    for stack in stacks.stacks:
        yield stack
        yield from stack.resources


Subject = LiveStacks | LiveStack | LiveResource | Rollout


def _asked(subject: Subject, registry: Registry, config: Config) -> Iterator[Hazard]:
    selection = replace(config.selection, strict=True)
    asked = [pair for kind in type(subject).__mro__ for pair in registry.by_subject.get(kind, ())]
    for rule, detector in asked:
        if not registry.wants(selection, rule.code):
            continue
        try:
            for finding in detector(subject, registry.options(config, rule.code)):
                severity = finding.severity or rule.severity
                yield Hazard(replace(finding, code=rule.code), rule, severity)
        except Exception as error:  # a rule of a plugin may raise anything; what it would have said is unknown
            yield _crashed(rule, subject, error)


def _crashed(rule: Rule, subject: Subject, error: Exception) -> Hazard:
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{last.filename.rsplit('/', 1)[-1]}:{last.lineno}"
    about = subject.stacks[0] if isinstance(subject, LiveStacks) else subject
    message = f"{rule.code} crashed ({type(error).__name__}: {error}, {where}), so what it looks for may be there"
    return Hazard(Finding(message, about.at, code=CRASHED), None, Severity.ERROR)


def _ignores(stack: LiveStack | Rollout) -> Iterator[tuple[tuple[str, str], str]]:
    """The codes that the deployed template ignores, by logical id; the id is empty for the whole stack."""
    yield from _entries(stack.template, "")
    resources = stack.template.get("Resources")
    if isinstance(resources, Mapping):
        for logical, resource in resources.items():
            yield from _entries(resource, logical)


def _entries(holder: object, logical: str) -> Iterator[tuple[tuple[str, str], str]]:
    metadata = holder.get("Metadata") if isinstance(holder, Mapping) else None
    own = metadata.get("s3ap-lint") if isinstance(metadata, Mapping) else None
    entries = own.get("ignore") if isinstance(own, Mapping) else None
    for entry in entries if isinstance(entries, Iterable) and not isinstance(entries, str | Mapping) else ():
        if isinstance(entry, str):
            yield (logical, entry), ""
        elif isinstance(entry, Mapping) and isinstance(entry.get("code"), str):
            yield (logical, entry["code"]), str(entry.get("reason", ""))


def _ignored(hazard: Hazard, ignores: Mapping[str, Mapping[tuple[str, str], str]]) -> Hazard:
    """The hazard, with the reason if the template ignores it; a firm one stays, whoever ignores it."""
    if hazard.is_firm:
        return hazard
    known = ignores.get(hazard.subject, {})
    for logical in dict.fromkeys((hazard.logical_id, "")):
        for (where, selector), reason in known.items():
            if where == logical and (selector == hazard.name or hazard.code.startswith(selector)):
                return replace(hazard, ignored=reason)
    return hazard
