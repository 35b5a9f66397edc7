"""S3AP404: a role has a managed policy that grants everything, and what its code needs is known."""

from collections.abc import Iterator

from s3ap_lint.api import Application, Finding, RoleUse, Severity, aws_managed, bad, good, role_uses, rule
from s3ap_rules.permissions.narrowed_policy import narrowed

TEMPLATE = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Reports:
        Type: AWS::S3::Bucket
      Report:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: handler.handler
          CodeUri: functions/report/
          Environment: {Variables: {BUCKET: !Ref Reports}}
          Policies:
            - AWSLambdaBasicExecutionRole
            - POLICY
    """
WRITES = """Version: "2012-10-17"
              Statement:
                - Effect: Allow
                  Action: s3:PutObject
                  Resource: !Sub "${Reports.Arn}/report.json\""""
BARE = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Report:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: handler.handler
          CodeUri: functions/report/
"""
HANDLER = """
    import os

    import boto3

    def handler(event, context):
        boto3.client("s3").put_object(Bucket=os.environ["BUCKET"], Key="report.json", Body=b"{}")
    """


@rule(
    code="S3AP404",
    subject=Application,
    severity=Severity.WARNING,
    security=5.0,
    since="0.1.0",
    examples=[
        bad(
            "everything in S3, for one write",
            {
                "template.yaml": TEMPLATE.replace("POLICY", "AmazonS3FullAccess  # <- S3AP404"),
                "functions/report/handler.py": HANDLER,
            },
            fixed={"template.yaml": TEMPLATE.replace("POLICY", WRITES)},
        ),
        bad(
            "a policy that no call asks for",
            {
                "template.yaml": BARE + "          Policies: [AmazonS3FullAccess]  # <- S3AP404\n",
                "functions/report/handler.py": "def handler(event, context):\n    return event\n",
            },
            fixed={"template.yaml": BARE},
        ),
        bad(
            "what it is called on cannot be told",
            {
                "template.yaml": TEMPLATE.replace("POLICY", "AmazonS3FullAccess  # <- S3AP404"),
                "functions/report/handler.py": HANDLER.replace('os.environ["BUCKET"]', 'event["bucket"]'),
            },
        ),
        bad(
            "a role of its own, and a policy that no call asks for",
            {
                "template.yaml": """
                    Resources:
                      ReportRole:
                        Type: AWS::IAM::Role
                        Properties:
                          AssumeRolePolicyDocument:
                            Statement:
                              - {Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: lambda.amazonaws.com}}
                          ManagedPolicyArns:
                            - !Sub arn:${AWS::Partition}:iam::aws:policy/AmazonDynamoDBFullAccess  # <- S3AP404
                            - arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
                      Report:
                        Type: AWS::Lambda::Function
                        Properties:
                          Runtime: python3.12
                          Handler: handler.handler
                          Role: !GetAtt ReportRole.Arn
                          Code: functions/report/
                    """,
                "functions/report/handler.py": """
                    import boto3

                    def handler(event, context):
                        return boto3.client("s3").get_object(Bucket=event["bucket"], Key=event["key"])
                    """,
            },
        ),
        good(
            "a narrow policy",
            {
                "template.yaml": TEMPLATE.replace("POLICY", "S3WritePolicy: {BucketName: !Ref Reports}"),
                "functions/report/handler.py": HANDLER,
            },
        ),
        good(
            "code that may call anything",
            {
                "template.yaml": TEMPLATE.replace("POLICY", "AmazonS3FullAccess"),
                "functions/report/requirements.txt": "awswrangler\n",
                "functions/report/handler.py": """
                    import awswrangler

                    def handler(event, context):
                        awswrangler.s3.to_parquet(event["frame"], path=event["path"])
                    """,
            },
        ),
    ],
)
def broad_managed_policy(application: Application) -> Iterator[Finding]:
    """
    A function has an AWS managed policy that grants a whole service, and the actions that its code needs are known.

    Whoever gets into the function gets all of the service, in the whole account: every bucket, every table. The rule
    speaks only where every AWS call in the code of all functions with that role is known, and names the actions that
    they need; grant those in place of the policy, on the resources that are used.
    `s3ap-lint permissions` prints the statements.
    """
    for use in role_uses(application):
        yield from _broad(use)


def _broad(use: RoleUse) -> Iterator[Finding]:
    for leaf in use.role.managed_policies:
        name = leaf.text.rpartition("/")[2]
        broad = name.endswith("FullAccess") or name in ("AdministratorAccess", "PowerUserAccess")
        grants = aws_managed(leaf.text) if broad and use.told else None
        if grants:
            found = sorted({one.action for one in use.needed if any(grant.covers(one.action) for grant in grants)})
            itself = not use.role.is_implicit and any(grant.covers(one) for grant in grants for one in _OF_LAMBDA)
            yield Finding(
                _message(use, name, found, itself),
                at=leaf.at,
                related=(use.role.at.noted("the role"),),
                fix=None if itself else narrowed(use, leaf, found),
            )


_OF_LAMBDA = ("dynamodb:GetRecords", "kinesis:GetRecords", "logs:PutLogEvents", "sqs:ReceiveMessage")
"""What Lambda does with a role by itself; a role that SAM makes may do it without a policy of the author's."""


def _message(use: RoleUse, name: str, needed: list[str], itself: bool) -> str:
    users = " and ".join(one.function.id for one in use.permissions)
    need = "needs" if len(use.permissions) == 1 else "need"
    besides = "; Lambda itself may need some, for logs or events" if itself else ""
    if not needed:
        return f"{name} grants far more than {users} {need}: no call in the code needs any of it{besides}"
    return f"{name} grants far more than {users} {need}: {', '.join(needed)}{besides}"
