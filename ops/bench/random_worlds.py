"""Estates drawn at random are torn down, and held to the laws that the tests hold a few of them to.

    python ops/bench/random_worlds.py --worlds 300 --seed 1              # estates of up to 20 stacks; some minutes
    python ops/bench/random_worlds.py --seed 1 --only 117 --most 8       # one of them again, told in full

Estate number N of a seed is the same wherever it is drawn, as long as --most is the same.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from random_trials import Trial, opened, trial
from random_worlds import Estate, drawn

CONCURRENCIES = (1, 4, 8)


def main() -> int:
    """0: no law was broken; 1: some were, and are told."""
    options = _options()
    numbers = [options.only] if options.only is not None else range(options.first, options.first + options.worlds)
    seen: Counter[str] = Counter()
    refusals: Counter[str] = Counter()
    began = told = time.monotonic()
    for number in numbers:
        if time.monotonic() - began > options.minutes * 60:
            break
        estate = drawn(random.Random(f"{options.seed}/{number}"), options.most)
        found = _tried(estate, CONCURRENCIES[number % len(CONCURRENCIES)])
        refusals.update(found.refusals)
        seen += Counter(worlds=1, stacks=len(estate.stacks), targets=len(estate.targets), deletions=found.deleted)
        seen += Counter(refused=found.refused, breaches=len(found.breaches), bad=bool(found.breaches))
        if found.breaches or options.only is not None:
            print(f"world {number} ({len(estate.stacks)} stacks):", *found.breaches, sep="\n  ", flush=True)
        if options.only is not None:
            print(*estate.stacks, sorted(estate.flags), found.said, sep="\n")
        if time.monotonic() - told > 60:
            told = time.monotonic()
            print(f"{seen['worlds']} worlds, {seen['breaches']} breaches so far", file=sys.stderr)
    print(f"{seen['worlds']} worlds, {seen['stacks']} stacks, {seen['targets']} of them to be torn down")
    print(f"{seen['deletions']} deleted, {seen['refused']} refused; the reasons, each once for a stack:")
    for name, number in refusals.most_common():
        print(f"  {number:6} {name}")
    print(f"{seen['breaches']} breaches in {seen['bad']} worlds; {time.monotonic() - began:.0f} s")
    return 1 if seen["breaches"] else 0


def _tried(estate: Estate, concurrency: int) -> Trial:
    """The trial of an estate; what it raises is a breach."""
    with opened() as world:
        try:
            return trial(estate, world, concurrency)
        except Exception:  # one estate that cannot be tried must not end the others
            return Trial(estate, breaches=[traceback.format_exc()])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--worlds", type=int, default=300, metavar="N", help="how many (300)")
    parser.add_argument("--minutes", type=float, default=60.0, metavar="N", help="begin none after so many (60)")
    parser.add_argument("--seed", type=int, default=0, help="which ones (0)")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="begin with this number")
    parser.add_argument("--most", type=int, default=20, metavar="N", help="stacks in one at most (20)")
    parser.add_argument("--only", type=int, metavar="N", help="try this one, and tell everything")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
