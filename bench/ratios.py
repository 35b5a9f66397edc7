"""How long a run takes in units of a yardstick: two commands in turn, the median of the ratios pair by pair.

    python bench/ratios.py FOLDER [--runs 5]

The yardstick is `pyflakes .` on the same folder; both run as whole processes, output thrown away.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import subprocess
import sys
import time
from importlib.metadata import version


def seconds(command: list[str], folder: str) -> float:
    """The wall time of one run of a command in a folder, whatever its exit status."""
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    linter = [sys.executable, "-m", "s3ap_lint"]
    pairs = {
        "own rules and pyflakes": [*linter, "--engine", "none", "--exit-zero", "."],
        "the same in one process": [*linter, "--engine", "none", "--exit-zero", "--jobs", "1", "."],
        "own rules alone": [*linter, "--engine", "none", "--no-plugin", "pyflakes", "--exit-zero", "."],
    }
    yardstick = [sys.executable, "-m", "pyflakes", "."]
    print(f"python {platform.python_version()}, s3ap-lint {version('s3ap-lint')}, pyflakes {version('pyflakes')}")
    print(f"{'what':28} {'median s':>9} {'yardstick s':>12} {'ratio':>6}")
    for name, command in pairs.items():
        runs = [(seconds(command, options.folder), seconds(yardstick, options.folder)) for _ in range(options.runs)]
        ours, theirs = (statistics.median(column) for column in zip(*runs, strict=True))
        ratio = statistics.median(a / b for a, b in runs)
        print(f"{name:28} {ours:9.2f} {theirs:12.2f} {ratio:6.2f}")


if __name__ == "__main__":
    main()
