"""The file that somebody wants a plan, a recording or a report in: never one that holds something else."""

from __future__ import annotations

import json
from pathlib import Path

from s3ap_ops.errors import OpsError

OURS = frozenset({"actions", "deployment", "runs", "Stacks", "Statement"})
"""What is at the top of the files that this program writes: a plan, a report, SARIF, a recording, a policy."""

TEXTS = frozenset({".log", ".md", ".out", ".txt"})
"""Endings of files in which nobody keeps a template or code."""


def check(path: str) -> None:
    """Raise OpsError when a file cannot be written, or holds what this program has not written: before anything is
    done, not after it."""
    place = Path(path)
    try:
        held = place.read_bytes() if place.is_file() else b""
        if held.strip() and place.suffix not in TEXTS and not _is_ours(held):
            raise OpsError(
                f"{path} is there already, and s3ap-ops has not written it; name another file, or remove this one"
            )
        with place.open("ab"):
            pass
    except OSError as error:
        raise OpsError(f"{path} cannot be written: {error.strerror}") from None


def write(path: str, text: str) -> None:
    """The file, with a text in UTF-8. Raises OpsError when it cannot be written, or holds something else."""
    check(path)
    try:
        Path(path).write_text(text, "utf-8")
    except OSError as error:
        raise OpsError(f"{path} cannot be written: {error.strerror}") from None


def _is_ours(held: bytes) -> bool:
    try:
        found = json.loads(held)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and not OURS.isdisjoint(found)
