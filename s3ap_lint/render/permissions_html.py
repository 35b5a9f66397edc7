"""The account of permissions as one page: no script, nothing from the network, light and dark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from s3ap_lint.permissions.report import FunctionPermissions, NeededAction, PermissionReport
from s3ap_lint.render.wording import Seen, count, one_line

_STYLE = """\
:root { color-scheme: light dark; --line: #8884; --bad: #b3261e; --doubt: #8a5a00; --good: #1b6e3c; }
@media (prefers-color-scheme: dark) { :root { --bad: #ff8a80; --doubt: #ffcf70; --good: #7fd8a0; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin: 2.5rem 0 0; font-size: 1.15rem; }
p { margin: .3rem 0; }
table { border-collapse: collapse; width: 100%; margin: .8rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
code, pre { font: 13px/1.45 ui-monospace, monospace; overflow-wrap: anywhere; }
td:first-child code { white-space: nowrap; }
td:last-child code { overflow-wrap: break-word; }
pre { padding: .8rem; border: 1px solid var(--line); border-radius: 6px; overflow-x: auto; user-select: all; }
.missing, .elsewhere { color: var(--bad); font-weight: 600; }
.perhaps, .unknown { color: var(--doubt); font-weight: 600; }
.granted { color: var(--good); }
"""


def render(report: PermissionReport, seen: Seen, _color: bool) -> str:
    """The page as text."""
    summary = f"{count(len(report.functions), 'function')}, {report.lacking:,} with something missing"
    if report.partly_told:
        summary += f"; of {report.partly_told:,} not everything could be told"
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Permissions needed and granted</title>\n<style>\n{_STYLE}</style></head>",
        "<body>\n<h1>Permissions needed and granted</h1>",
        f"<p>{summary}</p>",
        *(line for one in report.functions for line in _function(one, seen)),
        "</body>\n</html>\n",
    ]
    return "\n".join(lines)


def _function(one: FunctionPermissions, seen: Seen) -> Iterator[str]:
    yield f"<section>\n<h2>{_text(one.function)}</h2>"
    shared = f", shared with {', '.join(one.shared)}" if one.shared else ""
    yield f"<p><code>{_text(seen(one.template))}:{one.line}</code>, role: {_text(one.role)}{_text(shared)}</p>"
    if one.needed:
        yield "<table><thead><tr><th>action</th><th>stands</th><th>on</th><th>called in</th></tr></thead><tbody>"
        yield from (_row(row, seen) for row in one.needed)
        yield "</tbody></table>"
    else:
        yield "<p>It needs nothing that could be seen.</p>"
    if one.unused:
        yield f"<p>Unused: {_codes(one.unused)}</p>"
    if one.untold:
        yield f"<p>Not told:</p><ul>{''.join(f'<li>{_text(remark)}</li>' for remark in one.untold)}</ul>"
    if one.statements:
        yield f"<p>Grant:</p>\n<pre>{escape(one.statements)}</pre>"
    yield "</section>"


def _row(row: NeededAction, seen: Seen) -> str:
    kind = "elsewhere" if row.standing.value == "on another resource" else row.standing.value
    words = "granted on another resource" if kind == "elsewhere" else row.standing.value
    words += "" if row.certain else " (perhaps needed)"
    when = f"<br>{_text(row.scenario)}" if row.scenario else ""
    calls = _codes(f"{seen(call.path)}:{call.line} {call.operation}" for call in row.calls)
    return (
        f'<tr><td><code>{_text(row.action)}</code></td><td class="{kind}">{words}{when}</td>'
        f"<td>{_codes(row.resources)}</td><td>{calls}</td></tr>"
    )


def _codes(items: Iterable[str]) -> str:
    return "<br>".join(f"<code>{_text(item)}</code>" for item in items)


def _text(text: str) -> str:
    return escape(one_line(text))
