"""The fault matrix: every kind of request of a tear-down × every fault × run on, or kill -9 and resume × concurrency,
over random worlds of 1 to 20 stacks.

    python ops/bench/matrix.py --minutes 60 --seed 1 --json matrix.json      # as many as there is time for
    python ops/bench/matrix.py --seed 2 --json matrix.json --go-on           # and on, with other worlds
    python ops/bench/matrix.py --seed 1 --world 7                            # one world again
    python ops/bench/matrix.py --seed 1 --world 7 --mode 'kill -9' --mishaps 's03/004:DeleteStack=reset*1'

Each world is first torn down undisturbed, and held to all laws of a tear-down; then, in copies of it, with mishaps.
What has been tried least is tried next. Each violation is told with the command that repeats it.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from botocore import xform_name
from matrix_trials import CONCURRENCIES, KINDS, LONG, MODES, TELLS_IN_200, Ground, Mishap, Reference, Step, ground

from s3ap_lint.examples import read
from s3ap_ops import snapshot
from s3ap_ops.calls import ApiCall
from s3ap_ops.examples import ROLLOUT, TEMPLATE, live_cases
from s3ap_ops.protections import SWITCHES
from s3ap_ops.rules.services.retained_resource import DELETES

PROGRAM_EVERY = 12
"""One of so many trials kills the program as it is installed; the others kill a copy of this process that runs it."""
CHAIN = 6
"""How many times a run is killed in one trial, at most."""

Cell = tuple[str, str, str, int]


@dataclass
class Tally:
    """What was tried. A cell is a kind of request, a fault, a mode and a concurrency; `before` are the seconds of
    earlier runs that are counted too."""

    seed: str
    before: int = 0
    cells: Counter[Cell] = field(default_factory=Counter)
    sizes: Counter[int] = field(default_factory=Counter)
    numbers: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    violations: list[dict[str, object]] = field(default_factory=list)

    def violated(self, world: int, command: str, breaches: Sequence[str]) -> None:
        """Note a violation, and tell it at once."""
        self.violations.append({"world": world, "command": command, "breaches": list(breaches)})
        told = "\n".join(f"  {one[:700]}" for one in breaches[:8])
        print(f"VIOLATION in world {world}: {command}\n{told}", flush=True)

    def fewest(self, label: str, mode: str, concurrency: int, source: random.Random) -> str:
        """The fault that this kind of request has met least in this mode."""
        kinds = applicable(label)
        return min(kinds, key=lambda kind: (self.cells[label, kind, mode, concurrency], source.random()))

    def combinations(self) -> dict[str, object]:
        """How many cells there are of the requests that were seen, and how many of them were tried."""
        possible = [(label, kind, mode, number) for label in self.labels for kind in applicable(label)
                    for mode in MODES for number in CONCURRENCIES]  # fmt: skip
        return {
            "possible": len(possible),
            "tried": sum(1 for one in possible if self.cells[one]),
            "not applicable": len(self.labels) * len(KINDS) * len(MODES) * len(CONCURRENCIES) - len(possible),
            "untried": [" / ".join(map(str, one)) for one in possible if not self.cells[one]],
        }

    def data(self) -> dict[str, object]:
        """All of it as JSON."""
        cells = [{"request": key[0], "fault": key[1], "mode": key[2], "concurrency": key[3], "trials": number}
                 for key, number in sorted(self.cells.items()) if number]  # fmt: skip
        return {
            "seed": self.seed,
            "numbers": dict(self.numbers),
            "stacks per world": {str(size): number for size, number in sorted(self.sizes.items())},
            "refusals": dict(self.refusals.most_common()),
            "requests": dict(sorted(self.labels.items())),
            "never seen": sorted(known() - {_named(label) for label in self.labels}),
            "combinations": self.combinations(),
            "cells": cells,
            "violations": self.violations,
        }


@cache
def known() -> set[str]:
    """Every kind of call that the fixes of the rules' examples make, and every switch and deletion, as boto3 calls
    them; of these, what the worlds never brought up is told."""
    found = {(one.service, one.operation) for one in SWITCHES.values()} | {one[:2] for one in DELETES.values()}
    for case in live_cases():
        marked = read(case.example.files)
        if TEMPLATE not in marked.files:  # what is about a deployment makes no calls
            stacks = [one for path, data in marked.files.items() if path != ROLLOUT
                      for one in snapshot.read(data.decode(), path)]  # fmt: skip
            fixes = [hazard.finding.fix for hazard in case._look(tuple(stacks)) if hazard.finding.fix]
            found |= {(one.service, one.operation) for fix in fixes for one in fix.changes if isinstance(one, ApiCall)}
    return {f"{service}:{operation}" for service, operation in found}


def applicable(label: str) -> list[str]:
    """The faults that a kind of request can meet with."""
    return [kind for kind in KINDS if kind != "error in 200" or label.partition(" ")[0] in TELLS_IN_200]


def main() -> int:
    """1 if anything was violated."""
    options = _options()
    tally, began = _tally(options), time.monotonic()
    tally.before = tally.numbers["seconds"]
    numbers = [options.world] if options.world is not None else _from(options.first)
    for number in numbers:
        try:
            _world(number, tally, options, began + options.minutes * 60)
        except Exception:  # a world that cannot be made must not end the others
            tally.violated(number, f"{_command(options.seed, number)}", [traceback.format_exc()])
        _told(tally, began, options.json)
        if time.monotonic() - began > options.minutes * 60:
            break
    print(markdown(tally))
    return int(bool(tally.violations))


def _tally(options: argparse.Namespace) -> Tally:
    """An empty tally, or what an earlier run left in a file."""
    if not options.go_on:
        return Tally(options.seed)
    known = json.loads(Path(options.json).read_text("utf-8"))
    tally = Tally(f"{known['seed']}, {options.seed}", violations=known["violations"])
    tally.numbers.update(known["numbers"])
    tally.refusals.update(known["refusals"])
    tally.labels.update(known["requests"])
    tally.sizes.update({int(size): number for size, number in known["stacks per world"].items()})
    for one in known["cells"]:
        tally.cells[one["request"], one["fault"], one["mode"], one["concurrency"]] = one["trials"]
    return tally


def _from(number: int) -> Iterator[int]:
    while True:
        yield number
        number += 1


def size_of(number: int) -> int:
    """How many stacks a world has: in 20 worlds each number once."""
    return 1 + number * 7 % 20


def _world(number: int, tally: Tally, options: argparse.Namespace, ends: float) -> None:
    source = random.Random(f"{options.seed}/{number}/trials")
    with ground(f"{options.seed}/{number}", size_of(number)) as found:
        concurrency = CONCURRENCIES[number % 3]
        reference = found.reference(concurrency)
        tally.numbers.update(worlds=1, stacks=len(found.estate.stacks), targets=len(found.estate.targets))
        tally.numbers.update(deleted=reference.deleted, actions=len(reference.actions), runs=3)
        tally.sizes[len(found.estate.stacks)] += 1
        tally.refusals.update(reference.refusals)
        tally.labels.update(step.label for step in reference.steps)
        if reference.breaches:
            tally.violated(number, _command(options.seed, number), reference.breaches)
            return
        if options.mishaps:
            mishaps = [_read(one, reference) for one in options.mishaps.split(",")]
            _tried(found, number, reference, options.mode, options.concurrency, mishaps, tally, options)
            return
        for mode, concurrency in _trials(number):
            if not reference.steps or time.monotonic() > ends:
                return
            mishaps = _drawn(reference, mode, concurrency, tally, source)
            _tried(found, number, reference, mode, concurrency, mishaps, tally, options)


def _trials(number: int) -> Iterator[tuple[str, int]]:
    """Each mode with each concurrency once; killing goes on longer, as it takes fewer mishaps at a time."""
    for mode in (MODES[0], MODES[1], MODES[1]):
        for concurrency in CONCURRENCIES:
            yield mode, concurrency


def _drawn(reference: Reference, mode: str, concurrency: int, tally: Tally, source: random.Random) -> list[Mishap]:
    """Mishaps for all steps, each the one that was tried least; for a run that is killed, for a few."""

    def tried(step: Step) -> tuple[int, float]:
        kinds = applicable(step.label)
        return min(tally.cells[step.label, kind, mode, concurrency] for kind in kinds), source.random()

    steps, many = sorted(reference.steps, key=tried), mode == "run on"
    found = []
    for step in steps if many else steps[:CHAIN]:
        kind = tally.fewest(step.label, mode, concurrency, source)
        tally.cells[step.label, kind, mode, concurrency] += 1  # taken back when it does not happen
        found.append(Mishap(step, kind, _times(kind, source, many=many)))
    return found


def _times(kind: str, source: random.Random, *, many: bool) -> int:
    """How often in a row: a client waits for each answer that does not come, so of these there are few."""
    if not many:
        return 1 if kind in ("error in 200", "timeout before", "timeout after") else source.choice([1, 2])
    if kind.startswith("timeout"):
        return source.choice([1, 1, 1, 1, 1, LONG])
    return source.choice([1, 3, LONG])


def _tried(found: Ground, number: int, reference: Reference, mode: str, concurrency: int, mishaps: list[Mishap],
           tally: Tally, options: argparse.Namespace) -> None:  # fmt: skip
    is_next = tally.numbers["kill -9"] % PROGRAM_EVERY == PROGRAM_EVERY - 1
    is_program = mode == "kill -9" and (options.program or is_next)
    outcome = found.tried(mode, concurrency, reference, mishaps, program=is_program)
    tally.numbers.update(trials=1, runs=outcome.runs, kills=outcome.kills, program=int(is_program))
    tally.numbers[mode] += 1
    for mishap, hits in zip(mishaps, outcome.hits, strict=True):
        tally.numbers["mishaps"] += bool(hits)
        if options.mishaps:
            tally.cells[(*mishap.cell, mode, concurrency)] += bool(hits)
        elif not hits:
            tally.cells[(*mishap.cell, mode, concurrency)] -= 1
    if outcome.breaches:
        happened = [one for one, hits in zip(mishaps, outcome.hits, strict=True) if hits or mode != "run on"]
        told = ",".join(map(str, happened))
        more = f"--mode '{mode}' --concurrency {concurrency} --mishaps '{told}'{' --program' if is_program else ''}"
        tally.violated(number, f"{_command(options.seed, number)} {more}", outcome.breaches)
    if options.world is not None:
        print(f"{mode}, {concurrency}: {outcome.seconds:.1f} s, hits {outcome.hits}, {outcome.kills} kills", flush=True)


def _named(label: str) -> str:
    """A kind of request as boto3 calls it."""
    service, _, operation = label.partition(" ")[0].partition(":")
    return f"{service}:{xform_name(operation)}"


def _read(text: str, reference: Reference) -> Mishap:
    """A mishap as a violation tells it."""
    place, _, what = text.partition("=")
    kind, _, times = what.partition("*")
    step = next(one for one in reference.steps if str(one) == place)
    return Mishap(step, kind, int(times))


def _command(seed: str, number: int) -> str:
    return f"python ops/bench/matrix.py --seed {seed} --world {number}"


def _told(tally: Tally, began: float, path: str | None) -> None:
    tally.numbers["seconds"] = tally.before + int(time.monotonic() - began)
    if path:
        Path(path).write_text(json.dumps(tally.data(), indent=1), "utf-8")
    print(f"{dict(tally.numbers)}, {len(tally.violations)} violations", file=sys.stderr, flush=True)


def markdown(tally: Tally) -> str:
    """The table for the documentation: kinds of request × faults, as trials that ran on / were killed."""
    lines = [f"| request | {' | '.join(KINDS)} |", f"|---|{'---|' * len(KINDS)}"]
    for label in sorted(tally.labels):
        row = []
        for kind in KINDS:
            counted = [sum(tally.cells[label, kind, mode, number] for number in CONCURRENCIES) for mode in MODES]
            row.append("/".join(map(str, counted)) if kind in applicable(label) else "–")
        lines.append(f"| {label} | {' | '.join(row)} |")
    told = tally.combinations()
    told.pop("untried")
    return "\n".join([*lines, "", str(dict(tally.numbers)), str(told)])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", default="1", help="which worlds (1)")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="begin with this world")
    parser.add_argument("--minutes", type=float, default=60.0, metavar="N", help="begin no trial after so many (60)")
    parser.add_argument("--json", metavar="FILE", help="keep the counts there, after each world")
    parser.add_argument("--go-on", action="store_true", help="count on from what is in the file")
    parser.add_argument("--world", type=int, metavar="N", help="only this one")
    parser.add_argument("--mode", choices=MODES, default=MODES[0])
    parser.add_argument("--concurrency", type=int, choices=CONCURRENCIES, default=4)
    parser.add_argument("--mishaps", help="only these, as a violation tells them")
    parser.add_argument("--program", action="store_true", help="kill the program as it is installed")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
