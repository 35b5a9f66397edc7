"""The ARNs that authorise what is granted by an alias, or on another level, and where a statement takes them up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from s3ap_lint.api import (
    ACCESS_POINT_ARNS,
    NO_VALUE,
    Edit,
    Filler,
    Fix,
    Hole,
    Leaf,
    Level,
    Node,
    Role,
    S3Grant,
    S3Resource,
    Safety,
    Template,
    Value,
    edits,
    get_att,
    given_when,
    if_,
    level_of,
    name_beside,
    offer,
    ref,
    sub,
    value_of,
)

_BY_ALIAS = re.compile(r"arn:.+?:s3:::")
_BY_ARN = re.compile(r"(?P<head>arn:.+?:s3:.*?:.*?:accesspoint/)")
_ONE_HOLE = re.compile(r"\$\{([^!{}]+)\}")


@dataclass(frozen=True)
class Form:
    """A resource that names an access point. `sure`: it names the one that is meant, on every path, and no other."""

    value: Value
    sure: bool


def _beside_alias(resource: S3Resource, level: Level, template: Template) -> Form | None:
    """What must stand beside an alias for actions of a level; None where its key cannot be told."""
    text = written(resource.leaf)
    mark = _BY_ALIAS.match(text)
    _, _, key = text[mark.end() if mark else 0 :].partition("/")
    tail = "" if level is Level.BUCKET else f"/object/{key or '*'}"
    if resource.leaf.is_opaque:
        return None
    head = "arn:${AWS::Partition}:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/"
    hole = resource.name[0] if len(resource.name) == 1 else ""
    if not isinstance(hole, Hole):
        return Form(_value(f"{head}*{tail}"), sure=False)
    owner = template.resource(hole.name.partition(".")[0]) if hole.filler is Filler.ATTRIBUTE else None
    if owner is not None and owner.type in ACCESS_POINT_ARNS:
        return Form(_value(f"${{{owner.id}.{ACCESS_POINT_ARNS[owner.type]}}}{tail}"), sure=True)
    name = name_beside(hole.name, template)
    if name:
        return _by_name(name, head, tail, template)
    return Form(_value(f"{head}*{tail}"), sure=False)


def _by_name(name: str, head: str, tail: str, template: Template) -> Form:
    """The access point that a parameter names, and any where that is empty."""
    exact, any_ = _value(f"{head}${{{name}}}{tail}"), _value(f"{head}*{tail}")
    if not template.space.may_be_empty(name):
        return Form(exact, sure=True)
    guard = given_when(name, template)
    if guard is None:
        return Form(any_, sure=False)
    condition, truth = guard
    return Form(if_(condition, exact, any_) if truth else if_(condition, any_, exact), sure=False)


def on_level(resource: S3Resource, level: Level) -> Form | None:
    """The same access point on another level."""
    text = written(resource.leaf)
    mark = _BY_ARN.match(text)
    name = "".join(_written(piece) for piece in resource.name)
    if mark is None or resource.leaf.is_opaque or not text.startswith(mark["head"] + name):
        return _of_attribute(resource, level)
    return Form(_value(_portable(mark["head"]) + name + ("" if level is Level.BUCKET else "/object/*")), sure=True)


def _of_attribute(resource: S3Resource, level: Level) -> Form | None:
    """The same for `${Point.Arn}`, where the ARN is not spelt out."""
    first = resource.leaf.pieces[0] if resource.leaf.pieces else ""
    if not isinstance(first, Hole) or first.filler is not Filler.ATTRIBUTE:
        return None
    return Form(_value(str(first) + ("" if level is Level.BUCKET else "/object/*")), sure=True)


def any_name(leaf: Leaf) -> Value | None:
    """An access point's ARN with `*` in place of the name; None where the ARN is not spelt out."""
    text = written(leaf)
    mark = _BY_ARN.match(text)
    if mark is None or leaf.is_opaque:
        return None
    _, slash, tail = text[mark.end() :].partition("/")
    return _value(f"{_portable(mark['head'])}*{slash}{tail}")


def _portable(head: str) -> str:
    """The beginning of an ARN without a partition of its own, which cfn-lint would ask for."""
    return re.sub(r"^arn:aws[\w-]*:", "arn:${AWS::Partition}:", head)


def written(leaf: Leaf) -> str:
    """A text as `Fn::Sub` writes it, where a `${` that is no variable has an exclamation mark."""
    return "".join(map(_written, leaf.pieces))


def _written(piece: str | Hole) -> str:
    return piece.replace("${", "${!") if isinstance(piece, str) else str(piece)


def _value(text: str) -> Value:
    whole = _ONE_HOLE.fullmatch(text)
    if whole is not None:
        return get_att(whole[1]) if "." in whole[1] else ref(whole[1])
    return sub(text) if "${" in text else text


# -- where a statement takes them up -------------------------------------------------------------


@dataclass(frozen=True)
class Slot:
    """Where something can stand beside a resource: at the end of its list, or with it in a list of their own.

    `guards` are the conditions that an item of the list needs, outermost first, for being there when the resource is.
    """

    node: Node
    guards: tuple[tuple[str, bool], ...] = ()


def slot_beside(resource: Node) -> Slot | None:
    """Where something can be added beside a resource of a statement; None where that cannot be told."""
    node, guards = resource, list[tuple[str, bool]]()
    while True:
        parent = node.parent
        if parent is None:
            return None
        if parent.is_sequence and parent.key != "Fn::If":
            return Slot(parent, tuple(reversed(guards))) if not parent.key.startswith("Fn::") else None
        if parent.is_mapping:
            return Slot(resource) if node.key in ("Resource", "NotResource") else None
        if node.key not in ("1", "2") or parent.parent is None:
            return None
        guards.append((parent[0].text, node.key == "1"))
        node = parent.parent


def added(pairs: Iterable[tuple[Node, Value]], template: Template) -> list[Edit | None]:
    """The edits that put values beside resources, each once in each place; None among them for what cannot be done."""
    found: dict[int, tuple[Slot, list[Value]]] = {}
    for node, value in pairs:
        slot = slot_beside(node)
        if slot is None:
            return [None]
        for condition, truth in reversed(slot.guards):
            value = if_(condition, value, NO_VALUE) if truth else if_(condition, NO_VALUE, value)
        values = found.setdefault(id(slot.node), (slot, []))[1]
        if value not in values:
            values.append(value)
    return [_taken_up(slot.node, values, template) for slot, values in found.values()]


def _taken_up(node: Node, values: Sequence[Value], template: Template) -> Edit | None:
    if node.is_sequence:
        return edits.append(node, template.source, *values)
    return edits.replace(node, template.source, [value_of(node), *values])


# -- what is granted by alias ---------------------------------------------------------------------


def beside_aliases(role: Role, concerned: Iterable[S3Grant], denied: Iterable[S3Grant]) -> Fix | None:
    """The access points beside the aliases, in every statement that is concerned, and for every alias in it.

    One alias alone would not do: the first access point in a statement makes the others look granted.
    """
    statements = {grant.statement.node.span for grant in concerned}
    meant = {
        (grant.leaf.node.span, level_of(grant.action).value, grant.leaf.pieces, grant.action): grant
        for grant in denied
        if grant.statement.node.span in statements
    }
    pairs, sure = list[tuple[S3Grant, Value]](), True
    for grant in (meant[key] for key in sorted(meant, key=lambda key: key[:2])):
        form = _beside_alias(grant.resource, level_of(grant.action), role.template)
        if form is None:
            return None
        pairs.append((grant, form.value))
        sure = sure and form.sure
    written = [(grant.leaf.node, value) for grant, value in pairs if not grant.statement.bundled]
    bundled = [(grant, value) for grant, value in pairs if grant.statement.bundled]
    changes = [*added(written, role.template), *_beside_bundles(role, bundled)]
    if sure and not bundled:
        return offer("Also grant the access point ARN", *changes, safety=Safety.SAFE)
    return offer("Also grant the access point ARN" if sure else "Also grant all access points of the account", *changes)


def _beside_bundles(role: Role, pairs: list[tuple[S3Grant, Value]]) -> list[Edit | None]:
    """A policy beside the policy templates of SAM, which take one bucket only."""
    if not pairs:
        return []
    policies = pairs[0][0].statement.node.parent
    policies = policies.parent if policies is not None else None
    if policies is None or policies.key != "Policies" or not policies.is_sequence:
        return [None]
    statement = {
        "Effect": "Allow",
        "Action": list(dict.fromkeys(grant.action for grant, _ in pairs)),
        "Resource": [value for index, (_, value) in enumerate(pairs) if value not in [v for _, v in pairs[:index]]],
    }
    document: Value = {"Version": "2012-10-17", "Statement": [statement]}
    return [edits.append(policies, role.template.source, document)]
