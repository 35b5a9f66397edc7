"""S3AP401: code that a handler reaches calls what its role does not grant."""

from collections.abc import Iterator

from s3ap_lint.api import (
    Finding,
    Function,
    Given,
    Lack,
    Location,
    Permission,
    Severity,
    Verdict,
    bad,
    good,
    permissions_of,
    rule,
    way,
)
from s3ap_rules.permissions.configured_permission import EXAMPLES, configured_findings, listed
from s3ap_rules.permissions.granted_action import granted
from s3ap_rules.permissions.permission_example import FIRST, LABELS, ROLE, SECOND, sam


@rule(
    code="S3AP401",
    subject=Function,
    severity=Severity.ERROR,
    security=4.0,
    since="0.1.0",
    examples=[
        bad(
            "a helper writes, and the role may only read",
            {
                "template.yaml": ROLE.replace("- Effect: Allow", "- Effect: Allow  # <- S3AP401"),
                "shared/store.py": """
                    import os

                    import boto3

                    class Store:
                        def __init__(self, client=None):
                            self._client = client or boto3.client("dynamodb")

                        def save(self, item):
                            self._client.put_item(TableName=os.environ["TABLE"], Item=item)
                    """,
                "functions/intake/handler.py": """
                    from shared.store import Store

                    def handler(event, context):
                        Store().save({"order": {"S": event["order"]}})
                    """,
            },
        ),
        bad(
            "granted on another table than the one that is asked",
            {
                "template.yaml": ROLE.replace("- Effect: Allow", "- Effect: Allow  # <- S3AP401"),
                "functions/intake/handler.py": """
                    import os

                    import boto3

                    dynamodb = boto3.client("dynamodb")

                    def handler(event, context):
                        key = {"order": {"S": event["order"]}}
                        dynamodb.get_item(TableName=os.environ["TABLE"], Key=key)
                        return dynamodb.get_item(TableName=os.environ["CUSTOMERS"], Key=key)
                    """,
            },
            fixed={"template.yaml": ROLE.replace(FIRST, FIRST + SECOND)},
        ),
        bad(
            "granted, and denied by another statement",
            {
                "template.yaml": sam(
                    """Statement:
                - {Effect: Allow, Action: "dynamodb:*", Resource: "*"}
                - {Effect: Deny, Action: "dynamodb:Delete*", Resource: !GetAtt Orders.Arn}  # <- S3AP401"""
                ),
                "functions/intake/handler.py": """
                    import os

                    import boto3

                    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])

                    def handler(event, context):
                        table.delete_item(Key={"order": event["order"]})
                    """,
            },
        ),
        bad(
            "the action has another name than the operation",
            {
                "template.yaml": sam(
                    '{Statement: [{Effect: Allow, Action: ["s3:HeadObject", "s3:PutObject"], Resource: "*"}]}'
                    "  # <- S3AP401"
                ),
                "functions/intake/handler.py": """
                    import os

                    import boto3

                    def handler(event, context):
                        return boto3.client("s3").head_object(Bucket=os.environ["BUCKET"], Key=event["key"])
                    """,
            },
        ),
        bad(
            "nothing of that service is granted",
            {
                "template.yaml": sam("AWSLambdaBasicExecutionRole").replace("Intake:", "Intake:  # <- S3AP401"),
                "functions/intake/handler.py": """
                    import boto3

                    def handler(event, context):
                        boto3.client("rekognition").detect_labels(Image={"Bytes": event["image"]})
                    """,
            },
            fixed={"template.yaml": sam(f"AWSLambdaBasicExecutionRole{LABELS}")},
        ),
        bad(
            "on a table that no variable names yet",
            {
                "template.yaml": sam("AWSLambdaBasicExecutionRole").replace("Intake:", "Intake:  # <- S3AP401"),
                "functions/intake/handler.py": """
                    import os

                    import boto3

                    def handler(event, context):
                        boto3.client("dynamodb").get_item(TableName=os.environ["ORDERS"], Key=event["key"])
                    """,
            },
        ),
        bad(
            "granted in one scenario only",
            {
                "template.yaml": """
                    Transform: AWS::Serverless-2016-10-31
                    Parameters:
                      Stage: {Type: String, Default: test, AllowedValues: [test, production]}
                    Conditions:
                      InProduction: !Equals [!Ref Stage, production]
                    Resources:
                      Intake:
                        Type: AWS::Serverless::Function  # <- S3AP401 if 0
                        Properties:
                          Runtime: python3.12
                          Handler: handler.handler
                          CodeUri: functions/intake/
                          Policies:
                            - !If
                              - InProduction
                              - Statement: [{Effect: Allow, Action: "cloudwatch:PutMetricData", Resource: "*"}]
                              - !Ref AWS::NoValue
                    """.replace("Intake:", "Intake:  # <- S3AP401").replace("  # <- S3AP401 if 0", ""),
                "functions/intake/handler.py": """
                    import boto3

                    def handler(event, context):
                        boto3.client("cloudwatch").put_metric_data(Namespace="Intake", MetricData=[])
                    """,
            },
        ),
        good(
            "SAM policy templates, also in an arm of `!If`",
            {
                "template.yaml": sam(
                    "!If [Everywhere, {DynamoDBCrudPolicy: {TableName: !Ref Orders}}, ReadOnlyAccess]"
                ).replace("Resources:", "Conditions: {Everywhere: !Equals [a, a]}\n    Resources:"),
                "functions/intake/handler.py": """
                    import os

                    import boto3

                    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])

                    def handler(event, context):
                        table.put_item(Item=event)
                    """,
            },
        ),
        good(
            "an AWS managed policy, a wildcard, and operations that need no permission",
            {
                "template.yaml": sam(
                    'AmazonS3ReadOnlyAccess\n            - Statement: [{Effect: Allow, Action: "dynamodb:*Item", '
                    "Resource: !GetAtt Orders.Arn}]"
                ),
                "functions/intake/handler.py": """
                    import os

                    import boto3

                    def handler(event, context):
                        boto3.client("s3").list_objects_v2(Bucket=os.environ["BUCKET"])
                        boto3.client("dynamodb").delete_item(TableName=os.environ["TABLE"], Key={})
                        return boto3.client("sts").get_caller_identity()["Account"]
                    """,
            },
        ),
        good(
            "a role of somebody else, and another account's through STS",
            {
                "template.yaml": """
                    Parameters:
                      RoleArn: {Type: String}
                    Resources:
                      Intake:
                        Type: AWS::Lambda::Function
                        Properties:
                          Runtime: python3.12
                          Handler: handler.handler
                          Role: !Ref RoleArn
                          Code: functions/intake/
                      BorrowingRole:
                        Type: AWS::IAM::Role
                        Properties:
                          Policies:
                            - PolicyName: Assume
                              PolicyDocument:
                                Statement: [{Effect: Allow, Action: "sts:AssumeRole", Resource: "*"}]
                      Borrowing:
                        Type: AWS::Lambda::Function
                        Properties:
                          Runtime: python3.12
                          Handler: borrowing.handler
                          Role: !GetAtt BorrowingRole.Arn
                          Code: functions/intake/
                    """,
                "functions/intake/handler.py": """
                    import boto3

                    def handler(event, context):
                        boto3.client("s3").list_buckets()
                    """,
                "functions/intake/borrowing.py": """
                    import os

                    import boto3

                    def handler(event, context):
                        answer = boto3.client("sts").assume_role(RoleArn=event["role"], RoleSessionName="intake")
                        keys = answer["Credentials"]
                        s3 = boto3.client(
                            "s3",
                            aws_access_key_id=keys["AccessKeyId"],
                            aws_secret_access_key=keys["SecretAccessKey"],
                            aws_session_token=keys["SessionToken"],
                        )
                        return s3.list_buckets()
                    """,
            },
        ),
        good(
            "behind a switch that is off",
            {
                "template.yaml": sam("AWSLambdaBasicExecutionRole").replace("BUCKET: !Ref Reports", 'LABELS: "false"'),
                "functions/intake/handler.py": """
                    import os

                    import boto3

                    def checked():
                        "Whether images are checked."
                        return os.environ.get("LABELS", "false").lower() == "true"

                    def handler(event, context):
                        if os.environ.get("LABELS") == "true":
                            boto3.client("rekognition").detect_labels(Image={"Bytes": event["image"]})
                        if checked():
                            boto3.client("rekognition").detect_moderation_labels(Image={"Bytes": event["image"]})
                    """,
            },
        ),
        good(
            "let in by the policy of the queue",
            {
                "template.yaml": """
                    Transform: AWS::Serverless-2016-10-31
                    Resources:
                      Outbox:
                        Type: AWS::SQS::Queue
                      OutboxPolicy:
                        Type: AWS::SQS::QueuePolicy
                        Properties:
                          Queues: [!Ref Outbox]
                          PolicyDocument:
                            Statement:
                              - Effect: Allow
                                Principal: {AWS: !GetAtt IntakeRole.Arn}
                                Action: sqs:SendMessage
                                Resource: !GetAtt Outbox.Arn
                      Intake:
                        Type: AWS::Serverless::Function
                        Properties:
                          Runtime: python3.12
                          Handler: handler.handler
                          CodeUri: functions/intake/
                          Environment: {Variables: {OUTBOX: !Ref Outbox}}
                    """,
                "functions/intake/handler.py": """
                    import os

                    import boto3

                    def handler(event, context):
                        boto3.client("sqs").send_message(QueueUrl=os.environ["OUTBOX"], MessageBody="{}")
                    """,
            },
        ),
        *EXAMPLES,
    ],
)
def missing_permission(function: Function) -> Iterator[Finding]:
    """
    Code that the handler reaches makes an AWS call that the function's role does not grant.

    The stack deploys, and the call answers AccessDenied: at once when it stands on everybody's way, else on the first
    event that comes there. Everything the handler imports and reaches is followed to its clients, paginators and
    resources; an operation is turned into the IAM actions that authorise it (`head_object` is `s3:GetObject`), and its
    arguments into the resource it is made on, through the environment variables of the function. The role is read in
    every scenario, with its inline, attached and managed policies and SAM's policy templates. A grant on another
    bucket, table or queue is not a grant.

    So it is with what Lambda does with the role whatever the code says: network interfaces for a function in a VPC, the
    queue or stream that an event source mapping reads, dead-letter queues and destinations, where creating the
    resource fails; and with the key of the template that encrypts the queue, topic or bucket of a call.

    The finding stands at the statement that comes nearest; grant the action there, on the resource that it names.
    Where the client, the role or the resource cannot be told, the rule is silent and the run counts it.
    """
    permissions = permissions_of(function)
    groups: dict[tuple[Location, Verdict, bool, bool], list[Lack]] = {}
    for lack in permissions.lacks:
        first = lack.permissions[0]
        key = (_place(first), lack.verdict, first.elsewhere, first.denial is not None)
        groups.setdefault(key, []).append(lack)
    for (at, verdict, *_), lacks in groups.items():
        yield _finding(function, lacks, at, verdict)
    yield from configured_findings(function)


def _place(permission: Permission) -> Location:
    """The statement that comes nearest, else the role."""
    nearest = permission.nearest
    return permission.grants.role.at if nearest is None else nearest.node.at


def _finding(function: Function, lacks: list[Lack], at: Location, verdict: Verdict) -> Finding:
    """What one statement should grant and does not, in some scenarios."""
    permissions = [permission for lack in lacks for permission in lack.permissions]
    first, *others = permissions
    call, role = first.needed.call, first.grants.role
    calls = list(dict.fromkeys(f"{one.needed.call.service}.{one.needed.call.operation}" for one in permissions))
    files = list(dict.fromkeys(one.needed.at.subject for one in permissions))
    name = "its role" if role.is_implicit else role.id
    guess = f" (its code was found by {function.guess})" if function.guess else ""
    what = "so the call is denied" if len(calls) == 1 else "so these calls are denied"
    unset = first.unset if all(one.unset for one in permissions) else ()
    if unset:
        what = f"so the call is denied as soon as {listed(list(unset))} is set at all"
    return Finding(
        f"{function.id} calls {listed(calls)} ({', '.join(files)}), and {name} {_fact(first, lacks)}, {what}{guess}",
        at=at,
        related=(
            call.at.noted(f"calls {call.operation}"),
            *(one.needed.at.noted(f"calls {one.needed.call.operation}") for one in others),
            *(() if role.is_implicit else (role.at.noted("the role"),)),
            function.at.noted("the function"),
        ),
        fix=granted(function, lacks),
        severity=Severity.WARNING if function.guess or unset or not verdict.in_defaults else None,
        scenario=verdict.scenario,
        flow=(
            *way(function.template, verdict.scenario),
            function.at.noted("the function"),
            *call.via,
            call.at.noted(f"calls {calls[0]}, which needs {first.needed.action}"),
            *_arguments(first),
            role.at.noted("runs under this role"),
            at.noted(_why(first)),
        ),
    )


def _fact(first: Permission, lacks: list[Lack]) -> str:
    """What the role does not do."""
    actions = listed([lack.action for lack in lacks])
    if first.denial is not None:
        return f"denies {actions}"
    if first.elsewhere and first.is_known and len(lacks) == 1:
        return f"grants {actions} on other resources only, not on {first.target}"
    if first.elsewhere:
        return f"grants {actions} on other resources only"
    return f"grants no {actions}" if len(lacks) == 1 else f"grants none of {actions}"


def _why(permission: Permission) -> str:
    """Why what comes nearest does not do."""
    if permission.denial is not None:
        return f"this denies {permission.needed.action}, whatever else grants it"
    if permission.nearest is None:
        return f"nothing here grants {permission.needed.action}"
    if permission.elsewhere:
        return f"this grants {permission.needed.action}, on something else"
    return f"this comes nearest, and does not grant {permission.needed.action}"


def _arguments(permission: Permission) -> Iterator[Location]:
    """Where the arguments that name the resource come from."""
    for name, given in permission.wanted.arguments.items():
        yield from (at if at.note else at.noted(f"{name} is {_text(given)}") for at in given.way)


def _text(given: Given) -> str:
    return "".join(map(str, given.pieces))
