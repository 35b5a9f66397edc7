"""What is shown of findings and hazards, what of it stands in the way, and everything that was shown, for a report."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from s3ap_lint.api import Severity
from s3ap_lint.diagnostic import Diagnostic
from s3ap_lint.offers import RenderOptions
from s3ap_ops.assess import Hazard
from s3ap_ops.deploying.gate import Judgement
from s3ap_ops.errors import Refused
from s3ap_ops.render.plan_text import clean, hazard_lines, more
from s3ap_ops.wording import count, listed

RUNBOOK = "docs/runbooks/deploy.md"
LEVELS = {level.value: level for level in Severity}


@dataclass
class Counter:
    """What was found so far. `fail_on` is the level from which on it stands in the way, `accepted` the flags that take
    a hazard out of it."""

    fail_on: str
    accepted: frozenset[str]
    findings: list[Diagnostic] = field(default_factory=list)
    suppressed: list[Diagnostic] = field(default_factory=list)
    hazards: list[Hazard] = field(default_factory=list)

    def judged(self, judgement: Judgement) -> None:
        """Show the findings on a template that were not shown before. Raises Refused when some keep it from being sent.

        A template is judged again when its code is packaged, and mostly the same is to be said of it.
        """
        fresh = tuple(one for one in judgement.report.findings if not self._knows(one))
        self.findings += fresh
        self.suppressed += [one for one in judgement.report.suppressed if one not in self.suppressed]
        if fresh:
            rules = judgement.registry.described({one.code for one in fresh})
            report = replace(judgement.report, findings=fresh)
            sys.stdout.write(judgement.registry.renderers["text"].render(report, rules, RenderOptions()))
            sys.stdout.flush()
        failing = judgement.failing(LEVELS[self.fail_on])
        if failing:
            raise Refused(
                f"{count(len(failing), 'finding')} of level {self.fail_on} or above; mend them, or ignore them "
                f"in the template with a reason; {RUNBOOK}#failing-findings"
            )

    def _knows(self, found: Diagnostic) -> bool:
        return any(_same(one) == _same(found) for one in self.findings)

    def met(self, hazards: Sequence[Hazard], *, least: Severity = Severity.INFO) -> None:
        """Show hazards from a level on that were not shown before. Raises Refused when some stand in the way that
        nobody has accepted."""
        levelled = [one for one in hazards if one.severity.rank >= least.rank]
        self.shown(levelled)
        blocking = [one for one in levelled if one.ignored is None and self._blocks(one)]
        if blocking:
            accept = " ".join(f"--accept {code}" for code in sorted({one.code for one in blocking}))
            names = sorted({hazard.name for hazard in blocking})
            raise Refused(f"{listed(names, 8)}: see above; to go on, add: {accept}; {_more(blocking[0])}")

    def shown(self, hazards: Sequence[Hazard]) -> None:
        """Show hazards that were not shown before, and that nobody ignores."""
        for hazard in hazards:
            if hazard in self.hazards:
                continue
            self.hazards.append(hazard)
            if hazard.ignored is None:
                print("\n".join(clean(line) for line in hazard_lines(hazard)))
                if hazard.finding.fix and self._blocks(hazard):
                    print(clean(f"          next: {hazard.finding.fix.title}"))
        sys.stdout.flush()

    def _blocks(self, hazard: Hazard) -> bool:
        """Whether a hazard stands in the way: one of the level that stops the deployment, which nobody has accepted."""
        return hazard.severity.rank >= LEVELS[self.fail_on].rank and f"--accept {hazard.code}" not in self.accepted


def _more(hazard: Hazard) -> str:
    """Where a hazard is described for people: one of deployments in their runbook, one of a teardown in its own."""
    subjects = [one.subject for one in hazard.rule.detectors if one.is_live] if hazard.rule else []
    if any(getattr(one, "command", "plan") == "deploy" for one in subjects) and hazard.code.startswith("S3AP"):
        return f"{RUNBOOK}#{hazard.name}"
    return more(hazard.code, hazard.name)


def _same(found: Diagnostic) -> tuple[str, str, str, str]:
    return found.code, found.place.path, found.logical_path, found.message
