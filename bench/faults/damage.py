"""One fault in one place of an application."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Break:
    """An application with a fault in it, as the files that differ; None for a file that is gone.

    `words` are what a message about it may name; a finding that stands near the place needs none of them.
    `doubt` says why the fault cannot be proved from the text; "" when it fails for sure.
    """

    files: Mapping[str, bytes | None]
    path: str
    line: int
    what: str
    words: tuple[str, ...]
    doubt: str = ""

    @property
    def provable(self) -> bool:
        """Whether this fails for sure once it is deployed."""
        return not self.doubt
