"""Measure how long `pre-commit run` takes with this project's hook, in a repository of many applications.

    python -m bench.commit                                      # sixty applications, printed; ten minutes
    python -m bench.commit --library FOLDER                     # another library besides
    python -m bench.commit --rows handler --runs 3 --count 10
    python -m bench.commit --library FOLDER --write             # the tables into docs/benchmarks.md

The hook is installed by pre-commit itself, from a clone of what is committed here, and configured by its id and
nothing else. Each run is one of `pre-commit run` with one line of one file changed and staged, another way each time.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.commit import library, repository, table
from bench.commit.repository import Repository
from bench.commit.rows import ROWS, measured
from bench.speed.installation import CHECKOUT, machine
from bench.speed.library import copy

DOCUMENT = CHECKOUT / "docs" / "benchmarks.md"


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    with tempfile.TemporaryDirectory(dir=options.work, prefix="commit-") as folder:
        rows = [
            row
            for name, place in _libraries(options, Path(folder)).items()
            for row in measured(_repository(place, Path(folder)), name, options.rows, options.runs, _tell)
        ]
    text = table.told(rows, machine())
    print(text)
    if options.write:
        DOCUMENT.write_text(table.written(DOCUMENT.read_text(encoding="utf-8"), text), encoding="utf-8")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.commit", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=60, help="applications in the library that is made; none with 0")
    parser.add_argument("--library", type=Path, metavar="FOLDER", help="a library to measure on besides; it is copied")
    parser.add_argument("--rows", default=",".join(ROWS), help="which, with commas; default: %(default)s")
    parser.add_argument("--runs", type=int, default=5, help="of each; default: %(default)s")
    parser.add_argument("--work", type=Path, metavar="FOLDER", help="where the temporary folder is made")
    parser.add_argument("--write", action="store_true", help=f"put the table into {DOCUMENT.relative_to(CHECKOUT)}")
    options = parser.parse_args(arguments)
    options.rows = options.rows.split(",")
    unknown = [name for name in options.rows if name not in ROWS]
    if unknown:
        parser.error(f"there is no row {unknown[0]}; there are {', '.join(ROWS)}")
    return options


def _libraries(options: argparse.Namespace, folder: Path) -> dict[str, Path]:
    """The libraries by what they are called, copied or made."""
    found = {}
    if options.count:
        found[f"{options.count} applications"] = folder / "made"
        library.make(folder / "made", options.count)
    if options.library:
        found[options.library.name] = folder / "copied"
        copy(options.library, folder / "copied")
    return found


def _repository(folder: Path, above: Path) -> Repository:
    _tell(f"installing the hook for {folder}")
    return repository.make(folder, above)


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
