"""How stacks are torn down by s3ap-ops, by other scripts and by other programs, side by side on identical worlds.

    python ops/bench/beside.py --script P8=PATH/cleanup_generic_ucs.py --script HEAD=PATH/cleanup_generic_ucs.py
    python ops/bench/beside.py --tools all --alone                            # those that are on PATH
    python ops/bench/beside.py --tools sam,delstack --scenes home,retained --logs FOLDER
    python ops/bench/beside.py --script P8=PATH --templates FOLDER            # */template-deploy.yaml, a stack each
    python ops/bench/beside.py --script P8=PATH --templates FOLDER --all-on   # with every switch of theirs on

Every run is a process of its own (or one to a stack, for programs that take one) against a world of its own, made by
the same seed, over HTTP. Pauses of a second and more of Python programs pass on the world's clock instead of being
slept (`virtual_sleep/`); for those that really sleep, that clock runs faster. A world is looked at three times: before
the stacks are there, before the run, and when whatever a run has begun is over; what is left and what is missing
follows from that, not from what anybody says.
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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import beside_table as table
from beside_peers import PEERS, Ask, Commands
from beside_scenes import SCENES, Scene, around, library
from beside_table import Outcome

from s3ap_ops.testing import ACCOUNT, Fault, World

HERE = Path(__file__).parent
OURS = (
    "import sys, sitecustomize; from s3ap_ops import cli, watching; "
    "watching.Patience.pause = lambda self, seconds: self.is_stopped or sitecustomize.pause(seconds); "
    "sys.exit(cli.main())"
)
AFTERWARDS = 7_200  # virtual seconds in which CloudFormation ends what it was asked for
GRACE = 0.02  # real seconds in which those who pause at the same time are waited for
SPEED = 60.0  # virtual seconds in a real one, for those that really sleep
STEP = 3.0  # virtual seconds
LOOK = 30.0  # virtual seconds that pass at each of their looks at a stack
PROXIES = ("HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy")
QUIET = {  # nobody is told of these runs, or asked for a newer version
    "SAM_CLI_TELEMETRY": "0",
    "CDK_DISABLE_CLI_TELEMETRY": "true",
    "SLS_TELEMETRY_DISABLED": "1",
    "SLS_NOTIFICATIONS_MODE": "off",
    "NO_COLOR": "1",
}

Thing = tuple[str, str]  # kind, name


@dataclass(frozen=True)
class Rival:
    """Who tears down: a name, the commands for what is asked, and how its pauses pass, as Peer has it. `is_direct`:
    it wants no proxy; those that use S3 Control need one, as that puts the account before the host."""

    name: str
    commands: Callable[[Ask], Commands]
    waits: str = "sleep"
    is_direct: bool = False


def script(name: str, path: str) -> Rival:
    """A script that is told use cases."""
    return Rival(name, lambda ask: [[sys.executable, path, "--wait", *ask.cases]])


def ours(*flags: str) -> Rival:
    """s3ap-ops, with flags beyond --yes."""
    words = (sys.executable, "-c", OURS, "clean", "--yes", "--account", ACCOUNT, *flags)
    return Rival(" ".join(("s3ap-ops", *flags)), lambda ask: [[*words, *ask.stacks]])


class Look(Fault):
    """No fault: lets time pass at each look at a stack, so that nobody really sleeps until a deletion is over."""

    world: World

    def strikes(self, service: str, operation: str, params: dict[str, Any]) -> bool:
        if super().strikes(service, operation, params):
            self.world.clock.advance(LOOK)
        return False


def look_after(world: World) -> None:
    """Lets time pass at each look."""
    look = Look("cloudformation", "DescribeStacks", times=None)
    look.world = world
    world.fail(look)


# -- one run


def run(scene: Scene, rival: Rival, timeout: float, log: Path | None, *, alone: bool = False) -> Outcome:
    """What a rival makes of a scene, in a world of its own; `alone`: where no rule of others' refers to its groups."""
    with World(seed=7) as world, ticking(world) as port:
        world.pace.poll = 0  # time passes with the pauses
        place = around(world, alone=alone)
        nothing = things(world)
        scene.build(world, place)
        before = things(world)
        goes = going(scene, world, before - nothing)
        states = {stack: world.stack(stack).status for stack in scene.stacks}
        world.forget()
        began, virtual = time.monotonic(), world.clock.elapsed()
        if rival.waits == "long":
            look_after(world)
        with racing(world) if rival.waits in ("really", "long") else nullcontext():
            code, said = _process(scene, rival, world, port, place.shared, timeout)
        wall, virtual = time.monotonic() - began, world.clock.elapsed() - virtual
        world.clock.advance(AFTERWARDS)
        if log is not None:
            asked = "\n".join(f"{request} {request.status}" for request in world.requests)
            log.write_text(f"{said}\n-- asked for\n{asked}\n", "utf-8")
        deletes = dict(zip(scene.stacks, _deletes(world, scene), strict=True))
        judged = _Judge(scene, world, goes, before, things(world), states, deletes)
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
    """The worst exit status of its commands, and everything that they say."""
    with tempfile.TemporaryDirectory() as home:
        ask = Ask(scene.stacks, scene.script, world.region, Path(home), scene.needs)
        for stack in scene.stacks:
            body = world.client("cloudformation").get_template(StackName=stack, TemplateStage="Original")[
                "TemplateBody"
            ]
            ask.write(f"{stack}.json", body)
        env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            **QUIET,
            **world.env,
            "REGION": world.region,
            "VPC_ENDPOINT_SG": shared,
            "BESIDE_CLOCK": str(port),
            "BESIDE_EVENTS": "yes" if rival.waits == "event" else "",
            "PYTHONPATH": str(HERE / "virtual_sleep"),
            "S3AP_OPS_STATE_DIR": home,
            "HOME": home,
        }
        env |= dict.fromkeys(PROXIES, "") if rival.is_direct else {}
        ends, codes, said = time.monotonic() + timeout, [0], ""
        for command in rival.commands(ask):
            try:
                done = subprocess.run(
                    command,
                    env=env,
                    cwd=home,
                    timeout=ends - time.monotonic(),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                )
            except subprocess.TimeoutExpired as late:
                return "timeout", said + (late.stdout or b"").decode(errors="replace")
            codes.append(done.returncode)
            said += done.stdout.decode(errors="replace")
        return str(max(codes, key=abs)), said


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


@contextmanager
def racing(world: World) -> Iterator[None]:
    """For those that really sleep: the world's clock runs faster than theirs."""
    over = threading.Event()

    def race() -> None:
        while not over.wait(STEP / SPEED):
            world.clock.advance(STEP)

    thread = threading.Thread(target=race, daemon=True)
    thread.start()
    yield
    over.set()
    thread.join()


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


def going(scene: Scene, world: World, came: frozenset[Thing]) -> frozenset[Thing]:
    """What is to go: all that has come with the stacks, but what they retain now, and a bystander's things."""
    stay = {_last(row.physical) for row in _rows(world, scene.stacks) if row.policy != "Delete"}
    stay |= {_last(row.physical) for row in _rows(world, scene.bystanders)}
    return frozenset(one for one in came if _last(one[1].split(" ")[0]) not in stay)


def _rows(world: World, names: Sequence[str]) -> Iterator[Any]:
    """The resources of stacks, and of those in them."""
    roots = {stack.id for stack in world.stacks.all.values() if stack.name in names}
    for stack in world.stacks.all.values():
        if stack.id in roots or stack.root in roots:
            yield from stack.resources.values()


@dataclass(frozen=True)
class _Judge:
    """A world before the run, with what is to go of it, and after it."""

    scene: Scene
    world: World
    goes: frozenset[Thing]
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
        left = self.goes & self.after
        return Counter({"all": len(left)}) if left == self.goes else _by_kind(left)

    def lost(self) -> Counter[str]:
        """What is foreign, retained, or of a stack whose deletion CloudFormation refused, and is gone."""
        asked = [stack for stack, number in self.deletes.items() if number]
        kept = [stack for stack in asked if self.states[stack] == self.begun[stack] != "DELETE_FAILED"]
        return _by_kind(
            thing for thing in self.before - self.after if thing not in self.goes or self._is_of(thing, kept)
        )

    def _is_of(self, thing: Thing, stacks: Sequence[str]) -> bool:
        """Whether a thing belongs to one of these stacks; what has no name of a stack belongs to an only one."""
        own = next((stack for stack in self.scene.stacks if stack in thing[1]), None)
        return own in stacks if own else len(self.scene.stacks) == len(stacks) == 1


def _last(name: str) -> str:
    """The end of a name, an ARN, or a URL, by which the same thing is known everywhere."""
    return name.rsplit("/", 1)[-1].rsplit(":", 1)[-1]


def _by_kind(found: Iterable[Thing]) -> Counter[str]:
    return Counter(kind for kind, _ in found)


# -- the command


def rivals(scene: Scene, scripts: Sequence[Rival], tools: Sequence[str]) -> Iterator[Rival]:
    """Who is tried on a scene: scripts, other tools as they come and by force, and s3ap-ops with and without flags."""
    yield from scripts
    for key in tools:
        peer = PEERS[key]
        yield Rival(key, peer.commands, peer.waits, is_direct=True)
        if peer.forced:
            yield Rival(f"{key} {peer.flag}", peer.forced, peer.waits, is_direct=True)
    yield ours()
    if scene.flags:
        yield ours(*scene.flags)


def present(asked: str) -> list[str]:
    """Of the tools that are asked for, those that can be found; the others are said on the standard error."""
    keys = list(PEERS) if asked == "all" else [key for key in asked.split(",") if key]
    for key in keys:
        if key not in PEERS:
            raise SystemExit(f"--tools: {key} is unknown; one of {', '.join(PEERS)}, or all")
        if not PEERS[key].is_there():
            print(f"{key} is not compared: {PEERS[key].program} is not on PATH", file=sys.stderr)
    return [key for key in keys if PEERS[key].is_there()]


def main() -> None:
    """Prints a table to the standard output, line by line, and at its end what the lines come to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--script", action="append", default=[], metavar="NAME=PATH", help="a script to compare with")
    parser.add_argument("--tools", default="", metavar="NAMES", help=f"with commas, or all: {', '.join(PEERS)}")
    parser.add_argument("--scenes", metavar="NAMES", help="only these of the scenes or templates, with commas")
    parser.add_argument("--templates", type=Path, help="a folder of */template-deploy.yaml, in place of the scenes")
    parser.add_argument("--all-on", action="store_true", help="of the templates' parameters that are true or false")
    parser.add_argument("--alone", action="store_true", help="no rule of a foreign group refers to the stacks' groups")
    parser.add_argument("--timeout", type=float, default=90, help="of a run, in real seconds (90)")
    parser.add_argument("--logs", type=Path, help="a folder for what the rivals say")
    options = parser.parse_args()
    scenes = library(options.templates, all_on=options.all_on) if options.templates else SCENES
    scripts = [script(*text.partition("=")[::2]) for text in options.script]
    tools = present(options.tools)
    versions = ", ".join(f"{name} {version(name)}" for name in ("boto3", "moto"))
    print(f"Python {sys.version.split()[0]}, {versions}; timeout {options.timeout:.0f} s")
    print("".join(f"{key}: {PEERS[key].said()}\n" for key in tools))
    print(table.head(table.HEAD), flush=True)
    found: dict[str, dict[str, Outcome]] = {}
    for key in options.scenes.split(",") if options.scenes else scenes:
        scene = scenes[key]
        for number, rival in enumerate(rivals(scene, scripts, tools)):
            log = options.logs / f"{key}-{number}.txt" if options.logs else None
            outcome = run(scene, rival, options.timeout, log, alone=options.alone)
            found.setdefault(scene.title, {})[rival.name] = outcome
            print(table.line(scene.title, rival.name, outcome), flush=True)
    print(f"\n{table.matrix(found)}\n\n{table.sums(found)}")


if __name__ == "__main__":
    main()
