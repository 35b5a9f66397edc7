"""What came of a run, in words: a line for each run, and a table of them all."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

HEAD = ("scene", "by", "exit", "it is true", "stacks left", "left behind", "wrongly deleted", "calls", "writes",
        "deletions asked", "virtual s", "real s")  # fmt: skip
SUMS = ("by", "scenes", "deleted", "untouched", "stays", "failed", "orphans",
        "something lost", "exits untrue", "calls, median")  # fmt: skip
VERDICTS = ("deleted", "untouched", "stays", "failed", "orphans")


@dataclass(frozen=True)
class Outcome:
    """What came of one run. `lost` is what had to stay, `left` what had to go, each by kind; `deletes` is how often
    the deletion of each stack was asked for."""

    exit: str
    stacks: Counter[str]
    left: Counter[str]
    lost: Counter[str]
    requests: int
    writes: int
    deletes: tuple[int, ...]
    virtual: float
    wall: float

    @property
    def verdict(self) -> str:
        """In a word: deleted, orphans (the stacks are gone and things of theirs are not), untouched, failed (a stack
        is DELETE_FAILED), or stays (a stack is as it was, though something was written)."""
        if not self.stacks:
            return "orphans" if self.left else "deleted"
        if not self.writes:
            return "untouched"
        return "failed" if self.stacks["DELETE_FAILED"] else "stays"

    @property
    def is_true(self) -> bool:
        """Whether the exit status is 0 exactly when all is gone that had to go."""
        return (self.exit == "0") == (self.verdict == "deleted")


def line(scene: str, rival: str, outcome: Outcome) -> str:
    """A line of the table."""
    return row(
        scene,
        rival,
        outcome.exit,
        "yes" if outcome.is_true else "**no**",
        _told(outcome.stacks),
        _told(outcome.left),
        _told(outcome.lost),
        str(outcome.requests),
        str(outcome.writes),
        ", ".join(map(str, outcome.deletes)),
        f"{outcome.virtual:.0f}",
        f"{outcome.wall:.1f}",
    )


def row(*cells: str) -> str:
    """Cells, as Markdown has them."""
    return f"| {' | '.join(cells)} |"


def head(cells: tuple[str, ...]) -> str:
    """The first two lines of a table."""
    return f"{row(*cells)}\n|{'---|' * len(cells)}"


def _told(counted: Counter[str]) -> str:
    if "all" in counted:
        return f"all {counted['all']}"
    return ", ".join(f"{number} {kind}" for kind, number in sorted(counted.items())) or "–"


def matrix(found: Mapping[str, Mapping[str, Outcome]]) -> str:
    """Scenes by rivals, from outcomes by scene and rival: a verdict, what was lost in bold, the calls, and a mark on
    an exit status that is untrue."""
    rivals = list(dict.fromkeys(name for outcomes in found.values() for name in outcomes))
    rows = [row(scene, *(_cell(outcomes.get(name)) for name in rivals)) for scene, outcomes in found.items()]
    return "\n".join([head(("scene", *rivals)), *rows])


def _cell(outcome: Outcome | None) -> str:
    if outcome is None:
        return ""
    lost = f", **lost {sum(outcome.lost.values())}**" if outcome.lost else ""
    return f"{outcome.verdict}{lost}{'' if outcome.is_true else ' (!)'} {outcome.requests}"


def sums(found: Mapping[str, Mapping[str, Outcome]]) -> str:
    """A line to each rival: how many scenes came to which verdict, in how many something was lost, how many exit
    statuses were untrue, and the median of the calls."""
    rivals = list(dict.fromkeys(name for outcomes in found.values() for name in outcomes))
    return "\n".join([head(SUMS), *(_sum(name, found) for name in rivals)])


def _sum(rival: str, found: Mapping[str, Mapping[str, Outcome]]) -> str:
    mine = [outcomes[rival] for outcomes in found.values() if rival in outcomes]
    verdicts = Counter(outcome.verdict for outcome in mine)
    counts = (
        len(mine),
        *(verdicts[verdict] for verdict in VERDICTS),
        sum(1 for outcome in mine if outcome.lost),
        sum(1 for outcome in mine if not outcome.is_true),
        round(statistics.median(outcome.requests for outcome in mine)),
    )
    return row(rival, *map(str, counts))
