"""How long fixing takes in units of checking: the two in turn on a copy, the median of the ratios pair by pair.

    python -m bench.fixes.timing FOLDER [--runs 3] [--engine none] [--unsafe]

The copy is made anew before each run, so that there is always everything to fix.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path


def seconds(command: list[str], folder: str) -> float:
    """The wall time of one run of a command in a folder, whatever its exit status."""
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--engine", default="cfn-lint")
    parser.add_argument("--unsafe", action="store_true")
    arguments = parser.parse_args()
    check = [sys.executable, "-m", "s3ap_lint", "--exit-zero", "--engine", arguments.engine]
    fix = [*check, "--fix", *(["--unsafe-fixes"] if arguments.unsafe else [])]
    pairs = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "library"
        for _ in range(arguments.runs):
            took = []
            for command in (check, fix):
                shutil.rmtree(copy, ignore_errors=True)
                shutil.copytree(arguments.folder, copy, symlinks=True)
                took.append(seconds([*command, "."], str(copy)))
            pairs.append((took[0], took[1]))
            print(f"check {took[0]:.1f} s, fix {took[1]:.1f} s, ratio {took[1] / took[0]:.2f}", flush=True)
    ratio = statistics.median(fixing / checking for checking, fixing in pairs)
    print(f"s3ap-lint {version('s3ap-lint')}, {' '.join(fix[3:])}: median ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
