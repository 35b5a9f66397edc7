"""Roles as they are deployed: every policy that ends up on one, statement by statement, in a given world.

A role's grants come from its inline policies, from policy resources that name it, from managed
policies (of this template, or AWS's own), and, for a SAM function without Role, from `Policies` in
all the forms that SAM takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from s3ap_lint import data
from s3ap_lint.arn import matches
from s3ap_lint.model import Location
from s3ap_lint.template.node import Node
from s3ap_lint.template.template import Resource, Template
from s3ap_lint.template.values import OPAQUE, Filler, Hole, Leaf, Piece, Values, choose, fused, is_fixed, listed, texts
from s3ap_lint.template.worlds import World

SAM_OWNERS = ("AWS::Serverless::Function", "AWS::Serverless::StateMachine")
RUN_UNDER_A_ROLE = (*SAM_OWNERS, "AWS::Lambda::Function", "AWS::StepFunctions::StateMachine")


@dataclass(frozen=True)
class Statement:
    """One statement in one world. `conditional`: a Condition block narrows it, so it grants only perhaps.

    `bundled`: a SAM policy template brings it, so nobody chose its actions one by one.
    """

    node: Node
    allows: bool
    actions: Values
    not_actions: Values
    resources: Values
    not_resources: Values
    conditional: bool
    bundled: bool = False

    @property
    def complete(self) -> bool:
        """Whether its actions can be told."""
        return self.actions.complete and self.not_actions.complete

    def covers(self, action: str) -> bool:
        """Whether the statement is about an action such as "s3:GetObject"."""
        if len(self.not_actions):
            return not any(matches(pattern, action) for pattern in self.not_actions.texts)
        return any(matches(pattern, action) for pattern in self.actions.texts)


@dataclass(frozen=True)
class Grant:
    """What a policy that is not written in the template grants: literal patterns from the fact tables."""

    policy: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditional: bool

    def covers(self, action: str) -> bool:
        """Whether the grant is about an action."""
        if self.not_actions:
            return not any(matches(pattern, action) for pattern in self.not_actions)
        return any(matches(pattern, action) for pattern in self.actions)


@dataclass(frozen=True)
class Policies:
    """All that a role has in one world. `unread`: places of policies whose content cannot be told."""

    statements: tuple[Statement, ...]
    grants: tuple[Grant, ...]
    unread: tuple[Location, ...]


def statements(document: Node, world: World) -> Iterator[Statement]:
    """The statements of a policy document in a world."""
    chosen = choose(document, world)
    if chosen is None:
        return
    for node in listed(chosen["Statement"], world):
        if not node.is_mapping or node.function is not None:
            continue
        known = world.space.memo.get(("statement", node))
        if not isinstance(known, Statement):
            known = _statement(node, world)
            if is_fixed(node, world):
                world.space.memo["statement", node] = known
        yield known


def _statement(node: Node, world: World) -> Statement:
    return Statement(
        node=node,
        allows=texts(node["Effect"], world).texts == ("Allow",),
        actions=texts(node["Action"], world),
        not_actions=texts(node["NotAction"], world),
        resources=texts(node["Resource"], world),
        not_resources=texts(node["NotResource"], world),
        conditional=bool(node["Condition"]),
    )


@dataclass(frozen=True)
class Role:
    """A role: an AWS::IAM::Role, or the one that SAM makes for a function or state machine without Role."""

    owner: Resource

    @property
    def id(self) -> str:
        return self.owner.id

    @property
    def template(self) -> Template:
        return self.owner.template

    @property
    def is_implicit(self) -> bool:
        """Whether SAM generates it."""
        return self.owner.type in SAM_OWNERS

    @property
    def at(self) -> Location:
        return self.owner.at

    def exists(self, world: World) -> bool:
        """Whether the role is created in a world."""
        return self.owner.exists(world)

    @cached_property
    def users(self) -> tuple[Resource, ...]:
        """The functions and state machines of the template that run under the role, in order."""
        if self.is_implicit:
            return (self.owner,)
        return tuple(
            resource
            for resource in self.template.of_type(*RUN_UNDER_A_ROLE)
            if any(_names(resource.property(name), self.id) for name in ("Role", "RoleArn"))
        )

    @cached_property
    def policy_nodes(self) -> tuple[Node, ...]:
        """Every node below which policies of this role are written, for static questions."""
        own = (self.owner.properties["Policies"], self.owner.properties["ManagedPolicyArns"])
        return tuple(node for node in (*own, *(r.properties for r in self._attached)) if node)

    @cached_property
    def _attached(self) -> tuple[Resource, ...]:
        """Policy resources of the template that may name this role in `Roles` or `RoleName`."""
        policies = self.template.of_type("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy")
        ids = {self.id, f"{self.id}Role"} if self.is_implicit else {self.id}
        names = {self.owner.properties["RoleName"].text} - {""}
        found = []
        for policy in policies:
            where = [policy.properties["Roles"], policy.properties["RoleName"]]
            nodes = [node for top in where if top for node in top.walk()]
            refs = {f[1].text for f in (n.function for n in nodes) if f is not None and f[0] == "Ref"}
            if refs & ids or {node.text for node in nodes} & names:
                found.append(policy)
        return tuple(found)

    def policies(self, world: World) -> Policies:
        """All that the role has in a world."""
        known = world.memo.get(self)
        if not isinstance(known, Policies):
            known = world.memo[self] = self._policies(world)
        return known

    def _policies(self, world: World) -> Policies:
        reader = _Reader(self.template, world)
        for node in listed(self.owner.properties["Policies"], world):
            if self.is_implicit:
                reader.sam_policy(node)
            else:
                reader.document(node["PolicyDocument"] if node.is_mapping else node)
        for leaf in texts(self.owner.properties["ManagedPolicyArns"], world):
            reader.managed(leaf)
        for policy in self._attached:
            if policy.exists(world):
                reader.document(policy.properties["PolicyDocument"])
        return Policies(tuple(reader.statements), tuple(reader.grants), tuple(reader.unread))


def _names(node: Node, logical_id: str) -> bool:
    """Whether a property is the Ref or GetAtt of a resource, on one way through its `!If`s."""
    for found in (inner.function for inner in node.walk()):
        if found is not None and found[0] in {"Ref", "Fn::GetAtt"}:
            named = found[1].text.partition(".")[0] or found[1][0].text
            if named == logical_id:
                return True
    return False


class _Reader:
    """Collects what policies grant in one world."""

    def __init__(self, template: Template, world: World) -> None:
        self.template = template
        self.world = world
        self.statements: list[Statement] = []
        self.grants: list[Grant] = []
        self.unread: list[Location] = []

    def document(self, node: Node) -> None:
        chosen = choose(node, self.world)
        if chosen is None:
            return
        items = listed(chosen["Statement"], self.world)
        if not chosen.is_mapping or any(item.function is not None or not item.is_mapping for item in items):
            self.unread.append(chosen.at)
        self.statements += statements(chosen, self.world)

    def sam_policy(self, node: Node) -> None:
        """One item of a SAM function's Policies: a document, an ARN or name, or a policy template."""
        if "Statement" in node:
            self.document(node)
            return
        names = node.keys()
        if len(names) == 1 and node.function is None:
            self._template_policy(names[0], node[names[0]])
            return
        for leaf in texts(node, self.world):
            self.managed(leaf)

    def _template_policy(self, name: str, arguments: Node) -> None:
        table = data.load("sam_policy_templates")["templates"]
        template = table.get(name)
        if template is None:
            self.unread.append(arguments.at)
            return
        for statement in template["statements"]:
            self.statements.append(
                Statement(
                    node=arguments,
                    allows=statement["Effect"] == "Allow",
                    actions=_literal(statement.get("Action", ()), arguments),
                    not_actions=Values(),
                    resources=_filled(statement.get("Resource", "*"), arguments, self.world),
                    not_resources=Values(),
                    conditional="Condition" in statement,
                    bundled=True,
                )
            )

    def managed(self, leaf: Leaf) -> None:
        """A managed policy by ARN or name: of this template, AWS's own, or unknown."""
        first = leaf.pieces[0] if leaf.pieces else ""
        if isinstance(first, Hole) and first.filler in {Filler.RESOURCE, Filler.ATTRIBUTE}:
            resource = self.template.resources.get(first.name.split(".", 1)[0])
            if resource is not None and resource.type == "AWS::IAM::ManagedPolicy":
                if resource.exists(self.world):
                    self.document(resource.properties["PolicyDocument"])
                return
        found = aws_managed(leaf.text)
        if found is None:
            self.unread.append(leaf.at)
            return
        self.grants += found


def aws_managed(arn: str) -> tuple[Grant, ...] | None:
    """What an AWS managed policy grants, by ARN or by the bare name that SAM takes; None when it is not known."""
    table = data.load("managed_policies")["policies"]
    _, marker, suffix = arn.partition(":policy")
    keys = [suffix] if marker and ":iam::aws" in arn else [f"/{arn}", f"/service-role/{arn}"] if ":" not in arn else []
    for key in keys:
        if key in table:
            return tuple(_grant(key, statement) for statement in table[key] if statement["effect"] == "Allow")
    return None


def _grant(policy: str, statement: dict[str, list[str]]) -> Grant:
    return Grant(
        policy=policy.rsplit("/", 1)[-1],
        actions=tuple(statement.get("actions", ())),
        not_actions=tuple(statement.get("not_actions", ())),
        resources=tuple(statement.get("resources", ())) or ("*",),
        conditional=bool(statement.get("conditional", False)),
    )


def _literal(items: object, node: Node) -> Values:
    """Texts of a fact table as the values of a node."""
    found = items if isinstance(items, list) else [items]
    return Values(tuple(Leaf((item,), node) for item in found if isinstance(item, str)))


def _filled(resource: object, arguments: Node, world: World) -> Values:
    """The resources of a SAM policy template, with its parameters as the template fills them in."""
    leaves: list[Leaf] = []
    for item in resource if isinstance(resource, list) else [resource]:
        sub = item.get("Fn::Sub") if isinstance(item, dict) else item
        text, names = (sub[0], sub[1]) if isinstance(sub, list) else (sub, {})
        if not isinstance(text, str):
            leaves.append(Leaf((OPAQUE,), arguments))
            continue
        pieces: list[Piece] = []
        node = arguments
        for piece in re.split(r"(\$\{[^}]*\})", text):
            name = piece[2:-1] if piece.startswith("${") else None
            given = arguments[names[name]["Ref"]] if name in names else None
            found = texts(given, world).leaves if given is not None else ()
            if name is None:
                pieces.append(piece)
            elif given is None:
                pieces.append(Hole(name, Filler.PSEUDO))
            elif len(found) == 1:
                pieces += found[0].pieces
                node = found[0].node
            else:
                pieces.append(OPAQUE)
        leaves.append(Leaf(fused(pieces), node))
    return Values(tuple(leaves))


def roles(template: Template) -> list[Role]:
    """Every role of a template, in order; a SAM function with Role has none of its own."""
    found = []
    for resource in template.resources.values():
        implicit = resource.type in SAM_OWNERS and template.is_sam and not resource.property("Role")
        if resource.type == "AWS::IAM::Role" or implicit:
            found.append(Role(resource))
    return found
