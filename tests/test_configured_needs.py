"""What a template makes a function's role need, whatever its code does, is held against what the role grants."""

from __future__ import annotations

import json
from textwrap import indent

import pytest
from conftest import Cli, Write

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  Subnets: {Type: CommaDelimitedList, Default: ""}
  QueueArn: {Type: String}
Conditions:
  HasVpc: !Not [!Equals [!Join ["", !Ref Subnets], ""]]
Resources:
  Orders: {Type: AWS::SQS::Queue, Properties: {KmsMasterKeyId: !Ref Key}}
  Failures: {Type: AWS::SQS::Queue}
  News: {Type: AWS::SNS::Topic}
  Stream: {Type: AWS::Kinesis::Stream}
  Table: {Type: AWS::DynamoDB::Table}
  Bus: {Type: AWS::Events::EventBus}
  Reports:
    Type: AWS::S3::Bucket
    Properties:
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - ServerSideEncryptionByDefault: {SSEAlgorithm: "aws:kms", KMSMasterKeyID: !GetAtt Key.Arn}
  Key:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Statement:
          - Effect: Allow
            Principal: {AWS: !Sub "arn:aws:iam::${AWS::AccountId}:root"}
            Action: "kms:*"
            Resource: "*"
  IntakeRole:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: Intake
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: "logs:PutLogEvents", Resource: "*"}
              %s
  Intake:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: handler.handler
      CodeUri: code/
"""
VARIABLES = "Environment: {Variables: {ORDERS: !Ref Orders, REPORTS: !Ref Reports}}"
OWN_ROLE = "Role: !GetAtt IntakeRole.Arn"
HANDLER = "def handler(event, context):\n    return event\n"


def allow(action: str, resource: str = '"*"', more: str = "") -> str:
    return f"- {{Effect: Allow, Action: {action}, Resource: {resource}{more}}}"


@pytest.fixture
def found(write: Write, cli: Cli):
    """The findings about a function with some more properties, a statement in its role and more resources."""

    def run(properties: str, statement: str = "", more: str = "", role: str = OWN_ROLE, handler: str = HANDLER):
        template = TEMPLATE.replace("%s", statement) + indent(f"{role}\n{properties}\n", "      ") + indent(more, "  ")
        write({"template.yaml": template, "code/handler.py": handler})
        ran = cli("--engine", "none", "--exit-zero", "--format", "json", "--select", "S3AP401")
        return json.loads(ran.out)["findings"]

    return run


def mapping(source: str, function: str = "!Ref Intake") -> str:
    return f"""\
Mapping:
  Type: AWS::Lambda::EventSourceMapping
  Properties: {{FunctionName: {function}, EventSourceArn: {source}}}
"""


VPC = "VpcConfig: {SubnetIds: [subnet-1], SecurityGroupIds: [sg-1]}"


def test_a_function_in_a_vpc_makes_network_interfaces(found):
    (finding,) = found(VPC)
    assert finding["message"] == (
        "Intake is put into a VPC, and IntakeRole grants none of ec2:CreateNetworkInterface, "
        "ec2:DescribeNetworkInterfaces and ec2:DeleteNetworkInterface, so creating the function fails"
    )
    assert finding["severity"] == "error"
    assert [step["message"] for step in finding["flow"]] == [
        "the function",
        "is put into a VPC, which needs ec2:CreateNetworkInterface, ec2:DescribeNetworkInterfaces and "
        "ec2:DeleteNetworkInterface",
        "runs under this role",
        "nothing here grants ec2:CreateNetworkInterface, ec2:DescribeNetworkInterfaces and ec2:DeleteNetworkInterface",
    ]


def test_a_vpc_in_some_scenario_is_a_warning_that_names_it(found):
    (finding,) = found("VpcConfig: !If [HasVpc, {SubnetIds: !Ref Subnets}, !Ref AWS::NoValue]")
    assert finding["severity"] == "warning"
    assert "HasVpc is true" in finding["scenario"]["text"]


def test_subnets_that_may_be_left_empty(found):
    (finding,) = found("VpcConfig: {SubnetIds: !Ref Subnets}")
    assert finding["severity"] == "warning"


@pytest.mark.parametrize(
    "properties, statement, role",
    [
        (VPC, "", ""),
        (VPC, allow("ec2:*NetworkInterface*"), OWN_ROLE),
        (VPC, allow('"*"', more=', Condition: {StringEquals: {"aws:RequestedRegion": eu-west-1}}'), OWN_ROLE),
        (VPC, "", "Role: !ImportValue IntakeRole"),
        ("VpcConfig: {SubnetIds: [], SecurityGroupIds: []}", "", OWN_ROLE),
        (
            "VpcConfig: !If [HasVpc, {SubnetIds: !Ref Subnets}, !Ref AWS::NoValue]",
            "- !If [HasVpc, {Effect: Allow, Action: 'ec2:*', Resource: '*'}, !Ref AWS::NoValue]",
            OWN_ROLE,
        ),
        ("DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Failures.Arn}", "", ""),
        ("Events: {Orders: {Type: SQS, Properties: {Queue: !GetAtt Failures.Arn}}}", "", ""),
        ("Events: {Orders: {Type: SQS, Properties: {Queue: !ImportValue Orders}}}", allow("sqs:*"), OWN_ROLE),
    ],
)
def test_what_is_granted_or_cannot_be_told_is_not_reported(found, properties: str, statement: str, role: str):
    assert found(properties, statement, role=role) == []


@pytest.mark.parametrize(
    "source, granted, lacking",
    [
        ("!GetAtt Failures.Arn", "sqs:ReceiveMessage", "grants none of sqs:DeleteMessage and sqs:GetQueueAttributes"),
        (
            "!GetAtt Stream.Arn",
            "[kinesis:GetRecords, kinesis:GetShardIterator]",
            "grants no kinesis:DescribeStream or kinesis:DescribeStreamSummary",
        ),
        ("!GetAtt Table.StreamArn", "[dynamodb:GetRecords, dynamodb:Describe*]", "grants no dynamodb:GetShardIterator"),
        ("arn:aws:sqs:eu-west-1:111122223333:orders", "[sqs:Delete*, sqs:Get*]", "grants no sqs:ReceiveMessage"),
        ("!GetAtt Stream.Arn", "[kinesis:Get*, kinesis:DescribeStreamSummary]", ""),
        ("!Ref QueueArn", "logs:PutLogEvents", ""),
        ("!ImportValue Queue", "logs:PutLogEvents", ""),
    ],
)
def test_lambda_reads_an_event_source_with_the_role(found, source: str, granted: str, lacking: str):
    messages = [finding["message"] for finding in found("MemorySize: 128", allow(granted), mapping(source))]
    assert len(messages) == bool(lacking)
    assert all(lacking in message and message.endswith("so creating Mapping fails") for message in messages)


def test_the_stream_of_a_table_is_not_the_table(found):
    more = mapping("!GetAtt Table.StreamArn")
    (finding,) = found("MemorySize: 128", allow('"dynamodb:*"', "!GetAtt Table.Arn"), more)
    assert "on other resources only" in finding["message"]
    assert found("MemorySize: 128", allow('"dynamodb:*"', '!Sub "${Table.Arn}/stream/*"'), more) == []
    assert found("MemorySize: 128", allow('"dynamodb:*"', "!GetAtt Table.StreamArn"), more) == []


@pytest.mark.parametrize(
    "properties, action, resource",
    [
        ("DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Failures.Arn}", "sqs:SendMessage", "!GetAtt Failures.Arn"),
        ("DeadLetterQueue: {Type: SNS, TargetArn: !Ref News}", "sns:Publish", "!Ref News"),
        (
            "EventInvokeConfig: {DestinationConfig: {OnSuccess: {Type: EventBridge, Destination: !GetAtt Bus.Arn}}}",
            "events:PutEvents",
            "!GetAtt Bus.Arn",
        ),
        (
            "EventInvokeConfig: {DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Failures.Arn}}}",
            "sqs:SendMessage",
            "!GetAtt Failures.Arn",
        ),
    ],
)
def test_lambda_sends_with_the_role(found, properties: str, action: str, resource: str):
    (finding,) = found(properties)
    assert f"grants no {action}" in finding["message"]
    (finding,) = found(properties, allow(action, "!GetAtt Orders.Arn"))
    assert f"grants {action} on other resources only" in finding["message"]
    assert found(properties, allow(action, resource)) == []


def test_the_policy_of_a_queue_may_let_the_role_in(found):
    policy = """\
Policy:
  Type: AWS::SQS::QueuePolicy
  Properties:
    Queues: [!Ref Failures]
    PolicyDocument:
      Statement:
        - {Effect: Allow, Principal: {AWS: !GetAtt IntakeRole.Arn}, Action: "sqs:SendMessage", Resource: "*"}
"""
    assert found("DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Failures.Arn}", more=policy) == []


SENDS = """\
import os
import boto3
def handler(event, context):
    boto3.client("sqs").send_message(QueueUrl=os.environ["ORDERS"], MessageBody="{}")
    boto3.client("s3").put_object(Bucket=os.environ["REPORTS"], Key="a", Body=b"")
"""
MAY_CALL = allow("[sqs:SendMessage, s3:PutObject]")


def test_calls_on_what_a_key_encrypts_need_the_key(found):
    (finding,) = found(VARIABLES, MAY_CALL, handler=SENDS)
    assert finding["message"].startswith(
        "Intake calls s3.put_object on Reports, which Key encrypts, and IntakeRole grants no kms:GenerateDataKey, "
        "so the call is denied"
    )
    assert (
        "Intake calls sqs.send_message on Orders, which Key encrypts, and IntakeRole grants none of "
        "kms:GenerateDataKey and kms:Decrypt, so the call is denied"
    ) in [place["message"] for place in finding["related"]]


@pytest.mark.parametrize(
    "key",
    ["!GetAtt Key.Arn", '!Sub "arn:aws:kms:${AWS::Region}:${AWS::AccountId}:key/${Key}"', "!ImportValue Key", '"*"'],
)
def test_a_key_that_is_granted(found, key: str):
    both = f"{MAY_CALL}\n              {allow('[kms:GenerateDataKey, kms:Decrypt]', key)}"
    assert found(VARIABLES, both, handler=SENDS) == []


KEY_OF_A_SERVICE = """\
Own:
  Type: AWS::KMS::Key
  Properties:
    KeyPolicy:
      Statement:
        - Effect: Allow
          Principal: {principal}
          Action: "kms:*"
          Resource: "*"
          Condition: {StringEquals: {"kms:ViaService": sqs.eu-west-1.amazonaws.com}}
Outbox: {Type: AWS::SQS::Queue, Properties: {KmsMasterKeyId: !Ref Own}}
"""


@pytest.mark.parametrize(
    "principal, reported",
    [
        ('{AWS: "*"}', False),
        ('"*"', False),
        ("{AWS: !GetAtt IntakeRole.Arn}", False),
        ("{Service: sns.amazonaws.com}", True),
        ('{AWS: "arn:aws:iam::111122223333:root"}', True),
    ],
)
def test_the_policy_of_a_key_may_let_the_role_in(found, principal: str, reported: bool):
    handler = SENDS.replace("ORDERS", "OUTBOX").replace("put_object", "list_buckets")
    variables = "Environment: {Variables: {OUTBOX: !Ref Outbox}}"
    more = KEY_OF_A_SERVICE.replace("{principal}", principal)
    findings = found(variables, allow("[sqs:SendMessage, s3:*]"), more, handler=handler)
    assert bool(findings) == reported


def test_an_event_source_that_a_key_encrypts(found):
    """SAM gives the role that it makes what the queue needs, not the key."""
    events = "Events: {Orders: {Type: SQS, Properties: {Queue: !GetAtt Orders.Arn}}}"
    (finding,) = found(events, role="MemorySize: 128")
    assert finding["message"] == (
        "Intake is given what arrives in Orders, which Key encrypts, and its role grants no kms:Decrypt, "
        "so Lambda cannot read it"
    )
    granted = f"Policies: [{{Statement: [{allow('kms:Decrypt', '!GetAtt Key.Arn')[2:]}]}}]"
    assert found(events, role=granted) == []


def test_an_event_source_mapping_that_does_not_exist(found):
    more = mapping("!GetAtt Failures.Arn").replace("  Properties", "  Condition: HasVpc\n  Properties")
    (finding,) = found("MemorySize: 128", "", more)
    assert finding["severity"] == "warning"


def test_a_file_system_without_a_policy_lets_everybody_in(found):
    systems = """\
System: {Type: AWS::EFS::FileSystem}
Point: {Type: AWS::EFS::AccessPoint, Properties: {FileSystemId: !Ref System}}
"""
    mounts = "FileSystemConfigs: [{Arn: !GetAtt Point.Arn, LocalMountPath: /mnt/data}]"
    assert found(mounts, more=systems) == []
    policy = "{FileSystemPolicy: {Statement: [{Effect: Deny, Principal: {AWS: '*'}, Action: '*'}]}}"
    closed = systems.replace("FileSystem}\n", f"FileSystem, Properties: {policy}}}\n", 1)
    assert ["elasticfilesystem:ClientMount" in one["message"] for one in found(mounts, more=closed)] == [True]
    granted = allow("elasticfilesystem:ClientMount", "!GetAtt System.Arn")
    assert found(mounts, granted, closed) == []
