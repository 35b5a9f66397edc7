"""ARN patterns with holes: which S3 bucket or access point a policy's resource names, as far as it can be told.

Facts (AWS, "Troubleshooting access points" of FSx for ONTAP, and "Configuring IAM policies for using
access points" of S3): an access point is authorised as `arn:P:s3:REGION:ACCOUNT:accesspoint/NAME` for
actions on the bucket level and as `…:accesspoint/NAME/object/KEY` on the object level; `*` spans `/`.
Its alias is an address: `arn:P:s3:::ALIAS` grants nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum, Flag, auto
from fnmatch import translate
from functools import lru_cache

from s3ap_lint.template.template import Template
from s3ap_lint.template.values import Filler, Hole, Leaf, Piece


class Level(Flag):
    """What an access-point ARN authorises: actions on the bucket level, on objects, both or neither."""

    NONE = 0
    BUCKET = auto()
    OBJECT = auto()


class Target(Enum):
    """What kind of thing a resource pattern names."""

    ALIAS = "an access point, by its alias"
    ACCESS_POINT = "an access point, by its ARN"
    BUCKET = "a bucket"
    EVERYTHING = "everything"
    OTHER = "something else than S3"
    UNKNOWN = "cannot be told"


@dataclass(frozen=True)
class S3Resource:
    """A resource pattern of a policy read as S3. `name` is the bucket, alias or access point, holes included."""

    target: Target
    leaf: Leaf
    name: tuple[Piece, ...] = ()
    level: Level = Level.NONE

    @property
    def name_text(self) -> str:
        return "".join(str(piece) for piece in self.name)


# Actions that are authorised on the access point itself; all other S3 actions it supports are on objects.
BUCKET_ACTIONS = frozenset(
    ["s3:listbucket", "s3:listbucketversions", "s3:listbucketmultipartuploads", "s3:getbucketlocation"]
)
# What a wildcard action can mean on an access point (S3 user guide, "Access point compatibility with S3 operations").
ACCESS_POINT_ACTIONS = (
    "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectTagging", "s3:GetBucketLocation", "s3:GetObject",
    "s3:GetObjectAttributes", "s3:GetObjectTagging", "s3:ListBucket", "s3:ListBucketMultipartUploads",
    "s3:ListMultipartUploadParts", "s3:PutObject", "s3:PutObjectTagging",
)  # fmt: skip


def level_of(action: str) -> Level:
    """The level of one S3 action, such as "s3:PutObject"."""
    return Level.BUCKET if action.lower() in BUCKET_ACTIONS else Level.OBJECT


@lru_cache(maxsize=4096)
def _glob(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern.lower().replace("[", "[[]")))


def matches(pattern: str, action: str) -> bool:
    """Whether an action pattern of a policy (`*` and `?`, any case) covers an action."""
    return _glob(pattern).match(action.lower()) is not None


def s3_resource(leaf: Leaf, template: Template) -> S3Resource:
    """What a policy's resource pattern names."""
    known = template.memo.get(leaf.pieces)
    if not isinstance(known, S3Resource):
        known = template.memo[leaf.pieces] = _s3_resource(leaf, template)
    return known if known.leaf is leaf else replace(known, leaf=leaf)


def _s3_resource(leaf: Leaf, template: Template) -> S3Resource:
    if leaf.text == "*":
        return S3Resource(Target.EVERYTHING, leaf)
    pieces = _expanded(leaf.pieces, template)
    first = pieces[0] if pieces else ""
    if isinstance(first, Hole):
        return S3Resource(_target_of_hole(first, template), leaf)
    parts = split(pieces, ":", 5)
    if len(parts) < 6 or _text(parts[0]) != "arn":
        return S3Resource(Target.EVERYTHING if leaf.text.startswith("*") else Target.UNKNOWN, leaf)
    service, account, resource = _text(parts[2]), parts[4], parts[5]
    if service == "*":
        return S3Resource(Target.EVERYTHING, leaf)
    if service != "s3":
        return S3Resource(Target.UNKNOWN if "${" in service else Target.OTHER, leaf)
    if _text(resource).startswith("accesspoint/"):
        return _access_point(leaf, resource)
    if _text(parts[3]) or _text(account):
        unknown = _text(resource).startswith(("*", "a*", "${"))  # arn:aws:s3:*:*:* covers access points too
        return S3Resource(Target.EVERYTHING if unknown else Target.OTHER, leaf)
    bucket = split(resource, "/", 1)[0]
    if _text(bucket) == "*":
        return S3Resource(Target.BUCKET, leaf, bucket)
    target = Target.ALIAS if is_alias(bucket, template) else Target.UNKNOWN if _opaque(bucket) else Target.BUCKET
    return S3Resource(target, leaf, bucket, Level.OBJECT if len(split(resource, "/", 1)) > 1 else Level.BUCKET)


def _access_point(leaf: Leaf, resource: tuple[Piece, ...]) -> S3Resource:
    rest = split(resource, "/", 1)[1]
    parts = split(rest, "/", 1)
    name, tail = parts[0], _text(parts[1]) if len(parts) > 1 else None
    if any(isinstance(piece, str) and "*" in piece for piece in name):
        level = Level.BUCKET | Level.OBJECT  # `*` spans "/", so accesspoint/my-* covers its objects
    elif tail is None:
        level = Level.BUCKET
    else:
        level = Level.OBJECT if _reaches_objects(tail) else Level.NONE
    return S3Resource(Target.ACCESS_POINT, leaf, name, level)


def _reaches_objects(tail: str) -> bool:
    """Whether what stands behind the access point's name can match `object/KEY`."""
    if tail.startswith(("object/", "${")):
        return True
    star = min((at for at in (tail.find("*"), tail.find("?")) if at >= 0), default=-1)
    return star >= 0 and "object/".startswith(tail[:star])


_ALIAS_NAME = re.compile(r"alias", re.IGNORECASE)
_NOT_AN_ACCESS_POINT = re.compile(r"bucket|kms|key|domain|dns|host|hook|lambda|function|table|database", re.IGNORECASE)


def is_alias(name: tuple[Piece, ...], template: Template) -> bool:
    """Whether a bucket name is an access point's alias: by its spelling, or by what its parameter says."""
    if len(name) != 1:
        last = name[-1] if name else ""
        return isinstance(last, str) and last.endswith("s3alias")
    piece = name[0]
    if isinstance(piece, str):
        return piece.endswith("-s3alias")
    if piece.filler is Filler.ATTRIBUTE:
        resource = template.resource(piece.name.split(".", 1)[0])
        kind = resource.type if resource else ""
        return piece.name.endswith("Alias") and kind in {"AWS::S3::AccessPoint", "AWS::FSx::S3AccessPointAttachment"}
    parameter = template.space.parameters.get(piece.name)
    if parameter is None:
        return False
    declared = parameter.node["AllowedPattern"].text + " " + parameter.node["Default"].text
    if "s3alias" in declared:
        return True
    return bool(_ALIAS_NAME.search(piece.name)) and not _NOT_AN_ACCESS_POINT.search(piece.name)


def _expanded(pieces: tuple[Piece, ...], template: Template) -> tuple[Piece, ...]:
    """`${Bucket.Arn}` of a bucket or access point of this template, spelt out as the ARN it is."""
    first = pieces[0] if pieces else ""
    if not isinstance(first, Hole) or first.filler is not Filler.ATTRIBUTE:
        return pieces
    owner, _, name = first.name.partition(".")
    resource = template.resource(owner)
    kind = resource.type if resource else ""
    if kind == "AWS::S3::Bucket" and name == "Arn":
        return ("arn:*:s3:::", Hole(owner, Filler.RESOURCE), *pieces[1:])
    if (kind, name) in {
        ("AWS::S3::AccessPoint", "Arn"),
        ("AWS::FSx::S3AccessPointAttachment", "S3AccessPoint.ResourceARN"),
    }:
        return ("arn:*:s3:*:*:accesspoint/", Hole(owner, Filler.RESOURCE), *pieces[1:])
    return pieces


def _target_of_hole(hole: Hole, template: Template) -> Target:
    """What a resource that is wholly a parameter or attribute may be."""
    if hole.filler is Filler.PARAMETER and re.search("bucket", hole.name, re.IGNORECASE):
        return Target.BUCKET
    if hole.filler is Filler.ATTRIBUTE:
        resource = template.resource(hole.name.split(".", 1)[0])
        if resource is not None and not resource.type.startswith(("Custom::", "AWS::CloudFormation::")):
            return Target.OTHER
    if hole.filler is Filler.RESOURCE:
        return Target.OTHER
    return Target.UNKNOWN


def split(pieces: tuple[Piece, ...], separator: str, most: int) -> list[tuple[Piece, ...]]:
    """Pieces cut at a separator in their literals, at most so many times."""
    out: list[list[Piece]] = [[]]
    for piece in pieces:
        if isinstance(piece, Hole):
            out[-1].append(piece)
            continue
        first, *rest = piece.split(separator, most - len(out) + 1)
        out[-1] += [first] if first else []
        out += [[part] if part else [] for part in rest]
    return [tuple(part) for part in out]


def _text(pieces: tuple[Piece, ...]) -> str:
    return "".join(str(piece) for piece in pieces)


def _opaque(pieces: tuple[Piece, ...]) -> bool:
    return any(isinstance(piece, Hole) and piece.filler is Filler.OPAQUE for piece in pieces)
