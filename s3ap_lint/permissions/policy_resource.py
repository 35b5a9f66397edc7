"""A resource as a policy of the same template names it: `!GetAtt` of a resource, an access point by its ARN, a model.

What a call is made on is known in pieces (permissions.needs); here these become what somebody would write by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from s3ap_lint import bedrock
from s3ap_lint.arn import Level, level_of
from s3ap_lint.iam import Role
from s3ap_lint.permissions.access_point_name import access_point
from s3ap_lint.permissions.guards import Guard, guards_of, leads_back
from s3ap_lint.permissions.needs import UNTOLD, Needed, Wanted, filled
from s3ap_lint.physical import NAME, Meaning, called, meaning
from s3ap_lint.sdk import Need
from s3ap_lint.template.notation import Fn, Value, get_att, ref, sub
from s3ap_lint.template.template import Resource, Template
from s3ap_lint.template.values import OPAQUE, Filler, Hole, Piece, fused
from s3ap_lint.template.worlds import World
from s3ap_lint.variables import Variables

Pieces = tuple[Piece, ...]

_ONE_HOLE = re.compile(r"\$\{([^!{}][^{}]*)\}")
_ACCOUNT = "${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}"
_MODEL = Need("bedrock:InvokeModel", ("${modelId}",))
_QUEUE_NAME = "QueueName"


@dataclass(frozen=True, slots=True, order=True)
class PolicyResource:
    """A resource of a statement: its text as in `Fn::Sub`, what the reader must know, and when it is there.

    `queue` is the parameter that holds a queue's URL, of which the text has `${QueueName}`.
    """

    text: str
    note: str = ""
    guards: tuple[Guard, ...] = ()
    queue: str = ""

    @property
    def value(self) -> Value:
        """The value in a template."""
        if self.queue:
            return sub(self.text, {_QUEUE_NAME: Fn("Select", [4, Fn("Split", ["/", ref(self.queue)])])})
        whole = _ONE_HOLE.fullmatch(self.text)
        if whole is not None:
            return get_att(whole[1]) if "." in whole[1] else ref(whole[1])
        return sub(self.text) if "${" in self.text else self.text


@dataclass(frozen=True)
class Home:
    """Where a policy stands: its template, in one world, and the resources that it belongs to."""

    template: Template
    world: World
    variables: Variables
    owners: tuple[Resource, ...]

    def named(self, one: Needed, wanted: Wanted) -> tuple[PolicyResource, ...]:
        """The resources that a statement has to name for what a call needs, in this world."""
        if one.action in bedrock.ACTIONS:
            return self._models(one)
        if wanted.by_alias:
            return (self._access_point(one, wanted),)
        if not one.takes_a_resource:
            return (PolicyResource("*", "no resource can be named for this"),)
        options = list(self._options(one, wanted))
        if not options:
            return (PolicyResource("*", _untold(one)),)
        return (min(options, key=lambda option: option.text.count("*")),)

    def alternatives(self, one: Needed, wanted: Wanted) -> tuple[PolicyResource, ...]:
        """All that would do for what a call needs."""
        return self.named(one, wanted) if wanted.by_alias else tuple(self._options(one, wanted))

    def _options(self, one: Needed, wanted: Wanted) -> Iterator[PolicyResource]:
        patterns = [pattern for pattern in one.patterns(wanted.arguments) if _members(pattern)]
        if not patterns and len({_type(p) for p in one.need.resources if p.startswith("arn:")}) == 1:
            patterns = [p for p in one.need.resources if p.startswith("arn:") and _members(p)][:1]
        either = {pattern.startswith("${") for pattern in one.need.resources} == {True, False}
        for pattern in patterns:
            arguments = {**dict.fromkeys(_members(pattern), UNTOLD), **wanted.arguments}
            given = arguments[_members(pattern)[0]].pieces
            if not given:
                continue
            url = _url(given[0], self.template)
            if url is None and either and pattern.startswith("${") is not self._is_arn(given[0]):
                continue  # for another form of what is given
            found = self._written(filled(pattern, arguments)) if url is None else self._queue(given[0], url)
            if not _says_nothing(found.text):
                yield replace(found, note=_untold(one)) if given == (OPAQUE,) else found

    def _is_arn(self, piece: Piece) -> bool:
        """Whether what is given is an ARN, as far as can be told."""
        if isinstance(piece, str):
            return piece.startswith("arn:")
        found = meaning(piece, self.template)
        if found is not None:
            attribute = piece.name.partition(".")[2]
            return attribute in found.kind.arns if attribute else found.kind.ref == "arn"
        if piece.filler is Filler.PARAMETER:
            default = self.template.space.default(piece.name) or ""
            return default.startswith("arn:") or piece.name.lower().endswith("arn")
        return piece.filler is Filler.ATTRIBUTE and piece.name.lower().endswith("arn")

    def _queue(self, given: Piece, name: str) -> PolicyResource:
        head = "arn:" + _ACCOUNT % "sqs" + ":"
        if isinstance(given, str):
            return PolicyResource(head + name)
        found = meaning(given, self.template)
        if found is not None:
            return self._written((given,))
        guards = guards_of((given,), self.template, self.owners)
        return PolicyResource(f"{head}${{{_QUEUE_NAME}}}", "", guards, given.name)

    def _written(self, pieces: Pieces, note: str = "") -> PolicyResource:
        """A resource with the ARN of the template's own in place of what spells it out."""
        for index, piece in enumerate(pieces):
            found = meaning(piece, self.template) if isinstance(piece, Hole) else None
            if found is not None:
                pieces, note = self._by_attribute(found, pieces[:index], pieces[index + 1 :])
                break
        pieces = _single_slash(_starred(pieces), self.template)
        holes = [piece for piece in pieces if isinstance(piece, Hole)]
        return PolicyResource(_text(pieces), note, guards_of(holes, self.template, self.owners))

    def _by_attribute(self, found: Meaning, before: Pieces, after: Pieces) -> tuple[Pieces, str]:
        resource, kind = found.resource, found.kind
        tail = (*found.rest, *after)
        head, _, end = kind.arn.partition(NAME)
        if leads_back(resource.id, self.owners, self.template):
            name = called(resource, self.world)
            circle = any(isinstance(piece, Hole) and piece.name == resource.id for piece in name)
            spelt = (*_own(head), *(["*"] if circle else name), end.replace("?", "*") if not tail else "", *tail)
            return spelt, f"{resource.id} depends on this role, so its name is spelt out" if circle else ""
        if kind.ref == "arn":
            return (Hole(resource.id, Filler.RESOURCE), *tail), ""
        if kind.arns and not (end and tail):
            return (Hole(f"{resource.id}.{kind.arns[0]}", Filler.ATTRIBUTE), *tail), ""
        return (*_own(head), Hole(resource.id, Filler.RESOURCE), "" if tail else end, *tail), ""

    # -- what no pattern of the table can say ----------------------------------------------------

    def _access_point(self, one: Needed, wanted: Wanted) -> PolicyResource:
        pieces, note = access_point(wanted.arguments["Bucket"].pieces, self.template)
        is_object = level_of(one.action) is Level.OBJECT
        tail = ("/object/", *wanted.arguments["Key"].pieces) if is_object and "Key" in wanted.arguments else ()
        if is_object and not tail:
            tail = ("/object/*",)
        return replace(self._written((*pieces, *tail)), note=note)

    def _models(self, one: Needed) -> tuple[PolicyResource, ...]:
        found = [
            resource
            for options in Needed(_MODEL, one.call).wanted(self.variables, self.world, self.template)
            for wanted in options
            for pieces in wanted.resources
            for resource in self._model(pieces)
        ]
        return tuple(dict.fromkeys(found)) or (PolicyResource("*", "which model is called cannot be told"),)

    def _model(self, pieces: Pieces) -> Iterator[PolicyResource]:
        first = pieces[0] if pieces else OPAQUE
        if OPAQUE in pieces:
            yield PolicyResource("*", "which model is called cannot be told")
            return
        text = _text(pieces)
        ids = [text]
        if isinstance(first, Hole) and first.filler is Filler.PARAMETER:
            parameter = self.template.space.parameters[first.name]
            ids = [value for value in (parameter.default, *(parameter.allowed or ())) if value]
        models = [model for model in map(bedrock.model, dict.fromkeys(ids)) if model is not None]
        guards = guards_of([p for p in pieces if isinstance(p, Hole)], self.template, self.owners)
        if text.startswith("arn:") or (isinstance(first, Hole) and first.name.lower().endswith("arn")):
            yield PolicyResource(text, "", guards)
        elif any(model.prefix for model in models):
            yield PolicyResource(f"arn:{_ACCOUNT % 'bedrock'}:inference-profile/{text}", "", guards)
        if not text.startswith("arn:") and not (models and all(model.prefix for model in models)):
            yield PolicyResource(
                f"arn:${{AWS::Partition}}:bedrock:${{AWS::Region}}::foundation-model/{text}", "", guards
            )
        for model in models:
            if model.prefix:
                note = "an inference profile calls its model in several Regions"
                note += f"; this is the one that {first.name} names by default" if isinstance(first, Hole) else ""
                yield PolicyResource(f"arn:${{AWS::Partition}}:bedrock:*::foundation-model/{model.base}", note)


def home_of(role: Role | None, owner: Resource, template: Template, world: World, variables: Variables) -> Home:
    """Where the policy of a function stands in a world."""
    return Home(template, world, variables, tuple({r.id: r for r in (role.owner if role else owner, owner)}.values()))


def _type(pattern: str) -> str:
    """The kind of resource that a pattern is about: "sagemaker:endpoint"."""
    parts = _MEMBER.sub("$", pattern).split(":", 5)
    return f"{parts[2]}:{re.split('[/:$]', parts[5])[0]}"


def _untold(one: Needed) -> str:
    return f"what {one.action} is called on cannot be told"


_MEMBER = re.compile(r"\$\{([^{}]*)\}")
_CALLER = ("Partition", "Region", "Account")


def _members(pattern: str) -> list[str]:
    return [name for name in _MEMBER.findall(pattern) if name not in _CALLER]


def _url(piece: Piece, template: Template) -> str | None:
    """The name in a queue's URL, or "" where the URL is a value of the template; None for what is no URL."""
    if isinstance(piece, str):
        return piece.rpartition("/")[2] if piece.startswith("https:") else None
    if piece.filler is Filler.PARAMETER and piece.name.lower().endswith("queueurl"):
        return ""
    found = meaning(piece, template)
    return "" if found is not None and found.kind.ref == "url" else None


def _own(head: str) -> Pieces:
    """The beginning of a kind's ARN, in this account."""
    parts = head.split(":", 5)
    own = {1: "${AWS::Partition}", 3: "${AWS::Region}", 4: "${AWS::AccountId}"}
    return (":".join(own[i] if part == "*" and i in own else part for i, part in enumerate(parts)),)


def _starred(pieces: Sequence[Piece]) -> Pieces:
    return fused(
        [
            "*" if piece == OPAQUE or (isinstance(piece, Hole) and piece.filler is Filler.OPAQUE) else piece
            for piece in pieces
        ]
    )


def _single_slash(pieces: Pieces, template: Template) -> Pieces:
    """Without the slash before a name that begins with one, as parameters of Systems Manager do."""
    out = list(pieces)
    for index, piece in enumerate(pieces[1:], 1):
        before = out[index - 1]
        if isinstance(piece, Hole) and isinstance(before, str) and before.endswith(":parameter/"):
            default = template.space.default(piece.name) or ""
            resource = template.resources.get(piece.name)
            name = resource.property("Name") if resource is not None else None
            spelt = (name.text or name["Fn::Sub"].text) if name is not None else ""
            if default.startswith("/") or spelt.startswith("/"):
                out[index - 1] = before[:-1]
    return tuple(piece.replace(":parameter//", ":parameter/") if isinstance(piece, str) else piece for piece in out)


def _text(pieces: Sequence[Piece]) -> str:
    """Pieces as `Fn::Sub` writes them."""
    return "".join(piece if isinstance(piece, str) else str(piece) for piece in pieces)


def _says_nothing(text: str) -> bool:
    """Whether a resource is everything, or, in S3, any bucket: which leaves out access points."""
    parts = re.sub(r"\$\{[^{}]*\}", "$", text).split(":", 5)
    return text.startswith("*") or (len(parts) == 6 and parts[2] == "s3" and parts[5].startswith("*"))
