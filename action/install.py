"""Install s3ap-lint beside the job's own Python: in a virtual environment of the runner's temporary folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

from runner import Refused, given, needed, tell

HERE = Path(__file__).resolve().parent.parent
_EXACT = re.compile(r"\d[0-9A-Za-z.+!]*")
_RANGE = re.compile(r"(~=|[=<>!]=|[<>])\s*\d[0-9A-Za-z.+!*]*(\s*,\s*(~=|[=<>!]=|[<>])\s*\d[0-9A-Za-z.+!*]*)*")


def run() -> None:
    """Outputs: `python`, which has it; `version`; `cache`, the folder for results of runs."""
    wanted = requirement(given("version"), given("engine"))
    temporary = Path(needed("RUNNER_TEMP"))
    folder = temporary / "s3ap-lint"
    subprocess.run([sys.executable, "-I", "-m", "venv", folder], check=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip = [str(python), "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wanted]
    if subprocess.run(pip, check=False).returncode:
        raise Refused(f"{wanted} cannot be installed; the lines above say why")
    asked = "import importlib.metadata; print(importlib.metadata.version('s3ap-lint'))"
    version = subprocess.run([python, "-I", "-c", asked], check=True, capture_output=True, text=True).stdout.strip()
    tell({"python": str(python), "version": version, "cache": str(temporary / "s3ap-lint-cache")})


def requirement(version: str, engine: str) -> str:
    """What pip is to install. Raises Refused for a version that is none."""
    extra = "[fast]" if engine == "cfn-validate" else ""
    if not version:
        return f"{HERE}{extra}"
    if _EXACT.fullmatch(version):
        return f"s3ap-lint{extra}=={version}"
    if _RANGE.fullmatch(version):
        return f"s3ap-lint{extra}{version}"
    raise Refused(f"version is a version such as 0.1.0 or a range such as >=0.1,<0.2, not {version!r}")
