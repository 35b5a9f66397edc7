"""`s3ap-ops list`: the stacks of an account that were made of this project's templates, with their age and what they
cost. Reads only."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime

from s3ap_ops import desk as desks
from s3ap_ops.belonging import Resources, likeliest, of_stack, of_template
from s3ap_ops.collect import moment
from s3ap_ops.costs import Cost, cost
from s3ap_ops.local import LocalProject
from s3ap_ops.reading import Look
from s3ap_ops.render.plan_text import clean
from s3ap_ops.stack import Json
from s3ap_ops.wording import count

AT_ONCE = 8
NOBODY = "DELETE_COMPLETE"


@dataclass(frozen=True)
class Deployed:
    """A stack that was made of templates of the project. `age` is in days; `template` names the likeliest, or those
    equally so."""

    stack: str
    status: str
    created: str
    age: int
    cost: str
    by_the_hour: str
    protected: bool
    template: tuple[str, ...]


def run(options: argparse.Namespace) -> int:
    """0, whether or not there are any. Raises OpsError when the account cannot be asked."""
    desk = desks.opened(options)
    templates = {one.path: resources for one in LocalProject().templates() if (resources := of_template(one))}
    if not templates:
        print("s3ap-ops: there is no template below this folder, so no stack can be made of one", file=sys.stderr)
        return 2
    rows = [row for row in desk.look.pages("cloudformation", "describe_stacks", "Stacks") if not row.get("ParentId")]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = [one for one in pool.map(lambda row: _deployed(row, desk.look, templates), rows) if one]
    found.sort(key=lambda one: (-_rank(one), -one.age, one.stack))
    if options.format == "json":
        print(json.dumps([asdict(one) for one in found], indent=2, ensure_ascii=False))
    else:
        print("\n".join(clean(line) for line in _lines(found, len(rows), desk.pin.place)))
    return 0


def _rank(one: Deployed) -> int:
    return next((level.value for level in Cost if level.said == one.cost), 0)


def _deployed(row: Mapping[str, Json], look: Look, templates: Mapping[str, Resources]) -> Deployed | None:
    """A stack, if it was made of one of some templates."""
    listed = look.pages("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=row["StackId"])
    there = [one for one in listed if one["ResourceStatus"] != NOBODY]
    paths = likeliest(of_stack((one["LogicalResourceId"], one["ResourceType"]) for one in there), templates)
    if not paths:
        return None
    level, why = cost(one["ResourceType"] for one in there)
    return Deployed(
        stack=row["StackName"],
        status=row["StackStatus"],
        created=moment(row["CreationTime"]),
        age=_days(row["CreationTime"]),
        cost=level.said,
        by_the_hour=why,
        protected=bool(row.get("EnableTerminationProtection")),
        template=tuple(paths),
    )


def _days(created: datetime) -> int:
    return max(0, int((time.time() - created.timestamp()) // 86400))


def _lines(found: Iterable[Deployed], of: int, place: str) -> Iterator[str]:
    found = list(found)
    widths = [max((len(text) for text in column), default=0) for column in zip(*map(_columns, found), strict=True)]
    for one in found:
        cells = [text.ljust(width) for text, width in zip(_columns(one), widths, strict=True)]
        yield "  ".join(cells).rstrip()
    yield f"{count(len(found), 'stack')} of {of} in {place} made of this project's templates"


def _columns(one: Deployed) -> tuple[str, ...]:
    paid = f"{one.cost}{f' ({one.by_the_hour})' if one.by_the_hour else ''}"
    also = f" (or {', '.join(one.template[1:])})" if one.template[1:] else ""
    state = one.status + (", protected" if one.protected else "")
    return one.stack, state, f"{count(one.age, 'day')} old", f"paid {paid}", f"{one.template[0]}{also}"
