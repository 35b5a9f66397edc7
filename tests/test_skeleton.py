"""A skeleton works as it is written: it is found, it fires, and it passes the harness."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from s3ap_lint import skeleton
from s3ap_lint.errors import UsageError

TEMPLATE = "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n    Properties: {DisplayName: TODO}\n"


SOURCE = Path(skeleton.__file__).parents[1]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A Python program in a folder; type checkers do not see what is installed editable, so they are told."""
    env = dict(os.environ)
    if SOURCE.name != "site-packages":
        env["MYPYPATH"] = str(SOURCE)
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, encoding="utf-8", check=False)


def test_the_skeleton_fires_and_is_explained(tmp_path: Path):
    said = skeleton.write("placeholder-name", "ACME001", tmp_path)
    assert "wrote placeholder_name.py and test_placeholder_name.py" in said
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    found = run(
        tmp_path, "-m", "s3ap_lint", "--engine", "none", "--plugin-path", "placeholder_name.py",
        "--format", "concise", "template.yaml",
    )  # fmt: skip
    assert 1 == found.returncode, found.stderr
    assert "template.yaml:4:31: ACME001" in found.stdout
    explained = run(tmp_path, "-m", "s3ap_lint", "explain", "ACME001", "--plugin-path", "placeholder_name.py")
    assert "ACME001 placeholder-name" in explained.stdout


def test_the_skeleton_passes_its_own_test(tmp_path: Path):
    skeleton.write("placeholder_name", "ACME001", tmp_path)
    done = run(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_placeholder_name.py")
    assert 0 == done.returncode, done.stdout + done.stderr
    assert "15 passed" in done.stdout


def test_the_skeleton_is_what_our_own_rules_look_like(tmp_path: Path):
    skeleton.write("placeholder_name", "ACME001", tmp_path)
    files = ["placeholder_name.py", "test_placeholder_name.py"]
    for command in (
        ["mypy", "--strict", "--cache-dir", "types", "placeholder_name.py"],
        ["ruff", "format", "--isolated", "--line-length=120", "--check", *files],
        ["ruff", "check", "--isolated", "--line-length=120", "--select", "E,F,W,I,B,UP,RUF", *files],
    ):
        done = run(tmp_path, "-m", *command)
        assert 0 == done.returncode, done.stdout + done.stderr


def test_in_a_family_only_the_rule_is_written(tmp_path: Path):
    (tmp_path / "access_points").mkdir()
    (tmp_path / "access_points" / "__init__.py").touch()
    said = skeleton.write("access_points/placeholder_name", "S3AP199", tmp_path)
    assert "Add it to what access_points/__init__.py returns" in said
    assert ["__init__.py", "placeholder_name.py"] == sorted(p.name for p in (tmp_path / "access_points").iterdir())
    assert "hookimpl" not in (tmp_path / "access_points" / "placeholder_name.py").read_text()


def test_a_folder_that_is_no_family_gets_a_plugin(tmp_path: Path):
    said = skeleton.write("acme/placeholder_name", "ACME001", tmp_path)
    assert "wrote acme/placeholder_name.py and acme/test_placeholder_name.py" in said
    assert "--plugin-path acme/placeholder_name.py" in said


@pytest.mark.parametrize("there", ["placeholder_name.py", "test_placeholder_name.py"])
def test_nothing_is_ever_overwritten(tmp_path: Path, there: str):
    (tmp_path / there).write_text("mine")
    with pytest.raises(UsageError, match=f"{there} exists already; nothing was written"):
        skeleton.write("placeholder_name", "ACME001", tmp_path)
    assert ["mine"] == [path.read_text() for path in tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("name", "ACME001", "in two words or more"),
        ("../up_here", "ACME001", "no folder that Python can import from"),
        ("/etc/my_rule", "ACME001", "no folder that Python can import from"),
        ("my_rule", "acme", "is no code"),
        ("my_rule.py", "ACME001", "names no rule"),
    ],
)
def test_what_cannot_be_a_rule_is_refused(tmp_path: Path, name: str, code: str, said: str):
    with pytest.raises(UsageError, match=said):
        skeleton.write(name, code, tmp_path)
    assert [] == list(tmp_path.iterdir())
