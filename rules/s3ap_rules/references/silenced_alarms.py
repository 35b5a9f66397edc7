"""S3AP208: alarms, rules and budgets whose messages the topic refuses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from s3ap_lint.api import (
    Filler,
    Finding,
    Leaf,
    Location,
    Node,
    Resource,
    Severity,
    Template,
    Values,
    World,
    bad,
    choose,
    good,
    listed,
    rule,
    statements,
    texts,
)

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

HEAD = """
    Parameters:
      Encrypt: {Type: String, Default: "no", AllowedValues: ["yes", "no"]}
      CompanyKey: {Type: String, Default: alias/company}
    Conditions:
      Encrypted: !Equals [!Ref Encrypt, "yes"]
    Resources:
      Errors:
        Type: AWS::CloudWatch::Alarm
        Properties:
          ComparisonOperator: GreaterThanThreshold
          EvaluationPeriods: 1
          AlarmActions: [!Ref Alerts]
      Failures:
        Type: AWS::Events::Rule
        Properties:
          EventPattern: {source: [aws.states]}
          Targets:
            - {Id: alerts, Arn: !Ref Alerts}
      Alerts:
        Type: AWS::SNS::Topic
    """

ADMITS = """
      Policy:
        Type: AWS::SNS::TopicPolicy
        Properties:
          Topics: [!Ref Alerts]
          PolicyDocument:
            Statement:
              - Effect: Allow
                Principal:
                  Service: [cloudwatch.amazonaws.com, events.amazonaws.com]
                Action: sns:Publish
                Resource: !Ref Alerts
    """


@dataclass(frozen=True)
class Refusal:
    """A service that cannot publish to a topic in some world: by which policy, and who of the template tries."""

    service: str
    by: str
    at: Location
    publishers: tuple[str, ...]

    @property
    def kind(self) -> tuple[str, str]:
        return self.by, self.service


@rule(
    code="S3AP208",
    subject=Template,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "the policy admits rules, and no longer alarms",
            HEAD
            + """
      Policy:
        Type: AWS::SNS::TopicPolicy
        Properties:
          Topics: [!Ref Alerts]
          PolicyDocument:  # 通知  # <- S3AP208
            Statement:
              - Effect: Allow
                Principal: {Service: events.amazonaws.com}
                Action: sns:Publish
                Resource: !Ref Alerts
              - Effect: Allow
                Principal: {AWS: !Sub "arn:aws:iam::${AWS::AccountId}:root"}
                Action: "sns:*"
                Resource: !Ref Alerts
    """,
        ),
        bad(
            "encrypted with the key that nobody can share",
            HEAD
            + """
        Properties:
          KmsMasterKeyId: !If [Encrypted, alias/aws/sns, !Ref AWS::NoValue]  # <- S3AP208
    """
            + ADMITS,
        ),
        bad(
            "encrypted with a key that only the account may use",
            HEAD
            + """
        Properties:
          KmsMasterKeyId: !Ref KeyAlias  # <- S3AP208
      KeyAlias:
        Type: AWS::KMS::Alias
        Properties: {AliasName: alias/alerts, TargetKeyId: !Ref Key}
      Key:
        Type: AWS::KMS::Key
        Properties:
          KeyPolicy:
            Statement:
              - Effect: Allow
                Principal: {AWS: !Sub "arn:aws:iam::${AWS::AccountId}:root"}
                Action: "kms:*"
                Resource: "*"
    """
            + ADMITS,
        ),
        bad(
            "rules and budgets, which the default policy does not admit",
            HEAD.replace(
                "Alerts:\n        Type: AWS::SNS::Topic", "Alerts:  # <- S3AP208\n        Type: AWS::SNS::Topic"
            )
            + """
      Spending:
        Type: AWS::Budgets::Budget
        Properties:
          Budget: {BudgetType: COST, TimeUnit: MONTHLY}
          NotificationsWithSubscribers:
            - Notification: {ComparisonOperator: GREATER_THAN, NotificationType: ACTUAL, Threshold: 80}
              Subscribers:
                - {SubscriptionType: SNS, Address: !Ref Costs}
      Costs:  # <- S3AP208
        Type: AWS::SNS::Topic
    """,
        ),
        good("a policy that admits all who publish", HEAD + ADMITS),
        good(
            "what a connector of SAM adds, and a policy whose topic cannot be told",
            {
                "connected/template.yaml": "    Transform: AWS::Serverless-2016-10-31"
                + HEAD
                + """
      Telling:
        Type: AWS::Serverless::Connector
        Properties:
          Source: {Id: Failures}
          Destination: {Id: Alerts}
          Permissions: [Write]
    """,
                "named/template.yaml": HEAD + ADMITS.replace("[!Ref Alerts]", '[!Sub "arn:aws:sns:*:*:${CompanyKey}"]'),
            },
        ),
        good(
            "the default policy admits alarms, and so does the one that repeats it",
            HEAD.replace("Arn: !Ref Alerts", 'Arn: "arn:aws:sns:eu-central-1:123456789012:others"')
            + """
      Other:
        Type: AWS::SNS::Topic
      Late:
        Type: AWS::CloudWatch::Alarm
        Properties:
          ComparisonOperator: GreaterThanThreshold
          EvaluationPeriods: 1
          AlarmActions: [!Ref Other]
      Policy:
        Type: AWS::SNS::TopicPolicy
        Properties:
          Topics: [!Ref Other]
          PolicyDocument:
            Statement:
              - Effect: Allow
                Principal: {AWS: "*"}
                Action: [SNS:Publish, SNS:Subscribe]
                Resource: !Ref Other
                Condition: {StringEquals: {AWS:SourceOwner: !Ref AWS::AccountId}}
    """,
        ),
        good(
            "keys that admit the services, and one that cannot be told",
            HEAD
            + """
        Properties:
          KmsMasterKeyId: !If [Encrypted, !GetAtt Key.Arn, !Ref CompanyKey]
      Key:
        Type: AWS::KMS::Key
        Properties:
          KeyPolicy:
            Statement:
              - Effect: Allow
                Principal: {Service: [cloudwatch.amazonaws.com, events.amazonaws.com]}
                Action: [kms:Decrypt, "kms:GenerateDataKey*"]
                Resource: "*"
    """
            + ADMITS,
        ),
    ],
)
def silenced_alarms(template: Template) -> Iterator[Finding]:
    """
    Alarms, rules or budgets publish to a topic that does not admit their service.

    By default a topic admits the alarms of its own account, and neither rules nor budgets. A TopicPolicy replaces that
    default, so one that is written for rules silences the alarms. An encrypted topic also needs a key whose policy
    admits the service, which that of `alias/aws/sns` never does. The stack deploys, the alarm fires, and nobody hears
    of it: the refusal stands only in the alarm's history.

    Admit `cloudwatch.amazonaws.com` (`events.amazonaws.com` for rules, `budgets.amazonaws.com` for budgets) to
    `sns:Publish` in the policy, and to `kms:Decrypt` and `kms:GenerateDataKey*` in the key's.

    Source: AWS re:Post, "How do I configure a CloudWatch alarm to use an encrypted SNS topic?", and "Using
    resource-based policies for Amazon EventBridge".
    """
    for topic in template.of_type("AWS::SNS::Topic"):
        outcomes = template.outcomes(partial(_refusals, template, topic))
        for kind in sorted({refusal.kind for outcome in outcomes for refusal in outcome.answer}):
            verdict = template.verdict(outcomes, partial(_is_refused, kind))
            if verdict is None:
                continue
            refusal = next(r for o in outcomes for r in o.answer if r.kind == kind)
            who, by = refusal.publishers, refusal.by
            verb = "publishes" if len(who) == 1 else "publish"
            yield Finding(
                f"{', '.join(who)} {verb} to {topic.id}, but {by} does not admit {refusal.service}.amazonaws.com; "
                "nobody is told",
                at=refusal.at,
                related=(
                    topic.at.noted("the topic"),
                    *(template.resources[name].at.noted("publishes to it") for name in who),
                ),
                severity=None if verdict.in_defaults else Severity.WARNING,
                scenario=verdict.scenario,
            )


def _is_refused(kind: tuple[str, str], refusals: frozenset[Refusal]) -> bool:
    return any(refusal.kind == kind for refusal in refusals)


def _refusals(template: Template, topic: Resource, world: World) -> frozenset[Refusal]:
    """The services that publish to a topic in a world, and are refused."""
    if not topic.exists(world):
        return frozenset()
    publishers = _publishers(template, topic, world)
    found = []
    for service, who in publishers.items():
        answers = [*_topic_policy(template, topic, service, world), *_key(template, topic, service, world)]
        found += [Refusal(service, by, at, who) for by, at, admitted in answers if not admitted]
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


Answer = tuple[str, Location, bool]
"""What decides, where it stands, and whether it admits the service."""


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
        yield " and ".join(policy.id for policy, _ in documents), documents[0][1].key_at, admitted
    elif service != "cloudwatch":  # whom a topic's default policy admits
        yield "its default policy", topic.at, False


def _is_connected(template: Template) -> bool:
    """Whether SAM connectors add to policies what is not written."""
    resources = template.resources.values()
    return any(r.type == "AWS::Serverless::Connector" or "Connectors" in r.node for r in resources)


def _key(template: Template, topic: Resource, service: str, world: World) -> Iterator[Answer]:
    """What the policy of the topic's key says of a service; nothing where the key is not in the template."""
    for leaf in texts(topic.properties["KmsMasterKeyId"], world):
        if leaf.text.endswith("alias/aws/sns"):
            yield "the key alias/aws/sns", leaf.at, False
        key = _key_resource(template, leaf, world)
        if key is not None and key.exists(world):
            document = key.properties["KeyPolicy"]
            admitted = bool(document) and _admits(document, service, ("kms:Decrypt", "kms:GenerateDataKey"), world)
            yield f"the key {key.id}", leaf.at, admitted


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
