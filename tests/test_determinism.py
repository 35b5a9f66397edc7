"""The same files give the same bytes: for any number of processes, any hash seed, any order of the disk, every time."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Cli

FORMATS = ("text", "json", "sarif")


@pytest.fixture(scope="module")
def bytes_of(library: Path) -> Iterator[dict[str, str]]:
    """What one run printed, by format; filled by the first test that asks."""
    yield {}


def usual(cli: Cli, library: Path, bytes_of: dict[str, str], form: str) -> str:
    """The output of one process."""
    if form not in bytes_of:
        bytes_of[form] = output(cli, library, form, "--jobs", "1")
    return bytes_of[form]


def output(cli: Cli, folder: Path, form: str, *options: str, **how: object) -> str:
    ran = cli.lint("--format", form, *options, cwd=folder, **how)
    assert (1, "") == (ran.status, ran.err)
    assert "S3AP101" in ran.out
    return ran.out


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("jobs", ["1", "2", "4"])
def test_the_number_of_processes_makes_no_difference(
    cli: Cli, library: Path, bytes_of: dict[str, str], form: str, jobs: str
):
    """Nor does running a second time, which is what one process is here."""
    assert usual(cli, library, bytes_of, form) == output(cli, library, form, "--jobs", jobs)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("seed", ["0", "1", "42"])
def test_the_order_of_sets_makes_no_difference(cli: Cli, library: Path, bytes_of: dict[str, str], form: str, seed: str):
    """Python orders sets of text by a seed that is another one in every process."""
    found = output(cli, library, form, "--jobs", "2", env={"PYTHONHASHSEED": seed})
    assert usual(cli, library, bytes_of, form) == found


@pytest.mark.parametrize("form", FORMATS)
def test_the_order_of_a_folder_makes_no_difference(
    cli: Cli, library: Path, bytes_of: dict[str, str], form: str, tmp_path: Path
):
    """A file system lists files in an order of its own, often that in which they were made."""
    copy = tmp_path / "shuffled" / library.name
    files = [path for path in library.rglob("*") if path.is_file()]
    random.Random(7).shuffle(files)
    for path in files:
        target = copy / path.relative_to(library)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    assert usual(cli, library, bytes_of, form) == output(cli, copy, form)


@pytest.mark.parametrize("form", FORMATS)
def test_the_order_of_the_paths_makes_no_difference(cli: Cli, library: Path, bytes_of: dict[str, str], form: str):
    """All that the library holds named one by one, backwards, and one of them twice."""
    names = sorted((path.name for path in library.iterdir()), reverse=True)
    found = output(cli, library, form, *names, f"{library / names[0]}{os.sep}")
    assert usual(cli, library, bytes_of, form) == found


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_where_the_project_lies_makes_no_difference(
    cli: Cli, library: Path, bytes_of: dict[str, str], form: str, tmp_path: Path
):
    """Nor when it was written: no path of a machine and no time is in a report."""
    copy = tmp_path / "別の場所" / library.name
    shutil.copytree(library, copy, copy_function=shutil.copyfile)
    found = output(cli, copy, form)
    assert usual(cli, library, bytes_of, form) == found
    assert str(tmp_path) not in found


def test_cfn_lint_gives_the_same_bytes_for_any_number_of_processes(cli: Cli, library: Path):
    """And for any hash seed, which its solver depends on."""
    runs = [
        cli("--format", "json", "--jobs", jobs, cwd=library, env={"PYTHONHASHSEED": seed})
        for jobs, seed in (("1", "1"), ("4", "2"))
    ]
    assert [(1, ""), (1, "")] == [(ran.status, ran.err) for ran in runs]
    assert runs[0].out == runs[1].out
