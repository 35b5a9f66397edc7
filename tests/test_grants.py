"""Whether a role may do something: what its statements say against what somebody asks for, written in any way."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest

from s3ap_lint.iam import roles
from s3ap_lint.patterns import Covers
from s3ap_lint.permissions.grants import Grants
from s3ap_lint.source import Source
from s3ap_lint.template import document
from s3ap_lint.template.node import Node
from s3ap_lint.template.template import Template
from s3ap_lint.template.values import texts
from s3ap_lint.template.worlds import World

HEAD = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Prefix: {Type: String}
  QueueArn: {Type: String}
Resources:
  Orders: {Type: AWS::DynamoDB::Table}
  Named: {Type: AWS::DynamoDB::Table, Properties: {TableName: !Sub "${Prefix}-named"}}
  Topic: {Type: AWS::SNS::Topic}
  Queue: {Type: AWS::SQS::Queue}
  Other: {Type: AWS::SQS::Queue}
  Secret: {Type: AWS::SecretsManager::Secret}
  Setting: {Type: AWS::SSM::Parameter, Properties: {Name: /a/b}}
  Work: {Type: AWS::Serverless::Function, Properties: {FunctionName: work, InlineCode: "", Policies: %s}}
  Live: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref Work, FunctionVersion: "1", Name: live}}
  Helper: {Type: AWS::Serverless::Function, Properties: {InlineCode: ""}}
  Outside: {Type: AWS::S3::Bucket}
  Runs: {Type: AWS::IAM::Role, Properties: {Path: /jobs/}}
  Sales: {Type: AWS::Glue::Database, Properties: {DatabaseInput: {Name: sales}}}
"""


def template(policies: str, more: str = "") -> Template:
    text = HEAD.replace("%s", policies) + indent(dedent(more), "  ")
    source = Source("template.yaml", text.encode())
    top = document.parse(source).top
    assert top is not None
    return Template(source, top)


def asked(action: str, resource: str, policies: str, more: str = "") -> Covers:
    """Whether the role of Work may do an action on a resource, both as policies write them."""
    found = template(policies, more)
    role = next(role for role in roles(found) if role.id == "Work")
    world = World(found.space, {})
    return Grants(role, world).covers(action, texts(value(resource), world).leaves[0].pieces if resource else ())


def value(text: str) -> Node:
    """One value of a template."""
    top = document.parse(Source("value.yaml", f"V: {text}\n".encode())).top
    assert top is not None
    return top["V"]


def policy(action: str, resource: str, effect: str = "Allow", more: str = "") -> str:
    return f"[{{Statement: [{{Effect: {effect}, Action: {action}, Resource: {resource}{more}}}]}}]"


SAME = [
    ("!GetAtt Orders.Arn", '!Sub "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${Orders}"'),
    ('!Sub "arn:aws:dynamodb:*:*:table/${Orders}"', "!GetAtt Orders.Arn"),
    ("!GetAtt Named.Arn", '!Sub "arn:aws:dynamodb:eu-west-1:111122223333:table/${Prefix}-named"'),
    ('!Sub "arn:aws:dynamodb:eu-west-1:111122223333:table/${Prefix}-*"', "!GetAtt Named.Arn"),
    ("!Ref Topic", '!Sub "arn:aws:sns:*:*:${Topic.TopicName}"'),
    ("!GetAtt Queue.Arn", "!Ref Queue"),
    ("!GetAtt Queue.Arn", '!Sub "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${Queue}"'),
    ('!Sub "${Queue.Arn}*"', "!GetAtt Queue.Arn"),
    ('!Sub "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:work*"', "!Ref Live"),
    ('!Sub "${Work.Arn}:*"', "!Ref Live"),
    ("arn:aws:lambda:*", "!GetAtt Helper.Arn"),
    ("!Ref Secret", "!Ref Secret"),
    ("arn:aws:ssm:*:*:parameter/a/*", "!Ref Setting"),
    ('!Sub "${Outside.Arn}/*"', '!Sub "arn:aws:s3:::${Outside}/reports/*"'),
    ("!Ref QueueArn", "!Ref QueueArn"),
    ('!Sub "arn:aws:iam::${AWS::AccountId}:role/jobs/*"', "!GetAtt Runs.Arn"),
    ("arn:aws:glue:*:*:database/sales", '!Sub "arn:aws:glue:${AWS::Region}:${AWS::AccountId}:database/${Sales}"'),
]


@pytest.mark.parametrize(("granted", "wanted"), SAME)
def test_one_resource_written_in_two_ways(granted: str, wanted: str) -> None:
    """Is one resource."""
    assert asked("x:Do", wanted, policy('"x:Do"', granted)) is Covers.YES


UNLIKE = [
    ("!GetAtt Queue.Arn", "!GetAtt Other.Arn"),
    ('!Sub "${Queue.Arn}*"', "!GetAtt Other.Arn"),
    ("!GetAtt Orders.Arn", "!GetAtt Named.Arn"),
    ("arn:aws:sqs:*:*:fixed", "!GetAtt Queue.Arn"),
    ('!Sub "arn:aws:sqs:*:*:${AWS::StackName}"', "!GetAtt Queue.Arn"),
    ("!GetAtt Work.Arn", "!Ref Live"),
    ("!GetAtt Outside.Arn", '!Sub "${Outside.Arn}/*"'),
    ("arn:aws:sqs:eu-west-1:*:*", "arn:aws:sqs:us-east-1:111122223333:jobs"),
    ("arn:aws:s3:::*", '"*"'),
    ("arn:aws:s3:::*", "!GetAtt Queue.Arn"),
]


@pytest.mark.parametrize(("granted", "wanted"), UNLIKE)
def test_two_resources(granted: str, wanted: str) -> None:
    """Are two, however their names are made."""
    assert asked("x:Do", wanted, policy('"x:Do"', granted)) is Covers.NO


OPEN = [
    ("!Ref QueueArn", "!GetAtt Queue.Arn"),
    ('!Sub "arn:aws:sqs:*:*:${AWS::StackName}-*"', "!GetAtt Queue.Arn"),
    ('!ImportValue "queue"', "!GetAtt Queue.Arn"),
    ('!Sub "${Outside.Arn}/reports/*"', '!Sub "${Outside.Arn}/*"'),
    ("!GetAtt Outside.Arn", ""),
]


@pytest.mark.parametrize(("granted", "wanted"), OPEN)
def test_what_only_deployment_tells(granted: str, wanted: str) -> None:
    """Is perhaps the same."""
    assert asked("x:Do", wanted, policy('"x:Do"', granted)) is Covers.PERHAPS


def test_actions_are_matched_in_any_case_and_by_wildcard() -> None:
    assert Covers.YES is asked("sqs:SendMessage", '"*"', policy('"SQS:send*"', '"*"'))
    assert Covers.NO is asked("sqs:SendMessage", '"*"', policy('"sqs:Receive*"', '"*"'))


def test_a_condition_or_a_policy_that_cannot_be_read_makes_it_perhaps() -> None:
    conditional = policy('"x:Do"', '"*"', more=", Condition: {Bool: {a: b}}")
    assert Covers.PERHAPS is asked("x:Do", "!Ref Topic", conditional)
    assert Covers.PERHAPS is asked("x:Do", "!Ref Topic", '["arn:aws:iam::111122223333:policy/ours"]')


def test_a_denial_without_condition_takes_it_away() -> None:
    statement = "{{Effect: {}, Action: 'x:*', Resource: {}}}"
    allow, deny = statement.format("Allow", '"*"'), statement.format("Deny", "!Ref Topic")
    both = f"[{{Statement: [{allow}, {deny}]}}]"
    assert Covers.NO is asked("x:Do", "!Ref Topic", both)
    assert Covers.YES is asked("x:Do", "!Ref Queue", both)
    assert Covers.YES is asked("x:Do", "!Ref Topic", both.replace("Deny, ", "Deny, Condition: {Bool: {a: b}}, "))


def test_everything_but() -> None:
    policies = '[{Statement: [{Effect: Allow, NotAction: "iam:*", NotResource: !Ref Topic}]}]'
    assert Covers.YES is asked("sqs:SendMessage", "!Ref Queue", policies)
    assert Covers.NO is asked("sqs:SendMessage", "!Ref Topic", policies)
    assert Covers.NO is asked("iam:PassRole", "!Ref Queue", policies)


def test_sam_gives_its_roles_logs_and_what_event_sources_need() -> None:
    assert Covers.YES is asked("logs:PutLogEvents", '"arn:aws:logs:*:*:log-group:a"', "[]")
    events = "[], Events: {Jobs: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}}"
    assert Covers.YES is asked("sqs:ReceiveMessage", "!GetAtt Queue.Arn", events)
    assert Covers.NO is asked("sqs:ReceiveMessage", "!GetAtt Queue.Arn", "[]")
    dead = "[], DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Queue.Arn}"
    assert Covers.YES is asked("sqs:SendMessage", "!GetAtt Queue.Arn", dead)
    assert Covers.NO is asked("sqs:SendMessage", "!GetAtt Other.Arn", dead)


CONNECTOR = """
Connects:
  Type: AWS::Serverless::Connector
  Properties: {Source: {Id: Work}, Destination: {Id: Queue}, Permissions: [Write]}
"""


def test_connectors_grant() -> None:
    assert Covers.YES is asked("sqs:SendMessage", "!GetAtt Queue.Arn", "[]", CONNECTOR)
    assert Covers.NO is asked("sqs:ReceiveMessage", "!GetAtt Queue.Arn", "[]", CONNECTOR)
    assert Covers.NO is asked("sqs:SendMessage", "!GetAtt Other.Arn", "[]", CONNECTOR)
    unknown = CONNECTOR.replace("Id: Queue", "Arn: !Ref QueueArn, Type: AWS::SQS::Queue")
    assert Covers.PERHAPS is asked("sqs:SendMessage", "!GetAtt Queue.Arn", "[]", unknown)


def test_the_nearest_statement_is_about_the_action_else_about_the_service() -> None:
    found = template(policy('"sqs:ReceiveMessage"', "!GetAtt Queue.Arn"))
    grants = Grants(next(role for role in roles(found) if role.id == "Work"), World(found.space, {}))
    nearest = grants.nearest("sqs:SendMessage")
    assert nearest is not None
    assert ("sqs:ReceiveMessage",) == nearest.actions.texts
    assert grants.nearest("sns:Publish") is None


def test_a_wildcard_behind_a_name_may_reach_the_next_one() -> None:
    """As far as their names allow."""
    helpers = "Tail: {Type: AWS::Serverless::Function, Properties: {FunctionName: work-tail, InlineCode: ''}}\n"
    pattern = policy('"lambda:InvokeFunction"', '!Sub "${Work.Arn}*"')
    assert Covers.PERHAPS is asked("lambda:InvokeFunction", "!GetAtt Tail.Arn", pattern, helpers)
    unlike = helpers.replace("work-tail", "tail")
    assert Covers.NO is asked("lambda:InvokeFunction", "!GetAtt Tail.Arn", pattern, unlike)


def test_the_url_of_a_queue_names_it() -> None:
    url = '!Sub "https://sqs.${AWS::Region}.amazonaws.com/${AWS::AccountId}/${Queue.QueueName}"'
    assert Covers.YES is asked("sqs:SendMessage", url, policy('"sqs:SendMessage"', "!GetAtt Queue.Arn"))
    assert Covers.NO is asked("sqs:SendMessage", url, policy('"sqs:SendMessage"', "!GetAtt Other.Arn"))
