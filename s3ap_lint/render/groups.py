"""Findings that a reader takes as one, for people: by kind, a line each, and what settles all of them."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from posixpath import dirname, relpath

from s3ap_lint.diagnostic import Diagnostic, Place
from s3ap_lint.model import Group
from s3ap_lint.render.wording import Seen, count, one_line, when

WHOLE = 25
"""Findings of a group that are all shown; of a larger one only some of each kind, unless all are asked for."""

SOME = 5


def lines(group: Group, findings: Sequence[Diagnostic], seen: Seen, *, every: bool) -> Iterator[str]:
    """What the findings of a group say, without a heading; `every`: not one of them left out."""
    yield f"  {one_line(group.title)}: {count(len(findings), 'difference')}"
    kinds = Counter(finding.group.kind for finding in _in_order(findings) if finding.group)
    for kind, number in kinds.items():
        yield f"  {one_line(kind)} ({number:,}):"
        own = [finding for finding in findings if finding.group and finding.group.kind == kind]
        shown = own if every or len(findings) <= WHOLE or number <= SOME + 1 else own[:SOME]
        yield from (f"    {_told(group, finding)}" for finding in shown)
        if len(shown) < number:
            yield f"    and {number - len(shown):,} more (-v lists them)"
    if group.command:
        yield "  " + one_line(f"to settle them: {group.command} {shlex.quote(seen(group.path))}")
    if group.advice:
        yield f"  {one_line(group.advice)}"


def _in_order(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    return sorted(findings, key=lambda finding: finding.group.rank if finding.group else 0)


def _told(group: Group, finding: Diagnostic) -> str:
    brief = one_line(finding.group.brief) if finding.group else ""
    clause = one_line(when(finding.scenario))
    return f"{_at(group, finding.place)} {brief}" + (f", {clause}" if clause not in brief else "")


def _at(group: Group, place: Place) -> str:
    """A place as seen from the folder of the group's file, whose path stands above."""
    return f"{one_line(relpath(place.path, dirname(group.path) or '.'))}:{place.line}:{place.column}"
