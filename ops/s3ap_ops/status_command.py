"""`s3ap-ops status`: how stacks are, and which runs did not end. Reads only."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence

from s3ap_ops import desk as desks
from s3ap_ops import journal
from s3ap_ops.collect import described, moment
from s3ap_ops.errors import OpsError
from s3ap_ops.render.plan_text import clean
from s3ap_ops.stack import Json
from s3ap_ops.teardown import DONE
from s3ap_ops.wording import count, reason

MOST_EVENTS = 5


def run(options: argparse.Namespace) -> int:
    """0; 1 when a deletion failed or a run did not end. Without a stack only runs are told, and AWS is not asked."""
    lines: list[str] = []
    names: tuple[str, ...] = ()
    worst = 0
    if options.stacks:
        desk = desks.opened(options)
        names = desks.names_of(desk)
        for name in names:
            failed, told = _stack(name, desk)
            lines += told
            worst = max(worst, int(failed))
    unfinished = list(_unfinished(set(names)))
    print("\n".join(clean(line) for line in [*lines, *unfinished]) or "every run has ended")
    return max(worst, int(bool(unfinished)))


def _stack(name: str, desk: desks.Desk) -> tuple[bool, list[str]]:
    """Whether a deletion failed, and the lines about the stack."""
    found = described(name, desk.look)
    if found is None:
        return False, [f"{name}: there is no such stack in {desk.pin.place}"]
    status, why = found["StackStatus"], reason(found.get("StackStatusReason", ""))
    since = moment(found.get("DeletionTime") or found.get("LastUpdatedTime") or found.get("CreationTime"))
    lines = [f"{found['StackName']}: {status} since {since}{f' ({why})' if why else ''}"]
    events = desk.look.client("cloudformation").describe_stack_events(StackName=found["StackId"])["StackEvents"]
    failed = [one for one in events if one["ResourceStatus"] == "DELETE_FAILED"]
    running = {one["LogicalResourceId"] for one in events if one["ResourceStatus"] == "DELETE_IN_PROGRESS"}
    running -= {
        one["LogicalResourceId"] for one in events if one["ResourceStatus"] in ("DELETE_COMPLETE", "DELETE_FAILED")
    }
    if status == "DELETE_IN_PROGRESS":
        waits = sorted(running - {found["StackName"]})
        lines += [f"  waits for {', '.join(waits)}"] if waits else []
    if status == "DELETE_FAILED":
        for one in failed[:MOST_EVENTS]:
            lines.append(f"  {one['LogicalResourceId']}: {reason(one.get('ResourceStatusReason', ''))}")
    return status == "DELETE_FAILED", lines


def _unfinished(names: set[str]) -> Iterator[str]:
    """A line for every run that did not end, or ended with stacks that are left; of some stacks if these are named."""
    for run in journal.runs():
        try:
            told = _run(list(journal.records(run)), run, names)
        except OpsError as error:
            told = f"run {run}: {error}"
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            told = f"run {run}: its journal is damaged; plan and clean its stacks anew"
        if told:
            yield told


def _run(records: Sequence[Mapping[str, Json]], run: str, names: set[str]) -> str:
    """The line about one run; empty if there is nothing to say of it."""
    if not records or records[0]["kind"] != "run":
        return f"run {run}: its journal does not say what was asked for"
    first, last = records[0], records[-1]
    stacks = first["stacks"]
    if names and not names & {*stacks, *stacks.values()}:
        return ""
    if last["kind"] == "end" and last.get("status") == DONE:
        return ""
    began = time.strftime("%Y-%m-%d %H:%M", time.gmtime(first["at"]))
    done = sum(1 for one in records if one["kind"] == "ended" and one["how"] == "done")
    what = "ended with something left" if last["kind"] == "end" else "did not end"
    return f"run {run} of {began} ({', '.join(stacks)}) {what}, {count(done, 'step')} done: s3ap-ops resume {run}"
