"""Faults at the wire: which request is hit, how often, and what its sender sees."""

import random
import threading
from dataclasses import dataclass, field
from typing import Any, Literal

FaultKind = Literal["throttle", "5xx", "reset", "timeout", "access-denied", "in-200"]


@dataclass
class Fault:
    """One thing that goes wrong.

    `service`, `operation`: botocore's names; None hits every one. `times`: how often, None for always. `key`: only
    requests one of whose parameters contains this text. `after_effect`: the effect happens, then the reply is lost.
    `probability` with `seed`: of those requests, which.
    """

    service: str | None = None
    operation: str | None = None
    kind: FaultKind = "throttle"
    times: int | None = 1
    after_effect: bool = False
    key: str | None = None
    probability: float = 1.0
    seed: int = 0
    hits: int = field(default=0, init=False)
    _random: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.after_effect and self.kind not in ("reset", "timeout", "5xx"):
            raise ValueError(f"a reply that is lost after its effect is a reset, a timeout or a 5xx, not {self.kind!r}")
        self._random = random.Random(self.seed)

    def strikes(self, service: str, operation: str, params: dict[str, Any]) -> bool:
        """Whether this request is hit; counts the hit."""
        if self.times is not None and self.hits >= self.times:
            return False
        if self.service not in (None, service) or self.operation not in (None, operation):
            return False
        if self.key is not None and not any(self.key in text for text in texts_of(params)):
            return False
        if self._random.random() >= self.probability:
            return False
        self.hits += 1
        return True


class Faults:
    """The faults of a world, in the order in which they were declared."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> Fault:
        """The fault, now in force."""
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Nothing fails from here on."""
        with self._lock:
            self._faults.clear()

    def strike(self, service: str, operation: str, params: dict[str, Any]) -> Fault | None:
        """The first fault that hits this request, or None."""
        with self._lock:
            return next((fault for fault in self._faults if fault.strikes(service, operation, params)), None)


def texts_of(value: Any) -> list[str]:
    """Every text inside a parsed request, at any depth."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts_of(item)]
    if isinstance(value, list | tuple):
        return [text for item in value for text in texts_of(item)]
    return []
