"""S3AP402: an action is granted that no code under the role needs."""

from collections.abc import Iterator

from s3ap_lint.api import Application, Finding, Severity, bad, good, role_uses, rule, unused_grants

TEMPLATE = """
    Resources:
      Orders:
        Type: AWS::DynamoDB::Table
      IntakeRole:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument:
            Statement:
              - {Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: lambda.amazonaws.com}}
          Policies:
            - PolicyName: Intake
              PolicyDocument:
                Statement:
                  - Effect: Allow
                    Action:
                      - dynamodb:PutItem
                      - ACTION
                    Resource: !GetAtt Orders.Arn
                  - {Effect: Allow, Action: "logs:*", Resource: "*"}
      Intake:
        Type: AWS::Lambda::Function
        Properties:
          Runtime: python3.12
          Handler: handler.handler
          Role: !GetAtt IntakeRole.Arn
          Code: functions/intake/
          Environment: {Variables: {TABLE: !Ref Orders}}
    """
HANDLER = """
    import os

    import boto3

    def handler(event, context):
        boto3.client("dynamodb").put_item(TableName=os.environ["TABLE"], Item=event)
    """


@rule(
    code="S3AP402",
    subject=Application,
    severity=Severity.INFO,
    strict=True,
    security=3.0,
    since="0.1.0",
    examples=[
        bad(
            "an action that no call is authorised by",
            {
                "template.yaml": TEMPLATE.replace("ACTION", "dynamodb:DeleteItem  # <- S3AP402"),
                "functions/intake/handler.py": HANDLER,
            },
        ),
        bad(
            "a SAM policy template for nothing",
            {
                "template.yaml": """
                    Transform: AWS::Serverless-2016-10-31
                    Resources:
                      Orders:
                        Type: AWS::DynamoDB::Table
                      Intake:
                        Type: AWS::Serverless::Function
                        Properties:
                          Runtime: python3.12
                          Handler: handler.handler
                          CodeUri: functions/intake/
                          Environment: {Variables: {TABLE: !Ref Orders}}
                          Policies:
                            - DynamoDBCrudPolicy: {TableName: !Ref Orders}
                            - RekognitionDetectOnlyPolicy: {}  # <- S3AP402
                    """,
                "functions/intake/handler.py": HANDLER,
            },
        ),
        good(
            "what every statement grants is needed, or Lambda itself needs it",
            {
                "template.yaml": TEMPLATE.replace("ACTION", "dynamodb:Put*"),
                "functions/intake/handler.py": HANDLER,
            },
        ),
        good(
            "what Lambda needs to read from a broker, and what AWS demands for tags",
            {
                "template.yaml": """
                    Transform: AWS::Serverless-2016-10-31
                    Resources:
                      Label:
                        Type: AWS::Serverless::Function
                        Properties:
                          Runtime: python3.12
                          Handler: handler.handler
                          CodeUri: functions/label/
                          Policies:
                            - Statement:
                                - Effect: Allow
                                  Action:
                                    - mq:DescribeBroker
                                    - secretsmanager:GetSecretValue
                                    - sagemaker:AddTags
                                    - sagemaker:CreateTransformJob
                                    - bedrock:ApplyGuardrail
                                    - bedrock:InvokeModel
                                  Resource: "*"
                          Events:
                            Jobs:
                              Type: MQ
                              Properties:
                                Broker: arn:aws:mq:eu-west-1:111122223333:broker:jobs:b-1
                                Queues: [jobs]
                                SourceAccessConfigurations:
                                  - {Type: BASIC_AUTH, URI: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:mq"}
                    """,
                "functions/label/handler.py": """
                    import boto3

                    def handler(event, context):
                        boto3.client("sagemaker").create_transform_job(TransformJobName="label", Tags=event["tags"])
                        request = {"modelId": "amazon.nova-lite-v1:0", "messages": []}
                        if event["guardrail"]:
                            request["guardrailConfig"] = event["guardrail"]
                        boto3.client("bedrock-runtime").converse(**request)
                    """,
            },
        ),
        good(
            "requests that are signed by hand, and a method that no service is known to have",
            {
                "template.yaml": TEMPLATE.replace("ACTION", "aoss:APIAccessAll"),
                "functions/intake/handler.py": """
                    import boto3
                    from botocore.auth import SigV4Auth

                    def handler(event, context):
                        SigV4Auth(event["credentials"], "aoss", "eu-west-1").add_auth(event["request"])
                    """,
                "other/template.yaml": TEMPLATE.replace("ACTION", "ds-data:CreateUser").replace(
                    "Code: functions/intake/", "Code: users/"
                ),
                "other/users/handler.py": """
                    import boto3

                    def handler(event, context):
                        boto3.client("ds").create_user(DirectoryId="d-1", SAMAccountName=event["user"])
                        boto3.client("ds").invent_user(DirectoryId="d-1")
                    """,
            },
        ),
        good(
            "an extension in a layer, and stacks that are deleted with the permissions of the function",
            {
                "template.yaml": TEMPLATE.replace("ACTION", "s3:PutObject").replace(
                    "Handler: handler.handler", "Handler: handler.handler\n          Layers: [!Ref Telemetry]"
                )
                + """
      Telemetry:
        Type: AWS::Serverless::LayerVersion
        Properties:
          ContentUri: telemetry/
    """,
                "telemetry/extensions/telemetry.py": "import boto3",
                "functions/intake/handler.py": HANDLER,
                "other/template.yaml": TEMPLATE.replace("ACTION", "s3:DeleteBucket").replace(
                    "Code: functions/intake/", "Code: sweep/"
                ),
                "other/sweep/handler.py": """
                    import boto3

                    def handler(event, context):
                        boto3.client("cloudformation").delete_stack(StackName=event["stack"])
                    """,
            },
        ),
        good(
            "code that may call anything",
            {
                "template.yaml": TEMPLATE.replace("ACTION", "dynamodb:DeleteItem"),
                "functions/intake/handler.py": """
                    import boto3

                    def handler(event, context):
                        getattr(boto3.client(event["service"]), event["operation"])(**event["arguments"])
                    """,
            },
        ),
    ],
)
def unused_permission(application: Application) -> Iterator[Finding]:
    """
    An action is granted, and no code that runs under the role needs it.

    What is not needed only helps who should not be there. The rule speaks where every AWS call in the code of every
    function with that role is known, of actions that a statement names. It leaves alone what Lambda does with the role
    by itself (logs, traces, networks, file systems, event sources, destinations and keys), and what AWS demands beside
    another action, such as tags. Signed requests, other programs, extensions and methods that are not known silence it.

    Take the action out, or keep it with an ignore that says what needs it.
    """
    for use in role_uses(application):
        for unused in unused_grants(use) if use.told else ():
            yield Finding(
                f"{unused.what} is granted to {use.role.id}, and no code under it needs that",
                at=unused.at,
                related=(use.role.at.noted("the role"),),
            )
