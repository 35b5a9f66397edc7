"""Which templates are two ways to write one application, why they count as such, and in what they differ."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import combinations
from posixpath import basename, dirname, join, normpath

from s3ap_lint.application import Application
from s3ap_lint.difference import declared
from s3ap_lint.difference.differences import Difference
from s3ap_lint.difference.plain import PLAIN_TYPES
from s3ap_lint.model import Fix, Location
from s3ap_lint.resolution import FUNCTION_TYPES
from s3ap_lint.settings import Pair
from s3ap_lint.sync.carry import Carrier
from s3ap_lint.template.node import Node
from s3ap_lint.template.template import Template

ALIKE = 0.5
"""The part of all resources that two templates must have in common to be taken for one application in two ways."""

_SUFFIX = re.compile(r"[-_.](?:deploy(?:ment)?|cfn|cloudformation|raw|plain|sam|packaged|generated|expanded)$")
_MADE = re.compile(r"\b(?:auto-?)?generated (?:from|by)\b|\bdo not edit\b|自動生成", re.IGNORECASE)
_HEAD = 20  # lines in which a file says where it comes from


class Told(Enum):
    """What tells that two templates are a pair."""

    CONFIGURED = "the setting pairs"
    HEADER = "its header"
    LIKENESS = "their likeness"


@dataclass(frozen=True)
class TwinPair:
    """Two templates that must mean the same: the one people edit, the one made from it, and what tells so.

    Of a pair that only likeness tells, the source is assumed.
    """

    source: Template
    generated: Template
    told: Told

    @property
    def paths(self) -> tuple[str, str]:
        """The path of the source, and that of the other half."""
        return self.source.path, self.generated.path


@dataclass(eq=False)
class Twins:
    """A pair and the application it is of; in what its halves differ is worked out when somebody asks.

    `beside` is the application of the half that lies in another folder, if one does.
    """

    pair: TwinPair
    application: Application
    beside: Application | None = None

    @property
    def strict(self) -> bool:
        """Whether only those look at it who want strict rules: nobody said that it is a pair."""
        return self.pair.told is Told.LIKENESS

    @property
    def at(self) -> Location:
        """The half that is made from the other."""
        return Location(self.pair.generated.path)

    @property
    def paths(self) -> tuple[str, str]:
        """The path of the source, and that of the other half."""
        return self.pair.paths

    @cached_property
    def names(self) -> tuple[str, str]:
        """What the halves are called: by their names, or their paths where these are the same."""
        one, other = map(basename, self.paths)
        return (one, other) if one != other else self.paths

    @property
    def differences(self) -> Sequence[Difference]:
        """In what the source (first) and the other half are not the same, but for what they differ in on purpose."""
        return self._compared[0]

    @property
    def undecided(self) -> Sequence[Node]:
        """What could not be compared, because there are too many scenarios to look at."""
        return self._compared[1]

    @property
    def compared(self) -> bool:
        """Whether somebody asked for the differences."""
        return "_compared" in self.__dict__

    def carried(self, difference: Difference, into: int = 1) -> Fix | None:
        """The fix that carries one difference over into the source (0) or the other half (1); None where none does.

        Nothing is offered for a pair that nobody said is one.
        """
        if self.strict:
            return None
        return self._carriers[into].fix(difference if into else difference.swapped)

    @cached_property
    def _carriers(self) -> tuple[Carrier, Carrier]:
        one, other = self.pair.source, self.pair.generated
        return Carrier(other, one, self.application), Carrier(one, other, self.application)

    @cached_property
    def _compared(self) -> tuple[tuple[Difference, ...], tuple[Node, ...]]:
        comparison = declared.compared(self.pair.source, self.pair.generated, self.application, self.beside)
        return tuple(comparison.differences()), tuple(comparison.undecided)


# -- which templates are pairs --------------------------------------------------------------------------


def halves(pair: Pair, folder: str) -> tuple[str, str] | None:
    """The files that a configured pair is about, source first, as far as a folder has to do with it.

    Two names without a slash are a pair in every folder that has both; else both are paths below the root, "./name"
    being the file at the root itself. None: it is not about files of this folder.
    """
    if everywhere(pair):
        return join(folder, pair.source), join(folder, pair.generated)
    paths = normpath(pair.source), normpath(pair.generated)
    return paths if folder in map(dirname, paths) else None


def everywhere(pair: Pair) -> bool:
    """Whether a configured pair is one in every folder that has both files."""
    return "/" not in pair.source and "/" not in pair.generated


def pairs(
    templates: Sequence[Template],
    configured: Iterable[Pair] = (),
    load: Callable[[str], Template | None] = lambda path: None,
) -> list[TwinPair]:
    """The pairs that the templates of one folder are in: those of the settings, of headers, and the likely ones.

    `load` gives the template at a path that is none of these, None where there is none. A template is made from one
    other; the most exact setting counts, then a header, then likeness. Nothing is likely about a template that is in
    a pair already.
    """
    found = [*_configured(templates, configured, load)]
    taken = {frozenset(pair.paths) for pair in found}
    made = {pair.generated.path for pair in found}
    said = [pair for pair in _said(templates) if pair.generated.path not in made]
    found += [pair for pair in said if frozenset(pair.paths) not in taken]
    paired = {path for pair in found for path in pair.paths}
    for a, b in alike([template for template in templates if template.path not in paired]):
        source, generated = (b, a) if is_plain(b) and not is_plain(a) else (a, b)
        found.append(TwinPair(source, generated, Told.LIKENESS))
    return sorted(found, key=lambda pair: pair.paths)


def _configured(
    templates: Sequence[Template], configured: Iterable[Pair], load: Callable[[str], Template | None]
) -> Iterator[TwinPair]:
    known = {template.path: template for template in templates}
    taken: set[frozenset[str]] = set()
    for pair in sorted(configured, key=everywhere):
        for folder in sorted({dirname(path) for path in known}):
            paths = halves(pair, folder)
            if paths is None or known.keys().isdisjoint(paths) or frozenset(paths) in taken:
                continue
            source, generated = (known.get(path) or load(path) for path in paths)
            if source is not None and generated is not None:
                taken.add(frozenset(paths))
                yield TwinPair(source, generated, Told.CONFIGURED)


# -- what a header says ---------------------------------------------------------------------------------


def says_made(template: Template) -> bool:
    """Whether comments at the top say that the file is generated."""
    return any(map(_MADE.search, _comments(template)))


def _said(templates: Sequence[Template]) -> Iterator[TwinPair]:
    """The pairs of which one half says that it is generated from the other."""
    for generated in templates:
        head = " ".join(_comments(generated))
        if not _MADE.search(head):
            continue
        sources = [one for one in templates if one is not generated and _names(head, basename(one.path))]
        if len(sources) == 1 and not _names(" ".join(_comments(sources[0])), basename(generated.path)):
            yield TwinPair(sources[0], generated, Told.HEADER)


def _names(head: str, name: str) -> bool:
    """Whether a header says that a file is what it was made from."""
    named = rf"[`'\"]?(?:\./)?{re.escape(name)}(?![\w-]|\.\w)"
    return re.search(rf"\b(?:from|source(?: is)?:?) {named}|(?<![\w./-]){named}[`'\"]? ?から", head) is not None


def _comments(template: Template) -> list[str]:
    head = template.source.data.split(b"\n", _HEAD)[:_HEAD]
    return [" ".join(line.decode("utf-8", "replace").strip(" \t\r#").split()) for line in head if _is_comment(line)]


def _is_comment(line: bytes) -> bool:
    return line.lstrip(b" \t\xef\xbb\xbf").startswith(b"#")


# -- what is likely -------------------------------------------------------------------------------------


def alike(templates: Sequence[Template]) -> list[tuple[Template, Template]]:
    """The templates of one folder that are most likely pairs, each in one pair at most."""
    if len(templates) < 2:
        return []
    likeness = _Likeness()
    scored = [(score, a, b) for a, b in combinations(templates, 2) if (score := likeness(a, b)) >= ALIKE]
    found, taken = [], set[str]()
    for _, a, b in sorted(scored, key=lambda one: (-one[0], one[1].path, one[2].path)):
        if taken.isdisjoint((a.path, b.path)):
            found.append((a, b))
            taken |= {a.path, b.path}
    return sorted(found, key=lambda pair: pair[0].path)


def is_plain(template: Template) -> bool:
    """Whether a template is the half that is not SAM, or is called by what a deployed one is called."""
    return not template.is_sam or bool(_SUFFIX.search(_stem(template.path)))


class _Likeness:
    """How much of two templates is the same, as far as they may be two ways to write one application."""

    def __init__(self) -> None:
        self._known: dict[str, set[tuple[str, str]]] = {}

    def __call__(self, a: Template, b: Template) -> float:
        """From 0 to 1."""
        by_name = _by_name(a.path, b.path)
        if a.is_sam == b.is_sam and not by_name:
            return 0.0
        one, other = self._resources(a), self._resources(b)
        functions = [{id for id, type in half if type == FUNCTION_TYPES[0]} for half in (one, other)]
        few, many = sorted(functions, key=len)
        raw = a if b.is_sam else b  # with resources of SAM and without the transform it is a piece of one, or broken
        in_two_ways = (
            a.is_sam != b.is_sam and bool(few) and few <= many and not any(one.of_sam for one in raw.resources.values())
        )
        if not (in_two_ways or by_name):
            return 0.0
        # where the names tell as well, SAM may make of a few resources what the other half writes out
        whole = min(len(one), len(other)) if in_two_ways and by_name else len(one | other)
        return len(one & other) / max(1, whole)

    def _resources(self, template: Template) -> set[tuple[str, str]]:
        """Logical ids and types, those of SAM under the name that CloudFormation has for them."""
        known = self._known.get(template.path)
        if known is None:
            found = template.resources.values()
            known = {(resource.id, PLAIN_TYPES.get(resource.type, resource.type)) for resource in found}
            self._known[template.path] = known
        return known


def _by_name(one: str, other: str) -> bool:
    """Whether one name is the other with what such files are called by, or in the other notation."""
    stem, other_stem = _stem(one), _stem(other)
    if _SUFFIX.sub("", stem) != _SUFFIX.sub("", other_stem):
        return False
    return stem != other_stem or one.endswith(".json") != other.endswith(".json")


def _stem(path: str) -> str:
    return basename(path).rpartition(".")[0]
