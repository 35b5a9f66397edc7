"""`s3ap-ops plan`: what would be done, and what stands in the way. Reads only."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from s3ap_lint.api import Severity
from s3ap_ops import desk as desks
from s3ap_ops.errors import OpsError
from s3ap_ops.plan import Plan
from s3ap_ops.policy import policy
from s3ap_ops.render import plan_json, plan_sarif, plan_text

DONE, HAZARDS = 0, 1


def run(options: argparse.Namespace) -> int:
    """0: nothing stands in the way; 1: hazards."""
    if options.from_:
        desk, stacks = desks.offline(options)
    else:
        desk = desks.opened(options)
        stacks = desk.stacks(desks.names_of(desk))
    plan = desk.planned(stacks)
    if options.iam_policy:
        text = policy(plan, desk.pin, desk.look.asked)
    else:
        text = rendered(plan, desk, options.format, verbose=options.verbose)
    write(text, options.output)
    if options.output and options.format == "text" and not options.iam_policy:
        print(plan_text.render(plan, desk.pin, verbose=options.verbose), end="")
    return status(plan)


def rendered(plan: Plan, desk: desks.Desk, form: str, *, verbose: bool = False) -> str:
    """The plan in one of the formats."""
    if form == "json":
        return plan_json.render(plan, desk.pin, desk.wishes)
    if form == "sarif":
        return plan_sarif.render(plan, desk.registry)
    return plan_text.render(plan, desk.pin, verbose=verbose)


def write(text: str, output: str | None) -> None:
    """Text to a file, or where the program writes. Raises OpsError when the file cannot be written."""
    if not output:
        sys.stdout.write(text)
        return
    try:
        Path(output).write_text(text, "utf-8")
    except OSError as error:
        raise OpsError(f"{output} cannot be written: {error.strerror}") from None


def status(plan: Plan) -> int:
    """The exit status of a plan that was only looked at: 1 for every hazard that is worth a word."""
    return HAZARDS if any(one.severity is not Severity.INFO and one.ignored is None for one in plan.hazards) else DONE
