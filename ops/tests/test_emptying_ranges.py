"""Several listers: each version is listed once, whatever keys there are, and a cut is found with a few requests."""

from __future__ import annotations

import sys
import threading
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from s3ap_ops.emptying import Counted, count
from s3ap_ops.emptying.documents import START, Entry, Page, Position
from s3ap_ops.emptying.listing import Listing
from s3ap_ops.emptying.ranges import Range, common, past
from s3ap_ops.emptying.wire import Rejected

sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))

from s3_shelf import Item, Shelf
from s3_stub import Fault, Stub, Terms, serving

OWNER = "123456789012"
SESSION = boto3.Session(aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="secret")
CHARACTERS = st.characters(exclude_categories=["Cs"])
ODD = st.sampled_from("\x01\x1f/019azAZ~\x7f\x80é\ud7ff\ue000￿\U00010000\U0010ffff日")
KEYS = st.one_of(
    st.text(CHARACTERS, min_size=1, max_size=5),
    st.text(ODD, min_size=1, max_size=6),
    st.text("ab/", min_size=1, max_size=6),
    st.builds("logs/2024/{:02}/{:03}".format, st.integers(1, 12), st.integers(0, 30)),
    st.builds("data/{:09}.json".format, st.integers(0, 200)),
)
CONTENTS = st.lists(st.tuples(KEYS, st.integers(1, 6)), max_size=60, unique_by=lambda pair: pair[0])


def entries_of(contents: list[tuple[str, int]]) -> list[Entry]:
    """Versions in the order of a listing."""
    ordered = sorted(contents, key=lambda pair: pair[0].encode())
    return [Entry(key, f"v{version}", 1, version == 1) for key, versions in ordered for version in range(versions)]


@dataclass
class Shelves:
    """A bucket in memory, listed as S3 lists; or with the marker itself among what follows it."""

    entries: list[Entry]
    size: int = 3
    inclusive: bool = False
    singles: int = 0
    refuses_singles: bool = False
    question: threading.Event | None = None
    """With it, pages wait until somebody has asked for a single key."""

    def list_versions(self, position: Position, most: int = 1000) -> Page:
        if most == 1:
            self.singles += 1
            if self.question is not None:
                self.question.set()
            if self.refuses_singles:
                raise Rejected(503, "SlowDown", "less")
        elif self.question is not None and position != START:
            assert self.question.wait(10)
        keys = [entry.key.encode() for entry in self.entries]
        if position.version_id:
            start = next(at for at, entry in enumerate(self.entries) if entry[:2] == tuple(position)) + 1
        elif self.inclusive:
            start = next((at for at, key in enumerate(keys) if key >= position.key.encode()), len(keys))
        else:
            start = bisect_right(keys, position.key.encode())
        found = self.entries[start : start + min(most, self.size)]
        more = start + len(found) < len(self.entries)
        return Page(tuple(found), Position(found[-1].key, found[-1].version_id) if more else None)

    def first_after(self, marker: str) -> str | None:
        page = self.list_versions(Position(marker, ""), 1)
        return page.entries[0].key if page.entries else None


@settings(max_examples=150, deadline=None)
@given(CONTENTS, st.integers(1, 7), st.booleans(), st.data())
def test_whatever_is_cut_whenever_each_version_is_in_one_range(
    contents: list[tuple[str, int]], size: int, inclusive: bool, data: st.DataObject
) -> None:
    """A page may be under way while its range is cut: it is asked for before, and taken after."""
    shelves = Shelves(entries_of(contents), size, inclusive)
    ranges, ended, listed = [Range()], set[int](), Counter[Entry]()
    while len(ended) < len(ranges):
        turn = data.draw(st.sampled_from([at for at in range(len(ranges)) if at not in ended]))
        page = shelves.list_versions(ranges[turn].position)
        if len(ranges) < 12:
            victim = ranges[data.draw(st.integers(0, len(ranges) - 1))]
            how = data.draw(st.sampled_from(["not", "divide", "anywhere"]))
            part = None
            if how == "divide" and victim.key:
                part = victim.divide(shelves.first_after)
            elif how == "anywhere":
                part = victim.cut(data.draw(KEYS), "")
            ranges += [part] if part is not None else []
        entries, more = ranges[turn].taken(page)
        listed.update(entries)
        if not more:
            ended.add(turn)
    assert Counter(shelves.entries) == listed


@pytest.fixture(scope="module")
def server() -> Iterator[Stub]:
    with serving(Stub(Shelf(0))) as stub:
        yield stub


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CONTENTS, st.integers(1, 9), st.lists(st.sampled_from(["slowdown", "internal", "reset", "short"]), max_size=3))
def test_several_listers_count_each_version_once(
    server: Stub, contents: list[tuple[str, int]], page: int, faults: list[str]
) -> None:
    entries = entries_of(contents)
    server.shelf = Shelf([Item(entry.key, entry.version_id, entry.marker) for entry in entries])
    server.terms = Terms(page=page)
    server.faults = [Fault("list", kind) for kind in faults]
    markers = sum(entry.marker for entry in entries)
    counted = count(
        "bucket", SESSION, region="eu-west-1", owner=OWNER, endpoint_url=server.url, sleep=lambda seconds: None
    )
    assert Counted(len(entries) - markers, markers, 10 * (len(entries) - markers)) == counted


def listed(shelves: Shelves, threads: int = 4, hungry: bool = True) -> list[Entry]:
    """What so many listers deliver, in the order of a listing."""
    delivered: list[Entry] = []

    def deliver(entries: tuple[Entry, ...]) -> bool:
        delivered.extend(entries)
        return True

    listing = Listing(shelves, lambda call: call(), deliver, lambda: hungry, lambda: False)  # type: ignore[arg-type]
    assert listing.begin(shelves.list_versions(START))
    workers = [threading.Thread(target=listing.work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(10)
    assert not any(worker.is_alive() for worker in workers)
    return sorted(delivered, key=shelves.entries.index)


NUMBERED = entries_of([(f"data/{number:09}.json", 3) for number in range(100)])


def test_a_lister_with_nothing_to_do_takes_part_of_a_range() -> None:
    shelves = Shelves(NUMBERED, question=threading.Event())
    assert NUMBERED == listed(shelves)
    assert 1 < shelves.singles


def test_listers_whose_pages_wait_for_nobody_do_not_cut() -> None:
    shelves = Shelves(NUMBERED)
    assert NUMBERED == listed(shelves, hungry=False)
    assert 0 == shelves.singles


def test_one_key_with_many_versions_is_listed_by_one_and_asked_about_once() -> None:
    shelves = Shelves(entries_of([("the/only/key", 60)]), question=threading.Event())
    assert shelves.entries == listed(shelves)
    assert shelves.singles <= 5


def test_a_server_that_throttles_a_question_is_asked_no_other() -> None:
    shelves = Shelves(NUMBERED, refuses_singles=True, question=threading.Event())
    assert NUMBERED == listed(shelves)
    assert 1 == shelves.singles


def cut_after_a_page(contents: list[tuple[str, int]], size: int) -> tuple[str, int]:
    """Where a range is cut once its first page has come, and how many keys were asked for."""
    shelves = Shelves(entries_of(contents), size)
    whole = Range()
    whole.taken(shelves.list_versions(START))
    part = whole.divide(shelves.first_after)
    return part.beyond if part is not None else "", shelves.singles


@pytest.mark.parametrize(
    ("cut", "contents"),
    [
        ("data/00007", [(f"data/{number:05}.json", 1) for number in range(10)]),
        ("data/005", [(f"data/{number:05}.json", 1) for number in range(0, 1000, 5)]),
        ("n", [(f"{chr(97 + number % 26)}/{number}", 1) for number in range(260)]),
        ("日0", [(f"日/{number:03}", 1) for number in range(20)] + [("日本", 1)]),
        ("logs/2024/06", [(f"logs/2024/{month:02}/{day:02}", 1) for month in range(1, 10) for day in range(28)]),
        ("", [("one", 50)]),
    ],
)
def test_a_range_is_cut_where_the_keys_part_for_the_first_time(cut: str, contents: list[tuple[str, int]]) -> None:
    found, asked = cut_after_a_page(contents, 4)
    assert cut == found
    assert asked <= 8


def test_a_range_that_is_done_is_not_cut() -> None:
    """Its last page may lie beyond the cut, and was delivered."""
    whole = Range()
    whole.taken(Page((Entry("a", "v", 1, False), Entry("z", "v", 1, False)), None))
    assert whole.cut("b", "z") is None


def test_a_listing_that_does_not_move_on_is_not_complete() -> None:
    stuck = Page((Entry("a", "v", 1, False),), Position("a", "v"))
    whole = Range(position=Position("a", "v"))
    assert (False, True) == (whole.taken(stuck)[1], whole.stuck)


def test_what_lies_past_a_beginning() -> None:
    assert ["data/1", "\ue000", "", ""] == [past("data/0"), past("\ud7ff"), past("\U0010ffff"), past("")]
    assert [0, 2, 1] == [common("a", "b"), common("ab", "abc"), common("ab", "ac")]


def test_what_is_counted_ends_at_the_limit(server: Stub) -> None:
    server.shelf, server.terms, server.faults = Shelf(5000), Terms(), []
    place = {"region": "eu-west-1", "owner": OWNER, "endpoint_url": server.url}
    capped = count("bucket", SESSION, limit=2500, **place)  # type: ignore[arg-type]
    assert (2500, False) == (capped.entries, capped.complete)
    whole = count("bucket", SESSION, limit=5000, **place)  # type: ignore[arg-type]
    assert (5000, True) == (whole.entries, whole.complete)
    assert replace(capped, complete=True) != whole
