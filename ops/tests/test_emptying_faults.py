"""What emptying does when S3 throttles, fails, hangs up or answers half: on a stub that does each when told to."""

from __future__ import annotations

import random
import re
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from s3ap_ops.emptying import BucketRefused, Counted, Emptied, Pace, Progress, count, empty

sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))

from s3_shelf import Item, Shelf, Uploads
from s3_stub import Fault, Stub, Terms, serving

OWNER = "123456789012"
SECRET = "a secret of the tests"
SESSION = boto3.Session(aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key=SECRET, aws_session_token="token")
STRICT = Terms(owner=OWNER, secret=SECRET)
LISTS = ["slowdown", "internal", "error200", "garbled", "reset", "lost", "short"]
DELETIONS = [*LISTS, "malformed"]


class Time:
    """A clock that goes on only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self._lock = threading.Lock()

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.now += seconds


@pytest.fixture(scope="module")
def server() -> Iterator[Stub]:
    with serving(Stub(Shelf(0))) as stub:
        yield stub


def stocked(
    server: Stub, content: int | Sequence[Item], *, terms: Terms = STRICT, faults: Sequence[Fault] = ()
) -> Stub:
    """The running stub with another content."""
    fresh = Stub(Shelf(content), terms, list(faults))
    server.shelf, server.terms, server.faults, server.figures = fresh.shelf, fresh.terms, fresh.faults, fresh.figures
    server.requests, server.arrivals, server.in_flight, server.filled = [], [], 0, -1.0
    return server


def emptied(server: Stub, **options: Any) -> Emptied:
    time = Time()
    options = {"pace": Pace(most_in_flight=3), "sleep": time.sleep, "clock": time.clock, **options}
    return empty("bucket", SESSION, region="eu-west-1", owner=OWNER, endpoint_url=server.url, **options)


@pytest.mark.parametrize("kind", LISTS)
def test_a_listing_that_fails_is_asked_for_again(server: Stub, kind: str) -> None:
    stocked(server, 2500, faults=[Fault("list", kind, times=2)])
    outcome = emptied(server)
    assert (2500, 0, True) == (outcome.versions + outcome.markers, server.shelf.left, outcome.clean)


@pytest.mark.parametrize("kind", DELETIONS)
def test_a_batch_that_fails_is_sent_again(server: Stub, kind: str) -> None:
    stocked(server, 2500, faults=[Fault("delete", kind, times=3)])
    outcome = emptied(server)
    assert (2500, 0, True) == (outcome.versions + outcome.markers, server.shelf.left, outcome.clean)


@pytest.mark.parametrize("operation", ["list", "delete"])
def test_an_error_inside_a_success_is_no_answer_whatever_it_says(server: Stub, operation: str) -> None:
    stocked(server, 100, faults=[Fault(operation, "error200", times=2, code="Whatever")])
    assert emptied(server).clean


def test_boto3_carries_the_same_pages_and_batches(server: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s3ap_ops.emptying.signed._SCOPE", re.compile("none is like this"))
    faults = [Fault("list", "lost"), Fault("delete", "internal"), Fault("delete", "slowdown")]
    stocked(server, 2500, faults=faults)
    outcome = emptied(server, pace=Pace(most_in_flight=3, listers=1))
    assert (1666, 834, True) == (outcome.versions, outcome.markers, outcome.clean)
    assert 5 == server.figures.lists  # three pages, one of them twice, and the look that finds nothing


def test_uploads_on_every_page_are_aborted_until_no_part_is_left(server: Stub) -> None:
    stocked(server, 0, terms=Terms(page=2, owner=OWNER, secret=SECRET))
    server.uploads = Uploads([("a b%", "1"), ("a b%", "2"), ("c", "3"), ("d", "4"), ("e", "5")], stubborn=["3"])
    outcome = emptied(server)
    assert (5, []) == (outcome.uploads_aborted, server.uploads.there)


def test_throttled_batches_are_counted_and_are_no_failures(server: Stub) -> None:
    stocked(server, 2500, faults=[Fault("delete", "slowdown", times=20)])
    outcome = emptied(server)
    assert (20, 0, True) == (outcome.throttled, outcome.failed, outcome.clean)


@pytest.mark.parametrize("code", ["InternalError", "SlowDown", "ServiceUnavailable"])
def test_keys_that_fail_inside_a_success_are_tried_again(server: Stub, code: str) -> None:
    stocked(server, 1500, faults=[Fault("delete", "keys", times=2, code=code, keys="7.json$")])
    outcome = emptied(server)
    assert (1500, 0, 0) == (outcome.versions + outcome.markers, outcome.failed, server.shelf.left)


def test_keys_that_are_refused_are_told_and_do_not_stop_the_others(server: Stub) -> None:
    stocked(server, 3000, faults=[Fault("delete", "keys", times=999, code="AccessDenied", keys="00042.json$")])
    outcome = emptied(server)
    assert (2997, 3, 3, True) == (outcome.versions + outcome.markers, outcome.failed, outcome.left, outcome.finished)
    assert {"data/000000042.json"} == {failure.key for failure in outcome.failures}
    assert 2 == outcome.passes


def test_where_nothing_can_be_deleted_one_pass_tells_it(server: Stub) -> None:
    stocked(server, 2500, faults=[Fault("delete", "keys", times=999, code="AccessDenied")])
    outcome = emptied(server)
    assert (1, 2500, 100, 2500) == (outcome.passes, outcome.failed, len(outcome.failures), outcome.left)


def test_a_batch_that_never_gets_an_answer_is_given_up_and_named(server: Stub) -> None:
    stocked(server, 10, faults=[Fault("delete", "reset", times=999)])
    outcome = emptied(server)
    assert (10, 10, False) == (outcome.failed, outcome.left, outcome.clean)
    assert {"NoAnswer"} == {failure.code for failure in outcome.failures}


def test_a_run_that_is_always_throttled_ends_when_its_patience_does(server: Stub) -> None:
    stocked(server, 10, faults=[Fault("delete", "slowdown", times=9999)])
    outcome = emptied(server, pace=Pace(most_in_flight=3, patience=60.0))
    assert (10, {"SlowDown"}) == (outcome.failed, {failure.code for failure in outcome.failures})


@pytest.mark.parametrize("operation", ["list", "delete"])
def test_a_refusal_of_the_whole_bucket_is_raised_with_what_was_done(server: Stub, operation: str) -> None:
    stocked(server, 2500, faults=[Fault(operation, "denied", times=999)])
    with pytest.raises(BucketRefused, match="AccessDenied") as refused:
        emptied(server)
    assert (0, False) == (refused.value.so_far.versions, refused.value.so_far.finished)


def test_another_owner_is_refused_before_anything_is_deleted(server: Stub) -> None:
    stocked(server, 10, terms=Terms(owner="111122223333"))
    with pytest.raises(BucketRefused, match="expected account"):
        emptied(server)
    assert 10 == server.shelf.left


@pytest.mark.parametrize("operation", ["list", "delete"])
def test_a_bucket_that_goes_while_it_is_emptied_is_done(server: Stub, operation: str) -> None:
    stocked(server, 2500, faults=[Fault(operation, "absent", times=999)])
    outcome = emptied(server)
    assert (0, True) == (outcome.left, outcome.clean)


def test_a_bucket_in_another_region_is_followed_there(server: Stub) -> None:
    stocked(server, 1500, terms=Terms(owner=OWNER, secret=SECRET, region="eu-central-1"))
    assert (1000, 500) == (lambda done: (done.versions, done.markers))(emptied(server))


def test_keys_that_no_document_carries_are_deleted_by_their_address(server: Stub) -> None:
    odd = ["bell\a", "a/../b", "nul\0", "\ufffe", "\x1b[2J", "spaces and + and %41", "carriage\rreturn", " ends "]
    stocked(server, [Item(key, "null") for key in odd])
    outcome = emptied(server)
    assert (8, 0, True) == (outcome.versions, server.shelf.left, outcome.clean)
    assert 4 == server.figures.singles


def test_a_stop_ends_the_run_and_says_that_it_is_not_finished(server: Stub) -> None:
    stocked(server, 30_000)
    stop = threading.Event()

    def progressed(progress: Progress) -> None:
        if progress.deleted:
            stop.set()

    outcome = emptied(server, stop=stop, on_progress=progressed, pace=Pace(most_in_flight=1), sleep=stop.wait)
    assert (False, False) == (outcome.finished, outcome.clean)
    assert 30_000 == outcome.versions + outcome.markers + server.shelf.left


def test_what_the_display_raises_ends_the_run(server: Stub) -> None:
    def broken(progress: Progress) -> None:
        raise KeyboardInterrupt

    stocked(server, 5000)
    with pytest.raises(KeyboardInterrupt):
        emptied(server, on_progress=broken)
    assert 0 == sum(thread.name.startswith("emptying") for thread in threading.enumerate())


def test_no_batch_is_larger_than_s3_takes(server: Stub) -> None:
    emptied(stocked(server, 3500))
    assert (1000, 4) == (server.figures.largest_batch, server.figures.batches)


def test_counting_stops_at_its_limit_and_says_so(server: Stub) -> None:
    stocked(server, 5000, faults=[Fault("list", "slowdown")])
    counted = count(
        "bucket",
        SESSION,
        region="eu-west-1",
        owner=OWNER,
        limit=2000,
        endpoint_url=server.url,
        sleep=lambda seconds: None,
    )
    assert ("≥ 2,000", False) == (str(counted), counted.complete)
    assert "5" == str(Counted(versions=3, markers=2))


def test_a_run_that_tries_nothing_keeps_to_its_rate(server: Stub) -> None:
    stocked(server, 20_000)
    time = Time()
    pace = Pace(keys_per_second=3400.0, most_keys_per_second=3400.0, most_in_flight=1)
    emptied(server, pace=pace, sleep=time.sleep, clock=time.clock)
    assert 19_000 / 3400 <= time.now


FAULTS = st.builds(
    Fault,
    st.sampled_from(["list", "delete"]),
    st.sampled_from(LISTS),
    st.integers(1, 3),
)
ITEMS = st.lists(
    st.builds(
        Item,
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4).filter(lambda key: key.strip("/.")),
        st.sampled_from(["null", "v1", "v2"]),
        st.booleans(),
    ),
    max_size=40,
    unique_by=lambda item: (item.key, item.version_id),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ITEMS, st.integers(1, 9), st.lists(FAULTS, max_size=4), st.integers())
def test_whatever_the_pages_and_whatever_passes_the_bucket_ends_empty(
    server: Stub, items: list[Item], page: int, faults: list[Fault], seed: int
) -> None:
    stocked(server, items, terms=Terms(page=page, owner=OWNER, secret=SECRET), faults=faults)
    random.seed(seed)
    outcome = emptied(server, pace=Pace(most_in_flight=2, attempts=20))
    assert (len(items), 0) == (outcome.versions + outcome.markers, server.shelf.left)
    assert sum(item.marker for item in items) == outcome.markers
    assert outcome.clean
