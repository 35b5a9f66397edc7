"""A run: a plan is carried out, the account looked at again, and what has come up since is planned anew, while it gets
less."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

from s3ap_ops import changes, collect, confirm, interrupts, journal
from s3ap_ops.aftermath import with_owed
from s3ap_ops.appliers import Means, Result
from s3ap_ops.calls import DeleteStack, Phase
from s3ap_ops.confirm import Consent
from s3ap_ops.desk import Desk
from s3ap_ops.errors import OpsError, Refused
from s3ap_ops.executor import Execution
from s3ap_ops.hands import Hands
from s3ap_ops.journal import Journal
from s3ap_ops.plan import Action, Plan
from s3ap_ops.reading import by_type
from s3ap_ops.render import plan_text, summary
from s3ap_ops.stack import Json, LiveResource, LiveStack
from s3ap_ops.watching import Patience

ROUNDS = 3
DONE, LEFT, REFUSED, UNFINISHED = 0, 1, 3, 4


@dataclass
class Run:
    """One run. `ended` is what came of every action, over all rounds, for the summary."""

    desk: Desk
    journal: Journal
    consent: Consent
    ended: list[tuple[Action, Result]] = field(default_factory=list)
    patience: Patience = field(default_factory=Patience)

    def through(self, plan: Plan) -> int:
        """Carry a plan out, and what follows from it; the exit status."""
        first = plan
        ids = [stack.id for stack in plan.stacks]
        with interrupts.stopping(_told_to_stop) as stop:
            self.patience = self.desk.patience(stop)
            for _ in range(ROUNDS):
                self._carry_out(plan)
                stacks = self._seen(ids)
                following = None if stop.is_set() or self.patience.is_over else self._following(plan, stacks)
                if following is None:
                    break
                plan = following
        leftovers = self._leftovers(first, stacks)
        outcome = summary.Outcome(first, stacks, tuple(self.ended), tuple(leftovers), self.journal.run)
        ended = status(outcome, is_stopped=stop.is_set())
        states = {one.name: one.status for one in stacks}
        self.journal.write("end", stacks=states, leftovers=len(leftovers), status=ended)
        sys.stdout.write(summary.render(outcome))
        return ended

    def _carry_out(self, plan: Plan) -> None:
        self.journal.write("plan", actions=[on_record(action) for action in plan.actions])
        look = self.desk.look
        means = Means(
            look=look,
            hands=Hands(look.session, look.region),
            patience=self.patience,
            run=self.journal.run,
            tell=_say,
            quiet=self.desk.options.quiet,
        )
        execution = Execution(plan, means, self.desk.appliers, self.journal, self._heard, self.desk.options.concurrency)
        execution.run()

    def _heard(self, action: Action, result: Result | None) -> None:
        if result is not None:
            self.ended.append((action, result))
        if self.desk.options.quiet:
            return
        if result is None and isinstance(action.change, DeleteStack):
            _say(f"{action.stack}: CloudFormation deletes it …")
        elif result is not None:
            _say(f"{action.stack}: {action.title}: {result.how}{f' ({result.said})' if result.said else ''}")

    def _seen(self, ids: Sequence[str]) -> tuple[LiveStack, ...]:
        """The stacks as they are now. An account that does not answer leaves them unknown, not gone."""
        look = self.desk.look
        fresh = type(look)(look.session, look.account, look.region)  # what was shared is out of date
        try:
            return collect.collect(ids, fresh, self.desk.readers)
        except OpsError as error:
            _say(f"the stacks cannot be looked at again: {error}")
            return tuple(LiveStack(id_.split("/")[1], id_, look.region, look.account, status="UNKNOWN") for id_ in ids)

    def _following(self, plan: Plan, stacks: Sequence[LiveStack]) -> Plan | None:
        """The next plan; None when there is nothing left to do, nothing has become less, or nobody agrees."""
        meant = [stack for stack in stacks if stack.name in self.consent.stacks and not stack.is_gone]
        if not meant or any(stack.status in ("UNKNOWN", "DELETE_IN_PROGRESS") for stack in meant):
            return None
        following = self._with_owed(self.desk.planned(meant))
        if not _is_hopeful(following) or _signature(following) == _signature(plan):
            return None
        if confirm.covers(self.consent, following):
            return following
        sys.stdout.write(plan_text.render(following, self.desk.pin, verbose=self.desk.options.verbose))
        sys.stdout.flush()
        try:
            with interrupts.raised():
                agreed = confirm.asked(following, self.desk.pin, is_sure=False)
        except (Refused, KeyboardInterrupt):
            return None
        self.consent = agreed
        return confirm.narrowed(following, agreed.stacks)

    def _with_owed(self, plan: Plan) -> Plan:
        """A plan with what this run had promised to do after a deletion that has not come to its end yet."""
        try:
            return with_owed(plan, journal.records(self.journal.run), self.desk.appliers, self.desk.look)
        except OpsError as error:
            _say(f"what is left to do after the deletions cannot be told: {error}")
            return plan

    def _leftovers(self, plan: Plan, stacks: Sequence[LiveStack]) -> list[LiveResource]:
        """What was to go with a stack that is gone, or after it, and is still there."""
        gone = {stack.id for stack in stacks if stack.is_gone}
        after = {action.change.target for action in plan.actions if action.change.phase is Phase.AFTER}
        there = [one for stack in plan.deleted if stack.id in gone for one in stack.resources if not one.is_gone]
        meant = [one for one in there if one.goes or one.physical_id in after]
        look = self.desk.look
        fresh = type(look)(look.session, look.account, look.region)
        known = by_type(self.desk.readers)
        with ThreadPoolExecutor(collect.READERS_AT_ONCE) as pool:
            again = list(pool.map(lambda one: collect.read(one, fresh, known), meant))
        return [one for one in again if one.fact("exists") is True]


def on_record(action: Action) -> dict[str, Json]:
    """An action as the journal keeps it: enough to make its change when its stack can no longer be asked."""
    told = {"id": action.id, "stack": action.stack, "title": action.title, "does": action.change.describe()}
    order = {"codes": list(action.codes), "after": list(action.after), "needs": list(action.needs)}
    return {**told, **order, **changes.written(action.change)}


def _is_hopeful(plan: Plan) -> bool:
    """Whether a plan does more than ask for the same deletion once more."""
    return any(action.change.phase < Phase.DELETE for action in plan.actions)


def _signature(plan: Plan) -> tuple[object, ...]:
    """What a plan was made of: two that were made of the same lead to the same."""
    there = frozenset(
        (stack.id, one.logical_id) for stack in plan.deleted for one in stack.resources if not one.is_gone
    )
    return there, frozenset(one.finding.message for one in plan.hazards if one.code != "S3AP806")


def status(outcome: summary.Outcome, *, is_stopped: bool) -> int:
    """The exit status of a run: 4 wins over 1, because it can be resumed."""
    words = {entry.word for entry in outcome.entries}
    is_whole = all(result.is_good for _, result in outcome.last.values())
    if words <= {summary.DELETED, summary.ABSENT} and not outcome.leftovers and not outcome.failures and is_whole:
        return DONE
    if is_stopped or summary.STILL in words or summary.UNKNOWN in words:
        return UNFINISHED
    return LEFT


def _told_to_stop() -> None:
    _say("stopping: what is under way is finished, nothing else is begun; once more to stop at once")


def _say(text: str) -> None:
    with suppress(OSError, ValueError):  # who looks away does not stop what is going on
        print(text, file=sys.stderr, flush=True)
