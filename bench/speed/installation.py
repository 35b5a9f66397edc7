"""The linter as a user has it: installed into an environment of its own, from which every measured program is taken.

Not the checkout itself: an editable installation costs 17 ms whenever Python starts, which nobody pays.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("s3ap-lint", "cfn-lint", "pyflakes", "cloudformation-validate")
FAST_ENGINE = "cfn-validate"

_VERSIONS = """
import json, platform, sys
from importlib.metadata import PackageNotFoundError, version
out = {"python": platform.python_version()}
for name in sys.argv[1:]:
    try:
        out[name] = version(name)
    except PackageNotFoundError:
        out[name] = "not installed"
print(json.dumps(out))
"""


@dataclass(frozen=True)
class Installation:
    """An environment with the linter in it."""

    python: Path

    @cached_property
    def environment(self) -> dict[str, str]:
        """The variables under which everything is run: its programs come first, and no checkout is on the way."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        path = f"{self.python.parent}{os.pathsep}{os.environ['PATH']}"
        return {**kept, "PATH": path, "S3AP_LINT_CACHE_DIR": str(self.python.parent.parent / "results")}

    @cached_property
    def _help(self) -> str:
        return self.said("s3ap-lint", "--help")

    @property
    def cold(self) -> tuple[str, ...]:
        """The options that keep a run from using what another has found out."""
        return ("--no-cache",) if "--no-cache" in self._help else ()

    @property
    def has_fast_engine(self) -> bool:
        """Whether the faster schema engine can be chosen."""
        return FAST_ENGINE in self._help and self.versions["cloudformation-validate"] != "not installed"

    @cached_property
    def versions(self) -> dict[str, str]:
        """Of everything that is measured, and of what measures."""
        found: dict[str, str] = json.loads(self.said("python3", "-c", _VERSIONS, *PACKAGES))
        hyperfine = shutil.which("hyperfine", path=self.environment["PATH"])
        return {**found, "hyperfine": self.said(hyperfine, "--version").split()[-1] if hyperfine else "not installed"}

    def said(self, *words: str, folder: Path | None = None) -> str:
        """What a command prints."""
        return subprocess.run(
            words, env=self.environment, cwd=folder, stdout=subprocess.PIPE, text=True, check=True
        ).stdout


def install(folder: Path) -> Installation:
    """A new environment in a folder, with the checkout and both schema engines in it."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python3"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, f"{CHECKOUT}[fast]"], check=True)
    return Installation(python)


def machine() -> Mapping[str, str]:
    """What the figures were measured on."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": models[0] if models else platform.machine(),
        "cores": str(len(os.sched_getaffinity(0))),
        "kernel": f"{platform.system()} {platform.release()}",
    }
