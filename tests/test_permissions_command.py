"""`s3ap-lint permissions`: what each function needs, is granted and lacks, and statements that can be pasted."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from textwrap import indent
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Cli, Write

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
  Reports:
    Type: AWS::S3::Bucket
  Intake:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: handler.handler
      CodeUri: intake/
      Environment:
        Variables: {TABLE: !Ref Orders, BUCKET: !Ref Reports}
      Policies:
        - Statement:
            - Effect: Allow
              Action: [dynamodb:GetItem, "dynamodb:DeleteItem"]
              Resource: "*"
"""
HANDLER = """\
import os

import boto3

dynamodb = boto3.client("dynamodb")


def handler(event, context):
    found = dynamodb.get_item(TableName=os.environ["TABLE"], Key={"id": {"S": event["id"]}})
    body = str(found).encode()
    boto3.client("s3").put_object(Bucket=os.environ["BUCKET"], Key=f"reports/{event['id']}.json", Body=body)
"""
APPLICATION = {"template.yaml": TEMPLATE, "intake/handler.py": HANDLER}

STATEMENTS = """\
# besides what Lambda itself does with the role: AWSLambdaBasicExecutionRole (logs); and what its
# event sources need
- Effect: Allow
  Action: dynamodb:GetItem
  Resource: !GetAtt Orders.Arn
- Effect: Allow
  Action: s3:PutObject
  Resource: !Sub "${Reports.Arn}/reports/*.json"
"""
TEXT = """\
template.yaml:11 Intake role: made by SAM
  missing s3:PutObject on ${Reports.Arn}/reports/*.json
    intake/handler.py:11: s3.put_object
  granted dynamodb:GetItem on ${Orders.Arn}
    intake/handler.py:9: dynamodb.get_item
  unused dynamodb:DeleteItem
  grant:
%s
1 function: 1 with something missing
"""


def pasted(template: str, statements: str) -> str:
    """The template with the statements in place of the function's policies."""
    head, _, _ = template.partition("        - Statement:\n")
    return f"{head}        - Statement:\n{indent(statements, ' ' * 12)}"


def answered(cli: Cli, *arguments: str) -> Any:
    return json.loads(cli("permissions", "--format", "json", *arguments).out)


# -- what is printed ---------------------------------------------------------------------------------


def test_what_is_missing_comes_first_and_the_status_is_1(cli: Cli, write: Write):
    write(APPLICATION)
    ran = cli("permissions")
    assert (1, TEXT % indent(STATEMENTS, "    "), "") == (ran.status, ran.out, ran.err)


def test_the_object_for_programs(cli: Cli, write: Write):
    write(APPLICATION)
    assert {
        "version": 1,
        "functions": [
            {
                "template": "template.yaml",
                "function": "Intake",
                "line": 11,
                "role": "made by SAM",
                "shared_with": [],
                "needed": [
                    {
                        "action": "s3:PutObject",
                        "standing": "missing",
                        "certain": True,
                        "resources": ["${Reports.Arn}/reports/*.json"],
                        "calls": ["intake/handler.py:11"],
                        "operations": ["s3.put_object"],
                        "scenario": "",
                    },
                    {
                        "action": "dynamodb:GetItem",
                        "standing": "granted",
                        "certain": True,
                        "resources": ["${Orders.Arn}"],
                        "calls": ["intake/handler.py:9"],
                        "operations": ["dynamodb.get_item"],
                        "scenario": "",
                    },
                ],
                "unused": ["dynamodb:DeleteItem"],
                "untold": [],
                "statements": STATEMENTS,
            }
        ],
        "unread": [],
    } == answered(cli)


def test_the_page_holds_the_statements_and_needs_nothing_else(cli: Cli, write: Write):
    """No script, no address, and what an author wrote is text."""
    write(APPLICATION)
    ran = cli("permissions", "--format", "html", "--output", "page.html")
    page = (cli.folder / "page.html").read_text(encoding="utf-8")
    shown = re.search(r"<pre>(.*?)</pre>", page, re.DOTALL)
    assert (1, "", "") == (ran.status, ran.out, ran.err)
    assert shown is not None
    assert STATEMENTS == html.unescape(shown[1])
    assert [] == re.findall(r"<script|<link|https?:|url\(|@import", page)
    assert '<tr><td><code>s3:PutObject</code></td><td class="missing">missing</td>' in page


def test_lines_fit_a_narrow_terminal_besides_what_is_pasted(cli: Cli, write: Write):
    write(APPLICATION)
    table, _, _ = cli("permissions").out.partition("  grant:")
    assert [] == [line for line in table.splitlines() if len(line) > 80]


def test_colours_are_for_those_who_ask(cli: Cli, write: Write):
    write(APPLICATION)
    assert "\x1b[1;31mmissing\x1b[0m s3:PutObject" in cli("permissions", "--color", "always").out


def test_any_number_of_processes_says_the_same(cli: Cli, write: Write):
    write({f"{name}/{path}": text for name in ("a", "b", "c") for path, text in APPLICATION.items()})
    one, many = cli("permissions", "--jobs", "1"), cli("permissions", "--jobs", "3")
    assert (one.status, one.out, one.err) == (many.status, many.out, many.err)
    assert 3 == one.out.count("missing s3:PutObject")


# -- what is asked about -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["a", "a/template.yaml", "a/intake", "a/intake/handler.py"])
def test_a_path_is_a_template_its_folder_or_code_that_it_deploys(cli: Cli, write: Write, path: str):
    write({f"{name}/{file}": text for name in ("a", "b") for file, text in APPLICATION.items()})
    assert ["a/template.yaml"] == [one["template"] for one in answered(cli, path)["functions"]]


def test_one_function_by_name(cli: Cli, write: Write):
    second = TEMPLATE[TEMPLATE.index("  Intake:") :].replace("Intake:", "Second:")
    write({**APPLICATION, "template.yaml": TEMPLATE + second})
    assert ["Second"] == [one["function"] for one in answered(cli, "--function", "Second")["functions"]]


@pytest.mark.parametrize(
    ("files", "arguments", "said"),
    [
        (
            {"notes/a.txt": ""},
            ["notes"],
            "no function to look at in notes: no template there deploys one that Python runs",
        ),
        (APPLICATION, ["--function", "Intak"], "no Python function called Intak in ."),
        (APPLICATION, ["nowhere"], "there is no such file or folder: nowhere"),
    ],
)
def test_a_gate_that_looked_at_nothing_fails(
    cli: Cli, write: Write, files: Mapping[str, str], arguments: list[str], said: str
):
    write(files)
    ran = cli("permissions", *arguments)
    assert (2, "", f"s3ap-lint: {said}\n") == (ran.status, ran.out, ran.err)


def test_a_template_that_cannot_be_read_is_2(cli: Cli, write: Write):
    write({**APPLICATION, "broken/template.yaml": 'AWSTemplateFormatVersion: "2010-09-09"\nResources: {a: [\n'})
    ran = cli("permissions")
    assert 2 == ran.status
    assert re.fullmatch(r"s3ap-lint: broken/template\.yaml:\d+: this template cannot be read: .*\n", ran.err)


def test_nothing_missing_is_0(cli: Cli, write: Write):
    write({**APPLICATION, "template.yaml": pasted(TEMPLATE, STATEMENTS)})
    ran = cli("permissions")
    assert (0, "") == (ran.status, ran.err)
    assert ran.out.endswith("1 function: nothing missing\n")


def test_a_gate_that_could_look_at_nothing_fails(cli: Cli, write: Write):
    write({**APPLICATION, "intake/handler.py": "def handler(event, context)\n    pass\n"})
    ran = cli("permissions")
    assert (2, "s3ap-lint: of no function could be told what it needs; see what is not told\n") == (ran.status, ran.err)
    assert "1 function: nothing missing in what could be told\n" in ran.out


# -- what cannot be told -----------------------------------------------------------------------------


def test_a_role_from_elsewhere_is_not_judged(cli: Cli, write: Write):
    """What is needed can be told all the same, and what to grant."""
    template = TEMPLATE[: TEMPLATE.index("      Policies:")] + "      Role: arn:aws:iam::123456789012:role/intake\n"
    write({**APPLICATION, "template.yaml": template})
    (one,) = answered(cli)["functions"]
    assert ("not in this template", {"unknown"}) == (one["role"], {row["standing"] for row in one["needed"]})
    assert (None, STATEMENTS) == (one["unused"], one["statements"])
    assert 0 == cli("permissions").status


def test_what_could_not_be_looked_at_is_said(cli: Cli, write: Write):
    """So that nobody takes the table for complete; and then nothing is called unused."""
    write({**APPLICATION, "intake/handler.py": HANDLER + '    getattr(dynamodb, event["do"])(TableName="x")\n'})
    (one,) = answered(cli)["functions"]
    assert (None, ["intake/handler.py:12: which operation of AWS is called cannot be told"]) == (
        one["unused"],
        one["untold"],
    )


def test_a_shared_role_is_granted_for_all_who_share_it(cli: Cli, write: Write):
    role = """\
      Role: !GetAtt Shared.Arn
  Shared:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: lambda.amazonaws.com}}]
  Second:
    Type: AWS::Serverless::Function
    Properties:
      {Runtime: python3.12, Handler: second.handler, CodeUri: intake/, Role: !GetAtt Shared.Arn}
"""
    second = 'import boto3\n\n\ndef handler(event, context):\n    boto3.client("s3").list_buckets()\n'
    write(
        {
            **APPLICATION,
            "template.yaml": TEMPLATE[: TEMPLATE.index("      Policies:")] + role,
            "intake/second.py": second,
        }
    )
    first, other = answered(cli)["functions"]
    assert (["Second"], first["statements"]) == (first["shared_with"], other["statements"])
    assert first["statements"].startswith("# for Intake and Second, which share the role\n")
    assert "s3:ListAllMyBuckets" in first["statements"]
    assert "  grant: as for Intake, which shares the role\n" in cli("permissions").out


# -- the proof: what is pasted is valid, and enough, and not too much --------------------------------

RICH = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  OutputApAlias: {Type: String, Default: ""}
  OutputApName: {Type: String, Default: ""}
  SourceAccessPointAlias: {Type: String}
  ModelId: {Type: String, Default: us.amazon.nova-lite-v1:0}
  WorkQueueUrl: {Type: String}
  Ledger: {Type: String, Default: "no", AllowedValues: ["yes", "no"]}
  SettingName: {Type: String, Default: /intake/setting}
Conditions:
  HasOutputName: !Not [!Equals [!Ref OutputApName, ""]]
  KeepsLedger: !Equals [!Ref Ledger, "yes"]
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
  Queue:
    Type: AWS::SQS::Queue
  Book:
    Type: AWS::SNS::Topic
    Condition: KeepsLedger
  Secret:
    Type: AWS::SecretsManager::Secret
  Intake:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: handler.handler
      CodeUri: intake/
      Environment:
        Variables:
          TABLE: !Ref Orders
          QUEUE: !Ref Queue
          WORK: !Ref WorkQueueUrl
          BOOK: !If [KeepsLedger, !Ref Book, !Ref AWS::NoValue]
          SECRET: !Ref Secret
          SETTING: !Ref SettingName
          OUTPUT: !Ref OutputApAlias
          SOURCE: !Ref SourceAccessPointAlias
          MODEL: !Ref ModelId
      Policies:
        - Statement:
            - {Effect: Allow, Action: "s3:*", Resource: "*"}
"""
RICH_HANDLER = """\
import os

import boto3

s3 = boto3.client("s3")
sqs = boto3.client("sqs")


def handler(event, context):
    boto3.resource("dynamodb").Table(os.environ["TABLE"]).query(IndexName="by-day", KeyConditionExpression="x")
    sqs.send_message(QueueUrl=os.environ["QUEUE"], MessageBody="")
    sqs.send_message(QueueUrl=os.environ["WORK"], MessageBody="")
    if "BOOK" in os.environ:
        boto3.client("sns").publish(TopicArn=os.environ["BOOK"], Message="")
    boto3.client("secretsmanager").get_secret_value(SecretId=os.environ["SECRET"])
    boto3.client("ssm").get_parameter(Name=os.environ["SETTING"])
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=os.environ["SOURCE"]):
        s3.put_object(Bucket=os.environ["OUTPUT"], Key=f"done/{page}", Body=b"")
    boto3.client("bedrock-runtime").converse(modelId=os.environ["MODEL"], messages=[])
    boto3.client("rekognition").detect_labels(Image={"Bytes": b""})
"""
RICH_STATEMENTS = """\
# besides what Lambda itself does with the role: AWSLambdaBasicExecutionRole (logs); and what its
# event sources need
- Effect: Allow
  Action: dynamodb:Query
  Resource: !Sub "${Orders.Arn}/index/by-day"
- Effect: Allow
  Action: sqs:SendMessage
  Resource:
    - !GetAtt Queue.Arn
    - !Sub
      - arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${QueueName}
      - QueueName: !Select [4, !Split [/, !Ref WorkQueueUrl]]
- Effect: Allow
  Action: secretsmanager:GetSecretValue
  Resource: !Ref Secret
# an inference profile calls its model in several Regions; this is the one that ModelId names by
# default
- Effect: Allow
  Action: bedrock:InvokeModel
  Resource:
    - !Sub "arn:${AWS::Partition}:bedrock:${AWS::Region}:${AWS::AccountId}:inference-profile/${ModelId}"
    - !Sub "arn:${AWS::Partition}:bedrock:*::foundation-model/amazon.nova-lite-v1:0"
# put the name of the access point SourceAccessPointAlias in place of accesspoint/*
- Effect: Allow
  Action: s3:ListBucket
  Resource: !Sub "arn:${AWS::Partition}:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/*"
- Effect: Allow
  Action: ssm:GetParameter
  Resource: !Sub "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter${SettingName}"
# no resource can be named for this
- Effect: Allow
  Action: rekognition:DetectLabels
  Resource: "*"
- !If
  - HasOutputName
  - Effect: Allow
    Action: s3:PutObject
    Resource: !Sub "arn:${AWS::Partition}:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/${OutputApName}/object/done/*"
  - !Ref AWS::NoValue
- !If
  - KeepsLedger
  - Effect: Allow
    Action: sns:Publish
    Resource: !Ref Book
  - !Ref AWS::NoValue
"""


def test_every_kind_of_resource_as_a_policy_names_it(cli: Cli, write: Write):
    write({"template.yaml": RICH, "intake/handler.py": RICH_HANDLER})
    (one,) = answered(cli)["functions"]
    assert RICH_STATEMENTS == one["statements"]


@pytest.mark.parametrize(
    ("template", "handler"), [(TEMPLATE, HANDLER), (RICH, RICH_HANDLER)], ids=["plain", "every kind"]
)
def test_what_is_pasted_is_valid_and_leaves_nothing_to_report(cli: Cli, write: Write, template: str, handler: str):
    """The schema engine finds no fault in it; nothing is missing, unused or too wide."""
    write({"template.yaml": template, "intake/handler.py": handler})
    (one,) = answered(cli)["functions"]
    write({"template.yaml": pasted(template, one["statements"])})
    options = ("--strict", "--ignore", "S3AP409", "--select", "S3AP4,S3AP101,S3AP901,E")
    ran = cli(*options, "--format", "concise", timeout=120)
    assert "" == ran.out
    (again,) = answered(cli)["functions"]
    assert one["statements"] == again["statements"]
    assert {"granted", "perhaps"} >= {row["standing"] for row in again["needed"]}


def test_a_resource_that_depends_on_the_role_is_not_named_by_it(cli: Cli, write: Write):
    """CloudFormation refuses a circle, so the name is spelt out."""
    table = TEMPLATE.replace(
        "      BillingMode:",
        '      TableName: !Sub "${AWS::StackName}-orders"\n'
        "      Tags: [{Key: role, Value: !Ref IntakeRole}]\n      BillingMode:",
    )
    head = table[: table.index("      Policies:")]
    role = """\
      Role: !GetAtt IntakeRole.Arn
  IntakeRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: lambda.amazonaws.com}}]
"""
    write({**APPLICATION, "template.yaml": head + role})
    (one,) = answered(cli)["functions"]
    assert (
        'Resource: !Sub "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/'
        '${AWS::StackName}-orders"' in one["statements"]
    )


def test_what_is_denied_is_missing_and_not_granted_elsewhere(cli: Cli, write: Write):
    """No other resource would help: the statement that denies it has to go."""
    deny = '            - {Effect: Deny, Action: "dynamodb:Get*", Resource: !GetAtt Orders.Arn}\n'
    write({**APPLICATION, "template.yaml": TEMPLATE + deny})
    (one,) = answered(cli)["functions"]
    assert ["missing", "missing"] == [row["standing"] for row in one["needed"]]


def test_an_alias_grants_nothing_on_an_access_point(cli: Cli, write: Write):
    """S3AP101 says why; the account must not call it granted."""
    template = TEMPLATE.replace("BUCKET: !Ref Reports", "BUCKET: !Ref ReportsApAlias").replace(
        "Resources:\n",
        "Parameters:\n  ReportsApAlias: {Type: String}\n  ReportsApName: {Type: String}\nResources:\n",
        1,
    )
    alias = '!Sub "arn:aws:s3:::${ReportsApAlias}/*"'
    grant = f'            - {{Effect: Allow, Action: "s3:PutObject", Resource: {alias}}}\n'
    write({**APPLICATION, "template.yaml": template + grant})
    ran = cli("permissions", "--format", "json")
    (one,) = json.loads(ran.out)["functions"]
    standings = {row["action"]: row["standing"] for row in one["needed"]}
    assert (1, "on another resource") == (ran.status, standings["s3:PutObject"])
    multipart = HANDLER.replace("put_object", "upload_fileobj").replace("Body=body", "Fileobj=body")
    write(
        {"intake/handler.py": multipart, "template.yaml": template + grant.replace("PutObject", "AbortMultipartUpload")}
    )
    (other,) = answered(cli)["functions"]
    assert ["perhaps"] == [row["standing"] for row in other["needed"] if not row["certain"]]
    write(APPLICATION)
    write({"template.yaml": pasted(template, one["statements"])})
    assert 0 == cli("permissions").status


INVOKING = """\
import os

import boto3

orders = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event, context):
    boto3.client("lambda").invoke(FunctionName=os.environ["NEXT"], Qualifier="live")
    boto3.client("lambda").invoke(FunctionName=os.environ["NEXT_LIVE"])
    with orders.batch_writer() as batch:
        batch.put_item(Item=event)
"""
NEXT = """\
  Next:
    Type: AWS::Serverless::Function
    Properties: {Runtime: nodejs22.x, Handler: index.handler, CodeUri: next/, AutoPublishAlias: live}
"""


def invoking(grant: str) -> dict[str, str]:
    """An application that calls another function's alias, and may do that on a resource."""
    template = TEMPLATE.replace("BUCKET: !Ref Reports", "NEXT: !Ref Next, NEXT_LIVE: !Ref Next.Alias")
    template = template.replace('[dynamodb:GetItem, "dynamodb:DeleteItem"]', "lambda:InvokeFunction")
    return {"template.yaml": template.replace('"*"', grant) + NEXT, "intake/handler.py": INVOKING}


@pytest.mark.parametrize(
    ("standing", "grant"),
    [
        ("on another resource", "!GetAtt Next.Arn"),
        ("granted", '!Sub "${Next.Arn}:*"'),
        ("granted", "!Ref Next.Alias"),
    ],
    ids=["the function", "its versions and aliases", "the alias"],
)
def test_an_alias_of_a_function_is_another_resource_than_the_function(
    cli: Cli, write: Write, standing: str, grant: str
):
    """Lambda asks for `function:NAME:ALIAS`, by `Qualifier` or by the alias's ARN."""
    write(invoking(grant))
    (one,) = answered(cli)["functions"]
    assert [standing] == [row["standing"] for row in one["needed"] if row["action"] == "lambda:InvokeFunction"]
    assert 'Resource: !Sub "${Next.Arn}:live"' in one["statements"]


def test_a_batch_writer_writes_to_its_table(cli: Cli, write: Write):
    write(invoking("!GetAtt Next.Arn"))
    (one,) = answered(cli)["functions"]
    assert "Action: dynamodb:BatchWriteItem\n  Resource: !GetAtt Orders.Arn\n" in one["statements"]


def test_the_key_of_a_bucket_is_not_forgotten(cli: Cli, write: Write):
    """Whoever puts the printed list in the place of the policy has to know that kms:Decrypt goes with it."""
    key = '            - {Effect: Allow, Action: "kms:Decrypt", Resource: !GetAtt Key.Arn}\n'
    reading = HANDLER.replace("put_object", "get_object").replace(", Body=body", "")
    template = TEMPLATE + key + "  Key: {Type: AWS::KMS::Key}\n"
    write({"template.yaml": template, "intake/handler.py": reading})
    (one,) = answered(cli)["functions"]
    assert [("perhaps", False)] == [
        (row["standing"], row["certain"]) for row in one["needed"] if row["action"] == "kms:Decrypt"
    ]
    assert "needed only in circumstances that the code does not tell" in one["statements"]


def test_what_a_role_may_do_with_keys_is_named_above_the_statements(cli: Cli, write: Write):
    """A bucket that encrypts by default needs it, and the call does not tell."""
    key = '            - {Effect: Allow, Action: "kms:GenerateDataKey", Resource: !GetAtt Key.Arn}\n'
    write({**APPLICATION, "template.yaml": TEMPLATE + key + "  Key: {Type: AWS::KMS::Key}\n"})
    (one,) = answered(cli)["functions"]
    assert "kms:GenerateDataKey" in one["statements"]


def test_a_handler_that_cannot_be_read_is_named(cli: Cli, write: Write):
    write({**APPLICATION, "intake/handler.py": "def handler(event, context:\n"})
    (one,) = answered(cli)["functions"]
    assert "intake/handler.py: this file cannot be read to its end" in one["untold"]


def test_with_too_many_scenarios_what_the_code_needs_is_still_listed(cli: Cli, write: Write):
    """How it stands cannot be told, and nobody may take that for needing nothing."""
    names = [f"P{number}" for number in range(40)]
    parameters = "".join(f"  {name}: {{Type: String, AllowedValues: [a, b], Default: a}}\n" for name in names)
    conditions = "".join(f"  {name}: !Equals [!Ref {name}, b]\n" for name in names)
    many = "".join(
        f"        - !If [{name}, {{SQSPollerPolicy: {{QueueName: q{name}}}}}, SesPolicy]\n" for name in names
    )
    template = TEMPLATE.replace("Resources:\n", f"Parameters:\n{parameters}Conditions:\n{conditions}Resources:\n", 1)
    write({**APPLICATION, "template.yaml": template + many})
    (one,) = answered(cli)["functions"]
    assert {"dynamodb:GetItem": "perhaps", "s3:PutObject": "perhaps"} == {
        row["action"]: row["standing"] for row in one["needed"]
    }


@pytest.mark.parametrize("resource", ["!Ref Orders", '!Sub "${Orders}"'])
def test_the_name_of_a_table_is_no_resource_of_a_policy(cli: Cli, write: Write, resource: str):
    """CloudFormation answers that it must be in ARN format or "*"."""
    write({**APPLICATION, "template.yaml": TEMPLATE.replace('"*"', resource)})
    (one,) = answered(cli)["functions"]
    assert "granted" not in {row["standing"] for row in one["needed"]}


def test_a_policy_that_hangs_on_a_condition_beside_a_denial(cli: Cli, write: Write):
    """Where nothing allows the call, what else denies it need not be decided."""
    deny = """\
            - Effect: Deny
              Action: "*"
              Resource: !If [Strict, !GetAtt Reports.Arn, !GetAtt Orders.Arn]
"""
    head = "Parameters: {Mode: {Type: String, AllowedValues: [strict, lax]}}\n"
    head += "Conditions: {Strict: !Equals [!Ref Mode, strict]}\n"
    write({**APPLICATION, "template.yaml": head + TEMPLATE + deny})
    assert (1, "") == (cli("permissions").status, cli("permissions").err)
    assert 1 == cli("--select", "S3AP4", "--strict").status
