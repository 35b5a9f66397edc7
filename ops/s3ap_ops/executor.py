"""Carrying a plan out: as many actions at once as their order allows, each on record before and after, none lost to
another's failure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from s3ap_ops.appliers import Applier, Means, Result
from s3ap_ops.calls import ApiCall, DeleteStack
from s3ap_ops.journal import Journal
from s3ap_ops.plan import Action, Plan

AT_ONCE = 8
STACKS_AT_ONCE = 4
LOOK_UP = 0.2
"""Seconds after which the keyboard is listened to again while actions run."""

Heard = Callable[[Action, Result | None], None]
"""What is told of an action: None when it begins, its result when it has ended."""


@dataclass
class Execution:
    """The state of one plan that is carried out."""

    plan: Plan
    means: Means
    appliers: Mapping[type, Applier]
    journal: Journal
    heard: Heard
    stacks_at_once: int = STACKS_AT_ONCE
    results: dict[str, Result] = field(default_factory=dict)
    _running: dict[Future[Result], Action] = field(default_factory=dict)

    def run(self) -> Mapping[str, Result]:
        """The result of every action, by its id. One that was not begun because of another is "skipped"."""
        waiting = list(self.plan.actions)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            while waiting or self._running:
                waiting = [action for action in waiting if not self._settled(action)]
                for action in [one for one in waiting if self._may_begin(one)]:
                    if len(self._running) < AT_ONCE and self._has_room(action):
                        waiting.remove(action)
                        self._begin(action, pool)
                if self._running:
                    self._listen()
        return self.results

    def _settled(self, action: Action) -> bool:
        """Whether an action ends without having begun; if so, why is on record."""
        why = self._why_not(action)
        if not why:
            return False
        self._end(action, Result("skipped", why))
        return True

    def _why_not(self, action: Action) -> str:
        for id_ in action.needs:
            result = self.results.get(id_)
            if result is not None and not result.is_good:
                title = next(one.title for one in self.plan.actions if one.id == id_)
                return f'not begun, because "{title}" {"was not done" if result.how == "skipped" else result.how}'
        return "not begun: the run was stopped" if self.means.patience.is_stopped else ""

    def _may_begin(self, action: Action) -> bool:
        return all(id_ in self.results for id_ in (*action.needs, *action.after))

    def _has_room(self, action: Action) -> bool:
        """Only some stacks are deleted at once, so that CloudFormation is not asked more than it likes."""
        if not isinstance(action.change, DeleteStack):
            return True
        deletions = [one for one in self._running.values() if isinstance(one.change, DeleteStack)]
        return len(deletions) < self.stacks_at_once

    def _begin(self, action: Action, pool: ThreadPoolExecutor) -> None:
        undo = action.change.undo if isinstance(action.change, ApiCall) else None
        record = {"undo": undo.describe()} if undo else {}  # before the call: whoever is killed in it can look it up
        self.journal.write("begun", action=action.id, does=action.change.describe(), **record)
        self.heard(action, None)
        self._running[pool.submit(self._apply, action)] = action

    def _apply(self, action: Action) -> Result:
        try:
            return self.appliers[type(action.change)].apply(action.change, self.means)
        except Exception as error:  # a fault of ours in one step must not end the others
            return Result("failed", f"{type(error).__name__}: {error}; this is a fault of s3ap-ops")

    def _listen(self) -> None:
        """Wait for an action to end, for as long as a keyboard can be left alone."""
        ended, _ = wait(self._running, timeout=LOOK_UP, return_when=FIRST_COMPLETED)
        for future in ended:
            self._end(self._running.pop(future), future.result())

    def _end(self, action: Action, result: Result) -> None:
        self.results[action.id] = result
        self.journal.write("ended", action=action.id, how=result.how, said=result.said, facts=result.facts)
        self.heard(action, result)
