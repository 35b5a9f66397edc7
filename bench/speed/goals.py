"""What was asked for, and what a measured row is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """A limit for a figure, and one that would be better still."""

    limit: float
    stretch: float | None = None
    at_least: bool = False

    def __str__(self) -> str:
        stretch = f", stretch {self.stretch:g}" if self.stretch is not None else ""
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}{stretch}"

    def verdict(self, figure: float) -> str:
        """In words. The figure counts as it is, not as it is rounded."""
        if figure < self.limit if self.at_least else figure > self.limit:
            return "**not reached**"
        if self.stretch is None:
            return "reached"
        return "reached, and the stretch" if figure <= self.stretch else "reached, not the stretch"


@dataclass(frozen=True)
class Aim:
    """A line of the table of goals: what, against what, in which unit."""

    what: str
    against: str
    goal: Goal | None
    unit: str = "×"


@dataclass(frozen=True)
class Row:
    """What was measured of an aim on a library: seconds of both by their medians, and the figure to judge.

    `figure` is the median of the ratios of the pairs (or of megabytes or seconds, where nothing is compared), `least`
    and `most` the range that it is from. `judged` is false for a figure that only stands beside one that has the goal.
    """

    aim: str
    what: str
    library: str
    command: str
    against: str
    ours: float | None
    theirs: float | None
    figure: float
    least: float
    most: float
    runs: int
    judged: bool = True
    versus: str = ""  # in words, where it is not what the aim is compared with

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What a later measurement replaces."""
        return self.aim, self.what, self.library, self.versus


PASS = "python3 -c pass"

AIMS: Mapping[str, Aim] = {
    "own": Aim("own rules, all families, cold, 2 processes", "`pyflakes .`", Goal(1.3, 1.0)),
    "cfn-lint": Aim("everything with cfn-lint, cold, 2 processes", "`cfn-lint`, same templates", Goal(0.7, 0.55)),
    "fast": Aim("everything with the fast engine, cold", "`cfn-lint`, same templates", Goal(0.15)),
    "scripts": Aim("the library's own five scripts", "everything, cold", Goal(5, at_least=True)),
    "unchanged": Aim("nothing changed", f"`{PASS}`", Goal(6)),
    "edited": Aim("one template edited, rest warm, own rules", f"`{PASS}`", Goal(12)),
    "version": Aim("`s3ap-lint --version`", f"`{PASS}`", Goal(3)),
    "scale": Aim("time of 16 × the library", "1 ×", Goal(17)),
    "scale-memory": Aim("peak memory per process of 16 × the library", "1 ×", Goal(1.2)),
    "memory": Aim("peak memory per process, own rules", "", Goal(250), "MB"),
    "wall": Aim("everything over the 17 applications, cold, 2 processes", "", None, "s"),
}
