"""How stacks are torn down by s3ap-ops and by other scripts, side by side on identical worlds.

    python ops/bench/beside.py --script P8=PATH/cleanup_generic_ucs.py --script HEAD=PATH/cleanup_generic_ucs.py
    python ops/bench/beside.py --script P8=PATH --scenes home,retained --logs FOLDER
    python ops/bench/beside.py --script P8=PATH --templates FOLDER            # */template-deploy.yaml, a stack each
    python ops/bench/beside.py --script P8=PATH --templates FOLDER --all-on   # with every switch of theirs on

Every run is a process of its own against a world of its own, made by the same seed, over HTTP. Pauses of a second and
more pass on the world's clock instead of being slept (`virtual_sleep/`), for every rival alike. A world is looked at
three times: before the stacks are there, before the run, and when whatever a run has begun is over; what is left and
what is missing follows from that, not from what anybody says.
"""

from __future__ import annotations

import argparse
import os
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from beside_scenes import SCENES, Scene, around, library

from s3ap_ops.testing import ACCOUNT, World

HERE = Path(__file__).parent
OURS = (
    "import sys, sitecustomize; from s3ap_ops import cli, watching; "
    "watching.Patience.pause = lambda self, seconds: self.is_stopped or sitecustomize.pause(seconds); "
    "sys.exit(cli.main())"
)
AFTERWARDS = 7_200  # virtual seconds in which CloudFormation ends what it was asked for
GRACE = 0.02  # real seconds in which those who pause at the same time are waited for

Thing = tuple[str, str]  # kind, name


@dataclass(frozen=True)
class Rival:
    """Who tears down: a name, and the command for a scene."""

    name: str
    command: tuple[str, ...]
    named_by_scene: bool = False  # by `script`, otherwise by its stacks


@dataclass(frozen=True)
class Outcome:
    """What came of one run. `lost` is what had to stay, `left` what had to go, each by kind; `deletes` is how often
    the deletion of each stack was asked for."""

    exit: str
    stacks: Counter[str]
    left: Counter[str]
    lost: Counter[str]
    requests: int
    writes: int
    deletes: tuple[int, ...]
    virtual: float
    wall: float


def script(name: str, path: str) -> Rival:
    """A script that is told use cases."""
    return Rival(name, (sys.executable, path, "--wait"), named_by_scene=True)


def ours(*flags: str) -> Rival:
    """s3ap-ops, with flags beyond --yes."""
    name = " ".join(("s3ap-ops", *flags))
    return Rival(name, (sys.executable, "-c", OURS, "clean", "--yes", "--account", ACCOUNT, *flags))


# -- one run


def run(scene: Scene, rival: Rival, timeout: float, log: Path | None) -> Outcome:
    """What a rival makes of a scene, in a world of its own."""
    with World(seed=7) as world, ticking(world) as port:
        world.pace.poll = 0  # time passes with the pauses
        place = around(world)
        nothing = things(world)
        scene.build(world, place)
        before = things(world)
        states = {stack: world.stack(stack).status for stack in scene.stacks}
        world.forget()
        began, virtual = time.monotonic(), world.clock.elapsed()
        code, said = _process(scene, rival, world, port, place.shared, timeout)
        wall, virtual = time.monotonic() - began, world.clock.elapsed() - virtual
        world.clock.advance(AFTERWARDS)
        if log is not None:
            log.write_text(said, "utf-8")
        deletes = dict(zip(scene.stacks, _deletes(world, scene), strict=True))
        judged = _Judge(scene, world, nothing, before, things(world), states, deletes)
        return Outcome(
            code,
            Counter(state for state in judged.states.values() if state != "DELETE_COMPLETE"),
            judged.left(),
            judged.lost(),
            len(world.requests),
            len(world.writes),
            tuple(deletes.values()),
            virtual,
            wall,
        )


def _process(scene: Scene, rival: Rival, world: World, port: int, shared: str, timeout: float) -> tuple[str, str]:
    """Its exit status, and everything that it says."""
    with tempfile.TemporaryDirectory() as home:
        env = {
            **os.environ,
            **world.env,
            "REGION": world.region,
            "VPC_ENDPOINT_SG": shared,
            "BESIDE_CLOCK": str(port),
            "PYTHONPATH": str(HERE / "virtual_sleep"),
            "S3AP_OPS_STATE_DIR": home,
        }
        command = [*rival.command, *(scene.script if rival.named_by_scene else scene.stacks)]
        try:
            done = subprocess.run(
                command, env=env, cwd=home, timeout=timeout, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
        except subprocess.TimeoutExpired as late:
            return "timeout", (late.stdout or b"").decode()
        return str(done.returncode), done.stdout


def _deletes(world: World, scene: Scene) -> Iterator[int]:
    asked = [request.params["StackName"] for request in world.requests if request.operation == "DeleteStack"]
    for stack in scene.stacks:
        yield sum(1 for name in asked if name in (stack, world.stack(stack).id))


@contextmanager
def ticking(world: World) -> Iterator[int]:
    """The port at which a world's clock is moved on. Those who pause at the same time pause together."""
    lock = threading.Lock()

    class Pause(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            until = world.clock.elapsed() + float(self.rfile.readline())
            time.sleep(GRACE)
            with lock:
                world.clock.advance(until - world.clock.elapsed())
            self.wfile.write(b".")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Pause) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


# -- judging


def things(world: World) -> frozenset[Thing]:
    """Everything that is in a world, but stacks and what Lambda and endpoints make for themselves."""
    return frozenset(_things(world.state()))


def _things(state: Mapping[str, Any]) -> Iterator[Thing]:
    for kind, rows in state.items():
        if kind in ("stacks", "interfaces"):
            continue
        for row in rows:
            yield kind, row
        if kind == "buckets":
            yield from (("versions", f"{name} {entry}") for name, row in rows.items() for entry in row["versions"])
        if kind == "groups":
            yield from (
                ("rules", f"{name} {way} {rule}") for name, row in rows.items() for way in row for rule in row[way]
            )
        if kind == "work-groups":
            yield from (("queries", f"{name} {entry}") for name, row in rows.items() for entry in row)


@dataclass(frozen=True)
class _Judge:
    """A world before its stacks, before the run, and after it."""

    scene: Scene
    world: World
    nothing: frozenset[Thing]
    before: frozenset[Thing]
    after: frozenset[Thing]
    begun: Mapping[str, str]  # stack -> status before the run
    deletes: Mapping[str, int]

    @property
    def states(self) -> dict[str, str]:
        """How the stacks ended."""
        return {stack: self.world.stack(stack).status for stack in self.scene.stacks}

    def left(self) -> Counter[str]:
        """What came with the stacks, is not retained, and is still there; "all" when nothing of it is gone."""
        goes = self._goes()
        left = goes & self.after
        return Counter({"all": len(left)}) if left == goes else _by_kind(left)

    def lost(self) -> Counter[str]:
        """What is foreign, retained, or of a stack whose deletion CloudFormation refused, and is gone."""
        goes = self._goes()
        asked = [stack for stack, number in self.deletes.items() if number]
        kept = [stack for stack in asked if self.states[stack] == self.begun[stack] != "DELETE_FAILED"]
        return _by_kind(thing for thing in self.before - self.after if thing not in goes or self._is_of(thing, kept))

    def _goes(self) -> frozenset[Thing]:
        """What is to go: all that has come with the stacks, but what they retain, and a bystander's things."""
        stay = {_last(row.physical) for row in self._rows(*self.scene.stacks) if row.policy != "Delete"}
        stay |= {_last(row.physical) for row in self._rows(*self.scene.bystanders)}
        return frozenset(one for one in self.before - self.nothing if _last(one[1].split(" ")[0]) not in stay)

    def _rows(self, *names: str) -> Iterator[Any]:
        """The resources of stacks, and of those in them."""
        roots = {stack.id for stack in self.world.stacks.all.values() if stack.name in names}
        for stack in self.world.stacks.all.values():
            if stack.id in roots or stack.root in roots:
                yield from stack.resources.values()

    def _is_of(self, thing: Thing, stacks: Sequence[str]) -> bool:
        """Whether a thing belongs to one of these stacks; what has no name of a stack belongs to an only one."""
        own = next((stack for stack in self.scene.stacks if stack in thing[1]), None)
        return own in stacks if own else len(self.scene.stacks) == len(stacks) == 1


def _last(name: str) -> str:
    """The end of a name, an ARN, or a URL, by which the same thing is known everywhere."""
    return name.rsplit("/", 1)[-1].rsplit(":", 1)[-1]


def _by_kind(found: Iterable[Thing]) -> Counter[str]:
    return Counter(kind for kind, _ in found)


# -- the table

HEAD = ("scene", "by", "exit", "stacks left", "left behind", "wrongly deleted", "calls", "writes", "deletions asked",
        "virtual s", "real s")  # fmt: skip


def line(scene: Scene, rival: Rival, outcome: Outcome) -> str:
    """A line of the table."""
    cells = (
        scene.title,
        rival.name,
        outcome.exit,
        _told(outcome.stacks),
        _told(outcome.left),
        _told(outcome.lost),
        str(outcome.requests),
        str(outcome.writes),
        ", ".join(map(str, outcome.deletes)),
        f"{outcome.virtual:.0f}",
        f"{outcome.wall:.1f}",
    )
    return f"| {' | '.join(cells)} |"


def _told(counted: Counter[str]) -> str:
    if "all" in counted:
        return f"all {counted['all']}"
    return ", ".join(f"{number} {kind}" for kind, number in sorted(counted.items())) or "–"


def main() -> None:
    """Prints a table to the standard output, line by line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--script", action="append", default=[], metavar="NAME=PATH", help="a script to compare with")
    parser.add_argument("--scenes", metavar="NAMES", help="only these of the scenes or templates, with commas")
    parser.add_argument("--templates", type=Path, help="a folder of */template-deploy.yaml, in place of the scenes")
    parser.add_argument("--all-on", action="store_true", help="of the templates' parameters that are true or false")
    parser.add_argument("--timeout", type=float, default=90, help="of a run, in real seconds (90)")
    parser.add_argument("--logs", type=Path, help="a folder for what the rivals say")
    options = parser.parse_args()
    scenes = library(options.templates, all_on=options.all_on) if options.templates else SCENES
    scripts = [script(*text.partition("=")[::2]) for text in options.script]
    versions = ", ".join(f"{name} {version(name)}" for name in ("boto3", "moto"))
    print(f"Python {sys.version.split()[0]}, {versions}; timeout {options.timeout:.0f} s\n")
    print(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}", flush=True)
    for key in options.scenes.split(",") if options.scenes else scenes:
        scene = scenes[key]
        asked = [ours(), ours(*scene.flags)] if scene.flags else [ours()]
        for number, rival in enumerate([*scripts, *asked]):
            log = options.logs / f"{key}-{number}.txt" if options.logs else None
            print(line(scene, rival, run(scene, rival, options.timeout, log)), flush=True)


if __name__ == "__main__":
    main()
