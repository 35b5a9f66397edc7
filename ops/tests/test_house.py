"""What the distribution promises about itself: who imports whom, and what is in its wheel."""

from __future__ import annotations

import ast
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

OPS = Path(__file__).resolve().parent.parent
REPOSITORY = OPS.parent


def imported(path: Path) -> Iterator[str]:
    """The modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def test_the_linter_knows_nothing_of_accounts() -> None:
    files = [*(REPOSITORY / "s3ap_lint").rglob("*.py"), *(REPOSITORY / "rules").rglob("*.py")]
    wrong = [
        (path.name, name)
        for path in files
        for name in imported(path)
        if name.partition(".")[0] in ("boto3", "botocore", "s3ap_ops")
    ]
    assert [] == wrong


def test_the_plugin_is_loaded_without_an_sdk() -> None:
    """The linter loads it at every start."""
    code = "import sys, s3ap_ops.rules as rules; rules.s3ap_rules(); print(*{'boto3', 'botocore'} & {*sys.modules})"
    assert "\n" == subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_rules_say_what_is_and_ask_nobody() -> None:
    """A rule sees data; only readers have clients."""
    asking = {
        "s3ap_ops.reading",
        "s3ap_ops.collect",
        "s3ap_ops.hands",
        "s3ap_ops.reads",
        "s3ap_ops.emptying",
        "urllib3",
    }
    wrong = [
        (path.name, name)
        for path in (OPS / "s3ap_ops/rules").rglob("*.py")
        if path.parent.name != "rules"
        for name in imported(path)
        if name in asking or name.startswith("s3ap_ops.reads.")
    ]
    assert [] == wrong


def test_the_world_of_the_tests_is_imported_by_nobody() -> None:
    files = [path for path in (OPS / "s3ap_ops").rglob("*.py") if "testing" not in path.parts]
    assert [] == [path.name for path in files if any(name.startswith("s3ap_ops.testing") for name in imported(path))]


def test_the_wheel_holds_every_module_and_table(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=OPS,
        capture_output=True,
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if name.startswith("s3ap_ops/")}
    kept = {path for path in (OPS / "s3ap_ops").rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert {path.relative_to(OPS).as_posix() for path in kept} == inside
