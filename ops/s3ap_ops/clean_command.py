"""`s3ap-ops clean` and `resume`: plan, confirm, carry out, look again."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

from s3ap_ops import confirm, journal, plan_command
from s3ap_ops import desk as desks
from s3ap_ops.aftermath import with_owed
from s3ap_ops.confirm import Consent
from s3ap_ops.errors import OpsError, Refused
from s3ap_ops.plan import Plan
from s3ap_ops.planner import Wishes
from s3ap_ops.render import plan_text
from s3ap_ops.teardown import DONE, REFUSED, Run


def run(options: argparse.Namespace) -> int:
    """0: done, nothing is left; 1: something is; 3: refused, nothing was written; 4: unfinished, `resume` goes on."""
    desk = desks.opened(options, writes=not options.dry_run)
    stacks = desk.stacks(desks.names_of(desk))
    desk.check_wishes(stacks)
    plan = desk.planned(stacks)
    if options.dry_run:
        plan_command.write(plan_command.rendered(plan, desk, options.format, verbose=options.verbose), None)
        return plan_command.status(plan)
    sys.stdout.write(plan_text.render(plan, desk.pin, verbose=options.verbose))
    sys.stdout.flush()
    if plan.refusals and not options.keep_going:
        names = ", ".join(sorted(plan.refused))
        others = "; --keep-going deletes the others" if plan.deleted else ""
        raise Refused(f"nothing was written, because of {names}; what to do about it stands above{others}")
    if not plan.actions:
        return REFUSED if plan.refusals else DONE
    consent = confirm.asked(plan, desk.pin, is_sure=options.yes)
    plan = confirm.narrowed(plan, consent.stacks)
    confirm.unchanged(plan, desk.look)
    with closing(journal.begin()) as book:
        book.write("run", **asked_for(desk, plan))
        return Run(desk, book, consent).through(plan)


def resume(options: argparse.Namespace) -> int:
    """The same for a run that did not end: what it was asked for, from what is there now."""
    first = next(iter(journal.records(options.run)), {})
    if first.get("kind") != "run" or not isinstance(first.get("stacks"), dict):
        raise OpsError(
            f"{journal.path_of(options.run)} does not say what was asked for; plan and clean the stacks anew"
        )
    options.stacks, options.account, options.region = list(first["stacks"]), first["account"], first["region"]
    desk = replace(desks.opened(options, writes=True), wishes=_wishes(first))
    consent = Consent(tuple(first["stacks"]), _promised(options.run), is_sure=options.yes)
    plan = desk.planned(desk.stacks(first["stacks"].values()))
    known = len(plan.actions)
    plan = with_owed(plan, journal.records(options.run), desk.appliers, desk.look)
    owes = len(plan.actions) > known
    sys.stdout.write(plan_text.render(plan, desk.pin, verbose=options.verbose))
    sys.stdout.flush()
    if not plan.actions:
        return _nothing_left(options.run, plan)
    if not confirm.covers(consent, plan) or (owes and not options.yes):  # what a gone stack left may be another's now
        consent = confirm.asked(plan, desk.pin, is_sure=False)
        plan = confirm.narrowed(plan, consent.stacks)
    with closing(journal.again(options.run)) as book:
        book.write("resumed")
        return Run(desk, book, consent).through(plan)


def _nothing_left(run: str, plan: Plan) -> int:
    ended = REFUSED if plan.refusals else DONE
    with closing(journal.again(run)) as book:
        book.write("end", stacks={stack.name: stack.status for stack in plan.stacks}, status=ended)
    return ended


def asked_for(desk: desks.Desk, plan: Plan) -> dict[str, Any]:
    """What a run has to know to be resumed: whose stacks, by id, and what was agreed to. No value of a parameter is in
    it."""
    return {
        "account": desk.pin.account,
        "region": desk.pin.region,
        "caller": desk.pin.caller,
        "stacks": {stack.name: stack.id for stack in plan.deleted},
        "flags": sorted(desk.wishes.flags),
        "retain": list(desk.wishes.retain),
        "role_arn": desk.wishes.role_arn,
        "yes": desk.options.yes,
    }


def _wishes(record: Mapping[str, Any]) -> Wishes:
    return Wishes(frozenset(record["flags"]), tuple(record["retain"]), record["role_arn"])


def _promised(run: str) -> frozenset[str]:
    """Everything that the run had been agreed to do."""
    plans = [record for record in journal.records(run) if record["kind"] == "plan"]
    return frozenset(action["does"] for record in plans for action in record["actions"])
