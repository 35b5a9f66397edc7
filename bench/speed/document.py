"""What was measured, kept as JSON until all of it is there, and told as tables in a document."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.speed.goals import AIMS, Aim, Row

BEGIN, END = "<!-- speed: begin; written by python -m bench.speed -->", "<!-- speed: end -->"
SHOWN_PLACES = 30


class Elsewhere(Exception):
    """Figures of another machine or other versions: they cannot stand in one table."""


@dataclass(frozen=True)
class Results:
    """Rows by what is measured, and on what machine, with which versions, on which libraries."""

    machine: Mapping[str, str]
    versions: Mapping[str, str]
    libraries: Mapping[str, str] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    profile: Mapping[str, Any] = field(default_factory=dict)

    def with_row(self, row: Row) -> Results:
        """With a row, in place of an earlier one of the same thing."""
        return replace(self, rows=(*(old for old in self.rows if old.key != row.key), row))

    def save(self, path: Path) -> None:
        """Write them down."""
        path.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def load(path: Path) -> Results:
    """What was saved."""
    data = json.loads(path.read_bytes())
    return Results(**{**data, "rows": tuple(Row(**row) for row in data["rows"])})


def joined(earlier: Results, now: Results) -> Results:
    """The earlier rows with those of this run. Raises Elsewhere if they cannot be compared."""
    if (earlier.machine, earlier.versions) != (now.machine, now.versions):
        raise Elsewhere("the results that are there come from another machine or other versions; begin a new file")
    out = replace(earlier, libraries={**earlier.libraries, **now.libraries}, profile=now.profile or earlier.profile)
    for row in now.rows:
        out = out.with_row(row)
    return out


def written(document: str, text: str) -> str:
    """A document with the text between the markers."""
    before, begin, rest = document.partition(BEGIN)
    after = rest.partition(END)[2]
    if not begin or END not in rest:
        raise ValueError(f"the document has no place for the figures: {BEGIN} … {END}")
    return f"{before}{BEGIN}\n\n{text}\n{END}{after}"


def told(results: Results) -> str:
    """The tables, as Markdown."""
    return "\n".join([*_setting(results), "", *_table(results.rows), "", *_commands(results.rows), *_profile(results)])


def _setting(results: Results) -> Iterator[str]:
    machine = results.machine
    versions = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    yield f"{machine['processor']}, {machine['cores']} cores, {machine['kernel']}; {versions}."
    if results.libraries:
        yield "; ".join(f"{name}: {what}" for name, what in results.libraries.items()) + "."


# -- the goals -----------------------------------------------------------------------------------


def _table(rows: Sequence[Row]) -> Iterator[str]:
    yield "| what | on | against | median | against, median | ratio | least–most | goal | |"
    yield "|---|---|---|---:|---:|---:|---|---|---|"
    for name, aim in AIMS.items():
        measured = [row for row in rows if row.aim == name]
        for row in measured:
            yield _line(aim, row)
        if not any(row.judged for row in measured):
            yield f"| {aim.what} | | {aim.against} | | | | | {aim.goal or ''} | not measured |"


def _line(aim: Aim, row: Row) -> str:
    unit = "MB" if "memory" in row.aim else "s"
    if row.ours is None or row.theirs is None:
        figures = f"{_short(row.figure)} {unit} | | "
    else:
        figures = f"{_short(row.ours)} {unit} | {_short(row.theirs)} {unit} | {_short(row.figure)}"
    spread = f"{_short(row.least)}–{_short(row.most)} ({row.runs})"
    goal = f"{aim.goal} | {aim.goal.verdict(row.figure)}" if aim.goal and row.judged else " | "
    return f"| {row.what} | {row.library} | {row.versus or aim.against} | {figures} | {spread} | {goal} |"


def _short(figure: float) -> str:
    """Three digits of it, and no more of a ratio than two behind the point."""
    if figure >= 100:
        return f"{figure:,.0f}"
    return f"{figure:.1f}" if figure >= 10 else f"{figure:.2f}" if figure >= 0.1 else f"{figure:.4f}"


def _commands(rows: Sequence[Row]) -> Iterator[str]:
    """Each command once, with the one it is run in turn with; on all libraries they are the same."""
    yield "The commands, each with what it is run in turn with:"
    yield ""
    yield "```sh"
    for name, aim in AIMS.items():
        said = dict.fromkeys((row.command, row.against) for row in rows if row.aim == name)
        if said:
            yield f"# {aim.what}"
        for command, against in said:
            yield from filter(None, (command, against and f"  {against}"))
    yield "```"


# -- where the time goes -------------------------------------------------------------------------


def _profile(results: Results) -> Iterator[str]:
    if not results.profile:
        return
    total, places = results.profile["seconds"], results.profile["places"]
    yield ""
    yield f"Where {total:.1f} s of processor time go, `{results.profile['command']}` on {results.profile['library']}:"
    yield ""
    yield "| where | itself | with what it calls |"
    yield "|---|---:|---:|"
    ranked = sorted(places.items(), key=lambda item: (-item[1][0], item[0]))
    for place, (itself, within) in ranked[:SHOWN_PLACES]:
        yield f"| {place} | {itself / total:.1%} | {within / total:.1%} |"
    rest = sum(itself for _, (itself, _) in ranked[SHOWN_PLACES:])
    if rest:
        yield f"| {len(ranked) - SHOWN_PLACES} others | {rest / total:.1%} | |"
