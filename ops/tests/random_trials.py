"""One estate is torn down in a world, and held to the laws: what is written, when, what is refused, and what stays.

`trial` returns every breach in words, so that a test can say that there is none, and a bench can count them.
"""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from unittest.mock import patch

from botocore import xform_name
from botocore.loaders import create_loader
from random_worlds import Estate, build, going, needed_by, troubled
from rare_scenes import BESIDE
from trials import differences
from wire import stands_for

from s3ap_ops.cli import main
from s3ap_ops.testing import World
from s3ap_ops.testing.models import service_model
from s3ap_ops.testing.services import guarded
from s3ap_ops.watching import Patience

Json = Any
KINDS = {
    "AWS::S3::Bucket": "buckets",
    "AWS::Athena::WorkGroup": "work-groups",
    "AWS::DynamoDB::Table": "tables",
    "AWS::ECR::Repository": "repositories",
    "AWS::EC2::SecurityGroup": "groups",
    "AWS::EC2::VPCEndpoint": "endpoints",
    "AWS::Events::Rule": "rules",
    "AWS::IAM::ManagedPolicy": "policies",
    "AWS::IAM::Role": "roles",
    "AWS::Lambda::Function": "functions",
    "AWS::Logs::LogGroup": "log-groups",
    "AWS::SNS::Topic": "topics",
    "AWS::Scheduler::Schedule": "schedules",
    "AWS::StepFunctions::StateMachine": "state-machines",
    "AWS::CloudFormation::Stack": "stacks",
    **dict.fromkeys(guarded.KINDS, "guarded"),
}
"""Where the world's state has a type; what is not here is kept among the "generic"."""
Thing = tuple[str, str]
"""A kind of the state and a name."""

_LOADER = create_loader()


@dataclass
class Trial:
    """What came of one estate. `refusals` are the names of hazards, once for each stack that they refuse; `actions` are
    the plan's, `writes` the run's, `statuses` those of the run and of a second one."""

    estate: Estate
    breaches: list[str] = field(default_factory=list)
    deleted: int = 0
    refused: int = 0
    refusals: list[str] = field(default_factory=list)
    said: str = ""
    actions: list[Json] = field(default_factory=list)
    writes: tuple[Any, ...] = ()
    statuses: tuple[int, int] = (0, 0)

    def hold(self, law: str, expected: object, found: object) -> None:
        """Notes a breach when something is not as it should be."""
        if expected != found:
            self.breaches.append(f"{law}: expected {expected}, found {found}")


@dataclass
class Watch:
    """A world with the order of what happened in it: writes, and the ends of stacks."""

    world: World
    ended: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        note = self.world.stacks.note

        def noted(stack: Any, status: str, reason: str, resource: Any = None) -> None:
            note(stack, status, reason, resource)
            if resource is None and status == "DELETE_COMPLETE":
                self.ended[stack.name] = len(self.world.requests)

        self.world.stacks.note = noted  # type: ignore[method-assign]


@dataclass(frozen=True)
class Ran:
    """What a command came to, and what it wrote."""

    status: int
    out: str
    err: str
    writes: tuple[Any, ...]

    @cached_property
    def plan(self) -> Json:
        """Its output as JSON."""
        return json.loads(self.out)


@contextmanager
def opened(seed: int = 0) -> Iterator[World]:
    """A world to which every client of this process turns, and in which waiting moves the clock on."""
    service_model("s3")  # the world reads requests by a model that no client has changed
    with ExitStack() as open_, World(seed=seed) as world:
        folder = open_.enter_context(tempfile.TemporaryDirectory())
        open_.enter_context(patch.dict(os.environ, {**world.env, "S3AP_OPS_STATE_DIR": folder}))
        open_.enter_context(patch.object(Patience, "pause", lambda _, seconds: world.clock.advance(seconds)))
        open_.enter_context(patch("botocore.session.create_loader", lambda *_: _LOADER))  # parsed models are kept
        yield world


def trial(estate: Estate, world: World, concurrency: int) -> Trial:
    """Tears an estate down in an empty world; every law that it broke is in `breaches`."""
    if not estate.targets:
        return Trial(estate)
    build(estate, world)
    return judged(estate, world, concurrency)


def judged(estate: Estate, world: World, concurrency: int, *options: str) -> Trial:
    """The same for a world in which the estate stands already, with more options for the runs."""
    result = Trial(estate)
    watch, before = Watch(world), world.state()
    planned = ran(world, estate, "--dry-run", "--format", "json")
    _hold_dry_run(result, planned, before, world)
    if result.breaches:
        return result
    expected = going(estate)
    names = {one["stack"] for one in planned.plan["refusals"]}
    _hold_refusals(result, planned.plan["refusals"], expected)
    running = ["--yes", "-q", "--concurrency", str(concurrency), *options]
    if names:
        stopped = ran(world, estate, *running)
        result.hold("without --keep-going refusals end the run", (3, ()), (stopped.status, stopped.writes))
    world.forget()
    done = ran(world, estate, *running, "--keep-going")
    result.said = done.out + done.err
    result.hold("the status of the run", 3 if not expected else 1 if names else 0, done.status)
    gone = expected - names
    _hold_writes(result, done, planned.plan["actions"], watch, gone)
    _hold_state(result, before, world, gone, planned.plan["actions"])
    again = ran(world, estate, *running, "--keep-going")
    result.hold("a second run writes nothing", (3 if names else 0, ()), (again.status, again.writes))
    result.deleted = len(gone)
    result.writes = done.writes
    result.actions, result.statuses = planned.plan["actions"], (done.status, again.status)
    return result


def ran(world: World, estate: Estate, *options: str) -> Ran:
    """`clean` of the stacks that are meant."""
    before, out, err = len(world.requests), io.StringIO(), io.StringIO()
    arguments = ["clean", *estate.targets, "--region", world.region, *estate.arguments, *options]
    with redirect_stdout(out), redirect_stderr(err):
        status = main(arguments)
    writes = tuple(one for one in world.requests[before:] if one.write)
    return Ran(status, out.getvalue(), err.getvalue(), writes)


def _hold_dry_run(result: Trial, planned: Ran, before: Json, world: World) -> None:
    result.hold("a dry run writes nothing", (), planned.writes)
    result.breaches += [f"a dry run changes something: {one}" for one in differences(before, world.state())]
    if planned.status not in (0, 1):
        result.breaches.append(f"the dry run ended with {planned.status}: {planned.err}")
        return
    hazards = [one for one in planned.plan["findings"] if one["severity"] != "info" and one["ignored"] is None]
    result.hold("the status of the dry run", 1 if hazards else 0, planned.status)


def _hold_refusals(result: Trial, refusals: list[Json], expected: frozenset[str]) -> None:
    """Refused is exactly what has to be, each for its own reasons; whatever else is refused waits for somebody."""
    estate = result.estate
    found: dict[str, set[str]] = {}
    for one in refusals:
        found.setdefault(one["stack"], set()).add(one["name"])
        if not one["reason"] or not one["advice"]:
            result.breaches.append(f"{one['stack']} is refused for {one['name']} without a reason or an advice")
    result.refused = len(found)
    result.refusals = [name for names in found.values() for name in names]
    result.hold("refused are exactly those that must be", sorted({*estate.targets} - expected), sorted(found))
    tied = {"imported-export", "foreign-network-interface", "shared-endpoint-owner", "shared-results-bucket"}
    for stack in estate.stacks:
        own = troubled(stack, estate.flags) if stack.is_target else set()
        if stack.name in found:
            result.hold(f"the reasons that {stack.name} has itself", own - tied, found[stack.name] - tied)


def _hold_writes(result: Trial, done: Ran, actions: list[Json], watch: Watch, gone: frozenset[str]) -> None:
    """Every write is planned, every planned call is made, and nothing of a stack is touched before its time."""
    estate, world = result.estate, watch.world
    made: set[str] = set()
    for at, request in enumerate(world.requests):
        if not request.write:
            continue
        fitting = [
            one for one in actions if stands_for(one, request.service, xform_name(request.operation), request.params)
        ]
        made |= {action["id"] for action in fitting}
        if not fitting:
            result.breaches.append(f"not in the plan: {request} {request.params}")
            continue
        stack = fitting[0]["stack"]
        for other in needed_by(stack, estate):
            if other in gone and watch.ended.get(other, len(world.requests)) > at:
                result.breaches.append(f"{request} of {stack} came before the end of {other}")
    left = [action["command"] for action in actions if action["id"] not in made and action["type"] != "DeleteReturned"]
    result.hold("everything planned is done", [], left)
    deletions = [request for request in done.writes if request.operation == "DeleteStack"]
    result.hold("each stack is deleted once", len(gone), len(deletions))


# -- what is there afterwards


def _hold_state(result: Trial, before: Json, world: World, gone: frozenset[str], actions: list[Json]) -> None:
    """What goes with the stacks is gone, what they retain is there, and everything else is as it was."""
    goes, stays = _inventory(before, world, result.estate, gone)
    after = world.state()
    ends = {stack["name"]: stack["status"] for stack in after["stacks"].values() if stack["name"] in gone}
    result.hold(
        "the stacks that go are gone", dict.fromkeys(sorted(gone), "DELETE_COMPLETE"), dict(sorted(ends.items()))
    )
    edges = {str(value) for one in actions if one["type"] == "ApiCall" for value in one["change"]["params"].values()}
    edges |= _passing(before, goes)
    old, new = (_facts(state, goes, edges) for state in (before, after))
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            result.breaches.append(f"{name} was {old.get(name)}, and is {new.get(name)}")
    there = {(kind, _name(key)) for kind, rows in after.items() for key in rows}
    result.hold("nothing is left over", [], sorted(one for one in goes & there if one[0] != "stacks"))
    result.hold("what is retained is there", [], sorted(one for one in stays - there if one[1][:4] != "sgr-"))


def _inventory(before: Json, world: World, estate: Estate, gone: frozenset[str]) -> tuple[set[Thing], set[Thing]]:
    """What goes with the stacks, and what they retain; nested stacks are told with what is in them."""
    goes: set[Thing] = set()
    stays: set[Thing] = set()
    given_up = {}  # by stack: the logical ids of what is retained, and goes all the same
    for stack in (one for one in estate.stacks if one.name in gone):
        scenes = [BESIDE[name] for name in stack.scenes if estate.flags.issuperset(BESIDE[name].options)]
        given_up[stack.name] = {key for scene in scenes for key in scene.placed}
        for scene in scenes:
            goes |= set(scene.takes(scene.names(world.stack(stack.name).resources)))
    left = [(id_, True) for id_, stack in before["stacks"].items() if stack["name"] in gone]
    while left:
        id_, is_going = left.pop()
        (goes if is_going else stays).add(("stacks", _name(id_)))
        for resource in world.stacks.all[id_].resources.values():
            is_asked_for = resource.logical in given_up.get(before["stacks"][id_]["name"], ())
            is_kept = not is_going or (resource.policy == "Retain" and not is_asked_for)
            (stays if is_kept else goes).add((KINDS.get(resource.type, "generic"), _name(resource.physical)))
            left += [(resource.physical, not is_kept)] if resource.physical in before["stacks"] else []
    return goes, stays


def _name(key: str) -> str:
    """What a thing is called, of an ARN, a URL or a name with its region."""
    return key.rsplit("/", 1)[-1].rsplit(":", 1)[-1]


def _facts(state: Json, goes: set[Thing], edges: set[str]) -> dict[str, Json]:
    """A state without what goes: its entries, the interfaces that it held, and the rules that name it."""
    found: dict[str, Json] = {}
    for kind, rows in state.items():
        for key, value in rows.items() if isinstance(rows, dict) else dict.fromkeys(rows, "there").items():
            if (kind, _name(key)) in goes or (kind == "interfaces" and _name(key) in edges):
                continue
            if kind == "guarded-logs" and ("log-groups", _name(key)) in goes:
                continue
            if kind == "statements" and ("work-groups", key.split("/")[1]) in goes:
                continue
            found[f"{kind} {key}"] = _WITHOUT.get(kind, lambda value, _: value)(value, goes)
    return found


def _passing(state: Json, goes: set[Thing]) -> set[str]:
    """The interfaces that nobody uses once these functions are gone; Lambda lets go of them some time later."""
    users: dict[tuple[str, ...], list[bool]] = {}
    for key, function in state["functions"].items():
        users.setdefault(tuple(function["vpc"]), []).append(("functions", _name(key)) in goes)
    return {_name(key) for key, groups in state["interfaces"].items() if all(users.get(tuple(groups), [False]))}


def _without_rules(group: Json, goes: set[Thing]) -> Json:
    return {
        way: [rule for rule in rules if ("groups", rule.split(" ")[-1]) not in goes] for way, rules in group.items()
    }


def _without_policies(role: Json, goes: set[Thing]) -> Json:
    return {**role, "attached": [arn for arn in role["attached"] if ("policies", _name(arn)) not in goes]}


_WITHOUT = {"groups": _without_rules, "roles": _without_policies}
"""What a thing is without its ties to what goes."""
