"""S3AP401, live: a role that does not grant, now, what the code of a function needs."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Lack, Safety, Severity, bad, detects, good, permissions_of
from s3ap_ops.api import LiveFunction, listed

TEMPLATE = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Report:  # <- S3AP401
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: handler.handler
          CodeUri: functions/report/
          Environment: {Variables: {TABLE_NAME: reports}}
          Policies: [DynamoDBCrudPolicy: {TableName: reports}]
    """
UNMARKED = TEMPLATE.replace("  # <- S3AP401", "")
CODE = """
    import os

    import boto3

    TABLE = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])

    def handler(event, context):
        TABLE.update_item(Key={"report": event["report"]}, AttributeUpdates={})
        return {}
    """
LACKING = "Grant it again: aws iam put-role-policy"
DENIED = "Take the Deny back: aws iam put-role-policy, or delete-role-policy where nothing else stands in the policy"
ARN = "arn:aws:dynamodb:ap-northeast-1:123456789012:table/reports"


GRANTED = f"{{Effect: Allow, Action: ['dynamodb:GetItem', 'dynamodb:UpdateItem'], Resource: '{ARN}'}}"


def _stack(*statements: str) -> str:
    """A snapshot of the function, its role having these statements."""
    return "\n".join(
        (
            "Stack: reports",
            "Resources:",
            "  Report:",
            "    Type: AWS::Lambda::Function",
            "    Facts:",
            "      variables: {TABLE_NAME: reports}",
            "      role:",
            "        name: reports-ReportRole-X",
            "        boundary: ''",
            "        policies:",
            "          Report:",
            "            Statement:",
            *(f"            - {statement}" for statement in statements),
            "  ReportRole:",
            "    Type: AWS::IAM::Role",
            "    PhysicalId: reports-ReportRole-X",
            "",
        )
    )


@detects(
    "S3AP401",
    subject=LiveFunction,
    examples=[
        bad(
            "an action taken out of the role's policy",
            {
                "stack.yaml": _stack(GRANTED.replace(", 'dynamodb:UpdateItem'", "")),
                "template.yaml": TEMPLATE,
                "functions/report/handler.py": CODE,
            },
        ),
        bad(
            "denied, whatever else grants it",
            {
                "stack.yaml": _stack(GRANTED, "{Effect: Deny, Action: 'dynamodb:*', Resource: '*'}"),
                "template.yaml": TEMPLATE,
                "functions/report/handler.py": CODE,
            },
        ),
        bad(
            "granted on another table than the one that its variable names",
            {
                "stack.yaml": _stack(GRANTED).replace("TABLE_NAME: reports", "TABLE_NAME: reports-2"),
                "template.yaml": TEMPLATE,
                "functions/report/handler.py": CODE,
            },
        ),
        good(
            "granted, by whatever policy",
            {
                "stack.yaml": _stack("{Effect: Allow, Action: 'dynamodb:Update*', Resource: '*'}"),
                "template.yaml": UNMARKED,
                "functions/report/handler.py": CODE,
            },
        ),
        good(
            "a role that could not be read",
            {
                "stack.yaml": """
                Stack: reports
                Resources:
                  Report:
                    Type: AWS::Lambda::Function
                    Facts: {variables: {TABLE_NAME: reports}}
                    Unread: {role: AccessDenied from GetRole}
                """,
                "template.yaml": UNMARKED,
                "functions/report/handler.py": CODE,
            },
        ),
    ],
)
def missing_permission(live: LiveFunction) -> Iterator[Finding]:
    """
    The role of a function that runs does not grant what the code calls.

    Every policy that the role has in the account, inline and managed, is held against the calls that the local code
    makes, with the variables that are set there: a permission was taken away, a Deny was added, or a variable names
    something else. What a permissions boundary or a policy of the organisation takes away is not looked at; a role of
    which one policy cannot be read is not judged. Nor is what Lambda itself does with the role, for networks and
    event sources.
    """
    function = live.function
    if function is None or not live.has_known_role:
        return
    lacks = permissions_of(function).lacks
    if not lacks or function.role is None:
        return
    permissions = [permission for lack in lacks for permission in lack.permissions]
    first = permissions[0].needed.call
    calls = list(dict.fromkeys(f"{one.needed.call.service}.{one.needed.call.operation}" for one in permissions))
    facts = list(dict.fromkeys(map(_fact, lacks)))
    denied = "the call is denied" if len(calls) == 1 else "these calls are denied"
    yield Finding(
        f"{live.id} of the stack {live.stack} calls {listed(calls, 8)}, "
        f"and {function.role.id} {listed(facts, 8)} now, so {denied}",
        at=live.at,
        related=tuple(dict.fromkeys(one.needed.at.noted(f"calls {one.needed.call.operation}") for one in permissions)),
        flow=(live.at.noted("the function"), *first.via, first.at.noted(f"calls {calls[0]}")),
        fix=Fix(DENIED if all(one.denial for one in permissions) else LACKING, (), Safety.MANUAL),
        severity=Severity.WARNING if function.guess else None,
    )


def _fact(lack: Lack) -> str:
    """What the role does not do, without a word of what the variables hold."""
    first = lack.permissions[0]
    if first.denial is not None:
        return f"denies {lack.action}"
    if first.elsewhere:
        return f"grants {lack.action} on other resources only"
    return f"does not grant {lack.action}"
