"""Bedrock's models as templates name them: which id is an inference profile, which model cannot do without one.

Facts: data/bedrock_models.json, by hand from the pages named there. A model that is not in the table may be called
by its bare id, as far as is known here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

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

_PARTS = re.compile(r"(?:(?P<prefix>[a-z]{2,6}(?:-[a-z]+)?)\.)?(?P<model>[a-z0-9]{2,}\.[a-z0-9][\w.-]*(?::\d+\w*)*)")
_PREFIX = re.compile(r"[a-z]{2,6}(?:-[a-z]+)?")
_TAIL = re.compile(r"(?:-20\d{6})?(?:-v\d+)?(?::\d+)?")
"""The date and version at the end of an id."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model id. `prefix` is that of an inference profile, or "". What is not in the table has no `facts`."""

    id: str
    prefix: str
    base: str
    facts: Mapping[str, Any] | None = field(compare=False)

    @property
    def regions(self) -> tuple[str, ...] | None:
        """The Regions that serve it on demand; None where its bare id is as good as any, or nothing is known.

        Past its end of life the question is moot.
        """
        if self.facts is None or self.ended or not self.profiles:
            return None
        return tuple(self.facts.get("on_demand", ()))

    @property
    def needs_profile(self) -> bool:
        """Whether it is an inference profile, or cannot be called everywhere without one."""
        return bool(self.prefix) or self.regions is not None

    @property
    def profiles(self) -> tuple[str, ...]:
        """The prefixes of the inference profiles that the model has."""
        return tuple(self.facts.get("profiles", ())) if self.facts else ()

    @property
    def body(self) -> str:
        """The family of models whose request it takes; "" when that is not known."""
        return str(self.facts.get("body", "")) if self.facts else ""

    @property
    def legacy(self) -> str:
        """The day since when it is legacy; "" when it is not."""
        return str(self.facts.get("legacy", "")) if self.facts else ""

    @property
    def end(self) -> str:
        """The day of its end of life, past or announced; "" when there is none."""
        return str(self.facts.get("eol", "")) if self.facts else ""

    @property
    def ended(self) -> bool:
        """Whether its end of life had passed when the table was made: nothing here depends on today."""
        return bool(self.end) and self.end <= measured()

    @property
    def left(self) -> tuple[str, ...]:
        """The Regions that still serve it after its end of life in the others."""
        return tuple(self.facts.get("left", ())) if self.facts else ()

    @property
    def successor(self) -> Model | None:
        """The model that the table names in its place."""
        named = self.facts.get("successor") if self.facts else None
        return model(named) if named else None

    def by(self, prefix: str) -> Model:
        """The same model by way of another profile, or of none."""
        return Model(f"{prefix}.{self.base}" if prefix else self.base, prefix, self.base, self.facts)


def model(text: str) -> Model | None:
    """The model that an id or ARN names; None for anything else."""
    text = text.rpartition("/")[2]
    found = _PARTS.fullmatch(text)
    if found is None:
        return None
    table = data.load("bedrock_models")
    prefix, base = found["prefix"] or "", found["model"]
    if prefix and prefix not in table["prefixes"]:
        return None
    return Model(text, prefix, base, table["models"].get(base))


def misspelt(text: str) -> Model | None:
    """The known model that an id of a profile means, though its prefix or its version is unheard of."""
    prefix, _, base = text.partition(".")
    table = data.load("bedrock_models")
    models = table["models"]
    if not _PREFIX.fullmatch(prefix):
        return None
    if base in models:
        return Model(text, prefix, base, models[base]) if prefix not in table["prefixes"] else None
    if prefix not in table["prefixes"] or prefix in table["unmeasured"]:
        return None
    meant = [name for name in models if _differ_in_version(base, name)]
    return Model(text, prefix, meant[0], models[meant[0]]) if len(meant) == 1 else None


def _differ_in_version(one: str, other: str) -> bool:
    """Whether one of two ids is the other with a date or version behind it."""
    short, long = sorted((one, other), key=len)
    return long.startswith(short) and short != long and _TAIL.fullmatch(long[len(short) :]) is not None


def known_profile(found: Model) -> bool | None:
    """Whether a profile exists; None when that was not measured, or when the model is past its end of life."""
    if (
        found.facts is None
        or found.ended
        or not found.prefix
        or found.prefix in data.load("bedrock_models")["unmeasured"]
    ):
        return None
    return found.prefix in found.profiles


def measured() -> str:
    """The day of the table."""
    return str(data.load("bedrock_models")["_source"]["date"])


def called_from(prefix: str) -> frozenset[str]:
    """The Regions from which the profiles with a prefix are called."""
    return frozenset(data.load("bedrock_models")["prefixes"].get(prefix, ()))


def prefix_for(wanted: Model, region: str, used: Collection[str], instead_of: str = "") -> str:
    """The prefix of the one profile of a model that fits; "" when there is none, or several.

    What fits is, in this order: the profile in the place of which another one stood, where it can be called from
    wherever that could; the geography of a Region; what the project uses; the only one that there is.
    """
    if instead_of in wanted.profiles:
        return instead_of
    if region:
        near = [one for one in wanted.profiles if region in called_from(one)]
        near = [one for one in near if one != "global"] or near
        return near[0] if len(near) == 1 else ""
    candidates: list[list[str]] = [[one for one in wanted.profiles if one in used]]
    if called_from(instead_of):
        candidates.append([one for one in wanted.profiles if called_from(instead_of) <= called_from(one)])
    candidates.append(list(wanted.profiles))
    return next((found[0] for found in candidates if len(found) == 1), "")


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


@dataclass(frozen=True, slots=True)
class Lack:
    """What a role lacks to call one model: the "profile", the "model" behind it, or the model's other "regions".

    `leaf` is the grant that does not do, `everywhere` whether it does in no Region; `regions` are those in which
    the model itself is granted.
    """

    use: Use
    leaf: Leaf
    what: str
    everywhere: bool
    regions: frozenset[str] = frozenset()


def lack(role: Role, use: Use, world: World) -> Lack | None:
    """What a role lacks to call a model in a world; None when that is nothing, or cannot be told."""
    has = allowed(role, use, world)
    if has is None or has.leaf is None:
        return None
    if not use.model.prefix:
        served = has.regions <= set(use.model.regions or ()) and bool(has.regions)
        return None if has.profile or served else Lack(use, has.leaf, "profile", not use.model.regions, has.regions)
    if not has.profile:
        return Lack(use, has.leaf, "profile", True, has.regions)
    if not has.regions:
        return Lack(use, has.leaf, "model", True, has.regions)
    if len(has.regions) == 1 and EVERYWHERE not in has.regions:
        return Lack(use, has.leaf, "regions", True, has.regions)
    return None


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
    return list(data.load("bedrock_models")["prefixes"])


def _filled(pieces: tuple[Piece, ...], use: Use) -> tuple[Piece, ...]:
    """A resource pattern with the value of the use's parameter in its place."""
    if not use.parameter:
        return pieces
    hole = Hole(use.parameter, Filler.PARAMETER)
    return fused([use.model.id if piece == hole else piece for piece in pieces])


@dataclass(frozen=True, slots=True)
class _Request:
    """What a request for some family of models is called, the telling keys it takes, those it cannot do without."""

    title: str
    keys: frozenset[str]
    needs: frozenset[str]


@cache
def _requests() -> dict[str, _Request]:
    families = data.load("bedrock_models")["bodies"]
    return {
        name: _Request(facts["is"], frozenset(facts["keys"]), frozenset(facts["needs"]))
        for name, facts in families.items()
    }


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Why a request is not the one that a model takes, which is called `title`.

    It has keys that are `alien` there, or lacks some; `shape` is whose request it is, "" where that is open.
    """

    title: str
    alien: tuple[str, ...]
    missing: tuple[str, ...]
    shape: str


def mismatch(wanted: Model, keys: Collection[str], complete: bool) -> Mismatch | None:
    """Why a request with some keys is not one for a model; None when it may be, or nothing is known.

    `complete`: it has no other keys.
    """
    if not wanted.body:
        return None
    own = _requests()[wanted.body]
    telling = [key for key in keys if any(key in one.keys for one in _requests().values())]
    alien = tuple(key for key in telling if key not in own.keys)
    missing = tuple(sorted(own.needs - set(keys))) if complete else ()
    if not telling or not (alien or missing):
        return None
    theirs = [one for one in _requests().values() if set(telling) <= one.keys and one.needs <= set(keys)]
    return Mismatch(own.title, alien, missing, theirs[0].title if len(theirs) == 1 else "")
