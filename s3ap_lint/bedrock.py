"""Bedrock's models as templates name them: which id is an inference profile, which model cannot do without one.

Facts: data/bedrock_models.json, by hand from the pages named there. A model that is not in the table may be called
by its bare id, as far as is known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from s3ap_lint import data
from s3ap_lint.arn import split
from s3ap_lint.iam import Role
from s3ap_lint.patterns import Covers, covers
from s3ap_lint.physical import spelt_out
from s3ap_lint.template.node import Node
from s3ap_lint.template.template import Resource, Template
from s3ap_lint.template.values import Filler, Hole, Leaf, Piece, fused, texts
from s3ap_lint.template.worlds import World

ACTIONS = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream")

EVERYWHERE = "*"
"""A Region that stands for all of them."""

_ID = re.compile(r"(?:(?P<prefix>[a-z]{2,6}(?:-[a-z]+)?)\.)?(?P<model>[a-z0-9]{2,}\.[a-z0-9][\w.-]*(?::\d+\w*)*)")


@dataclass(frozen=True, slots=True)
class Model:
    """A model id. `prefix` is that of an inference profile, or ""; `regions` are those with on-demand throughput.

    `regions` is None where the table says nothing about the model.
    """

    id: str
    prefix: str
    base: str
    regions: tuple[str, ...] | None

    @property
    def needs_profile(self) -> bool:
        """Whether it is an inference profile, or cannot be called everywhere without one."""
        return bool(self.prefix) or self.regions is not None


def model(text: str) -> Model | None:
    """The model that an id or ARN names; None for anything else."""
    found = _ID.fullmatch(text.rpartition("/")[2])
    if found is None:
        return None
    table = data.load("bedrock_models")
    prefix, base = found["prefix"] or "", found["model"]
    if prefix and prefix not in table["profile_prefixes"]:
        return None
    regions = next((tuple(where) for name, where in table["on_demand"].items() if fnmatchcase(base, name)), None)
    return Model(found[0], prefix, base, regions)


@dataclass(frozen=True, slots=True)
class Use:
    """A model id that reaches a role: `leaf` says it, by way of a value of `parameter` unless that is ""."""

    model: Model
    leaf: Leaf
    parameter: str = ""
    is_default: bool = True


def uses(role: Role, world: World) -> tuple[Use, ...]:
    """The models that reach a role in a world: by what runs under it, and by what its statements name."""
    found: dict[tuple[str, str], Use] = {}
    for leaf in _leaves(role, world):
        for use in _used(leaf, role.template):
            found.setdefault((use.model.id, use.parameter), use)
    return tuple(found.values())


def _leaves(role: Role, world: World) -> Iterator[Leaf]:
    for user in role.users:
        if user.exists(world):
            for node in _settings(user):
                yield from texts(node, world)
    for statement in role.policies(world).statements:
        if statement.allows and any(map(statement.covers, ACTIONS)):
            yield from (leaf for leaf in statement.resources if _names_a_model(leaf))


def _names_a_model(leaf: Leaf) -> bool:
    return "inference-profile/" in leaf.text or "foundation-model/" in leaf.text


def _settings(user: Resource) -> Iterator[Node]:
    """What a function or state machine is told."""
    for holder in (user.properties, user.inherited("Environment").parent):
        if holder is not None:
            yield from holder["Environment"]["Variables"].children()
    yield from user.properties["DefinitionSubstitutions"].children()


def _used(leaf: Leaf, template: Template) -> Iterator[Use]:
    last = leaf.pieces[-1] if leaf.pieces else ""
    if isinstance(last, str):
        found = model(last)
        if found is not None and (len(leaf.pieces) == 1 or "/" in last):
            yield Use(found, leaf)
        return
    parameter = template.space.parameters.get(last.name) if last.filler is Filler.PARAMETER else None
    before = leaf.pieces[-2] if len(leaf.pieces) > 1 else "/"
    if parameter is None or parameter.from_ssm or not (isinstance(before, str) and before.endswith("/")):
        return
    values = [parameter.default, *(parameter.allowed or ())]
    for value in dict.fromkeys(value for value in values if value):
        found = model(value)
        if found is not None:
            yield Use(found, leaf, last.name, value == parameter.default)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a role's statements let it call of one model: the profile, and the model itself in some Regions."""

    profile: bool
    regions: frozenset[str]
    leaf: Leaf | None


def allowed(role: Role, use: Use, world: World) -> Allowed | None:
    """How far a role may call a model in a world; None where that cannot be told."""
    policies = role.policies(world)
    if policies.unread or any(grant.covers(action) for grant in policies.grants for action in ACTIONS):
        return None
    profile, regions, named = False, set[str](), list[Leaf]()
    for statement in policies.statements:
        if not statement.allows or not (any(map(statement.covers, ACTIONS)) or not statement.complete):
            continue
        if len(statement.not_resources) or not statement.complete:
            return None
        for leaf in statement.resources:
            there = _there(spelt_out(_filled(leaf.pieces, use), role.template, world, by_name=False), use.model)
            if there is None:
                return None
            profile |= there == "profile"
            regions |= {there} - {"profile", ""}
            named += [leaf] if _names_a_model(leaf) else []
    named.sort(key=lambda leaf: "foundation-model/" not in leaf.text)
    return Allowed(profile, frozenset(regions), named[0] if named else None)


def _there(pieces: tuple[Piece, ...], wanted: Model) -> str | None:
    """What a resource pattern allows of a model: "profile", a Region of the model itself, ""; None: all, or unknown."""
    parts = split(pieces, ":", 5)
    if len(parts) < 6:
        return None
    service, region, resource = parts[2], parts[3], parts[5]
    if service not in (("bedrock",), ("*",)):
        return None if any(isinstance(piece, Hole) or "*" in piece for piece in service) else ""
    ids = [wanted.id] if wanted.prefix else [f"{name}.{wanted.base}" for name in _prefixes()]
    if any(covers(resource, (f"inference-profile/{one}",)) is not Covers.NO for one in ids):
        both = covers(resource, (f"foundation-model/{wanted.base}",)) is not Covers.NO
        return None if both else "profile"
    if covers(resource, (f"foundation-model/{wanted.base}",)) is Covers.NO:
        return ""
    where = "".join(str(piece) for piece in region)
    return EVERYWHERE if "*" in where else where or "none"


def _prefixes() -> list[str]:
    prefixes: list[str] = data.load("bedrock_models")["profile_prefixes"]
    return prefixes


def _filled(pieces: tuple[Piece, ...], use: Use) -> tuple[Piece, ...]:
    """A resource pattern with the value of the use's parameter in its place."""
    if not use.parameter:
        return pieces
    hole = Hole(use.parameter, Filler.PARAMETER)
    return fused([use.model.id if piece == hole else piece for piece in pieces])
