"""What was found in the two halves of a pair: which findings only one of them has, because the other was mended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from s3ap_lint.diagnostic import Diagnostic, Place
from s3ap_lint.difference import grants
from s3ap_lint.difference.differences import Difference, Kind
from s3ap_lint.difference.scope import Scope
from s3ap_lint.iam import Role, roles
from s3ap_lint.model import Location, Span
from s3ap_lint.template.template import Template
from s3ap_lint.twins import Twins

_OURS = re.compile(r"S3AP[1-6]\d\d")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{2,}")
_ACTION = re.compile(r"[a-z0-9-]+:[A-Z][A-Za-z]*")
_PERMISSIONS = ("S3AP1", "S3AP4")
_SECTIONS = ("Resources", "Parameters", "Conditions", "Outputs")

Home = tuple[str, str]
"""A section of a template and a name in it: ("Resources", "WriterRole")."""


@dataclass(frozen=True)
class MendedInOne:
    """A finding that one half still has (the source: 0, the other: 1), and what explains that the other has not.

    There is at least one difference. `at` is where the finding stands in the half that has it.
    """

    diagnostic: Diagnostic
    side: int
    id: str
    at: Location
    differences: tuple[Difference, ...]

    @property
    def mended_at(self) -> Location:
        """Where the half that does not have it says so."""
        return self.differences[0].at(1 - self.side)


@dataclass(eq=False)
class TwinReport:
    """A pair and all that was found in its application; `standing` is what of it is selected and not ignored.

    `remarks` are the codes of strict rules, which are about no faults, and say nothing of what was mended.
    """

    twins: Twins
    found: tuple[Diagnostic, ...]
    standing: frozenset[Diagnostic]
    remarks: frozenset[str] = frozenset()

    @property
    def at(self) -> Location:
        """The half that is made from the other."""
        return self.twins.at

    @cached_property
    def mended(self) -> tuple[MendedInOne, ...]:
        """The findings of one half that the other was freed of, one for each code of each resource.

        Only where nothing of the same family (S3AP1xx, …) was found there, and the halves differ in something that
        the finding is about: a half that has another fault in its place, or does without the whole, was not mended.
        """
        out: dict[object, MendedInOne] = {}
        for one in self._mended():
            out.setdefault((one.diagnostic.code, one.side, one.id), one)
        return tuple(out.values())

    def _mended(self) -> Iterator[MendedInOne]:
        ours = [d for d in self.found if _OURS.fullmatch(d.code) and d.code not in self.remarks]
        homes = {d: self._homes(d) for d in ours}
        told = {(d.code[:5], *found) for d in ours for found in (*homes[d], *self._around(d))}
        for d in ours:
            if len(homes[d]) != 1 or d not in self.standing:
                continue
            ((side, home),) = homes[d]
            pair = self._roles(side, home)
            theirs = {home, ("Resources", pair[1 - side].id)} if pair else {home}
            if any((d.code[:5], 1 - side, other) in told for other in theirs):
                continue
            if not any(self._templates[1 - side].top[section][name] for section, name in theirs):
                continue
            about = theirs | {found for other, found in self._around(d) if other == side}
            every = (*self.twins.differences, *self._granted(pair))
            differences = [one for one in every if _explains(one, d, home, about, side)]
            if d.code[:5] in _PERMISSIONS and any(one.kind is Kind.GRANT for one in differences):
                differences = [one for one in differences if one.kind is Kind.GRANT]
            differences.sort(key=lambda one: not one.nodes[1 - side])  # what the mended half says comes first
            if differences:
                yield MendedInOne(d, side, home[1], self._at(d, side, home), tuple(differences))

    def _roles(self, side: int, home: Home) -> tuple[Role, Role] | None:
        """The role that a finding is on and the other half's in its place, where SAM makes one of the two."""
        own = self._every_role[side].get(home[1]) if home[0] == "Resources" else None
        users = {user.id for user in own.users} if own is not None else set()
        found = [role for role in self._every_role[1 - side].values() if users & {user.id for user in role.users}]
        if own is None or len(found) != 1 or own.is_implicit == found[0].is_implicit:
            return None
        return (own, found[0]) if side == 0 else (found[0], own)

    @cached_property
    def _every_role(self) -> tuple[dict[str, Role], dict[str, Role]]:
        one, other = ({role.id: role for role in roles(template)} for template in self._templates)
        return one, other

    def _granted(self, pair: tuple[Role, Role] | None) -> tuple[Difference, ...]:
        """What only one of two roles grants; of a role that both halves have it is told already."""
        if pair is None:
            return ()
        ids = pair[0].id, pair[1].id
        if ids not in self._told:
            self._told[ids] = tuple(grants.of_roles(*pair, Scope(*self._templates, by_name=True)))
        return self._told[ids]

    @cached_property
    def _told(self) -> dict[tuple[str, str], tuple[Difference, ...]]:
        return {}

    @property
    def _templates(self) -> tuple[Template, Template]:
        return self.twins.pair.source, self.twins.pair.generated

    def _at(self, diagnostic: Diagnostic, side: int, home: Home) -> Location:
        template, place = self._templates[side], diagnostic.place
        if place.path != template.path:
            return template.top[home[0]][home[1]].key_at
        return Location(place.path, Span(place.start, place.end), tuple(diagnostic.logical_path.split("/")))

    def _homes(self, diagnostic: Diagnostic) -> set[tuple[int, Home]]:
        """In which half a finding is and of what: where it stands, or else what its related places are in."""
        if diagnostic.place.path not in self.twins.paths:
            return self._around(diagnostic)
        section, _, rest = diagnostic.logical_path.partition("/")
        own = (section, rest.partition("/")[0])
        return {(self.twins.paths.index(diagnostic.place.path), own)} if section in _SECTIONS else set()

    def _around(self, diagnostic: Diagnostic) -> set[tuple[int, Home]]:
        """What the related places of a finding are in."""
        return {home for place in diagnostic.related if (home := self._home(place)) is not None}

    def _home(self, place: Place) -> tuple[int, Home] | None:
        if place.path not in self.twins.paths:
            return None
        side = self.twins.paths.index(place.path)
        for section in _SECTIONS:
            for name, node in self._templates[side].top[section].items():
                if node.key_span is not None and node.key_span.start <= place.start < node.span.end:
                    return side, (section, name)
        return None


def _explains(difference: Difference, finding: Diagnostic, home: Home, about: set[Home], side: int) -> bool:
    """Whether a finding of one half is about something that the halves differ in."""
    own = (difference.one or difference.other).path[:2]
    kind, words = difference.kind, set(_WORD.findall(_said(finding)))
    whole = bool(difference.one and difference.other)
    if own not in about:
        return False
    if kind in (Kind.DEFAULT, Kind.PARAMETER):
        return (home == own or finding.code.startswith("S3AP2")) and ("." in difference.name or whole)
    if kind is Kind.GRANT:
        return _grants(difference, finding, side)
    if kind in (Kind.VARIABLE, Kind.STATE):
        return difference.name.rpartition(".")[2] in words
    if kind in (Kind.RESOURCE, Kind.CONDITION):
        texts = " ".join((difference.name.rpartition(".")[2], *difference.said))
        return ("." in difference.name or whole) and not words.isdisjoint(_WORD.findall(texts))
    if home[0] == "Resources" and finding.code[:5] in _PERMISSIONS and "Policies" in difference.name:
        return False  # policies as a whole, which are not the same on a role and on a function
    named = difference.name.rpartition(".")[2] in words
    return own == home and (named or _overlap(difference.nodes[side].path, finding))


def _grants(difference: Difference, finding: Diagnostic, side: int) -> bool:
    """Whether a finding is about a grant that the mended half has, or in S3AP2xx that it has no more."""
    _, _, grant = difference.name.partition(": ")
    if not set(_ACTION.findall(_said(finding))) & set(_ACTION.findall(grant)):
        return False
    if finding.code.startswith("S3AP2"):
        return _overlap(difference.nodes[side].path, finding)
    allows = bool(difference.nodes[1 - side]) and not grant.startswith("Deny ")
    return allows and (not finding.code.startswith("S3AP1") or ":accesspoint/" in grant)


def _said(finding: Diagnostic) -> str:
    return " ".join((finding.message, *(place.message for place in finding.related)))


def _overlap(path: tuple[str, ...], finding: Diagnostic) -> bool:
    """Whether one of two places holds the other, below the properties of a resource."""
    theirs = tuple(finding.logical_path.split("/"))
    depth = min(len(path), len(theirs))
    return depth > 3 and path[:depth] == theirs[:depth]
