"""The bench of speed measures what it says, and says what it measured."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))  # the bench is no part of the package

from bench.speed import __main__ as speed  # noqa: E402
from bench.speed import document, library, memory, pairs  # noqa: E402
from bench.speed.document import BEGIN, END, Elsewhere, Results  # noqa: E402
from bench.speed.goals import AIMS, Goal, Row  # noqa: E402
from bench.speed.pairs import Broken, Command, Pair  # noqa: E402

LIBRARY = REPOSITORY / "fixtures" / "library"
PATH = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
ROW = Row("own", "own rules", "HEAD", "s3ap-lint .", "pyflakes .", 2.0, 1.0, 2.0, 1.9, 2.1, 3)

needs_hyperfine = pytest.mark.skipif(shutil.which("hyperfine") is None, reason="hyperfine is not installed")


def findings(folder: Path) -> Counter[str]:
    command = [sys.executable, "-m", "s3ap_lint", "--engine", "none", "--format", "json", "--exit-zero", "--jobs", "1"]
    said = subprocess.run([*command, "."], cwd=folder, stdout=subprocess.PIPE, check=True).stdout
    return Counter(finding["code"] for finding in json.loads(said)["findings"])


def test_a_multiplied_library_has_as_many_times_the_files_and_the_findings(tmp_path: Path) -> None:
    library.copy(LIBRARY, tmp_path / "once")
    library.multiply(LIBRARY, tmp_path / "thrice", 3)
    assert 3 * len(list(library.files(LIBRARY))) == len(list(library.files(tmp_path / "thrice")))
    assert 3 * len(library.applications(LIBRARY)) == len(library.applications(tmp_path / "thrice"))
    once = findings(tmp_path / "once")
    assert once.total() > 10
    assert {code: 3 * count for code, count in once.items()} == findings(tmp_path / "thrice")


def test_copies_share_neither_names_nor_contents(tmp_path: Path) -> None:
    library.multiply(LIBRARY, tmp_path, 2)
    names, contents = (
        [
            {select(path) for path in library.files(tmp_path / copy) if path.suffix in {".py", ".yaml", ".json"}}
            for copy in ("copy-01", "copy-02")
        ]
        for select in (lambda path: path.parent.name, Path.read_bytes)
    )
    assert set() == contents[0] & contents[1]
    assert {"shared", "invoice-archive-01"} <= names[0]
    assert not {name for name in names[0] & names[1] if "-" in name}
    staged = (tmp_path / "copy-02" / "package.sh").read_text(encoding="utf-8")
    assert "invoice-archive" not in staged.replace("invoice-archive-02", "")


def test_the_median_application_lies_between_the_others() -> None:
    sizes = [application.size for application in library.applications(LIBRARY)]
    chosen = library.median_and_largest(LIBRARY)
    assert sizes[(len(sizes) - 1) // 2] == chosen["median"].size
    assert max(sizes) == chosen["largest"].size


def test_the_memory_of_a_process_is_its_own(tmp_path: Path) -> None:
    """The child of a large process is small, though wait4 says otherwise."""
    child = "import time; time.sleep(0.3)"
    parent = f"import subprocess, sys; x = b'x' * 2**27; subprocess.run([sys.executable, '-c', {child!r}])"
    held = memory.peaks(Command((sys.executable, "-c", parent), tmp_path), PATH)
    assert 2 == len(held)
    assert held[0] > 128 > 64 > held[1]


def test_what_failed_is_not_measured(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="exit status 2"):
        memory.peaks(Command((sys.executable, "-c", "raise SystemExit(2)"), tmp_path), PATH)


@needs_hyperfine
def test_pairs_are_run_in_turn_and_the_order_changes(tmp_path: Path) -> None:
    commands = [Command(("sh", "-c", f"echo {name} >> order"), tmp_path) for name in ("ours", "theirs")]
    pair = pairs.alternate(*commands, 3, PATH, before=lambda: (tmp_path / "order").open("a").write("edit\n"))
    assert 3 == len(pair.ours) == len(pair.theirs)
    order = ["edit", "ours", "theirs", "theirs", "edit", "ours", "edit", "ours", "theirs"]
    assert order == (tmp_path / "order").read_text(encoding="utf-8").split()
    with pytest.raises(Broken):
        pairs.seconds(Command(("sh", "-c", "exit 2"), tmp_path), PATH)


def test_the_ratio_is_that_of_the_pairs() -> None:
    """The machine was slow during the second pair."""
    assert 2.0 == Pair((2.0, 40.0, 4.2), (1.0, 20.0, 2.0)).ratio


def test_a_table_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "results.json"
    options = ["--head", str(LIBRARY), "--python", sys.executable, "--results", str(kept), "--runs", "1"]
    speed.main([*options, "--rows", "scale-memory", "--sizes", "1,2", "--profile"])
    speed.main([*options, "--rows", "memory", "--sizes", "1"])
    table = capsys.readouterr().out.rpartition("| what | on |")[2]
    rows = {row.key: row for row in document.load(kept).rows}
    assert {("memory", "HEAD"), ("scale-memory", "HEAD")} == {(aim, where) for aim, _, where, _ in rows}
    assert "| peak memory per process, own rules | HEAD |  |" in table
    assert "| ≤ 250 | reached |" in table
    assert len(AIMS) - 1 == table.count("not measured")
    assert "| importing |" in table


@needs_hyperfine
def test_a_pair_is_told_with_its_goal_and_commands(capsys: pytest.CaptureFixture[str]) -> None:
    speed.main(["--head", str(LIBRARY), "--python", sys.executable, "--rows", "version", "--runs", "1"])
    table = capsys.readouterr().out
    assert "| `s3ap-lint --version` | – | `python3 -c pass` |" in table
    assert " (1) | ≤ 3 | " in table
    assert "s3ap-lint --version\n  python3 -c pass\n" in table


def test_the_prose_around_the_tables_stays() -> None:
    text = f"before\n\n{BEGIN}\nold\n{END}\n\nafter\n"
    assert f"before\n\n{BEGIN}\n\nnew\n{END}\n\nafter\n" == document.written(text, "new")
    with pytest.raises(ValueError, match="no place"):
        document.written("before\n", "new")
    assert BEGIN in (REPOSITORY / "docs" / "benchmarks.md").read_text(encoding="utf-8")


def test_a_row_replaces_the_earlier_one_of_the_same_thing(tmp_path: Path) -> None:
    earlier = Results({"cores": "2"}, {"python": "3.11"}, {"HEAD": "10 files"}, (ROW, replace(ROW, library="4 × HEAD")))
    now = replace(earlier, rows=(replace(ROW, figure=1.2),), libraries={})
    joined = document.joined(earlier, now)
    assert {"HEAD": 1.2, "4 × HEAD": 2.0} == {row.library: row.figure for row in joined.rows}
    joined.save(tmp_path / "results.json")
    assert joined == document.load(tmp_path / "results.json")
    with pytest.raises(Elsewhere):
        document.joined(earlier, replace(now, versions={"python": "3.12"}))


@pytest.mark.parametrize(
    ("goal", "figure", "verdict"),
    [
        (Goal(1.3, 1.0), 1.301, "**not reached**"),
        (Goal(1.3, 1.0), 1.3, "reached, not the stretch"),
        (Goal(1.3, 1.0), 1.0, "reached, and the stretch"),
        (Goal(5, at_least=True), 4.99, "**not reached**"),
        (Goal(5, at_least=True), 5, "reached"),
    ],
)
def test_a_goal_is_reached_or_not(goal: Goal, figure: float, verdict: str) -> None:
    assert verdict == goal.verdict(figure)
    assert (
        f"| {goal} | {verdict} |"
        in document.told(
            Results({"processor": "x", "cores": "2", "kernel": "y"}, {}, rows=(replace(ROW, figure=figure),))
        )
        or goal != AIMS["own"].goal
    )
