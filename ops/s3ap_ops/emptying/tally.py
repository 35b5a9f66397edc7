"""What a run has done so far, counted by all of its threads, and whether it is to end."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace

from s3ap_ops.emptying.documents import Entry
from s3ap_ops.emptying.outcome import FAILURES_KEPT, Emptied, KeyFailure
from s3ap_ops.emptying.wire import NO_BUCKET, Rejected


class Tally:
    """The counts of a run. Failures of versions are those of the last pass: each pass tries them all again."""

    def __init__(self, stop: threading.Event | None) -> None:
        self._lock = threading.Lock()
        self._stop = stop
        self._halt = threading.Event()
        self._counts = Emptied()
        self._failures: list[KeyFailure] = []
        self._failed = 0
        self.problem: BaseException | None = None
        self.bucket_gone = False
        self.seen = 0
        self.settled = 0

    def halted(self) -> bool:
        """Whether no new request may start: asked to stop, failed, or the bucket is gone."""
        return self._halt.is_set() or (self._stop is not None and self._stop.is_set())

    def halt(self, problem: BaseException | None = None) -> None:
        """Ends the run; the first problem is the one that is told. A bucket that is gone is none."""
        with self._lock:
            if isinstance(problem, Rejected) and problem.code == NO_BUCKET:
                self.bucket_gone = True
            elif self.problem is None:
                self.problem = problem
        self._halt.set()

    def begin_pass(self) -> None:
        with self._lock:
            self._counts = replace(self._counts, passes=self._counts.passes + 1)
            self._failures.clear()
            self._failed = 0
            self.seen = 0
            self.settled = 0

    def saw(self, entries: int) -> None:
        with self._lock:
            self.seen += entries

    def deleted(self, entries: Iterable[Entry]) -> None:
        marked = [entry.marker for entry in entries]
        markers = sum(marked)
        with self._lock:
            self.settled += len(marked)
            self._counts = replace(
                self._counts,
                versions=self._counts.versions + len(marked) - markers,
                markers=self._counts.markers + markers,
            )

    def gave_up(self, failures: Sequence[KeyFailure]) -> None:
        with self._lock:
            self._failed += len(failures)
            self._failures.extend(failures[: max(0, FAILURES_KEPT - len(self._failures))])

    def throttled(self) -> None:
        with self._lock:
            self._counts = replace(self._counts, throttled=self._counts.throttled + 1)

    def outcome(self) -> Emptied:
        """The counts of now; uploads, what is left and whether the run finished are for the caller to add."""
        with self._lock:
            return replace(self._counts, failures=tuple(self._failures), failed=self._failed)
