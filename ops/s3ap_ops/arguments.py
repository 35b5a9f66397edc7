"""The command line: commands, their options, and the help that helps."""

from __future__ import annotations

import argparse
import re

from s3ap_ops import __version__
from s3ap_ops.executor import STACKS_AT_ONCE

FORMATS = ("text", "json", "sarif")
LONGEST = 100_000
"""What an option takes of seconds, minutes or hours; more is a slip of the keyboard, and too long for a clock."""
ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+")


def parser() -> argparse.ArgumentParser:
    """The parser of the whole program."""
    top = argparse.ArgumentParser(
        prog="s3ap-ops",
        description="Tear down CloudFormation stacks by a plan. A hazard of a live stack is a finding, its fix a list "
        "of API calls; `plan` shows them and writes nothing, `clean` does exactly these.",
        epilog="exit status: 0 done, nothing left; 1 hazards, or something is left; 2 usage or fault; 3 refused, "
        "nothing was written; 4 unfinished, `resume` goes on",
    )
    top.add_argument("--version", action="version", version=f"s3ap-ops {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    plan = commands.add_parser("plan", help="what `clean` would do, and what stands in its way; reads only")
    _stacks(plan, "*")
    _account(plan)
    _wishes(plan)
    plan.add_argument("--from", dest="from_", metavar="SNAPSHOT", help="plan from what `record` wrote, and ask nobody")
    plan.add_argument("--iam-policy", action="store_true", help="print the IAM policy that `clean` needs for this plan")
    plan.add_argument("--format", choices=FORMATS, default="text")
    plan.add_argument("-o", "--output", metavar="FILE", help="write it to a file")
    clean = commands.add_parser("clean", help="plan, ask for a typed confirmation, tear down, and look again")
    _stacks(clean, "+")
    _account(clean)
    _wishes(clean)
    clean.add_argument(
        "--dry-run", action="store_true", help="print the plan and stop: exit status 1 if there are hazards"
    )
    clean.add_argument("--format", choices=FORMATS, default="text", help="of the dry run")
    clean.add_argument("--keep-going", action="store_true", help="delete the other stacks when some are refused")
    _running(clean)
    apply = commands.add_parser("apply", help="carry out a plan from a file, if the account still is what it was")
    apply.add_argument("plan", metavar="PLAN", help="what `plan --format json -o PLAN` wrote")
    apply.add_argument("--profile", help="the profile of the AWS configuration")
    apply.add_argument("--max-age", type=_positive, default=4.0, metavar="HOURS", help="refuse an older plan (4)")
    _running(apply)
    resume = commands.add_parser("resume", help="go on with a run that did not end")
    resume.add_argument("run", metavar="RUN", help="its name, as `clean` and `status` say it")
    resume.add_argument("--profile", help="the profile of the AWS configuration")
    _running(resume)
    status = commands.add_parser("status", help="the state of stacks and of runs that did not end")
    _stacks(status, "*")
    _account(status)
    record = commands.add_parser("record", help="write what `plan` looks at into a file, for `plan --from`")
    _stacks(record, "+")
    _account(record)
    record.add_argument("-o", "--output", metavar="FILE", required=True)
    listing = commands.add_parser("list", help="the stacks that were deployed from this project's templates")
    _account(listing)
    listing.add_argument("--format", choices=("text", "json"), default="text")
    deploy = commands.add_parser("deploy", help="judge a template, show its change set, ask, and carry it out")
    _deploying(deploy)
    _account(deploy)
    check = commands.add_parser("check", help="faults of functions as they run, against the local code")
    _stacks(check, "+")
    _account(check)
    check.add_argument("--template", metavar="FILE", help="the local template that the stack was made of")
    check.add_argument("--drift", action="store_true", help="also what was changed by hand, as CloudFormation compares")
    check.add_argument("--poll", type=_positive, default=5.0, metavar="SECONDS", help="between two looks at that (5)")
    check.add_argument("--format", choices=FORMATS, default="text")
    for one in (plan, clean, apply, resume, status, record, listing, deploy, check):
        one.add_argument("-v", "--verbose", action="store_true", help="also what is handled by itself")
        one.add_argument("--debug", action="store_true", help=argparse.SUPPRESS)
    return top


def _stacks(parser: argparse.ArgumentParser, number: str) -> None:
    parser.add_argument(
        "stacks",
        nargs=number,
        metavar="STACK",
        help="a stack's name or id, a group of the configuration, or a wildcard",
    )
    parser.add_argument(
        "--tag",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="only those of the named stacks that have this tag",
    )


def _account(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--region", help="where; otherwise what AWS_REGION or the profile says")
    parser.add_argument("--account", metavar="ID", help="refuse to act in any other account")
    parser.add_argument("--profile", help="the profile of the AWS configuration")


def _wishes(parser: argparse.ArgumentParser) -> None:
    wishes = parser.add_argument_group("what is done only when it is asked for")
    for flag, said in (
        ("--disable-termination-protection", "of stacks"),
        ("--disable-deletion-protection", "of tables, databases, log groups …"),
        ("--bypass-governance", "delete object versions under a governance lock"),
        ("--release-legal-hold", "of object versions"),
        ("--delete-bucket-policy", "where it denies what has to be done"),
        ("--delete-access-points", "of buckets, where they belong to no stack of these"),
        ("--stop-executions", "of state machines"),
        ("--detach-policies", "that were attached outside the stack"),
        ("--remove-targets", "of event rules that were added outside the stack"),
    ):
        wishes.add_argument(flag, action="store_true", help=said)
    wishes.add_argument(
        "--include-retained",
        action="append",
        metavar="LOGICAL_ID",
        help="delete this resource, too, though it is retained",
    )
    for flag, metavar, said in (
        ("--detach-access-point", "NAME", "detach and delete this access point of an FSx volume, whoever has it"),
        ("--delete-data-source", "ID", "delete this data source of a knowledge base, though no stack here has it"),
        ("--delete-knowledge-base", "ID", "delete this knowledge base, whose vectors go, though no stack here has it"),
    ):
        wishes.add_argument(flag, action="append", metavar=metavar, help=said)
    wishes.add_argument("--accept", action="append", metavar="CODE", help="go on in spite of this finding")
    wishes.add_argument(
        "--retain", action="append", metavar="LOGICAL_ID", help="give up a resource that a deletion failed on"
    )
    wishes.add_argument("--role-arn", type=_role, metavar="ARN", help="the role with which CloudFormation deletes")


def _deploying(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stack", metavar="STACK", help="the stack's name")
    parser.add_argument("template", metavar="TEMPLATE", help="a template of this project")
    parser.add_argument("--params", metavar="FILE", help="parameters in JSON or YAML, in the forms of the AWS CLI")
    parser.add_argument(
        "--param", action="append", default=[], metavar="NAME=VALUE", help="one parameter; wins over the file"
    )
    parser.add_argument("--stack-tag", action="append", default=[], metavar="KEY=VALUE", help="a tag for the stack")
    parser.add_argument("--bucket", metavar="NAME", help="where code, and a large template, are put")
    parser.add_argument("--built", metavar="FOLDER", help="where `sam build` left a folder for each resource")
    parser.add_argument(
        "--change-set-only", action="store_true", help="show the change set, take it away again, and stop"
    )
    parser.add_argument("--on-failure", choices=("rollback", "keep", "delete"), default="rollback")
    parser.add_argument(
        "--fail-on", choices=("error", "warning", "info"), default="error", help="findings that stop it (error)"
    )
    parser.add_argument(
        "--shallow", action="store_true", help="do not look into nested stacks; one that changes may then lose data"
    )
    parser.add_argument("--drift", action="store_true", help="first say what was changed by hand since the last time")
    parser.add_argument(
        "--smoke-test", metavar="COMMAND", help="run it after a success, with the outputs in its environment"
    )
    parser.add_argument("--recreate", action="store_true", help="first delete a stack whose creation failed")
    parser.add_argument("--express", action="store_true", help="CloudFormation's express mode, where the SDK knows it")
    parser.add_argument("--accept", action="append", metavar="CODE", help="go on in spite of this finding")
    parser.add_argument("--role-arn", type=_role, metavar="ARN", help="the role with which CloudFormation deploys")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("-o", "--output", metavar="FILE", help="write what was found, changed and came of it to a file")
    parser.add_argument("--format", choices=("json", "sarif"), default="json", help="of that file (json)")
    parser.add_argument("--deadline", type=_positive, default=60.0, metavar="MINUTES", help="wait no longer (60)")
    parser.add_argument("--poll", type=_positive, default=5.0, metavar="SECONDS", help="between two looks (5)")


def _running(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask; what wants a flag of its own still does")
    parser.add_argument("--no-wait", action="store_true", help="do not wait for CloudFormation; exit status 4")
    parser.add_argument("--deadline", type=_positive, default=60.0, metavar="MINUTES", help="wait no longer (60)")
    parser.add_argument(
        "--poll", type=_positive, default=5.0, metavar="SECONDS", help="between two looks at a stack (5)"
    )
    parser.add_argument(
        "--concurrency", type=_count, default=STACKS_AT_ONCE, metavar="N", help=f"stacks at once ({STACKS_AT_ONCE})"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress, only the plan and the summary")


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
    if not 0 < value <= LONGEST:
        raise argparse.ArgumentTypeError(f"must be above zero, and {LONGEST:,} at most")
    return value


def _role(text: str) -> str:
    if not ROLE.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no role's ARN, as arn:aws:iam::123456789012:role/deployer is")
    return text


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 50:
        raise argparse.ArgumentTypeError("must be a number from 1 to 50")
    return int(text)
