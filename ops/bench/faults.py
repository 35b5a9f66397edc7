"""`python bench/faults.py`: every kind of change with every fault, once and for good, and a run that is killed after
every record of its journal; prints how many trials there were, and what was violated.

Each trial is a run, its resumption, and a second run, on a copy of a world of its own. The exit status is 1 when
anything was violated.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from slow_scenes import SLOW_SCENES
from trials import KINDS, PASSING, Stage, staged
from worlds import ESTATE, HOUSE, SCENES, Scene

BELIEVED = "error inside 200"
"""Only S3 answers so. Of any other service a client takes it for a success, and then waits for what never comes."""


def main() -> int:
    """1 if anything was violated."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", help="only these, separated by commas")
    parser.add_argument("--kinds", help="only these faults, separated by commas")
    parser.add_argument("--seeds", type=int, default=10, help="runs of the estate in which any request may fail (10)")
    options = parser.parse_args()
    scenes = [
        one
        for one in (*SCENES, *SLOW_SCENES, HOUSE, ESTATE)
        if not options.scenes or one.name in options.scenes.split(",")
    ]
    kinds = [one for one in KINDS if not options.kinds or one in options.kinds.split(",")]
    began, counts, violated = time.monotonic(), Counter[str](), 0
    for scene in scenes:
        for what, name, found in _trials(scene, kinds, options.seeds):
            counts[what] += 1
            violated += bool(found)
            for line in found:
                print(f"{scene}, {name}: {line}", flush=True)
        print(f"{scene}: done after {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    for what, number in counts.items():
        print(f"{number:5} {what}")
    print(f"{sum(counts.values()):5} trials in {time.monotonic() - began:.0f} s, {violated} with a violation")
    return int(violated > 0)


def _trials(scene: Scene, kinds: list[str], seeds: int) -> Iterator[tuple[str, str, list[str]]]:
    """What kind of trial it was, which one, and what it violated."""
    quiet = StringIO()
    with redirect_stdout(quiet), redirect_stderr(quiet), staged(scene) as stage:
        found = list(_tried(scene, stage, kinds, seeds))
    yield from found


def _tried(scene: Scene, stage: Stage, kinds: list[str], seeds: int) -> Iterator[tuple[str, str, list[str]]]:
    if scene in SCENES or scene in SLOW_SCENES:
        yield "several faults in a row", "all that passes", stage.faulty(PASSING, 1)
        for kind in (one for one in kinds if one != BELIEVED or scene.service == "s3"):
            yield "one fault", kind, stage.faulty((kind,), 1)
            yield "a fault until the run is resumed", f"{kind} for good", stage.faulty((kind,), None)
    if scene in SCENES:
        return
    for record in range(1, stage.undisturbed[2] + 1):
        yield "killed after a record", f"killed after record {record}", stage.killed(record)
        yield "killed in a record", f"killed in record {record}", stage.killed(record, torn=True)
    if scene is ESTATE:
        for seed in range(seeds):
            yield "a tenth of all requests fail", f"seed {seed}", stage.random(seed, 0.1)


if __name__ == "__main__":
    sys.exit(main())
