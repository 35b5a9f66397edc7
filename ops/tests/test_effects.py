"""What becomes of a call that a service carries out by itself, as far as it can be seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from slow_scenes import files
from world_templates import of

from s3ap_ops import changes, effects
from s3ap_ops.calls import ApiCall, Until
from s3ap_ops.reading import Look
from s3ap_ops.testing import ACCOUNT, Fault, World
from s3ap_ops.watching import BLIND, Patience

UNTIL = Until(
    "describe_s3_access_point_attachments",
    {"Names": ["reader"]},
    "S3AccessPointAttachments.0.Lifecycle",
    "S3AccessPointAttachments.0.LifecycleTransitionReason.Message",
    ("S3AccessPointAttachmentNotFound",),
)
DETACH = ApiCall("stack:uc1@r", "fsx", "detach_and_delete_s3_access_point", {"Name": "reader"}, "reader", until=UNTIL)


def hasty() -> Patience:
    """Whose time begins now."""
    return Patience(poll=0.001, deadline=60)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A volume with an access point."""
    with World() as world:
        for name, value in world.env.items():
            monkeypatch.setenv(name, value)
        world.deploy("uc1", of(**files()))
        world.fsx.attach(world.stack("uc1").resources["Volume"], "reader")
        yield world


@pytest.fixture
def look(world: World) -> Look:
    return Look(world.session(), ACCOUNT, world.region)


def told(_: str) -> None:
    """Nobody listens."""


def test_it_is_not_begun_then_going_then_gone(world: World, look: Look) -> None:
    seen = [effects.begun(DETACH, look)]
    world.client("fsx").detach_and_delete_s3_access_point(Name="reader")
    seen += [effects.begun(DETACH, look)]
    assert "deleted" == effects.watch(DETACH, look, hasty(), told).how
    assert ["", "going", "gone"] == [*seen, effects.begun(DETACH, look)]


def test_what_stays_as_it_is_was_not_taken(look: Look) -> None:
    ending = effects.watch(DETACH, look, hasty(), told)
    assert ("failed", "the request was taken, but reader is AVAILABLE") == (ending.how, ending.said)


def test_who_cannot_see_does_not_say_that_it_is_gone(world: World, look: Look) -> None:
    fault = world.fail(Fault("fsx", "DescribeS3AccessPointAttachments", times=None, kind="access-denied"))
    ending = effects.watch(DETACH, look, hasty(), told)
    assert ("unfinished", BLIND) == (ending.how, fault.hits)
    assert ending.said.startswith("nothing can be seen any more: AccessDeniedException")
    assert "" == effects.begun(DETACH, look)


def test_it_is_not_looked_at_for_longer_than_somebody_waits(world: World, look: Look) -> None:
    world.client("fsx").detach_and_delete_s3_access_point(Name="reader")
    ending = effects.watch(DETACH, look, replace(hasty(), deadline=0.0), told)
    assert ("unfinished", "reader is still DELETING; the service goes on with it") == (ending.how, ending.said)


def test_a_change_is_the_same_when_a_journal_has_kept_it() -> None:
    assert DETACH == changes.read(changes.written(DETACH), (ApiCall,))
