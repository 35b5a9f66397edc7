"""From hazards to a plan: which fixes are made, in which order, and which stacks nothing is done to.

In one stack: protections first, then what writes, then what stands in the way, then the stack, then what came back.
Between stacks: importers before exporters, and so on (`order`); nothing of a stack is touched before those that go
first are gone, because a stack that cannot be deleted must not have been emptied.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from s3ap_lint.api import Severity
from s3ap_ops import order
from s3ap_ops.assess import Hazard
from s3ap_ops.calls import Accept, DeleteStack, EmptyBucket, LiveChange, Phase
from s3ap_ops.plan import Action, Plan, Refusal, titles
from s3ap_ops.stack import LiveStack, LiveStacks

DELETING = "DELETE_IN_PROGRESS"


@dataclass(frozen=True)
class Wishes:
    """What the command line says beyond the stacks' names.

    `flags` are those that were given, as changes name them ("--accept S3AP613"); `retain` are logical ids that a failed
    deletion gives up; `role_arn` is whom CloudFormation acts as.
    """

    flags: frozenset[str] = frozenset()
    retain: tuple[str, ...] = ()
    role_arn: str = ""


def plan(stacks: Sequence[LiveStack], hazards: Sequence[Hazard], wishes: Wishes = Wishes(), made: float = 0.0) -> Plan:
    """What would be done about some stacks with some hazards."""
    together = LiveStacks(tuple(stacks))
    first = order.before(together)
    refusals = list(_refusals(together, hazards, wishes, order.needed(together)))
    refused = {refusal.stack for refusal in refusals}
    going = [stack for stack in _in_order(stacks, first) if not stack.is_gone and stack.name not in refused]
    actions: list[Action] = []
    deletions: dict[str, str] = {}
    for stack in going:
        own = [hazard for hazard in hazards if hazard.subject == stack.subject and hazard.ignored is None]
        waits = tuple(deletions[name] for name in first[stack.name] if name in deletions)
        added = _actions(stack, own, wishes, waits)
        deletions[stack.name] = next(one.id for one in added if isinstance(one.change, DeleteStack))
        actions += added
    return Plan(
        stacks=tuple(_in_order(stacks, first)),
        hazards=tuple(hazards),
        refusals=tuple(refusals),
        actions=tuple(actions),
        made=made,
        order=first,
    )


def _in_order(stacks: Sequence[LiveStack], first: Mapping[str, tuple[str, ...]]) -> list[LiveStack]:
    """The stacks, those that others wait for first, otherwise as they were given; a circle keeps its order."""
    left, done, out = list(stacks), set(), []
    while left:
        free = next((one for one in left if all(name in done for name in first[one.name])), left[0])
        left.remove(free)
        done.add(free.name)
        out.append(free)
    return out


def _refusals(
    stacks: LiveStacks, hazards: Sequence[Hazard], wishes: Wishes, first: Mapping[str, tuple[str, ...]]
) -> Iterator[Refusal]:
    found = [refusal for hazard in hazards for refusal in _refused_by(hazard, stacks, wishes)]
    found += [refusal for stack in stacks.stacks for refusal in _refused_wishes(stack, wishes)]
    yield from found
    refused = {refusal.stack for refusal in found}
    while added := [refusal for stack in stacks.stacks for refusal in _waits_for(stack, first, refused)]:
        yield from added
        refused |= {refusal.stack for refusal in added}


def _refused_by(hazard: Hazard, stacks: LiveStacks, wishes: Wishes) -> Iterator[Refusal]:
    """The stacks that a hazard is about, unless its fix is to be made."""
    if hazard.severity is not Severity.ERROR or hazard.ignored is not None:
        return
    fix = hazard.finding.fix
    missing = tuple(flag for flag in hazard.wants if flag not in wishes.flags)
    if not hazard.is_firm and not missing:
        return
    advice = fix.title if fix else "There is no safe way to do it from here"
    subjects = {hazard.subject, *(at.subject for at in hazard.finding.related)}
    for stack in stacks.stacks:
        if stack.subject in subjects and stack.status != DELETING:
            yield Refusal(stack.name, hazard.code, hazard.name, hazard.finding.message, advice, missing)


def _refused_wishes(stack: LiveStack, wishes: Wishes) -> Iterator[Refusal]:
    own = {resource.logical_id: resource for resource in stack.resources}
    for logical in wishes.retain:
        if logical in own and own[logical].status not in ("DELETE_FAILED", "DELETE_SKIPPED"):
            reason = f"--retain {logical}: CloudFormation gives up only what an earlier deletion failed on"
            advice = f"Plan without --retain {logical}; if the deletion fails on it, give it then"
            yield Refusal(stack.name, "", "retained-too-early", reason, advice)


def _waits_for(stack: LiveStack, first: Mapping[str, tuple[str, ...]], refused: set[str]) -> Iterator[Refusal]:
    kept = sorted(name for name in first[stack.name] if name in refused)
    if kept and stack.name not in refused and not stack.is_gone:
        reason = f"{kept[0]} has to go before {stack.name}, and is not deleted itself"
        yield Refusal(stack.name, "S3AP803", "imported-export", reason, f"See to {kept[0]} first")


@dataclass
class _Sheet:
    """The actions of one stack while they are collected; equal changes are made once."""

    stack: LiveStack
    waits: tuple[str, ...]
    actions: list[Action] = field(default_factory=list)

    def add(self, change: LiveChange, title: str, code: str, needs: Iterable[str], after: Iterable[str]) -> str:
        """The id of the action that makes a change."""
        for at, known in enumerate(self.actions):
            if _same(known.change, change):
                codes = tuple(sorted({*known.codes, code} - {""}))
                merged = _gravest(known.change, change)
                self.actions[at] = replace(known, codes=codes, change=merged)
                return known.id
        id_ = f"{self.stack.name}/{len(self.actions) + 1:03}"
        codes = (code,) if code else ()
        needed = tuple(dict.fromkeys((*self.waits, *needs)))
        later = tuple(dict.fromkeys(one for one in after if one not in needed))
        self.actions.append(Action(id_, self.stack.name, title, change, codes, later, needed))
        return id_


def _same(one: LiveChange, other: LiveChange) -> bool:
    if isinstance(one, EmptyBucket) and isinstance(other, EmptyBucket):
        return one.bucket == other.bucket and one.phase == other.phase
    return one == other


def _gravest(one: LiveChange, other: LiveChange) -> LiveChange:
    """Of two ways to empty a bucket the one that empties more."""
    if isinstance(one, EmptyBucket) and isinstance(other, EmptyBucket):
        told = one if len(one.destroys) >= len(other.destroys) else other
        bypass = one.bypass_governance or other.bypass_governance
        risk, flag = max(one.risk, other.risk), one.flag or other.flag
        return replace(one, destroys=told.destroys, bypass_governance=bypass, flag=flag, risk=risk)
    return one


def _actions(stack: LiveStack, hazards: Sequence[Hazard], wishes: Wishes, waits: tuple[str, ...]) -> list[Action]:
    sheet = _Sheet(stack, waits)
    said = titles(hazards)
    wanted = [(hazard, change) for hazard in hazards for change in _wanted(hazard, wishes)]
    if stack.status == DELETING:  # what CloudFormation is at work on is only waited for
        wanted = [pair for pair in wanted if pair[1].phase is Phase.AFTER]
    by_phase: dict[Phase, list[str]] = {phase: [] for phase in Phase}
    required: list[str] = []
    for phase in (Phase.UNPROTECT, Phase.QUIESCE, Phase.CLEAR):
        earlier = [id_ for done in Phase if done < phase for id_ in by_phase[done]]
        latest: dict[str, tuple[Hazard, str]] = {}  # changes of one target are made one after the other
        for hazard, change in (pair for pair in wanted if pair[1].phase is phase):
            _check_target(change, stack)
            needs = by_phase[Phase.UNPROTECT] if phase is not Phase.UNPROTECT else []
            last, before = latest.get(change.target), earlier
            if last is not None and last[0] is hazard:  # within a fix, each is safe only if the one before was made
                needs = [*needs, last[1]]
            elif last is not None:
                before = [*earlier, last[1]]
            id_ = sheet.add(change, said[hazard.finding.message], hazard.code, needs, before)
            latest[change.target] = (hazard, id_)
            by_phase[phase].append(id_)
            if hazard.severity is Severity.ERROR:
                required.append(id_)
    everything = [action.id for action in sheet.actions]
    delete = DeleteStack(
        stack.subject,
        stack.id,
        stack.name,
        stack.region,
        role_arn=wishes.role_arn,
        retain=_given_up(stack, wishes),
        destroys=_lost_with(stack),
    )
    deleted = sheet.add(delete, f"Delete {stack.name}", "", required, everything)
    last_after: dict[str, str] = {}
    for hazard, change in (pair for pair in wanted if pair[1].phase is Phase.AFTER):
        _check_target(change, stack)
        needs = [deleted, last_after[change.target]] if change.target in last_after else [deleted]
        last_after[change.target] = sheet.add(change, said[hazard.finding.message], hazard.code, needs, ())
    return sheet.actions


def _wanted(hazard: Hazard, wishes: Wishes) -> Iterator[LiveChange]:
    """The changes of a hazard's fix, all or none: none while a flag is missing."""
    fix = hazard.finding.fix
    if fix is None or any(flag not in wishes.flags for flag in hazard.wants):
        return
    for change in fix.changes:
        if not isinstance(change, Accept):
            yield change  # type: ignore[misc]


def _check_target(change: LiveChange, stack: LiveStack) -> None:
    """Hold every change to the inventory: what no resource and no fact of it names is never acted on."""
    if not stack.knows(change.target):
        raise AssertionError(f"{change.describe()} acts on {change.target!r}, which is no part of {stack.name}")


def _given_up(stack: LiveStack, wishes: Wishes) -> tuple[str, ...]:
    if stack.status != "DELETE_FAILED":
        return ()
    return tuple(one.logical_id for one in stack.resources if one.logical_id in wishes.retain)


def _lost_with(stack: LiveStack) -> str:
    going = sum(1 for one in stack.resources if one.goes)
    return f"{going} resource{'' if going == 1 else 's'}"
