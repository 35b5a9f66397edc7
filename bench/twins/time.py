"""How long all pairs of a library take to be compared, in units of parsing them.

    python -m bench.twins.time FOLDER [--runs 5]

A pair is template-deploy.yaml with template.yaml beside it. Processor time, the least of the runs; nothing is kept from
one run to the next.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from posixpath import dirname

from s3ap_lint.application import Application
from s3ap_lint.difference.comparison import Comparison
from s3ap_lint.difference.declared import views
from s3ap_lint.difference.scope import Scope
from s3ap_lint.project import Project
from s3ap_lint.source import Source
from s3ap_lint.template import document
from s3ap_lint.template.template import Template
from s3ap_lint.workspace import Workspace


def once(root: Path) -> tuple[float, float, int, int]:
    """The seconds for parsing and for comparing all pairs below a folder, how many there are, and their differences."""
    workspace = Workspace(root)

    def read(path: str) -> Source | None:
        found = workspace.read(path) if workspace.is_file(path) else None
        return found if isinstance(found, Source) else None

    parsing = comparing = 0.0
    pairs = differences = 0
    for deployed in sorted(root.rglob("template-deploy.yaml")):
        paths = [str(path.relative_to(root)) for path in (deployed, deployed.with_name("template.yaml"))]
        sources = [read(path) for path in paths]
        if not all(sources):
            continue
        started = time.process_time()
        parsed = [(source, document.parse(source).top) for source in sources if source is not None]
        halves = [Template(source, top) for source, top in parsed if top is not None]
        parsing += time.process_time() - started
        one, other = halves
        application = Application(dirname(paths[0]), (one, other), Project(workspace, lambda path: None, read))
        how = views(one, other, application)
        started = time.process_time()
        differences += len(Comparison(one, other, Scope(one, other, by_name=True), how).differences())
        comparing += time.process_time() - started
        pairs += 1
    return parsing, comparing, pairs, differences


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    runs = [once(arguments.folder) for _ in range(arguments.runs)]
    parsing, comparing = (min(run[index] for run in runs) for index in (0, 1))
    _, _, pairs, differences = runs[0]
    print(f"{pairs} pairs, {differences} differences: parsing {parsing:.2f} s, comparing {comparing:.2f} s")
    print(f"comparing takes {comparing / parsing:.2f} times as long as parsing both halves (goal: at most 1)")


if __name__ == "__main__":
    main()
