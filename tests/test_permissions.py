"""What code needs is held against what its role grants: along the way that an event takes, scenario by scenario."""

from __future__ import annotations

import json
from textwrap import dedent

from conftest import Cli, Write

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  Labels: {Type: String, Default: "no", AllowedValues: ["yes", "no"]}
  Destination: {Type: String, Default: bucket, AllowedValues: [bucket, volume]}
Conditions:
  ToBucket: !Equals [!Ref Destination, bucket]
Resources:
  Reports: {Type: AWS::S3::Bucket}
  Orders: {Type: AWS::DynamoDB::Table}
  Archive: {Type: AWS::DynamoDB::Table}
  IntakeRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: lambda.amazonaws.com}}]
      Policies:
        - PolicyName: Intake
          PolicyDocument:
            Statement:
              - Effect: Allow
                Action: dynamodb:GetItem
                Resource: !GetAtt Orders.Arn
  Intake:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: handler.handler
      CodeUri: code/
      Role: !GetAtt IntakeRole.Arn
      Environment:
        Variables:
          TABLE: !Ref Orders
          ARCHIVE: !Ref Archive
          LABELS: !Ref Labels
          DESTINATION: !Ref Destination
          BUCKET: !If [ToBucket, !Ref Reports, ""]
"""


def findings(write: Write, cli: Cli, files: dict[str, str], *options: str, template: str = TEMPLATE) -> list[dict]:
    """What is said about permissions that lack."""
    write({"template.yaml": template, **{f"code/{name}": dedent(text) for name, text in files.items()}})
    select = () if "--select" in options else ("--select", "S3AP401")
    ran = cli("--engine", "none", "--exit-zero", "--format", "json", *select, *options)
    return json.loads(ran.out)["findings"]


def messages(write: Write, cli: Cli, handler: str, **more: str) -> list[str]:
    """The messages about one handler."""
    files = {"handler.py": handler, **{f"{name}.py": text for name, text in more.items()}}
    return [finding["message"] for finding in findings(write, cli, files)]


STORE = """
import boto3


class Store:
    def __init__(self, table):
        self._table = table
        self._client = boto3.client("dynamodb")

    def save(self, item):
        self._client.put_item(TableName=self._table, Item=item)
"""


def test_the_finding_is_the_proof(write: Write, cli: Cli):
    """From the function over handler, helper and call to the variable, the role and the statement that is nearest."""
    handler = """
        import os

        from store import Store


        def handler(event, context):
            Store(os.environ["TABLE"]).save(event)
        """
    (finding,) = findings(write, cli, {"handler.py": handler, "store.py": STORE})
    assert (
        "Intake calls dynamodb.put_item (code/store.py), and IntakeRole grants no dynamodb:PutItem, "
        "so the call is denied"
    ) == finding["message"]
    assert [
        ("template.yaml", 23, "the function"),
        ("code/handler.py", 7, "the handler"),
        ("code/handler.py", 8, "uses Store.().save"),
        ("code/store.py", 11, "calls dynamodb.put_item, which needs dynamodb:PutItem"),
        ("code/handler.py", 8, "TableName is ${Orders}"),
        ("code/handler.py", 8, "TableName is ${Orders}"),
        ("template.yaml", 32, "TABLE is set here"),
        ("template.yaml", 11, "runs under this role"),
        ("template.yaml", 20, "this comes nearest, and does not grant dynamodb:PutItem"),
    ] == [(step["path"], step["line"], step["message"]) for step in finding["flow"]]


def test_sarif_carries_the_proof_as_a_code_flow(write: Write, cli: Cli):
    handler = "import os\nfrom store import Store\ndef handler(e, c):\n    Store(os.environ['TABLE']).save(e)\n"
    write({"template.yaml": TEMPLATE, "code/handler.py": handler, "code/store.py": STORE})
    ran = cli("--engine", "none", "--exit-zero", "--select", "S3AP401", "--format", "sarif")
    (result,) = json.loads(ran.out)["runs"][0]["results"]
    steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
    assert "calls dynamodb.put_item, which needs dynamodb:PutItem" in [
        step["location"]["message"]["text"] for step in steps
    ]


def test_a_grant_on_another_table_is_not_a_grant(write: Write, cli: Cli):
    handler = """
        import os
        import boto3
        client = boto3.client("dynamodb")
        def handler(event, context):
            client.get_item(TableName=os.environ["TABLE"], Key=event)
            client.get_item(TableName=os.environ["ARCHIVE"], Key=event)
        """
    (message,) = messages(write, cli, handler)
    assert "grants dynamodb:GetItem on other resources only, not on arn:${AWS::Partition}:dynamodb:" in message
    assert "table/${Archive}" in message


def test_which_instance_makes_a_call_is_not_guessed(write: Write, cli: Cli):
    """Two stores were made; the one that is granted may be the one that reads."""
    store = STORE.replace("def save(self, item)", "def load(self, item)").replace("put_item", "get_item")
    handler = """
        import os
        from store import Store
        def handler(event, context):
            one, other = Store(os.environ["TABLE"]), Store(os.environ["ARCHIVE"])
            return one.load(event), other
        """
    assert [] == messages(write, cli, handler, store=store.replace("Item=item", "Key=item"))


def test_a_call_behind_a_switch_is_made_where_the_switch_is_on(write: Write, cli: Cli):
    """The parameter is off by default, so this is a warning that names the scenario."""
    handler = """
        import os
        import boto3
        def handler(event, context):
            if os.environ.get("LABELS", "no") == "yes":
                boto3.client("rekognition").detect_labels(Image={"Bytes": event["image"]})
        """
    (finding,) = findings(write, cli, {"handler.py": handler})
    assert ("warning", "when Labels is 'yes'") == (finding["severity"], finding["scenario"]["text"])


def test_a_mode_that_no_instance_has_is_never_reached(write: Write, cli: Cli):
    """The loader reads from the bucket in a mode that nobody asks for."""
    loader = """
        import boto3
        class Loader:
            def __init__(self, source="local", bucket=""):
                self._source = source
                self._bucket = bucket
            def load(self, name):
                if self._source == "bucket":
                    return boto3.client("s3").get_object(Bucket=self._bucket, Key=name)
                return open(name)
        """
    local = "from loader import Loader\ndef handler(e, c):\n    return Loader(source='local').load(e['name'])\n"
    assert [] == messages(write, cli, local, loader=loader)
    bucket = local.replace("'local'", "'bucket', bucket=e['bucket']")
    assert 1 == len(messages(write, cli, bucket, loader=loader))


def test_a_method_of_a_client_is_not_the_method_of_that_name_of_some_class(write: Write, cli: Cli):
    """`client.put_item` does not reach the writer's own put_item."""
    other = """
        import boto3
        class Writer:
            def put_item(self, **item):
                boto3.client("sqs").send_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/1/x", MessageBody="")
        """
    handler = """
        import boto3
        from writer import Writer
        WRITERS = [Writer]
        def handler(event, context):
            given(boto3.client("dynamodb"), event)
        def given(client, event):
            client.get_item(TableName="x", Key=event)
            held.append(client)
            held[0].put_item(Item=event)
        held = []
        """
    assert [] == [message for message in messages(write, cli, handler, writer=other) if "sqs" in message]


def test_nothing_is_asked_of_iam_with_an_empty_name(write: Write, cli: Cli):
    """Where the destination is the volume, BUCKET is empty, and the SDK refuses the call itself."""
    handler = """
        import os
        import boto3
        s3 = boto3.client("s3")
        def handler(event, context):
            s3.put_object(Bucket=os.environ["BUCKET"], Key="x", Body=b"")
        """
    (finding,) = findings(write, cli, {"handler.py": handler})
    assert "when ToBucket is true (the default): Destination is 'bucket'" == finding["scenario"]["text"]


def test_what_is_added_to_the_arguments_under_a_test_is_not_needed_for_sure(write: Write, cli: Cli):
    """A guardrail is applied only when somebody names one."""
    handler = """
        import boto3
        def handler(event, context):
            arguments = {"modelId": "amazon.titan-text-express-v1", "messages": []}
            if event.get("guardrail"):
                arguments["guardrailConfig"] = {"guardrailIdentifier": event["guardrail"], "guardrailVersion": "1"}
            return boto3.client("bedrock-runtime").converse(**arguments)
        """
    assert ["bedrock:InvokeModel"] == [m.split("grants no ")[1].split(",")[0] for m in messages(write, cli, handler)]
    always = dedent(handler).replace('if event.get("guardrail"):\n        ', "pass\n    ")
    (message,) = messages(write, cli, always)
    assert "grants none of bedrock:InvokeModel and bedrock:ApplyGuardrail" in message


def test_what_stands_behind_a_return_is_never_called(write: Write, cli: Cli):
    handler = """
        import boto3
        def handler(event, context):
            if event:
                return event
                boto3.client("s3").list_buckets()
            raise ValueError(event)
            boto3.client("sns").list_topics()
        """
    assert [] == messages(write, cli, handler)


def test_credentials_of_somebody_else_are_not_judged(write: Write, cli: Cli):
    handler = """
        import boto3
        def handler(event, context):
            keys = boto3.client("sts").assume_role(RoleArn=event["role"], RoleSessionName="x")["Credentials"]
            secret = {"aws_secret_access_key": keys["SecretAccessKey"]}
            session = boto3.Session(aws_access_key_id=keys["AccessKeyId"], **secret)
            return session.client("s3").list_buckets()
        """
    assert ["sts:AssumeRole"] == [m.split("grants no ")[1].split(",")[0] for m in messages(write, cli, handler)]


def test_what_cannot_be_judged_is_counted(write: Write, cli: Cli):
    """A role from outside, a policy from outside, an operation that is in no table."""
    template = TEMPLATE.replace("Role: !GetAtt IntakeRole.Arn", "Role: !ImportValue Role")
    outside = "Policies: [!ImportValue Policy]\n      Environment:"
    handler = "import boto3\ndef handler(e, c):\n    boto3.client('s3').list_buckets()\n"
    for given, reason in (
        (template, "its role is not in the template"),
        (
            TEMPLATE.replace("      Role: !GetAtt IntakeRole.Arn\n", "").replace("Environment:", outside),
            "Intake cannot be told",
        ),
    ):
        write({"template.yaml": given, "code/handler.py": handler})
        report = json.loads(cli("--engine", "none", "--exit-zero", "--select", "S3AP401", "--format", "json").out)
        assert [] == report["findings"]
        (unchecked,) = report["unchecked"]
        assert "permissions of Intake" == unchecked["what"]
        assert unchecked["reason"].endswith(reason)
    write({"template.yaml": TEMPLATE, "code/handler.py": handler.replace("list_buckets", "create_session")})
    report = json.loads(cli("--engine", "none", "--exit-zero", "--select", "S3AP401", "--format", "json").out)
    assert [
        "which permission s3.create_session needs is not known",
    ] == [one["reason"] for one in report["unchecked"]]


def test_doubts_are_told_to_who_asks_for_them(write: Write, cli: Cli):
    """The table comes with the event: nothing is wrong for sure."""
    handler = "import boto3\ndef handler(e, c):\n    boto3.client('dynamodb').get_item(TableName=e['t'], Key={})\n"
    assert [] == messages(write, cli, handler)
    (finding,) = findings(write, cli, {"handler.py": handler}, "--select", "S3AP409")
    assert (
        "Intake calls dynamodb.get_item (code/handler.py), which needs dynamodb:GetItem; "
        "whether IntakeRole grants that cannot be told"
    ) == finding["message"]
