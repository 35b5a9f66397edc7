"""The rows as a table in a document."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping

from bench.commit.rows import GOAL, Row

BEGIN, END = "<!-- commit: begin; written by python -m bench.commit -->", "<!-- commit: end -->"


def told(rows: Iterable[Row], machine: Mapping[str, str]) -> str:
    """The table, as Markdown."""
    out = [f"{machine['processor']}, {machine['cores']} cores, {machine['kernel']}.", ""]
    out += ["| committed | in | `pre-commit run` | least–most | the hook in it | goal |", "|---|---|---:|---|---:|---|"]
    return "\n".join([*out, *map(_line, rows)]) + "\n"


def _line(row: Row) -> str:
    spread = f"{min(row.seconds):.2f}–{max(row.seconds):.2f} ({len(row.seconds)})"
    hook = f"{statistics.median(row.hook):.2f} s" if row.hook else ""
    verdict = f"≤ {GOAL:g} s: {'reached' if row.median <= GOAL else '**not reached**'}" if row.judged else ""
    return f"| {row.what} | {row.library} | {row.median:.2f} s | {spread} | {hook} | {verdict} |"


def written(document: str, text: str) -> str:
    """A document with the text between the markers. Raises ValueError if it has none."""
    before, begin, rest = document.partition(BEGIN)
    after = rest.partition(END)[2]
    if not begin or END not in rest:
        raise ValueError(f"the document has no place for the figures: {BEGIN} … {END}")
    return f"{before}{BEGIN}\n\n{text}\n{END}{after}"
