"""What a function's code needs: the IAM actions of the SDK calls that its handler reaches, and what they are made on.

An argument of a call is followed to a text, an environment variable or a parameter's default; the variable to what the
template sets it to, world by world. What cannot be told stays a hole.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from s3ap_lint import sdk
from s3ap_lint.arn import is_alias
from s3ap_lint.model import Location
from s3ap_lint.permissions.members import Member, is_given, member
from s3ap_lint.physical import is_there
from s3ap_lint.python.environment import set_by_lambda
from s3ap_lint.python.sdk_call import SdkCall
from s3ap_lint.python.worth import FromEnvironment, Traced
from s3ap_lint.sdk import Need
from s3ap_lint.template.template import Template
from s3ap_lint.template.values import OPAQUE, Filler, Hole, Piece, fused, text
from s3ap_lint.template.worlds import World
from s3ap_lint.variables import Variables

MOST_TARGETS = 16
"""How many resources one call may be made on, by way of its callers."""

_MEMBER = re.compile(r"(\$\{[^{}]*\})")
_CALLER = {"Partition": "AWS::Partition", "Region": "AWS::Region", "Account": "AWS::AccountId"}


@dataclass(frozen=True, slots=True)
class Given:
    """A member of a call's input in one world: its text, and where that is written, from the code to the template."""

    pieces: tuple[Piece, ...]
    way: tuple[Location, ...] = ()
    of_instance: bool = False


UNTOLD = Given((OPAQUE,))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one call is made on in one world: ARN patterns, any of which it may be authorised on; () cannot be told.

    `arguments` are the members that name it, as far as they can be told. `by_alias`: an S3 access point, whose name
    the alias does not tell. `empty`: an argument is the empty text, or names a resource that is not there, and IAM is
    never asked.
    """

    resources: tuple[tuple[Piece, ...], ...]
    arguments: Mapping[str, Given]
    by_alias: bool = False
    empty: bool = False


@dataclass(frozen=True, eq=False)
class Needed:
    """An IAM action that a call needs."""

    need: Need
    call: SdkCall

    @cached_property
    def _members(self) -> dict[str, Member]:
        """What the call gives the members that name the resource."""
        return {name: member(self.call, name) for name in _members(self.need.resources)}

    @property
    def action(self) -> str:
        return self.need.action

    @property
    def certain(self) -> bool:
        """Whether the call needs it for sure, under the function's role."""
        return self.need.certain and self.call.own_credentials is False and self.call.certain

    @property
    def at(self) -> Location:
        """The call."""
        return self.call.at

    @property
    def is_untold(self) -> bool:
        """Whether nothing of the resource can be told, in any scenario."""
        return all(not found.texts for found in self._members.values() if found.given is not False)

    @property
    def names_nothing(self) -> bool:
        """Whether the call gives none of what would name a resource, so that it is made on no particular one."""
        return bool(self._members) and all(found.given is False for found in self._members.values())

    @property
    def takes_a_resource(self) -> bool:
        """Whether the action is authorised on something narrower than everything, as far as is known."""
        return self.need.resources != ("*",)

    def wanted(self, variables: Variables, world: World, template: Template) -> list[list[Wanted]]:
        """What the call is made on when the function has some variables in a world.

        Each inner list is a call that is made, on any one of its items: which instance makes it cannot be told.
        """
        texts = self._members
        given = {
            name: _given(found.texts, variables, world) for name, found in texts.items() if found.given is not False
        }
        if sum(len(options) > 1 for options in given.values()) > 1:  # which goes with which cannot be told
            given = {name: options if len(options) == 1 else [UNTOLD] for name, options in given.items()}
        rows = itertools.islice(itertools.product(*given.values()), MOST_TARGETS)
        found = [(row, self._made_on(dict(zip(given, row, strict=True)), world, template)) for row in rows]
        of_instances = [wanted for row, wanted in found if any(one.of_instance for one in row)]
        rest = [[wanted] for row, wanted in found if not any(one.of_instance for one in row)]
        return [of_instances, *rest] if of_instances else rest

    def unset(self, variables: Variables) -> tuple[str, ...]:
        """The variables that name what the call is made on and that nobody sets, the template in no scenario either."""
        if not variables.complete:
            return ()
        pieces = (piece for found in self._members.values() for one in found.texts for piece in one.variables)
        absent = (piece.names for piece in pieces if piece.default is None and not _is_set(piece.names, variables))
        return tuple(dict.fromkeys(name for names in absent for name in names[:1]))

    def _made_on(self, arguments: Mapping[str, Given], world: World, template: Template) -> Wanted:
        if not all(given.pieces and is_there(given.pieces, template, world) for given in arguments.values()):
            return Wanted((), arguments, empty=True)
        bucket = arguments.get("Bucket", UNTOLD).pieces
        if self.action.startswith("s3:") and is_alias(bucket, template):
            return Wanted((), arguments, by_alias=True)
        patterns = self.patterns(arguments)
        return Wanted(tuple(dict.fromkeys(filled(pattern, arguments) for pattern in patterns)), arguments)

    def patterns(self, arguments: Mapping[str, Given]) -> list[str]:
        """The patterns of its resources of which all members are among some arguments."""
        found = [p for p in self.need.resources if all(name in arguments for name in _members((p,)))]
        if self._members.get(_QUALIFIER, _NOT_GIVEN).given:
            return [p for p in found if _QUALIFIER in _members((p,))] or found
        return found


def _is_set(names: tuple[str, ...], variables: Variables) -> bool:
    return any(name in variables.anywhere or set_by_lambda(name) for name in names)


def needed(calls: Iterable[SdkCall], perhaps: bool = False) -> tuple[Needed, ...]:
    """The actions that some calls need, as far as the table knows their operations.

    With `perhaps`, also those that hang on a member of which cannot be told whether it is given.
    """
    found: list[Needed] = []
    for call in calls:
        operation = sdk.operation(call.service, call.operation)
        found += (
            Needed(need, call)
            for need in (operation.needs if operation is not None else ())
            if _asks(need, call, perhaps)
        )
    return tuple(found)


def _asks(need: Need, call: SdkCall, perhaps: bool) -> bool:
    """Whether a call is of the kind that needs it, or may be."""
    if need.unless and is_given(call, need.unless):
        return False
    given = is_given(call, need.when) if need.when else True
    return given is True or (perhaps and given is None)


@lru_cache(maxsize=1024)
def _members(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """The members that some patterns mention, each once."""
    pieces = (piece[2:-1] for pattern in patterns for piece in _MEMBER.findall(pattern))
    return tuple(dict.fromkeys(name for name in pieces if name not in _CALLER))


def _given(found: Iterable[Traced], variables: Variables, world: World) -> list[Given]:
    """What a member may be, by caller."""
    options = (told(one, variables, world) for one in found)
    return list({one.pieces: one for one in options}.values()) or [UNTOLD]


def told(traced: Traced, variables: Variables, world: World) -> Given:
    """What a text of the code is in a world, its variables filled in."""
    pieces: list[Piece] = []
    way = [*traced.via, traced.at]
    for piece in traced.pieces:
        if isinstance(piece, str):
            pieces.append(piece)
        elif isinstance(piece, FromEnvironment):
            node = next((variables[name] for name in piece.names if name in variables), None)
            leaf = text(node, world) if node is not None else None
            if node is not None:
                way.append(node.key_at.noted(f"{piece} is set here"))
            if leaf is not None:
                pieces += (_chosen(part, world) for part in leaf.pieces)
            elif node is None and piece.default is not None:
                pieces.append(piece.default)
            elif node is None and variables.complete and any(name in variables.anywhere for name in piece.names):
                return Given((), tuple(way), traced.of_instance)  # what is read and not there ends before the call
            else:
                pieces.append(OPAQUE)
        else:
            pieces.append(OPAQUE)
    return Given(fused(pieces), tuple(way), traced.of_instance)


def _chosen(piece: Piece, world: World) -> Piece:
    """What a parameter is in a world that has chosen it; the hole itself in any other."""
    value = world.chosen.get(piece.name) if isinstance(piece, Hole) and piece.filler is Filler.PARAMETER else None
    return value if value == "" else piece


_QUALIFIER = "Qualifier"
"""A version or alias of a Lambda function: a call that names one is authorised on `function:NAME:QUALIFIER` only."""

_NOT_GIVEN = Member(False)
_OBJECT = "arn:${Partition}:s3:::${Bucket}/"


def filled(pattern: str, arguments: Mapping[str, Given]) -> tuple[Piece, ...]:
    """A pattern with the members that it names filled in; the objects of an access point stand below `/object/`."""
    pieces: list[Piece] = []
    if pattern.startswith(_OBJECT) and _is_access_point(arguments["Bucket"].pieces):
        pattern = f"{_OBJECT}object/{pattern.removeprefix(_OBJECT)}"
    for part in _MEMBER.split(pattern):
        if not part.startswith("${"):
            pieces.append(part)
        elif part[2:-1] in _CALLER:
            pieces.append(Hole(_CALLER[part[2:-1]], Filler.PSEUDO))
        else:
            pieces += arguments[part[2:-1]].pieces
    return fused(pieces)


def _is_access_point(pieces: tuple[Piece, ...]) -> bool:
    """Whether a bucket's name is an access point's ARN, written out."""
    return any(isinstance(piece, str) and ":accesspoint/" in piece for piece in pieces)
