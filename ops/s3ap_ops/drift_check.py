"""`check --drift`: what was changed by hand in a stack that runs, as a report at the lines of the local template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from s3ap_lint.api import Template
from s3ap_lint.diagnostic import Paths, Place, Report, Stats, Tool
from s3ap_ops import __version__
from s3ap_ops.assess import assess_rollout
from s3ap_ops.collect import NESTED
from s3ap_ops.deploying.drift import drift
from s3ap_ops.desk import Desk
from s3ap_ops.hands import Hands
from s3ap_ops.render.plan_sarif import diagnostic
from s3ap_ops.rollout import Rollout
from s3ap_ops.stack import Json, LiveStack
from s3ap_ops.watching import Patience

CODES = ("S3AP847", "S3AP848")


def drifted(stack: LiveStack, template: Template | None, desk: Desk, paths: Paths, poll: float) -> Report:
    """The report on one stack without those nested in it; without a local template its findings stand at the stack.

    The detection is begun by the one call that is no read; it changes nothing.
    """
    own = replace(stack, resources=tuple(one for one in stack.resources if one.type != NESTED))
    notes = drift(own, desk.look, Hands(desk.look.session, desk.look.region), Patience(poll=poll, deadline=1800.0))
    local = template.top.data() if template is not None else {}
    rollout = Rollout(
        stack=stack.name,
        region=stack.region,
        account=stack.account,
        path=template.path if template is not None else "",
        template=_shape(stack, local),
        existing=stack,
        facts=notes.facts,
        unread=notes.unread,
    )
    found = [one for one in assess_rollout(rollout, desk.registry, desk.config) if one.code in CODES]
    places = _places(rollout, template)
    return Report(
        findings=tuple(diagnostic(one, places) for one in found if one.ignored is None),
        suppressed=tuple(diagnostic(one, places) for one in found if one.ignored is not None),
        stats=Stats(templates=1 if template is not None else 0),
        tool=Tool(__version__),
        paths=paths,
    )


def _shape(stack: LiveStack, local: Json) -> dict[str, Json]:
    """What the rules need of a template: the resources that the stack has, with what the local one ignores."""
    local = local if isinstance(local, Mapping) else {}
    written = local.get("Resources")
    written = written if isinstance(written, Mapping) else {}
    resources = {}
    for one in stack.resources:
        same = written.get(one.logical_id)
        resources[one.logical_id] = {"Type": one.type, **({"Metadata": same.get("Metadata")} if same else {})}
    return {"Metadata": local.get("Metadata"), "Resources": resources}


def _places(rollout: Rollout, template: Template | None) -> dict[tuple[str, str], Place]:
    if template is None:
        return {}
    found = {(rollout.subject, ""): Place(template.path)}
    for name, resource in template.resources.items():
        line = template.source.line_of((resource.at.span or resource.node.span).start)
        found[rollout.subject, name] = Place(template.path, line, end_line=line)
    return found
