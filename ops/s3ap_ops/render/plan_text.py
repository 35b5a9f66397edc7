"""A plan for people: each stack with its hazards, what would be done, in order; what would be lost, and would stay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from s3ap_lint.api import Severity
from s3ap_ops.assess import Hazard
from s3ap_ops.calls import Risk
from s3ap_ops.identity import Pin
from s3ap_ops.plan import Action, Plan, Refusal
from s3ap_ops.stack import ABSENT, LiveStack
from s3ap_ops.wording import count, listed

RUNBOOK = "docs/runbooks/cleanup.md"
MARKS = {Risk.READ: " ", Risk.REVERSIBLE: " ", Risk.DATA_LOSS: "!", Risk.PROTECTION: "!"}


def render(plan: Plan, pin: Pin, *, verbose: bool = False) -> str:
    """The whole plan; lines of hazards that are handled by themselves are counted unless `verbose`."""
    lines = [f"{pin.place}, as {pin.caller}", ""]
    for stack in plan.stacks:
        lines += [*_stack(stack, plan, verbose), ""]
    lines += _end(plan)
    return "\n".join(clean(line) for line in lines) + "\n"


def _stack(stack: LiveStack, plan: Plan, verbose: bool) -> Iterator[str]:
    if stack.status == ABSENT:
        yield f"{stack.name}: there is no such stack, so there is nothing to do"
        return
    refusals = [one for one in plan.refusals if one.stack == stack.name]
    if stack.is_gone:
        yield from _after(stack, plan, refusals)
        return
    here = sum(1 for one in stack.resources if not one.is_gone)
    made = f", last changed {(stack.updated or stack.created)[:10]}" if stack.updated or stack.created else ""
    yield f"{stack.name}  {stack.status}, {count(here, 'resource')}{made}"
    own = [hazard for hazard in plan.hazards if hazard.subject == stack.subject]
    shown = [one for one in own if one.ignored is None and (verbose or one.severity is not Severity.INFO)]
    for hazard in shown:
        yield from hazard_lines(hazard)
    quiet = sum(1 for one in own if one.ignored is None) - len(shown)
    ignored = sum(1 for one in own if one.ignored is not None)
    told = [f"{count(quiet, 'thing')} handled without further ado"] if quiet else []
    told += [f"{count(ignored, 'hazard')} ignored by the template's Metadata"] if ignored else []
    if told:
        yield f"  ({'; '.join(told)}{'; -v shows it' if quiet else ''})"
    if refusals:
        yield "  REFUSED: nothing is done to this stack"
        for refusal in refusals:
            yield from _refusal(refusal)
        return
    yield "  would be done, in this order:"
    for action in plan.of(stack.name):
        yield from _action(action)


def _after(stack: LiveStack, plan: Plan, refusals: Sequence[Refusal]) -> Iterator[str]:
    """What is still to be done about a stack that is gone."""
    actions = plan.of(stack.name)
    if not actions and not refusals:
        yield f"{stack.name}: deleted already, so there is nothing to do"
        return
    yield f"{stack.name}: deleted already; what was to follow is still to be done:"
    for refusal in refusals:
        yield from _refusal(refusal)
    for action in actions:
        yield from _action(action)


def hazard_lines(hazard: Hazard) -> Iterator[str]:
    about = hazard.logical_id or "the stack"
    yield f"  {hazard.severity.value:<7} {hazard.code} {hazard.name}: {about}"
    yield f"          {hazard.finding.message}"
    if hazard.severity is not Severity.ERROR and hazard.finding.fix and hazard.wants:
        yield f"          with {listed(hazard.wants)}: {hazard.finding.fix.title}"


def _refusal(refusal: Refusal) -> Iterator[str]:
    yield f"    {refusal.reason}"
    yield from (f"      {line}" for line in way_on(refusal))


def way_on(refusal: Refusal) -> Iterator[str]:
    """What can be done about a refusal, and where more is said about it."""
    flags = " ".join(refusal.flags)
    yield f"to go on, add: {flags}   ({refusal.advice})" if flags else f"next: {refusal.advice}"
    yield more(refusal.code, refusal.name)


def more(code: str, name: str) -> str:
    """Where a hazard is described for people: our own in the runbook, one of a plugin on its page."""
    return f"{RUNBOOK}#{name}" if code.startswith("S3AP") or not code else f"s3ap-lint explain {code}"


def _action(action: Action) -> Iterator[str]:
    change = action.change
    number = action.id.rpartition("/")[2].lstrip("0")
    loses = f"   [loses {change.destroys}]" if change.destroys else ""
    yield f"  {MARKS[change.risk]} {number:>3}  {action.title}{loses}"
    yield f"         {change.describe()}"


def _end(plan: Plan) -> Iterator[str]:
    for one in plan.remaining:
        policy = f"DeletionPolicy {one.deletion_policy}"
        yield f"stays: {one.logical_id} of {one.stack} ({one.type} {one.physical_id}), {policy}"
    errors = sum(1 for one in plan.hazards if one.severity is Severity.ERROR and one.ignored is None)
    warnings = sum(1 for one in plan.hazards if one.severity is Severity.WARNING and one.ignored is None)
    going = sum(1 for stack in plan.deleted if not stack.is_gone)
    yield (
        f"{count(len(plan.stacks), 'stack')}: {going} to delete, {len(plan.refused)} refused; "
        f"{count(errors, 'error')}, {count(warnings, 'warning')}; {count(len(plan.actions), 'step')}"
    )
    resources = [one for stack in plan.stacks for one in stack.resources if not one.is_gone]
    unread = sum(1 for one in resources if one.unread)
    if unread:
        yield f"{unread} of {count(len(resources), 'resource')} could not be looked at in full"


def clean(line: str) -> str:
    """A line without what a terminal would take for a command."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line).rstrip()
