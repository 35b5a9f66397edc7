"""Whether a version satisfies a requirement such as `>=0.2,<1`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable

_CLAUSE = re.compile(r"(==|!=|>=|<=|>|<|~=)?\s*v?(\d+(?:\.\d+)*)(\.\*)?")
_RELEASE = re.compile(r"\d+(?:\.\d+)*")

Release = tuple[int, ...]

_COMPARE: dict[str, Callable[[Release, Release], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


def valid(requirement: str) -> bool:
    """Whether the text is a requirement: versions with an operator, separated by commas.

    Operators are those of PEP 440 but `===`; a version without one must be met exactly.
    """
    return all(_clause(part) is not None for part in requirement.split(","))


def satisfied(requirement: str, version: str) -> bool:
    """Whether a version meets every clause. Releases are compared: 0.2.0rc1 counts as 0.2.0."""
    return all(_meets(part, version) for part in requirement.split(","))


def _clause(text: str) -> tuple[str, Release, bool] | None:
    found = _CLAUSE.fullmatch(text.strip())
    if found is None:
        return None
    sign, digits, wild = found[1] or "==", found[2], found[3] is not None
    if (wild and sign not in ("==", "!=")) or (sign == "~=" and "." not in digits):
        return None
    return sign, _numbers(digits), wild


def _meets(text: str, version: str) -> bool:
    clause = _clause(text)
    release = _RELEASE.match(version)
    if clause is None or release is None:
        return False
    sign, wanted, wild = clause
    ours = _numbers(release[0])
    if sign == "~=":
        return _padded(ours, wanted) >= wanted and ours[: len(wanted) - 1] == wanted[:-1]
    if wild:
        return (_padded(ours, wanted)[: len(wanted)] == wanted) == (sign == "==")
    return _COMPARE[sign](_padded(ours, wanted), _padded(wanted, ours))


def _numbers(text: str) -> Release:
    return tuple(int(part) for part in text.split("."))


def _padded(release: Release, other: Release) -> Release:
    return release + (0,) * (len(other) - len(release))
