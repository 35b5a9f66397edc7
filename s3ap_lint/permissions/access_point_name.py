"""The ARN by which a policy names an S3 access point that the code calls by its alias.

An alias does not tell the name. A template that takes an alias takes the name in another parameter, called alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from s3ap_lint.template.template import Template
from s3ap_lint.template.values import Filler, Hole, Piece

ARNS = {"AWS::S3::AccessPoint": "Arn", "AWS::FSx::S3AccessPointAttachment": "S3AccessPoint.ResourceARN"}
_NAME = re.compile(r"(?:AccessPoint|A[Pp](?=[A-Z]))\w*Name")  # not ApplicationName
_GENERIC = re.compile(r"S3|AccessPoint|AP(?=[A-Z]|$)|Ap(?=[A-Z]|$)|Alias|Name|Fsx|FSx|Ontap")
_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+")
_PREFIX = "arn:${AWS::Partition}:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/"


def access_point(alias: Sequence[Piece], template: Template) -> tuple[tuple[Piece, ...], str]:
    """The access point's ARN with its holes, and what the reader must do where the name cannot be told."""
    hole = alias[0] if len(alias) == 1 else None
    if isinstance(hole, Hole) and hole.filler is Filler.ATTRIBUTE:
        owner = template.resources.get(hole.name.partition(".")[0])
        if owner is not None and owner.type in ARNS:
            return (Hole(f"{owner.id}.{ARNS[owner.type]}", Filler.ATTRIBUTE),), ""
    head = [_PREFIX]
    name = name_beside(hole.name, template) if isinstance(hole, Hole) else ""
    if name:
        return (*head, Hole(name, Filler.PARAMETER)), ""
    what = "".join(map(str, alias)).replace("${", "").replace("}", "")
    return (*head, "*"), f"put the name of the access point {what} in place of accesspoint/*"


def name_beside(alias: str, template: Template) -> str:
    """The parameter that holds the name of the access point whose alias another one holds; "" when that is not sure."""
    return name_among(alias, template.space.parameters)


def name_among(alias: str, parameters: Iterable[str]) -> str:
    """The same, of parameters of which no more is known than what they call themselves."""
    which = _which(alias)
    named = (name for name in parameters if _NAME.search(name))
    found = [name for name in named if _which(name) == which]
    return found[0] if len(found) == 1 else ""


def _which(parameter: str) -> tuple[str, ...]:
    """The words of a parameter's name that tell one access point from another: Output, Source."""
    return tuple(sorted(word.lower() for word in _WORD.findall(_GENERIC.sub(" ", parameter))))
