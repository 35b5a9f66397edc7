"""A scene, and what happens to a run in it: faults at the wire, or a sudden end between two records of its journal.

Each trial ends with the invariants: what was written was planned, and a resumed run ends where an undisturbed one
does.

A world is built once. Every trial has a copy of it, in a child of this process.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from copies import begun, copied
from wire import Json, clean, planned, resume, strays, turned_to
from worlds import Scene

from s3ap_ops import cli, journal
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

PASSING = ("throttle", "5xx", "reset", "timeout after the effect")
"""What is over after one request each, and fewer than a client tries."""


@dataclass(frozen=True, eq=False)
class Stage:
    """A scene's world as it was built. What is tried on it happens to a copy."""

    scene: Scene
    world: World

    @cached_property
    def undisturbed(self) -> Json:
        """The exit status of a run without faults, what is there afterwards, and how many records its journal has."""
        return self._copied(self._undisturbed)

    def _undisturbed(self) -> Json:
        status = clean(*self.scene.stacks, *self.scene.flags)
        return status, alike(self.world.state()), len(list(journal.records(journal.runs()[0])))

    def faulty(self, kinds: tuple[str, ...], times: int | None) -> list[str]:
        """What a run violates whose requests of the scene's operation fail, and its resumption without the faults."""
        scene, (status, end, _) = self.scene, self.undisturbed
        faults = [Fault(scene.service, scene.operation, times=times, **KINDS[kind]) for kind in kinds]
        return self._tried(lambda: self._after(self._run(faults), status, end, faults))

    def killed(self, record: int, *, torn: bool = False) -> list[str]:
        """What a run violates that dies when a record of its journal, counted from 1, has been written, or half of it,
        and its resumption."""
        status, end, _ = self.undisturbed
        return self._tried(lambda: self._after_death(record, torn, status, end))

    def random(self, seed: int, probability: float) -> list[str]:
        """What a run violates any of whose requests may fail, and its resumption without the faults."""
        status, end, _ = self.undisturbed
        kinds = [one for name, one in KINDS.items() if name not in ("error inside 200", "access denied")]
        faults = [
            Fault(times=None, probability=probability / len(kinds), seed=seed * 100 + number, **kind)
            for number, kind in enumerate(kinds)
        ]
        return self._tried(lambda: self._after(self._run(faults), status, end, ()))

    # -- in the child

    def _run(self, faults: list[Fault]) -> int | None:
        for fault in faults:
            self.world.fail(fault)
        status = clean(*self.scene.stacks, *self.scene.flags)
        self.world.faults.clear()
        return status

    def _after_death(self, record: int, torn: bool, status: int, end: Json) -> list[str]:
        self._die(record, torn=torn)
        return self._after(None, status, end, ())

    def _die(self, record: int, *, torn: bool) -> None:
        def doomed() -> None:
            doom(record, torn=torn)
            clean(*self.scene.stacks, *self.scene.flags)

        os.waitpid(begun(doomed), 0)

    def _after(self, status: int | None, expected: int, end: Json, faults: Any) -> list[str]:
        """The invariants; a run that did not end well is resumed first."""
        found = [] if all(fault.hits for fault in faults) else ["a fault did not strike"]
        if not any(self._begun()):  # refused, or dead, before anything was on record
            found += [f"written without a journal: {one}" for one in self.world.writes]
            status = clean(*self.scene.stacks, *self.scene.flags)
        (run,) = self._begun()
        status = status if status == 0 else resume(run)
        found += [] if status == expected else [f"the exit status is {status} and not {expected}"]
        found += [f"written without a plan: {stray}" for stray in strays(self.world, planned(run))]
        found += differences(end, alike(self.world.state()))
        self.world.forget()
        clean(*self.scene.stacks, *self.scene.flags)
        resume(run)
        return found + [f"written by a second run: {one}" for one in self.world.writes]

    def _begun(self) -> list[str]:
        return [run for run in journal.runs() if any(record["kind"] == "run" for record in journal.records(run))]

    def _tried(self, trial: Callable[[], list[str]]) -> list[str]:
        found: list[str] = self._copied(trial)
        return found

    def _copied(self, trial: Callable[[], Json]) -> Json:
        return copied(self.world, trial)


@contextmanager
def staged(scene: Scene) -> Iterator[Stage]:
    """The stage of a scene. A plan is made once, so that no copy has to load rules and services again."""
    with World() as world:
        stage = Stage(scene, scene.build(world))
        with (
            TemporaryDirectory() as folder,
            pytest.MonkeyPatch.context() as patch,
            turned_to(world, patch, Path(folder)),
            redirect_stdout(StringIO()),
        ):
            cli.main(["plan", *scene.stacks])
        world.forget()
        yield stage


def doom(record: int, *, torn: bool) -> None:
    """Let this process end like one that was killed, as soon as it has written a record, or half of it."""
    write, number = journal.Journal.write, 0

    def last(self: journal.Journal, kind: str, **more: Json) -> None:
        nonlocal number
        number += 1
        if number == record and torn:
            os.write(self._file, b'{"kind": "begu')
            os._exit(9)
        write(self, kind, **more)
        if number == record:
            os._exit(9)

    journal.Journal.write = last  # type: ignore[method-assign]


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
