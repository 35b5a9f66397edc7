"""A git repository whose pre-commit hook is this project, as somebody has it who follows the instructions."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.speed.installation import CHECKOUT
from bench.speed.pairs import Broken

CONFIG = """\
repos:
  - repo: {clone}
    rev: {revision}
    hooks:
      - id: s3ap-lint
"""
NOTHING = """\
repos:
  - repo: local
    hooks:
      - {id: nothing, name: nothing, entry: "true", language: system}
"""


@dataclass(frozen=True)
class Repository:
    """A folder under git, and what pre-commit and the linter keep: never what is the user's own."""

    folder: Path
    kept: Path

    @property
    def _environment(self) -> Mapping[str, str]:
        own = ("PYTHON", "GIT_", "PRE_COMMIT", "S3AP_LINT")
        env = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        env |= {"PRE_COMMIT_HOME": str(self.kept / "hooks"), "S3AP_LINT_CACHE_DIR": str(self.kept / "results")}
        return env | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "PRE_COMMIT_COLOR": "never"}

    def git(self, *words: str) -> str:
        """What git says. Raises CalledProcessError."""
        who = ("-c", "user.name=bench", "-c", "user.email=bench@example.invalid")
        done = subprocess.run(
            ["git", *who, *words], cwd=self.folder, env=self._environment, check=True, stdout=subprocess.PIPE, text=True
        )
        return done.stdout.strip()

    def run(self, *words: str) -> tuple[float, str]:
        """The seconds of one `pre-commit run`, and what it said. Raises Broken if a hook did not do its job."""
        command = [sys.executable, "-m", "pre_commit", "run", "--verbose", *words]
        began = time.monotonic()
        done = subprocess.run(
            command, cwd=self.folder, env=self._environment, check=False, capture_output=True, text=True
        )
        seconds = time.monotonic() - began
        if done.returncode not in (0, 1) or "- exit code: 2" in done.stdout or "An error has occurred" in done.stdout:
            raise Broken(f"{' '.join(command)} in {self.folder}:\n{done.stdout}{done.stderr}")
        return seconds, done.stdout

    def forget(self) -> None:
        """Take away the linter's results."""
        results = self.kept / "results"
        for path in sorted(results.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()

    def nothing(self) -> Path:
        """A configuration whose only hook is the program `true`."""
        path = self.kept / "nothing.yaml"
        path.write_text(NOTHING, encoding="utf-8")
        return path


def make(folder: Path, above: Path) -> Repository:
    """Put a folder under git, and install the hook for it; what is kept goes beside it."""
    made = Repository(folder, above / f"{folder.name}-kept")
    made.kept.mkdir()
    clone = above / "clone"
    if not clone.exists():
        made.git("clone", "--quiet", str(CHECKOUT), str(clone))
    revision = made.git("-C", str(clone), "rev-parse", "HEAD")
    (folder / ".pre-commit-config.yaml").write_text(CONFIG.format(clone=clone, revision=revision), encoding="utf-8")
    for words in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message", "all")):
        made.git(*words)
    made.run("--files", ".pre-commit-config.yaml")
    return made
