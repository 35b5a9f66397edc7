"""The files that a project is given: each as it is and as it shall be, or what to add by hand where that is safer.

Nothing that somebody wrote is replaced; what is there already is not added again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Proposal:
    """One file of a project: its path below the root, its bytes now (None if there is none) and as they shall be.

    `by_hand`: what to add is not added, and why, as lines for people. `remark` is told when it is written.
    """

    path: str
    before: bytes | None
    after: bytes
    by_hand: str = ""
    remark: str = ""

    @property
    def changes(self) -> bool:
        """Whether there is anything to write."""
        return not self.by_hand and self.before != self.after


def settled(path: str, before: bytes | None) -> Proposal:
    """A file that stays as it is."""
    return Proposal(path, before, before or b"")


def refused(path: str, before: bytes | None, why: str, text: str = "") -> Proposal:
    """A file that stays as it is, with what somebody has to do about it."""
    indented = "".join(f"\n    {line}".rstrip() for line in text.rstrip().splitlines())
    return Proposal(path, before, before or b"", f"{path}: {why}{':' if text else ''}{indented}")


Files = Mapping[str, bytes]
"""The files there are, by path below the root; only those that matter here."""


def newline(data: bytes) -> str:
    """How a file ends its lines."""
    return "\r\n" if b"\r\n" in data else "\n"


def appended(before: bytes, text: str) -> bytes:
    """A file with a paragraph behind all it has, in its own line endings."""
    end = newline(before)
    body = before.decode("utf-8").rstrip()
    return (f"{body}{end}{end}" if body else "").encode() + text.replace("\n", end).encode()
