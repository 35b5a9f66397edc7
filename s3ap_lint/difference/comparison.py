"""All differences of two templates, or of some scenarios of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from s3ap_lint.difference import contrast, grants, presence, rest, sections, states
from s3ap_lint.difference.blind_spots import BlindSpots
from s3ap_lint.difference.differences import Difference, Kind
from s3ap_lint.difference.meaning import WRITTEN
from s3ap_lint.difference.plain import CODE, Plain, is_document
from s3ap_lint.difference.scope import Guard, Scope, names_in
from s3ap_lint.iam import Role
from s3ap_lint.statemachine import Definition
from s3ap_lint.template.node import Node
from s3ap_lint.template.template import Resource, Template

ATTRIBUTES = ("DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "UpdatePolicy", "CreationPolicy")
"""What a resource says beside its properties that counts once it is deployed."""

ASSUMED = {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}
"""What an attribute says that is not written. Nothing is assumed of databases, of which a snapshot may be kept.

(CloudFormation user guide, "DeletionPolicy attribute".)
"""

VARIABLES = "Environment.Variables."
_CODE = ("Code", "Content", "Handler")
_IN_TEMPLATE = ("Code.ZipFile", "Code.ImageUri")  # code that no file of the project holds
MACHINE = "AWS::StepFunctions::StateMachine"
_ONLY_FOR_ROLES = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy")
_POLICIES = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy")


@dataclass(frozen=True)
class Views:
    """What the two templates of a comparison are read with.

    `definitions` gives the definitions of a state machine, None where they cannot be read. `ignored` are places that
    are meant to be unlike: (logical id, dotted property), "" for the whole resource. `codes` says whether two functions
    run the same code; None where that cannot be told.
    """

    definitions: Callable[[Resource], tuple[Definition, ...] | None]
    ignored: frozenset[tuple[str, str]] = frozenset()
    parameters: frozenset[str] = frozenset()
    codes: Callable[[Resource, Resource], bool | None] | None = None


@dataclass
class Comparison:
    """Two templates, the first compared with the second.

    `undecided`, once all is compared, are the nodes of which it could not be told whether they say the same.
    """

    one: Template
    other: Template
    scope: Scope
    views: Views
    undecided: list[Node] = field(default_factory=list)

    def differences(self) -> list[Difference]:
        """All differences, by kind and then in the order of the templates."""
        self.undecided = self.scope.undecided
        self.undecided += self._blind.whole or self._blind.places
        if self._blind.whole:
            return []
        found = self._told(self._sections(), self.other.top)
        for name in [*self.one.resources, *(n for n in self.other.resources if n not in self.one.resources)]:
            if (name, "") not in self.views.ignored:
                one, other = self.one.resources.get(name), self.other.resources.get(name)
                found += self._told(self._resource(one, other), self.other.top["Resources"][name])
        return sorted(self._told_once(found), key=lambda difference: difference.kind.rank)

    def _told_once(self, found: list[Difference]) -> Iterator[Difference]:
        """The same without grants by a policy that a role of the template is said to have by it, or to lack."""
        said = {_grant(one) for one in found if one.kind is Kind.GRANT and self._holder(one).type not in _POLICIES}
        for one in found:
            if one.kind is not Kind.GRANT or self._holder(one).type not in _POLICIES or _grant(one) not in said:
                yield one

    def _holder(self, difference: Difference) -> Resource:
        name = difference.name.partition(": ")[0].partition(".")[0]
        return self.other.resources.get(name) or self.one.resources[name]

    @cached_property
    def _blind(self) -> BlindSpots:
        return BlindSpots(self.one, self.other, self.scope)

    def _told(self, differences: Iterator[Difference], at: Node) -> list[Difference]:
        """The differences of one thing; none, and a note of it, where it is nested too deep to be compared."""
        try:
            return list(differences)
        except RecursionError:
            self.undecided.append(at)
            return []

    def _sections(self) -> Iterator[Difference]:
        one, other = self.one.top, self.other.top
        if self.scope.by_name:
            for found in sections.parameters(one["Parameters"], other["Parameters"]):
                if found.name.partition(".")[0] not in self.views.parameters:
                    yield found
            yield from sections.conditions(one["Conditions"], other["Conditions"], self.scope)
            yield from sections.tables(Kind.MAPPING, one["Mappings"], other["Mappings"])
            yield from sections.tables(Kind.RULE, one["Rules"], other["Rules"])
            yield from sections.outputs(self.one, self.other, self.scope)
            return
        yield from presence.of_outputs(self.one, self.other, self.scope)
        yield from rest.of_templates(self.one, self.other, self.scope)

    # -- resources -------------------------------------------------------------------------------

    def _resource(self, one: Resource | None, other: Resource | None) -> Iterator[Difference]:
        if one is None or other is None:
            yield from self._lone(one, other)
            return
        here, there = Plain(one), Plain(other)
        if here.type != there.type:
            nodes = one.node["Type"], other.node["Type"]
            yield Difference(Kind.RESOURCE, f"{one.id}.Type", nodes, (one.type, other.type))
            return
        guard = self._guard(one, other)
        verdict = self.scope.existence(one, other) if self.scope.by_name else None
        if verdict is not None:
            said = one.condition or "always", other.condition or "always"
            nodes = one.node["Condition"], other.node["Condition"]
            yield Difference(Kind.RESOURCE, f"{one.id}.Condition", nodes, said, verdict)
        if not self.scope.by_name:
            yield from presence.of_resource(one, other, self.scope)
            yield from presence.of_made_roles(one, other, self.scope)
            yield from rest.of_resources(one, other, self.scope)
        yield from self._attributes(here, there, guard)
        yield from self._properties(here, there, guard)
        if here.type == "AWS::IAM::Role":
            yield from grants.of_roles(Role(one), Role(other), self.scope)
        if here.type == MACHINE:
            yield from self._machines(here, there, guard)

    def _lone(self, one: Resource | None, other: Resource | None) -> Iterator[Difference]:
        resource = one or other
        assert resource is not None
        if self._blind.may_be_made(resource.id) or self._is_said_otherwise(resource):
            return
        if not self.scope.by_name:
            yield from presence.of_resource(one, other, self.scope)
            return
        verdict = self.scope.existence(one, other)
        if verdict is None:
            return
        nodes = self.one.top["Resources"][resource.id], self.other.top["Resources"][resource.id]
        yield Difference(Kind.RESOURCE, resource.id, nodes, (nodes[0]["Type"].text, nodes[1]["Type"].text), verdict)

    def _is_said_otherwise(self, resource: Resource) -> bool:
        """Whether it is a policy that only stands for what the roles it is attached to are granted in the other too."""
        if resource.type not in _ONLY_FOR_ROLES or not presence.is_attached(resource):
            return False
        whole = resource.properties
        named = [name for top in (whole["Roles"], whole["RoleName"]) for name in names_in(top)]
        pairs = [(self.one.resources.get(name), self.other.resources.get(name)) for name in named]
        known = bool(pairs) and not (whole["Users"] or whole["Groups"])
        return known and all(
            a is not None and b is not None and not any(grants.of_roles(Role(a), Role(b), self.scope)) for a, b in pairs
        )

    def _guard(self, one: Resource, other: Resource) -> Guard | None:
        """Where both exist, if that is not everywhere."""
        if not (one.condition or other.condition):
            return None
        return lambda first, second: one.exists(first) and other.exists(second)

    def _attributes(self, one: Plain, other: Plain, guard: Guard | None) -> Iterator[Difference]:
        for name in ATTRIBUTES:
            a, b = one.attribute(name), other.attribute(name)
            values = [WRITTEN.value(node) for node in (a, b)]
            if name == "DependsOn" and _names(values[0]) == _names(values[1]):
                continue
            if name == "DependsOn" and not self.scope.by_name:
                yield from presence.of_waits(one.resource, other.resource, self.scope)
                continue
            assumed = ASSUMED.get(name, "") if not one.type.startswith("AWS::RDS::") else ""
            if assumed and all(not node or node.text == assumed for node in (a, b)):
                continue
            verdict = self.scope.differs(a, b, guard)
            if verdict is not None:
                label = f"{one.resource.id}.{name}"
                yield Difference(Kind.RESOURCE, label, (a, b), contrast.said_of(a, b), verdict)

    def _properties(self, here: Plain, there: Plain, guard: Guard | None) -> Iterator[Difference]:
        apart = _apart(here, self.scope) | _apart(there, self.scope)
        for name in _keys(here, there):
            if name.partition(".")[0] in apart or self._is_ignored(here.resource.id, name):
                continue
            a, b = here.at(name, there), there.at(name, here)
            if is_document(a) and is_document(b):
                yield from grants.of_documents(f"{here.resource.id}.{name}", a, b, self.scope)
                continue
            verdict = self.scope.differs(a, b, guard)
            if verdict is None:
                continue
            kind, label = Kind.PROPERTY, f"{here.resource.id}.{name}"
            if name.startswith(VARIABLES):
                kind, label = Kind.VARIABLE, f"{here.resource.id}.{name.removeprefix(VARIABLES)}"
            yield Difference(kind, label, (a, b), contrast.said_of(a, b), verdict, contrast.places(a, b))
        yield from self._own(here, there, guard)
        yield from self._code(here, there, guard)

    def _is_ignored(self, resource: str, name: str) -> bool:
        ignored = self.views.ignored
        return bool(ignored) and ((resource, name) in ignored or (resource, name.partition(".")[0]) in ignored)

    def _own(self, here: Plain, there: Plain, guard: Guard | None) -> Iterator[Difference]:
        """What only SAM has a word for: it is in the other template too, or it is a difference."""
        alike = here.resource.type == there.resource.type
        attached = any(presence.is_given_policies(one) for one in (here.resource, there.resource) if one.of_sam)
        implied = ["Policies"] if attached and not self.scope.by_name else []
        for name in dict.fromkeys([*here.own, *there.own, *implied]):
            made = [presence.role_of(plain.resource) for plain in (here, there)]
            if name == "Policies" and not self.scope.by_name and None in made:
                continue  # SAM heeds them only where it makes a role, and that is told as a whole
            if name == "Policies" and alike:
                yield from grants.of_roles(Role(here.resource), Role(there.resource), self.scope)
                continue
            a = here.own.get(name) or here.resource.properties[name]
            b = there.own.get(name) or there.resource.properties[name]
            verdict = self.scope.differs(a, b, guard)
            if verdict is not None:
                yield Difference(Kind.PROPERTY, f"{here.resource.id}.{name}", (a, b), contrast.said_of(a, b), verdict)

    def _code(self, here: Plain, there: Plain, guard: Guard | None) -> Iterator[Difference]:
        """Where the code lies: compared by what it is where that is known, else as it is written."""
        if here.resource.type not in CODE:
            return
        names = [name for name in _keys(here, there) if name.partition(".")[0] in _CODE]
        told = self.views.codes(here.resource, there.resource) if self.views.codes is not None else None
        if told is False:
            nodes = here.resource.properties["Handler"], there.resource.properties["Handler"]
            yield Difference(Kind.CODE, here.resource.id, nodes, (nodes[0].text, nodes[1].text))
        if self.views.codes is not None:
            if told is None:
                yield from self._handler(here, there)
            inline = ("Handler", "Code") if any("Code.ZipFile" in plain.properties for plain in (here, there)) else ()
            names = [name for name in names if name in (*_IN_TEMPLATE, *inline)] if told is None else []
        for name in names:
            a, b = here.at(name, there), there.at(name, here)
            verdict = self.scope.differs(a, b, guard)
            if verdict is not None:
                yield Difference(Kind.CODE, f"{here.resource.id}.{name}", (a, b), contrast.said_of(a, b), verdict)

    def _handler(self, here: Plain, there: Plain) -> Iterator[Difference]:
        """Two handlers of code that is not known, of which one may say the folder that the other's package is of."""
        nodes = here.resource.property("Handler"), there.resource.property("Handler")
        one, other = ("." + node.text.replace("/", ".") for node in nodes)
        inline = any("Code.ZipFile" in plain.properties for plain in (here, there))
        if inline or "." in (one, other) or one.endswith(other) or other.endswith(one):
            return
        yield Difference(Kind.CODE, f"{here.resource.id}.Handler", nodes, contrast.said_of(*nodes))

    def _machines(self, here: Plain, there: Plain, guard: Guard | None) -> Iterator[Difference]:
        """The states, where both definitions can be read."""
        written = [[a.at(name, b) for name in states.DEFINING] for a, b in ((here, there), (there, here))]
        if self.scope.by_name and all(self.scope.same(a, b) for a, b in zip(*written, strict=True)):
            return  # else the file that they name may have changed
        found = [self.views.definitions(plain.resource) for plain in (here, there)]
        if found[0] is not None and found[1] is not None:
            sides = (here.resource, found[0]), (there.resource, found[1])
            yield from states.of_machines(here.resource.id, *sides, self.scope, guard)
            return
        for a, b, name in zip(*written, states.DEFINING, strict=True):
            verdict = self.scope.differs(a, b, guard)
            if verdict is not None:
                yield Difference(Kind.STATE, f"{here.resource.id}.{name}", (a, b), contrast.said_of(a, b), verdict)


def _grant(difference: Difference) -> tuple[str, bool, bool]:
    """What tells a grant from another, whoever has it."""
    return difference.name.partition(": ")[2], difference.only_in_one, difference.only_in_other


def _apart(plain: Plain, scope: Scope) -> set[str]:
    """The properties that are compared in a way of their own."""
    if plain.type == "AWS::IAM::Role":
        return {"Policies"}
    if plain.type in _POLICIES and presence.is_attached(plain.resource):
        others = not scope.by_name and presence.has_other_holders(plain.resource)
        return {"PolicyName"} if others else {"PolicyDocument", "PolicyName"}
    if plain.type == MACHINE:
        return set(states.DEFINING)
    return set(_CODE) if plain.resource.type in CODE else set()


def _keys(here: Plain, there: Plain) -> list[str]:
    """The properties of either, each as deep as both are written; what one lacks as a whole is one."""
    found = dict.fromkeys([*here.properties, *there.properties])
    out: dict[str, None] = {}
    for name in found:
        outer = (here if name in here.properties else there).outer(name)
        out[next((whole for whole in outer if not _opens(whole, here, there)), name)] = None
    return list(out)


def _opens(name: str, here: Plain, there: Plain) -> bool:
    """Whether what lies below a prefix is compared piece by piece; variables are, also where one has none at all."""
    if f"{name}." in (VARIABLES, VARIABLES.partition(".")[0] + "."):
        return all(not plain.properties.get(name) for plain in (here, there))
    return all(
        name in plain.opened or any(key.startswith(f"{name}.") for key in plain.properties) for plain in (here, there)
    )


def _names(value: object) -> list[str]:
    return sorted(map(str, value)) if isinstance(value, list) else [value] if isinstance(value, str) else []


__all__ = ["Comparison", "Views"]
