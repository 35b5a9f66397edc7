"""What a template makes a function's role need, whatever the code does: networks, event sources, destinations, keys.

Lambda calls EC2, the event source and the destination with the function's own role, and looks when the function, the
mapping or the destination is created whether the role may (AWS Lambda Developer Guide: "Giving Lambda functions access
to resources in an Amazon VPC", "Using Lambda with Amazon SQS", "… with Amazon Kinesis", "… with Amazon DynamoDB",
"Adding a dead-letter queue", "Capturing records of Lambda asynchronous invocations"). Only what the guide demands in
every case is in the tables; of two actions that do the same, either is enough. A file system counts only when it has a
policy of its own: without one EFS lets everybody in who reaches it ("Configuring file system access").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from s3ap_lint.arn import split
from s3ap_lint.function import Function
from s3ap_lint.model import Location
from s3ap_lint.permissions.encryption import encrypts, key_of
from s3ap_lint.physical import is_there, meaning, spelt_out
from s3ap_lint.python.sdk_call import SdkCall
from s3ap_lint.template.node import Node
from s3ap_lint.template.template import Resource, Template
from s3ap_lint.template.values import OPAQUE, Filler, Hole, Leaf, Piece, choose, is_fixed, listed, text, texts
from s3ap_lint.template.worlds import World

Either = tuple[str, ...]
"""Actions any of which is enough."""

NETWORK: tuple[Either, ...] = (
    ("ec2:CreateNetworkInterface",), ("ec2:DescribeNetworkInterfaces",), ("ec2:DeleteNetworkInterface",)
)  # fmt: skip
POLLED: Mapping[str, tuple[Either, ...]] = {
    "sqs": (("sqs:ReceiveMessage",), ("sqs:DeleteMessage",), ("sqs:GetQueueAttributes",)),
    "kinesis": (
        ("kinesis:GetRecords",), ("kinesis:GetShardIterator",),
        ("kinesis:DescribeStream", "kinesis:DescribeStreamSummary"),
    ),
    "dynamodb": (("dynamodb:GetRecords",), ("dynamodb:GetShardIterator",), ("dynamodb:DescribeStream",)),
}  # fmt: skip
"""What is called on an event source, by service. Listing streams and shards is left out: it works without."""
SENT: Mapping[str, str] = {
    "sqs": "sqs:SendMessage", "sns": "sns:Publish", "lambda": "lambda:InvokeFunction", "events": "events:PutEvents",
}  # fmt: skip
"""What is called on a destination, by service."""

SAM_SOURCES = {"SQS": ("sqs", "Queue"), "Kinesis": ("kinesis", "Stream"), "DynamoDB": ("dynamodb", "Stream")}
"""SAM's events that poll: the service, and the property that names the source."""
SAM_TARGETS = {"SQS": "sqs", "SNS": "sns", "Lambda": "lambda", "EventBridge": "events"}


@dataclass(frozen=True, slots=True)
class Configured:
    """One thing that a role has to be granted: any of some actions, on a resource; `()` one that cannot be told.

    `because` is what in the template or the code demands it, `fails` what comes of it when it is not granted.
    """

    actions: Either
    on: tuple[Piece, ...]
    because: str
    fails: str
    at: Location
    call: SdkCall | None = None


Source = Callable[[World], Iterator[Configured]]
"""What a part of a function's configuration demands in a world."""


def sources(function: Function) -> list[Source]:
    """The questions what a part of a function's configuration demands, each to be asked in its own worlds."""
    resource = function.resource
    names = ("VpcConfig", "DeadLetterConfig", "DeadLetterQueue", "EventInvokeConfig", "FileSystemConfigs")
    askers = (_network, _dead_letters, _dead_letters, _invoke_config, _file_systems)
    found: list[Source] = [
        partial(ask, resource, name) for name, ask in zip(names, askers, strict=True) if resource.property(name)
    ]
    if resource.type == "AWS::Serverless::Function" and resource.property("Events"):
        found.append(partial(_events, resource, "Events"))
    for other in _about(function.template).get(resource.id, ()):
        ask = _mapping if other.type == "AWS::Lambda::EventSourceMapping" else _destinations_of
        found.append(partial(ask, other, resource.id))
    return found


# -- the function itself -------------------------------------------------------------------------


def _network(resource: Resource, name: str, world: World) -> Iterator[Configured]:
    own = resource.properties[name]
    nodes = [node for node in (own, resource.inherited(name)) if node]
    chosen = [choose(node, world) for node in nodes]
    if chosen[0] is None:
        return
    subnets = [item for one in chosen if one is not None for item in listed(one["SubnetIds"], world)]
    if any(_is_something(item, world) for item in subnets):
        at = nodes[0].key_at
        for actions in NETWORK:
            yield Configured(actions, (), "is put into a VPC", "so creating the function fails", at)


def _is_something(node: Node, world: World) -> bool:
    """Whether a subnet is there; parameters that may be empty are asked for their values."""
    names = (inner["Ref"].text for inner in node.walk() if inner.function is not None)
    asked = [name for name in names if world.space.may_be_empty(name)]
    if any(world.is_empty(name) for name in asked):
        return False
    return bool(node) and (node.text != "" or node.function is not None)


def _dead_letters(resource: Resource, name: str, world: World) -> Iterator[Configured]:
    config = choose(resource.property(name), world)
    if config is None:
        return
    service = SAM_TARGETS.get(config["Type"].text, "")
    because = "sends events that it fails on to {}"
    yield from _sent(
        config["TargetArn"], because, "so creating the function fails", ("sqs", "sns"), service, resource, world
    )


def _file_systems(resource: Resource, name: str, world: World) -> Iterator[Configured]:
    for config in listed(resource.property(name), world):
        found = _named(config["Arn"], resource.template, world)
        if found is None or found.type != "AWS::EFS::AccessPoint":
            continue
        system = _named(found.properties["FileSystemId"], resource.template, world)
        if system is not None and choose(system.properties["FileSystemPolicy"], world) is not None:
            on = (Hole(system.id, Filler.RESOURCE),)
            because = f"mounts {system.id}, which has a policy of its own"
            yield Configured(
                ("elasticfilesystem:ClientMount",), on, because, "so the file system is not mounted", config["Arn"].at
            )


# -- event sources -------------------------------------------------------------------------------


def _events(resource: Resource, name: str, world: World) -> Iterator[Configured]:
    events = choose(resource.property(name), world)
    for event in events.children() if events is not None and events.is_mapping else ():
        chosen = choose(event, world)
        kind = SAM_SOURCES.get(chosen["Type"].text) if chosen is not None else None
        properties = choose(chosen["Properties"], world) if chosen is not None else None
        if kind is not None and properties is not None:
            yield from _polled(properties[kind[1]], kind[0], f"the event {event.key}", resource, world)


def _mapping(mapping: Resource, function: str, world: World) -> Iterator[Configured]:
    if not mapping.exists(world):
        return
    yield from _polled(mapping.properties["EventSourceArn"], "", mapping.id, mapping, world)
    target = mapping.properties["DestinationConfig"]["OnFailure"]["Destination"]
    because, fails = "sends records that it fails on to {}", f"so creating {mapping.id} fails"
    yield from _sent(target, because, fails, ("sqs", "sns"), "", mapping, world)


def _polled(node: Node, service: str, by: str, owner: Resource, world: World) -> Iterator[Configured]:
    leaf = text(node, world)
    if leaf is None or not is_there(leaf.pieces, owner.template, world):
        return
    on = _told(_of_stream(leaf.pieces, owner.template), owner.template)
    told = _service(on, owner.template, world)
    if (service and told and told != service) or "/consumer/" in leaf.text:
        return
    kind = {"sqs": "a queue", "kinesis": "a stream", "dynamodb": "the stream of a table"}.get(service or told, "")
    because = f"is given what arrives in {_shown(on) or kind} by {by}"
    for actions in POLLED.get(service or told, ()):
        yield Configured(actions, on, because, f"so creating {by} fails", leaf.at)
    queue = _resource_of(leaf, owner.template) if told == "sqs" and encrypts(owner.template) else None
    key = key_of(queue, world) if queue is not None else None
    if queue is not None and key is not None:
        hole = (Hole(key.id, Filler.RESOURCE),)
        because = f"is given what arrives in {queue.id}, which {key.id} encrypts"
        yield Configured(("kms:Decrypt",), hole, because, "so Lambda cannot read it", leaf.at)


def _of_stream(pieces: tuple[Piece, ...], template: Template) -> tuple[Piece, ...]:
    """The stream of a table of the template as policies write it: table/NAME/stream/WHEN."""
    hole = pieces[0] if len(pieces) == 1 else ""
    owner, _, attribute = hole.name.partition(".") if isinstance(hole, Hole) else ("", "", "")
    if attribute == "StreamArn" and owner in template.resources:
        return (Hole(owner, Filler.RESOURCE), "/stream/", OPAQUE)
    return pieces


# -- destinations --------------------------------------------------------------------------------


def _invoke_config(resource: Resource, name: str, world: World) -> Iterator[Configured]:
    yield from _destinations(resource.property(name), resource, "so creating its destination fails", world)


def _destinations_of(config: Resource, function: str, world: World) -> Iterator[Configured]:
    if config.exists(world):
        yield from _destinations(config.properties, config, f"so creating {config.id} fails", world)


def _destinations(node: Node, owner: Resource, fails: str, world: World) -> Iterator[Configured]:
    config = choose(node, world)
    both = choose(config["DestinationConfig"], world) if config is not None else None
    for name, what in (("OnFailure", "events that it fails on"), ("OnSuccess", "its results")):
        one = choose(both[name], world) if both is not None else None
        if one is not None:
            service = SAM_TARGETS.get(one["Type"].text, "")
            because = f"sends {what} to {{}}"
            yield from _sent(one["Destination"], because, fails, tuple(SENT), service, owner, world)


def _sent(
    node: Node, because: str, fails: str, services: Iterable[str], service: str, owner: Resource, world: World
) -> Iterator[Configured]:
    leaf = text(node, world)
    if leaf is None or not is_there(leaf.pieces, owner.template, world):
        return
    on = _told(leaf.pieces, owner.template)
    told = _service(on, owner.template, world)
    if (service and told and told != service) or (service or told) not in services:
        return
    action = SENT[service or told]
    yield Configured((action,), on, because.format(_shown(on) or "its destination"), fails, leaf.at)


# -- what is named -------------------------------------------------------------------------------


def _about(template: Template) -> dict[str, list[Resource]]:
    """The event source mappings and the destinations of a template, by the function that they name in all worlds."""
    known = template.memo.get(_about)
    if not isinstance(known, dict):
        known = template.memo[_about] = dict[str, list[Resource]]()
        world = World(template.space, {})
        for resource in template.of_type("AWS::Lambda::EventSourceMapping", "AWS::Lambda::EventInvokeConfig"):
            node = resource.properties["FunctionName"]
            for leaf in texts(node, world) if is_fixed(node, world) else ():
                owner = _resource_of(leaf, template)
                if owner is not None:
                    known.setdefault(owner.id, []).append(resource)
    return known


def _named(node: Node, template: Template, world: World) -> Resource | None:
    """The resource of the template that a value names."""
    leaf = text(node, world)
    return _resource_of(leaf, template) if leaf is not None else None


def _resource_of(leaf: Leaf, template: Template) -> Resource | None:
    found = [named.resource for named in (meaning(hole, template) for hole in leaf.holes) if named is not None]
    return found[0] if len(found) == 1 else None


def _told(pieces: tuple[Piece, ...], template: Template) -> tuple[Piece, ...]:
    """What policies are held against; nothing where only the action can be, for what is not of this template."""
    first = pieces[0] if pieces else OPAQUE
    if isinstance(first, str):
        return pieces if first.startswith("arn:") else ()
    return pieces if meaning(first, template) is not None else ()


def _service(pieces: tuple[Piece, ...], template: Template, world: World) -> str:
    """The service of an ARN; "" where it cannot be told."""
    parts = split(spelt_out(pieces, template, world, by_name=False), ":", 5)
    told = parts[2] if len(parts) > 5 else ()
    return told[0] if len(told) == 1 and isinstance(told[0], str) else ""


def _shown(pieces: tuple[Piece, ...]) -> str:
    """The resource as a person calls it; "" where it has no name here."""
    holes = [piece for piece in pieces if isinstance(piece, Hole) and piece.filler is not Filler.PSEUDO]
    if holes and holes[0].filler in (Filler.RESOURCE, Filler.ATTRIBUTE):
        return holes[0].name.partition(".")[0]
    return "".join("*" if piece == OPAQUE else str(piece) for piece in pieces)
