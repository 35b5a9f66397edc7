"""What was tried, as tables; then each edit that is wrong, and each that is refused for no reason that is known."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bench.edits.judge import Verdict

ROW = "{:26} {:>7} {:>8} {:>8} {:>6} {:>7} {:>7} {:>8}  {}"


@dataclass(frozen=True)
class Trial:
    """An attempt at a place: which operation, in which dress of which file, at what kind of place."""

    operation: str
    dress: str
    kind: str
    path: str
    at: str
    verdict: Verdict


def told(trials: Sequence[Trial], shown: int) -> str:
    """The tables, and at most so many of the lines below them."""
    return "\n".join(
        [
            *_table("operation", trials, lambda trial: trial.operation),
            "",
            *_table("dress", trials, lambda trial: trial.dress),
            "",
            *_table("place", trials, lambda trial: trial.kind),
            "",
            *_listed("wrong", [t for t in trials if t.verdict.wrong], shown, lambda v: "; ".join(v.wrong)),
            *_listed("not undone to the byte", [t for t in trials if t.verdict.undone is False], shown, lambda v: ""),
            *_listed("refused", [t for t in trials if t.verdict.refused == "other"], shown, lambda v: v.refused),
        ]
    )


def _table(name: str, trials: Sequence[Trial], of: Callable[[Trial], str]) -> Iterator[str]:
    yield ROW.format(
        name, "places", "offered", "refused", "wrong", "undone", "ms med", "ms p95", "why refused"
    ).rstrip()
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        groups.setdefault(of(trial), []).append(trial)
    groups["together"] = list(trials)
    for group, mine in groups.items():
        offered = [trial.verdict for trial in mine if trial.verdict.edit]
        why = Counter(trial.verdict.refused for trial in mine if trial.verdict.refused)
        asked = [verdict.undone for verdict in offered if verdict.undone is not None]
        times = sorted(trial.verdict.seconds * 1000 for trial in mine)
        yield ROW.format(
            group,
            len(mine),
            len(offered),
            len(mine) - len(offered),
            sum(bool(verdict.wrong) for verdict in offered),
            f"{100 * sum(asked) / len(asked):.1f}%" if asked else "",
            f"{_quantile(times, 0.5):.2f}",
            f"{_quantile(times, 0.95):.2f}",
            ", ".join(f"{reason} {count}" for reason, count in why.most_common()),
        ).rstrip()


def _quantile(ordered: Sequence[float], part: float) -> float:
    return ordered[math.ceil(part * len(ordered)) - 1] if ordered else 0.0


def _listed(name: str, trials: Iterable[Trial], shown: int, what: Callable[[Verdict], str]) -> Iterator[str]:
    found = list(trials)
    yield f"{name}: {len(found)}"
    for trial in found[:shown]:
        yield f"  {trial.operation}, {trial.dress}: {trial.path}: {trial.at}: {what(trial.verdict)}".rstrip(": ")
