"""Real editors with the settings of editors/ and the real server: open, see, edit, save, undo, fix."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli, Git, Write

pytestmark = [
    pytest.mark.xdist_group("editors"),  # one at a time: they wait for answers
    pytest.mark.skipif(find_spec("pygls") is None, reason="the server needs pygls: pip install 's3ap-lint[lsp]'"),
]

PROJECT = Path(__file__).resolve().parent.parent
PATIENCE = 20  # seconds for an answer before a step counts as failed; a server that answers costs none of it

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Reader:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/reader/
      Handler: handler.handler
      Runtime: python3.12
      Environment:
        Variables:
          INPUT: a
"""
HANDLER = """\
import json
import os


def handler(event, context):
    return os.environ["TABLE"]
"""
FIXED = HANDLER.removeprefix("import json\n")
UNUSED, UNSET = "1:8 F401", "6:12 S3AP302"

Step = Mapping[str, Any]


def findings(step: str, *found: str) -> Step:
    """A step at which the handler's buffer had these findings."""
    return {"step": step, "findings": list(found)}


def file(step: str, content: str) -> Step:
    """A step at which the handler was this on the disk."""
    return {"step": step, "file": content}


@dataclass(frozen=True)
class Desk:
    """An application in a git repository, and a way to start editors in it."""

    folder: Path
    environment: Mapping[str, str]

    def session(self, settings: str, command: list[str]) -> list[Step]:
        """What the script in the editor saw."""
        seen = self.folder.parent / "seen.json"
        settings_of = str(PROJECT / "editors" / settings)
        ran = subprocess.run(
            command,
            cwd=self.folder,
            env={**self.environment, "SETTINGS": settings_of, "SEEN": str(seen), "PATIENCE": str(PATIENCE)},
            capture_output=True,
            timeout=12 * PATIENCE,
            check=False,
        )
        assert seen.exists(), ran.stderr.decode()
        steps: list[Step] = json.loads(seen.read_text("utf-8"))
        return [{**step, "findings": list(step["findings"])} if "findings" in step else step for step in steps]

    def no_server_is_left(self) -> bool:
        """Whether the server went when the editor went; it may take a moment."""
        for _ in range(100):
            if not any(map(self._is_ours, Path("/proc").glob("[0-9]*"))):
                return True
            time.sleep(0.05)
        return False

    def _is_ours(self, process: Path) -> bool:
        try:
            return self.folder == (process / "cwd").readlink() and b"s3ap-lint" in (process / "cmdline").read_bytes()
        except OSError:
            return False  # it is gone, or somebody else's


@pytest.fixture
def desk(write: Write, cli: Cli, git: Git) -> Desk:
    """The application that the sessions are about: one variable that is not set, one import that is not used."""
    folder = write({"template.yaml": TEMPLATE, "functions/reader/handler.py": HANDLER})
    git(folder, "init", "-q")
    state = {f"XDG_{name}_HOME": str(cli.home / name.lower()) for name in ("CONFIG", "DATA", "STATE", "CACHE")}
    path = os.environ.get("PYTHONPATH")
    return Desk(folder, cli.environment({**state, **({"PYTHONPATH": path} if path else {})}))


def editor(name: str) -> str:
    """Where an editor is; skips without it."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (Debian: apt-get install neovim emacs-nox elpa-eglot)")
    return found


def eglot_is_missing(emacs: str) -> bool:
    """Emacs 29 has it; before, it is a package."""
    forms = ["--eval", "(progn (require 'package) (package-initialize) (require 'eglot))"]
    return 0 != subprocess.run([emacs, "--batch", *forms], capture_output=True, timeout=30, check=False).returncode


def test_somebody_works_in_neovim(desk: Desk) -> None:
    """Findings follow the text, across files and before it is saved; a fix is applied by hand and then by saving."""
    script = str(PROJECT / "tests/editors/neovim.lua")
    seen = desk.session("neovim", [editor("nvim"), "--headless", "-n", "-i", "NONE", "-u", script])
    assert [
        findings("opened", UNUSED, UNSET),
        findings("the template, not saved yet, sets the variable", UNUSED),
        findings("it does not any more", UNUSED, UNSET),
        findings("it does again", UNUSED),
        findings("edited and saved"),
        findings("undone", UNUSED),
        findings("fixed"),
        file("the file after the quick fix", FIXED),
        findings("undone again", UNUSED),
        file("the file after a save that fixes", FIXED + "# the end\n"),
        findings("fixed on save"),
    ] == seen
    assert desk.no_server_is_left()


def test_somebody_works_in_emacs(desk: Desk) -> None:
    """The same with eglot, which counts columns and sends changes in its own way."""
    emacs = editor("emacs")
    if eglot_is_missing(emacs):
        pytest.skip("eglot is not installed (Debian: apt-get install elpa-eglot)")
    seen = desk.session("emacs", [emacs, "--batch", "-l", str(PROJECT / "tests/editors/emacs.el")])
    assert [
        findings("opened", UNUSED, UNSET),
        findings("the template, not saved yet, sets the variable", UNUSED),
        findings("it does not any more", UNUSED, UNSET),
        findings("it does again", UNUSED),
        findings("edited and saved"),
        findings("undone", UNUSED),
        findings("fixed"),
        file("the file after the quick fix", FIXED),
        findings("the import is back", UNUSED),
        file("the file after a save that fixes", FIXED + "# the end\n"),
        findings("fixed on save"),
    ] == seen
    assert desk.no_server_is_left()
