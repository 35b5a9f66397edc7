"""Listers, a short queue and several deleters, pass after pass until the bucket is seen empty."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from s3ap_ops.emptying import uploads
from s3ap_ops.emptying.addresses import ordinary
from s3ap_ops.emptying.deleter import Deleter
from s3ap_ops.emptying.documents import START, Entry, Page, Position, carries
from s3ap_ops.emptying.listing import Listing
from s3ap_ops.emptying.outcome import FAILURES_KEPT, BucketRefused, Emptied, Progress
from s3ap_ops.emptying.pacing import BATCH, Gate, Pace
from s3ap_ops.emptying.persistence import persist
from s3ap_ops.emptying.signed import open_wire
from s3ap_ops.emptying.tally import Tally
from s3ap_ops.emptying.wire import Rejected, Unanswered, Wire

MOST_PASSES = 5
Batches = queue.Queue[tuple[Entry, ...] | None]
_QUEUE = 4  # batches between the listers and the deleters: all that a run holds of a bucket
_POLL = 0.1  # seconds between two looks at the clock of the progress display, and at a stop


def empty(
    bucket: str,
    session: Any,
    *,
    region: str,
    owner: str,
    bypass_governance: bool = False,
    on_progress: Callable[[Progress], object] | None = None,
    stop: threading.Event | None = None,
    pace: Pace | None = None,
    endpoint_url: str | None = None,
    sleep: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Emptied:
    """What was deleted of the bucket and what is left; the bucket itself stays, and one that is absent is empty.

    Raises BucketRefused when S3 refuses a listing or a whole batch for good, and what botocore raises when it has no
    credentials. `stop` ends the run after the requests that are under way. `on_progress` is called in this thread.
    """
    chosen = pace or Pace()
    wire, client = open_wire(
        session,
        ordinary(bucket),
        region,
        owner,
        bypass_governance=bypass_governance,
        endpoint_url=endpoint_url,
        connections=chosen.most_in_flight + chosen.listers,
    )
    tally = Tally(stop)
    gate = Gate(chosen, clock, sleep, tally.halted)
    report = _reporter(on_progress, tally, clock)
    run = _Run(bucket, wire, tally, gate, chosen, Deleter(wire, tally, gate, chosen.attempts), report)
    aborted, stuck = uploads.abort(client, bucket, owner, run.patiently, tally.halted)
    emptied = run.to_the_end() if not tally.halted() else replace(tally.outcome(), finished=False)
    report()
    return replace(
        emptied,
        uploads_aborted=aborted,
        failed=emptied.failed + len(stuck),
        failures=(*stuck, *emptied.failures)[:FAILURES_KEPT],
    )


@dataclass(frozen=True, slots=True)
class _Run:
    bucket: str
    wire: Wire
    tally: Tally
    gate: Gate
    pace: Pace
    deleter: Deleter
    report: Callable[[], None]

    def to_the_end(self) -> Emptied:
        """Passes from the start until one finds nothing, deletes nothing, or is the last one allowed."""
        for _ in range(MOST_PASSES):
            self.tally.begin_pass()
            page = self._look(START)
            if page is None or (not page.entries and page.after is None):
                break
            self._pass(page)
            if self.tally.halted() or self.tally.settled == 0:
                break
        else:
            page = self._look(START)
            found = len(page.entries) if page is not None else 0
            return replace(self.tally.outcome(), left=found, finished=not found and not self.tally.halted())
        if self.tally.bucket_gone:
            return replace(self.tally.outcome(), failures=(), failed=0)
        left = self.tally.seen - self.tally.settled
        return replace(self.tally.outcome(), left=left, finished=not self.tally.halted())

    def patiently(self, call: Callable[[], Any]) -> Any:
        return persist(call, self.pace.attempts, self.gate.pause, self.tally.throttled)

    def _look(self, position: Position) -> Page | None:
        """A page of the listing; None when the bucket is gone."""
        try:
            page: Page = self.patiently(partial(self.wire.list_versions, position))
        except (Rejected, Unanswered) as failure:
            self.tally.halt(failure)
            self._raise()
            return None
        return page

    def _pass(self, first: Page) -> None:
        """Deletes what a listing shows, from its first page on; returns when every deleter has ended."""
        batches: Batches = queue.Queue(_QUEUE)
        listing = Listing(
            self.wire,
            self.patiently,
            deliver=partial(self._offer, batches),
            hungry=lambda: batches.empty() and self.gate.idle(),
            halted=self.tally.halted,
            throttled=self.tally.throttled,
        )
        jobs: list[tuple[Any, ...]] = [
            (self._list, batches, listing, first),
            *[(self._delete, batches)] * self.pace.most_in_flight,
        ]
        workers = [threading.Thread(target=self._guarded, args=job, name="emptying", daemon=True) for job in jobs]
        for worker in workers:
            worker.start()
        try:
            for worker in workers:
                while worker.is_alive():
                    worker.join(_POLL)
                    self.report()
        except BaseException as interruption:
            self.tally.halt(interruption)
            for worker in workers:
                worker.join()
            raise
        self._raise()

    def _guarded(self, work: Callable[..., None], *arguments: Any) -> None:
        """No thread dies unseen: what it raises ends the run and is raised where the run was started."""
        try:
            work(*arguments)
        except BaseException as failure:
            self.tally.halt(failure)

    def _raise(self) -> None:
        problem = self.tally.problem
        if isinstance(problem, Rejected | Unanswered):
            left = self.tally.seen - self.tally.settled
            so_far = replace(self.tally.outcome(), left=left, finished=False)
            raise BucketRefused(self.bucket, problem.code, problem.message, so_far) from problem
        if problem is not None:
            raise problem

    def _list(self, batches: Batches, listing: Listing, first: Page) -> None:
        """Lists with as many threads as the pace allows, and tells the deleters when there is no more."""
        if listing.begin(first):
            others = [
                threading.Thread(target=self._guarded, args=(listing.work,), name="emptying", daemon=True)
                for _ in range(self.pace.listers - 1)
            ]
            for other in others:
                other.start()
            try:
                listing.work()
            finally:
                for other in others:
                    other.join()
        self._put(batches, None)

    def _offer(self, batches: Batches, entries: tuple[Entry, ...]) -> bool:
        self.tally.saw(len(entries))
        return all(self._put(batches, batch) for batch in _batches(entries))

    def _put(self, batches: Batches, batch: tuple[Entry, ...] | None) -> bool:
        while not self.tally.halted():
            try:
                batches.put(batch, timeout=_POLL)
            except queue.Full:
                continue
            return True
        return False

    def _delete(self, batches: Batches) -> None:
        while not self.tally.halted():
            try:
                batch = batches.get(timeout=_POLL)
            except queue.Empty:
                continue
            if batch is None:
                batches.put(None)
                return
            self.deleter.settle(batch)


def _batches(entries: tuple[Entry, ...]) -> Iterator[tuple[Entry, ...]]:
    """The entries as batches that a document can carry; a key that none can carry goes alone."""
    for entry in entries:
        if not carries(entry.key):
            yield (entry,)
    speakable = tuple(entry for entry in entries if carries(entry.key))
    for start in range(0, len(speakable), BATCH):
        yield speakable[start : start + BATCH]


def _reporter(
    on_progress: Callable[[Progress], object] | None, tally: Tally, clock: Callable[[], float]
) -> Callable[[], None]:
    began = clock()

    def report() -> None:
        if on_progress is None:
            return
        counts = tally.outcome()
        on_progress(Progress(counts.versions + counts.markers, counts.failed, counts.throttled, clock() - began))

    return report
