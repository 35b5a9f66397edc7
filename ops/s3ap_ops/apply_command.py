"""`s3ap-ops apply`: carry out a plan that was written to a file, if the account still is what it was made for."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from s3ap_ops import confirm, journal
from s3ap_ops import desk as desks
from s3ap_ops.clean_command import asked_for
from s3ap_ops.errors import OpsError, Refused
from s3ap_ops.identity import Pin
from s3ap_ops.plan import Plan, inventory_hash
from s3ap_ops.planner import Wishes
from s3ap_ops.render import plan_text
from s3ap_ops.render.plan_json import VERSION
from s3ap_ops.teardown import DONE, Run

HOUR = 3600.0


def run(options: argparse.Namespace) -> int:
    """The exit status of the run, as of `clean`; 3 when the plan does not fit the account any more, and nothing was
    written."""
    planned = _read(options.plan)
    _young(planned, options.max_age)
    options.account, options.region = planned["account"], planned["region"]
    options.stacks = [stack["name"] for stack in planned["stacks"]]
    wishes = Wishes(frozenset(planned["flags"]), tuple(planned["retain"]), planned.get("role_arn", ""))
    desk = replace(desks.opened(options, writes=True), wishes=wishes)
    _same_caller(planned, desk.pin)
    plan = desk.planned(desk.stacks(stack["id"] for stack in planned["stacks"]))
    _same_stacks(planned, plan)
    _same_actions(planned, plan)
    sys.stdout.write(plan_text.render(plan, desk.pin, verbose=options.verbose))
    sys.stdout.flush()
    if not plan.actions:
        return DONE
    consent = confirm.asked(plan, desk.pin, is_sure=options.yes)
    plan = confirm.narrowed(plan, consent.stacks)
    confirm.unchanged(plan, desk.look)
    with closing(journal.begin()) as book:
        book.write("run", **asked_for(desk, plan))
        return Run(desk, book, consent).through(plan)


def _read(path: str) -> Mapping[str, Any]:
    try:
        planned: Any = json.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise OpsError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise OpsError(f"{path} is no plan; `s3ap-ops plan STACK --format json -o {path}` writes one") from None
    if not _is_plan(planned):
        raise OpsError(f"{path} is no plan; `s3ap-ops plan STACK --format json -o {path}` writes one")
    if planned["version"] != VERSION:
        raise OpsError(
            f"{path} is a plan of version {planned['version']}; this program carries out {VERSION}; plan again"
        )
    if planned["refusals"]:
        names = ", ".join(sorted({one["stack"] for one in planned["refusals"]}))
        raise Refused(f"{path} refuses {names}; plan again with what it asks for, or without these stacks")
    found: Mapping[str, Any] = planned
    return found


PARTS = {
    "stacks": ("id", "name", "status", "updated", "inventory"),
    "actions": ("id", "command"),
    "refusals": ("stack",),
}
"""The lists of a plan that are looked at, and what each item of them has."""


def _is_plan(planned: Any) -> bool:
    """Whether all that is looked at is there, and is of its kind."""
    if not isinstance(planned, dict) or not isinstance(planned.get("made"), int | float):
        return False
    texts = [planned.get(name) for name in ("account", "region", "caller")]
    lists = {name: planned.get(name) for name in ("flags", "retain", *PARTS)}
    if "version" not in planned or not all(isinstance(one, list) for one in lists.values()):
        return False
    texts += [one for name in ("flags", "retain") for one in planned[name]]
    items = [(one, keys) for name, keys in PARTS.items() for one in planned[name]]
    return all(isinstance(one, str) for one in texts) and all(
        isinstance(one, dict) and one.keys() >= {*keys} for one, keys in items
    )


def _young(planned: Mapping[str, Any], hours: float) -> None:
    age = (time.time() - float(planned["made"])) / HOUR
    if age > hours or age < -0.1:
        raise Refused(
            f"the plan is {age:.1f} hours old, and may be {hours:g}; plan again, or allow more with --max-age"
        )


def _same_caller(planned: Mapping[str, Any], pin: Pin) -> None:
    if planned["caller"] != pin.caller:
        raise Refused(
            f"the plan was made by {planned['caller']}, and you are {pin.caller}; who plans may see what you do not"
        )


def _same_stacks(planned: Mapping[str, Any], plan: Plan) -> None:
    now = {stack.id: stack for stack in plan.stacks}
    for one in planned["stacks"]:
        stack = now.get(one["id"])
        state = (stack.status, stack.updated, inventory_hash(stack)) if stack else None
        if state != (one["status"], one["updated"], one["inventory"]):
            raise Refused(f"{one['name']} is not what it was when the plan was made; plan again")


def _same_actions(planned: Mapping[str, Any], plan: Plan) -> None:
    """Hold what would be done now to what stands in the file: a plan that was edited, or is out of date, is none."""
    if plan.refusals:
        raise Refused(f"{plan.refusals[0].stack}: {plan.refusals[0].reason}; plan again")
    written: Sequence[tuple[str, str]] = [(one["id"], one["command"]) for one in planned["actions"]]
    if written != [(action.id, action.change.describe()) for action in plan.actions]:
        raise Refused("what would have to be done now is not what the plan says; plan again")
