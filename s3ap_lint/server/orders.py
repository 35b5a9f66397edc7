"""What the server and the process of its schema engine tell each other."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass

from s3ap_lint.config import Config
from s3ap_lint.engine import UnitResult


@dataclass(frozen=True)
class Order:
    """One template to check, with buffers in the place of files; `number` comes back with the answer."""

    number: int
    config: Config
    path: str
    engine: str
    buffers: Mapping[str, bytes]


@dataclass(frozen=True)
class Answer:
    """What the engine says, and where its codes are documented."""

    number: int
    result: UnitResult
    hrefs: Mapping[str, str]


def packed(thing: object) -> bytes:
    """Something with its length before it."""
    data = pickle.dumps(thing)
    return len(data).to_bytes(8, "big") + data
