"""The trials as a table, and as lists of what a reader must look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from bench.faults.operators import Operator
from bench.faults.trial import Trial

ROW = "{:24} {:16} {:>12} {:>12} {:>10}"


def told(operators: Sequence[Operator], trials: Sequence[Trial], registered: Callable[[str], bool]) -> str:
    """Caught of injected for each operator, then provable misses, then findings elsewhere."""
    return "\n".join([*_rows(operators, trials, registered), "", *_missed(trials), "", *_elsewhere(trials), ""])


def _rows(operators: Sequence[Operator], trials: Sequence[Trial], registered: Callable[[str], bool]) -> Iterator[str]:
    yield ROW.format("operator", "rule", "provable", "all", "elsewhere").rstrip()
    for operator in operators:
        mine = [trial for trial in trials if trial.operator is operator]
        codes = " ".join(operator.codes)
        if not registered(operator.codes[0]):
            yield ROW.format(operator.name, codes, "no rule yet", "", "").rstrip()
            continue
        provable = [trial for trial in mine if trial.damage.provable]
        away = sum(len(trial.elsewhere) for trial in mine)
        yield ROW.format(operator.name, codes, _of(provable), _of(mine), away)
    provable = [trial for trial in trials if trial.damage.provable]
    yield ROW.format("together", "", _of(provable), _of(trials), sum(len(trial.elsewhere) for trial in trials))


def _of(trials: Sequence[Trial]) -> str:
    return f"{sum(trial.caught for trial in trials)}/{len(trials)}"


def _missed(trials: Iterable[Trial]) -> Iterator[str]:
    missed = [trial for trial in trials if not trial.caught]
    yield "missed, provable:"
    yield from (f"  {_line(t)}" for t in missed if t.damage.provable)
    yield "missed, not provable:"
    yield from (f"  {_line(t)} ({t.damage.doubt})" for t in missed if not t.damage.provable)


def _elsewhere(trials: Iterable[Trial]) -> Iterator[str]:
    yield "found where nothing is broken:"
    for trial in trials:
        for finding in trial.elsewhere:
            place = f"{finding.place.path}:{finding.place.line}"
            yield f"  {_line(trial)}\n    {place}: {finding.code} {finding.message}"


def _line(trial: Trial) -> str:
    return f"{trial.operator.name}: {trial.place}: {trial.damage.what}"
