"""The linter's judgement of the exact bytes that are to be sent, and of what is given to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from s3ap_lint import ignores, suppress
from s3ap_lint import run as runs
from s3ap_lint.api import Deployment, Severity, Template, TwinReport, Twins
from s3ap_lint.collector import Collector
from s3ap_lint.config import Config
from s3ap_lint.diagnostic import Diagnostic, Report
from s3ap_lint.engine import Session
from s3ap_lint.registry import Registry
from s3ap_lint.workspace import Workspace
from s3ap_ops.deploying.body import Body
from s3ap_ops.packaging.problem import Packing

PACKED = ("W3002",)
"""Codes that say "package it first", of a template before its code is packaged."""


@dataclass(frozen=True)
class Judgement:
    """What the rules say of a template's bytes. `body` is what they saw."""

    report: Report
    registry: Registry
    body: Body

    def failing(self, level: Severity) -> tuple[Diagnostic, ...]:
        """The findings that keep it from being deployed."""
        return tuple(one for one in self.report.findings if one.severity.rank >= level.rank)

    def without(self, codes: Sequence[str]) -> Judgement:
        """The judgement less some codes."""
        found = tuple(one for one in self.report.findings if one.code not in codes)
        return replace(self, report=replace(self.report, findings=found))

    def with_more(self, found: tuple[Diagnostic, ...]) -> Judgement:
        """The judgement with findings of another kind on the same bytes."""
        return replace(self, report=replace(self.report, findings=(*self.report.findings, *found)))


def judged(path: str, data: bytes, config: Config, inputs: tuple[Diagnostic, ...] = ()) -> Judgement:
    """The judgement on a template, with these bytes in the place of what lies at its path, relative to the root.

    `inputs` are findings on what is given to it, which go along. What is wrong with its twin alone is left out: the
    twin is not sent.
    """
    report, _, registry = runs.check([str(config.root / path)], config, overlay={path: data})
    own = [one for one in report.findings if not _is_of_pair(one, registry) or _about(one) == path]
    findings = tuple(sorted((*own, *inputs), key=lambda one: one.sort_key))
    return Judgement(replace(report, findings=findings), registry, Body.judged(data))


def _about(finding: Diagnostic) -> str:
    """The path of the half that a finding on a pair says something against."""
    return finding.group.path if finding.group else finding.place.path


def _is_of_pair(finding: Diagnostic, registry: Registry) -> bool:
    rule = registry.rules.get(finding.code)
    return rule is not None and all(one.subject in (Twins, TwinReport) for one in rule.detectors)


def of_inputs(
    deployment: Deployment, config: Config, registry: Registry, overlay: Mapping[str, bytes]
) -> tuple[Diagnostic, ...]:
    """What the rules about deployments say of this one."""
    collector = Collector(Session(config, registry, Workspace(config.root, overlay)))
    collector.run(deployment)
    return tuple(collector.diagnostics)


def of_packing(template: Template, packing: Packing, config: Config, registry: Registry) -> tuple[Diagnostic, ...]:
    """What there is to say of local code that cannot be packaged, less what the template ignores."""
    collector = Collector(Session(config, registry, Workspace(config.root)))
    collector.run(packing)
    found = suppress.apply(
        collector.diagnostics, [ignores.of_template(template)], lambda code: False, known=lambda code: True
    )
    return tuple(found.kept)


def source_of(template: Template) -> bytes:
    """The bytes of a template as they lie there."""
    return template.source.data
