"""A run that looks again says what a new run would say."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Write

from s3ap_lint.config import load
from s3ap_lint.run import Run


def spoilt(data: bytes, chance: random.Random) -> bytes:
    """A file with one of its lines gone, twice there, or with another beside it."""
    lines = data.split(b"\n")
    at = chance.randrange(len(lines))
    lines[at : at + 1] = chance.choice([[], [lines[at], lines[at]], [b"import os  # spare", lines[at]]])
    return b"\n".join(lines)


@pytest.mark.parametrize("seed", range(2))
def test_after_any_edits_a_later_look_is_as_good_as_a_new_run(library: Path, seed: int) -> None:
    config = replace(load([str(library)], cwd=library), engine="none", jobs=1, strict=True)
    run = Run([str(library)], config, fixing=True)
    chance = random.Random(seed)
    files = [*run.found.python, *(candidate.path for candidate in run.found.templates)]
    run.hold()
    run.look()
    changed: dict[str, bytes] = {}
    for _ in range(4):
        for path in chance.sample(files, 2):
            changed[path] = spoilt(changed.get(path, run.read(path)), chance)
        if chance.random() < 0.3:
            changed.pop(chance.choice(list(changed)))
        assert Run([str(library)], config, dict(changed), fixing=True).look() == run.look(changed)


def test_what_does_not_rest_on_a_changed_file_is_not_looked_at_again(library: Path) -> None:
    config = replace(load([str(library)], cwd=library), engine="none", jobs=1)
    told: list[tuple[str, int, int]] = []
    run = Run([str(library)], config, on_progress=lambda *now: told.append(now))
    run.look()
    first = told[-1][2]
    told.clear()
    run.look()
    assert [] == told
    alone = next(path for path in run.found.python if path.endswith("__init__.py"))
    run.look({alone: b"x = 1\n"})
    assert 0 < told[-1][2] < first


TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Reader:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: ../common
      Handler: handler.handler
      Runtime: python3.13
      Environment:
        Variables: {INPUT: a}
"""
HANDLER = b"import os\n\n\ndef handler(event, context):\n    return os.environ['INPUT']\n"


def test_a_module_that_two_applications_run_is_looked_at_again_for_both(write: Write) -> None:
    folder = write({"one/template.yaml": TEMPLATE, "two/template.yaml": TEMPLATE, "common/handler.py": HANDLER})
    run = Run([str(folder)], replace(load([str(folder)], cwd=folder), engine="none", jobs=1, select=("S3AP302",)))
    assert () == run.look().findings
    (finding,) = run.look({"common/handler.py": HANDLER.replace(b"INPUT", b"OUTPUT")}).findings
    assert ["one/template.yaml", "two/template.yaml"] == [place.path for place in finding.related]
