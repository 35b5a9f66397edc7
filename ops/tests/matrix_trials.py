"""A furnished estate, and what happens to a run at exactly one request of each of its steps: a fault, or SIGKILL.

A trial is a run of the program with some mishaps, its resumption without any, and a run after that. It ends with the
invariants: every write was planned, nothing was touched before its time, the end is the one of an undisturbed run, the
exit status says so, and the last run writes nothing.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from typing import Any
from unittest.mock import patch

from botocore import xform_name
from copies import begun, copied
from furnished import furnished
from random_trials import Watch, judged, opened
from random_worlds import Estate, build, needed_by
from trials import alike, differences
from wire import Json, planned, resume, stands_for, strays

from s3ap_ops import cli, journal
from s3ap_ops.testing import Fault, World
from s3ap_ops.testing.faults import Faults
from s3ap_ops.testing.requests import is_write
from s3ap_ops.watching import Patience

KINDS: Mapping[str, Mapping[str, Any]] = {
    "throttle": {"kind": "throttle"},
    "5xx": {"kind": "5xx"},
    "reset": {"kind": "reset"},
    "timeout before": {"kind": "timeout"},
    "timeout after": {"kind": "timeout", "after_effect": True},
    "error in 200": {"kind": "in-200"},
}
"""What can happen to a request."""

TELLS_IN_200 = ("s3:DeleteObjects", "ecr:BatchDeleteImage", "events:RemoveTargets", "glue:BatchStopJobRun")
"""The requests whose answer may be a success and yet say that it is none. There is no such answer to the others."""

MODES = ("run on", "kill -9")
CONCURRENCIES = (1, 4, 8)
LONG = 8
"""More times in a row than a client asks; what happens so often is noticed."""


@dataclass(frozen=True)
class Step:
    """A request of a step of a plan. `label` is what it is counted as."""

    action: str
    operation: str
    label: str

    def __str__(self) -> str:
        return f"{self.action}:{self.operation}"


@dataclass
class Mishap:
    """What happens to a request the first `times` times that it is made."""

    step: Step
    kind: str
    times: int = 1
    hits: int = 0

    def __str__(self) -> str:
        return f"{self.step}={self.kind}*{self.times}"

    @property
    def cell(self) -> tuple[str, str]:
        """What it is counted under, with the mode and the concurrency of its trial."""
        return self.step.label, self.kind


class Fate(Faults):
    """The faults of a world in which requests of a plan meet with mishaps; `victim` is killed by the request after
    one."""

    def __init__(self, actions: Sequence[Json], mishaps: Iterable[Mishap]) -> None:
        super().__init__()
        self._actions, self.mishaps = actions, list(mishaps)
        self.victim: int | None = None
        self.kills = 0
        self._is_armed = self._is_doomed = False

    def arm(self, victim: int | None) -> None:
        """From here on mishaps happen. With a victim they happen one after the other, each to another run."""
        with self._lock:
            self.victim, self._is_armed, self._is_doomed = victim, True, False

    def strike(self, service: str, operation: str, params: dict[str, Any]) -> Fault | None:
        """The fault that hits this request, or None."""
        with self._lock:
            if not self._is_armed:
                return None
            if self._is_doomed:
                return self._killed()
            mishap = self._meant(service, operation, params) if params and is_write(operation) else None
            if mishap is None:
                return None
            mishap.hits += 1
            self._is_doomed = self.victim is not None and mishap.hits == mishap.times
            return Fault(**KINDS[mishap.kind])

    def _killed(self) -> Fault:
        """The victim dies, and what it asks for has no effect."""
        assert self.victim is not None
        os.kill(self.victim, signal.SIGKILL)
        self.kills += 1
        self._is_armed = self._is_doomed = False  # what it still has under way happens
        return Fault(kind="reset")

    def _meant(self, service: str, operation: str, params: Mapping[str, Json]) -> Mishap | None:
        name = xform_name(operation)
        for mishap in self.mishaps:
            if mishap.hits >= mishap.times or mishap.step.operation != operation:
                continue
            if self.victim is not None and any(one.hits and one is not mishap and one.hits < one.times
                                               for one in self.mishaps):  # fmt: skip
                continue
            action = next(one for one in self._actions if one["id"] == mishap.step.action)
            if stands_for(action, service, name, params):
                return mishap
        return None


# -- what an undisturbed run does


@dataclass(frozen=True)
class Reference:
    """An estate's plan, the requests of its steps, and how a run that nothing disturbs ends."""

    breaches: tuple[str, ...]
    actions: tuple[Json, ...] = ()
    steps: tuple[Step, ...] = ()
    end: Json = None
    statuses: tuple[int, int] = (0, 0)
    refusals: tuple[str, ...] = ()
    deleted: int = 0


@dataclass(frozen=True, eq=False)
class Ground:
    """An estate's world as it was built. What is tried on it happens to copies."""

    estate: Estate
    world: World

    def reference(self, concurrency: int) -> Reference:
        """How it ends when nothing happens, held to all laws of a tear-down."""
        found = copied(self.world, lambda: self._judged(concurrency))
        if isinstance(found, list):
            return Reference(tuple(found))
        steps = tuple(Step(*one) for one in found.pop("steps"))
        plain: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in found.items()}
        return Reference(steps=steps, **plain)

    def _judged(self, concurrency: int) -> Json:
        self.world.pace.poll = POLL
        trial = judged(self.estate, self.world, concurrency, "--poll", "0.001")
        steps: dict[tuple[str, str], str] = {}
        for request in trial.writes:
            for action in trial.actions:
                if stands_for(action, request.service, xform_name(request.operation), request.params):
                    service = action["change"].get("service", request.service)  # of several that have one API
                    label = f"{service}:{request.operation}{_which(action)}"
                    steps.setdefault((action["id"], request.operation), label)
                    break
        return {
            "breaches": trial.breaches,
            "actions": trial.actions,
            "steps": [(*key, label) for key, label in steps.items()],
            "end": alike(self.world.state()),
            "statuses": trial.statuses,
            "refusals": trial.refusals,
            "deleted": trial.deleted,
        }

    def tried(self, mode: str, concurrency: int, reference: Reference, mishaps: Sequence[Mishap],
              *, program: bool = False) -> Outcome:  # fmt: skip
        """What comes of a run with mishaps. `program`: what is killed is the program as it is installed, not a copy of
        this process."""
        trial = _Trial(self.estate, self.world, mode, concurrency, reference, tuple(mishaps), program)
        began = time.monotonic()
        found = copied(self.world, trial.held)
        if isinstance(found, list):
            return Outcome(found, [0] * len(mishaps), 0, 0, time.monotonic() - began)
        return Outcome(found["breaches"], found["hits"], found["kills"], found["runs"], time.monotonic() - began)


POLL = 60.0
"""Virtual seconds that pass each time a run looks at a stack: it waits for no real ones."""


def _which(action: Json) -> str:
    """What sets a step apart from others with the same request."""
    change = action["change"]
    if change.get("phase") == "AFTER":
        return " of what is retained" if action["type"] != "DeleteReturned" else " of what came back"
    return " in spite of a lock" if change.get("bypass_governance") else ""


@dataclass(frozen=True)
class Outcome:
    """What came of a trial. `hits`: how often each mishap happened; `runs`: of the program; `seconds` of real time."""

    breaches: list[str]
    hits: list[int]
    kills: int
    runs: int
    seconds: float


@contextmanager
def ground(seed: str, size: int, wanted: Iterable[str] | None = None) -> Iterator[Ground]:
    """The ground of the estate of a seed, with the plan made once, so that no copy has to load rules and services."""
    source = random.Random(seed)
    estate = furnished(source, size) if wanted is None else furnished(source, size, wanted)
    with standing(estate, sum(seed.encode())) as found:
        yield found


@contextmanager
def standing(estate: Estate, seed: int = 0) -> Iterator[Ground]:
    """The ground of an estate."""
    with opened(seed) as world, patch.object(Patience, "pause", lambda *_: None):
        build(estate, world)
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            cli.main(["plan", *estate.targets, "--region", world.region])
        world.forget()
        yield Ground(estate, world)


# -- in a copy


@dataclass
class _Trial:
    estate: Estate
    world: World
    mode: str
    concurrency: int
    reference: Reference
    mishaps: tuple[Mishap, ...]
    program: bool
    breaches: list[str] = field(default_factory=list)
    runs: int = 0
    was_resumed: bool = False

    def held(self) -> Json:
        """The trial, in words and numbers for the parent."""
        self.world.pace.poll = POLL
        self.watch = Watch(self.world)
        fate = Fate(self.reference.actions, self.mishaps)
        self.world.faults = fate
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()) as self.said:
            status = self._killed(fate) if self.mode == "kill -9" else self._run_on(fate)
            self._hold_end(self._resumed(status))
            self._hold_writes()
            self.world.forget()
            again = self._run()
        if again != self.reference.statuses[1]:
            self.breaches.append(f"the second run ended with {again}, not {self.reference.statuses[1]}")
        self.breaches += [f"written by a second run: {one}" for one in self.world.writes]
        hits = [mishap.hits for mishap in fate.mishaps]
        return {"breaches": self.breaches, "hits": hits, "kills": fate.kills, "runs": self.runs}

    # -- runs

    def _arguments(self) -> list[str]:
        run = self._begun()
        self.was_resumed = bool(run)
        asked = ["resume", run] if run else ["clean", *self.estate.targets, *self.estate.arguments, "--keep-going"]
        region = [] if run else ["--region", self.world.region]
        return [*asked, *region, "--yes", "-q", "--poll", "0.001", "--concurrency", str(self.concurrency)]

    def _run(self) -> int:
        """Tear all down, whatever was begun before."""
        self.runs += 1
        asked = ["clean", *self.estate.targets, "--region", self.world.region, *self.estate.arguments, "--keep-going"]
        return cli.main([*asked, "--yes", "-q", "--poll", "0.001", "--concurrency", str(self.concurrency)])

    def _run_on(self, fate: Fate) -> int | None:
        fate.arm(None)
        status = self._run()
        fate._is_armed = False
        return status

    def _killed(self, fate: Fate) -> int | None:
        """Let run after run be killed, for as long as something is left that may happen to one; the last's status."""
        for _ in self.mishaps:
            self.runs += 1
            before = fate.kills
            victim, ended = self._victim()
            fate.arm(victim)
            ended[0]()
            status = ended[1]()
            if fate.kills == before:
                return status
            if status != -signal.SIGKILL:
                self.breaches.append(f"the run that was killed ended with {status}")
        return None

    def _victim(self) -> tuple[int, tuple[Callable[[], object], Callable[[], int]]]:
        """The id of a process that tears down; what lets it begin, and what waits for its end and tells its status."""
        arguments = self._arguments()
        if self.program:
            command = [sys.executable, "-m", "s3ap_ops", *arguments]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            return process.pid, (lambda: None, lambda: process.wait())
        reading, writing = os.pipe()

        def work() -> int:
            os.read(reading, 1)
            return cli.main(arguments)

        victim = begun(work)
        return victim, (lambda: os.write(writing, b"."), lambda: os.waitstatus_to_exitcode(os.waitpid(victim, 0)[1]))

    def _resumed(self, status: int | None) -> int | None:
        """The status of the last run that it takes, without mishaps."""
        missing = self._missing()
        if status is not None and not missing and status == self._expected():
            return status
        if status == 0:
            self.breaches.append(f"the run ended with 0, and what is there is {missing[:3] or 'as it should be'}")
        run = self._begun()
        self.runs += 1
        ended = resume(run, "--concurrency", str(self.concurrency)) if run else self._run()
        self.was_resumed = bool(run)
        expected = self._expected()
        if ended != expected:
            self.breaches.append(f"the resumed run ended with {ended}, not {expected}")
        return ended

    def _expected(self) -> int:
        """The status of a run after which all is as it should be. One that is resumed is about the stacks that go."""
        return 0 if self.was_resumed else self.reference.statuses[0]

    def _begun(self) -> str:
        """The run whose journal says what was asked for; "" if none does."""
        known = (run for run in journal.runs() if any(record["kind"] == "run" for record in journal.records(run)))
        return next(known, "")

    # -- laws

    def _missing(self) -> list[str]:
        return differences(self.reference.end, alike(self.world.state()))

    def _hold_end(self, _status: int | None) -> None:
        self.breaches += [f"the end is another one: {one}" for one in self._missing()]

    def _hold_writes(self) -> None:
        """Every write was planned, and nothing of a stack was touched before those that need it were gone."""
        actions = [action for run in journal.runs() for action in planned(run)]
        self.breaches += [f"written without a plan: {one}" for one in strays(self.world, actions)]
        gone = {stack for action in self.reference.actions for stack in (action["stack"],)}
        for at, request in enumerate(self.world.requests):
            if not (request.write and request.params and request.effect):
                continue
            named = (request.service, xform_name(request.operation), request.params)
            owners = [one["stack"] for one in self.reference.actions if stands_for(one, *named)]
            for other in needed_by(owners[0], self.estate) if owners else ():
                if other in gone and self.watch.ended.get(other, len(self.world.requests)) > at:
                    self.breaches.append(f"{request} of {owners[0]} came before the end of {other}")
