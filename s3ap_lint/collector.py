"""What rules yield, turned into diagnostics: places resolved, code and severity stamped, fingerprints computed."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Protocol

from s3ap_lint import fingerprint
from s3ap_lint.accounts import masked
from s3ap_lint.budget import GaveUp
from s3ap_lint.diagnostic import Diagnostic, Place, PlacedEdit, PlacedFix
from s3ap_lint.directives import Directives
from s3ap_lint.incidents import Unparsable
from s3ap_lint.kept import Kept
from s3ap_lint.model import Edit, Finding, Location, Options, Rule, Severity, Unchecked, Unimport
from s3ap_lint.registry import Registry
from s3ap_lint.source import Source
from s3ap_lint.workspace import Workspace


class Surroundings(Protocol):
    """What a collector needs of the session it works for."""

    @property
    def registry(self) -> Registry: ...
    @property
    def workspace(self) -> Workspace: ...
    @property
    def codes(self) -> frozenset[str]: ...
    @property
    def options(self) -> Mapping[str, Options]: ...
    @property
    def kept(self) -> Kept | None: ...
    def wants_foreign(self, code: str) -> bool: ...
    def wants_strictly(self, code: str, paths: Iterable[str]) -> bool: ...


class Collector:
    """Runs rules on subjects and turns what they yield into diagnostics."""

    def __init__(self, session: Surroundings) -> None:
        self.session = session
        self.diagnostics: list[Diagnostic] = []
        self.unchecked: list[Unchecked] = []
        self.unread: list[Unchecked] = []
        self.closures: dict[str, list[tuple[str, Place]]] = {}
        self.directives: list[Directives] = []

    def direct(self, directives: Directives) -> None:
        """Take in the ignores of a file that has some."""
        if directives.found or directives.malformed:
            self.directives.append(directives)

    def run(self, subject: object) -> None:
        """Hand a subject to the rules for its type. A rule that crashes is a finding, never the end."""
        few = _strict_in(subject)
        for rule, detector in self.session.registry.by_subject.get(type(subject), ()):
            if rule.code not in self.session.codes:
                continue
            if few and not self.session.wants_strictly(rule.code, few):
                continue
            if self.session.kept is not None:
                self.session.kept.checkpoint()
            try:
                for finding in detector(subject, self.session.options[rule.code]):
                    self.add(finding, rule.code)
            except GaveUp as gave_up:
                place = self._whole(subject)
                self.unchecked.append(Unchecked(place.path, _name(subject), f"{rule.code} {gave_up}", place.line))
            except RecursionError:
                place = self._whole(subject)
                self.unchecked.append(
                    Unchecked(place.path, _name(subject), f"{rule.code}: nested too deeply", place.line)
                )
            except Exception as error:
                self._crashed(rule, subject, error)

    @contextmanager
    def giving_up(self, at: Location, what: str) -> Iterator[None]:
        """Say so when what is done inside needs more steps, or a deeper stack, than there are."""
        try:
            yield
        except (GaveUp, RecursionError) as error:
            reason = f"looking at it {error}" if isinstance(error, GaveUp) else "it is nested too deeply"
            place = self._place(at)
            self.unchecked.append(Unchecked(place.path, what, reason, place.line))

    def unreadable(self, what: str, at: Location, reason: str, severity: Severity | None = None) -> None:
        """Tell S3AP901 of a file in which nothing can be checked, and remember it for who does not want the rule."""
        self.run(Unparsable(at, reason, "nothing in it was checked", severity))
        place = self._place(at)
        self.unread.append(Unchecked(place.path, what, reason, place.line))

    def _whole(self, subject: object) -> Place:
        at = getattr(subject, "at", None)
        if isinstance(at, Location):
            return self._place(at)
        template = getattr(subject, "path", None) or getattr(subject, "folder", "")
        return Place(str(template))

    def _crashed(self, rule: Rule, subject: object, error: Exception) -> None:
        place = self._whole(subject)
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{last.filename.rsplit('/', 1)[-1]}:{last.lineno}"
        message = f"{rule.code} crashed on {_name(subject)}: {type(error).__name__}: {error} ({where})"
        known = self.session.registry.rules.get("S3AP902")
        self.diagnostics.append(
            Diagnostic("S3AP902", known.name if known else "rule-crashed", Severity.ERROR, message, place)
        )

    def add(self, finding: Finding, code: str) -> None:
        """Resolve a finding against its sources."""
        rule = self.session.registry.rules.get(code)
        if rule is None and not self.session.wants_foreign(code):
            return
        place = self._place(finding.at)
        logical, message = masked("/".join(finding.at.path)), masked(finding.message)
        self.diagnostics.append(
            Diagnostic(
                code=code,
                name=rule.name if rule else foreign_name(self.session.registry, code),
                severity=finding.severity or (rule.severity if rule else Severity.WARNING),
                message=message,
                place=place,
                logical_path=logical,
                related=tuple(self._place(at) for at in finding.related),
                flow=tuple(self._place(at) for at in finding.flow),
                scenario=finding.scenario,
                fix=self._fix(finding),
                fingerprint=fingerprint.structural(code, place.path, logical, message),
                group=finding.group and replace(finding.group, brief=masked(finding.group.brief)),
            )
        )

    def _fix(self, finding: Finding) -> PlacedFix | None:
        if finding.fix is None:
            return None
        changes = finding.fix.changes
        edits = [change for change in changes if isinstance(change, Edit)]
        placed = tuple(PlacedEdit(self._place(Location(e.subject, e.span), exact=True), e.text) for e in edits)
        unimports = tuple(change for change in changes if isinstance(change, Unimport))
        return PlacedFix(finding.fix.title, finding.fix.safety, placed, bool(unimports), unimports)

    def _place(self, location: Location, *, exact: bool = False) -> Place:
        source = self.session.workspace.read(location.subject)
        if isinstance(source, Source):
            return source.place(location, exact=exact)
        return Place(location.subject, message=location.note)


def foreign_name(registry: Registry, code: str) -> str:
    """The short name of an engine's code; the code itself where there is none."""
    entry = registry.catalogued(code)
    return entry.name if entry else code


def _strict_in(subject: Any) -> tuple[str, ...]:
    """The files of a subject that only strict rules look at; none of a subject that all do."""
    return tuple(subject.paths) if getattr(subject, "strict", False) else ()


def _name(subject: Any) -> str:
    return getattr(subject, "id", None) or getattr(subject, "path", None) or type(subject).__name__
