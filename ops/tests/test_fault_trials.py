"""Every kind of change, and faults at the request that makes it: a run gets over them, or is resumed afterwards,
and ends where a run ends that nothing disturbed.

These are the faults and changes that differ most; `bench/faults.py` tries every fault with every kind of change.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from slow_scenes import SLOW_SCENES
from trials import PASSING, Stage, staged
from worlds import SCENES, Scene

NAMES = ("stack", "group", "retained bucket", "file access point", "knowledge base")
EACH = ("bucket", "stack", "work group", "group", "function", "images", "retained bucket", "log group", "bus", "hold",
        "file access point", "vectors", "knowledge base")  # fmt: skip
ALL = (*SCENES, *SLOW_SCENES)
SOME = [scene for scene in ALL if scene.name in NAMES]


@pytest.fixture(scope="module", params=[scene for scene in ALL if scene.name in EACH], ids=str)
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """The world of each scene, built once."""
    scene: Scene = request.param
    with staged(scene) as stage:
        yield stage


def test_a_run_gets_over_what_passes(stage: Stage) -> None:
    """Four faults in a row, one after the other; a client tries six times."""
    assert [] == stage.faulty(PASSING, 1)


@pytest.mark.parametrize("stage", SOME, ids=str, indirect=True)
def test_what_is_denied_is_done_by_the_resumed_run(stage: Stage) -> None:
    assert [] == stage.faulty(("access denied",), None)


@pytest.mark.parametrize("stage", SOME, ids=str, indirect=True)
def test_a_request_that_never_gets_an_answer_is_asked_again_by_the_resumed_run(stage: Stage) -> None:
    """It has its effect every time; only nobody hears of it."""
    assert [] == stage.faulty(("reset after the effect",), None)


@pytest.mark.parametrize("stage", SLOW_SCENES[:1], ids=str, indirect=True)
def test_who_is_killed_while_a_service_is_at_work_finds_it_at_work_or_done(stage: Stage) -> None:
    """The request is not made twice: what is there is looked at before."""
    assert [] == [*stage.killed(4), *stage.killed(5, torn=True)]
