"""S3AP405: an action is granted on everything, and the code calls it on one thing that is known."""

from collections.abc import Iterator

from s3ap_lint.api import Application, Finding, Leaf, RoleUse, Severity, Span, Statement, bad, good, role_uses, rule

TEMPLATE = """
    Transform: AWS::Serverless-2016-10-31
    Parameters:
      ModelId: {Type: String, Default: amazon.titan-text-express-v1}
    Resources:
      Orders:
        Type: AWS::DynamoDB::Table
      Intake:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: handler.handler
          CodeUri: functions/intake/
          Environment: {Variables: {TABLE: !Ref Orders, MODEL: !Ref ModelId}}
          Policies:
            - Statement:
                - Effect: Allow
                  Action: ACTION
                  Resource: RESOURCE
    """
HANDLER = """
    import os

    import boto3

    def handler(event, context):
        boto3.client("dynamodb").put_item(TableName=os.environ["TABLE"], Item=event)
    """


def template(action: str, resource: str) -> str:
    """The template with one statement."""
    return TEMPLATE.replace("ACTION", action).replace("RESOURCE", resource)


@rule(
    code="S3AP405",
    subject=Application,
    severity=Severity.INFO,
    strict=True,
    security=3.5,
    since="0.1.0",
    examples=[
        bad(
            "every table, for one that the template names",
            {
                "template.yaml": template("dynamodb:PutItem", '"*"  # <- S3AP405'),
                "functions/intake/handler.py": HANDLER,
            },
        ),
        bad(
            "every model, for one that a parameter names",
            {
                "template.yaml": template("bedrock:InvokeModel", '"*"  # <- S3AP405'),
                "functions/intake/handler.py": """
                    import os

                    import boto3

                    def handler(event, context):
                        return boto3.client("bedrock-runtime").converse(modelId=os.environ["MODEL"], messages=[])
                    """,
            },
        ),
        bad(
            "every model, for code that calls none",
            {
                "template.yaml": template("bedrock:InvokeModel", '"*"  # <- S3AP405'),
                "functions/intake/handler.py": """
                    def handler(event, context):
                        return event
                    """,
            },
        ),
        good(
            "the table itself",
            {
                "template.yaml": template("dynamodb:PutItem", "!GetAtt Orders.Arn"),
                "functions/intake/handler.py": HANDLER,
            },
        ),
        good(
            "a model of which a part is not known",
            {
                "template.yaml": template("bedrock:InvokeModel", '"*"'),
                "functions/intake/handler.py": """
                    import boto3

                    def handler(event, context):
                        model = "us." + event["model"]
                        return boto3.client("bedrock-runtime").converse(modelId=model, messages=[])
                    """,
            },
        ),
        good(
            "an action that takes no resource, and a resource that the event names",
            {
                "template.yaml": template('["cloudwatch:PutMetricData", "dynamodb:PutItem"]', '"*"'),
                "functions/intake/handler.py": """
                    import boto3

                    def handler(event, context):
                        boto3.client("cloudwatch").put_metric_data(Namespace="Intake", MetricData=[])
                        boto3.client("dynamodb").put_item(TableName=event["table"], Item=event)
                    """,
            },
        ),
    ],
)
def wildcard_resource(application: Application) -> Iterator[Finding]:
    """
    An action is granted on `"*"`, and the code that needs it calls it on a resource that is known.

    The grant reaches every table, bucket or model of the account. Each call under the role that a statement grants is
    followed to the resource it is made on, through the environment variables of the function; the rule speaks when all
    of them are known. Actions that take no resource, such as cloudwatch:PutMetricData, need the `"*"`.

    Name the resource, as the message does. Models cost money by the call, so every model is also reported where no code
    under the role calls any.
    """
    for use in role_uses(application):
        seen: set[Span] = set()
        for statement in use.statements:
            for leaf in statement.resources if statement.allows and not statement.bundled else ():
                targets = _targets(use, statement) if leaf.text == "*" and leaf.node.span not in seen else []
                if targets:
                    seen.add(leaf.node.span)
                    yield _finding(use, statement, leaf, targets)


def _targets(use: RoleUse, statement: Statement) -> list[str]:
    """What the calls that a statement grants are made on; nothing unless all of it is known."""
    actions = statement.actions.texts
    if all(_calls_a_model(action) for action in actions) and not any(map(use.needs, actions)) and use.told:
        return ["no model"]
    if any("*" in action or not use.needs(action) for action in actions):
        return []  # what somebody else needs may be on anything
    needed = [one for one in use.needed if statement.covers(one.action)]
    if any(not one.takes_a_resource for one in needed):
        return []
    targets = [use.target(one) for one in needed]
    return sorted(set(targets)) if all(targets) else []


def _calls_a_model(action: str) -> bool:
    return action.startswith("bedrock:InvokeModel")


def _finding(use: RoleUse, statement: Statement, leaf: Leaf, targets: list[str]) -> Finding:
    actions = ", ".join(statement.actions.texts)
    targets_only = f"its code calls it on {' and '.join(targets)} only"
    only = "no code under it calls a model" if targets == ["no model"] else targets_only
    return Finding(
        f"{actions} is granted to {use.role.id} on everything; {only}",
        at=leaf.at,
        related=(use.role.at.noted("the role"),),
    )
