"""How fast the pipeline may go, and how its progress reads."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3ap_ops.emptying import Display, Pace, Progress, documents
from s3ap_ops.emptying.display import told
from s3ap_ops.emptying.pacing import BATCH, Pacer

EVENTS = st.lists(
    st.tuples(st.sampled_from(["start", "succeed", "throttle", "end", "wait"]), st.integers(1, BATCH)), max_size=200
)


@given(EVENTS, st.floats(100, 20_000), st.floats(100, 20_000))
def test_no_span_of_time_has_more_keys_than_the_ceiling_allows(
    events: list[tuple[str, int]], begin: float, most: float
) -> None:
    pace = Pace(keys_per_second=begin, most_keys_per_second=most)
    pacer, now = Pacer(pace, 0.0), 0.0
    under_way: list[int] = []
    started: list[tuple[float, int]] = []
    for event, keys in events:
        if event == "start":
            seconds = pacer.wait(keys, now)
            if seconds is None:
                continue
            while seconds:
                now += seconds
                seconds = pacer.wait(keys, now)
            under_way.append(pacer.start(keys))
            started.append((now, keys))
            assert len(under_way) <= pacer.limit <= pace.most_in_flight
        elif event == "wait":
            now += keys / 1000
        elif under_way:
            ticket = under_way.pop(0)
            if event == "succeed":
                pacer.succeeded(ticket, now)
            elif event == "throttle":
                pacer.throttled(ticket, now)
            else:
                pacer.ended()
    at_once = (
        max(BATCH, begin) if begin < most else BATCH
    )  # a run that may try more has the first second's keys at once
    for first, (begun, _) in enumerate(started):
        total = 0
        for at, keys in started[first:]:
            total += keys
            assert total <= at_once + (at - begun) * most + len(started)


def served(pacer: Pacer, requests: int, now: float) -> float:
    """Serves so many requests one after another, each in a tenth of a second."""
    for _ in range(requests):
        while seconds := pacer.wait(BATCH, now):
            now += seconds
        ticket = pacer.start(BATCH)
        now += 0.1
        pacer.succeeded(ticket, now)
    return now


def test_the_number_at_once_doubles_with_every_clean_window() -> None:
    pacer = Pacer(Pace(), 0.0)
    limits = [pacer.limit]
    now = 0.0
    for window in (4, 8, 12):
        now = served(pacer, window, now)
        limits.append(pacer.limit)
    assert [4, 8, 12, 12] == limits


def test_requests_throttled_together_halve_it_once_and_the_quiet_doubles() -> None:
    pacer = Pacer(Pace(), 0.0)
    now = served(pacer, 4, 0.0)
    tickets = []
    for _ in range(3):
        now += pacer.wait(BATCH, now) or 0.0
        tickets.append(pacer.start(BATCH))
    for ticket in tickets:
        pacer.throttled(ticket, now)
    assert (4, 1.0) == (pacer.limit, pacer.wait(1, now))
    now += 1.0
    pacer.throttled(pacer.start(1), now)
    assert pytest.approx(2.0) == pacer.wait(1, now)


def test_the_rate_doubles_with_every_request_until_the_first_throttled_one() -> None:
    pacer = Pacer(Pace(), 0.0)
    rates = [pacer.rate]
    now = 0.0
    for _ in range(4):
        now = served(pacer, 1, now)
        rates.append(pacer.rate)
    assert [3400, 6800, 13_600, 27_200, 28_000] == rates
    pacer.throttled(pacer.start(1), now)
    assert 3400 == pacer.rate


def test_after_a_throttled_request_a_higher_rate_is_tried_seldom_and_gently() -> None:
    pacer = Pacer(Pace(), 0.0)
    now = served(pacer, 8, 0.0)
    pacer.throttled(pacer.start(1), now)
    now = served(pacer, 100, now)
    assert 3400 == pacer.rate
    now = served(pacer, 110, now)
    assert 3400 < pacer.rate <= 28_000
    pacer.throttled(pacer.start(1), now)
    now = served(pacer, 300, now)
    assert 3400 == pacer.rate  # after the second time it is left alone for twice as long


def test_a_rate_that_is_too_much_at_the_start_is_lowered_and_comes_back_slowly() -> None:
    pacer = Pacer(Pace(), 0.0)
    pacer.throttled(pacer.start(1), 0.0)
    assert pytest.approx(3400 * 0.7) == pacer.rate
    served(pacer, 2, 40.0)
    assert pytest.approx(3400 * 0.71) == pacer.rate


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("12,000 of 30,000 objects · 3,400/s · 5 s left", (12_000, 30_000, 3400.0)),
        ("12,000 objects · 3,400/s", (12_000, None, 3400.0)),
        ("0 of 30,000 objects · 0/s", (0, 30_000, 0.0)),
        ("31,000 objects · 3,400/s", (31_000, 30_000, 3400.0)),
        ("0 of 1,000,000 objects · 3,400/s · 4:54 min left · throttled 2×", (0, 1_000_000, 3400.0, 2)),
        ("0 of 30,000,000 objects · 3,400/s · 2:27 h left", (0, 30_000_000, 3400.0)),
    ],
)
def test_progress_reads_as(text: str, arguments: tuple[int, int | None, float]) -> None:
    assert text == told(*arguments)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(stream: io.StringIO, seconds: list[float]) -> str:
    """What a display writes when it is told of 100 objects a second at these times."""
    now = 0.0
    with Display("bucket", 1000, stream, lambda: now) as display:
        for now in seconds:
            display(Progress(round(now * 100), 0, 0, now))
    return stream.getvalue()


def test_a_terminal_sees_ten_lines_a_second_at_most_and_none_at_the_end() -> None:
    text = shown(Terminal(), [step / 100 for step in range(101)])
    assert 9 <= text.count("\r\x1b[Kbucket: ") <= 11
    assert text.endswith("\r\x1b[K")


def test_elsewhere_there_is_a_line_a_minute() -> None:
    lines = shown(io.StringIO(), [float(second) for second in range(130)]).splitlines()
    assert ["bucket: 6,000 objects · 100/s", "bucket: 12,000 objects · 100/s"] == lines


def test_a_document_type_is_not_read() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><ListVersionsResult>&b;</ListVersionsResult>'
    with pytest.raises(documents.Unreadable, match="declares no document type"):
        documents.page(bomb)
