"""A file on disk is what it was or what it shall be."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from s3ap_lint.disk import Replacement, replace_files

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may enter."""
    made = Path(tempfile.mkdtemp())
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def as_nobody(folder: Path, *groups: list[Replacement]) -> dict[str, str]:
    """What a user without rights is told; from a process of its own, as root may write everywhere."""
    os.chown(folder, 65534, 65534)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.setgid(65534)
        os.setuid(65534)
        os.write(writing, json.dumps(replace_files(folder, groups)).encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as answer:
        told: dict[str, str] = json.load(answer)
    return told


def test_a_file_is_replaced_whole(folder: Path) -> None:
    (folder / "a").write_bytes(b"old")
    assert {} == replace_files(folder, [[Replacement("a", b"old", b"new\r\n")]])
    assert [(folder / "a", b"new\r\n")] == [(path, path.read_bytes()) for path in folder.iterdir()]


def test_extended_attributes_are_kept(folder: Path) -> None:
    (folder / "a").write_bytes(b"old")
    try:
        os.setxattr(folder / "a", "user.origin", b"generator")
    except (AttributeError, OSError):
        pytest.skip("no extended attributes here")
    replace_files(folder, [[Replacement("a", b"old", b"new")]])
    assert b"generator" == os.getxattr(folder / "a", "user.origin")


def test_a_file_that_is_not_what_it_was_read_as_is_left_alone(folder: Path) -> None:
    (folder / "a").write_bytes(b"newer")
    assert {"a": "it changed on disk meanwhile"} == replace_files(folder, [[Replacement("a", b"old", b"new")]])
    assert [(folder / "a", b"newer")] == [(path, path.read_bytes()) for path in folder.iterdir()]


def test_a_file_that_is_gone_does_not_come_back(folder: Path) -> None:
    assert {"a": "it changed on disk meanwhile"} == replace_files(folder, [[Replacement("a", b"old", b"new")]])
    assert [] == list(folder.iterdir())


def test_of_a_group_all_files_are_replaced_or_none(folder: Path) -> None:
    for name in "abc":
        (folder / name).write_bytes(b"old")
    (folder / "b").write_bytes(b"newer")
    pair = [Replacement("a", b"old", b"new"), Replacement("b", b"old", b"new")]
    told = replace_files(folder, [pair, [Replacement("c", b"old", b"new")]])
    assert {"a": "it goes together with b", "b": "it changed on disk meanwhile"} == told
    assert [b"old", b"newer", b"new"] == [(folder / name).read_bytes() for name in "abc"]
    assert ["a", "b", "c"] == sorted(path.name for path in folder.iterdir())


@pytest.mark.skipif(not ROOT, reason="needs a user who may not write")
def test_a_read_only_file_is_left_alone(folder: Path) -> None:
    (folder / "a").write_bytes(b"old")
    assert {"a": "it is read-only"} == as_nobody(folder, [Replacement("a", b"old", b"new")])
    assert [(folder / "a", b"old")] == [(path, path.read_bytes()) for path in folder.iterdir()]


@pytest.mark.skipif(not ROOT, reason="needs a user who may not write")
def test_a_file_whose_owner_cannot_be_kept_is_left_alone(folder: Path) -> None:
    (folder / "a").write_bytes(b"old")
    (folder / "a").chmod(0o666)
    assert {"a": "operation not permitted"} == as_nobody(folder, [Replacement("a", b"old", b"new")])
    assert [(folder / "a", b"old")] == [(path, path.read_bytes()) for path in folder.iterdir()]


@pytest.mark.skipif(not ROOT, reason="needs a user who may not write")
def test_a_folder_that_cannot_be_written_to_is_told(folder: Path) -> None:
    below = folder / "below"
    below.mkdir()
    (below / "a").write_bytes(b"old")
    (below / "a").chmod(0o666)
    assert {"below/a": "permission denied"} == as_nobody(folder, [Replacement("below/a", b"old", b"new")])
