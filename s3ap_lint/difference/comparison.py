"""All differences of two templates, or of some scenarios of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from s3ap_lint.difference import grants, outputs, sections, states
from s3ap_lint.difference.differences import Difference, Kind
from s3ap_lint.difference.machines import Machines
from s3ap_lint.difference.meaning import WRITTEN, Reading
from s3ap_lint.difference.plain import CODE, Plain, at, is_document
from s3ap_lint.difference.said import said
from s3ap_lint.difference.scope import Guard, Scope
from s3ap_lint.iam import Role, roles
from s3ap_lint.statemachine import Definition
from s3ap_lint.template.node import Node
from s3ap_lint.template.scenarios import Verdict
from s3ap_lint.template.template import Resource, Template
from s3ap_lint.template.worlds import World

ATTRIBUTES = ("DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "UpdatePolicy", "CreationPolicy")
"""What a resource says beside its properties that counts once it is deployed."""

ASSUMED = {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}
"""What an attribute says that is not written. Nothing is assumed of databases, of which a snapshot may be kept.

(CloudFormation user guide, "DeletionPolicy attribute".)
"""

VARIABLES = "Environment.Variables."
MACHINE = "AWS::StepFunctions::StateMachine"
_PACKAGED = frozenset({"Handler", "Code", "CodeUri", "Content", "ContentUri"})
_POLICIES = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy")


@dataclass(frozen=True)
class Views:
    """What the two templates of a comparison are read with.

    `definitions` gives the definitions of a state machine, None where they cannot be read. `ignored` are places that
    are meant to be unlike: (logical id, dotted property), "" for the whole resource. `codes` says whether two functions
    run the same code; None where that cannot be told. With `written_code`, where it lies is compared as it is written,
    unless they are known to run the same.
    """

    definitions: Callable[[Resource], tuple[Definition, ...] | None]
    ignored: frozenset[tuple[str, str]] = frozenset()
    parameters: frozenset[str] = frozenset()
    codes: Callable[[Resource, Resource], bool | None] | None = None
    written_code: bool = False


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
        found = list(self._sections())
        for name in [*self.one.resources, *(n for n in self.other.resources if n not in self.one.resources)]:
            if (name, "") not in self.views.ignored:
                found += self._resource(self.one.resources.get(name), self.other.resources.get(name))
        self.undecided = self.scope.undecided
        return sorted(found, key=lambda difference: difference.kind.rank)

    def _sections(self) -> Iterator[Difference]:
        one, other = self.one.top, self.other.top
        if self.scope.by_name:
            for found in sections.parameters(one["Parameters"], other["Parameters"]):
                if found.name.partition(".")[0] not in self.views.parameters:
                    yield found
            yield from sections.conditions(one["Conditions"], other["Conditions"])
            yield from sections.tables(Kind.MAPPING, one["Mappings"], other["Mappings"])
            yield from sections.tables(Kind.RULE, one["Rules"], other["Rules"])
            yield from sections.outputs(one["Outputs"], other["Outputs"], self.scope)
            return
        yield from outputs.in_worlds(self.one, self.other, self.scope)

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
        yield from self._existence(one, other)
        yield from self._attributes(one, other, guard)
        yield from self._properties(here, there, guard)
        yield from self._roles(one, other)
        if here.type == MACHINE:
            yield from Machines(here, there, guard, self.scope, self.views.definitions).differences()

    def _existence(self, one: Resource, other: Resource) -> Iterator[Difference]:
        """Where only one of two resources exists: two differences, unless conditions are compared by themselves."""
        found = self.scope.existence(one, other)
        if not self.scope.by_name:
            for side, verdict in enumerate(found):
                if verdict is not None:
                    yield from self._gone(one, other, verdict) if side == 0 else self._new(other, one, verdict)
            return
        verdict = next((verdict for verdict in found if verdict is not None), None)
        if verdict is not None:
            told = one.condition or "always", other.condition or "always"
            nodes = one.node["Condition"], other.node["Condition"]
            yield Difference(Kind.RESOURCE, f"{one.id}.Condition", nodes, told, verdict)

    def _gone(self, one: Resource, twin: Resource | None, verdict: Verdict) -> Iterator[Difference]:
        """A resource that only the first template has, where it has it, and what it allowed."""
        nodes = one.node, self.other.top["Resources"]["…"]
        yield Difference(Kind.RESOURCE, one.id, nodes, (one.type, ""), verdict)
        yield from self._allows(one, twin)

    def _new(self, other: Resource, twin: Resource | None, verdict: Verdict) -> Iterator[Difference]:
        """A resource that only the second template has, where it has it, and what it allows."""
        nodes = self.one.top["Resources"]["…"], other.node
        yield Difference(Kind.RESOURCE, other.id, nodes, ("", other.type), verdict)
        yield from self._allows(other, twin)

    def _allows(self, resource: Resource, twin: Resource | None) -> Iterator[Difference]:
        """All that a lone resource allows: a role, a policy of something else."""
        role = role_of(resource)
        if role is not None:
            yield from grants.of_lone_role(role, twin, self.scope)
        if role is None and resource.type in _POLICIES and _attached(resource):
            return
        for name, node in resource.properties.items():
            if is_document(node):
                yield from grants.of_lone_document(f"{resource.id}.{name}", resource, twin, node, self.scope)

    def _roles(self, one: Resource, other: Resource) -> Iterator[Difference]:
        """What two roles may do; of roles that SAM makes only where the templates are not halves of a pair."""
        here, there = role_of(one), role_of(other)
        if here is None and there is None:
            return
        if self.scope.by_name and (here is None or there is None or here.is_implicit or there.is_implicit):
            return
        if here is not None and there is not None:
            yield from grants.of_roles(here, there, self.scope)
            if here.unreadable or there.unreadable:
                yield from self._written("Policies", one, other)
            return
        own = self.scope.existence(None if here is None else one, None if there is None else other)
        verdict = own[0] or own[1]
        made = here or there
        if verdict is None or made is None:
            return
        name = f"{made.id}Role"
        gone = self.one.top["Resources"][name], self.other.top["Resources"][name]
        nodes = (one.node, gone[1]) if here is not None else (gone[0], other.node)
        types = ("AWS::IAM::Role", "") if here is not None else ("", "AWS::IAM::Role")
        yield Difference(Kind.RESOURCE, name, nodes, types, verdict)
        yield from grants.of_lone_role(made, None, self.scope)

    def _written(self, name: str, one: Resource, other: Resource) -> Iterator[Difference]:
        """A property as it is written."""
        a, b = one.properties[name], other.properties[name]
        verdict = self.scope.differs(a, b, self._guard(one, other))
        if verdict is not None:
            yield Difference(Kind.PROPERTY, f"{one.id}.{name}", (a, b), said(a, b), verdict)

    def _lone(self, one: Resource | None, other: Resource | None) -> Iterator[Difference]:
        resource = one or other
        assert resource is not None
        here, there = self.scope.existence(one, other)
        verdict = here or there
        if verdict is None:
            return
        if not self.scope.by_name:
            yield from self._new(resource, None, verdict) if one is None else self._gone(resource, None, verdict)
            return
        nodes = self.one.top["Resources"][resource.id], self.other.top["Resources"][resource.id]
        yield Difference(Kind.RESOURCE, resource.id, nodes, (nodes[0]["Type"].text, nodes[1]["Type"].text), verdict)

    def _guard(self, one: Resource, other: Resource) -> Guard | None:
        """Where both exist, if that is not everywhere."""
        if not (one.condition or other.condition):
            return None
        return lambda first, second: one.exists(first) and other.exists(second)

    def _attributes(self, one: Resource, other: Resource, guard: Guard | None) -> Iterator[Difference]:
        for name in ATTRIBUTES:
            a, b = one.node[name], other.node[name]
            values = [WRITTEN.value(node) for node in (a, b)]
            if name == "DependsOn" and _names(values[0]) == _names(values[1]):
                continue
            if name == "DependsOn" and not self.scope.by_name:
                yield from self._waits(one, other)
                continue
            default = ASSUMED.get(name, "") if not one.type.startswith("AWS::RDS::") else ""
            if default and [a.text or default, b.text or default] == [default, default]:
                continue
            verdict = self.scope.differs(a, b, guard)
            if verdict is not None:
                yield Difference(Kind.RESOURCE, f"{one.id}.{name}", (a, b), said(a, b), verdict)

    def _waits(self, one: Resource, other: Resource) -> Iterator[Difference]:
        """For which resources it waits in each scenario; one that is not there is not waited for."""

        def question(first: Reading, second: Reading) -> tuple[list[str], list[str]]:
            found = [_waited(resource, reading) for resource, reading in ((one, first), (other, second))]
            return found[0], found[1]

        verdict = self.scope.verdict(other.node, question, lambda found: found[0] != found[1])
        if verdict is not None:
            nodes = one.node["DependsOn"], other.node["DependsOn"]
            yield Difference(Kind.RESOURCE, f"{one.id}.DependsOn", nodes, said(*nodes), verdict)

    def _properties(self, here: Plain, there: Plain, guard: Guard | None) -> Iterator[Difference]:
        apart = _apart(here) | _apart(there)
        for name in _keys(here, there):
            if name.partition(".")[0] in apart or self._is_ignored(here.resource.id, name):
                continue
            a, b = at(here, name), at(there, name)
            if is_document(a) and is_document(b):
                yield from grants.of_documents(f"{here.resource.id}.{name}", a, b, self.scope, guard)
                continue
            verdict = self.scope.differs(a, b, guard)
            if verdict is None:
                continue
            kind, label = Kind.PROPERTY, f"{here.resource.id}.{name}"
            if name.startswith(VARIABLES):
                kind, label = Kind.VARIABLE, f"{here.resource.id}.{name.removeprefix(VARIABLES)}"
            yield Difference(kind, label, (a, b), said(a, b), verdict)
        yield from self._own(here, there, guard)
        yield from self._code(here, there, guard)

    def _is_ignored(self, resource: str, name: str) -> bool:
        ignored = self.views.ignored
        return bool(ignored) and ((resource, name) in ignored or (resource, name.partition(".")[0]) in ignored)

    def _own(self, here: Plain, there: Plain, guard: Guard | None) -> Iterator[Difference]:
        """What only SAM has a word for: it is in the other template too, or it is a difference."""
        for name in [*here.own, *(name for name in there.own if name not in here.own)]:
            if name == "Policies" and not self.scope.by_name and self._makes_roles(here, there):
                continue
            a = here.own.get(name) or here.resource.properties[name]
            b = there.own.get(name) or there.resource.properties[name]
            verdict = self.scope.differs(a, b, guard)
            if verdict is not None:
                yield Difference(Kind.PROPERTY, f"{here.resource.id}.{name}", (a, b), said(a, b), verdict)

    def _code(self, here: Plain, there: Plain, guard: Guard | None) -> Iterator[Difference]:
        """Where the code lies: compared by what it is where that is known, else as it is written."""
        if here.resource.type not in CODE:
            return
        alike = self.views.codes(here.resource, there.resource) if self.views.codes is not None else None
        if alike is True or (alike is None and self.views.codes is not None and not self.views.written_code):
            return
        if alike is False:
            nodes = here.resource.properties["Handler"], there.resource.properties["Handler"]
            yield Difference(Kind.CODE, here.resource.id, nodes, (nodes[0].text, nodes[1].text))
            return
        for name in _keys(here, there):
            if name.partition(".")[0] not in _PACKAGED:
                continue
            a, b = at(here, name), at(there, name)
            verdict = self.scope.differs(a, b, guard)
            if verdict is not None:
                yield Difference(Kind.CODE, f"{here.resource.id}.{name}", (a, b), said(a, b), verdict)

    @staticmethod
    def _makes_roles(*plains: Plain) -> bool:
        """Whether the policies of all of them are those of roles, and compared there."""
        return all(role_of(plain.resource) is not None for plain in plains)


def role_of(resource: Resource) -> Role | None:
    """The role that a resource is, or that SAM makes for it."""
    known = resource.template.memo.get(role_of)
    if not isinstance(known, dict):
        known = resource.template.memo[role_of] = {role.id: role for role in roles(resource.template)}
    found = known.get(resource.id)
    return found if isinstance(found, Role) else None


def _waited(resource: Resource, reading: Reading) -> list[str]:
    """What a resource waits for by DependsOn in a world."""
    assert reading.world is not None
    template, world = resource.template, reading.world
    found = {name: template.resources.get(name) for name in _names(reading.value(resource.node["DependsOn"]))}
    return (
        sorted(name for name, one in found.items() if one is None or one.exists(world))
        if resource.exists(world)
        else []
    )


def _apart(plain: Plain) -> set[str]:
    """The properties that are compared in a way of their own."""
    if plain.type == "AWS::IAM::Role":
        return {"Policies"}
    if plain.type in _POLICIES and _attached(plain.resource):
        return {"PolicyDocument", "PolicyName"}
    if plain.type == MACHINE:
        return set(states.DEFINING) | {"DefinitionUri"}
    return set(_PACKAGED) if plain.resource.type in CODE else set()


def _attached(resource: Resource) -> bool:
    """Whether the policy is one of a role of the template, and compared there."""
    memo = resource.template.memo
    if _attached not in memo:
        memo[_attached] = {policy.id for role in roles(resource.template) for policy in role.attached}
    known = memo[_attached]
    return isinstance(known, set) and resource.id in known


def _keys(here: Plain, there: Plain) -> list[str]:
    """The properties of either, each as deep as both are written; what one lacks as a whole is one."""
    found = dict.fromkeys([*here.properties, *there.properties])
    out: dict[str, None] = {}
    for name in found:
        out[next((whole for whole in _outer(name) if not _opens(whole, here, there)), name)] = None
    return list(out)


def _outer(name: str) -> Iterator[str]:
    """The prefixes of a dotted name, the shortest first."""
    parts = name.split(".")
    return (".".join(parts[:count]) for count in range(1, len(parts)))


def _opens(name: str, here: Plain, there: Plain) -> bool:
    """Whether what lies below a prefix is compared piece by piece; variables are, also where one has none at all."""
    if f"{name}." in (VARIABLES, VARIABLES.partition(".")[0] + "."):
        return all(not plain.properties.get(name) for plain in (here, there))
    return all(
        name in plain.opened or any(key.startswith(f"{name}.") for key in plain.properties) for plain in (here, there)
    )


def _names(value: object) -> list[str]:
    return sorted(map(str, value)) if isinstance(value, list) else [value] if isinstance(value, str) else []


__all__ = ["Comparison", "Views", "World"]
