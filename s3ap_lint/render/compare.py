"""A comparison as text: a block for each template, the default deployment before all others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from s3ap_lint.compare.change import Compared, Comparisons
from s3ap_lint.render import compare_json, compare_markdown
from s3ap_lint.render.compare_entries import Entry, Mark, headline, is_code_only, remarks, sections, summary
from s3ap_lint.render.paint import BOLD, FAINT, UNDERLINED, Paint, painter
from s3ap_lint.render.wording import Seen, count, one_line, wrapped

COLORS = {Mark.DANGER: "1;31", Mark.ADDED: "32", Mark.REMOVED: "31", Mark.CHANGED: "33"}
WIDTH = 120


def render(report: Comparisons, seen: Seen, color: bool) -> str:
    """The templates in order, and a summary."""
    paint = painter(color)
    meant = [one for one in report.templates if not is_code_only(one)]
    blocks = ["\n".join(_block(one, seen, paint, report.only_default)) for one in meant]
    if len(meant) < len(report.templates):
        blocks.append("\n".join(_code_only(report, seen, paint)))
    blocks.append("\n".join(_summary(report, seen)))
    return "\n\n".join(blocks) + "\n"


def _block(compared: Compared, seen: Seen, paint: Paint, only_default: bool) -> Iterator[str]:
    said = headline(compared)
    yield paint(BOLD, one_line(seen(compared.path))) + (f" {one_line(said)}" if said else "")
    for section in sections(compared, only_default=only_default):
        yield f"  {paint(UNDERLINED, one_line(section.heading))}"
        for entry in section.entries:
            yield from _entry(entry, paint)
    for remark in remarks(compared):
        yield from (paint(FAINT, line) for line in wrapped(remark, WIDTH, "  ", "    "))


def _code_only(report: Comparisons, seen: Seen, paint: Paint) -> Iterator[str]:
    yield paint(BOLD, "other code only, which compare does not look into")
    for one in filter(is_code_only, report.templates):
        yield f"  {one_line(seen(one.path))}: {count(len(one.code), 'function')}"


def _entry(entry: Entry, paint: Paint) -> Iterator[str]:
    lines = wrapped(entry.text, WIDTH, f"    {entry.mark.value} ", "      ")
    color = COLORS[entry.mark]
    lines[0] = "    " + paint(color, entry.mark.value) + lines[0][5:]
    yield from lines


def _summary(report: Comparisons, seen: Seen) -> Iterator[str]:
    yield summary(report)
    for entry in report.unread:
        yield one_line(f"could not compare {seen(entry.path)}, {entry.what}: {entry.reason}")


RENDERERS: Mapping[str, Callable[[Comparisons, Seen, bool], str]] = {
    "text": render,
    "json": compare_json.render,
    "markdown": compare_markdown.render,
}
