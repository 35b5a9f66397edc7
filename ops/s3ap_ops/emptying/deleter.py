"""One batch, from its first request until each of its entries is deleted or given up.

A deletion of a version may be repeated: the second finds nothing to do. A request whose answer is lost is sent again.
"""

from __future__ import annotations

from dataclasses import dataclass

from s3ap_ops.emptying.documents import Entry, carries
from s3ap_ops.emptying.outcome import KeyFailure
from s3ap_ops.emptying.pacing import Gate
from s3ap_ops.emptying.persistence import jitter
from s3ap_ops.emptying.tally import Tally
from s3ap_ops.emptying.wire import ABSENT, NO_BUCKET, PASSING, THROTTLES, Rejected, Unanswered, Wire


@dataclass(frozen=True, slots=True)
class Deleter:
    """Sends batches through the gate and tells the tally what became of them; used by several threads at once."""

    wire: Wire
    tally: Tally
    gate: Gate
    attempts: int

    def settle(self, entries: tuple[Entry, ...]) -> None:
        """Sends one batch until each of its entries is deleted or given up."""
        attempt = 0
        while entries:
            ticket = self.gate.enter(len(entries))
            if ticket is None:
                return
            try:
                refused = self._send(entries)
            except Unanswered as failure:
                self.gate.ended()
                reason: Rejected | Unanswered = failure
            except Rejected as failure:
                if failure.throttled:
                    if self._throttled(ticket, entries, failure):
                        continue
                    return
                self.gate.ended()
                if failure.code == "MalformedXML" and len(entries) > 1:
                    self.settle(entries[: len(entries) // 2])  # some key is at fault; the others need not wait for it
                    self.settle(entries[len(entries) // 2 :])
                    return
                if not failure.passing:
                    self._refused(entries, failure)
                    return
                reason = failure
            except BaseException:
                self.gate.ended()
                raise
            else:
                entries, reason = self._sorted(ticket, entries, refused)
                if not entries:
                    return
            attempt += 1
            if attempt >= self.attempts:
                self._give_up(entries, reason)
                return
            self.gate.pause(jitter(attempt))

    def _send(self, entries: tuple[Entry, ...]) -> tuple[KeyFailure, ...]:
        if len(entries) > 1 or carries(entries[0].key):
            return self.wire.delete_batch(entries)
        try:
            self.wire.delete_one(entries[0])
        except Rejected as failure:
            if failure.code not in ABSENT:
                raise
        return ()

    def _sorted(
        self, ticket: int, entries: tuple[Entry, ...], refused: tuple[KeyFailure, ...]
    ) -> tuple[tuple[Entry, ...], Rejected]:
        """The entries of an answered batch that are worth another try, and why; all others are accounted for."""
        slow = any(failure.code in THROTTLES for failure in refused)
        if slow:
            self.tally.throttled()
            self.gate.throttled(ticket)
        else:
            self.gate.succeeded(ticket)
        told = {(failure.key, failure.version_id): failure for failure in refused if failure.code not in ABSENT}
        reasons = {entry: told.get((entry.key, entry.version_id)) or told.get((entry.key, "")) for entry in entries}
        self.tally.deleted(entry for entry, failure in reasons.items() if failure is None)
        again: list[Entry] = []
        final: list[KeyFailure] = []
        reason = Rejected(200, "", "")
        for entry, failure in reasons.items():
            if failure is None:
                continue
            if failure.code in PASSING or failure.code in THROTTLES:
                again.append(entry)
                reason = Rejected(200, failure.code, failure.message)
            else:
                final.append(KeyFailure(entry.key, entry.version_id, failure.code, failure.message))
        self.tally.gave_up(final)
        return tuple(again), reason

    def _throttled(self, ticket: int, entries: tuple[Entry, ...], failure: Rejected) -> bool:
        """Whether the batch is to be tried again: a throttled one always is, until the run is out of patience."""
        self.tally.throttled()
        if self.gate.throttled(ticket):
            return True
        self._give_up(entries, failure)
        return False

    def _refused(self, entries: tuple[Entry, ...], failure: Rejected) -> None:
        """A single entry that is refused is its own failure; a refused batch speaks for the bucket and ends the run."""
        if len(entries) > 1 or failure.code == NO_BUCKET:
            raise failure
        self._give_up(entries, failure)

    def _give_up(self, entries: tuple[Entry, ...], reason: Rejected | Unanswered) -> None:
        self.tally.gave_up([KeyFailure(entry.key, entry.version_id, reason.code, reason.message) for entry in entries])
