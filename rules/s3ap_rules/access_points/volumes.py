"""Which values name an access point of FSx for ONTAP, as surely as a template and the code can say."""

from __future__ import annotations

import re

from s3ap_lint.api import Filler, FromEnvironment, Function, Hole, Options, Template, Traced, World

Piece = str | Hole
ALIAS = "-ext-s3alias"
"""How the alias of an access point on a file system ends; those of buckets end in `-s3alias` alone."""

UNTOLD = Hole("…", Filler.OPAQUE)


def deployed(function: Function, world: World, traced: Traced) -> tuple[Piece, ...]:
    """A text of the code with what the template gives for its environment variables in a world."""
    out: list[Piece] = []
    for piece in traced.pieces:
        if isinstance(piece, FromEnvironment):
            out += variable(function, world, piece)
        else:
            out.append(piece if isinstance(piece, str) else UNTOLD)
    return _fused(out)


def variable(function: Function, world: World, wanted: FromEnvironment) -> tuple[Piece, ...]:
    """What environment variables come to: the first that is set and not empty, else the default."""
    environment = function.environment(world)
    for name in wanted.names:
        node = environment.variables.get(name)
        if node is None:
            if not environment.complete:
                return (UNTOLD,)
            continue
        leaves = function.template.texts(node, world).leaves
        if len(leaves) != 1:
            return (UNTOLD,)
        pieces: tuple[Piece, ...] = leaves[0].pieces
        if not is_empty(pieces, world):
            return pieces
    return (wanted.default,) if wanted.default else ()


def is_empty(pieces: tuple[Piece, ...], world: World) -> bool:
    """Whether a text is empty in a world."""
    if not any(isinstance(piece, Hole) for piece in pieces):
        return not "".join(map(str, pieces))
    if len(pieces) != 1 or not isinstance(pieces[0], Hole) or pieces[0].filler is not Filler.PARAMETER:
        return False
    name = pieces[0].name
    return world.space.may_be_empty(name) and world.is_empty(name)


def bucket_of(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """The bucket of `s3://BUCKET/KEY`, or of a bucket alone."""
    out: list[Piece] = []
    rest = list(pieces)
    if rest and isinstance(rest[0], str):
        rest[0] = rest[0].removeprefix("s3://")
        if rest[0].startswith("arn:"):
            return _fused(rest)
    for piece in rest:
        if isinstance(piece, str) and "/" in piece:
            return _fused([*out, piece.partition("/")[0]])
        out.append(piece)
    return _fused(out)


def is_on_volume(pieces: tuple[Piece, ...], template: Template, options: Options) -> bool:
    """Whether a bucket's name is the alias or ARN of an access point on a file system."""
    if not pieces:
        return False
    first, last = pieces[0], pieces[-1]
    configured: bool = options["access-points"] == "fsx"
    if isinstance(last, str) and last.endswith(ALIAS if not configured else "-s3alias"):
        return True
    if isinstance(first, str) and first.startswith("arn:") and ":accesspoint/" in "".join(map(str, pieces)):
        return configured
    if len(pieces) != 1 or not isinstance(first, Hole):
        return False
    if first.filler is Filler.ATTRIBUTE:
        owner, _, name = first.name.partition(".")
        resource = template.resource(owner)
        kind = resource.type if resource is not None else ""
        return kind == "AWS::FSx::S3AccessPointAttachment" and name.endswith(("Alias", "ResourceARN"))
    parameter = template.space.parameters.get(first.name) if first.filler is Filler.PARAMETER else None
    if parameter is None:
        return False
    pattern = parameter.node["AllowedPattern"].text
    if ALIAS in pattern:
        return not parameter.admits_some("a-bucket-of-somebody")
    return ALIAS in parameter.node["Default"].text or (configured and bool(_NAMED.search(first.name)))


_NAMED = re.compile(r"alias|access_?point", re.IGNORECASE)


def is_bucket(pieces: tuple[Piece, ...], template: Template) -> bool:
    """Whether a name is certainly that of a bucket, which lies outside of any volume."""
    if not pieces:
        return False
    if all(isinstance(piece, str) for piece in pieces):
        return not "".join(map(str, pieces)).startswith("arn:") and not str(pieces[-1]).endswith("-s3alias")
    last = pieces[-1]
    if len(pieces) > 1:
        return isinstance(last, str) and not last.endswith("alias") and not _opaque(pieces)
    assert isinstance(last, Hole)
    if last.filler is Filler.RESOURCE:
        resource = template.resource(last.name)
        return resource is not None and resource.type == "AWS::S3::Bucket"
    named = re.search("bucket", last.name, re.IGNORECASE) is not None
    return last.filler is Filler.PARAMETER and named and not _NAMED.search(last.name)


def _opaque(pieces: tuple[Piece, ...]) -> bool:
    return any(isinstance(piece, Hole) and piece.filler is Filler.OPAQUE for piece in pieces)


def _fused(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Pieces with neighbouring literals made one, without empty ones."""
    out: list[Piece] = []
    for piece in pieces:
        if out and isinstance(piece, str) and isinstance(out[-1], str):
            out[-1] += piece
        elif piece != "":
            out.append(piece)
    return tuple(out)
