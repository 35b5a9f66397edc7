"""Who publishes to a topic, which policies refuse it, and the statements that would admit it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from s3ap_lint.api import (
    Edit,
    Filler,
    Fix,
    Leaf,
    Location,
    Node,
    Resource,
    Template,
    Value,
    Values,
    World,
    choose,
    edits,
    listed,
    offer,
    ref,
    statements,
    texts,
)

DEFAULT = "its default policy"
ALARM_ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")

# The service that publishes for a resource of a type.
PUBLISHERS = {
    "AWS::Budgets::Budget": "budgets",
    "AWS::CloudWatch::Alarm": "cloudwatch",
    "AWS::CloudWatch::CompositeAlarm": "cloudwatch",
    "AWS::Events::Rule": "events",
}
TOPIC_POLICIES = ("AWS::SNS::TopicInlinePolicy", "AWS::SNS::TopicPolicy")
OF_TEMPLATE = (Filler.RESOURCE, Filler.ATTRIBUTE)


@dataclass(frozen=True)
class Refusal:
    """A service that cannot publish to a topic in some world: by which policy, and who of the template tries.

    `document` is where a statement is missing, if the template has it.
    """

    service: str
    by: str
    at: Location
    publishers: tuple[str, ...]
    document: Node | None = None

    @property
    def kind(self) -> tuple[str, str]:
        return self.by, self.service


def refusals(template: Template, topic: Resource, world: World) -> frozenset[Refusal]:
    """The services that publish to a topic in a world, and are refused."""
    if not topic.exists(world):
        return frozenset()
    publishers = _publishers(template, topic, world)
    found = []
    for service, who in publishers.items():
        answers = [*_topic_policy(template, topic, service, world), *_key(template, topic, service, world)]
        found += [Refusal(service, by, at, who, document) for by, at, admitted, document in answers if not admitted]
    return frozenset(found)


def _publishers(template: Template, topic: Resource, world: World) -> dict[str, tuple[str, ...]]:
    """Who of the template publishes to a topic in a world, by service."""
    out: dict[str, tuple[str, ...]] = {}
    for resource in template.of_type(*PUBLISHERS):
        if _mentions(resource, topic) and resource.exists(world) and _publishes(resource, topic, world):
            service = PUBLISHERS[resource.type]
            out[service] = (*out.get(service, ()), resource.id)
    return out


def _mentions(resource: Resource, topic: Resource) -> bool:
    """Whether a resource names the topic at all, so that nothing else is asked of it."""
    return any(topic.id in node.text for node in resource.properties.walk())


def _publishes(resource: Resource, topic: Resource, world: World) -> bool:
    properties = resource.properties
    targets: list[Node] = []
    if resource.type == "AWS::Events::Rule":
        targets = [target["Arn"] for target in listed(properties["Targets"], world) if not target["RoleArn"]]
    elif resource.type == "AWS::Budgets::Budget":
        for notification in listed(properties["NotificationsWithSubscribers"], world):
            targets += [subscriber["Address"] for subscriber in listed(notification["Subscribers"], world)]
    else:
        targets = [properties[name] for name in ALARM_ACTIONS]
    return any(_is_topic(leaf, topic) for target in targets for leaf in texts(target, world))


def _is_topic(leaf: Leaf, topic: Resource) -> bool:
    return leaf.text in {f"${{{topic.id}}}", f"${{{topic.id}.TopicArn}}"}


Answer = tuple[str, Location, bool, Node | None]
"""What decides, where it stands, whether it admits the service, and its document, if there is one."""


def _topic_policy(template: Template, topic: Resource, service: str, world: World) -> Iterator[Answer]:
    """What the topic's policies say of a service; nothing where that cannot be told."""
    documents = []
    for policy in template.of_type(*TOPIC_POLICIES):
        if not policy.exists(world):
            continue
        named = texts(policy.properties["Topics"] or policy.properties["TopicArn"], world)
        if any(_is_topic(leaf, topic) for leaf in named):
            documents.append((policy, policy.properties["PolicyDocument"]))
        elif not all(leaf.holes and leaf.holes[0].filler in OF_TEMPLATE for leaf in named):
            return  # it may be about this topic, by another name
    if _is_connected(template):
        return
    if documents:
        admitted = any(_admits(document, service, ("sns:Publish",), world) for _, document in documents)
        by = " and ".join(policy.id for policy, _ in documents)
        yield by, documents[0][1].key_at, admitted, documents[0][1]
    elif service != "cloudwatch":  # whom a topic's default policy admits
        yield DEFAULT, topic.at, False, None


def _is_connected(template: Template) -> bool:
    """Whether SAM connectors add to policies what is not written."""
    resources = template.resources.values()
    return any(r.type == "AWS::Serverless::Connector" or "Connectors" in r.node for r in resources)


def _key(template: Template, topic: Resource, service: str, world: World) -> Iterator[Answer]:
    """What the policy of the topic's key says of a service; nothing where the key is not in the template."""
    for leaf in texts(topic.properties["KmsMasterKeyId"], world):
        if leaf.text.endswith("alias/aws/sns"):
            yield "the key alias/aws/sns", leaf.at, False, None
        key = _key_resource(template, leaf, world)
        if key is not None and key.exists(world):
            document = key.properties["KeyPolicy"]
            admitted = bool(document) and _admits(document, service, ("kms:Decrypt", "kms:GenerateDataKey"), world)
            yield f"the key {key.id}", leaf.at, admitted, document or None


def _key_resource(template: Template, leaf: Leaf, world: World) -> Resource | None:
    """The key of the template that a text names, directly or by an alias."""
    hole = leaf.holes[0] if len(leaf.pieces) == 1 and leaf.holes else None
    if hole is None or hole.filler not in OF_TEMPLATE:
        return None
    resource = template.resources.get(hole.name.partition(".")[0])
    if resource is None or resource.type == "AWS::KMS::Key":
        return resource
    if resource.type != "AWS::KMS::Alias":
        return None
    targets = texts(resource.properties["TargetKeyId"], world)
    return _key_resource(template, targets.leaves[0], world) if len(targets) == 1 else None


def _admits(document: Node, service: str, actions: tuple[str, ...], world: World) -> bool:
    """Whether a resource's policy lets a service do all of the actions; in doubt, yes."""
    chosen = choose(document, world)
    if chosen is None or not chosen.is_mapping or chosen.function is not None:
        return True
    if any(not item.is_mapping or item.function is not None for item in listed(chosen["Statement"], world)):
        return True
    found = [s for s in statements(chosen, world) if s.allows and _names(s.node, service, world)]
    return all(any(not s.complete or s.covers(action) for s in found) for action in actions)


def _names(statement: Node, service: str, world: World) -> bool:
    """Whether the statement's principal is the service, or may be."""
    principal = choose(statement["Principal"], world)
    if principal is None:
        return bool(statement["NotPrincipal"])
    if not principal.is_mapping or principal.function is not None:
        return True
    return _matches(texts(principal["Service"], world), (f"{service}.", "*")) or _matches(
        texts(principal["AWS"], world), ("*",)
    )


def _matches(values: Values, beginnings: tuple[str, ...]) -> bool:
    return not values.complete or any(text.startswith((*beginnings, "${")) for text in values.texts)


# -- what would admit it -------------------------------------------------------------------------


def admission(template: Template, topic: Resource, refusal: Refusal, worlds: list[World]) -> Fix | None:
    """A statement for the service, in the policy that lacks it."""
    title = f"Admit {refusal.service}.amazonaws.com"
    if refusal.by == DEFAULT:
        return offer(f"{title} in a policy of the topic", _own_policy(template, topic, worlds))
    if refusal.document is None or not refusal.document["Statement"].is_sequence:
        return None
    of_key = refusal.document.key == "KeyPolicy"
    new = _use_of_key(refusal.service) if of_key else _statement(refusal.service, topic)
    return offer(title, edits.append(refusal.document["Statement"], template.source, new))


def _statement(service: str, topic: Resource) -> Value:
    """What lets a service publish, for this account; rules of EventBridge are known by their principal alone."""
    statement: dict[str, Value] = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": ref(topic.id),
    }
    own = {"StringEquals": {"aws:SourceAccount": ref("AWS::AccountId")}}
    return statement if service == "events" else {**statement, "Condition": own}


def _use_of_key(service: str) -> Value:
    return {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
    }


def _own_policy(template: Template, topic: Resource, worlds: list[World]) -> Edit | None:
    """A policy for all who publish: it takes the place of the default one, which admits alarms."""
    name = f"{topic.id}Policy"
    if name in template.resources or name in template.space.parameters or template.resource(name) is not None:
        return None
    services = sorted({service for world in worlds for service in _publishers(template, topic, world)})
    policy: dict[str, Value] = {"Type": "AWS::SNS::TopicPolicy"}
    if topic.condition:
        policy["Condition"] = topic.condition
    policy["Properties"] = {
        "Topics": [ref(topic.id)],
        "PolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [_statement(service, topic) for service in services],
        },
    }
    edit = edits.insert_after(template.top["Resources"], template.source, topic.id, name, policy)
    return _set_apart(edit, template) if edit is not None else None


def _set_apart(edit: Edit, template: Template) -> Edit:
    """The same with a blank line before it, where the resource behind it has one."""
    line = re.match(rb"[ \t]*(\r?\n)", template.source.data[edit.span.end :])
    if line is None or edit.span.start != edit.span.end:
        return edit
    return Edit(edit.subject, edit.span, line[1].decode() + edit.text)
