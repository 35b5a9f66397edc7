"""The findings as annotations, where they cannot be in code scanning. GitHub shows ten of each level for a step."""

import os
import sys
from pathlib import Path

from runner import needed, warned

NOT_UPLOADED = (
    "SARIF was not uploaded; the job needs the permission `security-events: write`, and the repository code scanning. "
    "The findings are annotations instead, all of them in the log and on the page of the run"
)


def run() -> None:
    """Write the commands that `--format github` made into the log."""
    if os.environ.get("UPLOAD") == "failure":
        warned(NOT_UPLOADED)
    annotations = Path(needed("ANNOTATIONS"))
    if annotations.is_file():
        sys.stdout.flush()
        sys.stdout.buffer.write(annotations.read_bytes())
        sys.stdout.flush()
