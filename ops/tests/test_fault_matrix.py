"""Steps of an estate, faults at exactly their requests, and runs that are killed there: a small part of what
`bench/matrix.py` tries over random estates, and what it has found."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest
from copies import begun, copied
from furnished import furnished
from matrix_trials import KINDS, LONG, TELLS_IN_200, Ground, Mishap, Reference, standing
from random_worlds import Drawn, Estate
from rare_scenes import BESIDE

SMALL = Estate(
    (
        Drawn("s00", has_group=True, place="s00", versions=1, scenes=("retained images", "log group", "images")),
        Drawn("s01", imports=("s00",), scenes=("target", "job run")),
        Drawn("s02", is_target=False, versions=1),
    ),
    frozenset(flag for scene in BESIDE.values() for flag in scene.options if "--include" not in flag)
    | frozenset(BESIDE["retained images"].options),
)
"""Two stacks, one of which goes before the other, with steps before, at and after their deletion, and a stranger. The
deletion of one takes long, because of the interfaces of its function."""


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    """The world of the small estate."""
    with standing(SMALL) as found:
        yield found


@pytest.fixture(scope="module")
def reference(ground: Ground) -> Reference:
    """What an undisturbed run does."""
    return ground.reference(4)


def test_an_undisturbed_run_breaks_no_law(reference: Reference) -> None:
    assert ((), (0, 0), 2) == (reference.breaches, reference.statuses, reference.deleted)


def every(reference: Reference, kinds: tuple[str, ...], times: int = 1) -> list[Mishap]:
    """A mishap for each step, of each kind in turn; where there is no such answer, the first kind."""
    found = []
    for number, step in enumerate(reference.steps):
        kind = kinds[number % len(kinds)]
        tells = kind != "error in 200" or step.label.partition(" ")[0] in TELLS_IN_200
        found.append(Mishap(step, kind if tells else kinds[0], times))
    return found


def test_faults_at_every_step_end_as_none_does(ground: Ground, reference: Reference) -> None:
    outcome = ground.tried("run on", 4, reference, every(reference, tuple(KINDS)))
    assert [] == outcome.breaches
    assert len(reference.steps) == sum(map(bool, outcome.hits))


def test_faults_that_outlast_a_client_are_survived_by_the_resumed_run(ground: Ground, reference: Reference) -> None:
    outcome = ground.tried("run on", 8, reference, every(reference, ("throttle", "5xx", "error in 200"), LONG))
    assert [] == outcome.breaches
    assert 3 == outcome.runs  # one with faults, its resumption, one after that


def test_a_run_that_is_killed_again_and_again_ends_as_one_that_is_not(ground: Ground, reference: Reference) -> None:
    mishaps = random.Random(4).sample(every(reference, tuple(KINDS)), 2)
    outcome = ground.tried("kill -9", 1, reference, mishaps)
    assert ([], 2) == (outcome.breaches, outcome.kills)


def test_what_comes_after_a_deletion_is_done_though_the_run_was_killed_during_it(
    ground: Ground, reference: Reference
) -> None:
    """Meanwhile CloudFormation had passed over what is retained, and deleted the log group that comes back: a new plan
    knew of neither, and the resumed run ended with 0."""
    [step] = [one for one in reference.steps if one.label == "cloudformation:DeleteStack" and "s00" in one.action]
    outcome = ground.tried("kill -9", 4, reference, [Mishap(step, "timeout after")])
    assert ([], 1) == (outcome.breaches, outcome.kills)


def test_an_estate_of_a_seed_is_always_the_same() -> None:
    assert furnished(random.Random("1/7"), 12) == furnished(random.Random("1/7"), 12)


def test_a_process_that_fails_ends_where_it_is(ground: Ground) -> None:
    """It used to come back from the fork, and told the parent of its child what the child told as well."""

    def fails() -> None:
        raise RuntimeError("for a test")

    def trial() -> str:
        os.waitpid(begun(fails), 0)
        return "told once"

    assert "told once" == copied(ground.world, trial)
