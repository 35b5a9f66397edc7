"""Fix what may be fixed, look again, and stop when nothing is left to do.

Files are never written here: what changed is handed back, for a diff, an editor or the disk.
"""

from __future__ import annotations

import ast
import tomllib
import warnings
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from s3ap_lint.diagnostic import Diagnostic, Report
from s3ap_lint.errors import NotSettled
from s3ap_lint.model import Edit, Span
from s3ap_lint.source import Source, apply
from s3ap_lint.template import document

ROUNDS = 10
CIRCLE = 4
"""As many rounds at the end say who undoes whose work."""

Look = Callable[[Mapping[str, bytes]], Report]
"""Check the project with some files changed; without changes, as it is."""


@dataclass(frozen=True)
class Settled:
    """The files that changed, with their bytes; what is left to report; whose fixes were applied, in order.

    `refused` are the findings whose fix would have broken a file: a fault of the rule.
    """

    files: Mapping[str, bytes]
    report: Report
    applied: tuple[Diagnostic, ...] = ()
    refused: tuple[Diagnostic, ...] = ()


def settle(
    look: Look,
    read: Callable[[str], bytes],
    wanted: Callable[[Diagnostic], bool] = lambda finding: True,
    rounds: int = ROUNDS,
) -> Settled:
    """Apply the wanted fixes until no finding offers another.

    `read` gives the bytes of a file as they were before. Raises NotSettled when fixes still change
    something after so many rounds.
    """
    project = _Project(read)
    applied: list[Diagnostic] = []
    latest: deque[list[Diagnostic]] = deque(maxlen=CIRCLE)
    refused: dict[str, Diagnostic] = {}
    for _ in range(rounds):
        report = look(dict(project.changed))
        accepted: list[Diagnostic] = []
        while not accepted:
            offers = (finding for finding in report.findings if finding.fix and wanted(finding))
            chosen = choose(finding for finding in offers if _identity(finding) not in refused)
            if not chosen:
                return Settled(project.differing, report, tuple(applied), tuple(refused.values()))
            accepted, broken = project.take(chosen)
            refused.update({_identity(finding): finding for finding in broken})
        applied += accepted
        latest.append(accepted)
    restless = [finding for accepted in latest for finding in accepted]
    raise NotSettled(_restless(restless, rounds), frozenset(finding.code for finding in restless))


def choose(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The findings, in order, whose fixes can be applied together.

    A fix with an edit that overlaps an edit of an earlier one, or inserts where one does, waits
    for the next round, unless it is the very same edit, which is then made once. So does every fix
    without edits, for a person.
    """
    taken: dict[str, list[Edit]] = {}
    chosen = []
    for finding in findings:
        edits = edits_of(finding)
        if not edits or any(_clashes(edit, taken.get(edit.subject, ())) for edit in edits):
            continue
        chosen.append(finding)
        for edit in edits:
            others = taken.setdefault(edit.subject, [])
            at = bisect_left(others, edit)
            if others[at : at + 1] != [edit]:
                others.insert(at, edit)
    return chosen


def _clashes(edit: Edit, taken: Sequence[Edit]) -> bool:
    """Whether an edit cannot be made together with others, which are sorted and do not overlap."""
    at = bisect_left(taken, edit)
    around = taken[max(0, at - 2) : at + 2]
    return edit not in around and any(_clash(edit.span, other.span) for other in around)


def edits_of(finding: Diagnostic) -> tuple[Edit, ...]:
    """What a finding's fix does to files; nothing when it has none."""
    placed = finding.fix.edits if finding.fix else ()
    return tuple(Edit(edit.place.path, Span(edit.place.start, edit.place.end), edit.text) for edit in placed)


def applied_to(data: bytes, path: str, findings: Iterable[Diagnostic]) -> bytes:
    """The bytes of a file after the fixes of some findings. Raises ValueError when their edits overlap."""
    return apply(data, {edit for finding in findings for edit in edits_of(finding) if edit.subject == path})


def problems(path: str, data: bytes) -> int | None:
    """How much is wrong with the syntax of a template, TOML or Python file; None when it does not parse at all."""
    if path.endswith(".py"):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ast.parse(data)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        return 0
    if path.endswith(".toml"):
        try:
            tomllib.loads(data.decode("utf-8-sig").replace("\r\n", "\n"))
        except (ValueError, RecursionError):
            return None
        return 0
    if path.endswith((".yaml", ".yml", ".json", ".template", ".cfn", ".cform")):
        parsed = document.parse(Source(path, data))
        return None if parsed.top is None else len(parsed.problems)
    return 0


def _clash(one: Span, other: Span) -> bool:
    if one.start == one.end or other.start == other.end:  # an insertion: at the edge of the other, the order is open
        return one.start <= other.end and other.start <= one.end
    return one.start < other.end and other.start < one.end


@dataclass
class _Project:
    """The files as they were, and as they are by now."""

    read: Callable[[str], bytes]
    before: dict[str, bytes] = field(default_factory=dict)
    changed: dict[str, bytes] = field(default_factory=dict)
    known: dict[str, tuple[bytes, int | None]] = field(default_factory=dict)

    @property
    def differing(self) -> dict[str, bytes]:
        """The files that are not what they were."""
        return {path: data for path, data in self.changed.items() if data != self.before[path]}

    def take(self, chosen: list[Diagnostic]) -> tuple[list[Diagnostic], list[Diagnostic]]:
        """Apply fixes that go together; the findings whose fixes were, and those whose fix breaks a file by itself.

        A fix that breaks a file only beside others waits for the next round.
        """
        sound = [finding for group in _apart(chosen) for finding in self._sound(group, [])]
        kept = set(map(id, sound))
        accepted = [finding for finding in chosen if id(finding) in kept]
        broken = [finding for finding in chosen if id(finding) not in kept and self._after([finding]) is None]
        self.changed.update(self._after(sound) or {})
        return accepted, broken

    def _sound(self, findings: list[Diagnostic], before: list[Diagnostic]) -> list[Diagnostic]:
        """Some fixes, and behind them those of others that break nothing beside them; found by halves."""
        together = [*before, *findings]
        if self._after(together) is not None:
            return together
        if len(findings) == 1:
            return before
        half = len(findings) // 2
        return self._sound(findings[half:], self._sound(findings[:half], before))

    def _after(self, findings: list[Diagnostic]) -> dict[str, bytes] | None:
        """The files that some fixes change, as they would be; None when one would break."""
        after: dict[str, bytes] = {}
        for path in dict.fromkeys(edit.subject for finding in findings for edit in edits_of(finding)):
            now = self._now(path)
            try:
                after[path] = applied_to(now, path, findings)
            except ValueError:  # edits of one fix overlap
                return None
            if _harmed(self._wrong(path, now), problems(path, after[path])):
                return None
        return after

    def _wrong(self, path: str, now: bytes) -> int | None:
        """How much is wrong with a file as it is, worked out once."""
        if self.known.get(path, (b"", None))[0] is not now:
            self.known[path] = now, problems(path, now)
        return self.known[path][1]

    def _now(self, path: str) -> bytes:
        if path not in self.before:
            self.before[path] = self.read(path)
        return self.changed.get(path, self.before[path])


def _apart(findings: Iterable[Diagnostic]) -> list[list[Diagnostic]]:
    """Findings whose fixes change the same files, together."""
    groups: list[tuple[set[str], list[Diagnostic]]] = []
    for finding in findings:
        paths = {edit.subject for edit in edits_of(finding)}
        near = [group for group in groups if not group[0].isdisjoint(paths)]
        groups = [group for group in groups if group[0].isdisjoint(paths)]
        groups.append((paths.union(*(one for one, _ in near)), [*(one for _, old in near for one in old), finding]))
    return [group for _, group in groups]


def _harmed(before: int | None, after: int | None) -> bool:
    """Whether a file that parsed no longer does, or a key now stands twice."""
    return before is not None and (after is None or after > before)


def _identity(finding: Diagnostic) -> str:
    return f"{finding.fingerprint}\0{finding.message}\0{finding.fix.title if finding.fix else ''}"


def _restless(last: list[Diagnostic], rounds: int) -> str:
    names = sorted({f"{finding.code} in {finding.place.path}" for finding in last})
    return f"after {rounds} rounds fixes still change files ({', '.join(names)}); they undo each other's work"
