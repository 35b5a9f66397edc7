"""S3AP208: alarms, rules and budgets whose messages the topic refuses."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from s3ap_lint.api import (
    Finding,
    Severity,
    Template,
    bad,
    good,
    rule,
)
from s3ap_rules.references.topic_policies import Refusal, admission, refusals

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
            fixed=HEAD
            + """
      Policy:
        Type: AWS::SNS::TopicPolicy
        Properties:
          Topics: [!Ref Alerts]
          PolicyDocument:  # 通知
            Statement:
              - Effect: Allow
                Principal: {Service: events.amazonaws.com}
                Action: sns:Publish
                Resource: !Ref Alerts
              - Effect: Allow
                Principal: {AWS: !Sub "arn:aws:iam::${AWS::AccountId}:root"}
                Action: "sns:*"
                Resource: !Ref Alerts
              - Effect: Allow
                Principal:
                  Service: cloudwatch.amazonaws.com
                Action: sns:Publish
                Resource: !Ref Alerts
                Condition:
                  StringEquals:
                    aws:SourceAccount: !Ref AWS::AccountId
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
            fixed=HEAD
            + """
        Properties:
          KmsMasterKeyId: !Ref KeyAlias
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
              - Effect: Allow
                Principal:
                  Service: cloudwatch.amazonaws.com
                Action:
                  - kms:Decrypt
                  - kms:GenerateDataKey*
                Resource: "*"
              - Effect: Allow
                Principal:
                  Service: events.amazonaws.com
                Action:
                  - kms:Decrypt
                  - kms:GenerateDataKey*
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
            fixed=HEAD
            + """
      AlertsPolicy:
        Type: AWS::SNS::TopicPolicy
        Properties:
          Topics:
            - !Ref Alerts
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Principal:
                  Service: cloudwatch.amazonaws.com
                Action: sns:Publish
                Resource: !Ref Alerts
                Condition:
                  StringEquals:
                    aws:SourceAccount: !Ref AWS::AccountId
              - Effect: Allow
                Principal:
                  Service: events.amazonaws.com
                Action: sns:Publish
                Resource: !Ref Alerts

      Spending:
        Type: AWS::Budgets::Budget
        Properties:
          Budget: {BudgetType: COST, TimeUnit: MONTHLY}
          NotificationsWithSubscribers:
            - Notification: {ComparisonOperator: GREATER_THAN, NotificationType: ACTUAL, Threshold: 80}
              Subscribers:
                - {SubscriptionType: SNS, Address: !Ref Costs}
      Costs:
        Type: AWS::SNS::Topic
      CostsPolicy:
        Type: AWS::SNS::TopicPolicy
        Properties:
          Topics:
            - !Ref Costs
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Principal:
                  Service: budgets.amazonaws.com
                Action: sns:Publish
                Resource: !Ref Costs
                Condition:
                  StringEquals:
                    aws:SourceAccount: !Ref AWS::AccountId
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
        outcomes = template.outcomes(partial(refusals, template, topic))
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
                fix=admission(template, topic, refusal, [outcome.world for outcome in outcomes]),
            )


def _is_refused(kind: tuple[str, str], refusals: frozenset[Refusal]) -> bool:
    return any(refusal.kind == kind for refusal in refusals)
