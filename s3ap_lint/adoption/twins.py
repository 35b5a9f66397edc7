"""Of pairs of templates that deploy the same, which half people edit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from posixpath import basename, dirname

from s3ap_lint.settings import Pair
from s3ap_lint.template.template import Template
from s3ap_lint.twins import alike, is_plain, says_made


@dataclass(frozen=True)
class FoundPair:
    """A pair, and what tells that its source is the source; "" where that was only assumed."""

    pair: Pair
    reason: str


def pairs(templates: Iterable[Template], edited: Mapping[str, int]) -> list[FoundPair]:
    """The twins among the templates of a project, each template in one pair at most.

    `edited` is the moment of each file's last commit. A pair of which nothing tells the source follows most others;
    without any, the half that is not SAM is the source.
    """
    folders: dict[str, list[Template]] = {}
    for template in templates:
        folders.setdefault(dirname(template.path), []).append(template)
    twins = [pair for _, ones in sorted(folders.items()) for pair in alike(ones)]
    told = {(a.path, b.path): _source(a, b, edited) for a, b in twins}
    plain = Counter(is_plain(a if found[0] == a.path else b) for a, b in twins if (found := told[a.path, b.path]))
    return [_directed(a, b, told[a.path, b.path], plain) for a, b in twins]


def _source(a: Template, b: Template, edited: Mapping[str, int]) -> tuple[str, str] | None:
    """The half that people edit, and what says so."""
    for one, other in ((a, b), (b, a)):
        if says_made(one) and not says_made(other):
            return other.path, f"{basename(one.path)} says that it is generated"
    when, then = edited.get(a.path, 0), edited.get(b.path, 0)
    if when == then or not (when and then):
        return None
    last = a if when > then else b
    return last.path, f"{basename(last.path)} was edited last"


def _directed(a: Template, b: Template, told: tuple[str, str] | None, plain: Counter[bool]) -> FoundPair:
    if told is None:
        wanted = plain[True] >= plain[False]
        source = a if is_plain(a) == wanted or is_plain(a) == is_plain(b) else b
        told = source.path, "as most other pairs here" if plain else ""
    generated = b if told[0] == a.path else a
    return FoundPair(Pair(told[0], generated.path), told[1])
