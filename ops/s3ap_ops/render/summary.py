"""What came of a run: enough to finish by hand what was not finished."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from s3ap_ops.appliers import Result
from s3ap_ops.calls import ApiCall, DeleteStack
from s3ap_ops.plan import Action, Plan
from s3ap_ops.render.plan_text import RUNBOOK, clean, more, way_on
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
        return [pair for pair in self.last.values() if _failed(pair[1]) and not self.is_moot(pair[0])]

    def owes(self, entry: Entry) -> bool:
        """Whether a stack that is gone has something left to be done after it."""
        failed = {action.stack for action, _ in self.failures}
        return entry.word in (DELETED, ABSENT) and entry.stack.name in failed

    def is_moot(self, action: Action) -> bool:
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
        return Entry(now, FAILED, self._why(before.name))

    def _why(self, stack: str) -> str:
        """Why a stack is still there."""
        own = [(action, result) for action, result in self.ended if action.stack == stack]
        deletion = next((result for action, result in reversed(own) if isinstance(action.change, DeleteStack)), None)
        if deletion is None:
            return "the run ended before its deletion was asked for"
        failed = [action.title for action, result in self.last.values() if action.stack == stack and _failed(result)]
        if deletion.how == "skipped" and failed:
            return f"its deletion was not begun, because this failed: {'; '.join(failed)}"
        return deletion.said


def _failed(result: Result) -> bool:
    return result.how == "failed"


def render(outcome: Outcome) -> str:
    """The summary, for people."""
    return "\n".join(clean(line) for line in _lines(outcome)) + "\n"


def _lines(outcome: Outcome) -> Iterator[str]:
    yield ""
    for entry in outcome.entries:
        yield f"{entry.word:<15} {entry.stack.name}{f': {entry.why}' if entry.why else ''}"
        if entry.word == SKIPPED:
            yield from _refused(entry.stack, outcome)
        if entry.word in (FAILED, UNKNOWN):
            yield from _in_the_way(entry.stack)
        if entry.word in (FAILED, UNKNOWN) or outcome.owes(entry):
            yield from _by_hand(entry.stack, outcome)
    for one in outcome.leftovers:
        what = f"{one.type} {one.physical_id} ({one.logical_id} of {one.stack})"
        yield f"left over: {what} is still there; {RUNBOOK}#leftover"
    for one in outcome.plan.remaining:
        yield f"stays: {one.type} {one.physical_id} ({one.logical_id} of {one.stack}), by its DeletionPolicy"
    yield from _undo(outcome)
    yield from _next(outcome)
    words = [entry.word for entry in outcome.entries]
    said = ", ".join(f"{words.count(word)} {word.lower()}" for word in dict.fromkeys(words))
    yield f"{count(len(words), 'stack')}: {said}"


def _refused(stack: LiveStack, outcome: Outcome) -> Iterator[str]:
    """Every reason for which nothing was done to a stack, with the way on; the first reason stands above already."""
    for number, refusal in enumerate(one for one in outcome.plan.refusals if one.stack == stack.name):
        if number:
            yield f"    {refusal.reason}"
        yield from (f"      {line}" for line in way_on(refusal))


def _by_hand(stack: LiveStack, outcome: Outcome) -> Iterator[str]:
    """Everything that was not done about a stack, as commands."""
    for action, result in outcome.last.values():
        if action.stack != stack.name or result.is_good or outcome.is_moot(action):
            continue
        why = f": {result.said}" if result.said and not isinstance(action.change, DeleteStack) else ""
        yield f"    {result.how}: {action.title}{why}"
        yield f"      by hand: {action.change.describe()}"
        yield from (f"      {line}" for line in _pages(action, outcome))


def _pages(action: Action, outcome: Outcome) -> Sequence[str]:
    names = {one.code: one.name for one in outcome.plan.hazards}
    return [more(code, names[code]) for code in action.codes if code in names]


def _in_the_way(stack: LiveStack) -> Iterator[str]:
    """What CloudFormation could not delete, by the names that it has in AWS."""
    if stack.status != "DELETE_FAILED":
        return
    failed = [one for one in stack.resources if one.status == "DELETE_FAILED"]
    for one in failed:
        yield f"    in the way: {one.type} {one.physical_id} ({one.logical_id})"
    if failed:
        names = ",".join(one.logical_id for one in failed if "/" not in one.logical_id)
        command = f"s3ap-ops clean {stack.name} --retain {names}"
        yield f"      settle that and plan again; as a last resort, give it up: {command}"
    yield f"      {RUNBOOK}#failed-deletion"


def _next(outcome: Outcome) -> Iterator[str]:
    """Where the commands above belong, what the caller may lack, and how to go on."""
    left = [one.stack for one in outcome.entries if one.word in (FAILED, UNKNOWN) or outcome.owes(one)]
    if left:
        yield f"the commands above are for account {left[0].account}; add --region {left[0].region} to them"
    denied = dict.fromkeys(action.stack for action, result in outcome.failures if _is_denied(result))
    if denied:
        yield f"access was denied; what the caller needs: s3ap-ops plan {' '.join(denied)} --iam-policy"
    if left or any(entry.word == STILL for entry in outcome.entries):
        yield f"go on with: s3ap-ops resume {outcome.run}"


def _is_denied(result: Result) -> bool:
    return any(code in result.said for code in ("AccessDenied", "UnauthorizedOperation", "not authorized"))


def _undo(outcome: Outcome) -> Iterator[str]:
    """How to bring back what was taken away from, or around, stacks that are still there."""
    kept = {entry.stack.name for entry in outcome.entries if entry.word in (FAILED, UNKNOWN)}
    for action, result in outcome.ended:
        if result.how == "done" and isinstance(action.change, ApiCall) and action.change.undo and action.stack in kept:
            yield f'to undo "{action.title}": {action.change.undo.describe()}'
