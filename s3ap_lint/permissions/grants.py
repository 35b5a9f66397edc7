"""Whether a role may do something in a world: yes, perhaps, no; and the statement that comes nearest.

IAM allows what some statement allows and none denies. What a statement's ARN says about a resource of the template and
what somebody asks for are written out alike first (s3ap_lint.physical), so `${Table.Arn}` and
`arn:aws:dynamodb:*:*:table/${Table}` are the same, and so are the caller's partition, region and account, however they
are written. A permissions boundary, and policies of the organisation, are not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

from s3ap_lint.arn import split
from s3ap_lint.iam import Role
from s3ap_lint.patterns import Covers, covers
from s3ap_lint.permissions.implied import implied
from s3ap_lint.physical import is_name, names_are_fixed, spelt_out
from s3ap_lint.policies import Grant, Policies, Statement
from s3ap_lint.template.template import Template
from s3ap_lint.template.values import OPAQUE, Filler, Hole, Piece, fused
from s3ap_lint.template.worlds import Impossible, TooManyWorlds, Undecided, World

ANYTHING: tuple[Piece, ...] = ("*",)
"""The resource of an action that takes none: only a statement about `*` allows it."""

Pieces = tuple[Piece, ...]

_NAME_GOES_ON = re.compile(r"[\w.-]*[*?]")


@dataclass(frozen=True)
class Grants:
    """All that a role may do in a world; `about` an action, when that is all that is asked."""

    role: Role
    world: World
    about: str = ""
    _known: dict[tuple[str, Pieces], Covers] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def policies(self) -> Policies:
        """What it has of its own, and what SAM adds."""
        own, brought = self.role.policies(self.world, self.about), implied(self.role, self.world)
        return Policies(
            (*own.statements, *brought.statements), (*own.grants, *brought.grants), (*own.unread, *brought.unread)
        )

    def covers(self, action: str, wanted: Sequence[Piece] = ()) -> Covers:
        """Whether it may do an action such as "s3:GetObject" on a resource; `()`: on one that cannot be told.

        What holds only under a Condition, or stands in a policy that cannot be read, is perhaps granted.
        """
        key = (action, tuple(wanted))
        if key not in self._known:
            self._known[key] = self._covers(action, wanted)
        return self._known[key]

    def _covers(self, action: str, wanted: Sequence[Piece]) -> Covers:
        asked = Asked(tuple(wanted), self.role.template, self.world)
        best = Covers.PERHAPS if self.policies.unread else Covers.NO
        for found in self._allowed(action, asked):
            best = found if best is not Covers.YES and found is not Covers.NO else best
            if best is Covers.YES:
                break
        return Covers.NO if best is not Covers.NO and self._denial(action, asked) is not None else best

    def _allowed(self, action: str, asked: Asked) -> Iterator[Covers]:
        for statement in self.policies.statements:
            if not statement.allows:
                continue
            about = statement.covers(action)
            if about or not statement.complete:
                found = asked.among(statement)
                sure = about and statement.complete and not statement.conditional
                yield found if sure else _at_most_perhaps(found)
        for grant in self.policies.grants:
            if grant.covers(action):
                found = asked.literal(grant)
                yield _at_most_perhaps(found) if grant.conditional else found

    def denial(self, action: str, wanted: Sequence[Piece] = ()) -> Statement | None:
        """The statement that surely denies an action on a resource, whatever others allow."""
        return self._denial(action, Asked(tuple(wanted), self.role.template, self.world))

    def _denial(self, action: str, asked: Asked) -> Statement | None:
        return next(
            (
                statement
                for statement in self.policies.statements
                if statement.node["Effect"].text == "Deny"
                and statement.complete
                and not statement.conditional
                and statement.covers(action)
                and asked.among(statement) is Covers.YES
            ),
            None,
        )

    def nearest(self, action: str, wanted: Sequence[Piece] = ()) -> Statement | None:
        """The statement to look at when an action is not granted: about it, else about its service or resource."""
        about = next((one for one in self._written(self.policies) if one.covers(action)), None)
        if about is not None:
            return about
        policies, world = self._everything
        service = action.partition(":")[0].lower() + ":"
        akin = [s for s in self._written(policies) if any(t.lower().startswith(service) for t in s.actions.texts)]
        asked = Asked(tuple(wanted), self.role.template, world)
        return next((one for one in akin if wanted and _may_hold(asked, one)), next(iter(akin), None))

    @staticmethod
    def _written(policies: Policies) -> list[Statement]:
        return [statement for statement in policies.statements if statement.allows and not statement.bundled]

    @cached_property
    def _everything(self) -> tuple[Policies, World]:
        """All policies, in one of the worlds that are like this one for what is asked."""
        if self.about:
            with suppress(TooManyWorlds):
                found = self.role.template.space.outcomes(self.role.policies, given=self.world.chosen)
                return next(((one.answer, one.world) for one in found), (self.policies, self.world))
        return self.policies, self.world

    def stands_elsewhere(self, action: str) -> bool:
        """Whether a statement grants an action, on whatever it is about."""
        return any(statement.covers(action) for statement in self._written(self.policies))


def _may_hold(asked: Asked, statement: Statement) -> bool:
    """Whether a statement may be about a resource, also where that depends on what is not decided."""
    try:
        return asked.among(statement) is not Covers.NO
    except Undecided:
        return True


def _at_most_perhaps(found: Covers) -> Covers:
    return Covers.PERHAPS if found is Covers.YES else found


def grants_of(role: Role, world: World, about: str = "") -> Grants:
    """The grants of a role in a world, worked out once; for all worlds, where they are the same in all."""
    memo, key = world.space.memo, ("grants", role, about)
    if key not in memo:
        memo[key] = _everywhere(role, world, about)
    shared = memo[key]
    known = shared if shared is not None else world.memo.get(key)
    if not isinstance(known, Grants):
        known = world.memo[key] = Grants(role, world, about)
    return known


def _everywhere(role: Role, world: World, about: str) -> Grants | None:
    """The grants of a role that hang on no choice; None where they do."""
    found = Grants(role, World(world.space, {}), about)
    try:
        _ = found.policies
    except (Undecided, Impossible):
        return None
    return found if names_are_fixed(role.template, world) else None


@dataclass(frozen=True)
class Asked:
    """A resource that somebody asks for, in a template and world."""

    pieces: Pieces
    template: Template
    world: World

    @cached_property
    def _by_id(self) -> Pieces:
        return self._opened(by_name=False)

    @cached_property
    def _by_name(self) -> Pieces:
        return self._opened(by_name=True)

    def _opened(self, *, by_name: bool) -> Pieces:
        if not names_are_fixed(self.template, self.world):
            return _open(self._spelt(self.pieces, by_name=by_name))
        memo, key = self.world.space.memo, (_open, self.pieces, by_name)
        known = memo.get(key)
        if not isinstance(known, tuple):
            known = memo[key] = _open(self._spelt(self.pieces, by_name=by_name))
        return known

    def among(self, statement: Statement) -> Covers:
        """Whether the resources that a statement is about hold this one."""
        if len(statement.not_resources):
            return _opposite(self._best(leaf.pieces for leaf in statement.not_resources))
        named = (leaf.pieces for leaf in statement.resources)
        return self._best(p for p in named if statement.bundled or not is_name(p, self.template))

    def literal(self, grant: Grant) -> Covers:
        """Whether the resources that a grant of a fact table is about hold this one."""
        return self._best((text,) for text in grant.resources)

    def _best(self, patterns: Iterable[Pieces]) -> Covers:
        best = Covers.NO
        for pattern in patterns:
            found = self.within(pattern)
            if found is Covers.YES:
                return found
            best = found if found is Covers.PERHAPS else best
        return best

    def within(self, pattern: Pieces) -> Covers:
        """Whether one resource pattern of a policy holds this one."""
        if pattern == ANYTHING:
            return Covers.YES
        if not self.pieces:
            return Covers.PERHAPS
        if self.pieces == ANYTHING:
            return Covers.PERHAPS if pattern and pattern[0] == OPAQUE else Covers.NO
        if not names_are_fixed(self.template, self.world):
            return self._within(pattern)
        memo, key = self.world.space.memo, ("within", pattern, self.pieces)
        known = memo.get(key)
        if not isinstance(known, Covers):
            known = memo[key] = self._within(pattern)
        return known

    def _within(self, pattern: Pieces) -> Covers:
        by_id = self._spelt(pattern, by_name=False)
        found = covers(*aligned(by_id, self._by_id))
        two = _resources(by_id) and _resources(self._by_id)
        if found is Covers.YES or (two and not _has_wildcard(by_id)):
            return found
        by_name = covers(*aligned(self._spelt(pattern, by_name=True), self._by_name))
        return by_name if not two or by_name is Covers.NO else Covers.PERHAPS

    def _spelt(self, pattern: Pieces, *, by_name: bool) -> Pieces:
        """A policy's pattern written out, the same for all that is asked for."""
        if not names_are_fixed(self.template, self.world):
            return spelt_out(pattern, self.template, self.world, by_name=by_name)
        memo, key = self.world.space.memo, (spelt_out, pattern, by_name)
        known = memo.get(key)
        if not isinstance(known, tuple):
            known = memo[key] = spelt_out(pattern, self.template, self.world, by_name=by_name)
        return known


def _opposite(found: Covers) -> Covers:
    return {Covers.YES: Covers.NO, Covers.NO: Covers.YES}.get(found, Covers.PERHAPS)


def _resources(pieces: Pieces) -> bool:
    """Whether a text names a resource of the template."""
    return any(isinstance(piece, Hole) and piece.filler is Filler.RESOURCE for piece in pieces)


def _has_wildcard(pattern: Pieces) -> bool:
    """Whether the last part of a pattern may reach another resource, whose name begins alike."""
    last = pattern[-1]
    return isinstance(last, str) and len(pattern) > 1 and _NAME_GOES_ON.match(last) is not None


def _open(pieces: Pieces) -> Pieces:
    """A wanted text, in which `*` stands for what cannot be told; what stands before an ARN inside it is dropped."""
    if pieces and isinstance(pieces[0], str) and pieces[0].startswith("https://"):
        return _queue_of(pieces)
    for index, piece in enumerate(pieces):
        if isinstance(piece, str) and "arn:" in piece[1:]:
            pieces = (piece[piece.rindex("arn:") :], *pieces[index + 1 :])
            break
    if pieces == ANYTHING:
        return pieces
    parts = split(pieces, ":", 5)
    if len(parts) < 6:
        return _unstarred(pieces)
    return joined([*parts[:5], _unstarred(parts[5])])


def _queue_of(url: Pieces) -> Pieces:
    """The ARN of the queue at a URL: https://sqs.REGION.amazonaws.com/ACCOUNT/NAME."""
    parts = split(url, "/", 4)
    return fused(["arn:*:sqs:*:*:", *parts[4]]) if len(parts) == 5 else url


def _unstarred(pieces: Pieces) -> Pieces:
    out: list[Piece] = []
    for piece in pieces:
        texts: list[Piece] = [*piece.split("*")] if isinstance(piece, str) else [piece]
        for index, text in enumerate(texts):
            out += [OPAQUE, text] if index else [text]
    return fused(out)


def aligned(grant: Pieces, wanted: Pieces) -> tuple[Pieces, Pieces]:
    """Two ARNs with partition, region and account left out where they may be the same.

    What is left is a literal against another one, and nothing against something.
    """
    ours, theirs = split(grant, ":", 5), split(wanted, ":", 5)
    if len(theirs) < 6 or len(ours) < 3 or theirs[0] != ("arn",) or ours[0] != ("arn",):
        return grant, wanted
    for index in (1, 3, 4):
        if index >= len(ours) - (len(ours) < 6):
            break
        if _may_be_one(ours[index], theirs[index]):
            ours[index] = theirs[index] = ()
    return joined(ours), joined(theirs)


def _may_be_one(grant: Pieces, wanted: Pieces) -> bool:
    if not grant or not wanted:
        return grant in (wanted, ANYTHING)
    if len(grant) == len(wanted) == 1 and isinstance(grant[0], str) and isinstance(wanted[0], str):
        return grant == wanted or "*" in grant[0] or "*" in wanted[0]
    return True


def joined(parts: Sequence[Pieces]) -> Pieces:
    """The parts of an ARN put together again."""
    out: list[Piece] = []
    for index, part in enumerate(parts):
        out += [":", *part] if index else part
    return fused(out)
