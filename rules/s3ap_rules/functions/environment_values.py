"""What a variable that a function lacks would be set to: as in other functions, or by what has its name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from s3ap_lint.api import (
    Edit,
    Fix,
    Function,
    Node,
    ReachedRead,
    Resource,
    Template,
    Value,
    can_name,
    can_stand,
    edits,
    is_plain_text,
    offer,
    value_of,
)

ENDINGS = ("NAME", "ARN", "URL", "ID")

REF = {
    "AWS::DynamoDB::Table": "NAME",
    "AWS::Serverless::SimpleTable": "NAME",
    "AWS::S3::Bucket": "NAME",
    "AWS::SNS::Topic": "ARN",
    "AWS::SQS::Queue": "URL",
    "AWS::StepFunctions::StateMachine": "ARN",
    "AWS::Serverless::StateMachine": "ARN",
    "AWS::Kinesis::Stream": "NAME",
    "AWS::KinesisFirehose::DeliveryStream": "NAME",
    "AWS::SecretsManager::Secret": "ARN",
    "AWS::Events::EventBus": "NAME",
    "AWS::Glue::Database": "NAME",
    "AWS::Athena::WorkGroup": "NAME",
    "AWS::Logs::LogGroup": "NAME",
}
"""What `Ref` of a resource gives, which is what the SDK's calls take ("Return values" of each type's page)."""

ATTRIBUTES = {
    ("AWS::DynamoDB::Table", "ARN"): "Arn",
    ("AWS::S3::Bucket", "ARN"): "Arn",
    ("AWS::SNS::Topic", "NAME"): "TopicName",
    ("AWS::SQS::Queue", "ARN"): "Arn",
    ("AWS::SQS::Queue", "NAME"): "QueueName",
    ("AWS::StepFunctions::StateMachine", "NAME"): "Name",
    ("AWS::Kinesis::Stream", "ARN"): "Arn",
    ("AWS::Events::EventBus", "ARN"): "Arn",
}
"""The attributes that `GetAtt` gives for an ending, from the same pages."""


@dataclass(frozen=True)
class Meant:
    """The one value that a variable should have, and where it is from."""

    value: Value
    source: str


def declared(function: Function, reads: Iterable[ReachedRead]) -> Fix | None:
    """A fix that sets the first variable of those that are read, if it is known of all what to set them to."""
    meant = [(name, _meant(function, name)) for name in sorted(read.name for read in reads)]
    name, first = meant[0] if meant else ("", None)
    if first is None or any(one is None for _, one in meant):
        return None
    return offer(f"Set {name} {first.source}", set_variable(function.resource, name, first.value))


def from_parameter(function: Function, name: str) -> Fix | None:
    """A fix that sets a variable from the one parameter that has its name."""
    found = list(_parameters(function, name))
    if len(found) != 1:
        return None
    return offer(f"Set {name} {found[0].source}", set_variable(function.resource, name, found[0].value))


def set_variable(resource: Resource, name: str, value: Value) -> Edit | None:
    """The edit that gives a function a variable, with all that is missing around it."""
    source, properties = resource.template.source, resource.properties
    environment = properties["Environment"]
    variables = environment["Variables"]
    if variables:
        return None if variables.function else edits.set(variables, source, name, value)
    if environment:
        return None if environment.function else edits.set(environment, source, "Variables", {name: value})
    return edits.set(properties, source, "Environment", {"Variables": {name: value}})


def _meant(function: Function, name: str) -> Meant | None:
    """What a variable is meant to be; None where nothing or more than one thing says so."""
    found = _given(function, name, function.template)
    if found == []:
        twins = [one for one in function.application.templates if one is not function.template]
        found = [one for twin in twins for one in _given(function, name, twin, only=function.id) or ()]
    if found == []:
        found = [*_parameters(function, name), *_resources(function, name)]
    return found[0] if found and len(found) == 1 else None


def _given(function: Function, name: str, template: Template, only: str = "") -> list[Meant] | None:
    """What the functions of a template set a variable to, if that is one value; None if there are several."""
    found: dict[str, tuple[Node, str]] = {}
    for other in function.application.functions:
        if other.template is not template or other.resource is function.resource or (only and other.id != only):
            continue
        node = other.variables.get(name)
        if node:
            found.setdefault(repr(node.data()), (node, other.id))
    if len(found) > 1:
        return None
    origin = None if template is function.template else template
    where = "as {} does" if origin is None else f"as {template.path} does"
    return [
        Meant(value_of(node), where.format(who))
        for node, who in found.values()
        if can_stand(node, function.resource, origin)
    ]


def _parameters(function: Function, name: str) -> Iterator[Meant]:
    """The parameters that have a variable's name, in the spelling of parameters."""
    wanted = _plain(name)
    for parameter in function.template.space.parameters.values():
        if _plain(parameter.name) != wanted or not is_plain_text(parameter):
            continue
        yield Meant(edits.ref(parameter.name), f"from the parameter {parameter.name}")


def _resources(function: Function, name: str) -> Iterator[Meant]:
    """The resources that have a variable's name, with the form of them that its ending asks for."""
    for resource in function.template.of_type(*REF):
        given = REF[resource.type]
        ending = next((one for one in ENDINGS if _plain(name) == _plain(resource.id) + one.lower()), None)
        if ending is None and _plain(name) != _plain(resource.id):
            continue
        attribute = ATTRIBUTES.get((resource.type, ending or ""))
        if ending in (None, given):
            yield from _meaning(function, resource, edits.ref(resource.id))
        elif attribute:
            yield from _meaning(function, resource, edits.get_att(f"{resource.id}.{attribute}"))


def _meaning(function: Function, resource: Resource, value: Value) -> Iterator[Meant]:
    if can_name(function.resource, resource):
        yield Meant(value, f"from {resource.id}")


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
