"""The account of permissions for people: a block for each function, what is missing first, then what to grant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from s3ap_lint.permissions.report import FunctionPermissions, NeededAction, PermissionReport, Standing
from s3ap_lint.render import permissions_html, permissions_json
from s3ap_lint.render.paint import BOLD, FAINT, Paint, painter
from s3ap_lint.render.wording import Seen, count, one_line, wrapped

COLORS = {
    Standing.MISSING: "1;31",
    Standing.ELSEWHERE: "1;31",
    Standing.PERHAPS: "1;33",
    Standing.UNKNOWN: "1;33",
    Standing.GRANTED: "32",
}
WIDTH = 80
CALLS_SHOWN = 3


def render(report: PermissionReport, seen: Seen, color: bool) -> str:
    """The functions in order, and a summary."""
    paint = painter(color)
    told: dict[tuple[str, str], str] = {}
    blocks = []
    for function in report.functions:
        first = told.setdefault((function.template, function.statements), function.function)
        blocks.append("\n".join(_block(function, seen, paint, first if first in function.shared else "")))
    return "\n\n".join([*blocks, "\n".join(_summary(report))]) + "\n"


def _block(function: FunctionPermissions, seen: Seen, paint: Paint, like: str) -> Iterator[str]:
    at = f"{one_line(seen(function.template))}:{function.line}"
    role = function.role
    yield f"{paint(BOLD, f'{at} {one_line(function.function)}')} role: {one_line(role)}"
    if not function.needed:
        yield "  needs nothing that could be seen"
    for row in function.needed:
        yield from _row(row, seen, paint)
    for action in function.unused or ():
        yield f"  {paint('1;36', 'unused')} {one_line(action)}"
    for remark in function.untold:
        yield from (paint(FAINT, line) for line in wrapped(f"not told: {remark}", WIDTH, "  ", "    "))
    if like and function.statements:
        yield f"  grant: as for {like}, which shares the role"
    elif function.statements:
        yield "  grant:"
        yield from (f"    {line}" for line in function.statements.splitlines())


def _row(row: NeededAction, seen: Seen, paint: Paint) -> Iterator[str]:
    word = row.standing.value if row.certain else f"{row.standing.value} (perhaps needed)"
    word = "perhaps needed, perhaps granted" if word.startswith("perhaps (") else word
    label = "missing here, granted" if row.standing is Standing.ELSEWHERE else ""
    text = f"{row.action} on {', '.join(row.resources)}" if row.resources and row.resources != ("*",) else row.action
    clause = f", {row.scenario}" if row.scenario else ""
    lines = wrapped(f"{label} {word} {text}{clause}".strip(), WIDTH, "  ", "    ")
    head = f"{label} {word}".strip()
    lines[0] = lines[0].replace(head, paint(COLORS[row.standing], head), 1)
    yield from lines
    for call in row.calls[:CALLS_SHOWN]:
        yield paint(FAINT, f"    {one_line(seen(call.path))}:{call.line}: {one_line(call.operation)}")
    if len(row.calls) > CALLS_SHOWN:
        yield paint(FAINT, f"    and {count(len(row.calls) - CALLS_SHOWN, 'more call')}")


def _summary(report: PermissionReport) -> Iterator[str]:
    looked = count(len(report.functions), "function")
    nothing = "nothing missing" + (" in what could be told" if report.partly_told else "")
    lacking = f"{report.lacking:,} with something missing" if report.lacking else nothing
    yield f"{looked}: {lacking}"
    if report.partly_told:
        yield f"of {report.partly_told:,} not everything could be told, so that their tables may be incomplete"


RENDERERS: Mapping[str, Callable[[PermissionReport, Seen, bool], str]] = {
    "text": render,
    "json": permissions_json.render,
    "html": permissions_html.render,
}
