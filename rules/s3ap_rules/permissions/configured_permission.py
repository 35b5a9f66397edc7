"""What S3AP401 says of what the template makes a function need, and its role does not grant."""

from collections.abc import Iterator

from s3ap_lint.api import (
    ConfiguredLack,
    Finding,
    Function,
    Location,
    Severity,
    bad,
    configured_lacks,
    good,
    way,
)

HANDLER = {
    "functions/intake/handler.py": """
        def handler(event, context):
            return len(event["Records"])
        """,
}
TEMPLATE = """
    Conditions:
      HasVpc: !Not [!Equals [!Ref Subnets, ""]]
    Parameters:
      Subnets: {Type: CommaDelimitedList, Default: ""}
    Resources:
      Orders:
        Type: AWS::SQS::Queue
      Failures:
        Type: AWS::SQS::Queue
      Table:
        Type: AWS::DynamoDB::Table
      IntakeRole:  # <- ROLE
        Type: AWS::IAM::Role
        Properties:
          ManagedPolicyArns:
            - {managed}
          Policies:
            - PolicyName: Intake
              PolicyDocument:
                Statement:
                  - Effect: Allow  # <- STATEMENT
                    Action: {action}
                    Resource: {resource}
      Intake:
        Type: AWS::Lambda::Function
        Properties:
          Runtime: python3.12
          Handler: handler.handler
          Role: !GetAtt IntakeRole.Arn
          Code: functions/intake/
          {property}
      {more}
    """
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
MAPPING = """OrdersToIntake:
        Type: AWS::Lambda::EventSourceMapping
        Properties:
          FunctionName: !Ref Intake
          EventSourceArn: {source}
"""


def template(
    action: str = "logs:PutLogEvents",
    resource: str = '"*"',
    at: str = "",
    property: str = "MemorySize: 128",
    more: str = "",
    managed: str = BASIC,
) -> dict[str, str]:
    """A template of one function, with the finding at its role (ROLE) or the statement (STATEMENT)."""
    text = TEMPLATE
    for place in ("ROLE", "STATEMENT"):
        text = text.replace(f"  # <- {place}", "  # <- S3AP401" if place == at else "")
    given = {"action": action, "resource": resource, "property": property, "more": more, "managed": managed}
    for name, value in given.items():
        text = text.replace("{" + name + "}", value)
    return {"template.yaml": text, **HANDLER}


def mapping(source: str) -> str:
    """An event source mapping for the function."""
    return MAPPING.replace("{source}", source)


EXAMPLES = [
    bad(
        "in a VPC, and the role may make no network interface",
        template(property="VpcConfig: {SubnetIds: [subnet-1], SecurityGroupIds: [sg-1]}", at="ROLE"),
    ),
    bad(
        "reads a queue that another statement is about",
        template(
            "[sqs:ReceiveMessage, sqs:DeleteMessage, sqs:GetQueueAttributes]",
            "!GetAtt Failures.Arn",
            "STATEMENT",
            more=mapping("!GetAtt Orders.Arn"),
        ),
    ),
    bad(
        "the stream is granted by the ARN of its table",
        template("dynamodb:*", "!GetAtt Table.Arn", "STATEMENT", more=mapping("!GetAtt Table.StreamArn")),
    ),
    bad(
        "a dead-letter queue that only the code's queue is granted for",
        template(
            "sqs:SendMessage",
            "!GetAtt Orders.Arn",
            "STATEMENT",
            property="DeadLetterConfig: {TargetArn: !GetAtt Failures.Arn}",
        ),
    ),
    good(
        "a VPC only where there are subnets, and the grant under the same condition",
        template(
            property="VpcConfig: !If [HasVpc, {SubnetIds: !Ref Subnets}, !Ref AWS::NoValue]",
            managed="!If [HasVpc, arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole, "
            "!Ref AWS::NoValue]",
        ),
    ),
    good("no subnets, so no VPC", template(property="VpcConfig: {SubnetIds: [], SecurityGroupIds: []}")),
    good(
        "AWS's policy for queues",
        template(
            managed="arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole",
            more=mapping("!GetAtt Orders.Arn"),
        ),
    ),
    good(
        "a wildcard, and the queue of another stack",
        template("sqs:*", "!ImportValue Orders", more=mapping("!GetAtt Orders.Arn")),
    ),
    good(
        "a queue of another stack, of which only the action can be compared",
        template("sqs:SendMessage", "!GetAtt Orders.Arn").copy()
        | {
            "more.yaml": """
                    Transform: AWS::Serverless-2016-10-31
                    Resources:
                      Own:
                        Type: AWS::Serverless::Function
                        Properties:
                          Runtime: python3.12
                          Handler: handler.handler
                          CodeUri: functions/intake/
                          VpcConfig: {SubnetIds: [subnet-1]}
                          DeadLetterQueue: {Type: SQS, TargetArn: !ImportValue Failures}
                          Events:
                            Orders: {Type: SQS, Properties: {Queue: !ImportValue Orders}}
                    """,
        },
    ),
]


def configured_findings(function: Function) -> Iterator[Finding]:
    """What Lambda itself does with the role and it does not grant: networks, event sources, destinations, keys."""
    groups: dict[tuple[object, ...], list[ConfiguredLack]] = {}
    for lack in configured_lacks(function):
        key = (_place(lack), lack.need.because, lack.need.fails, lack.elsewhere, lack.verdict)
        groups.setdefault(key, []).append(lack)
    for lacks in groups.values():
        yield _finding(function, lacks)


def _place(lack: ConfiguredLack) -> Location:
    """The statement that comes nearest, else the role."""
    return lack.role.at if lack.nearest is None else lack.nearest.node.at


def _finding(function: Function, lacks: list[ConfiguredLack]) -> Finding:
    """What one statement should grant and does not, in some scenarios."""
    first = lacks[0]
    need, role, at = first.need, first.role, _place(first)
    actions = listed([" or ".join(lack.need.actions) for lack in lacks])
    name = "its role" if role.is_implicit else role.id
    none = "grants no" if len(lacks) == 1 else "grants none of"
    fact = f"grants {actions} on other resources only" if first.elsewhere else f"{none} {actions}"
    certain = first.verdict.in_defaults and not (need.call is not None and function.guess)
    return Finding(
        f"{function.id} {need.because}, and {name} {fact}, {need.fails}",
        at=at,
        related=(
            need.at.noted("what needs it"),
            *(() if role.is_implicit else (role.at.noted("the role"),)),
            function.at.noted("the function"),
        ),
        severity=None if certain else Severity.WARNING,
        scenario=first.verdict.scenario,
        flow=(
            *way(function.template, first.verdict.scenario),
            function.at.noted("the function"),
            *(need.call.via if need.call is not None else ()),
            need.at.noted(f"{need.because}, which needs {actions}"),
            role.at.noted("runs under this role"),
            at.noted(_why(first, actions)),
        ),
    )


def listed(names: list[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _why(lack: ConfiguredLack, actions: str) -> str:
    """Why what comes nearest does not do."""
    if lack.nearest is None:
        return f"nothing here grants {actions}"
    if lack.elsewhere:
        return f"this grants {actions}, on something else"
    return f"this comes nearest, and does not grant {actions}"
