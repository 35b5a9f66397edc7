"""Pairs of templates that deploy the same: which they are, and which half people edit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from posixpath import basename, dirname

from s3ap_lint.resolution import FUNCTION_TYPES
from s3ap_lint.settings import Pair
from s3ap_lint.template.template import Template

ALIKE = 0.5
"""The part of all resources that two templates must have in common to be taken for one application in two ways."""

_SUFFIX = re.compile(r"[-_.](?:deploy(?:ment)?|cfn|cloudformation|raw|plain|sam|packaged|generated|expanded)$")
_MADE = re.compile(r"\b(?:auto-?)?generated (?:from|by)\b|\bdo not edit\b|自動生成", re.IGNORECASE)
_HEAD = 20  # lines in which a file says where it comes from


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
    twins = [pair for _, ones in sorted(folders.items()) for pair in _twins(ones)]
    told = {(a.path, b.path): _source(a, b, edited) for a, b in twins}
    plain = Counter(_is_plain(a if found[0] == a.path else b) for a, b in twins if (found := told[a.path, b.path]))
    return [_directed(a, b, told[a.path, b.path], plain) for a, b in twins]


def _twins(templates: Sequence[Template]) -> list[tuple[Template, Template]]:
    scored = [(score, a, b) for a, b in combinations(templates, 2) if (score := _likeness(a, b)) >= ALIKE]
    found, taken = [], set[str]()
    for _, a, b in sorted(scored, key=lambda one: (-one[0], one[1].path, one[2].path)):
        if taken.isdisjoint((a.path, b.path)):
            found.append((a, b))
            taken |= {a.path, b.path}
    return sorted(found, key=lambda pair: pair[0].path)


def _likeness(a: Template, b: Template) -> float:
    """How much of two templates is the same; 0 where they are no two ways to write one application."""
    one, other = _resources(a), _resources(b)
    functions = [{id for id, type in half if type == FUNCTION_TYPES[0]} for half in (one, other)]
    few, many = sorted(functions, key=len)
    in_two_ways = _is_sam(a) != _is_sam(b) and bool(few) and few <= many
    if not (in_two_ways or _by_name(a.path, b.path)):
        return 0.0
    return len(one & other) / max(1, len(one | other))


def _resources(template: Template) -> set[tuple[str, str]]:
    """Logical ids and types, those of SAM under the name that CloudFormation has for them."""
    plain = {
        "AWS::Serverless::Function": "AWS::Lambda::Function",
        "AWS::Serverless::LayerVersion": "AWS::Lambda::LayerVersion",
        "AWS::Serverless::StateMachine": "AWS::StepFunctions::StateMachine",
        "AWS::Serverless::SimpleTable": "AWS::DynamoDB::Table",
    }
    return {(resource.id, plain.get(resource.type, resource.type)) for resource in template.resources.values()}


def _by_name(one: str, other: str) -> bool:
    """Whether one name is the other with what such files are called by, or in the other notation."""
    (stem, end), (other_stem, other_end) = (basename(path).rsplit(".", 1) for path in (one, other))
    bare, other_bare = _SUFFIX.sub("", stem), _SUFFIX.sub("", other_stem)
    return bare == other_bare and (stem != other_stem or (end == "json") != (other_end == "json"))


def _is_sam(template: Template) -> bool:
    return any("AWS::Serverless" in node.text for node in template.top["Transform"].walk() if node.is_text)


def _is_plain(template: Template) -> bool:
    """Whether a template is the half that is not SAM, or is called by what a deployed one is called."""
    return not _is_sam(template) or bool(_SUFFIX.search(basename(template.path).rsplit(".", 1)[0]))


# -- which half is edited -----------------------------------------------------------------------------


def _source(a: Template, b: Template, edited: Mapping[str, int]) -> tuple[str, str] | None:
    """The half that people edit, and what says so."""
    for one, other in ((a, b), (b, a)):
        if _says_made(one) and not _says_made(other):
            return other.path, f"{basename(one.path)} says that it is generated"
    when, then = edited.get(a.path, 0), edited.get(b.path, 0)
    if when == then or not (when and then):
        return None
    last = a if when > then else b
    return last.path, f"{basename(last.path)} was edited last"


def _says_made(template: Template) -> bool:
    head = template.source.data.split(b"\n", _HEAD)[:_HEAD]
    comments = [line.decode("utf-8", "replace") for line in head if line.lstrip().startswith(b"#")]
    return any(_MADE.search(line) for line in comments)


def _directed(a: Template, b: Template, told: tuple[str, str] | None, plain: Counter[bool]) -> FoundPair:
    if told is None:
        wanted = plain[True] >= plain[False]
        source = a if _is_plain(a) == wanted or _is_plain(a) == _is_plain(b) else b
        told = source.path, "as most other pairs here" if plain else ""
    generated = b if told[0] == a.path else a
    return FoundPair(Pair(told[0], generated.path), told[1])
