"""Fix what may be fixed, look again, and stop when nothing is left to do.

Files are never written here: what changed is handed back, for a diff, an editor or the disk.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from s3ap_lint.diagnostic import Diagnostic, PlacedFix, Report
from s3ap_lint.errors import NotSettled
from s3ap_lint.model import Edit, Span
from s3ap_lint.source import Source, apply
from s3ap_lint.template import document

ROUNDS = 10

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
    wanted: Callable[[PlacedFix], bool] = lambda fix: True,
    rounds: int = ROUNDS,
) -> Settled:
    """Apply the wanted fixes until no finding offers another.

    `read` gives the bytes of a file as they were before. Raises NotSettled when fixes still change
    something after so many rounds.
    """
    project = _Project(read)
    applied: list[Diagnostic] = []
    refused: dict[str, Diagnostic] = {}
    for _ in range(rounds):
        report = look(dict(project.changed))
        accepted: list[Diagnostic] = []
        while not accepted:
            offers = (finding for finding in report.findings if finding.fix and wanted(finding.fix))
            chosen = choose(finding for finding in offers if _identity(finding) not in refused)
            if not chosen:
                return Settled(project.differing, report, tuple(applied), tuple(refused.values()))
            accepted = project.take(chosen)
            refused.update({_identity(finding): finding for finding in chosen if finding not in accepted})
        applied += accepted
    raise NotSettled(_restless(applied, rounds))


def choose(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The findings, in order, whose fixes can be applied together.

    A fix with an edit that overlaps an edit of an earlier one, or inserts where one does, waits
    for the next round, unless it is the very same fix. So does every fix without edits, for a person.
    """
    taken: dict[str, list[Span]] = {}
    chosen = []
    made: set[tuple[Edit, ...]] = set()
    for finding in findings:
        edits = edits_of(finding)
        if edits and edits in made:
            chosen.append(finding)
            continue
        if not edits or any(_clash(edit.span, span) for edit in edits for span in taken.get(edit.subject, ())):
            continue
        chosen.append(finding)
        made.add(edits)
        for edit in edits:
            taken.setdefault(edit.subject, []).append(edit.span)
    return chosen


def edits_of(finding: Diagnostic) -> tuple[Edit, ...]:
    """What a finding's fix does to files; nothing when it has none."""
    placed = finding.fix.edits if finding.fix else ()
    return tuple(Edit(edit.place.path, Span(edit.place.start, edit.place.end), edit.text) for edit in placed)


def applied_to(data: bytes, path: str, findings: Iterable[Diagnostic]) -> bytes:
    """The bytes of a file after the fixes of some findings, a fix that several share made once.

    Raises ValueError when their edits overlap.
    """
    fixes = dict.fromkeys(edits_of(finding) for finding in findings)
    return apply(data, [edit for edits in fixes for edit in edits if edit.subject == path])


def problems(path: str, data: bytes) -> int | None:
    """How much is wrong with the syntax of a template or Python file; None when it does not parse at all."""
    if path.endswith(".py"):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ast.parse(data)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
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

    @property
    def differing(self) -> dict[str, bytes]:
        """The files that are not what they were."""
        return {path: data for path, data in self.changed.items() if data != self.before[path]}

    def take(self, chosen: list[Diagnostic]) -> list[Diagnostic]:
        """Apply fixes that go together, without those that break a file; the findings whose fixes were applied."""
        after = self._after(chosen)
        if after is None:
            accepted: list[Diagnostic] = []
            for finding in chosen:
                if self._after([*accepted, finding]) is not None:
                    accepted.append(finding)
            chosen, after = accepted, self._after(accepted)
        self.changed.update(after or {})
        return chosen

    def _after(self, findings: list[Diagnostic]) -> dict[str, bytes] | None:
        """The files that some fixes change, as they would be; None when one would break."""
        after: dict[str, bytes] = {}
        for path in dict.fromkeys(edit.subject for finding in findings for edit in edits_of(finding)):
            now = self._now(path)
            try:
                after[path] = applied_to(now, path, findings)
            except ValueError:  # edits of one fix overlap
                return None
            if _harmed(problems(path, now), problems(path, after[path])):
                return None
        return after

    def _now(self, path: str) -> bytes:
        if path not in self.before:
            self.before[path] = self.read(path)
        return self.changed.get(path, self.before[path])


def _harmed(before: int | None, after: int | None) -> bool:
    """Whether a file that parsed no longer does, or a key now stands twice."""
    return before is not None and (after is None or after > before)


def _identity(finding: Diagnostic) -> str:
    return f"{finding.fingerprint}\0{finding.message}\0{finding.fix.title if finding.fix else ''}"


def _restless(applied: list[Diagnostic], rounds: int) -> str:
    last = sorted({f"{finding.code} in {finding.place.path}" for finding in applied[-5:]})
    return f"after {rounds} rounds fixes still change files ({', '.join(last)}); they undo each other's work"
