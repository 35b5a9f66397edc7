"""What a deployment found and did, as a file for programs: JSON, or SARIF at the lines of the template."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from s3ap_lint.api import Template
from s3ap_lint.diagnostic import Paths, Place, Report, Stats, Tool
from s3ap_lint.offers import RenderOptions
from s3ap_lint.registry import Registry
from s3ap_ops import __version__
from s3ap_ops.deploying.changeset import Change, ChangeSet
from s3ap_ops.deploying.counter import Counter
from s3ap_ops.deploying.streaming import Event
from s3ap_ops.render.plan_sarif import diagnostic
from s3ap_ops.stack import Json

VERSION = 1


@dataclass
class Told:
    """What there is to tell beside findings, as far as it got. `outcome` is a line for people; `sha256` the hash of the
    bytes that were judged last, `status` the stack's when it was over."""

    stack: str
    region: str
    template: Template
    paths: Paths
    subject: str
    outcome: str = ""
    sha256: str = ""
    status: str = ""
    changes: tuple[Change, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    cause: Event | None = None

    def of_change_set(self, found: ChangeSet) -> None:
        """Take in what a change set says."""
        self.changes = found.changes


def rendered(form: str, told: Told, counter: Counter, registry: Registry) -> str:
    """The text of the file; account ids in findings are masked, as the linter does."""
    places = _places(told)
    hazards = [(one, diagnostic(one, places)) for one in counter.hazards]
    report = Report(
        findings=(*counter.findings, *(one for hazard, one in hazards if hazard.ignored is None)),
        suppressed=(*counter.suppressed, *(one for hazard, one in hazards if hazard.ignored is not None)),
        stats=Stats(templates=1),
        tool=Tool(__version__),
        paths=told.paths,
    )
    rules = registry.described({one.code for one in (*report.findings, *report.suppressed)})
    text = registry.renderers[form].render(report, rules, RenderOptions())
    if form == "sarif":
        return text
    return json.dumps({**_head(told), **json.loads(text)}, indent=2, ensure_ascii=False) + "\n"


def _head(told: Told) -> dict[str, Json]:
    cause = told.cause
    first = (
        {"stack": cause.stack, "logical_id": cause.logical_id, "type": cause.type, "why": cause.why} if cause else {}
    )
    return {
        "deployment": {
            "version": VERSION,
            "stack": told.stack,
            "region": told.region,
            "template": told.template.path,
            "sha256": told.sha256,
            "outcome": told.outcome,
            "status": told.status,
            "failed_first": first,
            "changes": [_change(one) for one in told.changes],
            "outputs": dict(told.outputs),
        }
    }


def _change(change: Change) -> dict[str, Json]:
    return {
        "action": change.action,
        "logical_id": change.logical_id,
        "type": change.type,
        "physical_id": change.physical_id,
        "replacement": change.replacement,
        "policy_action": change.policy,
        "scope": list(change.scope),
        "causes": list(change.causes),
        "values": [{"path": one.path, "before": one.before, "after": one.after} for one in change.values],
    }


def _places(told: Told) -> dict[tuple[str, str], Place]:
    """Where the stack and its resources stand in the template; those of nested stacks at the nested stack."""
    found = {(told.subject, ""): Place(told.template.path)}
    for name, resource in told.template.resources.items():
        line = told.template.source.line_of((resource.at.span or resource.node.span).start)
        found[told.subject, name] = Place(told.template.path, line, end_line=line)
    return found
