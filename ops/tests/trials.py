"""One scene, one fault: the run, its resumption once the fault is over, and what was violated on the way."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from wire import Json, clean, planned, resume, strays, turned_to
from worlds import Scene

from s3ap_ops import journal
from s3ap_ops.testing import Fault, World

NAMES = re.compile(r"\b(sg|sgr|eni|subnet|vpc)-[0-9a-f]+")
KINDS: dict[str, dict[str, Any]] = {
    "throttle": {"kind": "throttle"},
    "5xx": {"kind": "5xx"},
    "5xx after the effect": {"kind": "5xx", "after_effect": True},
    "reset": {"kind": "reset"},
    "reset after the effect": {"kind": "reset", "after_effect": True},
    "timeout": {"kind": "timeout"},
    "timeout after the effect": {"kind": "timeout", "after_effect": True},
    "access denied": {"kind": "access-denied"},
    "error inside 200": {"kind": "in-200"},
}
"""What can go wrong with a request."""


@contextmanager
def staged(scene: Scene) -> Iterator[World]:
    """A world with a scene in it, to which this process is turned."""
    with TemporaryDirectory() as folder, World() as world, pytest.MonkeyPatch.context() as patch:
        scene.build(world)
        with turned_to(world, patch, Path(folder)):
            yield world


@cache
def undisturbed(scene: Scene) -> tuple[int, Json]:
    """The exit status of a run without faults, and what is there afterwards."""
    with staged(scene) as world:
        status = clean("uc1", *scene.flags)
        return status, alike(world.state())


def tried(scene: Scene, *faults: Fault) -> list[str]:
    """What a run, its resumption without the faults, and a second run violate; nothing, if all is well."""
    expected, end = undisturbed(scene)
    with staged(scene) as world:
        for fault in faults:
            world.fail(fault)
        status = clean("uc1", *scene.flags)
        found = [] if all(fault.hits for fault in faults) else ["a fault did not strike"]
        world.faults.clear()
        (run,) = journal.runs()
        if status != 0:
            status = resume(run)
        found += [] if status == expected else [f"the exit status is {status} and not {expected}"]
        found += [f"written without a plan: {stray}" for stray in strays(world, planned(run))]
        found += differences(end, alike(world.state()))
        world.forget()
        clean("uc1", *scene.flags)
        return found + [f"written by a second run: {one}" for one in world.writes]


def alike(state: Json) -> Json:
    """A state without the names that differ from world to world: those of groups, interfaces and uploads."""
    known = json.loads(NAMES.sub(r"\1", json.dumps({**state, "groups": {}, "interfaces": {}})))
    for name in ("groups", "interfaces"):
        known[name] = sorted(NAMES.sub(r"\1", json.dumps(one)) for one in state[name].values())
    for bucket in known["buckets"].values():
        bucket["uploads"] = len(bucket["uploads"])
    return known


def differences(expected: Json, found: Json, path: str = "") -> list[str]:
    """Where two states differ, each in a line."""
    if isinstance(expected, dict) and isinstance(found, dict):
        names = sorted({*expected, *found})
        return [line for one in names for line in differences(expected.get(one), found.get(one), f"{path}/{one}")]
    return [] if expected == found else [f"{path} is {found!r} and not {expected!r}"]
