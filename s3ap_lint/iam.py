"""Roles as they are deployed: every policy that ends up on one, statement by statement, in a given world.

A role's grants come from its inline policies, from policy resources that name it, from managed
policies (of this template, or AWS's own), and, for a SAM function without Role, from `Policies` in
all the forms that SAM takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial

from s3ap_lint.model import Location
from s3ap_lint.policies import Policies, Reader, Statement, aws_managed, may_concern, statement_of, unreadable
from s3ap_lint.template.node import Node
from s3ap_lint.template.references import guards
from s3ap_lint.template.template import Resource, Template
from s3ap_lint.template.values import Leaf, is_fixed, texts
from s3ap_lint.template.worlds import World

SAM_OWNERS = ("AWS::Serverless::Function", "AWS::Serverless::StateMachine")
RUN_UNDER_A_ROLE = (*SAM_OWNERS, "AWS::Lambda::Function", "AWS::StepFunctions::StateMachine")


@dataclass(frozen=True)
class Role:
    """A role: an AWS::IAM::Role, or the one that SAM makes for a function or state machine without Role."""

    owner: Resource

    @property
    def id(self) -> str:
        return self.owner.id

    @property
    def ids(self) -> tuple[str, ...]:
        """The logical ids that mean it: its own, and the one that SAM makes of a function's."""
        return (self.id, f"{self.id}Role") if self.is_implicit else (self.id,)

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
        return tuple(node for node in (*own, *(r.properties for r in self.attached)) if node)

    @cached_property
    def unconditional(self) -> tuple[Statement, ...]:
        """Statements written in its policies that stand and allow in every scenario; none if it is denied something."""
        nodes = [node for top in self.policy_nodes for node in top.walk() if node.is_mapping and node["Effect"]]
        if any(node["Effect"].text != "Allow" for node in nodes):
            return ()
        world = World(self.template.space, {})
        own = [n for n in nodes if n.path[1:2] == (self.id,) and not guards(n) and is_fixed(n, world)]
        found = (statement_of(node, world) for node in own)
        return tuple(one for one in found if one.complete and not one.conditional and not len(one.not_resources))

    @cached_property
    def unreadable(self) -> tuple[Location, ...]:
        """The places of its own policies whose content cannot be told: what it may do is not known then."""
        properties = self.owner.properties
        return tuple(
            at for name in ("Policies", "ManagedPolicyArns") for at in unreadable(properties[name], self.template)
        )

    @cached_property
    def managed_policies(self) -> tuple[Leaf, ...]:
        """AWS's own managed policies that it names in some scenario, where they are written."""
        lists = [self.owner.properties["ManagedPolicyArns"], *([self.owner.properties["Policies"]] * self.is_implicit)]
        written = [(node, node.text or node["Fn::Sub"].text) for top in lists for node in top.walk()]
        named = [(node, text) for node, text in written if text and node.key not in ("Fn::Sub", "Ref")]
        return tuple(Leaf((text,), node) for node, text in named if aws_managed(text) is not None)

    @cached_property
    def attached(self) -> tuple[Resource, ...]:
        """Policy resources of the template that may name this role in `Roles` or `RoleName`."""
        policies = self.template.of_type("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy")
        ids = set(self.ids)
        names = {self.owner.properties["RoleName"].text} - {""}
        found = []
        for policy in policies:
            where = [policy.properties["Roles"], policy.properties["RoleName"]]
            nodes = [node for top in where if top for node in top.walk()]
            functions = [found for found in (node.function for node in nodes) if found is not None]
            refs = {argument.text for name, argument in functions if name == "Ref"}
            refs |= {argument.text[2:-1] for name, argument in functions if name == "Fn::Sub"}  # no more than a name
            if refs & ids or {node.text for node in nodes} & names:
                found.append(policy)
        return tuple(found)

    def policies(self, world: World, about: str = "") -> Policies:
        """All that the role has in a world; with an action, what may concern that, and no more is decided for it."""
        known = world.memo.get((self, "")) or world.memo.get((self, about))
        if not isinstance(known, Policies):
            known = world.memo[self, about] = world.answer((self, about), partial(self._policies, about=about))
        return known

    def _policies(self, world: World, about: str) -> Policies:
        reader = Reader(self.template, world, about)
        for node in reader.listed(self.owner.properties["Policies"]):
            if self.is_implicit:
                reader.sam_policy(node)
            else:
                reader.document(node["PolicyDocument"] if node.is_mapping else node)
        for node in reader.listed(self.owner.properties["ManagedPolicyArns"]):
            for leaf in texts(node, world):
                reader.managed(leaf)
        for policy in self.attached:
            document = policy.properties["PolicyDocument"]
            if (not about or may_concern(document, about, world.space.memo)) and policy.exists(world):
                reader.document(document)
        return Policies(tuple(reader.statements), tuple(reader.grants), tuple(reader.unread))


def _names(node: Node, logical_id: str) -> bool:
    """Whether a property is the Ref or GetAtt of a resource, on one way through its `!If`s."""
    for found in (inner.function for inner in node.walk()):
        if found is not None and found[0] in {"Ref", "Fn::GetAtt"}:
            named = found[1].text.partition(".")[0] or found[1][0].text
            if named == logical_id:
                return True
    return False


def roles(template: Template) -> list[Role]:
    """Every role of a template, in order; a SAM function with Role has none of its own."""
    found = []
    for resource in template.resources.values():
        implicit = resource.type in SAM_OWNERS and template.is_sam and not resource.property("Role")
        if resource.type == "AWS::IAM::Role" or implicit:
            found.append(Role(resource))
    return found
