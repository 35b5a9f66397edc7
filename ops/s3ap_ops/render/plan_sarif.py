"""A plan's hazards as SARIF, by the linter's own writer: places are stacks, or lines of templates where these are
known."""

from __future__ import annotations

from collections.abc import Mapping

from s3ap_lint import __version__ as linter
from s3ap_lint import fingerprint
from s3ap_lint.accounts import masked
from s3ap_lint.diagnostic import Diagnostic, Paths, Place, PlacedFix, Report, Stats, Tool
from s3ap_lint.model import Safety
from s3ap_lint.offers import RenderOptions
from s3ap_lint.registry import Registry
from s3ap_lint.render import sarif
from s3ap_ops.assess import Hazard
from s3ap_ops.plan import Plan


def render(plan: Plan, registry: Registry, paths: Paths, places: Mapping[tuple[str, str], Place]) -> str:
    """The hazards as a SARIF file; account ids are masked, as the linter does.

    `places` are lines of templates by (stack's subject, logical id), the id empty for the stack itself; what has none
    stands at the stack's name, because there is no file to show it in.
    """
    report = Report(
        findings=tuple(diagnostic(one, places) for one in plan.hazards if one.ignored is None),
        suppressed=tuple(diagnostic(one, places) for one in plan.hazards if one.ignored is not None),
        stats=Stats(templates=len(plan.stacks)),
        tool=Tool(linter),
        paths=paths,
    )
    rules = registry.described({one.code for one in (*report.findings, *report.suppressed)})
    return sarif.render(report, rules, RenderOptions())


def diagnostic(hazard: Hazard, places: Mapping[tuple[str, str], Place]) -> Diagnostic:
    """A hazard as the linter's reports have findings; `places` as for `render`, what is in a nested stack standing at
    it."""
    logical, message = "/".join(hazard.finding.at.path), masked(hazard.finding.message)
    fix = hazard.finding.fix
    return Diagnostic(
        code=hazard.code,
        name=hazard.name,
        severity=hazard.severity,
        message=message,
        place=_place(hazard, places),
        logical_path=logical,
        related=tuple(Place(at.subject, message=at.note) for at in hazard.finding.related),
        fix=PlacedFix(fix.title, Safety.MANUAL, ()) if fix else None,
        fingerprint=fingerprint.structural(hazard.code, hazard.subject, logical, message),
        reason=hazard.ignored or "",
    )


def _place(hazard: Hazard, places: Mapping[tuple[str, str], Place]) -> Place:
    outer = hazard.logical_id.partition("/")[0]
    found = places.get((hazard.subject, hazard.logical_id)) or places.get((hazard.subject, outer))
    return found or Place(hazard.subject)
