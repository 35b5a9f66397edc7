"""A finding as an editor shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from lsprotocol import types

import s3ap_lint
from s3ap_lint.diagnostic import Diagnostic, Place
from s3ap_lint.model import Severity
from s3ap_lint.server.places import Read, range_of, uri_of

SOURCE = "s3ap-lint"
SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}
UNNECESSARY = frozenset({"F401", "F811", "F841", "S3AP303", "S3AP903"})
"""Codes of what may go without anything missing it: editors fade it out."""

SHOWN = 50
"""How many related places an editor is told of."""


def shown_in(path: str, findings: Iterable[Diagnostic], is_open: Callable[[str], bool]) -> list[Diagnostic]:
    """The findings of a document: those in it, and those that have a related place in it while theirs is not open."""
    found = []
    for finding in findings:
        if finding.place.path == path:
            found.append(finding)
        elif not is_open(finding.place.path):
            here = next((place for place in (*finding.related, *finding.flow) if place.path == path), None)
            if here is not None:
                found.append(_from_elsewhere(finding, here))
    return found


def _from_elsewhere(finding: Diagnostic, here: Place) -> Diagnostic:
    """A finding whose place is in another file, at the place in this one that has to do with it."""
    there = replace(finding.place, message=finding.message)
    message = f"{finding.message} ({finding.place.path}:{finding.place.line})"
    return replace(finding, place=replace(here, message=""), message=message, related=(there, *finding.related))


def diagnostic(
    finding: Diagnostic,
    *,
    root: Path,
    read: Read,
    encoding: str,
    hrefs: Mapping[str, str],
    related: bool = True,
    tags: bool = True,
    described: bool = True,
) -> types.Diagnostic:
    """A finding in the protocol's words; the switches say what the client can show. Columns in `encoding`."""
    places = _elsewhere(finding)[:SHOWN] if related else []
    href = hrefs.get(finding.code) or page_uri(finding.code)
    scenario = f"\n{finding.scenario.text}" if finding.scenario is not None else ""
    return types.Diagnostic(
        range=range_of(finding.place, read, encoding),
        severity=SEVERITIES[finding.severity],
        code=finding.code,
        code_description=types.CodeDescription(href) if described and href else None,
        source=SOURCE,
        message=finding.message + scenario,
        tags=[types.DiagnosticTag.Unnecessary] if tags and finding.code in UNNECESSARY else None,
        related_information=[
            types.DiagnosticRelatedInformation(
                types.Location(uri_of(root / place.path), range_of(place, read, encoding)),
                place.message or finding.message,
            )
            for place in places
        ]
        or None,
        data={"fingerprint": finding.fingerprint, "name": finding.name},
    )


def _elsewhere(finding: Diagnostic) -> list[Place]:
    """The places that a finding is about besides its own, each once, in the order of the way that leads to it."""
    places: dict[tuple[str, int, int], Place] = {}
    for place in (*finding.flow, *finding.related):
        places.setdefault((place.path, place.start, place.end), place)
    places.pop((finding.place.path, finding.place.start, finding.place.end), None)
    return list(places.values())


PAGES = (Path(s3ap_lint.__file__).parent / "pages_of_rules", Path(s3ap_lint.__file__).parents[1] / "docs" / "rules")
"""Where the rules' pages lie: installed, and in a checkout."""


def page_uri(code: str) -> str:
    """Where a rule's page can be opened; "" for a rule without a page of ours."""
    found = (folder / f"{code}.md" for folder in PAGES)
    return next((uri_of(page) for page in found if page.is_file()), "")
