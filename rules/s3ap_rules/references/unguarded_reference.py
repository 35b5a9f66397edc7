"""S3AP202: a reference to a resource that is not always there."""

from collections.abc import Iterator

from s3ap_lint.api import (
    NO_VALUE,
    Finding,
    Fix,
    Node,
    Reference,
    Resource,
    Safety,
    Severity,
    Template,
    World,
    bad,
    edits,
    good,
    if_,
    mentioned,
    offer,
    references,
    rule,
    value_of,
    way,
)
from s3ap_rules.references.mentions import is_mentioned

# What is nothing without the resource that it is about, so that it goes where that goes.
DEPENDENT = frozenset(
    (
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        "AWS::CloudWatch::Alarm",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Permission",
        "AWS::Lambda::Url",
        "AWS::Logs::MetricFilter",
        "AWS::Logs::SubscriptionFilter",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Subscription",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
    )
)
MAY_BE_EMPTY = frozenset(("AlarmActions", "InsufficientDataActions", "ManagedPolicyArns", "OKActions"))

HEAD = """
    Parameters:
      EnableAlarms: {Type: String, Default: "false", AllowedValues: ["true", "false"]}
      Mode: {Type: String, Default: batch, AllowedValues: [batch, stream]}
    Conditions:
      WithAlarms: !Equals [!Ref EnableAlarms, "true"]
      WithoutAlarms: !Not [!Condition WithAlarms]
      Streaming: !Equals [!Ref Mode, stream]
      Batch: !Equals [!Ref Mode, batch]
      StreamingAlarms: !And [!Condition WithAlarms, !Condition Streaming]
    Resources:
      Topic:
        Type: AWS::SNS::Topic
        Condition: WithAlarms
    """


@rule(
    code="S3AP202",
    subject=Template,
    severity=Severity.ERROR,
    since="0.1.0",
    merges=("W1001",),
    examples=[
        bad(
            "from a resource without a condition, through GetAtt and Sub",
            HEAD
            + """
      Policy:
        Type: AWS::SNS::TopicPolicy
        Properties:
          Topics: [!Ref Topic]  # <- S3AP202
      Machine:
        Type: AWS::StepFunctions::StateMachine
        Properties:
          DefinitionString: !Sub |
            {
              "Comment": "監視",
              "StartAt": "${Topic.TopicName}"
            }
    Outputs:
      TopicName:
        Value: !Join [":", [!GetAtt Topic.TopicName, x]]  # <- S3AP202
    """.replace('"${Topic.TopicName}"', '"Tell"'),
        ),
        bad(
            "in an output, and one of several in a list",
            HEAD
            + """
      Other:
        Type: AWS::SNS::Topic
      Alarm:
        Type: AWS::CloudWatch::Alarm
        Properties:
          ComparisonOperator: GreaterThanThreshold
          EvaluationPeriods: 1
          AlarmActions:
            - !Ref Other
            - !Ref Topic  # 通知  # <- S3AP202
    Outputs:
      Alarm:
        Value: !Ref Alarm
      TopicName:
        Description: The topic
        Value: !GetAtt Topic.TopicName  # <- S3AP202
    """,
            fixed=HEAD
            + """
      Other:
        Type: AWS::SNS::Topic
      Alarm:
        Type: AWS::CloudWatch::Alarm
        Properties:
          ComparisonOperator: GreaterThanThreshold
          EvaluationPeriods: 1
          AlarmActions:
            - !Ref Other
            - !If [WithAlarms, !Ref Topic, !Ref AWS::NoValue]  # 通知
    Outputs:
      Alarm:
        Value: !Ref Alarm
      TopicName:
        Description: The topic
        Value: !GetAtt Topic.TopicName
        Condition: WithAlarms
    """,
        ),
        bad(
            "from what is nothing without it",
            HEAD
            + """
      Mailing:
        Type: AWS::SNS::Subscription
        Properties:
          TopicArn: !Ref Topic  # <- S3AP202
          Protocol: email
          Endpoint: ops@example.com
    """,
            fixed=HEAD
            + """
      Mailing:
        Type: AWS::SNS::Subscription
        Condition: WithAlarms
        Properties:
          TopicArn: !Ref Topic
          Protocol: email
          Endpoint: ops@example.com
    """,
        ),
        bad(
            "in an output, and only when streaming is on",
            HEAD
            + """
    Outputs:
      TopicName:
        Condition: Streaming
        Value: !If [Batch, none, !GetAtt Topic.TopicName]  # <- S3AP202
    """,
        ),
        bad(
            "guarded by the opposite",
            HEAD
            + """
    Outputs:
      TopicName:
        Value: !If [WithoutAlarms, !Ref Topic, none]  # <- S3AP202
    """,
        ),
        good(
            "the same condition, one that implies it, and an arm of If",
            HEAD
            + """
      Policy:
        Type: AWS::SNS::TopicPolicy
        Condition: StreamingAlarms
        Properties:
          Topics: [!Ref Topic]
      Note:
        Type: AWS::SSM::Parameter
        DependsOn: Topic
        Properties:
          Type: String
          Value: !If [WithAlarms, !Ref Topic, none]
    Outputs:
      Else:
        Value: !If [WithoutAlarms, none, !Sub "${Topic.TopicName}"]
    """,
        ),
        good(
            "complementary values of one parameter",
            """
            Parameters:
              Mode: {Type: String, Default: batch, AllowedValues: [batch, stream]}
            Conditions:
              Streaming: !Equals [!Ref Mode, stream]
              Batch: !Equals [!Ref Mode, batch]
            Resources:
              Queue:
                Type: AWS::SQS::Queue
                Condition: Streaming
            Outputs:
              Where:
                Value: !If [Batch, none, !GetAtt Queue.Arn]
            """,
        ),
        good(
            "a rule of the template excludes the case",
            """
            Parameters:
              Alarms: {Type: String, Default: "true", AllowedValues: ["true", "false"]}
              Mail: {Type: String, Default: "true", AllowedValues: ["true", "false"]}
            Rules:
              MailNeedsAlarms:
                RuleCondition: !Equals [!Ref Mail, "true"]
                Assertions:
                  - Assert: !Equals [!Ref Alarms, "true"]
            Conditions:
              WithAlarms: !Equals [!Ref Alarms, "true"]
              WithMail: !Equals [!Ref Mail, "true"]
            Resources:
              Topic:
                Type: AWS::SNS::Topic
                Condition: WithAlarms
              Mailing:
                Type: AWS::SNS::Subscription
                Condition: WithMail
                Properties: {TopicArn: !Ref Topic, Protocol: email, Endpoint: ops@example.com}
            """,
        ),
        good(
            "what SAM generates inherits the condition",
            """
            Transform: AWS::Serverless-2016-10-31
            Parameters:
              Extra: {Type: String, Default: "no"}
            Conditions:
              WithExtra: !Equals [!Ref Extra, "yes"]
            Resources:
              Worker:
                Type: AWS::Serverless::Function
                Condition: WithExtra
                Properties: {InlineCode: "def handler(e, c): pass", Handler: index.handler, Runtime: python3.12}
            Outputs:
              Role:
                Condition: WithExtra
                Value: !GetAtt WorkerRole.Arn
            """,
        ),
    ],
)
def unguarded_reference(template: Template) -> Iterator[Finding]:
    """
    A reference to a resource that does not exist in some scenario in which the reference does.

    With such parameters CloudFormation refuses the template ("Unresolved resource dependencies"), often
    months after it was written, when somebody first switches a feature off. Conditions are compared by what they
    mean, not by name: `!And` of the same condition, `!Not`, two values of one parameter and the
    template's `Rules` all count. `DependsOn` is not a reference.

    Give the reference the condition of its target, or wrap it: `!If [Condition, !Ref Target, !Ref AWS::NoValue]`.
    """
    groups: dict[tuple[str, str, str], list[Reference]] = {}
    for found in references(template):
        target = template.resource(found.name)
        if target is not None and target.condition and found.section != "Conditions":
            groups.setdefault((found.section, found.holder, found.name), []).append(found)
    for (section, holder, name), mentions in groups.items():
        target = template.resource(name)
        if target is not None:
            yield from _unguarded(template, section, holder, target, mentions)


def _unguarded(
    template: Template, section: str, holder: str, target: Resource, mentions: list[Reference]
) -> Iterator[Finding]:
    entry = template.top[section][holder]
    condition = entry["Condition"].text

    def dangling(world: World) -> frozenset[int]:
        if condition and not world.holds(condition):
            return frozenset()
        standing = frozenset(index for index, found in enumerate(mentions) if found.stands(world))
        return frozenset() if not standing or target.exists(world) else standing

    outcomes = template.outcomes(dangling)
    verdict = template.verdict(outcomes, bool)
    if verdict is None:
        return
    faulty = sorted({index for outcome in outcomes for index in outcome.answer})
    first, *others = [mentions[index] for index in faulty]
    who = f"the output {holder}" if section == "Outputs" else holder
    yield Finding(
        f"{who} refers to {first.name}, which exists only when {target.condition} is true; "
        "CloudFormation refuses the template otherwise",
        at=first.at,
        related=(
            target.at.noted(f"{target.id} has the condition {target.condition}"),
            *(found.at.noted("referred to here too") for found in others),
        ),
        severity=None if verdict.in_defaults else Severity.WARNING,
        scenario=verdict.scenario,
        fix=_fix(template, entry, target, [mentions[index] for index in faulty], mentions),
        flow=(
            *way(template, verdict.scenario, first.node),
            target.at.noted(f"so {target.id} does not exist"),
            first.at.noted("and this refers to it"),
        ),
    )


def _fix(
    template: Template, entry: Node, target: Resource, faulty: list[Reference], mentions: list[Reference]
) -> Fix | None:
    """The target's condition on the output, on what is nothing without its target, or on the item of a list."""
    unguarded = not entry["Condition"] and all(not found.guards for found in mentions)
    if faulty[0].section == "Outputs":
        others = {r.condition for f in mentioned(entry, template) if (r := template.resource(f.name)) and r.condition}
        if not unguarded or others != {target.condition}:
            return None
        edit = edits.set(entry, template.source, "Condition", target.condition)
        return offer("Give the output the condition", edit, safety=Safety.SAFE)
    if all(_is_spare(found.node) for found in faulty):
        wrapped = [(f.node, if_(target.condition, value_of(f.node), NO_VALUE)) for f in faulty]
        changes = [edits.replace(node, template.source, value) for node, value in wrapped]
        return offer("Leave it out when it does not exist", *changes)
    if not unguarded or entry["Type"].text not in DEPENDENT or is_mentioned(entry.key, template):
        return None
    edit = edits.insert_after(entry, template.source, "Type", "Condition", target.condition)
    return offer(f"Give {entry.key} the condition", edit)


def _is_spare(node: Node) -> bool:
    """Whether a value is one of several in a list, of which another is always there, or of a list that may be empty."""
    listed = node.parent
    if listed is None or not listed.is_sequence or listed.key.startswith("Fn::"):
        return False
    others = [item for item in listed if item is not node and not item["Fn::If"]]
    return bool(others) or listed.key in MAY_BE_EMPTY
