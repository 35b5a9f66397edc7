"""What a hook asks: one changed file, in a project of many applications, most of which have nothing to do with it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from s3ap_lint.config import load
from s3ap_lint.diagnostic import Report
from s3ap_lint.run import Run

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))  # the bench is no part of the package

from bench.commit import library  # noqa: E402
from bench.commit.rows import Ground, Row  # noqa: E402
from bench.commit.table import told, written  # noqa: E402

COUNTING = Path(__file__).with_name("counting.py")
SEVERAL = 4

Edit = Callable[[Path], object]


def add(line: str) -> Edit:
    """An edit that puts a line at the end of a file."""
    return lambda path: path.write_text(path.read_text(encoding="utf-8") + line, encoding="utf-8")


def swap(old: str, new: str) -> Edit:
    """An edit that puts one text in the place of another."""

    def edit(path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    return edit


@dataclass
class Project:
    """Some applications that share a package, and a cache of their own."""

    folder: Path
    kept: Path
    runs: int = 0

    def work(self, *paths: str) -> dict[str, set[str]]:
        """What is done when the hook asks for some files: the applications of which something is loaded, by kind."""
        self.runs += 1
        log = self.kept / f"log-{self.runs}"
        environment = {**os.environ, "S3AP_LINT_CACHE_DIR": str(self.kept / "cache")}
        options = ["--allow-empty", "--force-exclude", "--engine", "none", "--jobs", "1", "--"]
        command = [sys.executable, str(COUNTING), str(self.folder), str(log), *options, *paths]
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        assert (0, "") == (done.returncode, done.stderr), done.stdout
        found: dict[str, set[str]] = {"template parse": set(), "closure": set(), "rule": set()}
        for line in log.read_text(encoding="utf-8").splitlines():
            kind, _, name = line.partition("\t")
            if kind in found:
                found[kind] |= {one for one in library.names(SEVERAL) if one in name}
        return found


@pytest.fixture
def project(tmp_path: Path) -> Project:
    library.make(tmp_path / "project", SEVERAL)
    (tmp_path / "kept").mkdir()
    return Project(tmp_path / "project", tmp_path / "kept")


HANDLERS = [f"{name}/functions/price/handler.py" for name in library.names(SEVERAL)]
EVERY = set(library.names(SEVERAL))


def test_the_first_commit_looks_into_every_application_and_checks_the_one_that_uses_the_handler(project: Project):
    assert {"template parse": EVERY, "closure": EVERY, "rule": {"depot-02"}} == project.work(HANDLERS[1])


def test_the_next_commit_of_another_handler_loads_the_one_application_that_uses_it(project: Project):
    """Also where nobody ever asked about all files, and whichever handlers were asked about before."""
    project.work(HANDLERS[0])
    add("# edited\n")(project.folder / HANDLERS[2])
    only = {"depot-03"}
    assert {"template parse": only, "closure": only, "rule": only} == project.work(HANDLERS[2])


def test_after_a_run_on_everything_a_commit_loads_the_application_of_its_handler(project: Project):
    project.work(".")
    add("# edited\n")(project.folder / HANDLERS[3])
    only = {"depot-04"}
    assert {"template parse": only, "closure": only, "rule": only} == project.work(HANDLERS[3])


def test_a_changed_handler_that_is_not_committed_costs_its_own_application(project: Project):
    """It may import something else by now."""
    project.work(".")
    for handler in HANDLERS[:2]:
        add("# edited\n")(project.folder / handler)
    both = {"depot-01", "depot-02"}
    assert {"template parse": both, "closure": both, "rule": {"depot-01"}} == project.work(HANDLERS[0])


def test_a_changed_module_of_all_applications_has_all_of_them_checked(project: Project):
    project.work(HANDLERS[0])
    add("# edited\n")(project.folder / "shared/money.py")
    assert {"template parse": EVERY, "closure": EVERY, "rule": EVERY} == project.work("shared/money.py")


def told_of(folder: Path, path: str, *, caching: bool) -> Report:
    """The report on one file of a project, as the hook asks for it."""
    config = load([str(folder / path)], cwd=folder, overrides={"engine": "none", "jobs": 1})
    run = Run([str(folder / path)], config, caching=caching, force_exclude=True)
    report = run.look()
    run.keep()
    return report


EDITS: Mapping[str, tuple[str, Edit]] = {
    "a handler reads a variable": (HANDLERS[0], swap("log = ", 'NEW = os.environ["NEW"]\nlog = ')),
    "the function of a handler has another name": (HANDLERS[2], swap("def handler(", "def other(")),
    "a shared module imports something": ("shared/zones.py", add("\nimport json\n")),
    "a shared module makes another call": ("shared/parcels.py", swap("put_item", "delete_item")),
    "a template sets another variable": ("depot-03/template.yaml", swap("MANIFEST_PREFIX", "PREFIX")),
    "a state calls something else": (
        "depot-03/statemachine/day.asl.json",
        swap("${PriceArn}", "arn:aws:states:::sqs:sendMessage"),
    ),
    "a guide sets a parameter that there is not": ("depot-04/README.md", swap("InputBucketName", "InputBucket")),
}


def test_what_is_kept_changes_nothing_that_is_said(project: Project, monkeypatch: pytest.MonkeyPatch):
    """One edit after the other; each time the file is asked about, and one of an application apart from it."""
    monkeypatch.setenv("S3AP_LINT_CACHE_DIR", str(project.kept / "cache"))
    told_of(project.folder, HANDLERS[1], caching=True)
    for what, (path, edit) in EDITS.items():
        edit(project.folder / path)
        for asked in (path, HANDLERS[3]):
            warm, cold = (told_of(project.folder, asked, caching=caching) for caching in (True, False))
            assert (what, asked, cold) == (what, asked, warm)
            assert warm.findings or asked == HANDLERS[3]


def test_the_bench_edits_what_it_says(project: Project):
    """The application in the middle, and the module that most others import."""
    ground = Ground(repository=project, name="four", runs=1)  # type: ignore[arg-type]  # of which it reads the folder
    assert "depot-02/template-deploy.yaml" == ground.template.relative_to(project.folder).as_posix()
    assert "shared/parcels.py" == ground.shared.relative_to(project.folder).as_posix()
    assert Counter(HANDLERS) == Counter(
        path.relative_to(project.folder).as_posix().replace("intake", "price") for path in ground.handlers
    )


def test_a_figure_stands_in_the_document_with_its_goal_and_replaces_the_last_one():
    rows = [Row("one handler changed", "four", (1.0, 3.0, 2.5), (0.9, 2.8, 2.2), judged=True)]
    text = told(rows, {"processor": "P", "cores": "2", "kernel": "K"})
    assert "| one handler changed | four | 2.50 s | 1.00–3.00 (3) | 2.20 s | ≤ 2 s: **not reached** |" in text
    page = written(
        "# Page\n<!-- commit: begin; written by python -m bench.commit -->\nold\n<!-- commit: end -->\n", text
    )
    assert "old" not in page
    assert page == written(page, text)
