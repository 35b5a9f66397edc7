"""A comparison as Markdown for the summary of a pull request: lists, folded away where they are long."""

from __future__ import annotations

import re
from collections.abc import Iterator

from s3ap_lint.compare.change import Compared, Comparisons
from s3ap_lint.render.compare_entries import (
    DEFAULT,
    PARAMETERS,
    Entry,
    Mark,
    headline,
    is_code_only,
    remarks,
    sections,
    summary,
)
from s3ap_lint.render.wording import Seen, count, one_line

LONG = 12
"""Entries of a section that are shown without a click."""

MOST = 900_000
"""Bytes; GitHub takes a summary of up to 1 MiB for a step ("Workflow commands for GitHub Actions", job summaries)."""

_MARKS = {Mark.DANGER: "🛑", Mark.ADDED: "➕", Mark.REMOVED: "➖", Mark.CHANGED: "✏️"}
_WWW = re.compile(r"\b(www)\.", re.IGNORECASE)  # which GitHub makes a link of
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~&@$])")


def render(report: Comparisons, seen: Seen, _color: bool) -> str:
    """A heading with what matters most, then the templates; as many as a summary can take."""
    out = ["## What the templates mean once deployed", "", escaped(summary(report)), ""]
    size = 0
    meant = [one for one in report.templates if not is_code_only(one)]
    for index, one in enumerate(meant):
        lines = [*_template(one, seen, report.only_default), ""]
        size += sum(len(line.encode()) + 1 for line in lines)
        if size > MOST:
            out += [f"{count(len(meant) - index, 'more template')} in the text of the job.", ""]
            break
        out += lines
    code_only = [one for one in report.templates if is_code_only(one)]
    if code_only:
        templates = count(len(code_only), "template")
        out += [f"<details><summary>Other code only, not looked into: {templates}</summary>", ""]
        out += [f"- {code(seen(one.path))}: {count(len(one.code), 'function')}" for one in code_only]
        out += ["", "</details>", ""]
    out += [f"- could not compare {code(seen(e.path))}, {escaped(e.what)}: {escaped(e.reason)}" for e in report.unread]
    return "\n".join(out).rstrip() + "\n"


def _template(one: Compared, seen: Seen, only_default: bool) -> Iterator[str]:
    said = headline(one)
    yield f"### {code(seen(one.path))}" + (f" {escaped(said)}" if said else "")
    for section in sections(one, only_default=only_default):
        heading = escaped(section.heading)
        if not section.entries:
            yield ""
            yield heading[0].upper() + heading[1:] + "."
            continue
        folded = len(section.entries) > LONG or not section.heading.startswith((DEFAULT, PARAMETERS))
        yield ""
        if folded:
            yield f"<details><summary>{heading}: {count(len(section.entries), 'change')}</summary>"
        else:
            yield f"**{heading[0].upper()}{heading[1:]}**"
        yield ""
        yield from map(_entry, section.entries)
        if folded:
            yield ""
            yield "</details>"
    told = list(remarks(one))
    if told:
        yield ""
        yield from (f"_{escaped(remark)}_  " for remark in told)


def _entry(entry: Entry) -> str:
    return f"- {_MARKS[entry.mark]} {escaped(entry.text)}"


def escaped(text: str) -> str:
    """A text that Markdown shows as it is, on one line; nothing is mentioned, linked or a formula."""
    shown = _SPECIAL.sub(r"\\\1", one_line(text)).replace("\\@", "@\u200b").replace("://", ":\u200b//")
    return _WWW.sub("\\1\u200b.", shown)


def code(text: str) -> str:
    """A text as code, whatever it holds."""
    shown = one_line(text)
    ticks = "`" * (1 + max((len(run) for run in re.findall(r"`+", shown)), default=0))
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"
