"""Broken in one place, a clean fixture is told so; and the bench proves what it says it can prove."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))  # the bench is no part of the package

from bench.faults.__main__ import over_fixtures  # noqa: E402
from bench.faults.application import Application  # noqa: E402
from bench.faults.campaign import Campaign  # noqa: E402
from bench.faults.damage import Break  # noqa: E402
from bench.faults.in_code import newer_syntax  # noqa: E402
from bench.faults.operators import OPERATORS  # noqa: E402
from bench.faults.script import Script  # noqa: E402
from bench.faults.table import told  # noqa: E402
from bench.faults.trial import Trial  # noqa: E402


@pytest.fixture(scope="module")
def trials() -> list[Trial]:
    """Every operator whose rule exists, at every place of the clean fixtures."""
    return [trial for campaign in over_fixtures() for trial in campaign.trials()]


@pytest.mark.xdist_group("faults")
def test_every_fault_that_can_be_proved_is_found(trials: list[Trial]):
    """Of the operators whose rule is registered; at least these are."""
    assert {"drop-variable", "remove-import", "drop-condition-guard"} <= {t.operator.name for t in trials}
    missed = [trial for trial in trials if trial.damage.provable and not trial.caught]
    assert [] == [f"{trial.operator.name} {trial.place} {trial.damage.what}" for trial in missed]


@pytest.mark.xdist_group("faults")
def test_nothing_is_said_where_nothing_is_broken(trials: list[Trial]):
    """A fault brings no finding that neither stands near it nor names it."""
    assert [] == [f"{t.operator.name} {t.place}: {f.message}" for t in trials for f in t.elsewhere]


@pytest.mark.xdist_group("faults")
def test_the_fixtures_are_clean_before(trials: list[Trial]):
    """Otherwise nothing is broken in them, and the bench shows nothing."""
    assert {("payments", ""), ("library", "invoice-archive")} == {(t.app.root.name, t.app.folder) for t in trials}


def test_every_operator_finds_a_place_in_the_fixtures():
    """But for syntax newer than their runtime, which older interpreters cannot read, and grants that nobody needs."""
    apps = [app for campaign in over_fixtures() for app in campaign.apps]
    without = {operator.name for operator in OPERATORS if not any(True for app in apps for _ in operator.find(app))}
    assert without <= {"newer-syntax", "remove-unneeded-action"}


def test_syntax_is_newer_than_the_runtime(tmp_path: Path):
    """A `match` statement, where the function is declared for the Python before it."""
    template = "Transform: AWS::Serverless-2016-10-31\nResources:\n  F:\n    Type: AWS::Serverless::Function\n"
    template += "    Properties: {CodeUri: ., Handler: app.run, Runtime: python3.9}\n"
    (tmp_path / "template.yaml").write_text(template)
    (tmp_path / "app.py").write_text("def run(event, context):\n    return event\n")
    (broken,) = newer_syntax(Application(tmp_path, "", ("template.yaml",)))
    script = Script.parse("app.py", broken.files["app.py"])
    assert script is not None
    assert isinstance(script.tree.body[-1], ast.Match)
    assert (True, "3.10 in app.py") == (broken.provable, broken.what)


def test_the_table_counts_what_is_proved_and_names_what_is_missed():
    """An operator without a rule has no figures."""
    app = Application(REPOSITORY, "", ())
    first, second = OPERATORS[0], OPERATORS[-1]
    proved = Trial(app, first, Break({}, "template.yaml", 3, "TABLE_NAME", ("TABLE_NAME",)), ())
    doubted = Trial(app, first, Break({}, "template.yaml", 4, "OTHER", ("OTHER",), "set twice"), ())
    lines = told([first, second], [proved, doubted], lambda code: code == first.codes[0]).splitlines()
    assert ["drop-variable", "S3AP302", "0/1", "0/2", "0"] == lines[1].split()
    assert lines[2].endswith("no rule yet")
    assert f"  drop-variable: {REPOSITORY.name}/template.yaml:3: TABLE_NAME" in lines
    assert f"  drop-variable: {REPOSITORY.name}/template.yaml:4: OTHER (set twice)" in lines


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import os\nX = os.environ['X']\ndef handler(e, c): pass", {"X": "at import"}),
        ("import os\ndef handler(e, c):\n    return os.environ['X']", {"X": "in the handler"}),
        ("import os\ndef handler(e, c):\n    if e: return\n    return os.environ['X']", {}),
        ("import os\n@traced\ndef handler(e, c):\n    return os.environ['X']", {}),
        ("import os\nif A:\n    X = os.environ['X']\ndef handler(e, c): pass", {}),
        ("import os\ntry:\n    X = os.environ['X']\nexcept KeyError: pass\ndef handler(e, c): pass", {}),
        ("import os\nX = A or os.environ['X']\ndef handler(e, c): pass", {}),
        ("import os\nX = lambda: os.environ['X']\ndef handler(e, c): pass", {}),
        ("from fake import os\nX = os.environ['X']\ndef handler(e, c): pass", {}),
        ("import os\nX = os.environ.get('X')\ndef handler(e, c): pass", {}),
    ],
)
def test_only_what_every_event_reads_counts_as_proved(code: str, expected: dict[str, str]):
    """What stands in a branch, behind one, or in something that is evaluated later, may never be read."""
    script = Script.parse("handler.py", code.encode())
    assert script is not None
    assert expected == script.sure_reads("handler")


def test_the_same_places_are_broken_in_every_run(tmp_path: Path):
    """With a limit the places are drawn by lot, and the lots do not change."""
    template = "Transform: AWS::Serverless-2016-10-31\nResources:\n  F:\n    Type: AWS::Serverless::Function\n"
    template += "    Properties:\n      CodeUri: .\n      Handler: handler.handler\n      Runtime: python3.13\n"
    template += "      Environment: {Variables: {A: a, B: b, C: c}}\n"
    handler = "import os\n\nA = os.environ['A']\nB = os.environ['B']\nC = os.environ['C']\n\n\n"
    handler += "def handler(event, context):\n    return [A, B, C]\n"
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "template.yaml").write_text(template)
        (tmp_path / name / "handler.py").write_text(handler)
    runs = [list(Campaign(tmp_path, most=4).trials(OPERATORS[:1])) for _ in range(2)]
    first, second = ([(trial.place, trial.damage.what) for trial in run] for run in runs)
    assert first == second
    assert 4 == len(first) == len({*first, *second})
    assert all(trial.caught and trial.damage.provable for trial in runs[0])
