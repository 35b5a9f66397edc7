"""What came of a run: enough to finish by hand what was not finished."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from s3ap_ops.appliers import Result
from s3ap_ops.calls import ApiCall, DeleteStack
from s3ap_ops.plan import Action, Plan
from s3ap_ops.render.plan_text import RUNBOOK, clean
from s3ap_ops.stack import LiveResource, LiveStack
from s3ap_ops.wording import count

DELETED, FAILED, SKIPPED, STILL = "DELETED", "FAILED", "SKIPPED", "STILL DELETING"
ABSENT, UNKNOWN = "NOT THERE", "UNKNOWN"


@dataclass(frozen=True)
class Entry:
    """One stack, in a word, and why."""

    stack: LiveStack
    word: str
    why: str = ""


@dataclass(frozen=True)
class Outcome:
    """All that a run came to: the plan that was agreed to, the stacks afterwards, every action's end, what is left
    over."""

    plan: Plan
    stacks: tuple[LiveStack, ...]
    ended: tuple[tuple[Action, Result], ...]
    leftovers: tuple[LiveResource, ...]
    run: str

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The stacks in the plan's order."""
        after = {stack.id: stack for stack in self.stacks}
        return tuple(self._entry(stack, after.get(stack.id, stack)) for stack in self.plan.stacks)

    @cached_property
    def last(self) -> dict[str, tuple[Action, Result]]:
        """How each change ended at last, by what it does."""
        return {action.change.describe(): (action, result) for action, result in self.ended}

    @property
    def failures(self) -> list[tuple[Action, Result]]:
        """The changes that failed and were not done later."""
        return [pair for pair in self.last.values() if pair[1].how == "failed" and not self._is_moot(pair[0])]

    def _is_moot(self, action: Action) -> bool:
        """Whether a failure does not matter, because the stack is gone all the same: only what comes after it does."""
        gone = {entry.stack.name for entry in self.entries if entry.word == DELETED}
        return action.stack in gone and action.change.phase.name != "AFTER"

    def _entry(self, before: LiveStack, now: LiveStack) -> Entry:
        if before.is_gone:
            return Entry(before, ABSENT)
        refusals = [one for one in self.plan.refusals if one.stack == before.name]
        if refusals:
            return Entry(before, SKIPPED, refusals[0].reason)
        if now.is_gone:
            return Entry(now, DELETED)
        if now.status == "UNKNOWN":
            return Entry(now, UNKNOWN, "it could not be looked at again")
        if now.status == "DELETE_IN_PROGRESS":
            return Entry(now, STILL, "CloudFormation goes on by itself")
        deletion = next(
            (r for a, r in reversed(self.ended) if a.stack == before.name and isinstance(a.change, DeleteStack)), None
        )
        return Entry(now, FAILED, deletion.said if deletion else "the run ended before its deletion was asked for")


def render(outcome: Outcome) -> str:
    """The summary, for people."""
    return "\n".join(clean(line) for line in _lines(outcome)) + "\n"


def _lines(outcome: Outcome) -> Iterator[str]:
    yield ""
    for entry in outcome.entries:
        yield f"{entry.word:<15} {entry.stack.name}{f': {entry.why}' if entry.why else ''}"
        if entry.word in (FAILED, UNKNOWN):
            yield from _by_hand(entry.stack, outcome)
    for one in outcome.leftovers:
        what = f"{one.type} {one.physical_id} ({one.logical_id} of {one.stack})"
        yield f"left over: {what} is still there; {RUNBOOK}#leftover"
    for one in outcome.plan.remaining:
        yield f"stays: {one.type} {one.physical_id} ({one.logical_id} of {one.stack}), by its DeletionPolicy"
    yield from _undo(outcome)
    if any(entry.word in (STILL, UNKNOWN, FAILED) for entry in outcome.entries):
        yield f"go on with: s3ap-ops resume {outcome.run}"
    words = [entry.word for entry in outcome.entries]
    said = ", ".join(f"{words.count(word)} {word.lower()}" for word in dict.fromkeys(words))
    yield f"{count(len(words), 'stack')}: {said}"


def _by_hand(stack: LiveStack, outcome: Outcome) -> Iterator[str]:
    """Everything that was not done about a stack, as commands."""
    stuck = [one.logical_id for one in stack.resources if one.status == "DELETE_FAILED"]
    if stuck:
        given_up = " ".join(f"--retain {name}" for name in stuck)
        yield f"    as a last resort, delete it without these: s3ap-ops clean {stack.name} {given_up}"
    for action, result in outcome.last.values():
        if action.stack != stack.name or result.is_good:
            continue
        why = f": {result.said}" if result.said and not isinstance(action.change, DeleteStack) else ""
        yield f"    {result.how}: {action.title}{why}"
        yield f"      by hand: {action.change.describe()}"
        for name in _names(action, outcome):
            yield f"      {RUNBOOK}#{name}"


def _names(action: Action, outcome: Outcome) -> Sequence[str]:
    names = {one.code: one.name for one in outcome.plan.hazards}
    return [names[code] for code in action.codes if code in names]


def _undo(outcome: Outcome) -> Iterator[str]:
    """How to bring back what was taken away from, or around, stacks that are still there."""
    kept = {entry.stack.name for entry in outcome.entries if entry.word in (FAILED, UNKNOWN)}
    for action, result in outcome.ended:
        if result.how == "done" and isinstance(action.change, ApiCall) and action.change.undo and action.stack in kept:
            yield f'to undo "{action.title}": {action.change.undo.describe()}'
