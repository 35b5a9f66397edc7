"""What an empty parameter of a deployment breaks, asked of the template in just this deployment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from s3ap_lint.access import Access, S3Grant, s3_outcomes
from s3ap_lint.arn import Target
from s3ap_lint.deploy.model import Deployment
from s3ap_lint.iam import roles
from s3ap_lint.model import Location, Scenario
from s3ap_lint.template.node import Node
from s3ap_lint.template.parameters import Fresh, Parameter, Value
from s3ap_lint.template.scenarios import scenario
from s3ap_lint.template.template import Resource
from s3ap_lint.template.worlds import Impossible, Undecided, World

_IDENTIFIERS = ("Id", "Ids", "Arn", "Arns")
_LISTS_OF_AWS = "List<AWS::"


@dataclass(frozen=True)
class Denied:
    """A role whose requests to an access point are denied, because the parameter that names it is empty.

    `scenario` is how parameters that are not given would have to be, if they matter.
    """

    role: str
    actions: tuple[str, ...]
    grants: tuple[Location, ...]
    scenario: Scenario | None


@dataclass(frozen=True)
class Hollow:
    """A resource of this deployment one of whose identifiers is the empty parameter."""

    resource: Resource
    name: str
    at: Location


def refused(parameter: Parameter) -> str:
    """Why the declaration does not take an empty value; "" if it does."""
    if parameter.from_ssm or parameter.default == "":
        return ""
    if parameter.type.startswith(_LISTS_OF_AWS):
        return f"its type is {parameter.type}"
    return parameter.objection("")


def denied(deployment: Deployment, name: str) -> Iterator[Denied]:
    """The roles that are granted something on an access point only when it is given. Raises TooManyWorlds."""
    if "alias" in name.lower() or name not in deployment.template.space.parameters:
        return
    for role in roles(deployment.template):
        outcomes = [o for o in s3_outcomes(role, Target.ALIAS, Target.ACCESS_POINT) if _may_be(o.world, deployment)]
        hanging = [(o, tuple(grant for grant in o.answer if _hangs_on(grant, name))) for o in outcomes]
        faulty = [(outcome, grants) for outcome, grants in hanging if grants]
        if not faulty:
            continue
        outcome, grants = next(((o, g) for o, g in faulty if o.is_default), faulty[0])
        usual = [grants for o, grants in hanging if _agrees(o.world, _chosen(deployment))]
        is_usual = bool(usual) and all(usual)
        places = {grant.leaf.node.span: grant.leaf.at for grant in grants}
        yield Denied(
            role.id,
            tuple(sorted({grant.action for grant in grants})),
            tuple(places[span] for span in sorted(places)),
            None if is_usual else _scenario(outcome.world, deployment),
        )


def _hangs_on(grant: S3Grant, name: str) -> bool:
    return grant.standing.access is Access.NEEDS_NAME and grant.standing.name == name


def hollow(deployment: Deployment, name: str) -> Iterator[Hollow]:
    """The resources that this deployment certainly has, and that take the parameter as an identifier."""
    for resource in deployment.template.resources.values():
        for node in resource.properties.children() if not resource.type.startswith("Custom::") else ():
            if not node.key.endswith(_IDENTIFIERS) or not _mentions(node, name):
                continue
            if _certain(deployment, resource, node, name):
                yield Hollow(resource, node.key, node.key_at)


def _mentions(node: Node, name: str) -> bool:
    return any(f is not None and f[0] == "Ref" and f[1].text == name for f in (n.function for n in node.walk()))


def _certain(deployment: Deployment, resource: Resource, node: Node, name: str) -> bool:
    """Whether in every world of this deployment the resource is there and the value is the parameter alone."""

    def asked(world: World) -> bool:
        return resource.exists(world) and _is_only(node, name, world)

    outcomes = deployment.template.space.outcomes(asked, given=_chosen(deployment))
    return bool(outcomes) and all(outcome.answer for outcome in outcomes)


def _is_only(node: Node, name: str, world: World) -> bool:
    """Whether a value is nothing but the parameter here: itself, or as the only item of a list."""
    function = node.function
    if function is None:
        return node.is_sequence and len(node) == 1 and _is_only(node[0], name, world)
    if function[0] == "Ref":
        return function[1].text == name
    if function[0] == "Fn::Split":
        return _is_only(function[1][1], name, world)
    if function[0] == "Fn::If" and len(function[1]) == 3:
        return _is_only(function[1][1 if world.holds(function[1][0].text) else 2], name, world)
    return False


def _chosen(deployment: Deployment) -> dict[str, Value]:
    """The values of this deployment's parameters, as far as they make a difference and can be told."""
    return {name: _in_domain(name, value, deployment) for name, value in deployment.values.items() if value is not None}


def _in_domain(name: str, value: str, deployment: Deployment) -> Value:
    """A value as the template's worlds have it: itself, or the one that is unlike all literals."""
    domain = deployment.template.space.domain(name)
    if value in domain:
        return value
    return next((one for one in domain if isinstance(one, Fresh)), value)


def _may_be(world: World, deployment: Deployment) -> bool:
    """Whether a world agrees with what the deployment gives; what it leaves out may be switched later."""
    given = {one.name: _in_domain(one.name, one.value, deployment) for one in deployment.given if one.value is not None}
    return _agrees(world, given)


def _scenario(world: World, deployment: Deployment) -> Scenario:
    """The choices of a world that the deployment does not make."""
    names, space = deployment.names, deployment.template.space
    left = {name: value for name, value in world.chosen.items() if name not in names}
    return scenario(space, World(space, left), world.conditions)


def _agrees(world: World, chosen: dict[str, Value]) -> bool:
    """Whether a world has these values, and its conditions come out the same with all of them."""
    if any(value != chosen.get(name, value) for name, value in world.chosen.items()):
        return False
    full = World(world.space, {**chosen, **world.chosen})
    for name, truth in world.conditions.items():
        try:
            if full.holds(name) != truth:
                return False
        except (Undecided, Impossible):
            continue
    return True
