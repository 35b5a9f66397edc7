"""The extension for VS Code is built, tested and packaged as its readme says, from the locked packages."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import NoReturn

import pytest

pytestmark = pytest.mark.xdist_group("vscode")  # it is built once

EXTENSION = Path(__file__).resolve().parent.parent / "editors/vscode"


def _unavailable(why: str) -> NoReturn:
    """Tests that need the package registries are skipped at home and fail in CI, where there are some."""
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


def npm(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What npm printed, both streams in one."""
    environment = {**os.environ, "PYTHON": sys.executable, "NO_UPDATE_NOTIFIER": "1"}
    return subprocess.run(
        ["npm", *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def extension(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the extension with the packages of its lock file installed."""
    if shutil.which("npm") is None:
        _unavailable("npm is not installed")
    folder = tmp_path_factory.mktemp("editors") / "vscode"
    made = ("node_modules", "out", "dist", "*.vsix")
    shutil.copytree(EXTENSION, folder, ignore=shutil.ignore_patterns(*made))
    installed = npm(folder, "ci", "--prefer-offline", "--no-audit", "--no-fund")
    if installed.returncode:
        _unavailable(f"npm ci failed: {installed.stdout[-1000:]}")
    return folder


def test_its_own_tests_pass(extension: Path) -> None:
    """Types, bundle and unit tests; node counts what it ran."""
    ran = npm(extension, "test")
    assert 0 == ran.returncode, ran.stdout[-4000:]
    assert "# fail 0" in ran.stdout and "# pass 0" not in ran.stdout


def test_the_package_holds_the_bundle_and_nothing_else(extension: Path) -> None:
    """What a person installs: no sources, no node_modules, and the licences of what is bundled."""
    ran = npm(extension, "run", "package")
    assert 0 == ran.returncode, ran.stdout[-4000:]
    with zipfile.ZipFile(extension / "s3ap-lint.vsix") as package:
        assert [
            "[Content_Types].xml",
            "extension.vsixmanifest",
            "extension/LICENSE.txt",
            "extension/changelog.md",
            "extension/dist/THIRD_PARTY_LICENSES.txt",
            "extension/dist/extension.js",
            "extension/package.json",
            "extension/readme.md",
        ] == sorted(package.namelist())
        notices = package.read("extension/dist/THIRD_PARTY_LICENSES.txt").decode()
        assert "vscode-languageclient 11." in notices
        assert 1_000_000 > package.getinfo("extension/dist/extension.js").file_size


def test_the_lock_file_names_no_machine() -> None:
    """Packages come from the registry of whoever installs, and are held against their hashes."""
    packages = json.loads((EXTENSION / "package-lock.json").read_text("utf-8"))["packages"]
    registry = "https://registry.npmjs.org/"
    elsewhere = [name for name, entry in packages.items() if not entry.get("resolved", registry).startswith(registry)]
    assert [] == elsewhere
    assert [""] == [name for name, entry in packages.items() if "integrity" not in entry]
