"""What `--fix` and `--diff` do with a run: apply the fixes that are wanted, in memory, and write the files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from s3ap_lint.diagnostic import Diagnostic, Report
from s3ap_lint.disk import Replacement, replace_files
from s3ap_lint.errors import NotSettled
from s3ap_lint.model import Safety
from s3ap_lint.run import Run
from s3ap_lint.settle import Settled, edits_of, settle

Accepted = Callable[[Report], Report]


@dataclass(frozen=True)
class Wish:
    """Which fixes to apply: those of a safety, whose edits all lie in files that may be changed.

    `never` are rules whose fixes undo each other's work.
    """

    safeties: frozenset[Safety]
    may_change: Callable[[str], bool]
    never: frozenset[str] = frozenset()

    def __call__(self, finding: Diagnostic) -> bool:
        fix = finding.fix
        return (
            fix is not None
            and fix.safety in self.safeties
            and finding.code not in self.never
            and all(self.may_change(edit.place.path) for edit in fix.edits)
        )


def wish(run: Run, *, unsafe: bool, only: str | None = None) -> Wish:
    """The fixes that the command line asks for. `only` is the path of a buffer, beside which no file is changed."""
    safeties = {Safety.SAFE, Safety.REVIEW} if unsafe else {Safety.SAFE}
    return Wish(frozenset(safeties), only.__eq__ if only is not None else run.found.reported)


@dataclass(frozen=True)
class Fixed:
    """What came of the fixes: `files` that changed, and as they were read `before`.

    `restless` are rules none of whose fixes was applied, because they undo each other's work; `refused` are
    files that could not be written, each with the reason as the end of a sentence.
    """

    settled: Settled
    before: Mapping[str, bytes]
    restless: frozenset[str] = frozenset()
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def files(self) -> Mapping[str, bytes]:
        """The files that changed, with their bytes."""
        return self.settled.files

    @property
    def report(self) -> Report:
        """What is left to report, with the findings that are gone."""
        return replace(self.settled.report, fixed=self.settled.applied)


def fixed(run: Run, wanted: Wish, accepted: Accepted = lambda report: report) -> Fixed:
    """Apply the wanted fixes to the files of a run, in memory; `accepted` takes known findings out of a report."""
    run.hold()
    try:
        settled = _settled(run, wanted, accepted)
    except NotSettled as error:
        wanted = replace(wanted, never=wanted.never | error.codes)
        settled = _settled(run, wanted, accepted)
    return Fixed(settled, {path: run.read(path) for path in settled.files}, wanted.never)


def _settled(run: Run, wanted: Wish, accepted: Accepted) -> Settled:
    """Settle under our own rules, which is cheap, then once more under all, which usually finds nothing to do."""
    first = settle(lambda changed: accepted(run.look(changed, engines=False)), run.read, wanted)
    if not run.has_engines:
        return first

    def look(changed: Mapping[str, bytes]) -> Report:
        return accepted(run.look({**first.files, **changed}))

    last = settle(look, lambda path: first.files[path] if path in first.files else run.read(path), wanted)
    files = {path: data for path, data in {**first.files, **last.files}.items() if data != run.read(path)}
    return Settled(files, last.report, (*first.applied, *last.applied), (*first.refused, *last.refused))


def write(run: Run, done: Fixed) -> Fixed:
    """Replace the files that changed, those that one fix changes together all or none; what was really done."""
    changes = {path: Replacement(path, done.before[path], after) for path, after in sorted(done.files.items())}
    groups = _together(changes, done.settled.applied)
    refused = replace_files(run.config.root, [[changes[path] for path in group] for group in groups])
    if not refused:
        return done
    kept = {path: data for path, data in done.files.items() if path not in refused}
    applied = tuple(f for f in done.settled.applied if all(edit.subject in kept for edit in edits_of(f)))
    return replace(done, settled=replace(done.settled, files=kept, applied=applied), refused=refused)


def _together(paths: Iterable[str], applied: Iterable[Diagnostic]) -> list[list[str]]:
    """The paths in groups: two are in one when a fix changes both."""
    group = {path: [path] for path in paths}
    for finding in applied:
        first, *others = sorted({edit.subject for edit in edits_of(finding)} & group.keys()) or [""]
        for other in others:
            if group[other] is not group[first]:
                group[first] += group[other]
                group.update(dict.fromkeys(group[other], group[first]))
    return list({id(one): sorted(one) for one in group.values()}.values())
