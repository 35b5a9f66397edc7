"""Changes as data for JSON, and back: what a plan shows and what a journal keeps of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any

from s3ap_ops.calls import ApiCall, Phase, Risk, Until
from s3ap_ops.stack import Json


def written(change: Any) -> dict[str, Json]:
    """A change with the name of its type."""
    return {"type": type(change).__name__, "change": {**_fields(change), **_undo(change)}}


def _fields(change: Any) -> dict[str, Json]:
    return {**asdict(change), "risk": change.risk.name, "phase": change.phase.name}


def _undo(change: Any) -> dict[str, Json]:
    undo = getattr(change, "undo", None)
    return {"undo": _fields(undo)} if isinstance(undo, ApiCall) else {}


def read(data: Mapping[str, Json], types: Iterable[type]) -> Any:
    """The change that was written, as one of some types. Raises KeyError when it is none of them, TypeError when its
    fields are others."""
    return _made({one.__name__: one for one in types}[data["type"]], data["change"])


def _made(kind: type, given: Mapping[str, Json]) -> Any:
    known = {one.name for one in fields(kind)}
    values = _tuples(given)
    values |= {"risk": Risk[given["risk"]], "phase": Phase[given["phase"]]}
    if values.get("undo") is not None:
        values["undo"] = _made(ApiCall, given["undo"])
    if values.get("until") is not None:
        values["until"] = Until(**_tuples(given["until"]))
    if unknown := sorted(set(values) - known):
        raise TypeError(f"{kind.__name__} has no {unknown[0]}")
    return kind(**values)


def _tuples(given: Mapping[str, Json]) -> dict[str, Json]:
    """Fields as they were before JSON, which knows lists only."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
