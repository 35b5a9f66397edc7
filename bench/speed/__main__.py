"""Measure the goals for speed and memory, and write the table of them.

    python -m bench.speed --p8 FOLDER --head FOLDER --results FILE --write     # everything; most of an hour
    python -m bench.speed --head FOLDER --rows own,memory --runs 3             # some rows, printed only
    python -m bench.speed --head FOLDER --rows none --profile                  # where the time of a cold run goes
    python -m bench.speed --results FILE --write                               # the document from what was measured

FOLDER is the reference library at 023060b9 and at HEAD, without its history. Neither is written to: everything
is measured on copies in a temporary folder. The linter is installed into a new environment there, with pip,
unless --python names one.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.speed import document, library, samples
from bench.speed.document import Results
from bench.speed.installation import CHECKOUT, Installation, install, machine
from bench.speed.rows import MEASUREMENTS, ORIGINAL, Ground

DOCUMENT = CHECKOUT / "docs" / "benchmarks.md"


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    results = document.load(options.results) if options.results and options.results.exists() else None
    originals = {name: path for name, path in ((ORIGINAL, options.p8), ("HEAD", options.head)) if path}
    if originals:
        if options.work is not None:
            options.work.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=options.work, prefix="speed-") as folder:
            results = _measured(options, originals, Path(folder), results)
    if results is None:
        raise SystemExit("there is nothing to measure and nothing measured; --head FOLDER, or --results FILE")
    text = document.told(results)
    print(text)
    if options.write:
        DOCUMENT.write_text(document.written(DOCUMENT.read_text(encoding="utf-8"), text), encoding="utf-8")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.speed", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--p8", type=Path, metavar="FOLDER", help="the library at 023060b9")
    parser.add_argument("--head", type=Path, metavar="FOLDER", help="the library at HEAD")
    parser.add_argument(
        "--rows", default=",".join(MEASUREMENTS), help="which, with commas, or none; default: %(default)s"
    )
    parser.add_argument("--sizes", default="1,4,16", help="copies in a multiplied library; default: %(default)s")
    parser.add_argument("--runs", type=int, help="of each pair; default: 3 to 25, by how long it takes")
    parser.add_argument("--python", type=Path, help="the interpreter of an environment with the linter installed")
    parser.add_argument("--work", type=Path, metavar="FOLDER", help="where the temporary folder is made")
    parser.add_argument("--results", type=Path, metavar="FILE", help="JSON that rows are added to")
    parser.add_argument("--profile", action="store_true", help="also look where the time goes, own rules, one process")
    parser.add_argument("--write", action="store_true", help=f"put the tables into {DOCUMENT.relative_to(CHECKOUT)}")
    options = parser.parse_args(arguments)
    options.rows = [] if options.rows == "none" else options.rows.split(",")
    unknown = [name for name in options.rows if name not in MEASUREMENTS]
    if unknown:
        parser.error(f"there is no row {unknown[0]}; there are {', '.join(MEASUREMENTS)}")
    return options


def _measured(
    options: argparse.Namespace, originals: dict[str, Path], folder: Path, earlier: Results | None
) -> Results:
    installation = Installation(options.python.absolute()) if options.python else _installed(folder)
    sizes = [int(size) for size in options.sizes.split(",")]
    ground = Ground(installation, originals, sizes, folder, options.runs, _tell)
    results = Results(machine(), installation.versions, {name: _described(path) for name, path in originals.items()})
    results = document.joined(earlier, results) if earlier else results
    for name in options.rows:
        for row in MEASUREMENTS[name](ground):
            _tell(f"  {row.figure:.3g} ({row.least:.3g} to {row.most:.3g})")
            results = results.with_row(row)
            if options.results:
                results.save(options.results)  # so that what was measured outlives an interrupted run
    if options.profile:
        results = document.joined(results, _profiled(results, ground))
    if options.results:
        results.save(options.results)
    return results


def _installed(folder: Path) -> Installation:
    _tell("installing the linter")
    return install(folder / "environment")


def _profiled(results: Results, ground: Ground) -> Results:
    _tell(f"looking where the time goes on {ground.multiplied}")
    options = ["--engine", "none", "--jobs", "1", *ground.installation.cold, "."]
    output = ground.folder / "samples.json"
    subprocess.run(
        [ground.installation.python, samples.__file__, output, *options],
        cwd=ground.copied(ground.multiplied),
        env=ground.installation.environment,
        check=True,
    )
    profile = json.loads(output.read_bytes())
    about = {"command": " ".join(["s3ap-lint", *options]), "library": ground.multiplied}
    return Results(results.machine, results.versions, profile={**profile, **about})


def _described(path: Path) -> str:
    files = list(library.files(path))
    python = sum(file.suffix == ".py" for file in files)
    return f"{len(files):,} files, {python:,} Python, {len(library.templates(path))} templates"


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
