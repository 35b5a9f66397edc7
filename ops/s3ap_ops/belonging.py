"""Which template of the project a stack was made of, told by what both consist of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from s3ap_lint.api import FUNCTION_TYPES, Template
from s3ap_lint.difference.plain import PLAIN_TYPES
from s3ap_lint.source import Source
from s3ap_lint.template import document
from s3ap_ops.errors import OpsError
from s3ap_ops.live_function import Running
from s3ap_ops.stack import Json
from s3ap_ops.wording import listed

Resources = frozenset[tuple[str, str]]
"""Logical ids with types, SAM's as what they become."""


@dataclass(frozen=True)
class Belonging:
    """The local template of a stack, and what tells so."""

    template: Template
    why: str


def belonging(found: Running, templates: Iterable[Template]) -> Belonging:
    """The template that has most in common with a stack. Raises OpsError when none, or more than one, has."""
    stack = found.stack
    there = _deployed(found)
    if not any(type_ in FUNCTION_TYPES for _, type_ in there):
        raise OpsError(f"{stack.name} has no functions, so there is nothing to check in it")
    deployed = document.parse(Source(stack.name, found.template.encode())).top
    leaves = frozenset(_leaves(deployed.data())) if deployed is not None else frozenset()
    ranked = sorted(
        ((_likeness(one, found.template, there, leaves), one) for one in templates if _fits(one, there)),
        key=lambda pair: pair[0],
        reverse=True,
    )
    if not ranked:
        raise OpsError(
            f"no template below this folder has the functions of {stack.name}; name the one it was made of: --template"
        )
    best, chosen = ranked[0]
    others = [one.path for likeness, one in ranked[1:] if likeness == best]
    if others:
        raise OpsError(
            f"{stack.name} may be made of {listed(sorted([chosen.path, *others]), 5)}, which are equally like it; "
            "name one: --template"
        )
    return Belonging(chosen, _why(best, there))


def _why(likeness: tuple[object, ...], there: Resources) -> str:
    same, shared, *_ = likeness
    return "its text is what was deployed" if same else f"it has {shared} of the stack's {len(there)} resources"


def likeliest(there: Resources, templates: Mapping[str, Resources]) -> list[str]:
    """The paths of the templates that a stack was made of, by its resources alone; several that are equally like it.

    Empty where none has at least half of the stack's resources, or half of its own in common with it.
    """
    ranked: dict[tuple[int, int], list[str]] = {}
    for path, own in sorted(templates.items()):
        shared = len(own & there)
        if shared and 2 * shared >= len(there) and 2 * shared >= len(own):
            ranked.setdefault((shared, -len(own - there)), []).append(path)
    return ranked[max(ranked)] if ranked else []


def _deployed(found: Running) -> Resources:
    """What the template that was deployed consists of; where it cannot be read, what the stack does."""
    top = document.parse(Source(found.stack.name, found.template.encode())).top
    if top is not None and top["Resources"]:
        return of_stack((name, node["Type"].text) for name, node in top["Resources"].items())
    return of_stack((one.logical_id, one.type) for one in found.stack.resources)


def of_stack(named: Iterable[tuple[str, str]]) -> Resources:
    """Resources by their logical ids and types; SAM's types as what they become."""
    return frozenset((name, PLAIN_TYPES.get(type_, type_)) for name, type_ in named)


def of_template(template: Template) -> Resources:
    """The resources that a template has in some scenario."""
    return of_stack((one.id, one.type) for one in template.resources.values())


def _fits(template: Template, there: Resources) -> bool:
    """Whether a template has at least half of a stack's resources, and a function of it."""
    shared = of_template(template) & there
    return 2 * len(shared) >= len(there) and any(type_ in FUNCTION_TYPES for _, type_ in shared)


def _likeness(template: Template, text: str, there: Resources, leaves: frozenset[str]) -> tuple[object, ...]:
    """The larger, the more alike: the same text, most resources in common, fewest of its own, most values in common."""
    own = of_template(template)
    values = frozenset(_leaves(template.top.data()))
    same = template.source.data.decode("utf-8-sig", "replace").split() == text.split()
    return same, len(own & there), -len(own - there), len(values & leaves), -len(values - leaves)


def _leaves(value: Json, path: str = "") -> Iterator[str]:
    """Every value that stands in a template, with its way."""
    if isinstance(value, dict | list):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(one, f"{path}/{key}")
        return
    yield f"{path}={json.dumps(value, default=str)}"
