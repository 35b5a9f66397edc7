"""Estates drawn at random, and a few of which the lesson is known, held to all laws of a tear-down.

`ops/bench/random_worlds.py` holds many more of them to the same.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from random_trials import opened, trial
from random_worlds import ENDPOINTS, RESULTS, Drawn, Estate, drawn, going

FEW = settings(
    max_examples=2,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
ESTATES = st.randoms(use_true_random=False).map(lambda source: drawn(source, 5))
QUEUE = Estate(
    (
        Drawn("s00", has_group=True, place="s00", versions=2),
        Drawn("s01", imports=("s00",), place="s00", has_group=True, opens=("s00",), queries=1, results="s00"),
        Drawn("s02", imports=("s01",), provider="s01", versions=2, table="kept"),
        Drawn("s03", endpoint="s3", has_foreign_rule=True, has_group=True, has_namesakes=True),
    )
)
"""Each stack needs the one before it, by imports, a group, a function; all can go."""


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings of this repository."""
    monkeypatch.chdir(tmp_path)


def breaches(estate: Estate, concurrency: int = 4) -> list[str]:
    """The laws that the tear-down of an estate breaks, in words."""
    with opened() as world:
        return trial(estate, world, concurrency).breaches


@pytest.mark.parametrize("concurrency", [1, 4, 8])
def test_a_random_estate_is_torn_down_in_order_or_refused_with_the_reason(concurrency: int) -> None:
    @FEW
    @example(QUEUE)
    @given(ESTATES)
    def held(estate: Estate) -> None:
        assert [] == breaches(estate, concurrency)

    held()


def pair(first: Drawn, second: Drawn, *flags: str) -> Estate:
    return Estate((first, second), frozenset(flags))


PROTECTED = frozenset({"termination-protection"})
KNOWN = {
    "the bucket of the results of a refused stack stays": pair(
        Drawn("s00", versions=2), Drawn("s01", queries=1, results="s00", troubles=PROTECTED)
    ),
    "the endpoint of a function of a refused stack stays": pair(
        Drawn("s00", endpoint="s3"), Drawn("s01", has_group=True, place="s01", troubles=PROTECTED)
    ),
    "of two that use each other's endpoints, neither goes without the other": pair(
        Drawn("s00", endpoint="s3", has_group=True, place="s00", troubles=PROTECTED),
        Drawn("s01", endpoint="dynamodb", has_group=True, place="s01"),
    ),
    "two circles are refused, not one": Estate(
        (
            Drawn("s00", imports=("s01",)),
            Drawn("s01", imports=("s00",)),
            Drawn("s02", imports=("s03",)),
            Drawn("s03", imports=("s02",)),
        )
    ),
    "a custom resource and an import are a circle": pair(
        Drawn("s00", provider="s01"), Drawn("s01", imports=("s00",), place="-")
    ),
    "a custom resource that is retained needs no answer": pair(
        Drawn("s00", place="-"), Drawn("s01", provider="s00", keeps_custom=True, troubles=PROTECTED)
    ),
    "a role with the name of a function is no function": pair(
        Drawn("s00", has_group=True), Drawn("s01", place="s00", has_namesakes=True)
    ),
}
GOING = {
    "a custom resource that is retained needs no answer": {"s00"},
    "a role with the name of a function is no function": {"s00", "s01"},
}


@pytest.mark.parametrize("name", KNOWN)
def test_a_lesson_is_kept(name: str) -> None:
    assert frozenset(GOING.get(name, ())) == going(KNOWN[name])
    assert [] == breaches(KNOWN[name])


def test_who_accepts_the_harm_may_do_it() -> None:
    harmed = pair(
        Drawn("s00", endpoint="s3", versions=2),
        Drawn("s01", has_group=True, place="s01", queries=1, results="s00", troubles=PROTECTED),
        ENDPOINTS,
        RESULTS,
    )
    assert frozenset({"s00"}) == going(harmed)
    assert [] == breaches(harmed)


def test_the_same_source_draws_the_same_estate() -> None:
    assert drawn(random.Random("1/7"), 20) == drawn(random.Random("1/7"), 20)


def test_the_laws_notice_what_is_done_behind_the_plan() -> None:
    """The function behind a custom resource deletes a bucket that belongs to nobody."""
    made = Estate((Drawn("s00", place="-"), Drawn("s01", provider="s00")))
    with opened() as world:
        place = {"LocationConstraint": world.region}
        world.aws("s3").create_bucket(Bucket="bystander", CreateBucketConfiguration=place)
        buckets = world.backend("s3").buckets
        world.custom["Custom::Thing"] = lambda request, *_: request == "Delete" and buckets.pop("bystander")
        found = trial(made, world, 4).breaches
    assert ["buckets bystander was"] == [one.partition(" {")[0] for one in found]
