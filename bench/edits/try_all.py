"""Every edit operation at places of every template below some folders, judged by PyYAML and the standard library.

    python -m bench.edits.try_all FOLDER... [--most N] [--places N] [--only OPERATION] [--plain] [--show N]

The places are drawn by the hash of names, so that every run draws the same. Exits with 1 when an edit is wrong.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import yaml

from bench.edits.agreement import Agreement
from bench.edits.dresses import dresses
from bench.edits.judge import Subject
from bench.edits.operations import OPERATIONS, Operation, lot
from bench.edits.places import drawn, kind_of
from bench.edits.reader import UNREADABLE
from bench.edits.table import Trial, told
from s3ap_lint import __version__
from s3ap_lint.discovery import discover
from s3ap_lint.source import Source
from s3ap_lint.template.document import parse
from s3ap_lint.template.recognition import is_template
from s3ap_lint.workspace import Workspace


def templates(root: Path, most: int) -> Iterator[tuple[str, bytes]]:
    """The templates below a folder that can be read, at most so many (0: all), drawn by their names."""
    found = discover([root], Workspace(root), cwd=root).templates
    count = 0
    for candidate in sorted(found, key=lambda candidate: lot(candidate.path)):
        data = (root / candidate.path).read_bytes()
        top = parse(Source(candidate.path, data)).top
        if top is None or not is_template(top):
            continue
        yield candidate.path, data
        count += 1
        if count == most:
            return


def trials(path: str, data: bytes, operations: list[Operation], places: int, plain: bool) -> Iterator[Trial]:
    """Every operation at places of one template, in each of its dresses."""
    for dress, dressed in dresses(data):
        own = dress == "as it is"
        if plain and not own:
            return
        subject = Subject(path, dressed)
        try:
            usable = subject.top is not None and subject.value is not None
        except UNREADABLE:
            usable = False
        if not usable or subject.top is None:
            continue
        nodes = list(subject.top.walk())
        for operation in operations:
            for node in drawn(operation, nodes, places if own else 1, path, dress):
                attempt = operation.attempt(node, lot(path, dress, operation.name, *node.path))
                verdict = subject.try_(node, attempt)
                yield Trial(operation.name, dress, kind_of(node), path, "/".join(node.path), verdict)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.edits.try_all",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--most", type=int, default=0, metavar="N", help="at most so many templates of each folder")
    parser.add_argument(
        "--places", type=int, default=2, metavar="N", help="of each operation in a template (default 2)"
    )
    parser.add_argument("--only", action="append", choices=[operation.name for operation in OPERATIONS])
    parser.add_argument("--plain", action="store_true", help="only the templates as they are, in no other dress")
    parser.add_argument("--both", action="store_true", help="compare each proof on a piece with that on the whole text")
    parser.add_argument("--show", type=int, default=20, metavar="N", help="places listed below the tables (default 20)")
    options = parser.parse_args()
    operations = [operation for operation in OPERATIONS if not options.only or operation.name in options.only]
    agreement = Agreement() if options.both else None
    started, count, found = time.perf_counter(), 0, list[Trial]()
    for folder in options.folders:
        for path, data in templates(folder.resolve(), options.most):
            count += 1
            found += trials(f"{folder.name}/{path}", data, operations, options.places, options.plain)
    print(f"python {platform.python_version()}, s3ap-lint {__version__}, PyYAML {yaml.__version__}")
    print(f"{count} templates, {len(found)} places, {time.perf_counter() - started:.0f} seconds\n")
    print(told(found, options.show))
    if agreement:
        print(agreement.told())
    return int(any(trial.verdict.wrong for trial in found) or bool(agreement and agreement.differ))


if __name__ == "__main__":
    sys.exit(main())
